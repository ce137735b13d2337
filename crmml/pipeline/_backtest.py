"""Walk forward: test each cutoff with a model of what was known by then."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from crmml._utils._durations import MICROSECOND
from crmml.evaluation import CutoffSplit, compute_classification_summary
from crmml.exceptions import LeakageError, NotEnoughHistoryError
from crmml.features import FeatureSet
from crmml.features._builder import PointInTimeBuilder
from crmml.features._declarations import Declarations, Feature
from crmml.features._expressions import days, minus
from crmml.labels._label import WindowLabel
from crmml.pipeline._panel import Panel, check_trainable, make_panel
from crmml.tables import CustomerTables

Indices: TypeAlias = NDArray[np.intp]

RECENCY = "days_since_last_purchase"
RECENCY_RULE = "rule: days since last purchase"
BASE_RATE = "rule: base rate"


class _Recency(PointInTimeBuilder):
    """The one number that a shop would look at anyway."""

    def declare(self, ask: Declarations) -> list[Feature]:
        if not ask.has("transactions"):
            return []
        last = ask.aggregate("transactions", "max", "timestamp")
        return [Feature(RECENCY, days(minus(ask.cutoff, last)))]


def walk_forward(
    tables: CustomerTables,
    *,
    tested: list[int],
    trained: list[int],
    features: PointInTimeBuilder,
    label: WindowLabel,
    classifier: Any,
) -> pd.DataFrame:
    """Score each tested snapshot with a classifier fitted to the closed ones before.

    Parameters
    ----------
    tables : CustomerTables
        The data.
    tested, trained : list of int
        Cutoffs in microseconds.
    features : feature builder
        What to know about a customer.
    label : WindowLabel
        The definition of churn.
    classifier : estimator
        A classifier; each test fits a clone.

    Returns
    -------
    pandas.DataFrame
        Columns ``cutoff``, ``customer_id``, ``churn``, ``model``, ``score`` and
        ``n_train``: one row for each tested customer and each of classifier and rules.

    Raises
    ------
    LeakageError
        If no snapshot was closed at a tested cutoff.
    NotEnoughHistoryError
        If nobody could still leave at a tested cutoff or in the snapshots before.
    """
    _check_closed(tested, [*tested, *trained], label)
    zone = "UTC" if tables.is_aware else None
    to_test = [pd.Timestamp(one, unit="us", tz=zone) for one in tested]
    every = sorted({*tested, *trained})
    instants = [pd.Timestamp(one, unit="us", tz=zone) for one in every]
    names = clone(features).fit(tables, instants).get_feature_names_out()
    both = FeatureSet([clone(features), _Recency()]).fit(tables, instants)
    panel = make_panel(tables, instants, both, label)
    parts = []
    for train, test in _splits(panel, to_test, label):
        check_trainable(panel.y[train], label)
        X = panel.X[names]
        fitted = clone(classifier).fit(X.iloc[train], panel.y[train])
        scores = {
            type(classifier).__name__: fitted.predict_proba(X.iloc[test])[:, 1],
            BASE_RATE: np.full(len(test), panel.y[train].mean()),
        }
        if RECENCY in panel.X:
            scores[RECENCY_RULE] = _rank_missing_last(panel.X[RECENCY].iloc[test])
        who = panel.X.index[test].to_frame(index=False).assign(churn=panel.y[test])
        parts += [
            who.assign(model=name, score=score, n_train=len(train))
            for name, score in scores.items()
        ]
    return pd.concat(parts, ignore_index=True)


def summarise(scores: pd.DataFrame) -> pd.DataFrame:
    """Measure scores by cutoff and model; see :meth:`ChurnPipeline.backtest`."""
    rows = []
    for (cutoff, model), own in scores.groupby(["cutoff", "model"], sort=False):
        summary = compute_classification_summary(
            own["churn"], own["score"], is_probability=model != RECENCY_RULE
        )
        n_train = own["n_train"].iloc[0]
        rows.append({"cutoff": cutoff, "model": model, "n_train": n_train, **summary})
    return pd.DataFrame(rows).astype({"n": "int64"})


def _splits(
    panel: Panel, tested: list[pd.Timestamp], label: WindowLabel
) -> Iterator[tuple[Indices, Indices]]:
    """Yield rows to train on and to test for each of the tested cutoffs."""
    for cutoff in tested:
        n_test = int((panel.cutoffs == cutoff).sum())
        n_train = int((panel.cutoffs + label.window[1] <= cutoff).sum())
        if not n_test or not n_train:
            raise NotEnoughHistoryError(
                f"At {cutoff} there are {n_test} customers to test, and {n_train} in "
                "closed snapshots before to train on; both are needed. Choose later "
                f"cutoffs, or change {label!r}."
            )
    splitter = CutoffSplit(label.horizon, gap=label.gap)
    for train, test in splitter.split(panel.X, groups=panel.cutoffs):
        if panel.cutoffs.iloc[test[0]] in tested:
            yield train, test


def _rank_missing_last(recency: pd.Series) -> NDArray[np.float64]:
    """Days since the last purchase; who never bought is the most silent of all."""
    values: NDArray[np.float64] = recency.to_numpy(dtype=np.float64)
    largest = np.nanmax(values, initial=0.0)
    return np.where(np.isnan(values), largest + 1.0, values)


def _check_closed(tested: list[int], every: list[int], label: WindowLabel) -> None:
    """Refuse a tested cutoff before which no label window has closed."""
    reach = label.window[1] // MICROSECOND
    untestable = [
        str(pd.Timestamp(one, unit="us")) for one in tested if min(every) + reach > one
    ]
    if untestable:
        raise LeakageError(
            f"No training snapshot had closed its label window of {label.window[1]} at "
            f"{untestable}, so a test there would learn from the future. Give earlier "
            "train_cutoffs."
        )
