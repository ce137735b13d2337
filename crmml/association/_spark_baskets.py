"""Baskets that lie in Spark: order lines of which only counts come here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmml._utils._frames import join_texts
from crmml.association._baskets import EncodedBaskets
from crmml.association._messages import warn_left_out
from crmml.exceptions import SchemaError

_DAY = 86_400_000_000
_WHOLE = {"byte", "short", "integer", "long"}
_ORDERS = _WHOLE | {"date", "timestamp", "timestamp_ntz"}


@dataclass(frozen=True, kw_only=True)
class SparkBaskets(EncodedBaskets):
    """Baskets as a Spark DataFrame.

    It has no codes and no offsets, which are empty: what would look at single baskets
    asks for `basket_of_entry` and is refused.

    Parameters
    ----------
    counts : ndarray of int64 of shape (n_items,)
        The baskets that hold each item; 0 for items taken out.
    n_orders : int
        Number of baskets.
    pairs : pyspark.sql.DataFrame
        Distinct pairs: the columns of the order, and ``item``.
    """

    counts: NDArray[np.int64]
    n_orders: int
    pairs: Any

    @property
    def n_baskets(self) -> int:
        """Number of baskets, empty ones included."""
        return self.n_orders

    @property
    def basket_of_entry(self) -> NDArray[np.int64]:
        """Refused: the baskets are not here."""
        raise _refuse("must_contain and hierarchy")

    def item_counts(self) -> NDArray[np.int64]:
        """Give the number of baskets that hold each item."""
        return self.counts

    def keep_items(self, kept: NDArray[np.bool_]) -> "SparkBaskets":
        """Give the same baskets with only the items whose codes are marked true."""
        return replace(self, counts=np.where(kept, self.counts, 0))


def read_spark(
    frame: Any,
    order_column: str | Sequence[str],
    item_column: str,
    weights: Any = None,
) -> SparkBaskets:
    """Look at order lines in Spark.

    Parameters
    ----------
    frame : pyspark.sql.DataFrame
        Long order lines. Lines without an order are left out and counted in a warning,
        and so are missing items.
    order_column : str or sequence of str
        The column, or columns, that say which lines are one basket.
    item_column : str
        The column of the items.
    weights : object, default=None
        Weights of baskets, which are refused.

    Returns
    -------
    SparkBaskets
        One basket for each order, also if none of its lines has an item.

    Raises
    ------
    SchemaError
        If columns are missing, or are neither text nor whole numbers.
    """
    from pyspark.sql import functions

    if weights is not None:
        raise _refuse("sample_weight")

    named = [order_column] if isinstance(order_column, str) else list(order_column)
    kinds = _check_columns(frame, named, item_column)
    orders = [f"order_{place}" for place in range(len(named))]
    columns = [
        _to_day(_column(frame, name), kinds[name], functions)
        if len(named) > 1
        else _column(frame, name)
        for name in named
    ]
    renamed = [one.alias(name) for one, name in zip(columns, orders, strict=True)]
    lines = frame.select(*renamed, _column(frame, item_column).alias("item"))
    _warn_of_missing(lines, orders, named, item_column)
    owned = lines.dropna(subset=orders)
    pairs = owned.dropna(subset=["item"]).distinct()
    found = pairs.groupBy("item").count().collect()
    by_label = sorted((row["item"], row["count"]) for row in found)
    return SparkBaskets(
        items=tuple(label for label, _ in by_label),
        codes=np.empty(0, dtype=np.int32),
        offsets=np.zeros(1, dtype=np.int64),
        weights=None,
        counts=np.array([count for _, count in by_label], dtype=np.int64),
        n_orders=owned.select(*orders).distinct().count(),
        pairs=pairs,
    )


def _check_columns(frame: Any, named: list[str], item: str) -> dict[str, str]:
    """Check what the columns hold; give the names of their types."""
    present = list(frame.columns)
    for name in (*named, item):
        if name not in present:
            shown = join_texts([repr(one) for one in present])
            raise SchemaError(
                f"the Spark DataFrame has no column {name!r}, only {shown}. Name its "
                "columns with order_column and item_column."
            )
        same = [one for one in present if one.lower() == name.lower()]
        if len(same) > 1:
            raise SchemaError(
                f"columns {same} differ at most in case, and Spark cannot tell them "
                "apart. Rename one."
            )
    kinds = {field.name: field.dataType.typeName() for field in frame.schema.fields}
    for name in named:
        if not (_is_text(kinds[name]) or kinds[name] in _ORDERS):
            raise SchemaError(f"column {name!r}: ids cannot be of type {kinds[name]}.")
    if not (_is_text(kinds[item]) or kinds[item] in _WHOLE):
        raise SchemaError(
            f"column {item!r}: items must be text or whole numbers, got {kinds[item]}. "
            "Cast the column, for example to string."
        )
    return kinds


def _is_text(kind: str) -> bool:
    # With its length or collation, such as varchar(10).
    return kind.startswith(("string", "varchar", "char"))


def _column(frame: Any, name: str) -> Any:
    return frame["`" + name.replace("`", "``") + "`"]


def _to_day(column: Any, kind: str, functions: Any) -> Any:
    """Of a timestamp the day counts, in UTC, whatever the session's time zone."""
    if kind == "timestamp_ntz":
        return column.cast("date")
    if kind == "timestamp":
        instant = functions.unix_micros(column)
        return instant - functions.pmod(instant, functions.lit(_DAY))
    return column


def _warn_of_missing(
    lines: Any, orders: list[str], named: list[str], item: str
) -> None:
    from pyspark.sql import functions

    is_owned = functions.lit(True)
    for name in orders:
        is_owned = is_owned & lines[name].isNotNull()
    n_lines, n_owned, n_whole = lines.agg(
        functions.count(functions.lit(1)),
        functions.count(functions.when(is_owned, 1)),
        functions.count(functions.when(is_owned & lines["item"].isNotNull(), 1)),
    ).first()
    if n_owned < n_lines:
        shown = " or ".join(map(repr, named))
        warn_left_out(n_lines - n_owned, n_lines, f"order lines have no {shown}")
    if n_whole < n_owned:
        warn_left_out(n_owned - n_whole, n_lines, f"order lines have no {item!r}")


def _refuse(what: str) -> SchemaError:
    return SchemaError(
        f"{what}: not for a Spark DataFrame, whose baskets stay in Spark. Give the "
        "lines as a table in this process, for example X.toArrow()."
    )
