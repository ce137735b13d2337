"""Who is at risk and why: drivers, the spread of the risk, and the list of calls."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from crmml.plotting import plot_drivers
from crmml.plotting._style import COLORS, find_chinese_fonts, make_axes
from crmml.reporting._churn_facts import ChurnFacts
from crmml.reporting._page import HtmlPage
from crmml.reporting._pictures import translate

_MOST_DRIVERS = 12
# From here on a number is said to act in one direction.
_CLEAR = 0.5
_N_BARS = 25


def add_drivers(
    page: HtmlPage, facts: ChurnFacts, words: Mapping[str, str], language: str
) -> None:
    """Say what moves the risk, and in which direction."""
    if facts.drivers is None:
        page.add_text(words["drivers_unknown"])
        return
    page.add_text(words["driver_note"])
    shown = facts.drivers.head(_MOST_DRIVERS)
    table = shown[["name", "share"]].assign(
        direction=shown["direction"].map(lambda one: _say_direction(one, words)),
        raises=shown["raises"],
        lowers=shown["lowers"],
    )
    page.add_table(table, {"share": ".1%"}, labels={**words, "name": words["feature"]})
    picture = translate(plot_drivers(shown).figure, language)
    page.add_figure(picture, words["driver_caption"], alt=words["driver_alt"])


def _say_direction(direction: float, words: Mapping[str, str]) -> str | None:
    if pd.isna(direction):
        return None
    if abs(direction) < _CLEAR:
        return words["mixed"]
    return words["rises" if direction > 0 else "falls"]


def add_spread(
    page: HtmlPage, facts: ChurnFacts, words: Mapping[str, str], language: str
) -> None:
    """Show how the risk is spread over customers, and by tenths."""
    risk = facts.ranked["churn_probability"]
    caption = words["score_caption"].format(
        median=f"{risk.median():.1%}", high=f"{risk.quantile(0.9):.1%}"
    )
    axes = _plot_spread(risk, words, language)
    page.add_figure(axes.figure, caption, alt=words["score_alt"])
    page.add_table(
        count_deciles(facts.ranked),
        {
            **dict.fromkeys(("lowest", "highest", "mean", "cumulative"), ".1%"),
            "expected": ",.1f",
        },
        labels=words,
        caption=words["decile_caption"],
    )


def count_deciles(ranked: pd.DataFrame) -> pd.DataFrame:
    """Sum up the risk by tenths of the customers, the most at risk first.

    Parameters
    ----------
    ranked : pandas.DataFrame
        Columns ``churn_probability`` and ``decile``.

    Returns
    -------
    pandas.DataFrame
        Columns decile, n, lowest, highest, mean, expected (sum of the probabilities)
        and cumulative (share of that in this and earlier tenths).
    """
    groups = ranked.groupby("decile")["churn_probability"]
    found = groups.agg(["size", "min", "max", "mean", "sum"]).reset_index()
    found.columns = ["decile", "n", "lowest", "highest", "mean", "expected"]
    total = found["expected"].sum()
    cumulative = found["expected"].cumsum() / (total if total > 0 else np.nan)
    return found.assign(cumulative=cumulative)


def _plot_spread(risk: pd.Series, words: Mapping[str, str], language: str) -> Axes:
    fonts = find_chinese_fonts()
    ax = make_axes(None, size=(6.0, 3.2))
    edges = np.linspace(0.0, max(float(risk.max()), 0.05), _N_BARS + 1).tolist()
    ax.hist(risk, bins=edges, color=COLORS[0], edgecolor="white")
    if language == "en" or fonts:
        families = [*ax.xaxis.label.get_fontfamily(), *fonts]
        ax.set_xlabel(words["score_axis"], fontfamily=families)
        ax.set_ylabel(words["score_count"], fontfamily=families)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    return ax


def add_calls(page: HtmlPage, facts: ChurnFacts, words: Mapping[str, str]) -> None:
    """List the customers to call first, with reasons."""
    if not len(facts.first):
        page.add_text(words["no_calls"])
        return
    key = "calls_note" if facts.calls is None else "calls_note_money"
    n, shown = f"{len(facts.ranked):,}", f"{len(facts.first):,}"
    page.add_text(words[key].format(n=n, shown=shown))
    reasons = facts.first.filter(like="reason_").dropna(axis="columns", how="all")
    labels = {
        name: words["reason"].format(n=place)
        for place, name in enumerate(reasons.columns, start=1)
    }
    table = facts.first.drop(columns=["decile", *facts.first.filter(like="reason_")])
    ids = table["customer_id"].astype(str)
    page.add_table(
        table.assign(customer_id=ids).join(reasons),
        {"churn_probability": ".1%", "expected_profit": ",.2f"},
        labels={**words, **labels},
        caption=words["calls_caption"],
    )
