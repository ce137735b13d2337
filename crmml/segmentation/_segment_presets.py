"""Ready-made names for combinations of scores: the usual schemes of RFM."""

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml.exceptions import SchemaError
from crmml.segmentation._segment_table import RANGES, check_segment_table

Ranges = tuple[int, int]
Row = tuple[str, Ranges, Ranges, Ranges]

OTHERS = "Others"

# Rows read (segment, recency, frequency, monetary); of rows that overlap the first
# one counts. The usual groups run from recent customers at the top to those long gone.
_NAMED: tuple[Row, ...] = (
    ("Champions", (4, 5), (4, 5), (4, 5)),
    ("Loyal", (4, 5), (4, 5), (1, 3)),
    ("Loyal", (3, 3), (4, 5), (1, 5)),
    ("Potential loyalists", (4, 5), (2, 3), (1, 5)),
    ("New", (5, 5), (1, 1), (1, 5)),
    ("Promising", (4, 4), (1, 1), (1, 5)),
    ("Need attention", (3, 3), (3, 3), (1, 5)),
    ("Need attention", (3, 3), (1, 2), (4, 5)),
    ("About to sleep", (3, 3), (1, 2), (1, 3)),
    ("Cannot lose", (1, 2), (4, 5), (4, 5)),
    ("At risk", (1, 2), (4, 5), (1, 3)),
    ("At risk", (1, 2), (3, 3), (1, 5)),
    ("At risk", (1, 2), (1, 2), (4, 5)),
    ("Hibernating", (2, 2), (1, 2), (1, 3)),
    ("Lost", (1, 1), (1, 2), (1, 3)),
)

_RFM_PACKAGE: tuple[Row, ...] = (
    ("Champions", (5, 5), (5, 5), (5, 5)),
    ("Potential Loyalist", (3, 5), (3, 5), (2, 5)),
    ("Loyal Customers", (2, 4), (2, 4), (2, 4)),
    ("Promising", (3, 4), (1, 3), (3, 5)),
    ("New Customers", (4, 5), (1, 3), (1, 5)),
    ("Can't Lose Them", (1, 2), (3, 4), (4, 5)),
    ("At Risk", (1, 2), (2, 5), (4, 5)),
    ("Need Attention", (1, 3), (3, 5), (3, 5)),
    ("About To Sleep", (2, 3), (1, 3), (1, 4)),
    ("Lost", (1, 1), (1, 5), (1, 5)),
)

# Klaviyo lists the scores of each group, recency first.
_KLAVIYO = {
    "Champions": "333 332 323",
    "Loyal": "321 322 331 232 233",
    "Recent": "312 313 311 222 223",
    "Needs attention": "213 221 123 132 133",
    "At risk": "231 212 122 131 211",
    "Inactive": "111 112 113 121",
}

# Recency by the rounded mean of the other two scores.
_SHOPIFY: tuple[tuple[str, Ranges, Ranges], ...] = (
    ("Champions", (5, 5), (4, 5)),
    ("Loyal", (3, 4), (4, 5)),
    ("Active", (4, 5), (2, 3)),
    ("New", (5, 5), (1, 1)),
    ("Promising", (4, 4), (1, 1)),
    ("Needs attention", (3, 3), (3, 3)),
    ("Almost lost", (3, 3), (1, 2)),
    ("Previously loyal", (1, 2), (5, 5)),
    ("At risk", (1, 2), (3, 4)),
    ("Dormant", (1, 2), (1, 2)),
)

PRESET_BINS = {"named": 5, "rfm_package": 5, "shopify": 5, "klaviyo": 3, "hughes": 5}


