"""Compiled loops over customers for the BG/NBD family."""

from math import exp, expm1, log, log1p
from typing import TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

_SMALLEST_TERM = 1e-17
_MOST_TERMS = 1_000_000


@njit(nogil=True, cache=True)
def add_up(
    parameters: Floats,
    dies_at_once: bool,
    frequency: Floats,
    recency: Floats,
    age: Floats,
    weight: Floats,
    first: int,
    last: int,
    out: Floats,
) -> None:
    """Sum what depends on times: log-likelihood, then its derivatives.

    For a customer with x repeat purchases this is the logarithm of
    ``(alpha + T)^-(r+x) + a / (b + x - 1) (alpha + t_x)^-(r+x)``; the second part, of
    those who have left, is there for x > 0 only, unless customers can leave right
    after the first purchase: then x + 1 stands for x in it.
    """
    r, alpha, a, b = parameters
    log_a = log(a)
    value = d_r = d_alpha = d_a = d_b = 0.0
    for i in range(first, last):
        n = r + frequency[i]
        w = weight[i]
        until = log(alpha + age[i])
        row, row_r = -n * until, -until
        row_alpha = -n / (alpha + age[i])
        shape = b + frequency[i] if dies_at_once else b + frequency[i] - 1.0
        if dies_at_once or frequency[i] > 0:
            gone = until - log(alpha + recency[i])
            odds = log_a - log(shape) + n * gone
            if odds > 0:
                row += odds + log1p(exp(-odds))
                share = 1.0 / (1.0 + exp(-odds))
            else:
                small = exp(odds)
                row += log1p(small)
                share = small / (1.0 + small)
            row_r += share * gone
            nearer = 1.0 / (alpha + age[i]) - 1.0 / (alpha + recency[i])
            row_alpha += share * n * nearer
            d_a += w * share / a
            d_b -= w * share / shape
        value += w * row
        d_r += w * row_r
        d_alpha += w * row_alpha
    out[0], out[1], out[2], out[3], out[4] = value, d_r, d_alpha, d_a, d_b


@njit(nogil=True, cache=True)
def expect_while_alive(
    parameters: Floats,
    dies_at_once: bool,
    frequency: Floats,
    age: Floats,
    horizon: float,
    first: int,
    last: int,
    out: Floats,
) -> None:
    """Expect purchases in a horizon of customers who are still there.

    Their dropout rate is beta distributed with a and b + x. Euler's transformation of
    the textbook's hypergeometric function takes the factor (1 - z)^(a - 1) out of it,
    and the pole at a = 1 cancels: with z = horizon / (alpha + T + horizon),
    ``(a+b+x-1) [ (1 - (1-z)^(a-1)) / (a-1) - (1-z)^(a-1) H ]`` where
    ``H = sum_k (a+b-1-r)_k (a)_(k-1) / ((a+b+x-1)_k k!) z^k`` from k = 1.
    """
    r, alpha, a = parameters[0], parameters[1], parameters[2]
    b = parameters[3] + 1.0 if dies_at_once else parameters[3]
    for i in range(first, last):
        z = horizon / (alpha + age[i] + horizon)
        top, bottom = a + b - 1.0 - r, a + b + frequency[i] - 1.0
        term = top / bottom * z
        series = term
        k = 1
        while abs(term) > _SMALLEST_TERM * abs(series) and k < _MOST_TERMS:
            ratio = (top + k) * (a + k - 1.0) / ((bottom + k) * (k + 1.0))
            term *= ratio * z
            series += term
            k += 1
        decay = (a - 1.0) * log1p(-z)
        whole = -log1p(-z) if a == 1.0 else -expm1(decay) / (a - 1.0)
        out[i] = bottom * (whole - exp(decay) * series)
