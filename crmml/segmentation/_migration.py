"""Who moved where between two dates."""

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from crmml._utils._frames import is_frame
from crmml.exceptions import SchemaError

NOT_THERE = "(not there)"


def compute_migration_matrix(
    before: Any, after: Any, *, order: Sequence[Any] | None = None, share: bool = False
) -> pd.DataFrame:
    """Count the customers who went from each segment to each other one.

    Parameters
    ----------
    before, after : dataframe or array-like of shape (n_customers,)
        Segments at two dates. Frames have the columns ``customer_id`` and ``segment``,
        as from a pipeline, and are matched by id. Arrays hold the same customers in the
        same order.
    order : sequence, default=None
        The segments in the order of rows and columns, such as from best to worst. None
        sorts them.
    share : bool, default=False
        Whether to give shares of the row, of those who were in the segment before,
        instead of numbers of customers. A segment without customers has missing
        shares.

    Returns
    -------
    pandas.DataFrame of shape (n_segments, n_segments)
        Rows are segments before, columns after; the same segments in the same order on
        both sides. Customers of one date only are under ``"(not there)"``, which comes
        last and only where there are such.

    Raises
    ------
    SchemaError
        If segments or ids are missing, ids are repeated, arrays differ in length, or
        `order` lacks a segment or repeats one.

    See Also
    --------
    crmml.plotting.plot_migration : Draws the matrix as flows.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.segmentation import compute_migration_matrix
    >>> july = pd.DataFrame(
    ...     {"customer_id": [1, 2, 3, 4], "segment": ["Top", "Top", "New", "New"]}
    ... )
    >>> august = pd.DataFrame(
    ...     {"customer_id": [4, 2, 1, 5], "segment": ["Top", "Top", "New", "New"]}
    ... )
    >>> compute_migration_matrix(july, august, order=["New", "Top"])
    after        New  Top  (not there)
    before
    New            0    1            1
    Top            1    1            0
    (not there)    1    0            0
    """
    if is_frame(before) != is_frame(after):
        raise SchemaError(
            "before and after must both be frames with customer_id and segment, or "
            "both be arrays of segments."
        )
    pairs = _match(before, after) if is_frame(before) else _lay_side(before, after)
    both = pd.concat([pairs["before"], pairs["after"]])
    found = [value for value in both.unique() if value != NOT_THERE]
    segments = _order_segments(found, order)
    if (pairs == NOT_THERE).any(axis=None):
        segments = [*segments, NOT_THERE]
    place = {segment: i for i, segment in enumerate(segments)}
    codes = [pairs[name].map(place).to_numpy(np.int64) for name in ("before", "after")]
    counts = np.zeros((len(segments), len(segments)), dtype=np.int64)
    np.add.at(counts, (codes[0], codes[1]), 1)
    matrix = pd.DataFrame(
        counts,
        index=pd.Index(segments, name="before"),
        columns=pd.Index(segments, name="after"),
    )
    if share:
        return matrix.div(matrix.sum(axis=1).replace(0, np.nan), axis=0)
    return matrix


def _match(before: Any, after: Any) -> pd.DataFrame:
    one, other = _read(before, "before"), _read(after, "after")
    both = pd.concat([one, other], axis=1, join="outer")
    return both.astype(object).where(both.notna(), NOT_THERE)


def _read(table: Any, name: str) -> "pd.Series[Any]":
    frame = nw.from_native(table, eager_only=True)
    missing = [c for c in ("customer_id", "segment") if c not in frame.columns]
    if missing:
        raise SchemaError(f"{name} lacks the columns {', '.join(missing)}.")
    ids, segments = (
        pd.Series(frame.get_column(c).to_numpy()).astype(object)
        for c in ("customer_id", "segment")
    )
    for column, values in (("customer_id", ids), ("segment", segments)):
        n_missing = int(values.isna().sum())
        if n_missing:
            raise SchemaError(
                f"{name}: {column} is missing in {n_missing} of {len(values)} rows. "
                "Leave these rows out."
            )
    n_repeated = int(ids.duplicated().sum())
    if n_repeated:
        raise SchemaError(
            f"{name} repeats customer_id in {n_repeated} of {len(ids)} rows. Give one "
            "row per customer, that is, one date."
        )
    return pd.Series(segments.to_numpy(), index=pd.Index(ids, dtype=object), name=name)


def _lay_side(before: Any, after: Any) -> pd.DataFrame:
    columns = {
        name: np.asarray(values, dtype=object)
        for name, values in (("before", before), ("after", after))
    }
    lengths = [len(values) for values in columns.values()]
    if lengths[0] != lengths[1]:
        raise SchemaError(
            f"before and after must hold the same customers in the same order: found "
            f"{lengths[0]} and {lengths[1]}. Frames with customer_id are matched by id."
        )
    pairs = pd.DataFrame(columns)
    n_missing = int(pairs.isna().any(axis=1).sum())
    if n_missing:
        raise SchemaError(
            f"segments are missing for {n_missing} of {len(pairs)} customers. Leave "
            "these rows out."
        )
    return pairs


def _order_segments(found: list[Any], order: Sequence[Any] | None) -> list[Any]:
    if order is None:
        try:
            return sorted(found)
        except TypeError:  # Labels of several types have no order; their texts have.
            return sorted(found, key=str)
    lacking = [str(segment) for segment in found if segment not in set(order)]
    if lacking or len(set(order)) < len(order):
        raise SchemaError(
            "order must name every segment once; "
            + (f"it lacks {', '.join(lacking)}." if lacking else "it repeats one.")
        )
    return list(order)
