"""The table a pipeline hands out: who, how likely, in which tenth, and why."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata


def rank_customers(ids: pd.Series, probability: NDArray[np.float64]) -> pd.DataFrame:
    """Put probabilities beside ids, with the tenth of the customers they fall into.

    Decile 1 is the tenth most at risk. Equal probabilities share the mean of their
    ranks, and so the decile, whatever the order of the rows.
    """
    deciles = np.empty(0)
    if len(probability):
        ranks = rankdata(-probability, method="average")
        deciles = np.ceil(10 * ranks / len(probability))
    return pd.DataFrame(
        {
            "customer_id": ids,
            "churn_probability": probability,
            "decile": deciles.astype(np.int64),
        }
    )


def spread_reasons(
    reasons: pd.DataFrame | None, n_rows: int, n_reasons: int
) -> pd.DataFrame:
    """Turn one row per reason into columns ``reason_1`` and so on, one row each."""
    wide = pd.DataFrame()
    if reasons is not None:
        wide = reasons.set_index(["row", "rank"])["reason"].unstack()  # noqa: PD010
    wide = wide.reindex(index=range(n_rows), columns=range(1, n_reasons + 1))
    return wide.astype(object).add_prefix("reason_")
