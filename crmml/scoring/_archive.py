"""The zip of a model file: fixed members, fixed bytes, and sizes that are counted."""

import hashlib
import hmac
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from crmml._utils._atomic import whole_file
from crmml.exceptions import ModelFileError

MANIFEST, TREE, ARRAYS = "manifest.json", "model.json", "arrays.bin"
MEMBERS = (MANIFEST, TREE, ARRAYS)
MAX_BYTES = 2**28
"""What a file may unpack to, unless the caller allows more."""
_TEXT_SHARE = 16
"""Objects made of text take many times its size: it may be this part of the whole."""
_CHUNK = 2**20
_COUNTABLE = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""Of these a part can be unpacked; others hand over all that a chunk expands to."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest date of a zip: no clock in the bytes of a file."""


def write_archive(path: str | os.PathLike[str], members: Mapping[str, bytes]) -> None:
    """Write the members, such that equal ones make equal files.

    Parameters
    ----------
    path : str or path
        Where the file shall be; it appears when it is whole.
    members : mapping of str to bytes
        Manifest, tree and arrays.
    """
    with (
        whole_file(path) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in MEMBERS:
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            archive.writestr(info, members[name])


def read_archive(
    path: str | os.PathLike[str], *, sha256: str | None, max_bytes: int
) -> tuple[dict[str, bytearray], str]:
    """Read the members of a model file into memory, never more than allowed.

    Parameters
    ----------
    path : str or path
        The file.
    sha256 : str or None
        What the file must hash to.
    max_bytes : int
        The most that all members together may unpack to.

    Returns
    -------
    members : dict of str to bytearray
        Manifest, tree and arrays.
    found : str
        SHA-256 of the whole file, in hexadecimal.

    Raises
    ------
    ModelFileError
        If it is no zip of just these members, damaged, too large, or another file
        than expected.
    OSError
        If it cannot be read.
    """
    name = Path(path).name
    with Path(path).open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
        wanted = found if sha256 is None else str(sha256).lower()
        if not hmac.compare_digest(found.encode(), wanted.encode()):
            raise ModelFileError(
                f"{name} is not the file that sha256= names: it hashes to {found}. Get "
                "the file that was meant."
            )
        file.seek(0)
        if file.read(4) != b"PK\x03\x04":
            raise ModelFileError(
                f"{name} is no model file of crmml, which begins as a zip does. Files "
                "of joblib or pickle run code when they are read, and are read only by "
                "load(path, allow_pickle=True)."
            )
        try:
            with zipfile.ZipFile(file) as archive:
                return _read_members(archive, name, max_bytes), found
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            RuntimeError,
            UnicodeError,
            ValueError,
            OSError,
        ) as error:
            if isinstance(error, ModelFileError):
                raise
            raise ModelFileError(
                f"{name} is damaged: {type(error).__name__} while it was unpacked. Get "
                "the file again, or save the model again."
            ) from error


def _read_members(
    archive: zipfile.ZipFile, name: str, max_bytes: int
) -> dict[str, bytearray]:
    found = [info.filename for info in archive.infolist()]
    if sorted(found) != sorted(MEMBERS):
        unknown = len(set(found) - set(MEMBERS))
        raise ModelFileError(
            f"{name} holds {len(found)} members, {unknown} of them unknown; a model "
            f"file holds {', '.join(MEMBERS)}, each once. It was not written by "
            "crmml.scoring.save, or it was changed."
        )
    if not {info.compress_type for info in archive.infolist()} <= _COUNTABLE:
        raise ModelFileError(
            f"{name} is compressed in a way that crmml.scoring.save does not use: its "
            "members are deflated or stored. It was packed anew by something else; "
            "get the file that was saved."
        )
    members: dict[str, bytearray] = {}
    left = max_bytes
    for member in MEMBERS:
        most = left if member == ARRAYS else min(left, max_bytes // _TEXT_SHARE)
        members[member] = _read_member(archive, member, most, name, max_bytes)
        left -= len(members[member])
    return members


def _read_member(
    archive: zipfile.ZipFile, member: str, most: int, name: str, max_bytes: int
) -> bytearray:
    """Read one member, counting what comes out: the sizes in the zip may lie."""
    chunks = bytearray()
    with archive.open(member) as file:
        while chunk := file.read(_CHUNK):
            chunks += chunk
            if len(chunks) > most:
                raise ModelFileError(
                    f"{name} unpacks to more than {most:,} bytes of {member}. If you "
                    "know that the model is so large, call load(path, "
                    f"max_bytes=...) with more than {max_bytes:,}."
                )
    return chunks
