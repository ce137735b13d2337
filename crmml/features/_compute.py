"""Choose how features are computed; the result is the same."""

from collections.abc import Sequence

import pyarrow as pa

from crmml.features._compile import compile_features
from crmml.features._declarations import Aggregation, Declarations, Feature
from crmml.features._direct import compute_directly
from crmml.features._in_process import aggregate_in_process
from crmml.tables import CustomerTables
from crmml.tables._spine import Spine

MANY_ROWS = 100_000
"""From so many rows on, of the spine or of a table of events, compiled loops win. For
few, SQL does without the second that it takes to load them."""


def compute_features(
    features: Sequence[Feature],
    asked: Declarations,
    tables: CustomerTables,
    spine: Spine,
) -> pa.Table:
    """Compute features for the rows of a spine.

    One SQL statement does it anywhere. In this process, and for many customers and
    cutoffs, compiled loops aggregate the events in a fraction of the time, and most
    features are plain arithmetic on what they find; what is left, the statement does.

    Parameters
    ----------
    features : sequence of Feature
        The columns wanted.
    asked : Declarations
        The aggregations that they read.
    tables : CustomerTables
        The tables.
    spine : Spine
        The rows.

    Returns
    -------
    pyarrow.Table
        The features, one row for each row of the spine, in its order.
    """
    found: dict[Aggregation, pa.Array] = {}
    if uses_loops(len(spine.cutoff), tables):
        found = aggregate_in_process(asked.aggregations, tables, spine)
    columns = {asked.aggregations[one]: values for one, values in found.items()}
    # Of the last in time, SQL reads a code that holds the instant, too.
    numbers = {
        asked.aggregations[one]: values
        for one, values in found.items()
        if one.how != "last" and values.type == pa.int64()
    }
    numbers["cutoff"] = pa.array(spine.cutoff)
    ready = {one.name: compute_directly(one, numbers) for one in features if found}
    left = [one for one in features if ready.get(one.name) is None]
    if left:
        query = compile_features(left, asked, tables, spine.cutoffs, known=found)
        rows = spine.rows
        for name, values in columns.items():
            rows = rows.append_column(name, values)
        with tables.engine.lend("spine", rows):
            ready |= _by_name(tables.engine.run(query))
    return pa.table({one.name: ready[one.name] for one in features})


def _by_name(rows: pa.Table) -> dict[str, pa.ChunkedArray]:
    return dict(zip(rows.column_names, rows.columns, strict=True))


def uses_loops(n_rows: int, tables: CustomerTables) -> bool:
    """Tell whether compiled loops aggregate for a spine of so many rows.

    Where the tables lie outside this process, their own engine does.
    """
    sizes = [tables.extents[name].n_rows for name in tables.event_tables]
    is_here: bool = tables.engine.dialect == "duckdb"
    return is_here and max([n_rows, *sizes]) >= MANY_ROWS
