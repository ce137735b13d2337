"""Score the customers of a cutoff, in bounded memory."""

import os
import time
from typing import Any

import pandas as pd
from sklearn.utils.validation import check_is_fitted

from crmml.exceptions import ModelFileError, SchemaError
from crmml.pipeline import ChurnPipeline, SegmentationPipeline
from crmml.pipeline._churn import check_n_reasons
from crmml.scoring._database_target import DatabaseTarget
from crmml.scoring._file_target import FileTarget
from crmml.scoring._open_model import name_file, open_model
from crmml.scoring._score_here import score_here
from crmml.scoring._score_spark import score_in_spark
from crmml.scoring._sources import list_files
from crmml.scoring._spark_folder import SparkFolder
from crmml.scoring._versions import list_versions
from crmml.tables import CustomerTables, DatabaseTable
from crmml.tables._coerce import as_tables
from crmml.tables._instants import check_cutoffs, is_single
from crmml.tables._spark_engine import SparkEngine


def score(
    model: Any,
    tables: Any,
    cutoff: Any,
    out: str | os.PathLike[str] | DatabaseTable,
    *,
    n_reasons: int = 0,
    language: str = "en",
    overwrite: bool = True,
    quality: bool = True,
) -> dict[str, Any]:
    """Score the customers of a cutoff into a file or table, in bounded memory.

    Features are computed where the tables are, block of customers by block, and what
    the model says of a block is kept on disk until all are scored. Scores appear when
    they are whole, in the place of older ones; a run that is killed leaves what was
    there. The same arguments make the same bytes, so a run can be repeated.

    Parameters
    ----------
    model : ChurnPipeline, SegmentationPipeline, str or path
        A fitted pipeline, or a file that :func:`crmml.scoring.save` wrote.
    tables : CustomerTables, Transactions or frame
        The data.
    cutoff : str or datetime
        The instant we pretend it is.
    out : str, path or DatabaseTable
        A file, ``.parquet`` or ``.csv``. In CSV, text that a spreadsheet would run as
        a formula is quoted; :func:`crmml.scoring.read_scores` takes it off again.
        Or a table of PostgreSQL: scores get a column ``cutoff``, and replace those of
        the same cutoff in one transaction. The table is made if it is not there.
        For tables in Spark, a folder for Parquet files, which Spark writes.
    n_reasons : int, default=0
        How many reasons a churn pipeline gives; they cost more than scores.
    language : {"en", "zh"}, default="en"
        The language of the reasons.
    overwrite : bool, default=True
        Whether older scores may be replaced: those in the file, or of the cutoff in
        the table or folder.
    quality : bool, default=True
        Whether to note what :meth:`crmml.tables.CustomerTables.quality` finds. That
        reads the tables once more: it looks at every column and for repeated rows,
        and features need but a few columns.

    Returns
    -------
    dict of str to object
        What was done, as also written beside the file, to ``out`` with
        ``.manifest.json`` appended, or to ``_manifest.json`` in the folder: ``model``
        (kind and SHA-256 of its file), ``cutoff``, ``tables`` (rows, and those left
        out for want of an id), ``customers`` (known, scored, not_active), ``unknown``
        (missing and unseen values by feature, of those that have any), ``out`` (rows
        and columns; of a file bytes and SHA-256), ``quality`` (findings with counts;
        None if not wanted), ``versions``, ``seconds``. Known customers are those
        scored and those not active, always.

    Raises
    ------
    ModelFileError
        If the file holds no fitted pipeline, or cannot be read.
    SchemaError
        If the tables lack what the features need, a file changed while it was read, or
        `out` ends in another way, or is something else that must not be replaced.
    NotEnoughHistoryError
        If the data do not reach around the cutoff.
    TargetBusyError
        If another run is writing to `out`.
    OSError
        If `out` cannot be written, or the database goes away; what was there is then
        as it was. FileExistsError if `overwrite` is off and there are older scores.

    See Also
    --------
    crmml.pipeline.ChurnPipeline.predict : The same, in memory.
    read_scores : Reads the file.

    Notes
    -----
    Customers are ordered by id within each block; small tables are one block, and so
    are tables in PostgreSQL. Renaming is atomic on local disks, not on every network
    share or object store: write to a local disk, and copy the whole file.

    Where the connection of a table has a transaction open, scores are part of it: they
    are there when you commit.

    ``quality`` reads the tables once more. It looks at every column and for repeated
    rows, and features need but a few columns of each.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from crmml.datasets import make_customers
    >>> from crmml.features import RFM
    >>> from crmml.labels import Inactivity
    >>> from crmml.models import LogisticChurnClassifier
    >>> from crmml.pipeline import ChurnPipeline
    >>> from crmml.scoring import read_scores, score
    >>> tables = make_customers(300, random_state=0).to_tables()
    >>> churn = ChurnPipeline(
    ...     features=RFM(),
    ...     label=Inactivity("60D"),
    ...     classifier=LogisticChurnClassifier(),
    ... ).fit(tables, cutoffs="2024-03-01")
    >>> out = Path(tempfile.mkdtemp()) / "scores.parquet"
    >>> done = score(churn, tables, "2024-06-01", out)
    >>> done["customers"]
    {'known': 300, 'scored': 138, 'not_active': 162}
    >>> read_scores(out).columns.tolist()
    ['customer_id', 'churn_probability', 'decile']
    """
    started = time.monotonic()
    pipeline, identity = _open_pipeline(model)
    options: dict[str, Any] = {}
    if isinstance(pipeline, ChurnPipeline):
        check_n_reasons(n_reasons)
        options = {"n_reasons": n_reasons, "language": language}
    tables = as_tables(tables)
    if not is_single(cutoff):
        raise SchemaError("score takes one cutoff; call it once for each.")
    columns = _name_columns(pipeline, n_reasons)
    target = _open_target(out, tables, cutoff, columns, overwrite, name_file(model))
    is_spark = isinstance(tables.engine, SparkEngine)
    run = score_in_spark if is_spark else score_here
    with target.hold():
        found = run(pipeline, tables, cutoff, options, target, quality)
        done = {
            "model": identity,
            "cutoff": pd.Timestamp(cutoff).isoformat(),
            "tables": _count_rows(tables),
            **found,
            "versions": list_versions(),
            "seconds": round(time.monotonic() - started, 3),
        }
        target.conclude(done)
    return done


