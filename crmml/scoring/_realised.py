"""What became of customers who were scored earlier, against what was promised."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from crmml._utils._normal import Z95
from crmml.evaluation import compute_calibration_summary
from crmml.evaluation._performance_drift import (
    Estimate,
    measure_outcomes,
    tabulate_measures,
)
from crmml.exceptions import SchemaError
from crmml.pipeline import ChurnPipeline
from crmml.scoring._csv import read_scores
from crmml.scoring._targets import MANIFEST
from crmml.tables import CustomerTables

_BATCH_ROWS = 1_000_000
_COLUMNS = ["customer_id", "churn_probability"]
_TESTED = ["n", "base_rate", "brier", "auc", "auc_low", "auc_high"]
"""Of the backtest's rows, what is compared."""


class Realised(NamedTuple):
    """What became of an earlier batch: facts, and measures beside the promised."""

    facts: dict[str, Any]
    performance: pd.DataFrame


def measure_realised(
    pipeline: ChurnPipeline,
    tables: CustomerTables,
    scores: str | os.PathLike[str],
    cutoff: Any,
    manifest: dict[str, Any],
) -> Realised:
    """Measure an earlier batch of scores by what has happened since.

    Parameters
    ----------
    pipeline : ChurnPipeline
        Knows what it means to leave.
    tables : CustomerTables
        Data beyond the label window.
    scores : str or path
        What :func:`crmml.scoring.score` wrote.
    cutoff : str, datetime or None
        When they were made; None: what the manifest beside them says.
    manifest : dict
        The model's.

    Returns
    -------
    Realised
        Nine bytes are kept for each customer.

    Raises
    ------
    SchemaError
        If the file holds no scores, or nobody says of when they are.
    LeakageError
        If the label window is still open.
    """
    cutoff, sha256 = _read_origin(Path(scores), cutoff)
    left, said, n_unlabelled = [], [], 0
    for batch in _read_batches(scores):
        spine = batch[["customer_id"]].assign(cutoff=cutoff)
        if tables.id_type != "VARCHAR" and Path(scores).suffix.lower() == ".csv":
            spine["customer_id"] = _to_integers(batch["customer_id"])
        labels = pipeline.label.transform(tables, spine=spine)
        known = labels.notna().to_numpy()
        n_unlabelled += int((~known).sum())
        left.append(labels[known].to_numpy().astype(np.bool_))
        said.append(batch["churn_probability"].to_numpy(np.float64)[known])
    churned = np.concatenate([np.empty(0, np.bool_), *left])
    proba = np.concatenate([np.empty(0), *said])
    facts: dict[str, Any] = {
        "cutoff": str(pd.Timestamp(cutoff).isoformat()),
        "n": len(churned),
        "n_unlabelled": n_unlabelled,
        "is_same_model": None if sha256 is None else sha256 == manifest["sha256"],
    }
    if not len(churned):
        return Realised(facts, tabulate_measures([]))
    now = measure_outcomes(churned, proba)
    honest = compute_calibration_summary(churned, proba)
    facts |= {name: one.value for name, one in now.items()}
    facts |= {name: float(honest[name]) for name in ("ece", "ece_by_chance")}
    then = _read_promised(manifest, type(pipeline.classifier).__name__, now)
    pairs = [(name, then[name], now[name]) for name in now if name in then]
    return Realised(facts, tabulate_measures(pairs))


def _read_origin(path: Path, cutoff: Any) -> tuple[Any, str | None]:
    """Return when scores were made, and the hash of the model, if that is known."""
    if not path.exists():
        raise SchemaError(f"scores: there is no file at {str(path)!r}.")
    beside = path.with_name(path.name + MANIFEST)
    said: Any = {}
    if beside.is_file():
        try:
            said = json.loads(beside.read_text(encoding="utf-8"))
            sha256, own = said["model"]["sha256"], said["cutoff"]
            if not isinstance(own, str):
                raise TypeError
        except (KeyError, TypeError, ValueError, RecursionError):
            raise SchemaError(
                f"{beside.name} is not what score writes beside its scores. Remove it, "
                "and say scores_cutoff=."
            ) from None
        return own if cutoff is None else cutoff, sha256
    if cutoff is None:
        raise SchemaError(
            f"Nobody knows of when {path.name} is: there is no {beside.name}. Say it: "
            "scores_cutoff=, or --scores-cutoff on the command line."
        )
    return cutoff, None


