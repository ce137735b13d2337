"""What monitors have in common: the model, and the report."""

import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from crmml.evaluation._drift_verdict import conclude
from crmml.evaluation._performance_drift import tabulate_measures
from crmml.evaluation._stability_counts import ORDER, STATUSES
from crmml.exceptions import ModelFileError, SchemaError
from crmml.models._base import BaseChurnClassifier
from crmml.pipeline import ChurnPipeline
from crmml.scoring._monitor_report import WORDS, MonitorReport, judge
from crmml.scoring._realised import Realised
from crmml.scoring._save import load, read_manifest
from crmml.scoring._targets import check_folder, refuse_inputs
from crmml.scoring._today import Today
from crmml.scoring._versions import list_versions

# Of the mean number of customers in a training snapshot: conventions of this library.
_FEWER = (0.5, 0.1)
_MORE = 2.0
_BEYOND = 3.3
"""Standard errors of a count; chance exceeds them once in a thousand."""


def open_watched(
    model: str | os.PathLike[str], ignore: Sequence[str]
) -> tuple[dict[str, Any], Any]:
    """Open a model that can be watched.

    Parameters
    ----------
    model : str or path
        Its file.
    ignore : sequence of str
        Features that shall not count.

    Returns
    -------
    manifest : dict
        With a reference.
    model : ChurnPipeline or churn classifier
        The model.

    Raises
    ------
    ModelFileError
        If it is another kind of model, or has no reference.
    SchemaError
        If features are to be ignored that there are not.
    """
    if not isinstance(model, (str, os.PathLike)):
        raise ModelFileError(
            f"A monitor takes the file that save has written, got "
            f"{type(model).__name__}: what today is compared with is in the file."
        )
    manifest = read_manifest(model)
    opened = load(model, sha256=manifest["sha256"])
    if not isinstance(opened, (ChurnPipeline, BaseChurnClassifier)):
        raise ModelFileError(
            f"{Path(model).name} holds a {manifest['kind']}; churn models are watched."
        )
    if manifest["reference"] is None:
        raise ModelFileError(
            f"{Path(model).name} does not say what its training customers were like: "
            "there is nothing to compare with. Save it with save(model, path, "
            "tables=tables), the tables being those of fit, or by crmml train."
        )
    described = opened.features_ if isinstance(opened, ChurnPipeline) else opened
    names = getattr(described, "feature_names_out_", None)
    if names is None:
        names = described.feature_names_in_
    if [one["feature"] for one in manifest["reference"][:-1]] != list(map(str, names)):
        raise ModelFileError(
            f"{Path(model).name}: reference in its manifest is of other features than "
            "the model's: the manifest was changed. Get the file again."
        )
    if isinstance(ignore, str):
        raise SchemaError("ignore must be a list of features, got one piece of text.")
    known = [one["feature"] for one in manifest["reference"]]
    unknown = [name for name in ignore if name not in known[:-1]]
    if unknown:
        raise SchemaError(
            f"ignore names {len(unknown)} features that the model does not have: "
            f"{unknown[:5]}. It has {known[:-1][:20]}."
        )
    return manifest, opened


def check_out(
    out: str | os.PathLike[str], inputs: Iterable[str | os.PathLike[str]]
) -> Path:
    """Refuse a place where no report can be written, before any work is done.

    Parameters
    ----------
    out : str or path
        The file that is wanted.
    inputs : iterable of str or path
        What is read.

    Returns
    -------
    pathlib.Path
        The same.

    Raises
    ------
    SchemaError
        If its name does not end in .json, or it is read.
    OSError
        If nothing can be written there.
    """
    if Path(out).suffix.lower() != ".json":
        raise SchemaError(f"out={str(out)!r} must end in .json, for that is written.")
    target = check_folder(out)
    refuse_inputs(target, inputs)
    return target


def start_counting(manifest: dict[str, Any]) -> Today:
    """Begin to count today's customers in the bins of a model's reference."""
    return Today(manifest["reference"], _count_snapshots(manifest))


def make_report(
    manifest: dict[str, Any],
    today: Today,
    *,
    n_known: int | None = None,
    realised: Realised | None = None,
    ignore: Sequence[str] = (),
    cutoff: str | None = None,
    started: float,
) -> MonitorReport:
    """Conclude from what was counted.

    Parameters
    ----------
    manifest : dict
        The model's.
    today : Today
        Counts of today's customers.
    n_known : int, optional
        How many customers there are, scored or not.
    realised : Realised, optional
        What became of an earlier batch.
    ignore : sequence of str
        Features that do not count.
    cutoff : str, optional
        When today is.
    started : float
        When the work began, by ``time.monotonic``.

    Returns
    -------
    MonitorReport
        The report.
    """
    features = today.compare(manifest["drivers"], frozenset(ignore))
    ranks = features["status"].map(ORDER.index)
    order = np.lexsort([-features["psi"].fillna(0), -ranks, features["is_ignored"]])
    features = features.iloc[order].reset_index(drop=True)
    performance = tabulate_measures([]) if realised is None else realised.performance
    customers, counts = _watch_count(manifest, today.n, n_known)
    status, text = conclude(
        {
            "columns": features[~features["is_ignored"]],
            "measures": performance,
            "counts": counts,
        }
    )
    code = judge(status)
    lead = "" if code == 0 else f"{WORDS[code]}: "
    return MonitorReport(
        exit_code=code,
        verdict=lead + text,
        features=features,
        customers=customers,
        performance=performance,
        realised=None if realised is None else realised.facts,
        origin={
            "model": {"kind": manifest["kind"], "sha256": manifest["sha256"]},
            "cutoff": cutoff,
            "versions": list_versions(),
            "seconds": round(time.monotonic() - started, 3),
        },
    )


def _count_snapshots(manifest: dict[str, Any]) -> int:
    return len(manifest["training"]["cutoffs"] or [0])


def _watch_count(
    manifest: dict[str, Any], n_today: int, n_known: int | None
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Compare the number of customers with that of a training snapshot."""
    expected = manifest["reference"][-1]["n"] / _count_snapshots(manifest)
    grade = 0
    if abs(n_today - expected) > _BEYOND * np.sqrt(expected):
        grade = sum(n_today < share * expected for share in _FEWER)
        grade = max(grade, int(n_today > _MORE * expected))
    name = f"{n_today:,} customers, {expected:,.0f} in training"
    row = {"count": name, "n_needed": 0.0, "status": STATUSES[grade]}
    share = n_today / n_known if n_known else None
    facts = {
        "known": n_known,
        "scored": n_today,
        "share_scored": share,
        "expected": expected,
    }
    return facts, pd.DataFrame([row])
