"""Compute aggregations in compiled loops, for many events held by the engine itself."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from crmml.features._declarations import Aggregation
from crmml.features._gather import gather_events
from crmml.features._table_sweep import TableSweep
from crmml.tables import CustomerTables
from crmml.tables._spine import Spine


def aggregate_in_process(
    aggregations: dict[Aggregation, str], tables: CustomerTables, spine: Spine
) -> tuple[pa.Table, set[Aggregation]]:
    """Compute aggregations for every row of the spine, as far as loops can.

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
    pyarrow.Table
        The spine's rows with a column for each aggregation that was computed.
    set of Aggregation
        Which these are. Missing are those whose sums might leave 64 bits; SQL has
        wider integers.
    """
    ids = spine.rows["customer_id"].combine_chunks().dictionary_encode()
    customer = ids.indices.to_numpy(zero_copy_only=False).astype(np.int32)
    cutoff = spine.rows["cutoff"].to_numpy()
    rows, known = spine.rows, set()
    for name in dict.fromkeys(one.table for one in aggregations):
        wanted = [one for one in aggregations if one.table == name]
        with tables.engine.lend("codes", _codes(ids.dictionary)):
            events = gather_events(
                name, wanted, tables, len(ids.dictionary), spine.cutoffs[-1]
            )
        sweep = TableSweep(events, tables, customer, cutoff)
        for one in wanted:
            found = sweep.aggregate(one)
            if found is not None:
                rows = rows.append_column(aggregations[one], found)
                known.add(one)
    return rows, known


def _codes(ids: pa.Array) -> pa.Table:
    codes: NDArray[np.int32] = np.arange(len(ids), dtype=np.int32)
    return pa.table({"customer_id": ids, "code": codes})
