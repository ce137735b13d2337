"""Compute aggregations in compiled loops, for many events held by the engine itself."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from crmml._utils._durations import DAY, MICROSECOND
from crmml.features import _sweep as sweep
from crmml.features._declarations import Aggregation
from crmml.features._gather import (
    GatheredEvents,
    gather_events,
    in_blocks,
    known_key,
    value_key,
)
from crmml.tables import CustomerTables
from crmml.tables._spine import Spine

_HOW = {"count": sweep.COUNT, "sum": sweep.SUM, "min": sweep.MIN, "max": sweep.MAX}
_DAY = DAY // MICROSECOND
_ALL_OF_HISTORY = 2**61
"""A look-back longer than any table's history, in microseconds."""


def aggregate_in_process(
    aggregations: dict[Aggregation, str], tables: CustomerTables, spine: Spine
) -> pa.Table | None:
    """Compute every aggregation for every row of the spine.

    Parameters
    ----------
    aggregations : dict of Aggregation to str
        What is asked for, and the name of its column.
    tables : CustomerTables
        The tables.
    spine : Spine
        The rows.

    Returns
    -------
    pyarrow.Table or None
        The spine's rows with a column for each aggregation. None where a sum might
        leave 64 bits; SQL has wider integers.
    """
    ids = spine.rows["customer_id"].combine_chunks().dictionary_encode()
    customer = ids.indices.to_numpy(zero_copy_only=False).astype(np.int32)
    cutoff = spine.rows["cutoff"].to_numpy()
    n_customers = len(ids.dictionary)
    codes = pa.table(
        {
            "customer_id": ids.dictionary,
            "code": pa.array(np.arange(n_customers, dtype=np.int32)),
        }
    )
    columns: dict[str, pa.Array] = {}
    for name in dict.fromkeys(one.table for one in aggregations):
        wanted = [one for one in aggregations if one.table == name]
        with tables.engine.lend("codes", codes):
            events = gather_events(name, wanted, tables, n_customers, spine.cutoffs[-1])
        for one in wanted:
            found = _aggregate(one, tables, events, customer, cutoff)
            if found is None:
                return None
            columns[aggregations[one]] = found
    order = {alias: columns[alias] for alias in aggregations.values()}
    return pa.table({**_columns(spine.rows), **order})


def _aggregate(
    one: Aggregation,
    tables: CustomerTables,
    events: GatheredEvents,
    customer: NDArray[np.int32],
    cutoff: sweep.Int64s,
) -> pa.Array | None:
    timestamp, offsets = events.columns["timestamp"], events.offsets
    value = events.columns[value_key(one)]
    known = events.columns[known_key(one, tables)]
    window = _ALL_OF_HISTORY if one.window is None else one.window // MICROSECOND
    out = np.empty(len(cutoff), np.int64)
    where = (window, customer, cutoff, offsets, timestamp)
    if one.grain == "day":
        in_blocks(sweep.count_days, len(out), _DAY, *where, known, out)
        return pa.array(out)
    how = sweep.SUM if one.grain == "order" else _HOW[one.how]
    if how == sweep.SUM and _may_overflow(value, offsets):
        return None
    in_blocks(sweep.aggregate, len(out), how, *where, value, known, out)
    return pa.array(out, mask=out == sweep.MISSING)


def _may_overflow(value: sweep.Int64s, offsets: sweep.Int64s) -> bool:
    if not len(value):
        return False
    present = value[value != sweep.MISSING]
    largest = max(abs(int(present.min(initial=0))), int(present.max(initial=0)))
    return largest * int(np.diff(offsets).max()) >= 2**63


def _columns(rows: pa.Table) -> dict[str, pa.ChunkedArray]:
    return dict(zip(rows.column_names, rows.columns, strict=True))


def can_sweep(aggregations: Sequence[Aggregation], tables: CustomerTables) -> bool:
    """Tell whether compiled loops know all that is asked for.

    They know counts, sums and extremes of rows, and count orders and days; but not
    where an order's first known line changes as lines become known.
    """
    return all(
        one.how in _HOW
        and (
            one.grain in {"row", "day"}
            or (one.grain == "order" and known_key(one, tables) == "timestamp")
        )
        for one in aggregations
    )
