"""When a row counts as known."""

import sqlglot.expressions as exp

from crmml.tables import _sql as sql


def known_instant(
    known_at: exp.Expr | None, visible_from: str | None
) -> exp.Expr | None:
    """When a row counts as known, null if never; None if when it happened.

    Parameters
    ----------
    known_at : sqlglot expression or None
        When the table says that a row was known.
    visible_from : str or None
        Role of a second instant that must have passed.

    Returns
    -------
    sqlglot expression or None
        The later of the two.
    """
    if visible_from is None:
        return known_at
    second = sql.column(visible_from)
    first: exp.Expr = known_at or sql.column("timestamp")
    return (
        exp.case()
        .when(exp.GTE(this=second, expression=first.copy()), second.copy())
        .when(exp.LT(this=second.copy(), expression=first.copy()), first.copy())
    )
