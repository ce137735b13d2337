"""Which of several classifiers is better, and whether the difference means anything."""

from collections.abc import Iterable, Mapping
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.special import stdtrit
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import RepeatedStratifiedKFold, check_cv

from crmml._utils._sklearn import safe_indexing
from crmml.evaluation._money import Money, check_money, check_money_parts
from crmml.evaluation._profit_score import mean_profit
from crmml.evaluation._summary import compute_classification_summary
from crmml.evaluation._validation import Bools, Floats, check_labels_and_scores
from crmml.exceptions import NotEnoughHistoryError, SchemaError

BASE_RATE = "rule: base rate"

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]

# Measures, and whether more of it is better.
_MEASURES = {
    "auc": True,
    "brier": False,
    "log_loss": False,
    "top_decile_lift": True,
    "profit": True,
}


def compare_classifiers(
    classifiers: Any,
    X: Any,
    y: Any,
    *,
    cv: Any = None,
    groups: Any = None,
    money: Mapping[str, Any] | None = None,
    rank_by: str = "auc",
    pos_label: Any = None,
    random_state: int = 0,
    n_jobs: int | None = None,
) -> pd.DataFrame:
    r"""Rank classifiers on the same folds, with intervals and paired differences.

    Parameters
    ----------
    classifiers : mapping of str to estimator, or iterable of estimators
        Any with ``predict_proba``; clones are fitted. Without names, their classes' are
        used, which must then differ.
    X : dataframe or array of shape (n_samples, n_features)
        Features (pandas, Polars or numpy), handed to the classifiers as they are.
    y : array-like of shape (n_samples,)
        True labels: 0 and 1, -1 and 1, or booleans, 1 or True for a customer who left.
        The classifiers get 0 and 1.
    cv : int, splitter or iterable, default=None
        How to split; a number, at least 2, means so many stratified folds. None: five
        stratified folds, twice. For snapshots of customers use
        :class:`CutoffSplit` with their cutoffs as `groups`.
    groups : array-like of shape (n_samples,), default=None
        Handed to the splitter.
    money : mapping of str to float or array-like, default=None
        ``clv``, ``accept_rate``, ``incentive_cost`` and ``contact_cost`` as in
        :func:`expected_profit_score`, for the column ``profit``.
    rank_by : {"auc", "brier", "log_loss", "top_decile_lift", "profit"}, default="auc"
        The measure that decides.
    pos_label : object, default=None
        The label of a customer who left, where `y` holds other labels.
    random_state : int, default=0
        Seed of the default splitter.
    n_jobs : int, default=None
        Fits at a time, as in joblib; the result does not depend on it.

    Returns
    -------
    pandas.DataFrame
        One row for each classifier and one for everyone at the base rate, the best
        first, and the columns

        - ``model``;
        - ``auc``, ``brier``, ``log_loss``, ``top_decile_lift`` and, with `money`,
          ``profit`` (per customer, calling whom it should pay to call): means over
          folds; each also with ``_low`` and ``_high``, its 95 percent interval;
        - ``gap``, ``gap_low``, ``gap_high``: by how much the best is better in
          `rank_by`, on the same folds, with the interval;
        - ``verdict``: ``"best"``, ``"not told apart"`` where the gap's interval holds
          zero, else ``"behind"``.

        ``attrs["verdict"]`` says the same in a sentence.

    Raises
    ------
    SchemaError
        If classifiers, labels, money, `cv` or `rank_by` are not as above.
    NotEnoughHistoryError
        If there are fewer customers of an outcome than folds, or no fold has both
        outcomes to test.

    See Also
    --------
    crmml.pipeline.ChurnPipeline.backtest : Out of time, from tables.

    Notes
    -----
    Folds share their training rows, so that plain intervals of their mean are too
    narrow. Here the variance over J folds is multiplied by
    :math:`1 / J + n_\text{test} / n_\text{train}` (Nadeau and Bengio 2003), with
    Student's t of J - 1 degrees of freedom. A fold in which one outcome is missing does
    not count for the measures that need both. Of many classifiers the best is also the
    luckiest: its own figure flatters it a little.

    References
    ----------
    Nadeau, C. and Bengio, Y. (2003), "Inference for the generalization error", Machine
    Learning 52. https://doi.org/10.1023/A:1024068626366

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from crmml.evaluation import compare_classifiers
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(400, 3))
    >>> y = rng.random(400) < 1 / (1 + np.exp(1 - 2 * X[:, 0]))
    >>> table = compare_classifiers(
    ...     [LogisticRegression(), DecisionTreeClassifier(random_state=0)], X, y
    ... )
    >>> table[["model", "verdict"]]
                        model verdict
    0      LogisticRegression    best
    1  DecisionTreeClassifier  behind
    2         rule: base rate  behind
    """
    named = {**_name(classifiers), BASE_RATE: DummyClassifier(strategy="prior")}
    n_samples = X.shape[0] if hasattr(X, "shape") else len(X)
    churned, _ = check_labels_and_scores(
        y, np.zeros(n_samples), pos_label=pos_label, score_name="X"
    )
    checked = None
    if money is not None:
        check_money_parts(money)
        checked = check_money(n_samples, **money)
    if rank_by not in _MEASURES or (rank_by == "profit" and checked is None):
        raise SchemaError(
            f"rank_by must be one of {', '.join(_MEASURES)}, the last with money=, got "
            f"{rank_by!r}."
        )
    folds = _split(cv, churned, groups, random_state)
    results = Parallel(n_jobs=n_jobs)(
        delayed(_evaluate)(model, X, churned, fold, checked)
        for model in named.values()
        for fold in folds
    )
    measures = pd.DataFrame(
        results,
        index=pd.MultiIndex.from_product([named, range(len(folds))]),
    )
    if measures["auc"].isna().all():
        raise NotEnoughHistoryError(
            f"in none of {len(folds)} folds customers of both outcomes are tested; use "
            "fewer folds or more customers."
        )
    share = float(np.mean([len(test) / len(train) for train, test in folds]))
    return _rank(measures, rank_by, share)


