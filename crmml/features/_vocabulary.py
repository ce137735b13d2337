"""Which values of a column there are, and which of them are worth a feature."""

import sqlglot.expressions as exp

from crmml.tables import CustomerTables
from crmml.tables import _sql as sql
from crmml.tables._stays import known_at


def learn_largest(
    tables: CustomerTables,
    table: str,
    role: str,
    n_values: int,
    before: int,
    weight: exp.Expr | None = None,
) -> list[str] | list[int]:
    """Find the values that weigh most among the events known before an instant.

    Parameters
    ----------
    tables : CustomerTables
        The data.
    table : str
        An event table.
    role : str
        A declared role of it that holds keys.
    n_values : int
        How many values to return at most.
    before : int
        Microseconds since 1970.
    weight : sqlglot expression, optional
        What is summed up per value, null for rows that do not count; default: rows
        are counted.

    Returns
    -------
    list of str or int
        The values, the heaviest first; of equal ones, the first in order.
    """
    value, until = sql.column(role), sql.number(before)
    conditions = [
        value.is_(exp.null()).not_(),
        exp.LT(this=sql.column("timestamp"), expression=until),
    ]
    known = known_at(tables, table)
    if known is not None:
        conditions.append(exp.LT(this=known, expression=until.copy()))
    if weight is not None:
        conditions.append(weight.copy().is_(exp.null()).not_())
    size = exp.Count(this=exp.Star()) if weight is None else exp.Sum(this=weight)
    query = (
        exp.select(value.copy(), exp.alias_(size, "size", quoted=True))
        .from_(sql.table(table))
        .where(*conditions)
        .group_by(value.copy())
        .order_by(exp.Ordered(this=sql.column("size"), desc=True), value.copy())
        .limit(n_values)
    )
    found: list[str] | list[int] = tables.engine.run(query)[role].to_pylist()
    return found


def equals(role: str, value: str | int) -> exp.Expr:
    """Compare a column with a value that was learned."""
    return exp.EQ(this=sql.column(role), expression=exp.convert(value))