def _open_target(
    out: Any,
    tables: CustomerTables,
    cutoff: Any,
    columns: list[str],
    overwrite: bool,
    model_file: list[Any],
) -> Any:
    """Check where scores shall go, before any work is done."""
    if isinstance(tables.engine, SparkEngine):
        return SparkFolder(out, tables.engine.session, overwrite=overwrite)
    if isinstance(out, DatabaseTable):
        (instant,) = check_cutoffs(cutoff, tables)
        zone = "UTC" if tables.is_aware else None
        return DatabaseTarget(
            out,
            cutoff=pd.Timestamp(instant, unit="us", tz=zone),
            columns=columns,
            overwrite=overwrite,
        )
    if not isinstance(out, (str, os.PathLike)):
        raise SchemaError(
            f"out must be a path or a DatabaseTable, got {type(out).__name__}."
        )
    inputs = [*list_files(tables), *model_file]
    return FileTarget(out, overwrite=overwrite, inputs=inputs)


def _name_columns(pipeline: Any, n_reasons: int) -> list[str]:
    """Name the columns of the scores."""
    if isinstance(pipeline, SegmentationPipeline):
        return ["customer_id", "segment"]
    if not hasattr(pipeline.classifier_, "explain"):
        n_reasons = 0
    reasons = [f"reason_{rank}" for rank in range(1, n_reasons + 1)]
    return ["customer_id", "churn_probability", "decile", *reasons]


def _open_pipeline(model: Any) -> tuple[Any, dict[str, Any]]:
    pipeline, identity = open_model(model)
    if not isinstance(pipeline, (ChurnPipeline, SegmentationPipeline)):
        raise ModelFileError(
            f"score takes a ChurnPipeline or SegmentationPipeline, got "
            f"{type(pipeline).__name__}, which does not know tables. Put it into one."
        )
    check_is_fitted(pipeline, "features_")
    return pipeline, identity


def _count_rows(tables: CustomerTables) -> dict[str, dict[str, int]]:
    """Tell how many rows each table has, and how many are nobody's."""
    return {
        name: {"rows": int(one.n_rows), "without_id": int(one.n_without_id)}
        for name, one in tables.extents.items()
    }