def make_named_segments(preset: str = "named") -> pd.DataFrame:
    """Build a table that names every combination of scores.

    Parameters
    ----------
    preset : str, default="named"
        Which names; all but ``"klaviyo"`` are made for scores of 1 to 5:

        - ``"named"``: eleven usual segments, from Champions to Lost.
        - ``"rfm_package"``: the ten groups of the R package rfm. Its ranges overlap, so
          the first one counts, and what none covers is called Others, as there.
        - ``"shopify"``: the ten groups of Shopify for customers with orders, on the
          grid of recency by the mean of frequency and monetary score. Shopify
          publishes names, that mean and a description in words of each group; where on
          the grid they border, and that halves round up, is our reading of the words.
        - ``"klaviyo"``: the six groups of Klaviyo, as it lists them over scores of 1 to
          3. Its recency scores are not thirds: 3 is within 180 days and 2 within 365,
          which ``cut_points={"days_since_last_purchase": [180, 365]}`` gives.
        - ``"hughes"``: the 125 cells of Hughes, each named by its three quintiles.

    Returns
    -------
    pandas.DataFrame
        One row per range of scores: segment, r_min, r_max, f_min, f_max, m_min, m_max,
        both ends included. A segment may have several rows; every combination lies in
        exactly one.

    Raises
    ------
    SchemaError
        If there is no such preset.

    References
    ----------
    .. [1] A. Hebbali, "rfm: Recency, Frequency and Monetary Value Analysis", R package
       version 0.3.0, example of ``rfm_segment``,
       https://search.r-project.org/CRAN/refmans/rfm/html/rfm_segment.html
    .. [2] Shopify, "CustomerRfmGroup", GraphQL Admin API 2025-10,
       https://shopify.dev/docs/api/admin-graphql/latest/enums/customerrfmgroup
    .. [3] Klaviyo, "Understanding scoring and customer groups in the recency,
       frequency, and monetary analysis (RFM) report", 2024,
       https://help.klaviyo.com/hc/en-us/articles/17797937793179
    .. [4] A. M. Hughes, "Strategic Database Marketing", 1994.

    Examples
    --------
    >>> from crmml.segmentation import make_named_segments
    >>> make_named_segments().head(2)
         segment  r_min  r_max  f_min  f_max  m_min  m_max
    0  Champions      4      5      4      5      4      5
    1      Loyal      3      5      4      5      1      3
    >>> len(make_named_segments("hughes"))
    125
    >>> sorted(make_named_segments("klaviyo")["segment"].unique())
    ['At risk', 'Champions', 'Inactive', 'Loyal', 'Needs attention', 'Recent']
    """
    if preset not in PRESET_BINS:
        raise SchemaError(
            f"preset must be one of {', '.join(map(repr, PRESET_BINS))}, got "
            f"{preset!r}."
        )
    cube = np.full((PRESET_BINS[preset],) * 3, OTHERS, dtype=object)
    for r, f, m in product(range(1, PRESET_BINS[preset] + 1), repeat=3):
        cube[r - 1, f - 1, m - 1] = _name_cell(preset, r, f, m)
    return merge_cells(cube)


def resolve_segments(segments: Any, n_bins: int) -> pd.DataFrame:
    """Return the checked table that the parameter `segments` stands for."""
    if not isinstance(segments, str):
        return check_segment_table(segments, n_bins)
    table = make_named_segments(segments)
    if n_bins != PRESET_BINS[segments]:
        raise SchemaError(
            f"segments={segments!r} is made for n_bins={PRESET_BINS[segments]}, got "
            f"n_bins={n_bins}. Change n_bins, or pass a table of score ranges."
        )
    return table


def merge_cells(cube: NDArray[np.object_]) -> pd.DataFrame:
    """Describe a cube of names by few ranges, the best scores first.

    From the best cell that no range covers yet, a range grows downwards in the monetary
    score, then in frequency, then in recency, while all its cells have the same name.
    """
    free = np.ones(cube.shape, dtype=bool)
    rows: list[tuple[Any, ...]] = []
    for top in product(*(range(n - 1, -1, -1) for n in cube.shape)):
        if not free[top]:
            continue
        low = list(top)
        for axis in (2, 1, 0):
            while low[axis] > 0:
                low[axis] -= 1
                box = tuple(slice(a, b + 1) for a, b in zip(low, top, strict=True))
                if not (free[box] & (cube[box] == cube[top])).all():
                    low[axis] += 1
                    break
        box = tuple(slice(a, b + 1) for a, b in zip(low, top, strict=True))
        free[box] = False
        ends = zip(low, top, strict=True)
        rows.append((cube[top], *(end + 1 for pair in ends for end in pair)))
    return pd.DataFrame(rows, columns=["segment", *RANGES])


def _name_cell(preset: str, r: int, f: int, m: int) -> str:
    if preset == "hughes":
        return f"{r}{f}{m}"
    if preset == "shopify":
        fm = (f + m + 1) // 2
        return next(
            name
            for name, (r_low, r_high), (low, high) in _SHOPIFY
            if r_low <= r <= r_high and low <= fm <= high
        )
    if preset == "klaviyo":
        return next(k for k, cells in _KLAVIYO.items() if f"{r}{f}{m}" in cells)
    rows = _NAMED if preset == "named" else _RFM_PACKAGE
    scores = (r, f, m)
    for name, *ranges in rows:
        pairs = zip(scores, ranges, strict=True)
        if all(low <= score <= high for score, (low, high) in pairs):
            return name
    return OTHERS
