"""Cox: hazards in proportion to a baseline of any shape, fitted by statsmodels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmml._utils._extras import import_extra
from crmml.exceptions import NotEnoughHistoryError
from crmml.models._columns import NUMERIC, TEXT, Columns
from crmml.models._effects import CategoryTerm, LineTerm
from crmml.models._encoder import Encoded, FrameEncoder
from crmml.models._time_to_churn_data import Floats, Lifetimes

# Directions of the design that are this much shorter than the longest say nothing.
_FLAT = 1e-8
# Log hazard ratios per standard deviation beyond this are a fit that ran away.
_LARGEST = 5.0
# Slope of the log-likelihood per leaver at what counts as a maximum.
_STEEPEST = 1e-4
# Of the observed periods: whose mean hazard goes on after the last one.
_TAIL = 0.25


class CoxHazard:
    """Proportional hazards, one model a reason, others being censored.

    Parameters
    ----------
    period : float
        Length of a period.
    """

    def __init__(self, period: float) -> None:
        self._period = period

    def fit(
        self, columns: Columns, names: list[str], lives: Lifetimes, weights: Floats
    ) -> None:
        """Fit by partial likelihood (Efron's for ties), baseline by Breslow."""
        self._encoder = FrameEncoder().fit(columns, names, weights)
        encoded = self._encoder.encode(columns)
        self._terms = self._make_terms(encoded, weights)
        design = self._design(encoded)
        self._centre = design.mean(axis=0)
        narrow, back = _whiten(design - self._centre)
        entry = np.where(np.isfinite(lives.entry), lives.entry, -1.0)
        coefficients, baselines = [], []
        for k in range(1, len(lives.reasons) + 1):
            found = _fit_one(narrow, lives, k, entry)
            coefficients.append(back @ found)
            risk = np.exp(narrow @ found)
            baselines.append(
                _breslow(lives, lives.cause == k, risk, entry, self._period)
            )
        self.coefficients = np.array(coefficients)
        steps = np.array(baselines)
        tail = max(int(np.ceil(_TAIL * steps.shape[1])), 1)
        last = steps[:, -tail:].mean(axis=1, keepdims=True)
        self.baseline = np.hstack([steps, last])

    def predict(self, columns: Columns, periods: NDArray[np.int64]) -> Floats:
        """Hazards of shape (n_reasons, n, n_periods) at periods of (n, n_periods)."""
        design = self._design(self._encoder.encode(columns)) - self._centre
        # Far outside of the training data a straight line knows no end.
        ratios = np.exp(np.clip(self.coefficients @ design.T, -50.0, 50.0))
        at = np.minimum(periods, self.baseline.shape[1] - 1)
        steps = self.baseline[:, at] * ratios[:, :, None]
        total = steps.sum(axis=0)
        share = np.divide(steps, total, out=np.zeros_like(steps), where=total > 0)
        hazards: Floats = -np.expm1(-total) * share
        return hazards

    def _make_terms(
        self, encoded: Encoded, weights: Floats
    ) -> dict[int, LineTerm | CategoryTerm]:
        terms: dict[int, LineTerm | CategoryTerm] = {}
        for j, kind in enumerate(self._encoder.kinds_):
            if kind in NUMERIC:
                terms[j] = LineTerm.learn(encoded.arrays[j], weights)
            elif kind == TEXT:
                categories = self._encoder.categories_[j]
                terms[j] = CategoryTerm.learn(encoded.arrays[j], categories, scale=1.0)
        return terms

    def _design(self, encoded: Encoded) -> Floats:
        blocks = [term.design(encoded.arrays[j]) for j, term in self._terms.items()]
        return np.hstack([np.empty((encoded.n_rows, 0)), *blocks])


def _whiten(design: Floats) -> tuple[Floats, Floats]:
    """Columns of unit variance that do not repeat each other, and the way back.

    Categories add up to one and columns may repeat each other, which would leave the
    likelihood without a single maximum.
    """
    left, lengths, right = np.linalg.svd(design, full_matrices=False)
    kept = lengths > _FLAT * max(lengths.max(initial=0.0), 1.0)
    scale = np.sqrt(len(design))
    return left[:, kept] * scale, right[kept].T / lengths[kept] * scale


def _fit_one(design: Floats, lives: Lifetimes, k: int, entry: Floats) -> Floats:
    """Log hazard ratios of one reason per column of the design."""
    if design.shape[1] == 0:
        return np.zeros(0)
    regression: Any = import_extra("statsmodels.duration.hazard_regression", "survival")
    status = (lives.cause == k).astype(np.int64)
    # It wants no times below zero, and counts who enters at a time as at risk then.
    begin, end = np.nextafter(entry + 1.0, np.inf), lives.duration + 1.0
    seen = begin < end
    model = regression.PHReg(
        end[seen], design[seen], status=status[seen], entry=begin[seen], ties="efron"
    )
    try:
        # A fit that runs away divides by nothing on its way, and is refused below.
        with np.errstate(all="ignore"):
            found: Floats = model.fit(disp=0, warn_convergence=False).params
            slope = np.abs(model.score(found)).max() / status.sum()
    except np.linalg.LinAlgError:
        slope = np.inf
    if not slope < _STEEPEST or not (np.abs(found) < _LARGEST).all():
        raise NotEnoughHistoryError(
            f"The Cox model of reason {k} of {len(lives.reasons)} runs away: "
            f"{status.sum()} customers left for it, and there are {design.shape[1]} "
            "columns to explain it, some of which may tell the duration itself. Use "
            "fewer features, or the discrete model, whose classifier is penalised."
        )
    return found


def _breslow(
    lives: Lifetimes,
    gone: NDArray[np.bool_],
    risk: Floats,
    entry: Floats,
    period: float,
) -> Floats:
    """Cumulative baseline hazard gained in each period, (n_periods,)."""
    times, counts = np.unique(lives.duration[gone], return_counts=True)
    at_risk = _sum_from(lives.duration, risk, times) - _sum_from(entry, risk, times)
    n_periods = max(int(np.ceil(lives.duration.max() / period - 1e-9)), 1)
    where = np.ceil(times / period - 1e-9).astype(np.int64) - 1
    steps = np.zeros(n_periods)
    np.add.at(steps, np.maximum(where, 0), counts / at_risk)
    return steps


def _sum_from(values: Floats, risk: Floats, times: Floats) -> Floats:
    """Sum of the risks of those whose value is a time or later."""
    order = np.argsort(values, kind="stable")
    sums = np.append(np.cumsum(risk[order][::-1])[::-1], 0.0)
    result: Floats = sums[np.searchsorted(values[order], times, side="left")]
    return result
