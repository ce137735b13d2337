"""Score rows of features that lie in Parquet, in bounded memory."""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.special import expit

from crmml.exceptions import ModelFileError, SchemaError
from crmml.models._base import BaseChurnClassifier
from crmml.models._unknown import tabulate_unknown
from crmml.scoring._open_model import name_file, open_model
from crmml.scoring._sources import watch_paths
from crmml.scoring._spool import Spool, finish
from crmml.scoring._summary import (
    describe_file,
    list_unknown,
    write_manifest,
)
from crmml.scoring._targets import (
    check_target,
    hold_target,
    open_target,
    refuse_inputs,
)
from crmml.scoring._versions import list_versions
from crmml.scoring._write import to_arrow
from crmml.tables._parquet_source import ParquetSource
from crmml.tables._sources import open_source

BATCH_ROWS = 131_072
_MEMORY_FOR_IDS = "256MB"
"""While repeated ids are counted; what does not fit goes to disk."""


def score_features(
    model: Any, data: str, out: str | os.PathLike[str], *, customer_id: str
) -> dict[str, Any]:
    """Score rows of features that lie in Parquet files, in bounded memory.

    For features that were made elsewhere: a warehouse, or
    :meth:`crmml.features.FeatureSet.write_parquet`. The schemas of all files are
    compared before the first row is scored.

    Parameters
    ----------
    model : churn classifier, str or path
        A fitted classifier of :mod:`crmml.models`, or a file that
        :func:`crmml.scoring.save` wrote.
    data : str
        Path or glob of Parquet files: one row per customer; columns that the model
        does not know are ignored, and so is their order.
    out : str or path
        The file, ``.parquet`` or ``.csv``, as for :func:`crmml.scoring.score`.
    customer_id : str
        The column that names the customers. It is copied as it is.

    Returns
    -------
    dict of str to object
        What was done, as also written beside the file: ``model``, ``out``,
        ``unknown`` (missing and unseen values by feature, of those that have any),
        ``n_repeated_ids``, ``versions``, ``seconds``. Every row is scored, also those
        whose id comes more than once.

    Raises
    ------
    ModelFileError
        If the file holds no churn classifier, or cannot be read.
    SchemaError
        If columns are missing or of another type in some files, ids are missing,
        values are infinite, a file is damaged or changed while it was read.
    TargetBusyError
        If another run is writing to `out`.
    OSError
        If `out` cannot be written; an older file is then as it was.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> from crmml.models import LogisticChurnClassifier
    >>> from crmml.scoring import score_features
    >>> X = pd.DataFrame({"n_orders": [1, 2, 3, 4] * 50})
    >>> model = LogisticChurnClassifier().fit(X, [1, 1, 0, 0] * 50)
    >>> folder = Path(tempfile.mkdtemp())
    >>> X.assign(id=range(200)).to_parquet(folder / "features.parquet")
    >>> done = score_features(
    ...     model,
    ...     str(folder / "*.parquet"),
    ...     folder / "scores.csv",
    ...     customer_id="id",
    ... )
    >>> done["out"]["rows"], done["n_repeated_ids"]
    (200, 0)
    """
    started = time.monotonic()
    target = check_target(out)
    classifier, identity = _open_classifier(model)
    paths, names, id_type = _check_files(classifier, data, customer_id)
    refuse_inputs(target, [*paths, *name_file(model)])
    unknown: list[pd.DataFrame] = []
    with hold_target(target):
        with Spool(target.parent) as spool:
            with watch_paths(paths):
                for X, ids in _read(paths, names, customer_id):
                    scores, counts = _score_batch(classifier, X)
                    ids = ids.cast(id_type)
                    spool.add(scores.add_column(0, "customer_id", ids))
                    unknown.append(counts)
            n_rows = sum(part.num_rows for part in spool.read())
            n_repeated = n_rows - _count_distinct(spool)
            columns = finish(spool, lambda schema: open_target(target, schema))
        done = {
            "model": identity,
            "out": describe_file(target, n_rows, columns),
            "unknown": list_unknown(unknown),
            "n_repeated_ids": n_repeated,
            "versions": list_versions(),
            "seconds": round(time.monotonic() - started, 3),
        }
        write_manifest(done, target)
    return done


def _open_classifier(model: Any) -> tuple[BaseChurnClassifier, dict[str, Any]]:
    model, identity = open_model(model)
    if isinstance(model, BaseChurnClassifier) and not hasattr(
        model, "feature_names_in_"
    ):
        raise ModelFileError(
            "The classifier is not fitted, or was fitted to an array, whose columns "
            "have no names. Fit it to a frame."
        )
    if not isinstance(model, BaseChurnClassifier):
        raise ModelFileError(
            f"score_features takes a churn classifier of crmml.models, got "
            f"{type(model).__name__}. A pipeline makes its features itself: use score."
        )
    return model, identity


