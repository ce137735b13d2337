"""What a churn report tells: everything that is computed for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crmml._utils._arguments import check_count
from crmml.evaluation import compute_call_list
from crmml.exceptions import SchemaError
from crmml.models import compute_drivers
from crmml.models._base import BaseChurnClassifier
from crmml.pipeline import ChurnPipeline
from crmml.pipeline._profit import check_money_names
from crmml.pipeline._shop_rules import BASE_RATE, RECENCY_RULE
from crmml.reporting._languages import name_features
from crmml.tables import CustomerTables
from crmml.tables._coerce import as_tables

_SCORES = ("cutoff", "customer_id", "churn", "model", "score", "probability")
_N_REASONS = 3


@dataclass(frozen=True)
class ChurnFacts:
    """The numbers of a churn report."""

    pipeline: ChurnPipeline
    tables: CustomerTables
    cutoff: str
    ranked: pd.DataFrame
    """As of the pipeline, one row for each customer scored."""
    calls: pd.DataFrame | None
    """As of compute_call_list, where money is given."""
    first: pd.DataFrame
    """The customers to call first, with reasons."""
    drivers: pd.DataFrame | None
    scores: pd.DataFrame | None
    """Scores of the backtest beside outcomes."""


def compute_churn_facts(
    pipeline: Any,
    tables: Any,
    cutoff: Any,
    *,
    backtest: Any,
    money: Mapping[str, Any] | None,
    n_customers: int,
    language: str,
    names: Mapping[str, str] | None,
) -> ChurnFacts:
    """Score the customers of a cutoff and gather what is known of the model.

    The parameters are those of :class:`ChurnReport`.

    Returns
    -------
    ChurnFacts
        What was found.

    Raises
    ------
    SchemaError
        If an argument is not as there.
    """
    if not isinstance(pipeline, ChurnPipeline):
        raise SchemaError(
            f"pipeline must be a fitted ChurnPipeline, got {type(pipeline).__name__}."
        )
    check_count(n_customers, "n_customers", least=0)
    _check_scores(backtest)
    tables = as_tables(tables)
    ids, X = pipeline._describe(tables, cutoff)
    ranked = pipeline._predict_rows(ids, X, n_reasons=0)
    calls = None if money is None else _decide(ranked, X, money)
    readable = name_features(X.columns, language, names)
    drivers = None
    if isinstance(pipeline.classifier_, BaseChurnClassifier):
        drivers = compute_drivers(
            pipeline.classifier_, X, language=language, names=readable
        )
    rows = _choose_first(ranked, calls, n_customers)
    why = pipeline._predict_rows(
        ids.iloc[rows].reset_index(drop=True),
        X.iloc[rows],
        n_reasons=_N_REASONS,
        language=language,
        names=names,
    )
    first = ranked.iloc[rows].reset_index(drop=True).join(why.filter(like="reason_"))
    if calls is not None:
        profit = calls["expected_profit"].to_numpy()[rows]
        first.insert(2, "expected_profit", profit)
    return ChurnFacts(
        pipeline=pipeline,
        tables=tables,
        cutoff=say_instant(cutoff),
        ranked=ranked,
        calls=calls,
        first=first,
        drivers=drivers,
        scores=backtest,
    )


def say_instant(instant: Any) -> str:
    """Write an instant, at midnight as its day."""
    found = pd.Timestamp(instant)
    is_day = found == found.normalize()
    return str(found.date() if is_day else found)


def _check_scores(backtest: Any) -> None:
    if backtest is None:
        return
    if not isinstance(backtest, pd.DataFrame):
        raise SchemaError(
            "backtest must be what ChurnPipeline.backtest_scores returned, got "
            f"{type(backtest).__name__}."
        )
    missing = [name for name in _SCORES if name not in backtest]
    if missing:
        raise SchemaError(
            f"backtest lacks the columns {', '.join(missing)}. Give what "
            "ChurnPipeline.backtest_scores returned, not the table of backtest: "
            "pictures need every score."
        )
    is_rule = backtest["model"].isin([BASE_RATE, RECENCY_RULE])
    if is_rule.all() or not is_rule.any():
        raise SchemaError(
            f"backtest has {int((~is_rule).sum())} rows of a model and "
            f"{int(is_rule.sum())} of rules, and both are needed. Give all rows that "
            "ChurnPipeline.backtest_scores returned."
        )


def _decide(
    ranked: pd.DataFrame, X: pd.DataFrame, money: Mapping[str, Any]
) -> pd.DataFrame:
    check_money_names(money, X)
    amounts = {
        name: X[value].to_numpy() if isinstance(value, str) else value
        for name, value in money.items()
    }
    return compute_call_list(ranked["churn_probability"], **amounts)


def _choose_first(
    ranked: pd.DataFrame, calls: pd.DataFrame | None, n_customers: int
) -> Any:
    """Rows of those to call first: by expected profit, or else by risk, then by id."""
    risk = -ranked["churn_probability"].to_numpy()
    if calls is None:
        return np.argsort(risk, kind="stable")[:n_customers]
    order = np.lexsort([risk, calls["rank"].to_numpy()])
    return order[calls["is_called"].to_numpy()[order]][:n_customers]
