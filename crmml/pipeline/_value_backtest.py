"""Forecasts of purchases and spend beside what came, and beside what a shop knows."""

from typing import Any

import pandas as pd
from sklearn.base import clone

from crmml._utils._durations import DAY, Duration, check_duration
from crmml.evaluation import compute_value_summary
from crmml.exceptions import SchemaError
from crmml.features import Activity
from crmml.features._builder import PointInTimeBuilder
from crmml.labels import FutureSpend, Inactivity
from crmml.pipeline._value_parts import without_odd_spend
from crmml.tables import CustomerTables
from crmml.tables._instants import check_cutoffs

RULE = "rule: as before"


def score_forecasts(
    pipeline: Any,
    tables: CustomerTables,
    cutoffs: Any,
    horizon: Duration,
    features: PointInTimeBuilder | None,
    regressor: Any,
) -> pd.DataFrame:
    """Forecast from each cutoff and look up what came.

    Parameters
    ----------
    pipeline : ValuePipeline
        The definition; a clone is fitted at each cutoff.
    tables : CustomerTables
        The data.
    cutoffs : str, datetime or list of them
        The cutoffs to test.
    horizon : duration
        How far to look ahead.
    features : feature builder or None
        What `regressor` learns from.
    regressor : estimator or None
        A model of money.

    Returns
    -------
    pandas.DataFrame
        One row for each customer, quantity and model.
    """
    length = check_duration(horizon, "horizon")
    if length % DAY:
        raise SchemaError(f"horizon must be whole days, got {horizon!r}.")
    zone = "UTC" if tables.is_aware else None
    parts = []
    for one in check_cutoffs(cutoffs, tables):
        cutoff = pd.Timestamp(one, unit="us", tz=zone)
        scores = _score_cutoff(pipeline, tables, cutoff, length)
        if regressor is not None and pipeline.spend is not None:
            scores.append(_regress(tables, cutoff, length, features, regressor, scores))
        table = pd.concat(scores, ignore_index=True)
        table.insert(0, "cutoff", cutoff)
        parts.append(table)
    return pd.concat(parts, ignore_index=True)


def summarise_forecasts(scores: pd.DataFrame) -> pd.DataFrame:
    """Measure the forecasts of each cutoff, quantity and model.

    Parameters
    ----------
    scores : pandas.DataFrame
        As :func:`score_forecasts` returns them.

    Returns
    -------
    pandas.DataFrame
        One row for each.
    """
    keys = ["cutoff", "quantity", "model"]
    rows = []
    for key, group in scores.groupby(keys, sort=False):
        measures = compute_value_summary(group["actual"], group["forecast"])
        found = dict(zip(keys, key, strict=True)) | measures.to_dict()
        rows.append(found | {"n": len(group)})
    return pd.DataFrame(rows)


def _score_cutoff(
    pipeline: Any, tables: CustomerTables, cutoff: pd.Timestamp, length: pd.Timedelta
) -> list[pd.DataFrame]:
    fitted = clone(pipeline).fit(tables, cutoff)
    summary = fitted._summarise(tables, cutoff)
    bought = summary[summary["T"].notna()]
    actual = _look_up(fitted, tables, bought.index, cutoff, length)
    name = type(fitted.purchases_).__name__
    expected = fitted.purchases_.predict_expected_purchases(bought, length)
    rate = bought["frequency"] / bought["T"]
    before = rate * (length / check_duration(fitted.purchases_.unit, "unit"))
    forecasts = {("purchases", name): expected, ("purchases", RULE): before}
    if fitted.spend_ is not None:
        money = fitted.spend_.predict_expected_spend(without_odd_spend(bought))
        both = f"{name} x {type(fitted.spend_).__name__}"
        forecasts["spend", both] = expected * money
        forecasts["spend", RULE] = before * bought["monetary_value"].fillna(0.0)
    return [
        pd.DataFrame(
            {
                "customer_id": bought.index,
                "frequency": bought["frequency"].to_numpy(),
                "quantity": quantity,
                "model": model,
                "forecast": pd.Series(forecast).to_numpy(),
                "actual": actual[quantity].to_numpy(),
            }
        )
        for (quantity, model), forecast in forecasts.items()
    ]


def _look_up(
    fitted: Any,
    tables: CustomerTables,
    customers: pd.Index,
    cutoff: pd.Timestamp,
    length: pd.Timedelta,
) -> pd.DataFrame:
    """Look up what customers did in the horizon, refused while it is not over."""
    # A label knows whether its window is over.
    Inactivity(length).transform(tables, cutoffs=cutoff)
    spine = pd.DataFrame({"customer_id": customers, "cutoff": cutoff + length})
    activity = Activity(windows=[length]).fit_transform(tables, spine=spine)
    kind = "n_active_days" if fitted.grain == "day" else "n_orders"
    counts = activity.filter(regex=f"^{kind}_(?!change)").iloc[:, 0]
    found = pd.DataFrame({"purchases": counts.to_numpy()}, index=customers)
    if fitted.spend_ is not None:
        spine["cutoff"] = cutoff
        spend = FutureSpend(length).transform(tables, spine=spine)
        found["spend"] = spend.to_numpy()
    return found


def _regress(
    tables: CustomerTables,
    cutoff: pd.Timestamp,
    length: pd.Timedelta,
    features: PointInTimeBuilder | None,
    regressor: Any,
    scores: list[pd.DataFrame],
) -> pd.DataFrame:
    """Forecast by a regressor that learned from one horizon before the cutoff."""
    builder = clone(features).set_output(transform="pandas")
    before = cutoff - length
    X = builder.fit_transform(tables, before)
    # Who sent back more than was bought brought nothing.
    y = FutureSpend(length).transform(tables, cutoffs=before).clip(lower=0)
    model = clone(regressor).fit(X.reset_index(drop=True), y.to_numpy())
    same = scores[-1].copy()
    spine = pd.DataFrame({"customer_id": same["customer_id"], "cutoff": cutoff})
    new = builder.transform(tables, spine=spine).reset_index(drop=True)
    same["forecast"] = model.predict(new)
    same["model"] = type(model).__name__
    return same
