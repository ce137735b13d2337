"""Orders and days: where several rows that are counted as one lie in time."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlglot.expressions as exp

from crmml._utils._durations import DAY, MICROSECOND
from crmml.features._declarations import GROUPED_BY, Grain
from crmml.tables import _sql as sql

DAY_LENGTH = DAY // MICROSECOND
LONG_AGO = 1_000_000 * DAY_LENGTH
"""Added before dividing: engines differ in how they round negative quotients."""


def grain_keys(
    grain: Grain, phase: int | None, roles: Collection[str]
) -> list[exp.Expr]:
    """Write what the rows of one order, day, product or category have in common.

    Parameters
    ----------
    grain : str
        Any grain but "row".
    phase : int or None
        For days: the time of day, in microseconds, at which they begin.
    roles : collection of str
        Declared roles of the table.

    Returns
    -------
    list of sqlglot expressions
        The keys, besides the customer's id.
    """
    timestamp = sql.column("timestamp")
    if grain in GROUPED_BY:
        return [sql.column(GROUPED_BY[grain])]
    if phase is not None:
        ago = sql.number(LONG_AGO - phase)
        shifted = exp.Paren(this=exp.Add(this=timestamp, expression=ago))
        return [exp.IntDiv(this=shifted, expression=sql.number(DAY_LENGTH))]
    if "order_id" not in roles:
        return [timestamp]
    order_id = sql.column("order_id")
    without = exp.case().when(order_id.is_(exp.null()), timestamp)
    return [order_id.copy(), without]


@dataclass(frozen=True)
class Located:
    """Rows to be counted, each in one bucket and known from another on."""

    source: exp.Expr
    bucket: exp.Expr
    known: exp.Expr
    sign: int = 1
    """1 where rows are counted there, -1 where they are no longer."""


def locate_first(
    events: str, keys: Sequence[exp.Expr], known: exp.Expr, n_buckets: int
) -> Located:
    """Bring rows with equal keys to one: the first of those known first.

    Both buckets go into one integer, so that one minimum finds that row.

    Parameters
    ----------
    events : str
        The table with the columns of `keys`, ``bucket`` and `known`.
    keys : sequence of sqlglot expressions
        The customer's id, and what the rows to be counted as one have in common.
    known : sqlglot expression
        The bucket from which on a row is known.
    n_buckets : int
        How many buckets there are.

    Returns
    -------
    Located
        The rows.
    """
    base = sql.number(n_buckets + 1)
    code = exp.Add(
        this=exp.Mul(this=known.copy(), expression=base),
        expression=sql.column("bucket"),
    )
    query = (
        exp.select(
            sql.column("customer_id"),
            exp.alias_(exp.Min(this=code), "code", quoted=True),
        )
        .from_(sql.table(events))
        .group_by(*keys)
    )
    found = sql.column("code")
    return Located(
        query.subquery("first"),
        exp.Mod(this=found, expression=base.copy()),
        exp.IntDiv(this=found.copy(), expression=base.copy()),
    )


def locate_moving(
    events: str, keys: Sequence[exp.Expr], known: exp.Expr
) -> list[Located]:
    """Bring rows with equal keys to one: at any time, the first known by then.

    A row that became known late may lie before all that were known until then. From
    then on the whole is counted there, and no longer where it was.

    Parameters
    ----------
    events, keys, known
        As in :func:`locate_first`.

    Returns
    -------
    list of Located
        Where the whole is counted and, with sign -1, where it no longer is.
    """
    bucket, before = sql.column("bucket"), sql.column("before")
    earlier = exp.Window(
        this=exp.Min(this=bucket.copy()),
        partition_by=[key.copy() for key in keys],
        order=exp.Order(
            expressions=[
                exp.Ordered(this=known.copy()),
                exp.Ordered(this=bucket.copy()),
            ]
        ),
        spec=exp.WindowSpec(
            kind="ROWS",
            start="UNBOUNDED",
            start_side="PRECEDING",
            end=sql.number(1),
            end_side="PRECEDING",
        ),
    )
    steps = exp.select(
        sql.column("customer_id"),
        bucket.copy(),
        exp.alias_(known.copy(), "known", quoted=True),
        exp.alias_(earlier, "before", quoted=True),
    ).from_(sql.table(events))
    moves = exp.select(exp.Star()).from_(steps.subquery("steps"))
    is_first = before.is_(exp.null())
    is_earlier = exp.LT(this=bucket.copy(), expression=before.copy())
    to = moves.where(exp.or_(is_first, is_earlier))
    away = moves.where(is_earlier.copy())
    seen = sql.column("known")
    return [
        Located(to.subquery("moves"), bucket.copy(), seen.copy()),
        Located(away.subquery("moves"), before.copy(), seen.copy(), sign=-1),
    ]
