"""Whether the data are long and many enough to learn from, and if not, why."""

from typing import Any

import pandas as pd

from crmml._utils._arguments import check_count
from crmml._utils._durations import DAY
from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.labels._label import WindowLabel
from crmml.tables import CustomerTables
from crmml.tables._coerce import as_tables
from crmml.tables._instants import check_cutoffs
from crmml.tables._spine import build_spine


def check_history(
    tables: Any, label: WindowLabel, cutoffs: Any, *, min_customers: int = 50
) -> pd.DataFrame:
    """Tell for each cutoff whether there is enough to learn from.

    Parameters
    ----------
    tables : CustomerTables, Transactions or frame
        The data.
    label : Inactivity or ContractEnd
        What it means to leave.
    cutoffs : str, datetime or list of them
        The snapshots to train on or to test.
    min_customers : int, default=50
        Fewest customers with a label that are enough.

    Returns
    -------
    pandas.DataFrame
        One row for each cutoff, earliest first:

        - ``cutoff``;
        - ``history_days``: from the first event of any table to the cutoff; missing
          where there are no events;
        - ``n_customers``: customers who could still leave and have a label;
        - ``n_churned``: those of them who left;
        - ``reason``: why this is not enough, empty where it is.

        Enough is a history before the cutoff as long as the horizon, so that with the
        label window it is twice as long, `min_customers`, and both outcomes.

    Raises
    ------
    LeakageError
        If a label window is still open.
    NotEnoughHistoryError
        If the data do not reach around a cutoff, or nobody could still leave.
    SchemaError
        If the tables lack what the label needs, or it does not say who leaves.

    See Also
    --------
    suggest_inactivity : Whether the horizon itself is well chosen.

    Examples
    --------
    >>> from crmml.datasets import make_customers
    >>> from crmml.labels import Inactivity, check_history
    >>> tables = make_customers(500, random_state=0).to_tables()
    >>> found = check_history(tables, Inactivity("90D"), ["2023-03-01", "2024-06-01"])
    >>> found["reason"].tolist()
    ['history of 58.88 days, shorter than 90 days', '']
    """
    least = check_count(min_customers, "min_customers")
    if not isinstance(label, WindowLabel) or label.name != "churn":
        raise SchemaError(
            "label must say who leaves, such as Inactivity('28D'), got "
            f"{type(label).__name__}."
        )
    tables = as_tables(tables)
    needed = _needed(label)
    begin = _first_event(tables)
    rows = []
    for cutoff in _instants(tables, cutoffs):
        spine = build_spine(tables, cutoff, active_within=label.active_horizon)
        labels = label.transform(tables, spine=spine.to_frame(tables)).dropna()
        naive = cutoff.tz_localize(None)
        history = pd.NaT if begin is None else naive - begin
        n, n_churned = len(labels), int(labels.sum())
        reasons = [_describe_short(history, needed)] if history < needed else []
        if n < least:
            reasons.append(f"{n} customers, fewer than {least}")
        if n_churned in {0, n}:
            reasons.append(f"one outcome only: {n_churned} of {n} left")
        rows.append((cutoff, history / DAY, n, n_churned, "; ".join(reasons)))
    names = ["cutoff", "history_days", "n_customers", "n_churned", "reason"]
    return pd.DataFrame(rows, columns=names).astype({"history_days": "float64"})


def require_history(tables: CustomerTables, label: WindowLabel, cutoffs: Any) -> None:
    """Refuse to train on silence where the history is shorter than the silence.

    Parameters
    ----------
    tables : CustomerTables
        The data.
    label : WindowLabel
        The definition of churn. Where the tables say who has left, any history will do.
    cutoffs : str, datetime or list of them
        The snapshots.

    Raises
    ------
    NotEnoughHistoryError
        If a cutoff lies less than a horizon after the first event: by then nobody can
        have been silent for that long.
    """
    begin = _first_event(tables)
    if label.active_horizon is None or begin is None:
        return
    instants = [one.tz_localize(None) for one in _instants(tables, cutoffs)]
    needed = _needed(label)
    early = [one for one in instants if one - begin < needed]
    if early:
        raise NotEnoughHistoryError(
            f"At {len(early)} of {len(instants)} cutoffs the history is too short; the "
            f"first has a {_describe_short(early[0] - begin, needed)}, the horizon, so "
            "that nobody can have been silent for as long before. Choose cutoffs from "
            f"{begin + needed} on, or a shorter horizon for {label!r}."
        )


def _needed(label: WindowLabel) -> pd.Timedelta:
    gap, end = label.window
    return end - gap


def _first_event(tables: CustomerTables) -> pd.Timestamp | None:
    firsts = [tables.extents[name].first for name in tables.event_tables]
    return min((first for first in firsts if first is not None), default=None)


def _instants(tables: CustomerTables, cutoffs: Any) -> list[pd.Timestamp]:
    zone = "UTC" if tables.is_aware else None
    found = check_cutoffs(cutoffs, tables)
    return [pd.Timestamp(one, unit="us", tz=zone) for one in found]


def _describe_short(history: pd.Timedelta, needed: pd.Timedelta) -> str:
    return f"history of {history / DAY:.4g} days, shorter than {needed / DAY:.4g} days"
