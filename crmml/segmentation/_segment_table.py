"""Tables that name segments by ranges of scores, each combination exactly once."""

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml.exceptions import SchemaError

NO_PURCHASE = "No purchase"
RANGES = ("r_min", "r_max", "f_min", "f_max", "m_min", "m_max")


def check_segment_table(table: Any, n_bins: int) -> pd.DataFrame:
    """Check a user's table of score ranges and return it as pandas.

    Parameters
    ----------
    table : dataframe
        Columns segment, r_min, r_max, f_min, f_max, m_min, m_max.
    n_bins : int
        Highest score.

    Returns
    -------
    pandas.DataFrame
        These columns, ranges as integers, rows numbered from 0.

    Raises
    ------
    SchemaError
        If columns are missing, a range is not within 1 to `n_bins`, or a combination
        of scores has no segment or several.
    """
    frame = nw.from_native(table, eager_only=True, pass_through=True)
    if not isinstance(frame, nw.DataFrame):
        raise SchemaError(
            "segments must be the name of a preset or a dataframe of score ranges, got "
            f"{type(table).__name__}."
        )
    missing = [c for c in ("segment", *RANGES) if c not in frame.columns]
    if missing:
        raise SchemaError(f"The segments table lacks columns: {', '.join(missing)}.")
    result = pd.DataFrame(
        {c: frame.get_column(c).to_numpy() for c in ("segment", *RANGES)}
    )
    limits = result[list(RANGES)].apply(pd.to_numeric, errors="coerce")
    whole = limits.isin(range(1, n_bins + 1)).all(axis=None)
    lows, highs = limits.iloc[:, ::2].to_numpy(), limits.iloc[:, 1::2].to_numpy()
    if not whole or (lows > highs).any() or result["segment"].isna().any():
        raise SchemaError(
            f"Each row of the segments table needs a name and three ranges of whole "
            f"scores from 1 to n_bins={n_bins}, lower end first."
        )
    result[list(RANGES)] = limits.astype(np.int64)
    result["segment"] = result["segment"].astype(object)
    _check_cover(result, n_bins)
    return result


def build_lookup(table: pd.DataFrame, n_bins: int) -> NDArray[np.object_]:
    """Lay the names out in a cube: ``cube[r - 1, f - 1, m - 1]`` is the segment."""
    cube = np.empty((n_bins, n_bins, n_bins), dtype=object)
    for row, name in zip(_slices(table), table["segment"], strict=True):
        cube[row] = name
    return cube


def _check_cover(table: pd.DataFrame, n_bins: int) -> None:
    counts = np.zeros((n_bins, n_bins, n_bins), dtype=np.int64)
    for row in _slices(table):
        counts[row] += 1
    for wrong, what in ((counts == 0, "no segment"), (counts > 1, "several segments")):
        if wrong.any():
            r, f, m = (int(axis[0]) + 1 for axis in np.nonzero(wrong))
            raise SchemaError(
                f"The segments table gives {what} for {int(wrong.sum())} of "
                f"{n_bins**3} combinations of scores, the first being r={r}, f={f}, "
                f"m={m}. Every combination must lie in exactly one row."
            )


def _slices(table: pd.DataFrame) -> list[tuple[slice, ...]]:
    ranges = table[list(RANGES)].to_numpy().tolist()
    return [tuple(slice(row[i] - 1, row[i + 1]) for i in (0, 2, 4)) for row in ranges]
