"""Compiled loops over customers for the BG/NBD family."""

from math import exp, expm1, log, log1p, nan
from typing import TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from crmml.models._purchase_effects_kernel import collect, place

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.intp]

_SMALLEST_TERM = 1e-17
_MOST_TERMS = 1_000_000


@njit(nogil=True, cache=True)
def bracket(
    r: float,
    alpha: float,
    a: float,
    shape: float,
    n_stages: int,
    x: float,
    recency: float,
    age: float,
) -> tuple[float, float, float, float]:
    """Take the logarithm of what depends on times, for one customer.

    With n = r + kx and w = (T - t_x) / (alpha + T) it is that of ``(alpha + T)^-n
    sum over j < k of (n)_j / j! w^j + a / shape (alpha + t_x)^-n``; the second part, of
    those who have left, is not there where `shape` is 0. Returns it, its derivatives by
    r and alpha, and the share of the second part.
    """
    n = r + n_stages * x
    until, inverse = log(alpha + age), 1.0 / (alpha + age)
    log_stages = by_n = by_alpha = 0.0
    if n_stages > 1:
        waited = (age - recency) * inverse
        term = stages = 1.0
        log_slope = by_w = 0.0
        for j in range(1, n_stages):
            log_slope += 1.0 / (n + j - 1.0)
            term *= (n + j - 1.0) / j * waited
            stages += term
            by_n += term * log_slope
            by_w += term * j
        log_stages, by_n = log(stages), by_n / stages
        by_alpha = -by_w / stages * inverse
    value, slope = log_stages - n * until, by_n - until
    slope_alpha = by_alpha - n * inverse
    share = 0.0
    if shape > 0.0:
        gone = until - log(alpha + recency)
        odds = log(a / shape) + n * gone - log_stages
        if odds > 0:
            value += odds + log1p(exp(-odds))
            share = 1.0 / (1.0 + exp(-odds))
        else:
            small = exp(odds)
            value += log1p(small)
            share = small / (1.0 + small)
        slope += share * (gone - by_n)
        nearer = inverse - 1.0 / (alpha + recency)
        slope_alpha += share * (n * nearer - by_alpha)
    return value, slope, slope_alpha, share


@njit(nogil=True, cache=True)
def add_up(
    parameters: Floats,
    dies_at_once: bool,
    n_stages: int,
    frequency: Floats,
    recency: Floats,
    age: Floats,
    weight: Floats,
    first: int,
    last: int,
    out: Floats,
) -> None:
    """Sum the bracket over customers: log-likelihood, then its derivatives."""
    r, alpha, a, b = parameters
    value = d_r = d_alpha = d_a = d_b = 0.0
    for i in range(first, last):
        x, w = frequency[i], weight[i]
        # One-time buyers cannot have left, unless the first purchase may be the last.
        shape = b + x if dies_at_once else (b + x - 1.0 if x > 0 else 0.0)
        row, row_r, row_alpha, share = bracket(
            r, alpha, a, shape, n_stages, x, recency[i], age[i]
        )
        value += w * row
        d_r += w * row_r
        d_alpha += w * row_alpha
        if shape > 0.0:
            d_a += w * share / a
            d_b -= w * share / shape
    out[0], out[1], out[2], out[3], out[4] = value, d_r, d_alpha, d_a, d_b


@njit(nogil=True, cache=True)
def add_up_own(
    point: Floats,
    targets: Indices,
    signs: Floats,
    dies_at_once: bool,
    n_stages: int,
    covariates: Floats,
    frequency: Floats,
    recency: Floats,
    age: Floats,
    weight: Floats,
    first: int,
    last: int,
    out: Floats,
) -> None:
    """Sum log-likelihood and derivatives where customers have their own parameters."""
    own, slopes = np.empty(4), np.empty(4)
    out[:] = 0.0
    for i in range(first, last):
        x = frequency[i]
        place(point, targets, signs, covariates[i], own)
        r, alpha, a, b = own
        shape = b + x if dies_at_once else (b + x - 1.0 if x > 0 else 0.0)
        value, slopes[0], slopes[1], share = bracket(
            r, alpha, a, shape, n_stages, x, recency[i], age[i]
        )
        slopes[2], slopes[3] = 0.0, 0.0
        if shape > 0.0:
            slopes[2], slopes[3] = share / a, -share / shape
        value += r * log(alpha)
        slopes[0] += log(alpha)
        slopes[1] += r / alpha
        for j in range(int(n_stages * x)):
            value += log(r + j)
            slopes[0] += 1.0 / (r + j)
        for j in range(int(x) + dies_at_once):
            value += log((b + j) / (a + b + j))
            both = 1.0 / (a + b + j)
            slopes[2] -= both
            slopes[3] += 1.0 / (b + j) - both
        out[0] += weight[i] * value
        collect(slopes, own, targets, signs, covariates[i], weight[i], out)


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
    ``H = sum_k (a+b-1-r)_k (a)_(k-1) / ((a+b+x-1)_k k!) z^k`` from k = 1. Missing
    where that takes too many terms or overflows.
    """
    is_own = parameters.shape[1] > 1
    for i in range(first, last):
        r, alpha, a, b = parameters[:, i if is_own else 0]
        if dies_at_once:
            b += 1.0
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
        is_summed = k < _MOST_TERMS
        out[i] = bottom * (whole - exp(decay) * series) if is_summed else nan
