"""Compiling with numba: one decorator for all kernels, and single instructions."""

from collections.abc import Callable
from typing import Any

import numba
from llvmlite import ir  # type: ignore[import-untyped, unused-ignore] # no stubs
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


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def copy_eight(_: Any, source: Any, start: Any, target: Any, to: Any) -> Any:
    """Copy eight neighbours from one array to another, in one instruction."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        width = source.dtype.bitwidth
        eight = ir.VectorType(ir.IntType(width), 8).as_pointer()
        places = [
            builder.bitcast(_place(context, builder, *where), eight)
            for where in (
                (source, arguments[0], arguments[1]),
                (target, arguments[2], arguments[3]),
            )
        ]
        values = builder.load(places[0], align=width // 8)
        builder.store(values, places[1], align=width // 8)
        return context.get_dummy_value()

    return types.void(source, types.int64, target, types.int64), generate


def _place(context: Any, builder: Any, kind: Any, array: Any, at: Any) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.gep(data, [at])
