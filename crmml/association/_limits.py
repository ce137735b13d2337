"""How much memory a search will take, and whether there is so much."""

import os

import numpy as np

from crmml.association._ranked_rows import RankedRows
from crmml.exceptions import LimitError

_SPARE = 0.9


def estimate_memory(ranked: RankedRows, n_threads: int, n_entries: int) -> int:
    """Estimate the bytes that a search needs beside the baskets and its result.

    Parameters
    ----------
    ranked : RankedRows
        The baskets.
    n_threads : int
        Number of threads.
    n_entries : int
        The most that one thread writes of what follows the items of a block.

    Returns
    -------
    int
        Bytes: the baskets once more, what is written and what is cut from it, and the
        bit sets of the most frequent items.
    """
    size = ranked.rows.itemsize
    again = size * (len(ranked.rows) + len(ranked.lengths))
    written = 2 * size * n_entries
    # The bit sets of one prefix: at most all ranks by the baskets of that item, and
    # rows are taken instead where less than one bit in 64 would be set.
    n_ranks = len(ranked.counts)
    widest = int(np.max(ranked.counts * np.arange(n_ranks)[::-1], initial=0)) // 8
    widest = min(widest, 8 * len(ranked.rows))
    return again + n_threads * (written + widest)


def check_memory(needed: int) -> None:
    """Refuse what the machine has no memory for.

    Parameters
    ----------
    needed : int
        Bytes.

    Raises
    ------
    LimitError
        If fewer are available.
    """
    available = available_memory()
    if available is not None and needed > _SPARE * available:
        raise LimitError(
            f"The search needs about {needed / 2**30:.1f} GB and "
            f"{available / 2**30:.1f} GB are free. Raise min_support, exclude very "
            "frequent items, or set n_jobs=1."
        )


def available_memory() -> int | None:
    """Give the free bytes of the machine; None where it does not tell."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None
