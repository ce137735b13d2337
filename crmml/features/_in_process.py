"""Compute aggregations in compiled loops, for many events held by the engine itself."""

from collections.abc import Collection

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from crmml.features._declarations import Aggregation
from crmml.features._gather import gather_events
from crmml.features._table_sweep import TableSweep
from crmml.tables import CustomerTables
from crmml.tables._spine import Spine


def aggregate_in_process(
    aggregations: Collection[Aggregation], tables: CustomerTables, spine: Spine
) -> dict[Aggregation, pa.Array]:
    """Compute aggregations for every row of the spine, as far as loops can.

    Parameters
    ----------
    aggregations : collection of Aggregation
        What is asked for.
    tables : CustomerTables
        The tables.
    spine : Spine
        The rows.

    Returns
    -------
    dict of Aggregation to pyarrow.Array
        Values for each row of the spine. Missing are aggregations whose sums might
        leave 64 bits; SQL has wider integers. Of "last", it is the value alone.
    """
    computed = {}
    for name in dict.fromkeys(one.table for one in aggregations):
        wanted = [one for one in aggregations if one.table == name]
        with tables.engine.lend("codes", _codes(spine.ids)):
            events = gather_events(
                name, wanted, tables, len(spine.ids), spine.cutoffs[-1]
            )
        sweep = TableSweep(events, wanted, tables, spine.customer, spine.cutoff)
        for one in wanted:
            found = sweep.aggregate(one)
            if found is not None:
                computed[one] = found
    return computed


def _codes(ids: pa.Array) -> pa.Table:
    codes: NDArray[np.int32] = np.arange(len(ids), dtype=np.int32)
    return pa.table({"customer_id": ids, "code": codes})
