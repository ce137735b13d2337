"""Frames of any library: what they are, and their columns' names in messages."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import narwhals as nw
import pandas as pd

# Characters; a message must stay readable however wide the table.
_LONGEST = 600


def is_frame(X: Any) -> bool:
    """Whether X is a dataframe (pandas, Polars, pyarrow) rather than an array."""
    # Narwhals refuses repeated names, in its own words and too early for ours.
    if isinstance(X, pd.DataFrame) or nw.dependencies.is_pyarrow_table(X):
        return True
    native = nw.from_native(X, eager_only=True, pass_through=True)
    return isinstance(native, nw.DataFrame)


def column_names(frame: Any) -> list[Any]:
    """Names of a frame's columns, repeated ones included."""
    # A pyarrow table keeps its values, not its names, under `columns`.
    is_arrow = nw.dependencies.is_pyarrow_table(frame)
    return list(frame.column_names if is_arrow else frame.columns)


def select_columns(X: Any, names: Sequence[Any]) -> nw.DataFrame[Any]:
    """Open the named columns in this order; the others may even repeat names."""
    if isinstance(X, pd.DataFrame):
        where = {name: i for i, name in enumerate(X.columns)}
        X = X.iloc[:, [where[name] for name in names]]
    elif nw.dependencies.is_pyarrow_table(X):
        X = X.select(list(names))
    frame: nw.DataFrame[Any] = nw.from_native(X, eager_only=True)
    # pandas' names need not be text, which is what narwhals selects by.
    return frame if isinstance(X, pd.DataFrame) else frame.select(*names)


def find_repeated(names: Iterable[Any]) -> list[Any]:
    """Names that come more than once, sorted."""
    repeated = [name for name, count in Counter(names).items() if count > 1]
    return sorted(repeated, key=str)


def join_texts(
    texts: Sequence[str], separator: str = ", ", rest: str = "and {} more"
) -> str:
    """Write texts, such as names of columns, one after the other while they fit.

    Parameters
    ----------
    texts : sequence of str
        What is listed.
    separator : str, default=", "
        Stands between them.
    rest : str, default="and {} more"
        Says how many are left out.

    Returns
    -------
    str
        At most about 600 characters.

    Examples
    --------
    >>> join_texts(["'a'", "'b'"])
    "'a', 'b'"
    >>> join_texts(["x" * 400] * 3).endswith("x, and 2 more")
    True
    """
    shown: list[str] = []
    for text in texts:
        if sum(map(len, shown)) + len(text) > _LONGEST:
            break
        shown.append(text)
    left_out = len(texts) - len(shown)
    return separator.join([*shown, rest.format(left_out)] if left_out else shown)
