"""Today's customers as counts in the bins of the reference, without keeping a row."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml.evaluation._stability_counts import (
    FALSE_ALARM,
    TOO_FEW,
    Moved,
    Stability,
    judge_counts,
    say_needed,
)
from crmml.scoring._reference import count_bins, read_column

SCORE = "score"
_MOST_NEW = 1_000
"""New categories are told apart up to here."""


class Today:
    """Counts features and scores of today's customers, batch by batch.

    Parameters
    ----------
    reference : list of mapping
        The manifest's ``reference``.
    n_snapshots : int
        How many snapshots it is of; a customer who is in all of them is one witness.
    """

    def __init__(self, reference: list[dict[str, Any]], n_snapshots: int) -> None:
        self._columns = [_Column(one, n_snapshots) for one in reference]
        self.names = [one["feature"] for one in reference if one["kind"] != SCORE]
        self.n = 0

    def add(self, X: pd.DataFrame, probability: NDArray[np.float64]) -> None:
        """Count a batch.

        Parameters
        ----------
        X : pandas.DataFrame of shape (n_customers, n_features)
            Their features.
        probability : ndarray of shape (n_customers,)
            Their scores.
        """
        self.n += len(X)
        for column in self._columns:
            is_score = column.kind == SCORE
            column.add(pd.Series(probability) if is_score else X[column.name])

    def compare(
        self, drivers: list[dict[str, Any]] | None, ignored: frozenset[str]
    ) -> pd.DataFrame:
        """Compare what was counted with the reference.

        Parameters
        ----------
        drivers : list of mapping or None
            The manifest's ``drivers``.
        ignored : frozenset of str
            Features that are shown and do not count.

        Returns
        -------
        pandas.DataFrame
            As ``features`` of :class:`crmml.scoring.MonitorReport`.
        """
        shares = {one["feature"]: one["share"] for one in drivers or []}
        names = [column.name for column in self._columns]
        n_judged = sum(name not in ignored for name in names)
        rows = [
            (
                column.name,
                *column.compare(FALSE_ALARM / max(n_judged, 1)),
                shares.get(column.name, np.nan),
                column.kind != SCORE and column.name in ignored,
            )
            for column in self._columns
        ]
        fields = ["feature", *Stability._fields, "importance", "is_ignored"]
        return pd.DataFrame(rows, columns=fields)


class _Column:
    """One column's counts: the bins of the reference, others, and missing values."""

    def __init__(self, stored: Mapping[str, Any], n_snapshots: int) -> None:
        self.name, self.kind = str(stored["feature"]), str(stored["kind"])
        self._stored = stored
        self._size = stored["n"] / n_snapshots
        self._reference = np.array(
            [*stored["counts"], stored.get("n_other", 0), stored["n_missing"]], np.int64
        )
        self._counts = np.zeros_like(self._reference)
        self._changed = ""
        self._new: set[str] = set()

    def add(self, column: pd.Series) -> None:
        kind, values = read_column(column)
        known = values[~pd.isna(values)]
        self._counts[-1] += len(values) - len(known)
        if not len(known):
            return
        wanted = "category" if self.kind == "category" else "number"
        if kind != wanted:
            # Where nothing was known there was no kind.
            if self._stored["n_missing"] < self._stored["n"]:
                self._changed = f"was {wanted}, is {kind}"
            self._counts[-2] += len(known)
        elif kind == "number":
            edges = np.asarray(self._stored["edges"], np.float64)
            is_few = self._stored["is_few"]
            self._counts[:-2] += count_bins(known, edges, is_few=is_few)
        else:
            self._add_levels(known)

    def _add_levels(self, texts: pd.Series) -> None:
        sizes = texts.value_counts()
        levels = self._stored["levels"]
        own = sizes.reindex(levels, fill_value=0).to_numpy(np.int64)
        self._counts[:-2] += own
        self._counts[-2] += len(texts) - own.sum()
        self._new.update(sizes.index.difference(levels)[: _MOST_NEW - len(self._new)])

    def compare(self, false_alarm: float) -> Stability:
        n_today, n_then = int(self._counts.sum()), int(self._reference.sum())
        if not n_today:
            return self._say_nobody(false_alarm)
        found = Moved(
            self.kind,
            self._changed,
            (self._reference[-1] / n_then, self._counts[-1] / n_today),
            len(self._new),
            float(self._counts[-2] / n_today) if self.kind == "category" else 0.0,
            float(self._reference[-2] / n_then),
        )
        sizes = self._size, float(n_today)
        return judge_counts(
            self._reference, self._counts, found, false_alarm=false_alarm, sizes=sizes
        )

    def _say_nobody(self, false_alarm: float) -> Stability:
        """Say that there is nobody to compare, and how many would do."""
        then = self._reference
        missing = float(then[-1] / then.sum())
        found = judge_counts(
            then,
            then,
            Moved(self.kind, "", (missing, missing)),
            false_alarm=false_alarm,
            sizes=(self._size, self._size),
        )
        return found._replace(
            psi=np.nan,
            psi_by_chance=np.nan,
            missing_current=np.nan,
            new_share=np.nan,
            status=TOO_FEW,
            reason=f"nobody to compare: {say_needed(found.n_needed)}",
        )
