"""Rows of an order, day, product or category, brought together as of each cutoff.

How many categories a customer bought, or how much of the largest, cannot be had by
adding up spans of time: the same category lies in several. Here the groups of each
customer are formed anew at each cutoff, of sums per span. The cost grows with groups
times cutoffs, where everything else grows with events plus cutoffs.
"""

from collections.abc import Iterable, Mapping, Sequence

import sqlglot.expressions as exp

from crmml.features._buckets import in_window
from crmml.features._declarations import Aggregation
from crmml.features._expressions import is_negative, is_positive, when
from crmml.tables import _sql as sql
from crmml.tables._prepare import MILLIONTHS


def combine_groups(
    wanted: Mapping[Aggregation, str],
    events: str,
    cutoffs: str,
    keys: Sequence[exp.Expr],
    known: exp.Expr,
    condition: exp.Expr | None,
) -> exp.Select:
    """Form groups at each cutoff and bring them to one row for each customer.

    Parameters
    ----------
    wanted : mapping of Aggregation to str
        What is asked for, and under which names; all of one grain.
    events : str
        The table with ``customer_id``, ``timestamp``, ``bucket``, values and keys.
    cutoffs : str
        The table of cutoffs and of the first buckets of their windows.
    keys : sequence of sqlglot expressions
        What the rows of a group have in common.
    known : sqlglot expression
        The bucket from which on an event is known.
    condition : sqlglot expression, optional
        Of the cutoffs: which of them these groups are for.

    Returns
    -------
    sqlglot Select
        One row for each customer and cutoff.
    """
    names = [f"key_{i}" for i in range(len(keys))]
    spans = _spans(wanted, events, dict(zip(names, keys, strict=True)), known)
    groups = _groups(wanted, spans, cutoffs, names, condition)
    both = [sql.column("customer_id"), sql.column("cutoff")]
    columns: list[exp.Expr] = [
        *both,
        *[
            exp.alias_(_bring_together(one, alias), alias, quoted=True)
            for one, alias in wanted.items()
        ],
    ]
    if any(one.how == "first" for one in wanted):
        groups = _with_earliest(groups)
    return exp.select(*columns).from_(groups.subquery("g")).group_by(*both)


def _spans(
    wanted: Mapping[Aggregation, str],
    events: str,
    keys: Mapping[str, exp.Expr],
    known: exp.Expr,
) -> exp.Select:
    """Add up per customer, group and span of time, once for all cutoffs."""
    columns: dict[str, exp.Expr] = {"customer_id": sql.column("customer_id"), **keys}
    columns |= {"bucket": sql.column("bucket"), "known": known}
    group = [value.copy() for value in columns.values()]
    columns["began"] = exp.Min(this=sql.column("timestamp"))
    for one, alias in wanted.items():
        counts = one.value is None
        value = sql.number(1) if one.value is None else one.value.copy()
        columns[alias] = exp.Count(this=exp.Star()) if counts else exp.Sum(this=value)
        if one.how == "taken_back":
            columns[_least(alias)] = exp.Min(this=value.copy())
    query = exp.select(
        *[exp.alias_(value, name, quoted=True) for name, value in columns.items()]
    )
    source: exp.Expr = sql.table(events)
    # Where no event is known late, the group that began first is so at every cutoff.
    if all(one.how == "first" for one in wanted) and known.name == "bucket":
        source = _of_first_groups(events, keys.values())
    return query.from_(source).group_by(*group)


def _of_first_groups(events: str, keys: Iterable[exp.Expr]) -> exp.Expr:
    """Select the events of each customer's first group, or groups."""
    customer, timestamp = sql.column("customer_id"), sql.column("timestamp")
    starts: dict[str, list[exp.Expr]] = {
        "start": [customer, *keys],
        "earliest_start": [customer],
    }
    dated = exp.select(exp.Star()).from_(sql.table(events))
    for name, group in starts.items():
        start = exp.Window(
            this=exp.Min(this=timestamp.copy()),
            partition_by=[key.copy() for key in group],
        )
        dated = dated.select(exp.alias_(start, name, quoted=True))
    is_first = exp.EQ(this=sql.column("start"), expression=sql.column("earliest_start"))
    firsts = exp.select(exp.Star()).from_(dated.subquery("dated")).where(is_first)
    return firsts.subquery("firsts")


def _groups(
    wanted: Mapping[Aggregation, str],
    spans: exp.Select,
    cutoffs: str,
    names: Sequence[str],
    condition: exp.Expr | None,
) -> exp.Select:
    """Add up per customer, cutoff and group."""
    both = [sql.column("customer_id"), sql.column("cutoff")]
    keys = [sql.column(name) for name in names]
    columns: dict[str, exp.Expr] = {"began": exp.Min(this=sql.column("began"))}
    for one, alias in wanted.items():
        columns[alias] = exp.Sum(this=in_window(one.window, sql.column(alias)))
        if one.how == "taken_back":
            least = _least(alias)
            columns[least] = exp.Min(this=in_window(one.window, sql.column(least)))
    query = exp.select(
        *both,
        *[exp.alias_(value, name, quoted=True) for name, value in columns.items()],
    )
    is_known = exp.LT(this=sql.column("known"), expression=sql.column("last"))
    on = is_known if condition is None else exp.and_(is_known, condition)
    query = query.from_(spans.subquery("s")).join(sql.table(cutoffs), on=on)
    if len(keys) == 1:
        # One key is a role or a day; rows without it are in no group.
        query = query.where(keys[0].is_(exp.null()).not_())
    return query.group_by(*both, *keys)


def _with_earliest(groups: exp.Select) -> exp.Select:
    """Say beside each group when the customer's first group began."""
    both = [sql.column("customer_id"), sql.column("cutoff")]
    earliest = exp.Window(this=exp.Min(this=sql.column("began")), partition_by=both)
    named = exp.alias_(earliest, "earliest", quoted=True)
    return exp.select(exp.Star(), named).from_(groups.subquery("g"))


def _bring_together(one: Aggregation, alias: str) -> exp.Expr:
    x = sql.column(alias)
    if one.how == "distinct":
        return exp.Count(this=x)
    if one.how == "largest":
        return exp.Max(this=x)
    if one.how == "first":
        is_first = exp.EQ(this=sql.column("began"), expression=sql.column("earliest"))
        return exp.Min(this=exp.case().when(is_first, x))
    if one.how == "taken_back":
        is_nothing = exp.LTE(this=x, expression=sql.number(0))
        is_back = exp.and_(is_nothing, is_negative(sql.column(_least(alias))))
        return exp.Count(this=exp.case().when(is_back, sql.number(1)))
    # Inside the logarithm, too: engines may compute it before they look at the case.
    double = sql.as_double(when(is_positive(x), x))
    product = exp.Mul(this=double, expression=exp.Ln(this=double.copy()))
    product = exp.Mul(this=product, expression=sql.number(MILLIONTHS))
    # Rounded, so that the order of summation does not show.
    return exp.Sum(this=exp.cast(exp.func("round", product), "decimal(38, 0)"))


def _least(alias: str) -> str:
    return f"{alias}_least"
