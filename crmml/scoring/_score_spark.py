"""Score in Spark: no customer passes through this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlglot.expressions as exp

from crmml._utils._extras import import_extra
from crmml.features._builder import pandas_dtypes
from crmml.features._statement import build_statement
from crmml.scoring._score_here import count_unknown, score_nobody
from crmml.scoring._spark_deciles import find_decile_floors, tell_decile
from crmml.scoring._summary import list_findings, list_unknown
from crmml.scoring._write import to_arrow
from crmml.tables import CustomerTables
from crmml.tables._instants import check_cutoffs
from crmml.tables._stays import spine_query

_UNKNOWN = "crmml_unknown"
"""Counts of a batch, by feature: first all missing, then all unseen; in one row."""
_COUNTS = pa.list_(pa.int64())


def score_in_spark(
    pipeline: Any,
    tables: CustomerTables,
    cutoff: Any,
    options: dict[str, Any],
    target: Any,
    quality: bool,
) -> dict[str, Any]:
    """Score the customers of a cutoff where their tables are.

    Parameters
    ----------
    pipeline : ChurnPipeline or SegmentationPipeline
        A fitted one.
    tables : CustomerTables
        Tables in Spark.
    cutoff : str or datetime
        The instant we pretend it is.
    options : dict of str to object
        What the pipeline's ``_predict_rows`` takes.
    target : SparkFolder
        Where scores go.
    quality : bool
        Whether to look for what is wrong in the tables.

    Returns
    -------
    dict of str to object
        ``customers``, ``unknown``, ``out`` and ``quality`` of the manifest.
    """
    nobody = score_nobody(pipeline, tables, cutoff, options)
    n_known = _count_known(tables, cutoff)
    with _held(_predict(pipeline, tables, cutoff, options, nobody.schema)) as scores:
        n_scored = int(scores.count())
        rows = scores.drop(_UNKNOWN)
        if "decile" in rows.columns:
            floors = find_decile_floors(scores, n_scored)
            rows = rows.withColumn("decile", tell_decile(floors))
        rows.write.parquet(target.partial)
        unknown = _sum_unknown(scores, pipeline)
    return {
        "customers": {
            "known": n_known,
            "scored": n_scored,
            "not_active": n_known - n_scored,
        },
        "unknown": unknown,
        "out": target.describe(n_scored, nobody.column_names),
        "quality": list_findings(tables.quality()) if quality else None,
    }


class BatchScorer:
    """Scores batches of features, wherever Spark sends it.

    Parameters
    ----------
    pipeline : ChurnPipeline or SegmentationPipeline
        A fitted one.
    dtypes : dict of str to object
        Of the features, in pandas, where Arrow does not tell.
    options : dict of str to object
        What the pipeline's ``_predict_rows`` takes.
    """

    def __init__(
        self, pipeline: Any, dtypes: dict[str, Any], options: dict[str, Any]
    ) -> None:
        self._pipeline = pipeline
        self._dtypes = dtypes
        self._options = options

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the scores of each batch."""
        for batch in batches:
            ids = batch.column("customer_id")
            features = batch.select(self._pipeline.features_.feature_names_out_)
            X = features.to_pandas().astype(self._dtypes)
            rows = to_arrow(
                self._pipeline._predict_rows(np.arange(len(X)), X, **self._options)
            )
            rows = rows.set_column(0, "customer_id", ids)
            counts = [_list_counts(count_unknown(self._pipeline, X))]
            unknown = pa.array(counts[: len(X)] + [None] * (len(X) - 1), _COUNTS)
            yield from rows.append_column(_UNKNOWN, unknown).to_batches()


def _list_counts(counted: pd.DataFrame | None) -> list[int] | None:
    if counted is None:
        return None
    return [*counted["n_missing"].tolist(), *counted["n_other"].tolist()]


def _predict(
    pipeline: Any,
    tables: CustomerTables,
    cutoff: Any,
    options: dict[str, Any],
    schema: pa.Schema,
) -> Any:
    """Return scores as a Spark DataFrame, ordered by customer, without deciles yet."""
    types = import_extra("pyspark.sql.pandas.types", "spark")
    label = getattr(pipeline, "label", None)
    features, asked = pipeline.features_._declare_fitted(tables)
    within = None if label is None else label.active_horizon
    statement = build_statement(features, asked, tables, cutoff, within)
    rows = tables.engine.relation(statement)
    found = types.from_arrow_schema(schema.append(pa.field(_UNKNOWN, _COUNTS)))
    found["customer_id"].dataType = rows.schema["customer_id"].dataType
    scorer = BatchScorer(pipeline, pandas_dtypes(features), options)
    return rows.mapInArrow(scorer.__call__, found)


@contextmanager
def _held(rows: Any) -> Iterator[Any]:
    """Keep rows on the executors' disks: what follows reads them several times."""
    levels = import_extra("pyspark", "spark").StorageLevel
    held = rows.persist(levels.DISK_ONLY)
    try:
        yield held
    finally:
        held.unpersist()


def _count_known(tables: CustomerTables, cutoff: Any) -> int:
    spine = spine_query(tables, check_cutoffs(cutoff, tables), None)
    spine.set("order", None)
    spine.set("expressions", [exp.alias_(exp.Count(this=exp.Star()), "n", quoted=True)])
    return int(tables.engine.run(spine)["n"][0].as_py())


def _sum_unknown(scores: Any, pipeline: Any) -> list[dict[str, Any]]:
    functions = import_extra("pyspark.sql.functions", "spark")
    exploded = scores.select(functions.posexplode(_UNKNOWN).alias("place", "n"))
    sums = exploded.groupBy("place").agg(functions.sum("n").alias("n"))
    summed = {row["place"]: row["n"] for row in sums.collect()}
    names = pipeline.features_.feature_names_out_
    counted = {
        "feature": names,
        "n_missing": [summed.get(i, 0) for i in range(len(names))],
        "n_other": [summed.get(len(names) + i, 0) for i in range(len(names))],
    }
    return list_unknown([pd.DataFrame(counted)])
