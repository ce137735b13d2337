"""Which tenth of all customers each falls into, where no machine holds them all.

The rule is that of :func:`crmml.pipeline._ranking.compute_deciles`.
"""

from typing import Any

from crmml._utils._extras import import_extra

_N_BUCKETS = 4096
"""Probabilities are ranked bucket by bucket, each within one task."""


def find_decile_floors(scores: Any, n_rows: int) -> dict[int, float]:
    """Find the least probability of each decile that has customers.

    Parameters
    ----------
    scores : pyspark.sql.DataFrame
        With a column ``churn_probability``.
    n_rows : int
        How many customers there are.

    Returns
    -------
    dict of int to float
        The probabilities by decile.
    """
    functions = import_extra("pyspark.sql.functions", "spark")
    window = import_extra("pyspark.sql.window", "spark").Window
    p = functions.col("p")
    bucket = functions.floor(p * _N_BUCKETS).cast("int")
    placed = scores.select(functions.col("churn_probability").alias("p"))
    placed = placed.withColumn("bucket", bucket)
    counted = placed.groupBy("bucket").count().collect()
    sizes = {row["bucket"]: row["count"] for row in counted}
    above, n_above = [], 0
    for one in sorted(sizes, reverse=True):
        above.append((one, n_above))
        n_above += sizes[one]
    if not above:
        return {}
    offsets = scores.sparkSession.createDataFrame(above, "bucket int, n_above bigint")
    before = functions.rank().over(window.partitionBy("bucket").orderBy(p.desc()))
    n_equal = functions.count("*").over(window.partitionBy("bucket", "p"))
    # Equal probabilities share the mean of their ranks.
    rank = functions.col("n_above") + before + (n_equal - 1) / 2
    decile = functions.ceil(rank * 10 / n_rows).cast("int")
    ranked = placed.join(functions.broadcast(offsets), "bucket").select(
        p, decile.alias("decile")
    )
    floors = ranked.groupBy("decile").agg(functions.min("p").alias("floor"))
    return {row["decile"]: row["floor"] for row in floors.collect()}


def tell_decile(floors: dict[int, float]) -> Any:
    """Return a Spark column with the decile of ``churn_probability``."""
    functions = import_extra("pyspark.sql.functions", "spark")
    p = functions.col("churn_probability")
    found = functions.lit(10)
    for decile in sorted(floors, reverse=True):
        found = functions.when(p >= floors[decile], decile).otherwise(found)
    return found.cast("bigint")
