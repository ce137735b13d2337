"""Forecasts of purchases and spend beside what came, and beside what a shop knows."""

from typing import Any

import pandas as pd
from sklearn.base import clone

from crmml._utils._durations import DAY, Duration, check_duration
from crmml.exceptions import SchemaError
from crmml.features import RFM, Activity
from crmml.features._builder import PointInTimeBuilder
from crmml.features._windows import suffix
from crmml.labels import FutureSpend, Inactivity
from crmml.models import BetaBinomialModel
from crmml.pipeline._value_parts import without_odd_spend
from crmml.pipeline._value_periods import count_taken
from crmml.tables import CustomerTables
from crmml.tables._instants import check_cutoffs
from crmml.tables._spine import build_spine

AS_BEFORE, AS_LATELY = "rule: as before", "rule: as lately"
"""What a shop expects without a model: the mean of all history, or the last horizon."""


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


def _score_cutoff(
    pipeline: Any, tables: CustomerTables, cutoff: pd.Timestamp, length: pd.Timedelta
) -> list[pd.DataFrame]:
    # A label knows whether its window is over.
    Inactivity(length).transform(tables, cutoffs=cutoff)
    fitted = clone(pipeline).fit(tables, cutoff)
    summary = fitted._summarise(tables, cutoff)
    bought = summary[summary["T"].notna()]
    actual = _count(fitted, tables, bought.index, cutoff + length, length)
    lately = _count(fitted, tables, bought.index, cutoff, length)
    name = type(fitted.purchases_).__name__
    expected = fitted.purchases_.predict_expected_purchases(bought, length)
    # Who came at the last opportunity has no rate yet.
    rate = (bought["frequency"] / bought["T"].where(bought["T"] > 0)).fillna(0.0)
    before = rate * (length / check_duration(fitted.purchases_.unit, "unit"))
    forecasts = {
        ("purchases", name): expected,
        ("purchases", AS_BEFORE): before,
        ("purchases", AS_LATELY): lately,
    }
    came = {"purchases": actual}
    if fitted.spend_ is not None:
        spine = pd.DataFrame({"customer_id": bought.index, "cutoff": cutoff})
        came["spend"] = FutureSpend(length).transform(tables, spine=spine)
        spent = RFM(windows=[length]).fit_transform(tables, spine=spine)
        money = fitted.spend_.predict_expected_spend(without_odd_spend(bought))
        both = f"{name} x {type(fitted.spend_).__name__}"
        forecasts["spend", both] = expected * money
        forecasts["spend", AS_BEFORE] = before * bought["monetary_value"].fillna(0.0)
        forecasts["spend", AS_LATELY] = spent[f"total_spend{suffix(length)}"]
    return [
        pd.DataFrame(
            {
                "customer_id": bought.index,
                "frequency": bought["frequency"].to_numpy(),
                "quantity": quantity,
                "model": model,
                "forecast": pd.Series(forecast).to_numpy(),
                "actual": came[quantity].to_numpy(),
            }
        )
        for (quantity, model), forecast in forecasts.items()
    ]


def _count(
    fitted: Any,
    tables: CustomerTables,
    customers: pd.Index,
    end: pd.Timestamp,
    length: pd.Timedelta,
) -> "pd.Series[float]":
    """Count purchases in ``[end - length, end)``, as the model counts them."""
    if isinstance(fitted.purchases_, BetaBinomialModel):
        unit = check_duration(fitted.purchases_.unit, "unit")
        instant = check_cutoffs(end, tables)[0]
        taken = count_taken(tables, instant, length, unit)
        return taken.reindex(customers).fillna(0.0)
    spine = pd.DataFrame({"customer_id": customers, "cutoff": end})
    activity = Activity(windows=[length]).fit_transform(tables, spine=spine)
    kind = "n_active_days" if fitted.grain == "day" else "n_orders"
    counts: pd.Series = activity[f"{kind}{suffix(length)}"].astype("float64")
    return counts


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
    rows = build_spine(tables, before)
    known_before = check_cutoffs(cutoff, tables)[0]
    y = FutureSpend(length)._read(tables, rows, known_before=known_before)
    # Who sent back more than was bought brought nothing.
    y = y.clip(lower=0)
    model = clone(regressor).fit(X.reset_index(drop=True), y.to_numpy())
    same = scores[-1].copy()
    spine = pd.DataFrame({"customer_id": same["customer_id"], "cutoff": cutoff})
    new = builder.transform(tables, spine=spine).reset_index(drop=True)
    same["forecast"] = model.predict(new)
    same["model"] = type(model).__name__
    return same
