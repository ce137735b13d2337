"""Who the members are: segments against age, income, region and the like."""

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from crmml._utils._frames import column_names, is_frame, select_columns
from crmml.exceptions import SchemaError
from crmml.segmentation._columns import find_columns
from crmml.segmentation._profile import list_segments

MISSING = "(missing)"
# A column of numbers with more different ones is cut at its quartiles.
_MOST_NUMBERS = 10


def compute_background_table(labels: Any, background: Any) -> pd.DataFrame:
    """Count who the members of each segment are.

    Parameters
    ----------
    labels : array-like of shape (n_customers,)
        The segment of each customer, by position: numbers or names.
    background : dataframe of shape (n_customers, n_columns)
        What is known of the customers, such as age, income or region: text,
        categories, booleans or numbers. A column with more than ten different numbers
        is cut at its quartiles.

    Returns
    -------
    pandas.DataFrame
        One row per column, category and segment: column, category (text; missing ones
        are ``"(missing)"``), segment, n_customers, share (of the segment's customers)
        and index, 100 times that share over the share among all customers: 200 means
        twice as frequent as usual.

    Raises
    ------
    SchemaError
        If `background` is no dataframe, has other rows than labels, or labels are
        missing.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.segmentation import compute_background_table
    >>> people = pd.DataFrame({"region": ["North", "North", "South", "South"]})
    >>> compute_background_table(["top", "few", "few", "few"], people).head(2)
       column category segment  n_customers     share  index
    0  region    North     few            1  0.333333   66.7
    1  region    North     top            1  1.000000  200.0
    """
    if not is_frame(background):
        raise SchemaError(
            "background must be a dataframe with one row per customer, got "
            f"{type(background).__name__}."
        )
    segments = pd.Series(np.asarray(labels)).reset_index(drop=True)
    names = find_columns(background, column_names(background))
    n_rows = len(background)
    if n_rows != len(segments) or segments.isna().any():
        raise SchemaError(
            f"labels must have one entry per row of background, none missing: found "
            f"{int(segments.notna().sum())} labels for {n_rows} rows."
        )
    order = list_segments(segments)
    sizes = segments.value_counts()
    parts = []
    for name in names:
        column = select_columns(background, [name]).get_column(name)
        cells, categories = _read_categories(column)
        counts = pd.crosstab(cells, segments).reindex(
            index=categories, columns=order, fill_value=0
        )
        usual = counts.sum(axis=1).to_numpy() / max(n_rows, 1)
        part = pd.DataFrame(
            {
                "column": str(name),
                "category": np.repeat(categories, len(order)),
                "segment": order * len(categories),
                "n_customers": counts.to_numpy().ravel(),
            }
        )
        part["share"] = part["n_customers"] / part["segment"].map(sizes)
        part["index"] = (100 * part["share"] / np.repeat(usual, len(order))).round(1)
        parts.append(part)
    names = ["column", "category", "segment", "n_customers", "share", "index"]
    if not parts:
        return pd.DataFrame(columns=names)
    return pd.concat(parts, ignore_index=True)[names]


def _read_categories(column: nw.Series[Any]) -> tuple["pd.Series[Any]", list[str]]:
    """Return the category of each row, and all of them in their order."""
    if column.dtype.is_numeric() and column.drop_nulls().n_unique() > _MOST_NUMBERS:
        numbers = pd.Series(column.cast(nw.Float64).to_numpy()).astype(np.float64)
        bands = pd.qcut(numbers, 4, duplicates="drop", precision=3)
        order = [f"{band.left:g} to {band.right:g}" for band in bands.cat.categories]
        order[0] = f"up to {bands.cat.categories[0].right:g}"
        codes = bands.cat.codes.to_numpy()
        cells = pd.Series(np.array([*order, MISSING], dtype=object)[codes])
    else:
        values = pd.Series(column.to_numpy()).astype(object)
        known = values.dropna().unique()
        try:
            order = [str(value) for value in sorted(known)]
        except TypeError:  # Values of several types have no order; their texts have.
            order = sorted(map(str, known))
        cells = values.map(str, na_action="ignore").fillna(MISSING)
    return cells, [*order, MISSING] if (cells == MISSING).any() else order
