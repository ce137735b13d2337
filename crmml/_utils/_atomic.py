"""A file appears whole or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary name beside `path`, and rename what was written when whole.

    The name is hidden, random and created for this call alone, readable by its owner
    only; the file has the usual permissions once it is renamed. It is on disk before
    it is renamed, and so is its name before the call returns.

    Parameters
    ----------
    path : str or path
        Where the file shall be; an older one is replaced.

    Yields
    ------
    pathlib.Path
        An empty file to write to; it is removed if the block fails.

    Raises
    ------
    OSError
        If the file cannot be written; `path` is then what it was.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with whole_file(folder / "answer.txt") as temporary:
    ...     _ = temporary.write_text("42")
    >>> [(item.name, item.read_text()) for item in folder.iterdir()]
    [('answer.txt', '42')]
    """
    target = Path(path)
    temporary = target.with_name(f".{target.name}-{secrets.token_hex(8)}")
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on disk, where the system can do that.

    Parameters
    ----------
    folder : pathlib.Path
        The folder.
    """
    if os.name == "nt":  # pragma: no cover
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _umask() -> int:
    """Tell which permissions new files do not get, without touching the setting."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith("Umask:"))
        return int(line.split()[1], 8)
    except (OSError, StopIteration):
        return 0o022
