"""Reading durations: how long customers stayed, who left, why, and since when seen."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml.exceptions import NotEnoughHistoryError, SchemaError

Floats = NDArray[np.float64]

LEFT = "left"
"""The one reason, where none are told apart."""


@dataclass(frozen=True)
class Lifetimes:
    """How long customers have been followed, and how it ended.

    Attributes
    ----------
    duration : ndarray of shape (n,)
        Time from the start until they left or were last seen.
    entry : ndarray of shape (n,)
        Time from the start at which they came under observation; -inf where that was
        the start itself, so that those who left at once were at risk.
    cause : ndarray of shape (n,)
        0 for a customer who is still there, k for the k-th reason.
    reasons : list of str
        Why customers left, sorted; ``["left"]`` where reasons are not told apart.
    """

    duration: Floats
    entry: Floats
    cause: NDArray[np.int64]
    reasons: list[str]

    def select(self, at: NDArray[Any]) -> "Lifetimes":
        """Return some of the customers, with all the reasons."""
        return Lifetimes(
            self.duration[at], self.entry[at], self.cause[at], self.reasons
        )

    def forget_idle_reasons(self) -> "Lifetimes":
        """Return the customers with only those reasons for which one of them left.

        Raises
        ------
        NotEnoughHistoryError
            If none of them left.
        """
        used, codes = np.unique(self.cause, return_inverse=True)
        if not used.any():
            raise NotEnoughHistoryError(
                f"None of the {len(self.cause)} customers whose weight is not 0 left, "
                "so nothing can be learned about leaving. Observe longer."
            )
        reasons = [self.reasons[k - 1] for k in used[used > 0]]
        # Where all left, no customer has the cause 0.
        cause = codes.astype(np.int64) + (used[0] > 0)
        return Lifetimes(self.duration, self.entry, cause, reasons)


def read_lifetimes(
    duration: Any, event: Any, reason: Any = None, entry: Any = None
) -> Lifetimes:
    """Check durations, events, reasons and entries.

    Parameters
    ----------
    duration : array-like of shape (n,)
        Numbers of any unit, or durations (read as days); not negative.
    event : array-like of shape (n,)
        1 or True for a customer who left at the end of the duration, 0 or False for
        one who was still there.
    reason : array-like of shape (n,), default=None
        Why a customer left; read where `event` is 1 only.
    entry : array-like of shape (n,), default=None
        Since when a customer was observed, in the unit of `duration`.

    Returns
    -------
    Lifetimes
        The same as arrays.

    Raises
    ------
    SchemaError
        If lengths differ, or a value is missing, negative, infinite or none of those
        above.
    NotEnoughHistoryError
        If there is no row, or nobody left.
    """
    durations = read_times(duration, "duration")
    left = _read_events(event)
    _check_length(left, durations, "event")
    if len(durations) == 0:
        raise NotEnoughHistoryError("duration has 0 rows; at least one is needed.")
    if not left.any():
        raise NotEnoughHistoryError(
            f"None of the {len(left)} customers left: event is 0 in all rows, so "
            "nothing can be learned about leaving. Observe longer."
        )
    entries = np.full(len(durations), -np.inf)
    if entry is not None:
        entries = read_times(entry, "entry")
        _check_length(entries, durations, "entry")
        _check_entries(entries, durations, left)
        # Whoever was seen from the start on could leave at once.
        entries = np.where(entries == 0.0, -np.inf, entries)
    reasons, cause = _read_reasons(reason, left)
    return Lifetimes(durations, entries, cause, reasons)


def read_times(given: Any, name: str) -> Floats:
    """Read times since the start, or from now: numbers, or durations as days.

    Parameters
    ----------
    given : array-like of shape (n,)
        Times, none missing, infinite or negative.
    name : str
        The argument's name, for messages.

    Returns
    -------
    ndarray of shape (n,)
        The times.

    Raises
    ------
    SchemaError
        If a time is none.
    """
    column = np.asarray(given)
    if column.ndim != 1:
        raise SchemaError(f"{name} must have one dimension, got shape {column.shape}.")
    n_missing = int(pd.isna(column).sum())
    if n_missing:
        raise SchemaError(
            f"{name} is missing in {n_missing} of {len(column)} rows; leave those out."
        )
    kind = pd.api.types.infer_dtype(column)
    if kind in ("timedelta", "timedelta64"):
        days = pd.to_timedelta(pd.Series(column)) / pd.Timedelta(1, "D")
        times: Floats = days.to_numpy(dtype=np.float64)
    elif kind in ("integer", "floating", "mixed-integer-float", "decimal", "empty"):
        times = column.astype(np.float64)
    else:
        raise SchemaError(
            f"{name} must hold numbers of one unit, or durations, got {kind} values."
        )
    n_bad = int((~np.isfinite(times) | (times < 0)).sum())
    if n_bad:
        raise SchemaError(
            f"{name} is negative or infinite in {n_bad} of {len(times)} rows; times "
            "are 0 or more."
        )
    return times


def read_tenure(tenure: Any, n: int) -> Floats:
    """Read how long each of n customers has been there; None is 0, a number is all's.

    Raises
    ------
    SchemaError
        If a tenure is none, or there are others than one a customer.
    """
    if tenure is None:
        return np.zeros(n)
    given = np.asarray(tenure)
    times = read_times(np.atleast_1d(given), "tenure")
    if given.ndim > 0 and len(times) != n:
        raise SchemaError(
            f"tenure has {len(times)} values and X {n} rows; pass one value, or one a "
            "customer."
        )
    return np.broadcast_to(times, n).copy()


def _read_events(given: Any) -> NDArray[np.bool_]:
    column = np.asarray(given)
    if column.ndim != 1:
        raise SchemaError(f"event must have one dimension, got shape {column.shape}.")
    is_flag = [
        isinstance(value, (bool, int, float)) and value in (0, 1)
        for value in column.tolist()
    ]
    n_bad = len(column) - sum(is_flag)
    if n_bad:
        raise SchemaError(
            f"event must be 1 (left) or 0 (still there); it is something else, or "
            f"missing, in {n_bad} of {len(column)} rows. Say why customers left in "
            "reason=."
        )
    return column.astype(bool)


def _read_reasons(
    given: Any, left: NDArray[np.bool_]
) -> tuple[list[str], NDArray[np.int64]]:
    if given is None:
        return [LEFT], left.astype(np.int64)
    column = np.asarray(given, dtype=object)
    _check_length(column, left, "reason")
    named = column[left].tolist()
    n_bad = sum(not isinstance(value, str) or not value.strip() for value in named)
    if n_bad:
        raise SchemaError(
            f"reason must be a text for each of the {len(named)} customers who left; "
            f"it is missing or something else for {n_bad}. Call them 'unknown', or "
            "leave them out."
        )
    reasons = sorted(set(named))
    codes = {one: k for k, one in enumerate(reasons, start=1)}
    cause = np.zeros(len(left), dtype=np.int64)
    cause[left] = [codes[one] for one in named]
    return reasons, cause


def _check_entries(entries: Floats, durations: Floats, left: NDArray[np.bool_]) -> None:
    late = (entries > durations) | (left & (entries == durations) & (entries > 0))
    if late.any():
        raise SchemaError(
            f"entry is not before duration in {int(late.sum())} of {len(late)} rows: "
            "both count from the customer's start, and a customer is at risk only "
            "between them."
        )


def _check_length(column: NDArray[Any], durations: NDArray[Any], name: str) -> None:
    if column.shape != durations.shape:
        raise SchemaError(
            f"{name} has shape {column.shape} and duration {durations.shape}: pass one "
            "value a customer, in the same order."
        )
