"""Compiled loops over customers for the Pareto/NBD model."""

from math import exp, expm1, log, log1p
from typing import TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from crmml.models._purchase_effects_kernel import collect, place

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.intp]

_SMALLEST_TERM = 1e-17
_MOST_TERMS = 20_000
"""Enough for full precision unless beta + t is below 0.2 % of alpha + t, or reverse."""


@njit(nogil=True, cache=True)
def tail(parameters: Floats, x: float, time: float, slopes: Floats) -> float:
    """Logarithm of how likely it is to leave after `time` and buy nothing until then.

    With A = r + s + x this is ln S of ``S = A (alpha+time)^(r+x) (beta+time)^s
    * integral from time on of (alpha+u)^-(r+x) (beta+u)^-(s+1) du``, a Gauss
    hypergeometric function. Euler's transformation leaves a series of positive,
    falling terms, ``sum_k (c)_k / (A+1)_k z^k`` with c = r + x and z = (alpha - beta) /
    (alpha + time), or, where alpha < beta, with s + 1, (beta - alpha) / (beta + time)
    and a factor (alpha + time) / (beta + time). `slopes` gets the derivatives by r,
    alpha, s and beta.
    """
    r, alpha, s, beta = parameters
    near, far = alpha + time, beta + time
    is_swapped = alpha < beta
    bottom = r + s + x + 1.0
    top = s + 1.0 if is_swapped else r + x
    gap = abs(alpha - beta)
    z = gap / (far if is_swapped else near)
    term = total = 1.0
    by_top = by_bottom = by_z = 0.0
    log_top = log_bottom = 0.0
    k = 0
    least = _SMALLEST_TERM * (1.0 - z)
    while term * (k + 1) > least * total and k < _MOST_TERMS:
        inverse = 1.0 / (bottom + k)
        log_top += 1.0 / (top + k)
        log_bottom += inverse
        term *= (top + k) * inverse * z
        k += 1
        total += term
        by_top += term * log_top
        by_bottom -= term * log_bottom
        by_z += term * k
    by_top, by_bottom = by_top / total, by_bottom / total
    by_z = by_z / (z * total) if z > 0 else top / bottom
    if is_swapped:
        slopes[0], slopes[2] = by_bottom, by_top + by_bottom
        slopes[1] = -by_z / far + 1.0 / near
        slopes[3] = by_z * near / (far * far) - 1.0 / far
        return log(total) + log(near / far)
    slopes[0], slopes[2] = by_top + by_bottom, by_bottom
    slopes[1] = by_z * far / (near * near)
    slopes[3] = -by_z / near
    return log(total)


@njit(nogil=True, cache=True)
def bracket(
    parameters: Floats,
    x: float,
    t: float,
    end: float,
    since_last: float,
    at_last: Floats,
    at_end: Floats,
    row: Floats,
) -> float:
    """Take the logarithm of what depends on times, for one customer.

    It is that of ``(alpha+T)^-(r+x) (beta+T)^-s`` of those who are there plus ``s *
    integral from t_x to T of (alpha+u)^-(r+x) (beta+u)^-(s+1) du`` of those who left at
    u. `since_last` and `at_last` are the :func:`tail` from t_x on; `at_end` is room for
    that from T on, and `row` gets the derivatives by r, alpha, s, beta.
    """
    r, alpha, s, beta = parameters
    n, whole = r + x, r + s + x
    gone = exp(tail(parameters, x, end, at_end)) * s / whole
    left = log(s / whole) - n * log(alpha + t) - s * log(beta + t) + since_last
    stays = -n * log(alpha + end) - s * log(beta + end) + log1p(-gone)
    value: float = max(left, stays) + log1p(exp(-abs(left - stays)))
    share = exp(left - value)
    odds = gone / (1.0 - gone)
    row[0] = -share * (log(alpha + t) + 1.0 / whole)
    row[0] += (1.0 - share) * (odds / whole - log(alpha + end))
    row[1] = -share * n / (alpha + t) - (1.0 - share) * n / (alpha + end)
    row[2] = share * (1.0 / s - 1.0 / whole - log(beta + t))
    row[2] -= (1.0 - share) * (log(beta + end) + odds * (1.0 / s - 1.0 / whole))
    row[3] = -share * s / (beta + t) - (1.0 - share) * s / (beta + end)
    for j in range(4):
        row[j] += share * at_last[j] - (1.0 - share) * odds * at_end[j]
    return value


@njit(nogil=True, cache=True)
def add_up(
    parameters: Floats,
    frequency: Floats,
    recency: Floats,
    age: Floats,
    weight: Floats,
    first: int,
    last: int,
    out: Floats,
) -> None:
    """Sum the bracket over customers: log-likelihood, then its derivatives."""
    # Of one-time buyers the last purchase is the first: computed once for all.
    at_start, from_start = np.empty(4), tail(parameters, 0.0, 0.0, np.empty(4))
    tail(parameters, 0.0, 0.0, at_start)
    at_last, at_end, row = np.empty(4), np.empty(4), np.empty(4)
    out[:] = 0.0
    for i in range(first, last):
        x, t = frequency[i], recency[i]
        if x == 0.0 and t == 0.0:
            since_last = from_start
            at_last[:] = at_start
        else:
            since_last = tail(parameters, x, t, at_last)
        value = bracket(parameters, x, t, age[i], since_last, at_last, at_end, row)
        out[0] += weight[i] * value
        for j in range(4):
            out[j + 1] += weight[i] * row[j]


@njit(nogil=True, cache=True)
def add_up_own(
    point: Floats,
    targets: Indices,
    signs: Floats,
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
    own, row = np.empty(4), np.empty(4)
    at_last, at_end = np.empty(4), np.empty(4)
    out[:] = 0.0
    for i in range(first, last):
        x, t = frequency[i], recency[i]
        place(point, targets, signs, covariates[i], own)
        r, alpha, s, beta = own
        since_last = tail(own, x, t, at_last)
        value = bracket(own, x, t, age[i], since_last, at_last, at_end, row)
        value += r * log(alpha) + s * log(beta)
        row[0] += log(alpha)
        row[1] += r / alpha
        row[2] += log(beta)
        row[3] += s / beta
        for j in range(int(x)):
            value += log(r + j)
            row[0] += 1.0 / (r + j)
        out[0] += weight[i] * value
        collect(row, own, targets, signs, covariates[i], weight[i], out)


@njit(nogil=True, cache=True)
def alive(
    parameters: Floats,
    frequency: Floats,
    recency: Floats,
    age: Floats,
    first: int,
    last: int,
    out: Floats,
) -> None:
    """Probability that a customer is there at T."""
    unused = np.empty(4)
    is_own = parameters.shape[1] > 1
    for i in range(first, last):
        own = parameters[:, i if is_own else 0].copy()
        r, alpha, s, beta = own
        x, t, end = frequency[i], recency[i], age[i]
        share = s / (r + s + x)
        here = -(r + x) * log(alpha + end) - s * log(beta + end)
        then = -(r + x) * log(alpha + t) - s * log(beta + t)
        since_last = then - here + tail(own, x, t, unused)
        until_end = tail(own, x, end, unused)
        # Both are integrals to infinity; their difference is that from t_x to T.
        between = exp(until_end) * expm1(since_last - until_end)
        out[i] = 1.0 / (1.0 + share * between)