def _name(classifiers: Any) -> dict[str, Any]:
    if isinstance(classifiers, Mapping):
        named = {str(name): model for name, model in classifiers.items()}
    elif isinstance(classifiers, Iterable):
        models = list(classifiers)
        named = {type(model).__name__: model for model in models}
        if len(named) < len(models):
            raise SchemaError(
                "classifiers has several of one class; give a mapping with their names."
            )
    else:
        named = {type(classifiers).__name__: classifiers}
    lacking = [name for name, one in named.items() if not hasattr(one, "predict_proba")]
    if lacking or not named or BASE_RATE in named:
        raise SchemaError(
            f"classifiers must be one or more estimators with predict_proba, none of "
            f"them named {BASE_RATE!r}; {len(lacking)} of {len(named)} lack it."
        )
    return named


def _split(cv: Any, churned: Bools, groups: Any, random_state: int) -> list[Fold]:
    _check_cv(cv)
    target = churned.astype(np.int64)
    n_folds = 5 if cv is None else int(cv) if isinstance(cv, Integral) else 2
    n_rarest = int(np.bincount(target, minlength=2).min())
    if n_rarest < n_folds:
        fewer = f" Or give cv={n_rarest}." if n_rarest > 1 else ""
        raise NotEnoughHistoryError(
            f"y holds {int(churned.sum())} who left and {int((~churned).sum())} who "
            f"stayed; for {n_folds} folds at least {n_folds} of each are needed. Take "
            f"more customers.{fewer}"
        )
    if cv is None:
        cv = RepeatedStratifiedKFold(n_splits=5, n_repeats=2, random_state=random_state)
    splitter = check_cv(cv, target, classifier=True)
    return list(splitter.split(np.zeros((len(target), 1)), target, groups))


def _check_cv(cv: Any) -> None:
    if isinstance(cv, Integral):
        is_usable = int(cv) >= 2 and not isinstance(cv, bool)
    else:
        splits = hasattr(cv, "split") or isinstance(cv, Iterable)
        is_usable = cv is None or (splits and not isinstance(cv, str | bytes))
    if not is_usable:
        raise SchemaError(
            "cv must be a whole number of folds, at least 2, a splitter, or pairs of "
            f"rows to train and to test, got {cv!r}."
        )


def _evaluate(
    model: Any, X: Any, churned: Bools, fold: Fold, money: Money | None
) -> dict[str, float]:
    train, test = fold
    fitted = clone(model).fit(safe_indexing(X, train), churned[train].astype(np.int64))
    proba: Floats = np.asarray(
        fitted.predict_proba(safe_indexing(X, test)), dtype=np.float64
    )[:, 1]
    summary = compute_classification_summary(churned[test], proba)
    found = {name: float(summary[name]) for name in _MEASURES if name != "profit"}
    if money is not None:
        own = Money(*(part if part.ndim == 0 else part[test] for part in money))
        found["profit"] = mean_profit(churned[test], own.decide(proba), own)
    return found


def _rank(measures: pd.DataFrame, rank_by: str, share: float) -> pd.DataFrame:
    """Put measures of folds into one row for each model."""
    is_up = _MEASURES[rank_by]
    means = measures.groupby(level=0, sort=False).mean()
    # The base rate last among equals.
    order = means[rank_by].sort_values(ascending=not is_up, kind="stable").index
    best = measures.loc[order[0], rank_by]
    rows = []
    for name in order:
        own = measures.loc[name]
        row: dict[str, Any] = {"model": name}
        for measure in own:
            mean, half = _estimate(own[measure], share)
            row |= {
                measure: mean,
                f"{measure}_low": mean - half,
                f"{measure}_high": mean + half,
            }
        gap, half = _estimate((best - own[rank_by]) * (1 if is_up else -1), share)
        row |= {"gap": gap, "gap_low": gap - half, "gap_high": gap + half}
        is_behind = row["gap_low"] > 0
        row["verdict"] = "behind" if is_behind else "not told apart"
        rows.append(row)
    table = pd.DataFrame(rows)
    table.loc[0, "verdict"] = "best"
    table.attrs["verdict"] = _say(table, rank_by)
    return table


def _estimate(values: pd.Series, share: float) -> tuple[float, float]:
    """Mean over folds, and half of its 95 percent interval."""
    known = values.dropna().to_numpy()
    n_folds = len(known)
    if n_folds < 2:
        return (float(known.mean()) if n_folds else float("nan")), float("nan")
    error = np.sqrt((1 / n_folds + share) * known.var(ddof=1))
    return float(known.mean()), float(stdtrit(n_folds - 1, 0.975) * error)


def _say(table: pd.DataFrame, rank_by: str) -> str:
    best = table.iloc[0]
    text = (
        f"{best['model']} is best by {rank_by}: {best[rank_by]:.4g} (95 % interval "
        f"{best[rank_by + '_low']:.4g} to {best[rank_by + '_high']:.4g})."
    )
    for verdict, word in (("not told apart", "Not told apart"), ("behind", "Behind")):
        names = table.loc[table["verdict"] == verdict, "model"]
        if len(names):
            text += f" {word}: {', '.join(names)}."
    return text