def _read_batches(path: str | os.PathLike[str]) -> Iterator[pd.DataFrame]:
    name = Path(path).name
    try:
        if Path(path).suffix.lower() != ".parquet":
            yield _check_scores(read_scores(path), name)
            return
        with pq.ParquetFile(path, pre_buffer=False) as file:
            _check_columns(file.schema_arrow.names, name)
            for batch in file.iter_batches(_BATCH_ROWS, columns=_COLUMNS):
                yield _check_scores(batch.to_pandas(), name)
    except pa.ArrowException as error:
        raise SchemaError(
            f"{name} is damaged or no Parquet file ({type(error).__name__}). Score "
            "that cutoff again."
        ) from error


def _check_columns(names: Any, name: str) -> None:
    missing = [one for one in _COLUMNS if one not in names]
    if missing:
        raise SchemaError(
            f"{name} lacks the columns {missing}: it holds no scores of churn. Give "
            "what score has written."
        )


def _check_scores(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    _check_columns(rows.columns, name)
    said = pd.to_numeric(rows["churn_probability"], errors="coerce")
    n_wrong = int((~said.between(0, 1)).sum())
    if n_wrong:
        raise SchemaError(
            f"{name}: {n_wrong} of {len(rows)} churn probabilities are missing or "
            "outside [0, 1]. Give what score has written."
        )
    return rows[["customer_id"]].assign(churn_probability=said.astype(np.float64))


def _to_integers(ids: pd.Series) -> pd.Series:
    """Read ids of a CSV file, where all is text, as the integers that tables have."""
    try:
        return ids.map(int)
    except ValueError:
        raise SchemaError(
            "The scores' customer ids are text, the tables' are integers. Give the "
            "scores of these customers."
        ) from None


def _read_promised(
    manifest: dict[str, Any], model: str, now: dict[str, Estimate]
) -> dict[str, Estimate]:
    """Read what the backtest found; without one, what training knows."""
    found: dict[str, Estimate] = {}
    rows = (manifest["backtest"] or {"rows": []})["rows"]
    own = pd.DataFrame([row for row in rows if row.get("model") == model])
    own = own.reindex(columns=_TESTED).astype(np.float64)
    size = int(own["n"].mean()) if own["n"].notna().any() else 0
    training = manifest["training"]
    if size:
        found |= _average(own, size, now)
    elif training["base_rate"] is not None and training["n_customers"]:
        size = int(training["n_customers"]) // len(training["cutoffs"] or [0])
        rate = training["base_rate"]
        found["base_rate"] = Estimate(rate, _error(rate, size), size)
    if "observed_to_predicted" in now:
        # Probabilities promise to be true.
        found["observed_to_predicted"] = Estimate(1.0, 0.0, size)
    return found


def _average(
    own: pd.DataFrame, size: int, now: dict[str, Estimate]
) -> dict[str, Estimate]:
    """Mean over the tested cutoffs; as certain as one, for they share customers."""
    found = {}
    is_known = own.notna().any()
    if is_known["base_rate"]:
        rate = float(own["base_rate"].mean())
        found["base_rate"] = Estimate(rate, _error(rate, size), size)
    if is_known["brier"] and "brier" in now:
        error = now["brier"].error * np.sqrt(now["brier"].n / size)
        found["brier"] = Estimate(float(own["brier"].mean()), float(error), size)
    if is_known[["auc", "auc_low", "auc_high"]].all():
        error = ((own["auc_high"] - own["auc_low"]) / (2 * Z95)).mean()
        found["auc"] = Estimate(float(own["auc"].mean()), float(error), size)
    return found


def _error(rate: float, size: int) -> float:
    return float(np.sqrt(rate * (1 - rate) / max(size, 1)))
