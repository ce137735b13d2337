"""Optional packages: import them, or say which command installs them."""

import importlib
import importlib.metadata
from pathlib import Path
from types import ModuleType

from crmml.exceptions import MissingExtraError


def import_extra(module: str, extra: str) -> ModuleType:
    """Import an optional module.

    Parameters
    ----------
    module : str
        Name of the module, for example ``"polars"``.
    extra : str
        The extra of crmml that installs it.

    Returns
    -------
    module
        The imported module.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(_message(module, extra)) from error


def find_packaged_file(distribution: str, name: str, extra: str) -> Path:
    """Locate a data file that an installed distribution carries.

    Parameters
    ----------
    distribution : str
        Name of the distribution as pip knows it.
    name : str
        End of the file's path inside the distribution, with forward slashes.
    extra : str
        The extra of crmml that installs the distribution.

    Returns
    -------
    pathlib.Path
        Where the file lies on disk.

    Raises
    ------
    MissingExtraError
        If the distribution, or the file in it, is not installed.
    """
    try:
        files = importlib.metadata.files(distribution) or []
    except importlib.metadata.PackageNotFoundError as error:
        raise MissingExtraError(_message(distribution, extra)) from error
    for file in files:
        if file.as_posix().endswith(name):
            return Path(str(file.locate()))
    raise MissingExtraError(_message(f"{distribution} with its file {name}", extra))


def _message(what: str, extra: str) -> str:
    return (
        f"{what} is not installed, and this call needs it. "
        f'Install it with: pip install "crmml[{extra}]"'
    )
