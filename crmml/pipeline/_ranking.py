"""The table a pipeline hands out: who, how likely, in which tenth, and why."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata


def rank_customers(ids: pd.Series, probability: NDArray[np.float64]) -> pd.DataFrame:
    """Put probabilities beside ids, with the tenth of the customers they fall into."""
    return pd.DataFrame(
        {
            "customer_id": ids,
            "churn_probability": probability,
            "decile": compute_deciles(probability),
        }
    )


def compute_deciles(probability: NDArray[np.float64]) -> NDArray[np.int64]:
    """Tell which tenth of the customers each falls into; 1 is the most at risk.

    Equal probabilities share the mean of their ranks, and so the decile, whatever the
    order of the rows.
    """
    if not len(probability):
        return np.empty(0, np.int64)
    ranks = rankdata(-probability, method="average")
    deciles: NDArray[np.int64] = np.ceil(10 * ranks / len(ranks)).astype(np.int64)
    return deciles


def spread_reasons(
    reasons: pd.DataFrame | None, n_rows: int, n_reasons: int
) -> pd.DataFrame:
    """Turn one row per reason into columns ``reason_1`` and so on, one row each."""
    wide = pd.DataFrame()
    if reasons is not None:
        wide = reasons.set_index(["row", "rank"])["reason"].unstack()  # noqa: PD010
    wide = wide.reindex(index=range(n_rows), columns=range(1, n_reasons + 1))
    return wide.astype(object).add_prefix("reason_")
