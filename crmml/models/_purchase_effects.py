"""What covariates do in buy-till-you-die models: who buys more, who leaves sooner."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml._utils._blocks import run_in_blocks, sum_over_blocks
from crmml.exceptions import SchemaError
from crmml.models._maximum_likelihood import Floats, Objective
from crmml.models._purchase_effects_kernel import FARTHEST
from crmml.models._purchase_summary import PurchaseSummary, read_columns

_DEPENDENT = 1e-10
"""Smallest eigenvalue of a correlation matrix, below which columns are redundant."""


class Effect(NamedTuple):
    """Covariates z multiply a parameter by ``exp(sign * coefficients @ z)``."""

    name: str
    parameter: str
    sign: float


@dataclass(frozen=True)
class Effects:
    """All effects of a model's covariates."""

    names: tuple[str, ...]
    """Parameters of the model."""
    effects: tuple[Effect, ...]
    covariates: list[str]

    @property
    def all_names(self) -> list[str]:
        """Parameters, then a coefficient for each effect and covariate."""
        coefficients = [
            f"{effect.name}:{name}"
            for effect in self.effects
            for name in self.covariates
        ]
        return [*self.names, *coefficients]

    @property
    def targets(self) -> NDArray[np.intp]:
        """Position of the parameter each effect acts on."""
        found = [self.names.index(effect.parameter) for effect in self.effects]
        return np.array(found, dtype=np.intp)

    @property
    def signs(self) -> Floats:
        """Whether it rises or falls with the effect."""
        return np.array([effect.sign for effect in self.effects])

    @property
    def is_positive(self) -> NDArray[np.bool_]:
        """Which of them are positive, and known by their logarithms."""
        return np.arange(len(self.all_names)) < len(self.names)

    def describe(self, point: Floats) -> pd.Series:
        """Return parameters and coefficients by name."""
        values = np.where(self.is_positive, np.exp(point * self.is_positive), point)
        return pd.Series(values, index=self.all_names)

    def point(self, params: pd.Series) -> Floats:
        """Return the logarithms of parameters, then coefficients."""
        values = params.to_numpy(np.float64)
        where = self.is_positive
        return np.where(where, np.log(np.where(where, values, 1.0)), values)

    def read(self, X: Any) -> Floats | None:
        """Read the covariates, of shape (n_customers, n_covariates), if there are any.

        Raises
        ------
        SchemaError
            If one is not there, is not numeric, or values are missing or infinite.
        """
        if not self.covariates:
            return None
        hint = "fill it in, or leave those customers out"
        columns = read_columns(X, self.covariates, hint=hint)
        return np.column_stack([columns[name] for name in self.covariates])

    def read_values(self, given: Mapping[str, float] | None) -> Floats | None:
        """Read one customer's covariates, of shape (1, n_covariates).

        Raises
        ------
        SchemaError
            If it is no mapping, or a value is missing, no finite number, or not
            asked for.
        """
        values = {} if given is None else given
        if not isinstance(values, Mapping):
            raise SchemaError(
                "covariates must be a mapping of names to numbers, such as "
                f"{{'income': 3.5}}, got {type(given).__name__}."
            )
        if set(values) != set(self.covariates):
            raise SchemaError(
                f"covariates must give a value for each of {self.covariates}, got "
                f"{list(values)}."
            )
        row = [values[name] for name in self.covariates]
        if not all(isinstance(one, Real) and np.isfinite(one) for one in row):
            raise SchemaError("covariates must be finite numbers.")
        return np.array([row], dtype=np.float64) if self.covariates else None

    def parameters(self, point: Floats, covariates: Floats | None) -> Floats:
        """Return each customer's parameters, of shape (n_names, n_customers).

        Without covariates all customers have the same, of shape (n_names,).
        """
        n_names = len(self.names)
        if covariates is None:
            same: Floats = np.exp(point[:n_names])
            return same
        logs = np.repeat(point[:n_names, None], len(covariates), axis=1)
        coefficients = point[n_names:].reshape(len(self.effects), -1)
        for j, sign, effect in zip(self.targets, self.signs, coefficients, strict=True):
            # Column by column: one customer's sum does not depend on the others.
            for coefficient, column in zip(effect, covariates.T, strict=True):
                logs[j] += sign * coefficient * column
        own: Floats = np.exp(np.clip(logs, -FARTHEST, FARTHEST))
        return own

    def own(self, params: pd.Series, covariates: Floats | None) -> Floats:
        """Return each customer's parameters as :meth:`parameters` does, from names."""
        return self.parameters(self.point(params), covariates)

    def objective(
        self, loop: Callable[..., None], summary: PurchaseSummary, *options: object
    ) -> Objective:
        """Return the mean log-likelihood where each customer has own parameters.

        `loop` is the compiled sum over customers.
        """
        names = ("covariates", "frequency", "recency", "age", "weight")
        columns = [getattr(summary, name) for name in names]
        n_sums, n_customers = 1 + len(self.all_names), summary.n_customers
        where = (self.targets, self.signs)

        def objective(point: Floats) -> tuple[float, Floats]:
            sums = sum_over_blocks(
                loop, len(summary.age), n_sums, point, *where, *options, *columns
            )
            return sums[0] / n_customers, sums[1:] / n_customers

        return objective


