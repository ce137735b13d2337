"""From declarations to one SQL statement."""

from collections.abc import Collection, Sequence

import sqlglot.expressions as exp

from crmml.features._declarations import (
    Aggregation,
    Declarations,
    Feature,
    FeatureKind,
)
from crmml.features._expressions import code_latest
from crmml.features._table_plan import TablePlan
from crmml.tables import CustomerTables
from crmml.tables import _sql as sql

_TYPES: dict[FeatureKind, str] = {
    "number": "double",
    "integer": "bigint",
    "text": "varchar",
    "boolean": "boolean",
}
_ORDER = ("position",)


def compile_features(
    features: Sequence[Feature],
    asked: Declarations,
    tables: CustomerTables,
    cutoffs: Sequence[int],
    order: Sequence[str] = _ORDER,
    known: Collection[Aggregation] = (),
) -> exp.Select:
    """Compile features to one statement that scans each event table once.

    Parameters
    ----------
    features : sequence of Feature
        The columns wanted.
    asked : Declarations
        The aggregations that they read.
    tables : CustomerTables
        The tables. The statement reads their canonical views and a table ``spine``
        with columns ``position``, ``customer_id`` and ``cutoff``.
    cutoffs : sequence of int
        The spine's cutoffs in microseconds, ascending.
    order : sequence of str, default=("position",)
        Columns of the spine that rows are ordered by.
    known : collection of Aggregation, optional
        What need not be aggregated any more: the spine has a column for each, and is
        in order. Of "last", it holds the value alone, without its instant.

    Returns
    -------
    sqlglot Select
        One row for each row of the spine, in its order, with the features as columns.
    """
    # The builders of sqlglot copy the whole tree at each call unless told not to.
    query = _select(features)
    left = {one: alias for one, alias in asked.aggregations.items() if one not in known}
    names = list(dict.fromkeys(one.table for one in left))
    for name in names:
        wanted = {one: alias for one, alias in left.items() if one.table == name}
        for part, body in TablePlan(name, wanted, tables, cutoffs).parts():
            query = sql.with_part(query, part, body)
    if names or asked.attributes or asked.columns or not known:
        # Without a join, rows stay in the order of the spine.
        query = query.order_by(*map(sql.column, order), copy=False)
    return sql.with_part(query, "joined", _join(asked, names, order, known))


def _select(features: Sequence[Feature]) -> exp.Select:
    return exp.select(*map(_column, features)).from_(sql.table("joined"), copy=False)


def _column(feature: Feature) -> exp.Expr:
    value = exp.cast(feature.expression.copy(), _TYPES[feature.kind])
    return exp.alias_(value, feature.name, quoted=True, copy=False)


def _join(
    asked: Declarations,
    event_tables: list[str],
    order: Sequence[str],
    known: Collection[Aggregation],
) -> exp.Select:
    """Lay what each table has to say beside the spine's rows."""
    from_spine = dict.fromkeys([*order, "cutoff"])
    columns: list[exp.Expr] = [*map(sql.column, from_spine)]
    for wanted, alias in asked.aggregations.items():
        value: exp.Expr = sql.column(alias)
        if wanted.how in {"count", "sum"}:
            value = exp.func("coalesce", value, sql.number(0))
        elif wanted.how == "last" and wanted in known:
            value = code_latest(sql.number(0), value)
        columns.append(exp.alias_(value, alias, quoted=True, copy=False))
    columns += map(sql.column, asked.attributes)
    views = {one.alias: one.view for one in asked.columns.values()}
    columns += [sql.column(alias, view) for alias, view in views.items()]
    query = exp.select(*columns).from_(sql.table("spine"), copy=False)
    joins = [(f"{name}_at_cutoff", ["customer_id", "cutoff"]) for name in event_tables]
    if asked.attributes:
        joins.append(("customers", ["customer_id"]))
    joins += [(view, ["customer_id"]) for view in dict.fromkeys(views.values())]
    for name, keys in joins:
        query = query.join(
            sql.table(name),
            using=[sql.column(key) for key in keys],
            join_type="left",
            copy=False,
        )
    return query
