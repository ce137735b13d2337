"""From contributions to reasons a call-centre agent can read."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml.exceptions import SchemaError
from crmml.models._columns import BOOLEAN, EMPTY, NUMERIC, Columns
from crmml.models._encoder import FrameEncoder
from crmml.models._reason_words import Words

DIRECTIONS = ("raises", "lowers", "both")


def build_reasons(
    contributions: NDArray[np.float64],
    columns: Columns,
    encoder: FrameEncoder,
    n_reasons: int,
    words: Words,
    direction: str = "raises",
) -> pd.DataFrame:
    """List, per customer, the features that move the risk most.

    Parameters
    ----------
    contributions : ndarray of shape (n_samples, n_features)
        In log-odds.
    columns : Columns
        What the batch holds.
    encoder : FrameEncoder
        Knows names and typical values.
    n_reasons : int
        Rows per customer.
    words : Words
        How to say it.
    direction : {"raises", "lowers", "both"}, default="raises"
        Which contributions count.

    Returns
    -------
    DataFrame of shape (n_samples * n_reasons, 6)
        Columns row, rank, feature, value, contribution, reason.

    Raises
    ------
    SchemaError
        If the direction is another one.
    """
    n_rows = len(contributions)
    order, strength = find_strongest(contributions, n_reasons, direction)
    sentences = Sentences(words, encoder)
    feature = np.full((n_rows, n_reasons), None, dtype=object)
    value = feature.copy()
    reason = feature.copy()
    for j, name in enumerate(encoder.names_):
        at = (order == j) & (strength != 0.0)
        rows = np.nonzero(at)[0]
        feature[at] = name
        value[at] = found = plain_values(columns, j, rows)
        reason[at] = _write_all(sentences, j, found, strength[at])
    return pd.DataFrame(
        {
            "row": np.repeat(np.arange(n_rows), n_reasons),
            "rank": np.tile(np.arange(1, n_reasons + 1), n_rows),
            "feature": pd.Series(feature.ravel(), dtype=object),
            "value": pd.Series(value.ravel(), dtype=object),
            "contribution": strength.ravel(),
            "reason": pd.Series(reason.ravel(), dtype=object),
        }
    )


class Sentences:
    """Words the reasons of one model.

    Parameters
    ----------
    words : Words
        How to say it.
    encoder : FrameEncoder
        Knows names and typical values.
    """

    def __init__(self, words: Words, encoder: FrameEncoder) -> None:
        self._words = words
        self._names = encoder.names_
        # A column that was empty in training has nothing typical.
        self._typical = [
            None if usual is None else words.value(name, usual)
            for name, usual in zip(encoder.names_, encoder.typical_, strict=True)
        ]

    def write(self, j: int, value: Any, strength: float) -> str:
        """Say that feature j, of this value, moves the log-odds by `strength`."""
        # A number is set beside the typical one; yes, no and text speak for themselves.
        typical = None if isinstance(value, (bool, str)) else self._typical[j]
        return self._words.reason(self._names[j], value, typical, strength)


def find_strongest(
    contributions: NDArray[np.float64], n_reasons: int, direction: str = "raises"
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find the features that move each customer's risk most.

    Parameters
    ----------
    contributions : ndarray of shape (n_samples, n_features)
        In log-odds.
    n_reasons : int
        How many.
    direction : {"raises", "lowers", "both"}, default="raises"
        Which contributions count.

    Returns
    -------
    order : ndarray of shape (n_samples, n_reasons)
        Their places among the features, the strongest first.
    strength : ndarray of shape (n_samples, n_reasons)
        Their contributions; 0 where there is none.

    Raises
    ------
    SchemaError
        If the direction is another one.
    """
    if direction not in DIRECTIONS:
        raise SchemaError(
            f"direction must be one of {list(DIRECTIONS)}, got {direction!r}."
        )
    n_rows, n_features = contributions.shape
    k = min(n_reasons, n_features)
    sizes = {
        "raises": np.maximum(contributions, 0.0),
        "lowers": np.maximum(-contributions, 0.0),
        "both": np.abs(contributions),
    }[direction]
    # Stable, so that equal contributions come in the order of the columns.
    best = np.argsort(-sizes, axis=1, kind="stable")[:, :k]
    counts = np.take_along_axis(sizes, best, axis=1) > 0.0
    order = np.full((n_rows, n_reasons), -1, dtype=np.int64)
    strength = np.zeros((n_rows, n_reasons))
    order[:, :k] = best
    strength[:, :k] = np.where(
        counts, np.take_along_axis(contributions, best, axis=1), 0.0
    )
    return order, strength


def plain_values(columns: Columns, j: int, rows: NDArray[np.int64]) -> NDArray[Any]:
    """Values of one feature as Python objects, None where missing."""
    values: NDArray[Any] = columns.arrays[j][rows].astype(object)
    if columns.kinds[j] in NUMERIC:
        values[[value != value for value in values]] = None
    elif columns.kinds[j] == EMPTY:
        values[:] = None
    if columns.kinds[j] == BOOLEAN:
        values = np.array([v if v is None else bool(v) for v in values], dtype=object)
    return values


def _write_all(
    sentences: Sentences, j: int, values: NDArray[Any], strength: NDArray[np.float64]
) -> list[str]:
    """One sentence a value."""
    # Many customers share few values: each sentence is made once.
    made: dict[tuple[Any, bool], str] = {}
    keys = list(zip(values.tolist(), (strength > 0).tolist(), strict=True))
    for value, raises in keys:
        if (value, raises) not in made:
            made[value, raises] = sentences.write(j, value, 1.0 if raises else -1.0)
    return [made[key] for key in keys]
