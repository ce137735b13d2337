"""Itemsets by the FP-growth of Spark MLlib, where the baskets lie."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from crmml.association._spark_baskets import SparkBaskets
from crmml.association._trie import make_trie
from crmml.exceptions import SchemaError


def mine_on_spark(
    baskets: SparkBaskets,
    frequent: NDArray[np.int64],
    min_count: int,
    *,
    max_length: int | None,
    algorithm: str,
    max_itemsets: int,
) -> tuple[Any, Any, Any] | None:
    """Find all itemsets that at least `min_count` baskets hold.

    Parameters
    ----------
    baskets : SparkBaskets
        The baskets.
    frequent : ndarray of int64 of shape (n_ranks,)
        Codes of the items in so many baskets, the rarest first.
    min_count : int
        The smallest number of baskets.
    max_length : int or None
        The largest number of items in an itemset. MLlib finds longer ones too.
    algorithm : {"auto", "fpgrowth"}
        The same thing there.
    max_itemsets : int
        The largest number of itemsets.

    Returns
    -------
    tuple of three ndarray of int64 of shape (n_itemsets,), or None
        Parent, rank and count of each node; None if there are more than allowed.

    Raises
    ------
    SchemaError
        If another algorithm is asked for.
    """
    if algorithm not in ("auto", "fpgrowth"):
        raise SchemaError(
            f"algorithm={algorithm!r}: on a Spark DataFrame there is FP-growth only. "
            "Use algorithm='auto'."
        )
    if not len(frequent):
        return make_trie({})
    rows = _gather(baskets, frequent).persist()
    try:
        found = _grow(rows, min_count, max_length, max_itemsets)
    finally:
        rows.unpersist()
    if found.num_rows > max_itemsets:
        return None
    ranks = map(tuple, map(sorted, found["items"].to_pylist()))
    counted = zip(ranks, found["freq"].to_pylist(), strict=True)
    # Shares were compared there with rounding, counts are compared here without.
    return make_trie({items: count for items, count in counted if count >= min_count})


def _gather(baskets: SparkBaskets, frequent: NDArray[np.int64]) -> Any:
    """Give the frequent items of each basket, as ranks."""
    from pyspark.sql import functions
    from pyspark.sql.types import IntegerType, StructField, StructType

    pairs = baskets.pairs
    labels = [(baskets.items[code], rank) for rank, code in enumerate(frequent)]
    schema = StructType(
        [
            StructField("item", pairs.schema["item"].dataType),
            StructField("rank", IntegerType()),
        ]
    )
    ranks = pairs.sparkSession.createDataFrame(labels, schema)
    orders = [name for name in pairs.columns if name != "item"]
    known = pairs.join(functions.broadcast(ranks), "item")
    return known.groupBy(*orders).agg(functions.collect_list("rank").alias("items"))


def _grow(rows: Any, min_count: int, max_length: int | None, limit: int) -> pa.Table:
    """Run FP-growth; give items and freq of one itemset more than allowed at most."""
    from pyspark.ml.fpm import FPGrowth
    from pyspark.sql import functions

    # MLlib takes a share and rounds its product with the number of rows up: half a
    # basket less than the count comes out as the count, however it is rounded before.
    share = (min_count - 0.5) / rows.count()
    found = FPGrowth(itemsCol="items", minSupport=share).fit(rows).freqItemsets
    if max_length is not None:
        found = found.where(functions.size("items") <= max_length)
    table: pa.Table = found.limit(limit + 1).toArrow()
    return table
