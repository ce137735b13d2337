"""Who had an event in a window around each cutoff."""

from collections.abc import Sequence

import pandas as pd
import sqlglot.expressions as exp

from crmml._utils._durations import MICROSECOND
from crmml.tables import _sql as sql


def cutoff_rows(cutoffs: Sequence[int]) -> exp.Query:
    """Write the cutoffs as a query with one column ``cutoff``."""
    return sql.rows(["cutoff"], [[cutoff] for cutoff in cutoffs])


def customers_with_event(
    table: str, start: pd.Timedelta, end: pd.Timedelta, known_at: exp.Expr | None
) -> exp.Select:
    """Select each customer and cutoff with an event in [cutoff + start, cutoff + end).

    Parameters
    ----------
    table : str
        The event table.
    start, end : pandas.Timedelta
        The window's edges relative to the cutoff.
    known_at : sqlglot expression, optional
        When a row became known; only rows known before the cutoff count.

    Returns
    -------
    sqlglot Select
        Distinct pairs ``customer_id``, ``cutoff``; it reads the table ``cutoffs``.
    """
    timestamp, cutoff = sql.column("timestamp"), sql.column("cutoff")
    conditions = [
        exp.GTE(this=timestamp, expression=_shifted(cutoff, start)),
        exp.LT(this=timestamp.copy(), expression=_shifted(cutoff, end)),
    ]
    if known_at is not None:
        conditions.append(exp.LT(this=known_at, expression=cutoff.copy()))
    return (
        exp.select(sql.column("customer_id"), cutoff.copy())
        .distinct()
        .from_(sql.table(table))
        .join(sql.table("cutoffs"), on=exp.and_(*conditions))
    )


def _shifted(cutoff: exp.Column, by: pd.Timedelta) -> exp.Expr:
    return exp.Add(this=cutoff.copy(), expression=sql.number(by // MICROSECOND))
