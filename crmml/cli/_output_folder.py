"""A folder of results that appears whole or not at all."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crmml._utils._atomic import sync_folder
from crmml.exceptions import CrmmlError


@contextmanager
def output_folder(path: str, *, marker: str) -> Iterator[Path]:
    """Give a temporary folder and rename it to `path` when the block succeeds.

    Parameters
    ----------
    path : str
        Where the results shall be.
    marker : str
        A file that every earlier result holds. A folder without it is somebody
        else's and is not replaced.

    Yields
    ------
    pathlib.Path
        The folder to write to; it is removed if the block fails.

    Raises
    ------
    CrmmlError
        If `path` holds something that was not written here.
    OSError
        If no folder can be made there.
    """
    target = Path(path).absolute()
    is_ours = (target / marker).is_file() or (
        target.is_dir() and not any(target.iterdir())
    )
    if target.exists() and not is_ours:
        raise CrmmlError(
            f"{path!r} exists and holds no {marker}, so it is not replaced. "
            "Name another folder: --out FOLDER."
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
    except OSError as error:
        raise type(error)(
            f"{path!r}: no folder can be made there ({error.strerror}). Name another: "
            "--out FOLDER."
        ) from None
    try:
        yield temporary
        temporary.chmod(0o755)
        _swap(temporary, target)
        sync_folder(target.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _swap(new: Path, target: Path) -> None:
    """Put `new` in the place of `target`; the old one is put back if that fails."""
    if not target.exists():
        new.rename(target)
        return
    old = new.with_name(f"{new.name}-old")
    target.rename(old)
    try:
        new.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old)
