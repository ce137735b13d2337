"""Measures of a forecast of value for customers who count more than once, or not."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from crmml.evaluation._validation import Floats


class Measures(NamedTuple):
    """Error, bias and ranking of a forecast; see :func:`compute_value_summary`."""

    mae: float
    bias: float
    gini: float


class WeightedMeasures:
    """Measure one forecast again and again, with other weights of the customers.

    Parameters
    ----------
    actual, forecast : ndarray of float of shape (n_samples,)
        What came, and what was forecast.
    """

    def __init__(self, actual: Floats, forecast: Floats) -> None:
        self._actual, self._forecast = actual, forecast
        self._error = np.abs(forecast - actual)
        self._by_forecast = _Order.of(forecast)
        self._by_actual = _Order.of(actual)

    def measure(self, weight: NDArray[Any]) -> Measures:
        """Measure the forecast.

        Parameters
        ----------
        weight : ndarray of shape (n_samples,)
            How often each customer counts.

        Returns
        -------
        Measures
            Missing where they do not exist, as of customers who brought nothing.
        """
        brought = weight * self._actual
        total = brought.sum()
        if not total > 0:
            return Measures(np.nan, np.nan, np.nan)
        best = self._by_actual.spread(weight, brought)
        own = self._by_forecast.spread(weight, brought)
        return Measures(
            mae=float(weight @ self._error / weight.sum()),
            bias=float(weight @ self._forecast / total - 1),
            gini=own / best if best > 1e-12 else np.nan,
        )


@dataclass(frozen=True)
class _Order:
    """Customers from the highest forecast down, equal ones together."""

    rows: NDArray[np.intp]
    starts: NDArray[np.intp]

    @classmethod
    def of(cls, forecast: Floats) -> "_Order":
        rows = np.argsort(-forecast, kind="stable")
        is_start = np.diff(forecast[rows], prepend=np.nan) != 0
        return cls(rows, np.flatnonzero(is_start))

    def spread(self, weight: NDArray[Any], brought: Floats) -> float:
        """Area between the curve of shares and the diagonal, times two."""
        if not len(self.starts):
            return float("nan")
        own = np.add.reduceat(weight[self.rows], self.starts)
        money = np.add.reduceat(brought[self.rows], self.starts)
        reached = np.cumsum(money)
        # Among equals the curve is straight.
        area = own @ (2 * reached - money) / (own.sum() * reached[-1])
        return float(area - 1)
