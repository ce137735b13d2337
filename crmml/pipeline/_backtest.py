"""Walk forward: test each cutoff with a model of what was known by then."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from crmml._utils._durations import MICROSECOND, say_duration
from crmml.evaluation import CutoffSplit, compute_classification_summary
from crmml.exceptions import LeakageError, NotEnoughHistoryError
from crmml.features import FeatureSet
from crmml.features._builder import PointInTimeBuilder
from crmml.labels._label import WindowLabel
from crmml.pipeline._panel import Panel, make_panel
from crmml.pipeline._profit import add_profit, check_money_names
from crmml.pipeline._shop_rules import (
    BASE_RATE,
    RECENCY,
    RECENCY_RULE,
    Recency,
    predict_from_recency,
    rank_by_recency,
)
from crmml.pipeline._training import fit_classifier
from crmml.pipeline._verdict import find_half_width, find_rule, judge, measure_auc
from crmml.tables import CustomerTables
from crmml.tables._instants import check_cutoffs
from crmml.tables._spine import read_spine
from crmml.tables._stays import records_purchases

Indices: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True)
class Backtest:
    """What is tested, and how."""

    features: PointInTimeBuilder
    label: WindowLabel
    classifier: Any
    calibration: str | None = None
    money: Mapping[str, Any] | None = None
    customer_folds: int | None = None


def walk_forward(
    tables: CustomerTables, *, tested: list[int], trained: list[int], test: Backtest
) -> pd.DataFrame:
    """Score each tested snapshot with a classifier fitted to the closed ones before.

    Parameters
    ----------
    tables : CustomerTables
        The data.
    tested, trained : list of int
        Cutoffs in microseconds.
    test : Backtest
        Features, label, classifier and options.

    Returns
    -------
    pandas.DataFrame
        As :meth:`ChurnPipeline.backtest_scores`.

    Raises
    ------
    LeakageError
        If no snapshot was closed at a tested cutoff.
    NotEnoughHistoryError
        If nobody could still leave at a tested cutoff or in the snapshots before.
    """
    label = test.label
    _check_closed(tested, [*tested, *trained], label)
    zone = "UTC" if tables.is_aware else None
    to_test = [pd.Timestamp(one, unit="us", tz=zone) for one in tested]
    every = sorted({*tested, *trained})
    instants = [pd.Timestamp(one, unit="us", tz=zone) for one in every]
    names = clone(test.features).fit(tables, instants).get_feature_names_out()
    both = FeatureSet([clone(test.features), Recency()]).fit(tables, instants)
    panel = make_panel(tables, instants, both, label)
    check_money_names(test.money, panel.X)
    parts = []
    for train, rows in _splits(panel, to_test, label):
        seen = _forget(panel, tables, train, rows, label)
        folds = _split_customers(panel, train, rows, test.customer_folds)
        scored = pd.concat(
            [_score(seen, names, *fold, test=test) for fold in folds],
            ignore_index=True,
        )
        is_base = scored["model"] == BASE_RATE
        # Groups of customers have rates of their own, which must not rank customers.
        scored.loc[is_base, "score"] = scored.loc[is_base, "score"].median()
        # Models as they come, customers in the order of the spine.
        place = pd.factorize(scored["model"])[0]
        parts.append(scored.iloc[np.lexsort([scored["row"], place])])
    scores = pd.concat(parts, ignore_index=True)
    if test.money is not None:
        scores = add_profit(scores, test.money, panel.X)
    return scores.drop(columns="row")


def summarise(scores: pd.DataFrame) -> pd.DataFrame:
    """Measure scores by cutoff and model; see :meth:`ChurnPipeline.backtest`."""
    rows = []
    for cutoff, at_cutoff in scores.groupby("cutoff", sort=False):
        rule = at_cutoff[at_cutoff["model"] == find_rule(at_cutoff["model"])]
        for model, own in at_cutoff.groupby("model", sort=False):
            ranking = compute_classification_summary(
                own["churn"], own["score"], is_probability=False
            )
            honesty = compute_classification_summary(own["churn"], own["probability"])
            row = {
                "cutoff": cutoff,
                "model": model,
                "n_train": round(own["n_train"].mean()),
                **ranking,
                **honesty[["brier", "log_loss"]],
                **_bracket_auc(own, rule),
            }
            if "profit" in own:
                row["n_called"] = int(own["is_called"].sum())
                row["profit"] = own["profit"].mean()
            rows.append(row)
    table = pd.DataFrame(rows).astype({"n": "int64"})
    table.attrs["verdict"] = judge(scores)
    return table


def _bracket_auc(own: pd.DataFrame, rule: pd.DataFrame) -> dict[str, float]:
    """95 percent intervals of the area, and of its difference to the rule's."""
    names = ["auc_low", "auc_high", "auc_gain", "auc_gain_low", "auc_gain_high"]
    found, other = measure_auc(own), measure_auc(rule)
    if found is None or other is None:
        return dict.fromkeys(names, float("nan"))
    half, gain = find_half_width(found[1]), found[0] - other[0]
    gain_half = find_half_width(found[1] - other[1])
    # An area is no less than 0 and no more than 1, whatever its interval says.
    low, high = max(0.0, found[0] - half), min(1.0, found[0] + half)
    values = [low, high, gain, gain - gain_half, gain + gain_half]
    return dict(zip(names, values, strict=True))


