"""One statement that makes everything: who there was, and what was known of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import sqlglot.expressions as exp

from crmml.exceptions import SchemaError
from crmml.features._compile import compile_features
from crmml.features._declarations import Declarations, Feature
from crmml.tables import CustomerTables, DatabaseTable
from crmml.tables import _sql as sql
from crmml.tables._database_table import read_table_name
from crmml.tables._dialects import DIALECTS, render, with_views
from crmml.tables._instants import check_cutoffs
from crmml.tables._prepare import source_view
from crmml.tables._stays import spine_query

_KEYS = ("cutoff", "customer_id")
_CLICKHOUSE_SETTINGS = {
    # As in standard SQL: what a join does not find is null, and so is the least of
    # nothing; a name means a column before it means what is selected under this name.
    "aggregate_functions_null_for_empty": 1,
    "join_use_nulls": 1,
    "prefer_column_name_to_alias": 1,
}


def build_statement(
    features: Sequence[Feature],
    asked: Declarations,
    tables: CustomerTables,
    cutoffs: Any,
    active_within: pd.Timedelta | None = None,
) -> exp.Select:
    """Build the statement over the canonical views, without rows of ours.

    Parameters
    ----------
    features : sequence of Feature
        The columns wanted.
    asked : Declarations
        The aggregations that they read.
    tables : CustomerTables
        The tables.
    cutoffs : str, datetime or list of them
        The instants we pretend it is.
    active_within : pandas.Timedelta, optional
        Keep only customers with a purchase so long before the cutoff.

    Returns
    -------
    sqlglot Select
        Columns ``customer_id``, ``cutoff`` (an instant) and the features, ordered by
        cutoff and customer.
    """
    instants = check_cutoffs(cutoffs, tables)
    query = compile_features(features, asked, tables, instants, order=_KEYS)
    keys = [sql.column("customer_id"), _as_instant(instants, bool(tables.is_aware))]
    query.set("expressions", [*keys, *query.expressions])
    spine = spine_query(tables, instants, active_within)
    spine.set("order", None)
    before, after = spine.ctes, query.ctes
    spine.set("with_", None)
    query.set("with_", None)
    query = sql.with_part(query, "spine", spine)
    query.args["with_"].set("expressions", [*before, *query.ctes, *after])
    return query


def write_statement(
    query: exp.Select,
    tables: CustomerTables,
    dialect: str,
    names: Mapping[str, str] | None,
) -> str:
    """Write the statement over the user's own tables.

    Parameters
    ----------
    query : sqlglot Select
        What :func:`build_statement` builds.
    tables : CustomerTables
        The tables: they say which columns play the roles, and of what type they are.
    dialect : str
        One of `DIALECTS`.
    names : mapping of str to str, optional
        What each table is called there.

    Returns
    -------
    str
        The statement.

    Raises
    ------
    SchemaError
        If the dialect is not known, or a name is none of a table.
    """
    if dialect not in DIALECTS:
        raise SchemaError(f"dialect must be one of {DIALECTS}, got {dialect!r}.")
    unknown = sorted(set(names or ()) - set(tables.columns))
    if unknown:
        raise SchemaError(
            f"names: {unknown} are no tables here; there are {sorted(tables.columns)}."
        )
    views, sources = {}, {}
    for view, table in tables.views.tables.items():
        found = _name_of(table.name, tables, dialect, names or {})
        columns = [
            exp.alias_(sql.column(column), role, quoted=True)
            for role, column in table.roles.items()
        ]
        sources[source_view(table)] = exp.select(*columns).from_(found).subquery()
        views[view] = tables.views.write(view, dialect)
    whole = with_views(query, views, sources, dialect)
    if dialect == "clickhouse":
        whole.set("settings", [_setting(*one) for one in _CLICKHOUSE_SETTINGS.items()])
    return render(whole, dialect, pretty=True)


def _name_of(
    name: str, tables: CustomerTables, dialect: str, names: Mapping[str, str]
) -> exp.Table:
    if name in names:
        return read_table_name(names[name], dialect)
    data = tables.table(name).data
    if isinstance(data, DatabaseTable):
        return read_table_name(data.name, "postgres")
    return sql.table(name)


def _as_instant(cutoffs: Sequence[int], is_aware: bool) -> exp.Expr:
    """Write a cutoff as an instant; there are few, and any engine reads ISO 8601."""
    case = exp.Case(this=sql.column("cutoff"))
    for cutoff in cutoffs:
        text = pd.Timestamp(cutoff, unit="us").isoformat(sep=" ")
        literal = exp.Literal.string(f"{text}+00:00" if is_aware else text)
        instant = exp.cast(literal, "timestamptz" if is_aware else "timestampntz")
        case = case.when(sql.number(cutoff), instant)
    return exp.alias_(case, "cutoff", quoted=True)


def _setting(name: str, value: int) -> exp.Expr:
    return exp.EQ(this=exp.to_identifier(name), expression=sql.number(value))
