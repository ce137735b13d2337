"""Small pieces of SQL trees; every identifier is quoted, nothing is pasted."""

from collections.abc import Iterable, Sequence

import sqlglot.expressions as exp


def column(name: str, table: str | None = None) -> exp.Column:
    """Name a column, of a table where given."""
    return exp.column(name, table=table, quoted=True)


def table(name: str, alias: str | None = None) -> exp.Table:
    """Name a table or view, by another name where an alias is given."""
    called = alias and exp.TableAlias(this=exp.to_identifier(alias, quoted=True))
    return exp.Table(this=exp.to_identifier(name, quoted=True), alias=called)


def number(value: int) -> exp.Expr:
    """Write an integer."""
    return exp.convert(int(value))


def count_if(condition: exp.Expr) -> exp.Expr:
    """Count the rows that fulfil a condition, 0 when there are none."""
    case = exp.case().when(condition, number(1)).else_(number(0))
    return exp.func("coalesce", exp.Sum(this=case), number(0))


def as_double(expression: exp.Expr) -> exp.Expr:
    """Turn an exact integer into a double."""
    return exp.cast(expression, "double")


def ratio(numerator: exp.Expr, denominator: exp.Expr) -> exp.Expr:
    """Divide as doubles; the caller sees to it that the denominator is not zero."""
    return exp.Div(
        this=exp.paren(as_double(numerator), copy=False),
        expression=exp.paren(as_double(denominator), copy=False),
        typed=False,
        safe=True,
    )


def rows(columns: Sequence[str], cells: Iterable[Sequence[int]]) -> exp.Query:
    """Write a little table of integers as a query."""
    selects = [
        exp.select(
            *[
                exp.alias_(
                    exp.cast(number(cell), "bigint", copy=False),
                    name,
                    quoted=True,
                    copy=False,
                )
                for name, cell in zip(columns, row, strict=True)
            ]
        )
        for row in cells
    ]
    query: exp.Query = selects[0]
    for select in selects[1:]:
        query = exp.union(query, select, distinct=False, copy=False)
    return query


def with_part(query: exp.Select, name: str, body: exp.Query) -> exp.Select:
    """Add a common table expression to a query."""
    alias = exp.to_identifier(name, quoted=True)
    return query.with_(alias, as_=body, copy=False)


def sum_of(*parts: exp.Expr) -> exp.Expr:
    """Add up, in parentheses."""
    result = parts[0]
    for part in parts[1:]:
        result = exp.Add(this=result, expression=part)
    return exp.Paren(this=result)
