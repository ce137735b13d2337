"""Score the customers of a cutoff into a file, in bounded memory."""

import hashlib
import importlib.metadata
import json
import os
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.utils.validation import check_is_fitted

import crmml
from crmml._utils._atomic import whole_file
from crmml.exceptions import ModelFileError, NotEnoughHistoryError
from crmml.pipeline import ChurnPipeline, SegmentationPipeline
from crmml.pipeline._ranking import compute_deciles
from crmml.scoring._save import load, read_manifest
from crmml.scoring._sources import list_files, watch_paths
from crmml.scoring._spool import Spool
from crmml.scoring._targets import (
    MANIFEST,
    check_target,
    hold_target,
    open_target,
    refuse_inputs,
)
from crmml.scoring._write import to_arrow
from crmml.tables import CustomerTables, make_spine
from crmml.tables._coerce import as_tables


def score(
    model: Any,
    tables: Any,
    cutoff: Any,
    out: str | os.PathLike[str],
    *,
    n_reasons: int = 0,
    language: str = "en",
) -> dict[str, Any]:
    """Score the customers of a cutoff into a file, in bounded memory.

    Features are computed where the tables are, block of customers by block, and what
    the model says of a block is kept on disk until all are scored. The file appears
    when it is whole, in the place of an older one; a run that is killed leaves what was
    there. The same arguments make the same bytes, so a run can be repeated.

    Parameters
    ----------
    model : ChurnPipeline, SegmentationPipeline, str or path
        A fitted pipeline, or a file that :func:`crmml.scoring.save` wrote.
    tables : CustomerTables, Transactions or frame
        The data.
    cutoff : str or datetime
        The instant we pretend it is.
    out : str or path
        The file, ``.parquet`` or ``.csv``. In CSV, text that a spreadsheet would run as
        a formula is quoted; :func:`crmml.scoring.read_scores` takes it off again.
    n_reasons : int, default=0
        How many reasons a churn pipeline gives; they cost more than scores.
    language : {"en", "zh"}, default="en"
        The language of the reasons.

    Returns
    -------
    dict of str to object
        What was done, as also written beside the file, to ``out`` with
        ``.manifest.json`` appended: ``model`` (kind and SHA-256 of its file),
        ``cutoff``, ``customers`` (known, scored, not_active), ``out`` (rows, columns,
        bytes, SHA-256), ``quality`` (findings with counts), ``versions``, ``seconds``.
        Known customers are those scored and those not active, always.

    Raises
    ------
    ModelFileError
        If the file holds no fitted pipeline, or cannot be read.
    SchemaError
        If the tables lack what the features need, a file changed while it was read, or
        `out` ends in another way.
    NotEnoughHistoryError
        If the data do not reach around the cutoff.
    TargetBusyError
        If another run is writing to `out`.
    OSError
        If `out` cannot be written; an older file is then as it was.

    See Also
    --------
    crmml.pipeline.ChurnPipeline.predict : The same, in memory.
    read_scores : Reads the file.

    Notes
    -----
    Customers are ordered by id within each block; small tables are one block. Renaming
    is atomic on local disks, not on every network share or object store: write to a
    local disk, and copy the whole file.

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
    target = check_target(out)
    pipeline, identity = _open_model(model)
    tables = as_tables(tables)
    files = list_files(tables)
    refuse_inputs(target, [*files, *name_file(model)])
    options: dict[str, Any] = {}
    if isinstance(pipeline, ChurnPipeline):
        options = {"n_reasons": n_reasons, "language": language}
    counts = {"known": 0, "scored": 0}
    with hold_target(target):
        with Spool(target.parent) as spool:
            with watch_paths(files):
                for rows, n_known in _score_blocks(pipeline, tables, cutoff, options):
                    counts["known"] += n_known
                    if rows is not None:
                        spool.add(rows)
                        counts["scored"] += rows.num_rows
                quality = tables.quality()
            columns = finish(spool, target)
        counts["not_active"] = counts["known"] - counts["scored"]
        done = {
            "model": identity,
            "cutoff": pd.Timestamp(cutoff).isoformat(),
            "customers": counts,
            "out": describe_file(target, counts["scored"], columns),
            "quality": _list_findings(quality),
            "versions": describe_versions(),
            "seconds": round(time.monotonic() - started, 3),
        }
        write_manifest(done, target)
    return done


_LIBRARIES = ("duckdb", "numpy", "pandas", "pyarrow", "scikit-learn", "xgboost")


def _open_model(model: Any) -> tuple[Any, dict[str, Any]]:
    """Return the fitted pipeline, and what to call it in the manifest."""
    sha256 = None
    if isinstance(model, (str, os.PathLike)):
        sha256 = read_manifest(model)["sha256"]
        model = load(model, sha256=sha256)
    if not isinstance(model, (ChurnPipeline, SegmentationPipeline)):
        raise ModelFileError(
            f"score takes a ChurnPipeline or SegmentationPipeline, got "
            f"{type(model).__name__}, which does not know tables. Put it into one."
        )
    check_is_fitted(model, "features_")
    return model, {"kind": type(model).__name__, "sha256": sha256}


def name_file(model: Any) -> list[Any]:
    """List the file that a model was given as, if it was."""
    return [model] if isinstance(model, (str, os.PathLike)) else []


def _score_blocks(
    pipeline: Any, tables: CustomerTables, cutoff: Any, options: dict[str, Any]
) -> Iterator[tuple[pa.Table | None, int]]:
    """Yield the scores of each block, if any, and how many customers are in it."""
    is_empty = True
    with closing(pipeline.features_.split(tables, cutoff)) as blocks:
        for block in blocks:
            n_known = 0
            try:
                n_known = len(make_spine(block, cutoff))
                scores = to_arrow(pipeline.predict(block, cutoff, **options))
            except NotEnoughHistoryError:
                # Nobody of this block is there, or is active.
                yield None, n_known
                continue
            yield scores, n_known
            is_empty = False
    if is_empty:
        nobody = pipeline.predict(tables, cutoff, customers=[], **options)
        yield to_arrow(nobody), 0


def finish(spool: Spool, target: Path) -> list[str]:
    """Write what the spool holds, with deciles among all customers."""
    deciles = None
    if "decile" in spool.schema.names:
        parts = [part["churn_probability"].to_numpy() for part in spool.read()]
        deciles = compute_deciles(np.concatenate([np.empty(0), *parts]))
    n_written = 0
    with open_target(target, spool.schema) as write:
        for part in spool.read():
            if deciles is not None:
                own = pa.array(deciles[n_written : n_written + part.num_rows])
                part = part.set_column(part.column_names.index("decile"), "decile", own)
            n_written += part.num_rows
            write(part)
    return list(spool.schema.names)


def describe_versions() -> dict[str, str]:
    """Name the versions that scores may depend on."""
    found = {name: importlib.metadata.version(name) for name in _LIBRARIES}
    return {"crmml": crmml.__version__, **found}


def describe_file(target: Path, n_rows: int, columns: list[str]) -> dict[str, Any]:
    """Describe a file that was written, with its hash."""
    with target.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "file": target.name,
        "rows": n_rows,
        "columns": columns,
        "bytes": target.stat().st_size,
        "sha256": sha256,
    }


def _list_findings(quality: pd.DataFrame) -> list[dict[str, Any]]:
    shown = ["table", "column", "finding", "n_rows"]
    rows = json.loads(quality[shown].to_json(orient="records"))
    return list(rows)


def write_manifest(done: dict[str, Any], target: Path) -> None:
    """Write beside a file what was done."""
    text = json.dumps(done, indent=2, ensure_ascii=False, allow_nan=False)
    with whole_file(target.with_name(target.name + MANIFEST)) as temporary:
        temporary.write_text(text, encoding="utf-8")
