"""Files that must not change while they are read."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from crmml.exceptions import SchemaError
from crmml.tables import CustomerTables


def list_files(tables: CustomerTables) -> list[str]:
    """List the files that tables are read from; there are none in a database.

    Parameters
    ----------
    tables : CustomerTables
        The tables.

    Returns
    -------
    list of str
        The paths.
    """
    sources = [tables.table(name).source for name in tables.extents]
    return [path for source in sources for path in getattr(source, "paths", ())]


@contextmanager
def watch_paths(paths: Sequence[str]) -> Iterator[None]:
    """Refuse results of files that were replaced or appended to meanwhile.

    Parameters
    ----------
    paths : sequence of str
        The files.

    Raises
    ------
    SchemaError
        At the end, if the size or the time of a file is another than at the beginning.
    """
    before = _stamp(paths)
    yield
    after = _stamp(paths)
    changed = sorted(Path(path).name for path in before if after[path] != before[path])
    if changed:
        raise SchemaError(
            f"{len(changed)} of {len(before)} input files changed while they were "
            f"read, such as {changed[0]}. Nothing was written; run again when they "
            "are whole."
        )


def _stamp(paths: Sequence[str]) -> dict[str, tuple[int, int] | None]:
    stamps: dict[str, tuple[int, int] | None] = {}
    for path in paths:
        try:
            found = Path(path).stat()
            stamps[path] = (found.st_size, found.st_mtime_ns)
        except FileNotFoundError:
            stamps[path] = None
    return stamps
