"""The demo's results as a page with pictures."""

import pandas as pd
from matplotlib.axes import Axes

from crmml.cli import _demo_tables as shown
from crmml.cli import _demo_texts as texts
from crmml.cli._demo import CLASSIFIERS, DemoResult
from crmml.evaluation import compute_gain_table, compute_reliability_table
from crmml.pipeline._shop_rules import RECENCY_RULE
from crmml.plotting import (
    plot_gain_curve,
    plot_reliability,
    plot_rules,
    plot_segment_map,
)
from crmml.reporting import HtmlPage


def make_page(result: DemoResult) -> HtmlPage:
    """Lay out the page.

    Parameters
    ----------
    result : DemoResult
        What was computed.

    Returns
    -------
    HtmlPage
        The page, not yet written.
    """
    page = HtmlPage("The Complete Journey: leavers, segments, rules")
    page.add_heading("What the tables hold")
    page.add_text(texts.about_tables(result))
    page.add_table(result.quality, shown.QUALITY_FORMATS)
    page.add_heading("How well leavers were predicted, out of time")
    page.add_text(texts.about_backtest(result))
    page.add_table(shown.mean_backtest(result), shown.BACKTEST_FORMATS)
    page.add_text(texts.verdict(result))
    _add_axes(page, _gain_axes(result), "Leavers found against households called.")
    _add_axes(page, _reliability_axes(result), "Do probabilities keep their word?")
    page.add_heading("Who is about to leave, and why")
    page.add_text(texts.about_leavers(result))
    page.add_table(shown.top_leavers(result), shown.LEAVER_FORMATS)
    page.add_heading("Which groups there are")
    page.add_text(texts.about_segments(result))
    page.add_table(result.rfm_profile, shown.PROFILE_FORMATS)
    page.add_text(result.choice_of_k)
    page.add_table(result.profile, shown.PROFILE_FORMATS)
    _add_axes(page, plot_segment_map(result.segment_map), "Segments found by k-means.")
    page.add_heading("What is bought together")
    page.add_text(texts.about_rules(result))
    page.add_table(shown.top_rules(result), shown.RULE_FORMATS)
    _add_axes(page, plot_rules(result.rules.rules_), "Rules among product categories.")
    return page


def _add_axes(page: HtmlPage, axes: Axes, caption: str) -> None:
    page.add_figure(axes.figure, caption)


def _gain_axes(result: DemoResult) -> Axes:
    scores = {name: _scores_of(result, name) for name in [result.best, RECENCY_RULE]}
    return plot_gain_curve(
        {
            name: compute_gain_table(own["churn"], own["score"], n_bins=50)
            for name, own in scores.items()
        }
    )


def _reliability_axes(result: DemoResult) -> Axes:
    scores = {kind.__name__: _scores_of(result, kind.__name__) for kind in CLASSIFIERS}
    return plot_reliability(
        {
            name: compute_reliability_table(own["churn"], own["score"])
            for name, own in scores.items()
        }
    )


def _scores_of(result: DemoResult, model: str) -> pd.DataFrame:
    return result.scores[result.scores["model"] == model]