@dataclass(frozen=True)
class CovariateScale:
    """Middle and width of covariates, so that coefficients mean the same everywhere."""

    middle: Floats
    width: Floats

    def standardise(self, covariates: Floats) -> Floats:
        """Move them to mean 0 and standard deviation 1."""
        standard: Floats = (covariates - self.middle) / self.width
        return standard

    def back(self, effects: Effects) -> Floats:
        """Return the matrix that turns the point of standard covariates into ours."""
        n_names, n_covariates = len(effects.names), len(self.middle)
        matrix = np.eye(len(effects.all_names))
        for e, (j, sign) in enumerate(zip(effects.targets, effects.signs, strict=True)):
            at = n_names + e * n_covariates + np.arange(n_covariates)
            matrix[at, at] = 1 / self.width
            matrix[j, at] = -sign * self.middle / self.width
        return matrix


def learn_scale(covariates: Floats, names: list[str]) -> CovariateScale:
    """Find middle and width of covariates.

    Raises
    ------
    SchemaError
        If one is the same for everybody, or follows from others.
    """
    middle, width = covariates.mean(axis=0), covariates.std(axis=0)
    is_constant = np.ptp(covariates, axis=0) == 0
    if is_constant.any():
        same = [name for name, one in zip(names, is_constant, strict=True) if one]
        raise SchemaError(
            f"Covariates {same} are the same for all {len(covariates)} customers, so "
            "that they explain nothing. Leave them out."
        )
    scale = CovariateScale(middle, width)
    standard = scale.standardise(covariates)
    together = np.einsum("ni,nj->ij", standard, standard) / len(covariates)
    if np.linalg.eigvalsh(together)[0] < _DEPENDENT:
        raise SchemaError(
            f"Of the covariates {names} one follows from the others, so that their "
            "effects cannot be told apart. Leave one out; of the indicators of a "
            "category, the commonest."
        )
    return scale


def read_names(covariates: Sequence[str] | None) -> list[str]:
    """Read the argument `covariates`.

    Raises
    ------
    SchemaError
        If it is no list of distinct names.
    """
    if covariates is None:
        return []
    is_list = isinstance(covariates, Sequence) and not isinstance(covariates, str)
    if not is_list or not all(isinstance(name, str) for name in covariates):
        raise SchemaError(
            "covariates must be a list of column names, such as ['income'], got "
            f"{covariates!r}."
        )
    if len(set(covariates)) < len(covariates):
        raise SchemaError(f"covariates names a column twice: {list(covariates)}.")
    return list(covariates)


def as_table(parameters: Floats) -> Floats:
    """Lay parameters out for compiled loops: (n_names, 1), or one column a customer."""
    return np.ascontiguousarray(parameters.reshape(len(parameters), -1))


def fill_rows(loop: Callable[..., None], n_rows: int, *arguments: object) -> Floats:
    """Let ``loop(*arguments, first, last, out)`` fill an array of shape (n_rows,)."""
    out = np.empty(n_rows)

    def run(first: int, last: int) -> None:
        loop(*arguments, first, last, out)

    run_in_blocks(run, n_rows)
    return out
