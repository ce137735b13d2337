"""The tables that the demo shows, cut to what people read."""

import pandas as pd

from crmml.cli._demo import DemoResult

BACKTEST_FORMATS = {
    "auc": ".3f",
    "average_precision": ".3f",
    "brier": ".4f",
    "log_loss": ".3f",
    "top_decile_lift": ".2f",
}
LEAVER_FORMATS = {"churn_probability": ".1%", "customer_id": "d"}
PROFILE_FORMATS = {
    "customer_share": ".1%",
    "value_share": ".1%",
    "days_since_last_purchase": ".1f",
    "n_orders": ".0f",
    "total_spend": ",.0f",
    "typical_member": "d",
}
RULE_FORMATS = {"support": ".3f", "confidence": ".2f", "lift": ".2f"}
QUALITY_FORMATS = {"share": ".2%"}


def mean_backtest(result: DemoResult) -> pd.DataFrame:
    """Return each model's measures, averaged over the cutoffs, best ranking first."""
    measures = list(BACKTEST_FORMATS)
    mean = result.backtest.groupby("model", as_index=False)[measures].mean()
    return mean.sort_values("auc", ascending=False, ignore_index=True)


def top_leavers(result: DemoResult, n: int = 10) -> pd.DataFrame:
    """Return the households most at risk with their first reasons."""
    columns = ["customer_id", "churn_probability", "reason_1", "reason_2"]
    return result.leavers.head(n)[columns]


def top_rules(result: DemoResult, n: int = 10) -> pd.DataFrame:
    """Return the strongest rule for each consequent, strongest first."""
    rules = result.rules.rules_
    first = rules[~rules["consequents"].duplicated()].head(n)
    shown = first[["support", "confidence", "lift"]]
    for position, side in enumerate(("antecedents", "consequents")):
        shown.insert(position, side, first[side].map(_spell))
    return shown


def _spell(itemset: frozenset[str]) -> str:
    return " + ".join(sorted(itemset))
