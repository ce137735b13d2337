"""Compiled loops that learn the scale of a column and scale rows by it."""

import numpy as np
from numba import njit

from crmml.segmentation._columns import Matrix

# Values that differ by less than this share of their size differ by rounding only.
RELATIVE_SPREAD = 1e-9

# The bits of the square root of a half, and of what the mantissa does not hold.
_ROOT_OF_HALF = np.int64(0x3FE6A09E667F3BCD)
_MANTISSA = np.int64(52)
_LOG_2 = 0.6931471805599453


@njit(cache=True, nogil=True)
def find_quantile(
    values: Matrix, cumulative: Matrix, share: float, from_above: bool = False
) -> float:
    """Quantile that is itself one of the values, which are sorted.

    From below: the smallest value that at least `share` of the weight does not exceed.
    From above: its mirror image. `cumulative` holds the sums of the weights.
    """
    # The tolerance keeps 0.01 x 300 at the third of 300 customers.
    if from_above:
        rest = cumulative[-1] * (1.0 - (1.0 - share) * (1.0 - 1e-12))
        place = np.searchsorted(cumulative, rest, side="right")
    else:
        place = np.searchsorted(cumulative, cumulative[-1] * share * (1.0 - 1e-12))
    return float(values[min(int(place), len(values) - 1)])


@njit(cache=True, nogil=True)
def find_median(values: Matrix, cumulative: Matrix) -> float:
    """Median of sorted values; the mean of the middle two where there are two."""
    low = find_quantile(values, cumulative, 0.5)
    high = find_quantile(values, cumulative, 0.5, True)
    return float(low / 2 + high / 2)


@njit(cache=True, nogil=True)
def learn_scale(
    values: Matrix,
    weights: Matrix,
    low_quantile: float,
    high_quantile: float,
    skew_threshold: float,
) -> tuple[float, float, bool, float, float, float]:
    """Learn lower, upper, logged, unit, center and scale from sorted values."""
    cumulative = np.cumsum(weights)
    lower = find_quantile(values, cumulative, low_quantile)
    upper = find_quantile(values, cumulative, high_quantile, True)
    capped = np.minimum(np.maximum(values, lower), upper)
    size = max(abs(lower), abs(upper))
    if upper / 2 - lower / 2 <= size * RELATIVE_SPREAD:
        return lower, upper, False, 1.0, find_median(capped, cumulative), 0.0
    unit, logged, shaped = size, False, capped / size
    variance, skew = _measure(shaped, weights)
    if abs(skew) > skew_threshold:
        typical = _find_typical_size(capped, weights)
        candidate = capped / typical
        take_signed_log(candidate)
        new_variance, new_skew = _measure(candidate, weights)
        if abs(new_skew) < abs(skew):
            unit, logged, shaped, variance = typical, True, candidate, new_variance
    center = find_median(shaped, cumulative)
    return lower, upper, logged, unit, center, np.sqrt(variance)


@njit(cache=True, nogil=True)
def scale_rows(
    rows: Matrix,
    lower: Matrix,
    upper: Matrix,
    logged: Matrix,
    unit: Matrix,
    center: Matrix,
    scale: Matrix,
) -> None:
    """Cap, shape, centre and scale rows in place; missing values become 0."""
    values = np.empty(len(rows), np.float64)
    for j in range(scale.size):
        least, most = lower[j], upper[j]
        for i in range(values.size):
            value = least if rows[i, j] < least else rows[i, j]
            values[i] = (most if value > most else value) / unit[j]
        if logged[j]:
            take_signed_log(values)
        for i in range(values.size):
            known = rows[i, j] == rows[i, j] and scale[j] > 0
            rows[i, j] = (values[i] - center[j]) / scale[j] if known else 0.0


@njit(cache=True, nogil=True)
def take_signed_log(values: Matrix) -> None:
    r"""Replace values by sign(t) log(1 + |t|), several at a time as a library cannot.

    With 1 + \|t\| = z times a power of 2, z near 1, log(z) = 2 artanh(s) where s is
    (z - 1) / (z + 1); from its tenth term on, the series is lost in rounding.
    """
    size = np.empty(values.size, np.float64)
    bits = size.view(np.int64)
    power = np.empty(values.size, np.float64)
    for i in range(values.size):
        size[i] = 1.0 + abs(values[i])
    for i in range(values.size):
        exponent = (bits[i] - _ROOT_OF_HALF) >> _MANTISSA
        bits[i] -= exponent << _MANTISSA
        power[i] = exponent
    for i in range(values.size):
        s = (size[i] - 1.0) / (size[i] + 1.0)
        square = s * s
        tail = 2 / 19
        for k in (17, 15, 13, 11, 9, 7, 5, 3):
            tail = tail * square + 2 / k
        logarithm = power[i] * _LOG_2 + (2.0 * s + s * square * tail)
        values[i] = np.copysign(logarithm, values[i])


@njit(cache=True, nogil=True)
def _find_typical_size(values: Matrix, weights: Matrix) -> float:
    """Median of the absolute values that are not 0."""
    sizes = np.abs(values)
    if values[0] < 0:
        order = np.argsort(sizes)
        sizes, weights = sizes[order], weights[order]
    first = np.searchsorted(sizes, 0.0, side="right")
    median = find_median(sizes[first:], np.cumsum(weights[first:]))
    return float(max(median, 2.2250738585072014e-308))


@njit(cache=True, nogil=True)
def _measure(values: Matrix, weights: Matrix) -> tuple[float, float]:
    """Return variance and skewness; the skewness of equal values is 0."""
    total, mean, second, third = 0.0, 0.0, 0.0, 0.0
    for i in range(values.size):
        total += weights[i]
        mean += weights[i] * values[i]
    mean /= total
    for i in range(values.size):
        distance = values[i] - mean
        term = weights[i] * distance * distance
        second += term
        third += term * distance
    second /= total
    return second, third / total / second**1.5 if second > 0 else 0.0
