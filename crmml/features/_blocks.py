"""Blocks of customers: tables as small as one wants, computed one after another.

A customer's features depend on that customer's rows alone, so blocks laid end to end
are the whole. The tables are read once and laid down in temporary files by block.
"""

import copy
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import sqlglot.expressions as exp

from crmml.tables import CustomerTables
from crmml.tables import _sql as sql
from crmml.tables._duckdb_engine import DuckDBEngine

_BATCH_ROWS = 500_000
_MOST_BLOCKS = 512
"""Each is a file that is open while a table is read."""


def split_customers(
    tables: CustomerTables, roles: Mapping[str, Sequence[str]], n_blocks: int
) -> Iterator[CustomerTables]:
    """Yield the tables of one block of customers after another.

    Parameters
    ----------
    tables : CustomerTables
        The tables.
    roles : dict of str to sequence of str
        The columns that are needed of each table or view, besides the customer's id.
    n_blocks : int
        How many blocks. Customers are spread over them by a hash of their ids.

    Yields
    ------
    CustomerTables
        Tables with the checks and extents of the whole, and a block's rows. They can
        be asked until the next block is.
    """
    n_blocks = min(n_blocks, _MOST_BLOCKS)
    # Other engines hand out nothing before they have all, and ids of several integer
    # types have no type of their own in Arrow.
    engine = tables.engine
    is_whole = n_blocks <= 1 or tables.id_type == "HUGEINT"
    if is_whole or not isinstance(engine, DuckDBEngine):
        yield tables
        return
    place = engine.spill_directory
    with tempfile.TemporaryDirectory(prefix="crmml-blocks-", dir=place) as folder:
        for name, needed in roles.items():
            _lay_down(tables, name, ["customer_id", *needed], n_blocks, Path(folder))
        block = copy.copy(tables)
        block.engine = engine.another()
        for number in range(n_blocks):
            with ExitStack() as lent:
                for name in roles:
                    path = _path(Path(folder), name, number)
                    with pa.ipc.open_file(path) as file:
                        rows = file.read_all()
                    path.unlink()
                    lent.enter_context(block.engine.lend(name, rows))
                    del rows
                yield block


def _lay_down(
    tables: CustomerTables, name: str, roles: list[str], n_blocks: int, folder: Path
) -> None:
    """Write a table's rows to a file for each block."""
    hashed = exp.func("hash", sql.column("customer_id"))
    number = exp.Mod(this=hashed, expression=sql.number(n_blocks))
    query = exp.select(
        *map(sql.column, roles),
        exp.alias_(exp.cast(number, "int"), "block", quoted=True),
    ).from_(sql.table(name))
    with ExitStack() as files, tables.engine.stream(query, _BATCH_ROWS) as batches:
        schema = pa.schema([field for field in batches.schema if field.name != "block"])
        writers = [
            files.enter_context(pa.ipc.new_file(_path(folder, name, i), schema))
            for i in range(n_blocks)
        ]
        for batch in batches:
            # Short integers are sorted by radix, in linear time.
            block = batch.column("block").to_numpy().astype(np.uint16)
            order = np.argsort(block, kind="stable")
            edges = np.searchsorted(block[order], np.arange(n_blocks + 1))
            rows = batch.select(schema.names).take(pa.array(order))
            for i, writer in enumerate(writers):
                writer.write_batch(rows.slice(edges[i], edges[i + 1] - edges[i]))


def _path(folder: Path, name: str, block: int) -> Path:
    return folder / f"{name}-{block}.arrow"
