"""What is said of a run: in its manifest, and to whoever called it."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from crmml._utils._atomic import whole_file
from crmml.scoring._targets import MANIFEST


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


def list_findings(quality: pd.DataFrame) -> list[dict[str, Any]]:
    """List what :meth:`CustomerTables.quality` found, as JSON has it."""
    shown = ["table", "column", "finding", "n_rows"]
    rows = json.loads(quality[shown].to_json(orient="records"))
    return list(rows)


def list_unknown(counted: Sequence[pd.DataFrame]) -> list[dict[str, Any]]:
    """Add up what ``count_unknown`` counted in batches, of features that have any.

    Parameters
    ----------
    counted : sequence of pandas.DataFrame
        One for each batch.

    Returns
    -------
    list of dict
        ``feature``, ``n_missing`` and ``n_unseen``.
    """
    if not counted:
        return []
    total = pd.concat(counted).groupby("feature", sort=False)[["n_missing", "n_other"]]
    summed = total.sum()
    summed = summed[(summed > 0).any(axis=1)]
    rows = summed.rename(columns={"n_other": "n_unseen"}).astype(np.int64)
    found: list[dict[str, Any]] = rows.reset_index().to_dict("records")
    return found


def to_json(done: dict[str, Any]) -> str:
    """Write a manifest as text."""
    return json.dumps(done, indent=2, ensure_ascii=False, allow_nan=False)


def write_manifest(done: dict[str, Any], target: Path) -> None:
    """Write beside a file what was done."""
    with whole_file(target.with_name(target.name + MANIFEST)) as temporary:
        temporary.write_text(to_json(done), encoding="utf-8")
