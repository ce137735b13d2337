"""How good the predictions were out of time: sentences, table and pictures."""

from collections.abc import Callable, Mapping

import pandas as pd

from crmml.evaluation import compute_gain_table, compute_reliability_table
from crmml.pipeline._backtest import summarise
from crmml.pipeline._shop_rules import BASE_RATE
from crmml.pipeline._verdict import (
    Measured,
    compare_over_cutoffs,
    find_rule,
    measure_auc,
    measure_profit,
)
from crmml.plotting import plot_gain_curve, plot_reliability
from crmml.reporting._churn_facts import say_instant
from crmml.reporting._page import HtmlPage
from crmml.reporting._pictures import translate

_MOST_CUTOFFS = 12
_FORMATS = {
    "base_rate": ".1%",
    "auc": ".3f",
    "top_decile_lift": ".2f",
    "brier": ".4f",
    "profit": ",.2f",
}


def find_model(scores: pd.DataFrame) -> str:
    """Name the model that is tested, which is no rule."""
    rules = {BASE_RATE, find_rule(scores["model"])}
    return str(next(name for name in scores["model"].unique() if name not in rules))


def say_verdict(scores: pd.DataFrame, words: Mapping[str, str]) -> list[str]:
    """Say whether the model beats the rule that the shop has anyway, and earns more.

    Parameters
    ----------
    scores : pandas.DataFrame
        As of ``ChurnPipeline.backtest_scores``.
    words : mapping of str to str
        The words of the language.

    Returns
    -------
    list of str
        One sentence, or two where money was given.
    """
    ranking = _judge(scores, measure_auc, words, (".3f", "+.3f"))
    if ranking is None:
        return [words["no_verdict"]]
    low, high, said = ranking
    key = "beats" if low > 0 else "loses" if high < 0 else "unclear"
    sentences = [words[key].format(**said)]
    if "profit" in scores:
        earned = _judge(scores, measure_profit, words, (",.2f", "+,.2f"))
        sentences += [words["earns"].format(**earned[2])] if earned else []
    return sentences


def _judge(
    scores: pd.DataFrame,
    measure: Callable[[pd.DataFrame], Measured | None],
    words: Mapping[str, str],
    specs: tuple[str, str],
) -> tuple[float, float, dict[str, str]] | None:
    """Compare model and rule: the interval's ends, and all of it as text."""
    rule = find_rule(scores["model"])
    found = compare_over_cutoffs(scores, find_model(scores), rule, measure)
    if found is None:
        return None
    own, other, low, high, n_cutoffs = found
    level, change = specs
    said = {
        "rule": _name_rule(rule, words),
        "own": format(own, level),
        "other": format(other, level),
        "gain": format(own - other, change),
        "low": format(low, change),
        "high": format(high, change),
        "n": str(n_cutoffs),
    }
    return low, high, said


def _name_rule(rule: str, words: Mapping[str, str]) -> str:
    """Name a rule within a sentence, without the mark that it has in tables."""
    return words[rule].removeprefix("rule: ").removeprefix("规则：")


def add_quality(
    page: HtmlPage, scores: pd.DataFrame, words: Mapping[str, str], language: str
) -> None:
    """Add table and pictures of a backtest.

    Parameters
    ----------
    page : HtmlPage
        The page.
    scores : pandas.DataFrame
        As of ``ChurnPipeline.backtest_scores``.
    words : mapping of str to str
        The words of the language.
    language : {"en", "zh"}
        The language of the pictures.
    """
    page.add_text(words["backtest"])
    cutoffs = sorted(scores["cutoff"].unique())
    shown = cutoffs[-_MOST_CUTOFFS:]
    key = "backtest_caption" if shown == cutoffs else "backtest_cut"
    page.add_table(
        _make_table(scores[scores["cutoff"].isin(shown)], words),
        _FORMATS,
        labels={**words, "base_rate": words["rate"]},
        caption=words[key].format(n=len(shown)),
    )
    if scores["churn"].nunique() == 2:
        _add_gain(page, scores, words, language)
    _add_reliability(page, scores, words, language)


def _make_table(scores: pd.DataFrame, words: Mapping[str, str]) -> pd.DataFrame:
    found = summarise(scores)
    model = find_model(scores)
    names = {name: words.get(name, name) for name in found["model"].unique()}
    interval = [
        "–" if pd.isna(low) else f"{low:.3f} – {high:.3f}"
        for low, high in zip(found["auc_low"], found["auc_high"], strict=True)
    ]
    found = found.assign(
        cutoff=found["cutoff"].map(say_instant),
        model=found["model"].map({**names, model: words["model_name"]}),
        interval=interval,
    )
    columns = ["cutoff", "model", "n", "base_rate", "auc", "interval"]
    columns += ["top_decile_lift", "brier"]
    return found[
        [*columns, *(name for name in ("n_called", "profit") if name in found)]
    ]


def _add_gain(
    page: HtmlPage, scores: pd.DataFrame, words: Mapping[str, str], language: str
) -> None:
    rule = find_rule(scores["model"])
    named = {words["model_name"]: find_model(scores), words[rule]: rule}
    parts = {
        name: scores[scores["model"] == model].reset_index()
        for name, model in named.items()
    }
    n_rows = min(map(len, parts.values()))
    tables = {
        name: compute_gain_table(own["churn"], own["score"], n_bins=min(50, n_rows))
        for name, own in parts.items()
    }
    found = [
        table["cumulative_gain"][(table["cumulative_share"] >= 0.1).idxmax()]
        for table in tables.values()
    ]
    caption = words["gain_caption"].format(
        own=f"{found[0]:.0%}", other=f"{found[1]:.0%}", rule=_name_rule(rule, words)
    )
    picture = translate(plot_gain_curve(tables).figure, language)
    page.add_figure(picture, caption, alt=words["gain_alt"])


def _add_reliability(
    page: HtmlPage, scores: pd.DataFrame, words: Mapping[str, str], language: str
) -> None:
    own = scores[scores["model"] == find_model(scores)]
    table = compute_reliability_table(own["churn"], own["probability"])
    caption = words["reliability_caption"].format(
        predicted=f"{own['probability'].mean():.1%}",
        observed=f"{own['churn'].mean():.1%}",
    )
    axes = plot_reliability({words["model_name"]: table})
    picture = translate(axes.figure, language)
    page.add_figure(picture, caption, alt=words["reliability_alt"])
