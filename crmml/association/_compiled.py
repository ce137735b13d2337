"""Compiling with numba: one decorator for all kernels, one instruction."""

from collections.abc import Callable
from typing import Any

import numba
from numba import types
from numba.extending import intrinsic


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function on its first call, free of the interpreter's lock.

    The machine code is kept on disk beside the package, or in the user's cache folder.
    Where neither can be written it is compiled anew in every process.
    """
    options = {"nogil": True, "boundscheck": False, "error_model": "numpy"}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:
        # numba says so when it finds no folder for its cache.
        return numba.njit(**options)(function)


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def count_ones(_: Any, word: Any) -> Any:
    """Count the ones of a 64-bit word, in one instruction where there is one."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate
