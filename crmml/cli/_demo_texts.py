"""What the demo says about its numbers; every number in it is computed."""

import pandas as pd

from crmml.cli._demo import (
    CLASSIFIERS,
    HORIZON,
    MIN_CONFIDENCE,
    MIN_SUPPORT,
    TODAY,
    TRAINED,
    DemoResult,
)
from crmml.pipeline._shop_rules import RECENCY_RULE


def about_tables(result: DemoResult) -> str:
    """Say what the tables hold."""
    extent = result.tables.extents["transactions"]
    n_findings = len(result.quality)
    return (
        f"{extent.n_rows:,} order lines from {extent.first} to {extent.last}. "
        f"{n_findings} finding{'' if n_findings == 1 else 's'}:"
    )


def about_backtest(result: DemoResult) -> str:
    """Say how the test was made."""
    tested = result.backtest.drop_duplicates("cutoff")
    days = pd.Timedelta(HORIZON).days
    return (
        f"A household leaves when it buys nothing for {days} days after the cutoff; "
        f"asked are those that bought within {days} days before it. Each of "
        f"{len(tested)} cutoffs is scored by models fitted to snapshots from "
        f"{TRAINED[0]} on whose outcome was known by then; "
        f"{tested['base_rate'].mean():.1%} of the households scored did leave."
    )


def verdict(result: DemoResult) -> str:
    """Say in words what the best classifier adds to the shop's rule."""
    mean = result.backtest.groupby("model")[["auc", "top_decile_lift"]].mean()
    best, rule = mean.loc[result.best], mean.loc[RECENCY_RULE]
    n_cutoffs = result.backtest["cutoff"].nunique()
    return (
        f"Mean of {n_cutoffs} cutoffs: {result.best} puts a leaver above a stayer in "
        f"{best['auc']:.1%} of pairs, days since the last purchase in "
        f"{rule['auc']:.1%}. Among the tenth most at risk it finds "
        f"{best['top_decile_lift']:.1f} times as many leavers as chance, the rule "
        f"{rule['top_decile_lift']:.1f} times."
    )


def about_leavers(result: DemoResult) -> str:
    """Say who was scored."""
    return (
        f"The ten households most at risk as of {TODAY}, of {len(result.leavers):,} "
        f"scored by {result.best}, the best of {len(CLASSIFIERS)} in the test above."
    )


def about_segments(result: DemoResult) -> str:
    """Say what the segments are."""
    n_customers = result.profile["n_customers"].sum()
    return (
        f"All {n_customers:,} households as of {TODAY}; medians, and the household "
        "most like its segment."
    )


def about_rules(result: DemoResult) -> str:
    """Say what the rules were asked for."""
    rules = result.rules
    return (
        f"{len(rules.rules_):,} rules among product categories in "
        f"{rules.n_baskets_:,} baskets, with a support of at least {MIN_SUPPORT:.0%} "
        f"and a confidence of at least {MIN_CONFIDENCE:.0%}; the strongest by lift, "
        "of rules with the same consequents the first. "
        f"{result.n_lines_without_category:,} lines have no category and are left out."
    )
