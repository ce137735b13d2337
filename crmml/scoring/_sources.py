"""Files that must not change while they are read."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crmml.exceptions import SchemaError
from crmml.tables import CustomerTables


@contextmanager
def watch_sources(tables: CustomerTables) -> Iterator[None]:
    """Refuse results of files that were replaced or appended to meanwhile.

    Parameters
    ----------
    tables : CustomerTables
        The tables; those that lie in memory or in a database are left to themselves.

    Raises
    ------
    SchemaError
        At the end, if the size or the time of a file is another than at the beginning.
    """
    before = _stamp(tables)
    yield
    after = _stamp(tables)
    changed = sorted(Path(path).name for path in before if after[path] != before[path])
    if changed:
        raise SchemaError(
            f"{len(changed)} of {len(before)} input files changed while they were "
            f"read, such as {changed[0]}. Nothing was written; run again when they "
            "are whole."
        )


def _stamp(tables: CustomerTables) -> dict[str, tuple[int, int] | None]:
    sources = [tables.table(name).source for name in tables.extents]
    paths = [path for source in sources for path in getattr(source, "paths", ())]
    stamps: dict[str, tuple[int, int] | None] = {}
    for path in paths:
        try:
            found = Path(path).stat()
            stamps[path] = (found.st_size, found.st_mtime_ns)
        except FileNotFoundError:
            stamps[path] = None
    return stamps
