"""What a model of hazards says about customers: survival, leaving, remaining life."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from crmml.exceptions import SchemaError
from crmml.models import _time_to_churn_life as life
from crmml.models._names import read_batch
from crmml.models._time_to_churn_data import Floats, read_tenure, read_times

# Hazards that are held at a time, of customers, periods and reasons.
_BLOCK = 4_000_000


class LifetimePredictions:
    """Predictions of a fitted model that knows hazards by period and reason."""

    period: float
    reasons_: list[str]
    max_duration_: float
    n_periods_: int
    _model: Any
    _names: list[str]

    def predict_survival(
        self, X: Any, times: Any, *, tenure: Any = None
    ) -> pd.DataFrame:
        """Give the probability of still being there.

        Parameters
        ----------
        X : dataframe or array-like of shape (n_samples, n_features)
            As in fit.
        times : array-like of shape (n_times,)
            How far ahead, from now, in the unit of the durations.
        tenure : float or array-like of shape (n_samples,), default=None
            How long each customer has been there by now; None: they start now.

        Returns
        -------
        DataFrame of shape (n_samples, n_times)
            P(T > tenure + time | T > tenure, x), a column each time.

        Raises
        ------
        SchemaError
            If times or tenure are negative, missing or of another length.
        """
        ahead = read_times(times, "times")
        parts = [
            life.compute_survival(hazards, ahead / self.period)
            for hazards in self._hazards(X, tenure, ahead.max(initial=0.0))
        ]
        return _label(parts, ahead)

    def predict_churn_probability(
        self, X: Any, times: Any, *, tenure: Any = None, reason: str | None = None
    ) -> pd.DataFrame:
        """Give the probability of having left, for any reason or for one.

        Parameters
        ----------
        X : dataframe or array-like of shape (n_samples, n_features)
            As in fit.
        times : array-like of shape (n_times,)
            How far ahead, from now, in the unit of the durations; for the probability
            by month give the ends of the months.
        tenure : float or array-like of shape (n_samples,), default=None
            How long each customer has been there by now; None: they start now.
        reason : str, default=None
            One of ``reasons_``: the probability to have left for it, the others being
            at work too. None: for any.

        Returns
        -------
        DataFrame of shape (n_samples, n_times)
            P(T <= tenure + time, reason | T > tenure, x). Over the reasons they add up
            to 1 less ``predict_survival``.

        Raises
        ------
        SchemaError
            If times or tenure are negative, missing or of another length, or the
            reason was not there in training.
        """
        check_is_fitted(self)
        if reason is not None and reason not in self.reasons_:
            raise SchemaError(
                f"reason must be one of the {len(self.reasons_)} in reasons_, got "
                f"{reason!r}."
            )
        every = self.reasons_ if reason is None else [reason]
        ahead = read_times(times, "times")
        parts = [
            sum(
                life.compute_incidence(
                    hazards, ahead / self.period, self.reasons_.index(one)
                )
                for one in every
            )
            for hazards in self._hazards(X, tenure, ahead.max(initial=0.0))
        ]
        return _label(parts, ahead)

    def predict_remaining_life(
        self,
        X: Any,
        *,
        tenure: Any = None,
        coverage: float = 0.8,
        horizon: float | None = None,
    ) -> pd.DataFrame:
        """Give the time until customers leave, given how long they have been there.

        Parameters
        ----------
        X : dataframe or array-like of shape (n_samples, n_features)
            As in fit.
        tenure : float or array-like of shape (n_samples,), default=None
            How long each customer has been there by now; None: they start now.
        coverage : float, default=0.8
            Share of customers like this one whose time lies in the interval.
        horizon : float, default=None
            Where the mean is cut off; None: ``max_duration_``.

        Returns
        -------
        DataFrame of shape (n_samples, 5)
            In the unit of the durations, from now: ``median``, by which half of the
            customers like this one leave; ``low`` and ``high``, between which
            `coverage` of them leave; ``mean_within_horizon``, the mean of the time
            until they leave or `horizon`, whichever is first; and
            ``is_extrapolated``, whether the median lies beyond what was seen.

        Raises
        ------
        SchemaError
            If tenure, coverage or horizon cannot be used.
        """
        check_is_fitted(self)
        if not isinstance(coverage, float) or not 0 < coverage < 1:
            raise SchemaError(f"coverage must lie between 0 and 1, got {coverage!r}.")
        until = self.max_duration_ if horizon is None else horizon
        until = float(read_times([until], "horizon")[0])
        tails = {"median": 0.5, "low": (1 - coverage) / 2, "high": (1 + coverage) / 2}
        parts = []
        for hazards in self._hazards(X, tenure, self.max_duration_):
            columns = {
                name: self.period * life.compute_quantile(hazards, share)
                for name, share in tails.items()
            }
            mean = life.compute_restricted_mean(hazards, until / self.period)
            parts.append(
                pd.DataFrame({**columns, "mean_within_horizon": self.period * mean})
            )
        table = pd.concat(parts, ignore_index=True)
        since = read_tenure(tenure, len(table))
        table["is_extrapolated"] = since + table["median"] > self.max_duration_
        return table

    def _hazards(self, X: Any, tenure: Any, reach: float) -> Iterator[life.Hazards]:
        """Hazards from now on over the reach, for some customers after the other."""
        check_is_fitted(self)
        columns = read_batch(self, X, self._names)
        passed = read_tenure(tenure, columns.n_rows) / self.period
        first = np.floor(passed + 1e-9)
        n_periods = min(int(np.ceil(reach / self.period)) + 1, self.n_periods_ + 1)
        size = max(_BLOCK // (n_periods * len(self.reasons_)), 1)
        for start in range(0, max(columns.n_rows, 1), size):
            at = slice(start, start + size)
            ahead = first[at, None].astype(np.int64) + np.arange(n_periods)
            hazards = self._model.predict(columns.select(at), ahead)
            yield life.Hazards(hazards, np.maximum(passed - first, 0.0)[at])


def _label(parts: list[Any], times: Floats) -> pd.DataFrame:
    columns = pd.Index(times, name="time")
    # Whole numbers are easier to ask for.
    if (times == np.round(times)).all():
        columns = columns.astype(np.int64)
    return pd.DataFrame(np.vstack(parts), columns=columns)
