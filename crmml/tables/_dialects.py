"""One tree, many engines: what they would read differently is rewritten here.

Trees are built with the meaning that DuckDB gives them: sums of integers are exact
however large, divisions of whole numbers drop the rest, numbers half way between two
others are rounded away from zero, and a backslash in LIKE is a backslash.
"""

from collections.abc import Mapping

import sqlglot.expressions as exp

from crmml.tables import _sql as sql
from crmml.tables._rewrites import rewrite

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
        changed = rewrite(node, dialect)
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
