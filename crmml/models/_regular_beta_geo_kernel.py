"""Compiled loop for what customers with a rhythm will buy."""

from math import exp, log, log1p, nan
from typing import TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

_SMALLEST_TERM = 1e-17
_MOST_TERMS = 20_000_000
"""Whoever needs more, about half a second's work, is not counted."""
_LARGE = 1e200
_LOG_LARGE = log(_LARGE)


@njit(nogil=True, cache=True)
def expect_by_stages(
    parameters: Floats,
    dies_at_once: bool,
    n_stages: int,
    frequency: Floats,
    recency: Floats,
    age: Floats,
    horizon: float,
    first: int,
    last: int,
    out: Floats,
) -> None:
    """Expect purchases in a horizon of customers who are still there.

    A customer takes unseen stages as a Poisson process, and every k-th is a purchase.
    With n = r + kx and y = (T - t_x + horizon) / (alpha + T + horizon), s stages follow
    the last purchase until the end of the horizon, fewer than k of them until T, with
    probability in proportion to ``(n)_s / s! y^s P(Bin(s, (T-t_x) / (T-t_x+horizon)) <
    k)``. They are ``floor(s / k)`` purchases for who never leaves; who leaves after
    each with probability p makes G of them on average, ``G(m) = sum over i < m of
    E (1-p)^i``. All terms are positive. Missing where they are too many.
    """
    is_own = parameters.shape[1] > 1
    waiting = np.empty(n_stages)
    for i in range(first, last):
        r, alpha, a, b = parameters[:, i if is_own else 0]
        x = frequency[i]
        n = r + n_stages * x
        until_end = alpha + age[i] + horizon
        silent, ahead = (age[i] - recency[i]) / until_end, horizon / until_end
        # Of the stages so far, j came before T; (n)_s / s! is in the entries.
        waiting[:] = 0.0
        waiting[0] = 1.0
        among_now, term_now = 1.0, silent * until_end / (alpha + age[i])
        step = 1.0
        for j in range(1, n_stages):
            step *= (n + j - 1.0) / j * term_now
            among_now += step
        purchases, next_one = 0.0, 1.0
        stays, m = b + x + dies_at_once, 0
        total, log_scale = 0.0, 0.0
        at_stage = 0
        out[i] = nan
        for s in range(1, _MOST_TERMS):
            rate = (n + s - 1.0) / s
            for j in range(n_stages - 1, 0, -1):
                waiting[j] = rate * (ahead * waiting[j] + silent * waiting[j - 1])
            waiting[0] *= rate * ahead
            at_stage += 1
            if at_stage == n_stages:
                at_stage = 0
                purchases += next_one
                next_one *= (stays + m) / (a + stays + m)
                m += 1
            weight = waiting.sum()
            total += purchases * weight
            if total > _LARGE:
                total /= _LARGE
                waiting /= _LARGE
                log_scale += _LOG_LARGE
            # What is left falls about as a geometric series, by `ahead` at last.
            least = _SMALLEST_TERM * (1.0 - ahead) * total
            if s > n_stages and weight * purchases * s <= least:
                out[i] = total / among_now * exp(n * log1p(-ahead) + log_scale)
                break
