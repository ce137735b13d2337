"""Watch a model by features that lie in Parquet."""

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from crmml.exceptions import SchemaError
from crmml.pipeline import ChurnPipeline
from crmml.scoring._monitor_parts import (
    check_out,
    make_report,
    open_watched,
    start_counting,
)
from crmml.scoring._monitor_report import MonitorReport, write_report
from crmml.scoring._sources import watch_paths
from crmml.tables._parquet_source import ParquetSource
from crmml.tables._sources import open_source

_BATCH_ROWS = 131_072


def monitor_features(
    model: str | os.PathLike[str],
    data: str,
    *,
    ignore: Sequence[str] = (),
    out: str | os.PathLike[str] | None = None,
) -> MonitorReport:
    """Compare rows of features that lie in Parquet with those of training.

    Parameters
    ----------
    model : str or path
        What :func:`crmml.scoring.save` wrote of a ChurnPipeline, or of a churn
        classifier fitted to a frame, with ``tables=``.
    data : str
        Path or glob of Parquet files, as for :func:`crmml.scoring.score_features`: one
        row per customer; other columns are not looked at.
    ignore : sequence of str, default=()
        Features that are expected to move, as in :func:`monitor`.
    out : str or path, optional
        Where to write the report too, as JSON (``.json``).

    Returns
    -------
    MonitorReport
        Exit code, verdict and tables.

    Raises
    ------
    ModelFileError
        If the file holds another model, no reference, or cannot be read.
    SchemaError
        If columns are missing, values are infinite, a file is damaged or changed while
        it was read, or an argument is not as above.
    OSError
        If `out` cannot be written.

    See Also
    --------
    monitor : The same from tables.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> from crmml.models import LogisticChurnClassifier
    >>> from crmml.scoring import monitor_features, save
    >>> X = pd.DataFrame({"n_orders": [1, 2, 3, 4] * 500})
    >>> classifier = LogisticChurnClassifier().fit(X, [1, 1, 0, 0] * 500)
    >>> folder = Path(tempfile.mkdtemp())
    >>> save(classifier, folder / "churn.crmml", tables=X)
    >>> X.clip(upper=2).to_parquet(folder / "today.parquet")
    >>> found = monitor_features(folder / "churn.crmml", str(folder / "today.parquet"))
    >>> found.exit_code, found.verdict
    (11, 'act: large shift: 2 of 2 columns moved (n_orders, score).')
    """
    started = time.monotonic()
    manifest, opened = open_watched(model, ignore)
    classifier = opened.calibrated_ if isinstance(opened, ChurnPipeline) else opened
    today = start_counting(manifest)
    paths = _check_files(data, today.names)
    target = None if out is None else check_out(out, [model, *paths])
    with watch_paths(paths):
        for X in _read_features(paths, today.names):
            today.add(X, classifier.predict_proba(X)[:, 1])
    report = make_report(manifest, today, ignore=ignore, started=started)
    if target is not None:
        write_report(report, target)
    return report


def _check_files(data: str, names: list[str]) -> list[str]:
    """Return the files, after looking at all schemas."""
    source = open_source(data, "features", "utf-8")
    if not isinstance(source, ParquetSource):
        raise SchemaError("data must be a path or glob of Parquet files.")
    missing = sorted(set(names) - set(source.columns))
    if missing:
        raise SchemaError(
            f"The files lack {len(missing)} of {len(names)} features: {missing[:20]}. "
            "Names must match exactly."
        )
    return list(source.paths)


def _read_features(paths: list[str], names: list[str]) -> Iterator[pd.DataFrame]:
    for path in paths:
        try:
            # Read as it is needed, or the whole file would be held.
            with pq.ParquetFile(path, pre_buffer=False) as file:
                for batch in file.iter_batches(_BATCH_ROWS, columns=names):
                    if len(batch):
                        yield batch.to_pandas()
        except (pa.ArrowException, OSError) as error:
            raise SchemaError(
                f"{Path(path).name} is damaged or unreadable ({type(error).__name__}). "
                "Write it again."
            ) from error
