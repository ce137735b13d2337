"""From hazards by period to survival, incidence, medians and means of what is left.

Hazards are rows of customers; column 0 is the period a customer is in now, of which a
fraction has passed. Inside a period the hazard rate is constant, and after the last
column it stays what it was there. Times are in periods from now.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Nobody is sure to leave, which keeps logarithms finite.
_LARGEST = 1.0 - 1e-12


@dataclass(frozen=True)
class Hazards:
    """Probabilities of leaving in each period, for those still there at its start.

    Attributes
    ----------
    by_reason : ndarray of shape (n_reasons, n, n_periods)
        Probability to leave for a reason; over the reasons they add up to 1 at most.
    passed : ndarray of shape (n,)
        Fraction of the first period that is over, from 0 to less than 1.
    """

    by_reason: Floats
    passed: Floats

    @property
    def rates(self) -> Floats:
        """Logarithm of the probability to stay for a whole period, (n, n_periods)."""
        total = np.minimum(self.by_reason.sum(axis=0), _LARGEST)
        rates: Floats = np.log1p(-total)
        return rates

    @property
    def starts(self) -> Floats:
        """Times at which the periods begin, (n, n_periods); the first is now."""
        n_periods = self.by_reason.shape[2]
        return np.maximum(np.arange(n_periods) - self.passed[:, None], 0.0)


def compute_survival(hazards: Hazards, times: Floats) -> Floats:
    """Probability of still being there at times, (n, n_times)."""
    at, past = _locate(hazards, times)
    rates = hazards.rates
    logs = _cumulate(hazards)
    there = np.take_along_axis(logs, at, axis=1)
    return np.exp(there + past * np.take_along_axis(rates, at, axis=1))


def compute_incidence(hazards: Hazards, times: Floats, reason: int) -> Floats:
    """Probability to have left for a reason by given times, (n, n_times)."""
    at, past = _locate(hazards, times)
    rates = hazards.rates
    alive = np.exp(_cumulate(hazards))
    total = hazards.by_reason.sum(axis=0)
    own = hazards.by_reason[reason]
    share = np.divide(own, total, out=np.zeros_like(own), where=total > 0)
    lengths = np.diff(hazards.starts, axis=1)
    # expm1 keeps small probabilities exact.
    lost = -alive[:, :-1] * share[:, :-1] * np.expm1(lengths * rates[:, :-1])
    before = np.cumsum(np.column_stack([np.zeros(len(lost)), lost]), axis=1)
    within = -np.expm1(past * np.take_along_axis(rates, at, axis=1))
    within = within * np.take_along_axis(alive * share, at, axis=1)
    result: Floats = np.take_along_axis(before, at, axis=1) + within
    return result


def compute_quantile(hazards: Hazards, share: float) -> Floats:
    """Time after which a share of customers like each will have left, (n,)."""
    rates, logs = hazards.rates, _cumulate(hazards)
    target = np.log1p(-share)
    # The last period that begins with more of them left.
    at = np.maximum((logs > target).sum(axis=1) - 1, 0)[:, None]
    start, rate, log = (
        np.take_along_axis(values, at, axis=1)[:, 0]
        for values in (hazards.starts, rates, logs)
    )
    rest = np.divide(
        target - log, rate, out=np.full_like(rate, np.inf), where=rate < 0.0
    )
    result: Floats = start + rest
    return result


def compute_restricted_mean(hazards: Hazards, until: float) -> Floats:
    """Mean time that is left, at most `until`, (n,): the area under survival."""
    starts, rates = hazards.starts, hazards.rates
    ends = np.column_stack([starts[:, 1:], np.full(len(starts), np.inf)])
    lengths = np.clip(np.minimum(ends, until) - starts, 0.0, None)
    gone = lengths * rates
    # The area under exp(rate t) is expm1(rate length) / rate, or the length at rate 0.
    areas = np.divide(np.expm1(gone), rates, out=lengths.copy(), where=rates < -1e-12)
    result: Floats = (np.exp(_cumulate(hazards)) * areas).sum(axis=1)
    return result


def _cumulate(hazards: Hazards) -> Floats:
    """Logarithm of survival at the start of each period, (n, n_periods)."""
    lengths = np.diff(hazards.starts, axis=1)
    steps = np.cumsum(lengths * hazards.rates[:, :-1], axis=1)
    return np.column_stack([np.zeros(len(lengths)), steps])


def _locate(hazards: Hazards, times: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Period of each time, and how far into it the time lies, (n, n_times)."""
    last = hazards.by_reason.shape[2] - 1
    reached = np.floor(times[None, :] + hazards.passed[:, None])
    at = np.minimum(reached, last).astype(np.int64)
    return at, times[None, :] - np.take_along_axis(hazards.starts, at, axis=1)
