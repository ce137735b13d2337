"""Watch a pipeline: are today's customers those that it knows, and was it right."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml.exceptions import ModelFileError, NotEnoughHistoryError, SchemaError
from crmml.pipeline import ChurnPipeline
from crmml.scoring._monitor_parts import (
    check_out,
    make_report,
    open_watched,
    start_counting,
)
from crmml.scoring._monitor_report import MonitorReport, write_report
from crmml.scoring._realised import measure_realised
from crmml.scoring._sources import list_files, watch_paths
from crmml.tables import CustomerTables
from crmml.tables._coerce import as_tables
from crmml.tables._spine import build_spine


def monitor(
    model: str | os.PathLike[str],
    tables: Any,
    cutoff: Any,
    *,
    scores: str | os.PathLike[str] | None = None,
    scores_cutoff: Any = None,
    ignore: Sequence[str] = (),
    out: str | os.PathLike[str] | None = None,
) -> MonitorReport:
    """Compare the customers of a cutoff with those that a model was trained on.

    Features and scores are counted in the bins of the reference that
    ``save(..., tables=tables)`` stored, block of customers by block: no row is kept.
    With the scores of an earlier cutoff whose label window is over, what became of
    these customers is compared with the backtest.

    Parameters
    ----------
    model : str or path
        What :func:`crmml.scoring.save` wrote of a ChurnPipeline, with its tables.
    tables : CustomerTables, Transactions or frame
        The data.
    cutoff : str or datetime
        The instant we pretend it is.
    scores : str or path, optional
        What :func:`crmml.scoring.score` wrote for an earlier cutoff.
    scores_cutoff : str or datetime, optional
        That cutoff. Default: what the manifest beside the file says.
    ignore : sequence of str, default=()
        Features that are expected to move, such as the age of an account: shown, but
        of no influence on the verdict.
    out : str or path, optional
        Where to write the report too, as JSON (``.json``). The file appears when it is
        whole.

    Returns
    -------
    MonitorReport
        Exit code, verdict and tables.

    Raises
    ------
    ModelFileError
        If the file holds no ChurnPipeline, no reference, or cannot be read.
    SchemaError
        If the tables lack what the features need, an argument is not as above, or
        files changed while they were read.
    LeakageError
        If the label window of `scores` is still open.
    NotEnoughHistoryError
        If the data do not reach the cutoff.
    OSError
        If `out` cannot be written.

    See Also
    --------
    monitor_features : The same for features that were made elsewhere.
    crmml.evaluation.drift_report : Compares two frames.

    Notes
    -----
    Statuses are those of :func:`crmml.evaluation.drift_report`. Categories are new if
    fewer than five training customers had them, or fewer than one in a hundred. A
    customer who is in several training snapshots is one witness. The number of
    customers is watched too: fewer than a half or more than twice as many as in a
    training snapshot is a moderate change, fewer than a tenth a large one.

    A moderate shift is something to look at (watch, 10); a large one to do something
    about, such as to repair the data or to train again (act, 11). Chance alone raises
    either in one of a hundred reports, and in one more with `scores`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from crmml.datasets import make_customers
    >>> from crmml.features import RFM
    >>> from crmml.labels import Inactivity
    >>> from crmml.models import LogisticChurnClassifier
    >>> from crmml.pipeline import ChurnPipeline
    >>> from crmml.scoring import monitor, save
    >>> tables = make_customers(2000, random_state=0).to_tables()
    >>> churn = ChurnPipeline(
    ...     features=RFM(windows="90D"),
    ...     label=Inactivity("60D"),
    ...     classifier=LogisticChurnClassifier(),
    ... ).fit(tables, cutoffs="2024-03-01")
    >>> path = Path(tempfile.mkdtemp()) / "churn.crmml"
    >>> save(churn, path, tables=tables)
    >>> monitor(path, tables, "2024-04-01").exit_code
    0
    """
    started = time.monotonic()
    manifest, pipeline = open_watched(model, ignore)
    if not isinstance(pipeline, ChurnPipeline):
        raise ModelFileError(
            f"monitor takes a ChurnPipeline, and {Path(model).name} holds a "
            f"{manifest['kind']}, which does not know tables: use monitor_features."
        )
    if scores is None and scores_cutoff is not None:
        raise SchemaError("scores_cutoff= says of when scores= are; give both.")
    tables = as_tables(tables)
    files = list_files(tables)
    read = [model, *files, *([] if scores is None else [scores])]
    target = None if out is None else check_out(out, read)
    today = start_counting(manifest)
    n_known = 0
    with watch_paths(files):
        for n_here, X, probability in _ask_blocks(pipeline, tables, cutoff):
            n_known += n_here
            if X is not None:
                today.add(X, probability)
        realised = None
        if scores is not None:
            realised = measure_realised(
                pipeline, tables, scores, scores_cutoff, manifest
            )
    report = make_report(
        manifest,
        today,
        n_known=n_known,
        realised=realised,
        ignore=ignore,
        cutoff=pd.Timestamp(cutoff).isoformat(),
        started=started,
    )
    if target is not None:
        write_report(report, target)
    return report


def _ask_blocks(
    pipeline: ChurnPipeline, tables: CustomerTables, cutoff: Any
) -> Iterator[tuple[int, pd.DataFrame | None, NDArray[np.float64]]]:
    """Yield customers known, and features and scores of those scored, by block."""
    is_empty = True
    with closing(pipeline.features_.split(tables, cutoff)) as blocks:
        for block in blocks:
            n_known = 0
            try:
                n_known = len(build_spine(block, cutoff).cutoff)
                _, X = pipeline._describe(block, cutoff)
            except NotEnoughHistoryError:
                # Nobody of this block is there, or is active.
                yield n_known, None, np.empty(0)
                continue
            yield n_known, X, pipeline._predict_probability(X)[:, 1]
            is_empty = False
    if is_empty:
        # Refuses data that do not reach around the cutoff at all.
        pipeline._describe(tables, cutoff, [])
