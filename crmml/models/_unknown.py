"""How many values of a batch a model does not know, feature by feature."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml.models._columns import NUMERIC, TEXT
from crmml.models._encoder import MISSING, OTHER, Encoded, FrameEncoder


def sum_unknown(
    encoder: FrameEncoder, encoded: Encoded, weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Add up the customers with a missing value and with another than those learned.

    Parameters
    ----------
    encoder : FrameEncoder
        Knows the features.
    encoded : Encoded
        The customers.
    weights : ndarray of shape (n_samples,)
        How many customers a row stands for.

    Returns
    -------
    ndarray of shape (n_features, 2)
        Missing, other. A feature that was empty in training has neither.
    """
    sums = np.zeros((len(encoder.names_), 2))
    for j, (kind, values) in enumerate(
        zip(encoder.kinds_, encoded.arrays, strict=True)
    ):
        if kind in NUMERIC:
            sums[j, 0] = weights[np.isnan(values)].sum()
        elif kind == TEXT:
            sums[j] = [weights[values == code].sum() for code in (MISSING, OTHER)]
    return sums


def tabulate_unknown(
    encoder: FrameEncoder, encoded: Encoded, shares: NDArray[np.float64]
) -> pd.DataFrame:
    """Set a batch's counts beside the shares of training.

    Parameters
    ----------
    encoder : FrameEncoder
        Knows the features.
    encoded : Encoded
        The batch.
    shares : ndarray of shape (n_features, 2)
        Share of training customers, missing and other.

    Returns
    -------
    DataFrame of shape (n_features, 5)
        Columns feature, n_missing, n_other, training_share_missing,
        training_share_other.
    """
    counts = sum_unknown(encoder, encoded, np.ones(encoded.n_rows)).astype(np.int64)
    return pd.DataFrame(
        {
            "feature": pd.Series(encoder.names_, dtype=object),
            "n_missing": counts[:, 0],
            "n_other": counts[:, 1],
            "training_share_missing": shares[:, 0],
            "training_share_other": shares[:, 1],
        }
    )
