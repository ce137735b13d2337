"""Log-odds that are a sum of effects, one a feature."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crmml.models._columns import NUMERIC, TEXT
from crmml.models._effects import LINE_SCALE, CategoryTerm, CurveTerm, LineTerm
from crmml.models._encoder import Encoded, FrameEncoder
from crmml.models._penalized_logit import Cone

Term = CurveTerm | LineTerm | CategoryTerm


@dataclass(frozen=True)
class AdditiveDesign:
    """The columns that effects are made of.

    Attributes
    ----------
    terms : dict of int to Term
        One a feature; features of no known value have none.
    places : dict of int to slice
        Which columns belong to a feature.
    """

    terms: dict[int, Term]
    places: dict[int, slice]

    @classmethod
    def learn(
        cls,
        encoder: FrameEncoder,
        encoded: Encoded,
        weights: NDArray[np.float64],
        *,
        linear: bool,
    ) -> "AdditiveDesign":
        """Learn scales, knots and categories from training customers."""
        terms: dict[int, Term] = {}
        shape = LineTerm if linear else CurveTerm
        for j, kind in enumerate(encoder.kinds_):
            if kind in NUMERIC:
                terms[j] = shape.learn(encoded.arrays[j], weights)
            elif kind == TEXT:
                terms[j] = CategoryTerm.learn(
                    encoded.arrays[j],
                    encoder.categories_[j],
                    scale=1.0 if linear else LINE_SCALE,
                )
        places, start = {}, 0
        for j, term in terms.items():
            places[j] = slice(start, start + term.n_columns)
            start += term.n_columns
        return cls(terms, places)

    def matrix(self, encoded: Encoded) -> NDArray[np.float64]:
        """Return the matrix of shape (n_samples, max(n_columns, 1))."""
        blocks = [term.design(encoded.arrays[j]) for j, term in self.terms.items()]
        # A constant column keeps solvers going when no feature is of use.
        return np.hstack(blocks) if blocks else np.zeros((encoded.n_rows, 1))

    def labels(self, encoder: FrameEncoder) -> list[str]:
        """Names of the columns."""
        names = encoder.names_
        return [x for j, term in self.terms.items() for x in term.labels(names[j])]

    def cones(self, signs: Mapping[int, int]) -> list[Cone]:
        """Where coefficients have to be for effects to rise (1) or to fall (-1)."""
        found = []
        for j, sign in signs.items():
            term = self.terms.get(j)
            # A category has no direction and no sign; a feature of no use neither.
            if term is not None and not isinstance(term, CategoryTerm):
                found.append(Cone(self.places[j].start, sign * term.rising()))
        return found


class AdditiveLogit:
    """Effects that average zero over the training customers, and an intercept.

    Parameters
    ----------
    design : AdditiveDesign
        What the coefficients belong to.
    solution : ndarray of shape (n_columns + 1,)
        The intercept, then the coefficients.
    encoded : Encoded
        Customers over whom the effects shall average zero.
    weights : ndarray of shape (n_samples,)
        How many customers a row stands for.

    Attributes
    ----------
    terms : dict of int to Term
        The fitted effects.
    intercept : float
        Log-odds at the average effects.
    coef : ndarray of shape (n_columns,)
        Coefficients as reported.
    """

    def __init__(
        self,
        design: AdditiveDesign,
        solution: NDArray[np.float64],
        encoded: Encoded,
        weights: NDArray[np.float64],
    ) -> None:
        self.intercept = float(solution[0])
        self.terms: dict[int, Term] = {}
        coef = []
        for j, blank in design.terms.items():
            term = copy.copy(blank)
            coef.append(term.accept(solution[1:][design.places[j]]))
            mean = float(np.average(term.effect(encoded.arrays[j]), weights=weights))
            term.shift(mean)
            self.intercept += mean
            self.terms[j] = term
        self.coef = np.concatenate(coef) if coef else np.empty(0)

    def log_odds(self, encoded: Encoded) -> NDArray[np.float64]:
        """Log-odds of leaving, shape (n_samples,)."""
        # Column by column, not by a matrix product: sums then do not depend on how
        # many customers are scored together.
        total = np.full(encoded.n_rows, self.intercept)
        for j, term in self.terms.items():
            total += term.effect(encoded.arrays[j])
        return total

    def effects(self, encoded: Encoded) -> NDArray[np.float64]:
        """Effects of the features, shape (n_samples, n_features)."""
        values = np.zeros((encoded.n_rows, len(encoded.arrays)))
        for j, term in self.terms.items():
            values[:, j] = term.effect(encoded.arrays[j])
        return values