def _check_files(
    classifier: BaseChurnClassifier, data: str, customer_id: str
) -> tuple[list[str], list[str], pa.DataType]:
    """Return files, features to read and the type of ids, by all files' schemas."""
    source = open_source(data, "features", "utf-8")
    if not isinstance(source, ParquetSource):
        raise SchemaError("data must be a path or glob of Parquet files.")
    names = [str(name) for name in classifier.feature_names_in_]
    missing = sorted({customer_id, *names} - set(source.columns))
    if missing:
        raise SchemaError(
            f"The files lack {len(missing)} columns: {missing[:20]}. Names must match "
            "exactly."
        )
    kinds = {path: _read_id_type(path, customer_id) for path in source.paths}
    wrong = [path for path, kind in kinds.items() if not _holds_ids(kind)]
    if wrong:
        raise SchemaError(
            f"{Path(wrong[0]).name}: ids in {customer_id!r} must be text or integers. "
            "Cast them where the file is written."
        )
    return source.paths, names, _join_types(set(kinds.values()), customer_id)


def _read_id_type(path: str, customer_id: str) -> pa.DataType:
    kind = pq.read_schema(path).field(customer_id).type
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _holds_ids(kind: pa.DataType) -> bool:
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    return bool(is_text or pa.types.is_integer(kind))


def _join_types(kinds: set[pa.DataType], customer_id: str) -> pa.DataType:
    """Return a type that holds the ids of all files, whatever their widths."""
    if len(kinds) == 1:
        return next(iter(kinds))
    if not all(map(pa.types.is_integer, kinds)):
        return pa.large_string()
    if all(map(pa.types.is_unsigned_integer, kinds)):
        return pa.uint64()
    if pa.uint64() in kinds:
        raise SchemaError(
            f"Ids in {customer_id!r} are unsigned integers of 64 bits in some files, "
            "signed ones in others, and no type holds both. Write the files with one "
            "schema."
        )
    return pa.int64()


def _read(
    paths: list[str], names: list[str], customer_id: str
) -> Iterator[tuple[pd.DataFrame, pa.Array]]:
    """Yield features and ids, batch by batch."""
    wanted = list(dict.fromkeys([customer_id, *names]))
    is_empty = True
    for path in paths:
        try:
            with pq.ParquetFile(path, pre_buffer=False) as file:
                for batch in file.iter_batches(BATCH_ROWS, columns=wanted):
                    is_empty = False
                    ids = batch.column(customer_id)
                    if pa.types.is_dictionary(ids.type):
                        ids = ids.dictionary_decode()
                    if ids.null_count:
                        raise SchemaError(
                            f"{Path(path).name}: column {customer_id!r} has "
                            f"{ids.null_count} missing ids in a batch. Drop these rows."
                        )
                    yield batch.select(names).to_pandas(), ids
        except (pa.ArrowException, OSError) as error:
            raise SchemaError(
                f"{Path(path).name} is damaged or unreadable ({type(error).__name__}). "
                "Write it again; nothing was scored."
            ) from error
    if is_empty:
        nobody = pq.read_schema(paths[0]).empty_table().select(wanted)
        yield nobody.select(names).to_pandas(), nobody.column(customer_id)


def _score_batch(
    classifier: BaseChurnClassifier, X: pd.DataFrame
) -> tuple[pa.Table, pd.DataFrame]:
    """Score a batch, and count what the model does not know of it."""
    encoder = classifier._encoder
    encoded = encoder.encode(classifier._read(X))
    probability = expit(classifier._log_odds(encoded))
    counts = tabulate_unknown(encoder, encoded, classifier._unknown_shares)
    scores = pd.DataFrame({"churn_probability": probability, "decile": np.int64(0)})
    return to_arrow(scores), counts


def _count_distinct(spool: Spool) -> int:
    """Count the ids, on disk where they are many."""
    name = "customer_id"
    batches = (part.select([name]).to_batches()[0] for part in spool.read())
    schema = pa.schema([spool.schema.field(name)])
    ids = pa.RecordBatchReader.from_batches(schema, batches)  # noqa: F841 # in the query
    with tempfile.TemporaryDirectory() as spill:
        limits: dict[str, Any] = {
            "memory_limit": _MEMORY_FOR_IDS,
            "temp_directory": spill,
        }
        with duckdb.connect(config=limits) as database:
            query = f"SELECT count(*) FROM (SELECT DISTINCT {name} FROM ids)"
            ((n_distinct,),) = database.sql(query).fetchall()
    return int(n_distinct)
