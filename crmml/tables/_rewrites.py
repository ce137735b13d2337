"""What engines read differently, one kind of node after another."""

from collections.abc import Callable

import sqlglot.expressions as exp

from crmml.tables import _sql as sql

EXACT = exp.DataType.build("decimal(38, 0)")
"""An integer of 38 digits, for sums and products."""
_NARROW_SUMS = {"spark", "bigquery", "clickhouse"}
_NARROW_LITERALS = {"bigquery", "clickhouse"}
_HALF_TO_EVEN = {"postgres", "redshift", "clickhouse"}
_UNTYPED_NULLS = {"postgres", "redshift"}
_RAW_PATTERNS = {"duckdb", "snowflake"}
_NO_WIDE_INTEGERS = {exp.DataType.Type.INT128, exp.DataType.Type.UBIGINT}


def rewrite(node: exp.Expr, dialect: str) -> exp.Expr:
    """Return what a node has to be in a dialect to mean what it means in DuckDB's.

    Parameters
    ----------
    node : sqlglot expression
        Any node, whose parts have been rewritten.
    dialect : str
        The dialect that it is written for.

    Returns
    -------
    sqlglot expression
        The node itself where nothing is different.
    """
    found = _REWRITES.get(type(node))
    return node if found is None else found(node, dialect)


def _try_cast(node: exp.Expr, dialect: str) -> exp.Expr:
    """Cast: it stands where only values that can be cast arrive."""
    return exp.Cast(this=node.this, to=node.args["to"])


def _cast(node: exp.Expr, dialect: str) -> exp.Expr:
    return _exact(node.this, dialect) if node.args["to"] == EXACT else node


def _type(node: exp.Expr, dialect: str) -> exp.Expr:
    return EXACT.copy() if node.this in _NO_WIDE_INTEGERS else node


def _literal(node: exp.Expr, dialect: str) -> exp.Expr:
    """Write integers beyond 64 bits so that they are taken as such."""
    if dialect not in _NARROW_LITERALS or node.is_string or not node.is_int:
        return node
    is_wide = abs(int(node.this)) >= 2**63
    return _exact(exp.Literal.string(node.this), dialect) if is_wide else node


def _sum(node: exp.Expr, dialect: str) -> exp.Expr:
    if dialect not in _NARROW_SUMS:
        return node
    return exp.Sum(this=_exact(node.this, dialect))


def _count_distinct(node: exp.Expr, dialect: str) -> exp.Expr:
    """Count exactly where there is no estimate."""
    if dialect != "postgres":
        return node
    return exp.Count(this=exp.Distinct(expressions=[node.this]))


def _exact(value: exp.Expr, dialect: str) -> exp.Expr:
    """Give an integer 38 digits."""
    if dialect != "clickhouse":
        return exp.cast(value, EXACT.copy())
    # A cast looks at what is behind a null, too, and may find infinity there.
    kind = exp.Literal.string("Int128")
    return exp.Anonymous(this="accurateCastOrNull", expressions=[value, kind])


def _round(node: exp.Expr, dialect: str) -> exp.Expr:
    """Round to whole numbers, half away from zero."""
    if dialect not in _HALF_TO_EVEN:
        return node
    value = node.this
    whole = exp.Anonymous(this="TRUNC", expressions=[value.copy()])
    rest = exp.Abs(this=exp.Sub(this=value.copy(), expression=whole.copy()))
    is_half = exp.GTE(this=rest, expression=exp.Literal.number("0.5"))
    step = exp.case().when(is_half, exp.Sign(this=value.copy())).else_(sql.number(0))
    return exp.Paren(this=exp.Add(this=whole, expression=step))


def _divide(node: exp.Expr, dialect: str) -> exp.Expr:
    """Divide integers and drop the rest, without a detour over other numbers."""
    left: exp.Expr = exp.paren(node.this)
    right: exp.Expr = exp.paren(node.expression)
    if dialect == "postgres":
        # A union with sums, which are wider, may have made decimals of integers.
        left = exp.cast(left, "bigint")
        return exp.Div(this=left, expression=right, typed=True, safe=False)
    if dialect == "clickhouse":
        return exp.Anonymous(this="intDiv", expressions=[left, right])
    if dialect in {"snowflake", "redshift"}:
        rest = exp.Mod(this=left.copy(), expression=right.copy())
        whole = exp.paren(exp.Sub(this=left, expression=rest))
        return exp.cast(
            exp.Div(this=whole, expression=right, typed=True, safe=False), "bigint"
        )
    return node


def _percentile(node: exp.Expr, dialect: str) -> exp.Expr:
    """Find a value that is there, not one between two."""
    if dialect != "spark":
        return node
    share = exp.Anonymous(this="PERCENTILE_DISC", expressions=[node.expression.copy()])
    order = exp.Order(expressions=[exp.Ordered(this=node.this.copy())])
    return exp.cast(exp.WithinGroup(this=share, expression=order), "bigint")


def _escape(node: exp.Expr, dialect: str) -> exp.Expr:
    """Double the backslashes of a pattern, which else would escape what follows."""
    if dialect in _RAW_PATTERNS:
        return node
    pattern = node.expression
    if isinstance(pattern, exp.Literal):
        pattern = exp.Literal.string(str(pattern.this).replace("\\", "\\\\"))
    return exp.Like(this=node.this, expression=pattern)


def _type_null(node: exp.Expr, dialect: str) -> exp.Expr:
    """Say of what type a column of nulls is; unions of two such columns are text."""
    if dialect not in _UNTYPED_NULLS or not isinstance(node.this, exp.Null):
        return node
    typed = node.copy()
    typed.set("this", exp.cast(exp.null(), "bigint"))
    return typed


_REWRITES: dict[type[exp.Expr], Callable[[exp.Expr, str], exp.Expr]] = {
    exp.Alias: _type_null,
    exp.ApproxDistinct: _count_distinct,
    exp.Cast: _cast,
    exp.DataType: _type,
    exp.IntDiv: _divide,
    exp.Like: _escape,
    exp.Literal: _literal,
    exp.PercentileDisc: _percentile,
    exp.Round: _round,
    exp.Sum: _sum,
    exp.TryCast: _try_cast,
}
