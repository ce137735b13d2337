"""One tree, many engines: what they would read differently is rewritten here.

Trees are built with the meaning that DuckDB gives them: sums of integers are exact
however large, divisions of whole numbers drop the rest, numbers half way between two
others are rounded away from zero, and a backslash in LIKE is a backslash.
"""

from collections.abc import Mapping

import sqlglot.expressions as exp

from crmml.tables import _sql as sql

DIALECTS = (
    "duckdb",
    "spark",
    "postgres",
    "snowflake",
    "bigquery",
    "redshift",
    "clickhouse",
)
"""Dialects that trees can be rendered for."""

EXACT = exp.DataType.build("decimal(38, 0)")
"""An integer of 38 digits, for sums and products."""
_NARROW_SUMS = {"spark", "bigquery", "clickhouse"}
_HALF_TO_EVEN = {"postgres", "redshift", "clickhouse"}
_UNTYPED_NULLS = {"postgres", "redshift"}
_RAW_PATTERNS = {"duckdb", "snowflake"}
_NO_WIDE_INTEGERS = {exp.DataType.Type.INT128, exp.DataType.Type.UBIGINT}


def render(tree: exp.Expr, dialect: str, *, pretty: bool = False) -> str:
    """Write a tree as SQL of a dialect.

    Parameters
    ----------
    tree : sqlglot expression
        With DuckDB's meaning; it is not changed.
    dialect : str
        One of `DIALECTS`.
    pretty : bool, default=False
        Whether to break lines, for people who read it.

    Returns
    -------
    str
        The statement.
    """
    if dialect == "duckdb":
        return tree.sql(dialect, copy=False, pretty=pretty)
    own = tree.copy()
    # From the leaves up, so that what is put in place is not visited again.
    for node in reversed(list(own.walk())):
        changed = _rewrite(node, dialect)
        if node is own:
            own = changed
        elif changed is not node:
            node.replace(changed)
    return own.sql(dialect, copy=False, pretty=pretty)


def name_tables(tree: exp.Query, names: Mapping[str, exp.Expr]) -> exp.Query:
    """Read other tables in place of some, which stay known by their own names.

    Parameters
    ----------
    tree : sqlglot Query
        It is not changed.
    names : mapping of str to sqlglot expression
        The table, or the query in parentheses, to read in place of each.

    Returns
    -------
    sqlglot Query
        The tree over these tables.
    """
    own = tree.copy()
    for table in list(own.find_all(exp.Table)):
        if table.name not in names:
            continue
        alias = table.args.get("alias") or exp.TableAlias(
            this=exp.to_identifier(table.name, quoted=True)
        )
        found = names[table.name].copy()
        found.set("alias", alias.copy())
        found.set("joins", table.args.get("joins"))
        table.replace(found)
    return own


def with_views(
    query: exp.Query,
    views: Mapping[str, exp.Query],
    sources: Mapping[str, exp.Expr],
    dialect: str,
) -> exp.Query:
    """Put the views that a query reads before it, as common table expressions.

    Parameters
    ----------
    query : sqlglot Query
        It is not changed.
    views : mapping of str to sqlglot Query
        Views over the sources.
    sources : mapping of str to sqlglot expression
        What to read in place of the names of sources: a table, or a query in
        parentheses.
    dialect : str
        The dialect that it is written for.

    Returns
    -------
    sqlglot Query
        A query of nothing but the sources.
    """
    read = sorted(tables_read(query) & views.keys())
    # Names of their own: the user's tables may be called as ours are.
    own = {name: f"crmml_{name}" for name in read}
    tables = {name: sql.table(alias) for name, alias in own.items()}
    whole = name_tables(query, {**sources, **tables})
    parts = whole.ctes
    whole.set("with_", None)
    for name, alias in own.items():
        body = name_tables(views[name], sources)
        # Else PostgreSQL would write down what is read twice, with all its columns.
        kept = False if dialect == "postgres" else None
        whole = whole.with_(
            exp.to_identifier(alias, quoted=True),
            as_=body,
            materialized=kept,
            copy=False,
        )
    for part in parts:
        whole.args["with_"].append("expressions", part)
    return whole


def tables_read(tree: exp.Expr) -> set[str]:
    """Names of the tables that a tree reads, without those that it defines."""
    defined = {part.alias for part in tree.find_all(exp.CTE)}
    return {table.name for table in tree.find_all(exp.Table)} - defined


def _rewrite(node: exp.Expr, dialect: str) -> exp.Expr:
    if isinstance(node, exp.TryCast):
        # They stand where only values that can be cast arrive.
        return exp.Cast(this=node.this, to=node.args["to"])
    if isinstance(node, exp.DataType) and node.this in _NO_WIDE_INTEGERS:
        return EXACT.copy()
    if isinstance(node, exp.Sum) and dialect in _NARROW_SUMS:
        return exp.Sum(this=exp.cast(node.this, EXACT.copy()))
    if isinstance(node, exp.Round) and dialect in _HALF_TO_EVEN:
        return _round_away(node.this)
    if isinstance(node, exp.PercentileDisc) and dialect == "spark":
        return _percentile(node)
    if isinstance(node, exp.ApproxDistinct) and dialect == "postgres":
        return exp.Count(this=exp.Distinct(expressions=[node.this]))
    if isinstance(node, exp.IntDiv):
        return _divide(node, dialect)
    if isinstance(node, exp.Like) and dialect not in _RAW_PATTERNS:
        return _escape(node)
    if isinstance(node, exp.Alias) and isinstance(node.this, exp.Null):
        return _type_null(node, dialect)
    return node


def _round_away(value: exp.Expr) -> exp.Expr:
    """Round to whole numbers, half away from zero, as all engines do alike."""
    whole = exp.Anonymous(this="TRUNC", expressions=[value.copy()])
    rest = exp.Abs(this=exp.Sub(this=value.copy(), expression=whole.copy()))
    is_half = exp.GTE(this=rest, expression=exp.Literal.number("0.5"))
    step = exp.case().when(is_half, exp.Sign(this=value.copy())).else_(sql.number(0))
    return exp.Paren(this=exp.Add(this=whole, expression=step))


def _divide(node: exp.IntDiv, dialect: str) -> exp.Expr:
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


def _percentile(node: exp.PercentileDisc) -> exp.Expr:
    """Find a value that is there, not one between two."""
    share = exp.Anonymous(this="PERCENTILE_DISC", expressions=[node.expression.copy()])
    order = exp.Order(expressions=[exp.Ordered(this=node.this.copy())])
    return exp.cast(exp.WithinGroup(this=share, expression=order), "bigint")


def _escape(node: exp.Like) -> exp.Expr:
    """Double the backslashes of a pattern, which else would escape what follows."""
    pattern = node.expression
    if isinstance(pattern, exp.Literal):
        pattern = exp.Literal.string(str(pattern.this).replace("\\", "\\\\"))
    return exp.Like(this=node.this, expression=pattern)


def _type_null(node: exp.Alias, dialect: str) -> exp.Expr:
    """Say of what type a column of nulls is; unions of two such columns are text."""
    if dialect not in _UNTYPED_NULLS:
        return node
    typed = node.copy()
    typed.set("this", exp.cast(exp.null(), "bigint"))
    return typed
