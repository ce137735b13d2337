"""A folder that Spark writes, in any file system that Spark knows."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from crmml.exceptions import SchemaError
from crmml.scoring._summary import to_json
from crmml.scoring._targets import hold_target

MANIFEST = "_manifest.json"
"""Written last; readers of Parquet pass over names with an underscore."""


class SparkFolder:
    """A folder of Parquet files that appears whole, in the place of an older one.

    Files are written into a hidden folder beside it, with the manifest last. Then the
    older folder is renamed, the new one takes its name, and the older one is removed;
    what a run that was killed in between left is put right by the next.

    Parameters
    ----------
    out : str or path
        The folder.
    session : pyspark.sql.SparkSession
        Knows the file systems.
    overwrite : bool
        Whether an older folder may be replaced.

    Raises
    ------
    SchemaError
        If `out` is no path, a file, or a folder that holds no manifest.
    FileExistsError
        If there is an older folder, and it must stay.
    """

    def __init__(self, out: Any, session: Any, *, overwrite: bool) -> None:
        if not isinstance(out, (str, os.PathLike)):
            raise SchemaError(
                f"out must be a path for tables in Spark, got {type(out).__name__}. "
                "Write a folder, and let Spark load it into the database."
            )
        if str(out).lower().endswith(".csv"):
            raise SchemaError(f"out={str(out)!r}: Spark writes a folder of Parquet.")
        self._overwrite = overwrite
        self._jvm = session.sparkContext._jvm
        path = self._path(str(out))
        settings = session.sparkContext._jsc.hadoopConfiguration()
        self._files = path.getFileSystem(settings)
        self._is_local = self._files.getUri().getScheme() == "file"
        if self._is_local and ":" not in str(out):
            # Java does not follow when this process changes its folder.
            path = self._path(str(Path(out).absolute()))
        self._target = self._files.makeQualified(path)
        self._new = self._beside("new")
        self._old = self._beside("old")
        self.partial = str(self._new.toString())
        self._check()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep other runs on this machine away, and leave nothing half done."""
        with ExitStack() as held:
            if self._is_local:
                place = Path(self._target.toUri().getPath())
                place.parent.mkdir(parents=True, exist_ok=True)
                held.enter_context(hold_target(place))
            self._mend()
            self._check()
            try:
                yield
            finally:
                self._mend()

    def describe(self, n_rows: int, columns: list[str]) -> dict[str, Any]:
        """Say what was written."""
        return {"folder": self._target.getName(), "rows": n_rows, "columns": columns}

    def conclude(self, done: dict[str, Any]) -> None:
        """Write the manifest, and let the folder appear."""
        file = self._files.create(self._path(f"{self.partial}/{MANIFEST}"))
        try:
            file.write(bytearray(to_json(done).encode()))
        finally:
            file.close()
        if self._files.exists(self._target):
            self._rename(self._target, self._old)
        self._rename(self._new, self._target)

    def _check(self) -> None:
        if not self._files.exists(self._target):
            return
        name = repr(self._target.getName())
        if not self._files.exists(self._path(f"{self._target.toString()}/{MANIFEST}")):
            raise SchemaError(
                f"out: {name} exists and holds no {MANIFEST}, so it is not replaced. "
                "Name another folder."
            )
        if not self._overwrite:
            raise FileExistsError(f"out: {name} exists and overwrite is off.")

    def _mend(self) -> None:
        """Remove what a run has left, or put an older folder back in its place."""
        if self._files.exists(self._old) and not self._files.exists(self._target):
            self._rename(self._old, self._target)
        for left in (self._new, self._old):
            self._files.delete(left, True)

    def _rename(self, old: Any, new: Any) -> None:
        if not self._files.rename(old, new):
            raise OSError(f"Spark's file system cannot rename to {new.getName()!r}.")

    def _beside(self, ending: str) -> Any:
        name = f".{self._target.getName()}.{ending}"
        return self._jvm.org.apache.hadoop.fs.Path(self._target.getParent(), name)

    def _path(self, text: str) -> Any:
        return self._jvm.org.apache.hadoop.fs.Path(text)
