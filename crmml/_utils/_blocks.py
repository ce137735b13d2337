"""Run a compiled loop over many rows on several threads, with one result."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

_BLOCK = 1 << 17
"""Rows a block: its size, not the number of threads, decides how sums are rounded."""


def run_in_blocks(loop: Callable[..., None], n_rows: int, *arguments: object) -> None:
    """Run ``loop(*arguments, first, last, ...)`` for every block of rows.

    Parameters
    ----------
    loop : callable
        A compiled loop without the interpreter's lock; its last two arguments are the
        first row and the one after the last. It writes into arrays among `arguments`.
    n_rows : int
        Number of rows.
    *arguments : object
        What it reads and writes.
    """
    _run([(loop, (*arguments, first, last)) for first, last in _blocks(n_rows)])


def sum_over_blocks(
    loop: Callable[..., None], n_rows: int, n_sums: int, *arguments: object
) -> NDArray[np.float64]:
    """Add up what ``loop(*arguments, first, last, out)`` writes for every block.

    Parameters
    ----------
    loop : callable
        As for :func:`run_in_blocks`; it fills `out`.
    n_rows : int
        Number of rows.
    n_sums : int
        Length of `out`.
    *arguments : object
        What it reads.

    Returns
    -------
    ndarray of shape (n_sums,)
        The sums, the same whatever the number of threads.
    """
    blocks = _blocks(n_rows)
    parts = np.zeros((len(blocks), n_sums))
    calls = zip(blocks, parts, strict=True)
    _run([(loop, (*arguments, first, last, out)) for (first, last), out in calls])
    total: NDArray[np.float64] = parts.sum(axis=0)
    return total


def _blocks(n_rows: int) -> list[tuple[int, int]]:
    edges = [*range(0, n_rows, _BLOCK), n_rows]
    return list(pairwise(edges))


def _run(calls: list[tuple[Callable[..., None], tuple[object, ...]]]) -> None:
    if len(calls) == 1:
        loop, arguments = calls[0]
        loop(*arguments)
        return
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for running in [pool.submit(loop, *arguments) for loop, arguments in calls]:
            running.result()
