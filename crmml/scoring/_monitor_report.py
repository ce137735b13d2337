"""What a monitor found, for people and for schedulers."""

import json
import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from crmml._utils._atomic import whole_file

STABLE, WATCH, ACT, CANNOT_TELL = 0, 10, 11, 12
_CODES = {
    "stable": STABLE,
    "moderate": WATCH,
    "large": ACT,
    "too few rows": CANNOT_TELL,
}
WORDS = {STABLE: "stable", WATCH: "watch", ACT: "act", CANNOT_TELL: "cannot tell"}


@dataclass(frozen=True)
class MonitorReport:
    """Whether a model is still used on customers like those that it knows.

    Attributes
    ----------
    exit_code : int
        What a scheduler acts on: 0 stable, 10 watch (a moderate shift), 11 act (a
        large one), 12 cannot tell (too few customers).
    verdict : str
        The same in words, with what moved.
    features : pandas.DataFrame
        One row for each feature and the ``score``, the most moved first, with the
        columns of :attr:`crmml.evaluation.DriftReport.features` and

        - ``importance``: share of what moves the risk in training, missing if the
          model's file does not tell;
        - ``is_ignored``: whether it was named in `ignore`, and does not count.
    customers : dict of str to float
        ``known``, ``scored`` and ``share_scored`` (None of features that were made
        elsewhere), and ``expected``: mean number in a training snapshot.
    performance : pandas.DataFrame
        One row for each measure of an earlier batch beside what was promised, as
        :attr:`crmml.evaluation.DriftReport.performance`; no row without scores.
    realised : dict of str to object or None
        Of that batch ``cutoff``, ``n``, ``n_unlabelled`` (left before the label
        window), ``is_same_model``, and ``base_rate``, ``brier``,
        ``observed_to_predicted``, ``auc``, ``ece`` and ``ece_by_chance`` as far as they
        can be measured. None without scores.
    origin : dict of str to object
        ``model`` (kind and SHA-256 of its file), ``cutoff``, ``versions``, ``seconds``.

    See Also
    --------
    monitor : Makes one.
    """

    exit_code: int
    verdict: str
    features: pd.DataFrame = field(repr=False)
    customers: dict[str, Any] = field(repr=False)
    performance: pd.DataFrame = field(repr=False)
    realised: dict[str, Any] | None = field(repr=False)
    origin: dict[str, Any] = field(repr=False)

    @property
    def status(self) -> str:
        """``"stable"``, ``"watch"``, ``"act"`` or ``"cannot tell"``."""
        return WORDS[self.exit_code]

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it.

        Returns
        -------
        dict of str to object
            The attributes, tables as lists of rows, None for what is not known.
        """
        found = {
            "status": self.status,
            "exit_code": self.exit_code,
            "verdict": self.verdict,
            **self.origin,
            "customers": self.customers,
            "features": self.features.to_dict("records"),
            "performance": self.performance.to_dict("records"),
            "realised": self.realised,
        }
        plain: dict[str, Any] = _plain(found)
        return plain


def judge(status: str) -> int:
    """Turn the status of a drift report into an exit code."""
    return _CODES[status]


def write_report(report: MonitorReport, out: str | os.PathLike[str]) -> None:
    """Write a report as JSON, whole or not at all.

    Parameters
    ----------
    report : MonitorReport
        What was found.
    out : str or path
        The file.
    """
    text = json.dumps(report.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)
    with whole_file(Path(out)) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
