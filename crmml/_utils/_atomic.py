"""A file appears whole or not at all."""

import contextlib
import glob
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary name beside `path`, and rename what was written when whole.

    The name is hidden, random and created for this call alone, readable by its owner
    only; the file has the usual permissions once it is renamed. It is on disk before
    it is renamed, and so is its name before the call returns. What a process that was
    killed left behind under such a name is removed.

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
    _remove_leftovers(target)
    temporary = target.with_name(f".{target.name}-{secrets.token_hex(8)}")
    handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        _lock(handle)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(_mode(target))
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)
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


_LEFTOVER_SECONDS = 5.0
"""A file this young may be one whose owner is about to lock it."""


def _remove_leftovers(target: Path) -> None:
    """Remove temporary files for `target` whose process is gone, and so its lock."""
    for left in target.parent.glob(f".{glob.escape(target.name)}-{'[0-9a-f]' * 16}"):
        with contextlib.suppress(OSError), left.open("rb+") as file:
            if time.time() - left.stat().st_mtime > _LEFTOVER_SECONDS:
                _lock(file.fileno())
                left.unlink()


def _lock(handle: int) -> None:
    """Lock a file for as long as it is open, or fail; not where there are no locks."""
    if fcntl is not None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _mode(target: Path) -> int:
    """Permissions of the file that is replaced, or those that new files get."""
    try:
        return target.stat(follow_symlinks=False).st_mode & 0o777
    except FileNotFoundError:
        return 0o666 & ~_umask()


def _umask() -> int:
    """Tell which permissions new files do not get, without touching the setting."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith("Umask:"))
        return int(line.split()[1], 8)
    except (OSError, StopIteration):
        return 0o022
