"""Compiled steps from covariates to a customer's own parameters, and back."""

from math import exp
from typing import TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.intp]

FARTHEST = 50.0
"""Logarithms of parameters are kept within it: e to its power is 5e21."""


@njit(nogil=True, cache=True)
def place(
    point: Floats,
    targets: Indices,
    signs: Floats,
    covariates: Floats,
    parameters: Floats,
) -> None:
    """Fill in the parameters of one customer.

    `point` holds the logarithms of the parameters where all covariates are 0, then for
    each target one coefficient a covariate.
    """
    n_names = len(parameters)
    for j in range(n_names):
        parameters[j] = point[j]
    at = n_names
    for effect in range(len(targets)):
        for one in covariates:
            parameters[targets[effect]] += signs[effect] * point[at] * one
            at += 1
    for j in range(n_names):
        # A step too far, or an odd covariate, must not overflow.
        parameters[j] = exp(min(max(parameters[j], -FARTHEST), FARTHEST))


@njit(nogil=True, cache=True)
def collect(
    slopes: Floats,
    parameters: Floats,
    targets: Indices,
    signs: Floats,
    covariates: Floats,
    weight: float,
    out: Floats,
) -> None:
    """Add one customer's derivatives by its parameters to those by the point.

    The first place of `out` is that of the log-likelihood.
    """
    n_names = len(parameters)
    for j in range(n_names):
        out[1 + j] += weight * slopes[j] * parameters[j]
    at = 1 + n_names
    for effect in range(len(targets)):
        j = targets[effect]
        slope = weight * slopes[j] * parameters[j] * signs[effect]
        for one in covariates:
            out[at] += slope * one
            at += 1
