"""Discrete time: a row for each customer and period, and a classifier on these rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.models._columns import EMPTY, TEXT, Columns
from crmml.models._time_to_churn_data import Floats, Lifetimes

PERIOD = "period"
"""Column that tells the classifier which period it is, from 0."""

# A time within rounding of the end of a period belongs to that period.
_ROUNDING = 1e-9
_LARGEST = 1.0 - 1e-12


@dataclass(frozen=True)
class PersonPeriods:
    """Customers under observation, period by period.

    Attributes
    ----------
    customer : ndarray of shape (n_rows,)
        Position of the customer.
    period : ndarray of shape (n_rows,)
        Which period since the customer's start, from 0.
    cause : ndarray of shape (n_rows,)
        Reason for which the customer left in it, 0 for none.
    weight : ndarray of shape (n_rows,)
        How many customer periods the row stands for: 1, or the observed part of it
        where the customer stayed; more where rows were sampled.
    """

    customer: NDArray[np.int64]
    period: NDArray[np.int64]
    cause: NDArray[np.int64]
    weight: Floats


def count_periods(times: Floats, period: float) -> NDArray[np.int64]:
    """Count the periods that have begun before each time."""
    return np.ceil(times / period - _ROUNDING).astype(np.int64)


def make_person_periods(
    lives: Lifetimes, period: float, max_rows: int, rng: np.random.Generator
) -> PersonPeriods:
    """List the periods in which customers could leave.

    Parameters
    ----------
    lives : Lifetimes
        The customers.
    period : float
        Length of a period.
    max_rows : int
        If there are more rows, all in which somebody left are kept, and of the others
        an even sample that is weighted up, never fewer than of those.
    rng : numpy.random.Generator
        Where the sample starts.

    Returns
    -------
    PersonPeriods
        One row for each customer and period.
    """
    gone = lives.cause > 0
    entry = np.maximum(lives.entry, 0.0)
    first = np.floor(entry / period + _ROUNDING).astype(np.int64)
    # Whoever left at once did so in the first period.
    end = np.maximum(count_periods(lives.duration, period), gone)
    stayed = np.maximum(end - gone - first, 0)
    n_stayed = int(stayed.sum())
    n_gone = int(gone.sum())
    # A few rows that stand for all who stayed would say nothing of them.
    n_kept = min(n_stayed, max(max_rows - n_gone, n_gone, 1))
    step = n_stayed / n_kept if n_kept else 1.0
    offset = rng.uniform() if n_kept < n_stayed else 0.0
    picked = np.floor((np.arange(n_kept) + offset) * step).astype(np.int64)
    sums = np.cumsum(stayed)
    customer = np.searchsorted(sums, picked, side="right")
    begun = first[customer] + picked - (sums - stayed)[customer]
    seen = np.minimum(lives.duration[customer] / period, begun + 1)
    seen = seen - np.maximum(entry[customer] / period, begun)
    leavers = np.nonzero(gone)[0]
    return PersonPeriods(
        np.concatenate([customer, leavers]),
        np.concatenate([begun, end[leavers] - 1]),
        np.concatenate([np.zeros(n_kept, np.int64), lives.cause[leavers]]),
        np.concatenate([np.clip(seen, 0.0, 1.0) * step, np.ones(len(leavers))]),
    )


class PanelHazard:
    """A classifier a reason, on the rows without leavers for other reasons.

    The odds of each reason against staying that it learns are those of the
    multinomial model (Begg and Gray).

    Parameters
    ----------
    classifier : classifier
        Fitted as clones.
    period : float
        Length of a period.
    max_rows : int
        From how many rows on those without leavers are sampled.
    seed : int
        Of the sample.
    """

    def __init__(
        self, classifier: Any, *, period: float, max_rows: int, seed: int
    ) -> None:
        self._classifier = classifier
        self._period = period
        self._max_rows = max_rows
        self._seed = seed

    def fit(
        self, columns: Columns, names: list[str], lives: Lifetimes, weights: Floats
    ) -> None:
        """Fit to customers, one row of the columns each."""
        if PERIOD in names:
            raise SchemaError(
                f"A feature is called {PERIOD!r}, which the model needs for its own "
                "column. Rename the feature before fit."
            )
        rng = np.random.default_rng(self._seed)
        rows = make_person_periods(lives, self._period, self._max_rows, rng)
        mass = rows.weight * weights[rows.customer]
        self._names = names
        self._last = int(rows.period.max())
        self._models: list[Any] = []
        X = _as_frame(columns, names)
        for k in range(1, len(lives.reasons) + 1):
            at = (rows.cause == 0) | (rows.cause == k)
            panel = X.iloc[rows.customer[at]].reset_index(drop=True)
            panel[PERIOD] = rows.period[at].astype(np.float64)
            churned = (rows.cause[at] == k).astype(np.int64)
            model = clone(self._classifier)
            try:
                self._models.append(model.fit(panel, churned, sample_weight=mass[at]))
            except NotEnoughHistoryError as error:
                raise NotEnoughHistoryError(
                    f"reason {lives.reasons[k - 1]!r} is that of {int(churned.sum())} "
                    f"customers, too few for this classifier: {error} Or merge rare "
                    "reasons into one, such as 'other'."
                ) from error

    def predict(self, columns: Columns, periods: NDArray[np.int64]) -> Floats:
        """Hazards of shape (n_reasons, n, n_periods) at periods of (n, n_periods)."""
        n, n_periods = periods.shape
        odds = np.zeros((len(self._models), n, n_periods))
        X = _as_frame(columns, self._names)
        for m in range(n_periods if n else 0):
            # Beyond what was seen, as at its end.
            period = np.minimum(periods[:, m], self._last).astype(np.float64)
            panel = X.assign(**{PERIOD: period})
            for k, model in enumerate(self._models):
                churn = np.minimum(model.predict_proba(panel)[:, 1], _LARGEST)
                odds[k, :, m] = churn / (1.0 - churn)
        hazards: Floats = odds / (1.0 + odds.sum(axis=0))
        return hazards


def _as_frame(columns: Columns, names: list[str]) -> pd.DataFrame:
    """Put columns into a frame that any classifier reads."""
    series: dict[str, Any] = {}
    for name, kind, values in zip(names, columns.kinds, columns.arrays, strict=True):
        if kind == EMPTY:
            values = np.full(columns.n_rows, np.nan)
        dtype = object if kind == TEXT else np.float64
        series[name] = pd.Series(
            values.tolist() if kind == TEXT else values, dtype=dtype
        )
    return pd.DataFrame(series)
