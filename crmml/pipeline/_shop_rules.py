"""The rules that a shop has anyway: who was silent longest, and the base rate."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

from crmml.features._builder import PointInTimeBuilder
from crmml.features._declarations import Declarations, Feature
from crmml.features._expressions import days, minus

RECENCY = "days_since_last_purchase"
RECENCY_RULE = "rule: days since last purchase"
BASE_RATE = "rule: base rate"

Floats = NDArray[np.float64]

# Days; longer than any silence, for those who never bought.
_FOREVER = 1e6


class Recency(PointInTimeBuilder):
    """The one number that a shop would look at anyway."""

    def declare(self, ask: Declarations) -> list[Feature]:
        """Ask for the last purchase, if there are transactions."""
        if not ask.has("transactions"):
            return []
        last = ask.aggregate("transactions", "max", "timestamp")
        return [Feature(RECENCY, days(minus(ask.cutoff, last)))]


def rank_by_recency(recency: pd.Series) -> Floats:
    """Days since the last purchase; who never bought is the most silent of all."""
    values: Floats = recency.to_numpy(dtype=np.float64)
    largest = np.nanmax(values, initial=0.0)
    return np.where(np.isnan(values), largest + 1.0, values)


def predict_from_recency(
    trained: pd.Series, y: NDArray[Any], tested: pd.Series
) -> Floats:
    """Give the share of leavers among customers silent for as long, in training.

    The share rises with the silence (isotonic regression), so that no rule that looks
    at days since the last purchase alone, whatever its limits, fits better.

    Parameters
    ----------
    trained, tested : pandas.Series
        Days since the last purchase, missing where there was none.
    y : ndarray of shape (n_trained,)
        Who left.

    Returns
    -------
    ndarray of float of shape (n_tested,)
        Probabilities of leaving.
    """
    fitted = IsotonicRegression(out_of_bounds="clip")
    fitted.fit(trained.fillna(_FOREVER).to_numpy(np.float64), y)
    values = fitted.predict(tested.fillna(_FOREVER).to_numpy(np.float64))
    return np.asarray(np.clip(values, 0.0, 1.0))
