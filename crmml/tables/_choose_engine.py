"""The data given decide where queries run."""

from collections.abc import Mapping
from os import PathLike

from crmml.exceptions import SchemaError
from crmml.tables._database_table import DatabaseSource
from crmml.tables._duckdb_engine import DuckDBEngine
from crmml.tables._engine import Engine
from crmml.tables._postgres_engine import PostgresEngine
from crmml.tables._sources import Source
from crmml.tables._spark_engine import SparkEngine
from crmml.tables._spark_source import SparkSource


def open_engine(source: Source) -> Engine:
    """Open an engine that can read a source."""
    if isinstance(source, SparkSource):
        return SparkEngine(source.home)
    if isinstance(source, DatabaseSource):
        return PostgresEngine(source.home)
    return DuckDBEngine()


def choose_engines(
    sources: Mapping[str, Source],
    memory_limit: str | None = None,
    spill_directory: str | PathLike[str] | None = None,
) -> tuple[Engine, dict[str, Engine]]:
    """Open the engine in which all tables are brought together.

    Parameters
    ----------
    sources : mapping of str to Source
        The source of each table.
    memory_limit, spill_directory : optional
        Those of the engine in this process, where there is one.

    Returns
    -------
    engine : Engine
        That of the tables which lie outside this process, if there are any.
    readers : dict of str to Engine
        The engine that reads each table: the same one, or for tables in this process
        beside others that are not, one in this process.

    Raises
    ------
    SchemaError
        If tables lie in several places outside this process, or all of them outside
        and limits of this process are given.
    """
    outside = {name: one for name, one in sources.items() if one.home is not None}
    if len({id(one.home) for one in outside.values()}) > 1:
        places = ", ".join(f"{name} in {one.place}" for name, one in outside.items())
        raise SchemaError(
            f"Tables lie in several places: {places}. Queries run in one of them: "
            "bring the tables into one Spark session, or into one database behind one "
            "connection, or read all but one place's into this process."
        )
    if not outside:
        engine: Engine = DuckDBEngine(memory_limit, spill_directory)
        return engine, dict.fromkeys(sources, engine)
    engine = inside = open_engine(next(iter(outside.values())))
    if len(outside) < len(sources):
        inside = DuckDBEngine(memory_limit, spill_directory)
    elif memory_limit is not None or spill_directory is not None:
        raise SchemaError(
            "memory_limit and spill_directory are for DuckDB in this process, and "
            f"these tables lie in {next(iter(outside.values())).place}. Leave them "
            "out, and set the limits there."
        )
    readers = {name: engine if name in outside else inside for name in sources}
    return engine, readers