def _score(
    panel: Panel, names: Any, train: Indices, rows: Indices, *, test: Backtest
) -> pd.DataFrame:
    """Score rows by a classifier, and by the rules, that know the training rows."""
    X, y = panel.X[names], panel.y[train]
    _, calibrated = fit_classifier(
        test.classifier,
        X.iloc[train],
        y,
        panel.cutoffs.iloc[train],
        label=test.label,
        calibration=test.calibration,
    )
    probability = np.asarray(calibrated.predict_proba(X.iloc[rows]), np.float64)[:, 1]
    base_rate = np.full(len(rows), y.mean())
    scored = {
        type(test.classifier).__name__: (probability, probability),
        BASE_RATE: (base_rate, base_rate),
    }
    if RECENCY in panel.X:
        silence = panel.X[RECENCY]
        scored[RECENCY_RULE] = (
            rank_by_recency(silence.iloc[rows]),
            predict_from_recency(silence.iloc[train], y, silence.iloc[rows]),
        )
    who = panel.X.index[rows].to_frame(index=False).assign(churn=panel.y[rows])
    return pd.concat(
        who.assign(
            model=name,
            score=score,
            probability=probability,
            n_train=len(train),
            row=rows,
        )
        for name, (score, probability) in scored.items()
    )


def _forget(
    panel: Panel, tables: CustomerTables, train: Indices, rows: Indices, label: Any
) -> Panel:
    """Train on labels as they were known when the rows to test were scored."""
    if not records_purchases(tables):
        return panel
    at = panel.cutoffs.iloc[rows[0]]
    who = panel.X.index[train].to_frame(index=False)
    spine = read_spine(who[["customer_id", "cutoff"]], tables)
    known_before = check_cutoffs(at, tables)[0]
    y = panel.y.copy()
    y[train] = label._read(tables, spine, known_before=known_before).to_numpy()
    return replace(panel, y=y)


def _split_customers(
    panel: Panel, train: Indices, rows: Indices, n_folds: int | None
) -> Iterator[tuple[Indices, Indices]]:
    """Yield training and tested rows that share no customer, if asked.

    Leaving tested customers out of training altogether would not do: who is tested is
    still there, so that only those who had left would be trained on.
    """
    if n_folds is None:
        yield train, rows
        return
    # By the order of the ids, so that the order of rows does not matter.
    codes, ids = pd.factorize(panel.X.index.get_level_values("customer_id"), sort=True)
    folds = (np.random.default_rng(0).permutation(len(ids)) % n_folds)[codes]
    for fold in range(n_folds):
        own = rows[folds[rows] == fold]
        if len(own):
            yield train[folds[train] != fold], own


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


def _check_closed(tested: list[int], every: list[int], label: WindowLabel) -> None:
    """Refuse a tested cutoff before which no label window has closed."""
    reach = label.window[1] // MICROSECOND
    untestable = [
        str(pd.Timestamp(one, unit="us")) for one in tested if min(every) + reach > one
    ]
    if untestable:
        raise LeakageError(
            "No training snapshot had closed its label window of "
            f"{say_duration(label.window[1])} at {untestable}, so a test there would "
            "learn from the future. Give earlier train_cutoffs."
        )
