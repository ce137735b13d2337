"""From contributions to reasons a call-centre agent can read."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml.models._columns import BOOLEAN, EMPTY, NUMBER, NUMERIC, Columns
from crmml.models._encoder import FrameEncoder


def build_reasons(
    contributions: NDArray[np.float64],
    columns: Columns,
    encoder: FrameEncoder,
    n_reasons: int,
) -> pd.DataFrame:
    """List, per customer, the features that raise the risk most.

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

    Returns
    -------
    DataFrame of shape (n_samples * n_reasons, 6)
        Columns row, rank, feature, value, contribution, reason.
    """
    n_rows, n_features = contributions.shape
    k = min(n_reasons, n_features)
    # Stable, so that equal contributions come in the order of the columns.
    order = np.argsort(-contributions, axis=1, kind="stable")[:, :k]
    strength = np.zeros((n_rows, n_reasons))
    strength[:, :k] = np.take_along_axis(contributions, order, axis=1)
    chosen = np.full((n_rows, n_reasons), -1, dtype=np.int64)
    chosen[:, :k] = order
    raises = strength > 0
    feature = np.full((n_rows, n_reasons), None, dtype=object)
    value = feature.copy()
    reason = feature.copy()
    for j, name in enumerate(encoder.names_):
        at = (chosen == j) & raises
        rows = np.nonzero(at)[0]
        feature[at] = name
        value[at] = found = _plain_values(columns, j, rows)
        reason[at] = _sentences(name, columns.kinds[j], found, encoder.typical_[j])
    return pd.DataFrame(
        {
            "row": np.repeat(np.arange(n_rows), n_reasons),
            "rank": np.tile(np.arange(1, n_reasons + 1), n_rows),
            "feature": pd.Series(feature.ravel(), dtype=object),
            "value": pd.Series(value.ravel(), dtype=object),
            "contribution": np.where(raises, strength, 0.0).ravel(),
            "reason": pd.Series(reason.ravel(), dtype=object),
        }
    )


def _plain_values(columns: Columns, j: int, rows: NDArray[np.int64]) -> NDArray[Any]:
    """Values as Python objects, None where missing."""
    values = columns.arrays[j][rows].astype(object)
    if columns.kinds[j] in NUMERIC:
        values[[value != value for value in values]] = None
    elif columns.kinds[j] == EMPTY:
        values[:] = None
    if columns.kinds[j] == BOOLEAN:
        values = np.array([v if v is None else bool(v) for v in values], dtype=object)
    return values


def _sentences(name: Any, kind: str, values: NDArray[Any], typical: Any) -> list[str]:
    """One sentence a value; a number is set beside the typical one."""
    # Many customers share few values: each sentence is made once.
    made: dict[Any, str] = {}
    # A column that was empty in training has nothing typical.
    has_usual = kind == NUMBER and typical is not None
    usual = format_number(typical) if has_usual else None
    for value in values:
        if value not in made:
            made[value] = _sentence(name, value, usual)
    return [made[value] for value in values]


def _sentence(name: Any, value: Any, usual: str | None) -> str:
    if value is None:
        return f"{name} is missing, raises the risk"
    if usual is None:
        return f"{name} is {value}, raises the risk"
    shown = format_number(value)
    beside = f" (typical: {usual})" if shown != usual else ""
    return f"{name} is {shown}{beside}, raises the risk"


def format_number(value: float, digits: int = 4) -> str:
    """Write a number as people do: whole if whole or large, else some digits.

    Examples
    --------
    >>> format_number(41.0), format_number(0.123456), format_number(1234567.8)
    ('41', '0.1235', '1234568')
    """
    if value == round(value) or abs(value) >= 10**digits:
        return f"{value:.0f}"
    return np.format_float_positional(
        value, precision=digits, unique=False, fractional=False, trim="-"
    )
