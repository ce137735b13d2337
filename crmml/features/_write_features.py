"""Features of any number of customers, written to one Parquet file block by block."""

import math
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import sqlglot.expressions as exp

from crmml._utils._atomic import whole_file
from crmml._utils._progress import ProgressBar
from crmml.exceptions import NotEnoughHistoryError
from crmml.features._blocks import split_customers
from crmml.features._compute import compute_features
from crmml.features._declarations import (
    GAP,
    GROUPED_BY,
    Declarations,
    Feature,
    column_names,
)
from crmml.tables import CustomerTables
from crmml.tables import _sql as sql
from crmml.tables._instants import check_cutoffs
from crmml.tables._spine import build_spine

BLOCK_BYTES = 2**26
"""About how much the events and the results of a block may take, as plain arrays."""
_SPINE_ROLES = {
    "transactions": {"timestamp", "recorded_at"},
    "customers": {"joined_at", "left_at"},
}


def compute_in_blocks(
    features: Sequence[Feature],
    asked: Declarations,
    tables: CustomerTables,
    cutoffs: Any,
) -> Iterator[pa.Table]:
    """Compute features for one block of customers after another.

    Parameters
    ----------
    features : sequence of Feature
        The columns wanted.
    asked : Declarations
        The aggregations that they read.
    tables : CustomerTables
        The tables.
    cutoffs : str, datetime or list of them
        The instants we pretend it is.

    Yields
    ------
    pyarrow.Table
        ``customer_id``, ``cutoff`` and the features of a block, which has rows.

    Raises
    ------
    NotEnoughHistoryError
        If the data do not reach around a cutoff, or no block has rows.
    """
    nobody: NotEnoughHistoryError | None = None
    is_empty = True
    for block in split_tables(len(features), asked, tables, cutoffs):
        try:
            spine = build_spine(block, cutoffs)
        except NotEnoughHistoryError as error:
            nobody = error
            continue
        result = compute_features(features, asked, block, spine)
        kind = pa.timestamp("us", tz="UTC" if tables.is_aware else None)
        cutoff = spine.rows["cutoff"].cast(kind)
        result = result.add_column(0, "cutoff", cutoff)
        yield result.add_column(0, "customer_id", spine.rows["customer_id"])
        is_empty = False
    if is_empty and nobody is not None:
        raise nobody


def split_tables(
    n_features: int, asked: Declarations, tables: CustomerTables, cutoffs: Any
) -> Iterator[CustomerTables]:
    """Split tables by customers, so that features of each part fit in memory.

    Parameters
    ----------
    n_features : int
        How many columns are wanted.
    asked : Declarations
        The aggregations that they read.
    tables : CustomerTables
        The tables.
    cutoffs : str, datetime or list of them
        The instants we pretend it is.

    Yields
    ------
    CustomerTables
        The columns that are needed, of a block of customers. They can be asked until
        the next block is.
    """
    n_cutoffs = len(check_cutoffs(cutoffs, tables))
    roles = _roles(asked, tables)
    n_blocks = _count_blocks(n_features, asked, tables, roles, n_cutoffs)
    with ProgressBar("Blocks of customers", n_blocks) as bar:
        for block in split_customers(tables, roles, n_blocks):
            yield block
            bar.advance()


def write_parts(parts: Iterable[pa.Table], path: Path) -> int:
    """Write tables of one schema to a Parquet file, each while the next is computed.

    Parameters
    ----------
    parts : iterable of pyarrow.Table
        The tables, one at least.
    path : pathlib.Path
        The file; it appears when it is whole, in the place of an older one.

    Returns
    -------
    int
        How many rows were written.
    """
    n_rows = 0
    writer: pa.parquet.ParquetWriter | None = None
    with whole_file(path) as temporary, ThreadPoolExecutor(1) as pool:
        written: Future[None] | None = None
        try:
            for part in parts:
                if writer is None:
                    writer = _open(temporary, part.schema)
                if written is not None:
                    written.result()
                written = pool.submit(writer.write_table, part)
                n_rows += part.num_rows
            if written is not None:
                written.result()
        finally:
            if writer is not None:
                writer.close()
    return n_rows


def _open(path: Path, schema: pa.Schema) -> pa.parquet.ParquetWriter:
    # A dictionary of doubles costs time and saves no space.
    coded = [field.name for field in schema if not pa.types.is_floating(field.type)]
    return pa.parquet.ParquetWriter(path, schema, use_dictionary=coded)


def _roles(asked: Declarations, tables: CustomerTables) -> dict[str, list[str]]:
    """Which columns of which tables and views are read, customers' ids aside."""
    needed = {name: set(roles) for name, roles in _SPINE_ROLES.items()}
    needed["customers"] |= set(asked.attributes)
    for one in asked.aggregations:
        own = needed.setdefault(one.table, set())
        own |= {"timestamp", "recorded_at", one.visible_from or "timestamp"}
        own |= column_names(one.value) - {GAP}
        own.add(GROUPED_BY.get(one.grain, "timestamp"))
        if one.grain in {"order", "gap", "by_order"}:
            own.add("order_id")
    found = {
        name: sorted(own & set(tables.columns[name]))
        for name, own in needed.items()
        if name in tables
    }
    for column in asked.columns.values():
        aliases = found.setdefault(column.view, [])
        if column.alias not in aliases:
            aliases.append(column.alias)
    return found


def _count_blocks(
    n_features: int,
    asked: Declarations,
    tables: CustomerTables,
    roles: dict[str, list[str]],
    n_cutoffs: int,
) -> int:
    """How many blocks keep the arrays of each below what it may take."""
    n_bytes = 0
    for name, own in roles.items():
        # Views are of columns of customers.
        extent = tables.extents[name if name in tables else "customers"]
        # As the engine hands them out, and once more by customer and in order of time.
        n_bytes += extent.n_rows * 8 * (2 * len(own) + 4)
    n_columns = len(asked.aggregations) + 2 * n_features + 6
    n_rows = _count_customers(tables) * n_cutoffs
    return math.ceil((n_bytes + n_rows * 8 * n_columns) / BLOCK_BYTES)


def _count_customers(tables: CustomerTables) -> int:
    """Tell about how many customers there are."""
    n_known = tables.extents["customers"].n_rows if "customers" in tables else 0
    if "transactions" not in tables:
        return n_known
    counted = exp.ApproxDistinct(this=sql.column("customer_id"))
    query = exp.select(exp.alias_(counted, "n")).from_(sql.table("transactions"))
    return max(n_known, int(tables.engine.run(query)["n"][0].as_py()))
