"""What is bought together: one page for those who decide."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from crmml._utils._arguments import check_count
from crmml.association import AssociationRules, RuleValidation
from crmml.association._share_intervals import bound_share
from crmml.exceptions import SchemaError
from crmml.plotting import plot_rule_graph, plot_rule_matrix
from crmml.reporting._languages import TAGS, choose_words
from crmml.reporting._page import HtmlPage
from crmml.reporting._pictures import lacks_font, translate
from crmml.reporting._rules_texts import RULES_TEXTS

_N_SENTENCES = 5
_N_ITEMS, _N_OFFERS = 10, 3
_LIMITS = ("cause", "common", "time")
_SIDES = ("antecedents", "consequents")
_FORMATS = {
    "support": ".2%",
    "confidence": ".0%",
    "lift": ".2f",
    "p_value": ".2g",
    "learned": ".2f",
    "later": ".2f",
    "later_confidence": ".0%",
    "score": ".0%",
}


class RulesReport(HtmlPage):
    """Which rules were found in baskets, whether they hold later, and what to offer.

    Parameters
    ----------
    rules : AssociationRules
        Fitted rules.
    validation : RuleValidation, default=None
        What ``rules.validate(later_baskets)`` returned. None: the report says that the
        rules were not tested on later baskets.
    n_rules : int, default=15
        How many rules to show, those of the highest lift.
    language : {"en", "zh"}, default="en"
        English or Chinese.
    names : mapping of item to str, default=None
        Readable names of items, such as those of product numbers. Others keep their
        own.
    title : str, default=None
        The title of the page. None: one in its language.

    Raises
    ------
    SchemaError
        If an argument is not as above.

    Warns
    -----
    UserWarning
        If names are Chinese and no installed font has the characters. The page says so
        too.

    Examples
    --------
    >>> from crmml.association import AssociationRules
    >>> from crmml.datasets import load_diapers_and_beer
    >>> from crmml.reporting import RulesReport
    >>> rules = AssociationRules(0.6, 0.7).fit(load_diapers_and_beer())
    >>> page = RulesReport(rules).to_html()
    >>> "Of the baskets with Beer, 100% also hold Diapers: 1.25 times" in page
    True
    """

    def __init__(
        self,
        rules: Any,
        *,
        validation: RuleValidation | None = None,
        n_rules: int = 15,
        language: str = "en",
        names: Mapping[Any, str] | None = None,
        title: str | None = None,
    ) -> None:
        words = choose_words(RULES_TEXTS, language)
        super().__init__(title or words["title"], language=TAGS[language])
        _check(rules, validation)
        n_rules = check_count(n_rules, "n_rules")
        known = dict(names or {})
        shown = _name_sides(rules.rules_.head(n_rules), known)
        self.add_heading(words["summary"])
        self.add_list(_summarise(rules, shown, validation, words))
        self.add_heading(words["asked"])
        self._add_limits(rules, words)
        if len(shown):
            self.add_heading(words["rules"])
            self._add_rules(shown, words, language)
        if validation is not None and len(shown):
            self.add_heading(words["validation"])
            later = _name_sides(validation.rules.head(n_rules), known)
            self._add_validation(later, words)
        offers = _make_offers(rules, known)
        if len(offers):
            self.add_heading(words["offers"])
            self.add_text(words["offers_note"])
            caption = words["offers_caption"]
            self.add_table(offers, _FORMATS, labels=words, caption=caption)
        self.add_heading(words["limits"])
        limits = [words[f"limit_{name}"] for name in _LIMITS]
        self.add_list([*limits, *([words["no_font"]] if lacks_font(self) else [])])

    def _add_limits(self, rules: AssociationRules, words: Mapping[str, str]) -> None:
        """Say which rules were looked for."""
        least = rules.min_support
        is_count = isinstance(least, (int, np.integer))
        support = words["count" if is_count else "share"].format(
            n=least, share=f"{100 * float(least):g}%"
        )
        confidence = f"{100 * float(rules.min_confidence):g}%"
        said = words["limits_set"].format(support=support, confidence=confidence)
        tested = words["not_tested"]
        if rules.max_p_value is not None:
            tested = words["tested"].format(p=f"{rules.max_p_value:g}")
        self.add_list([said, words["measures"], tested])

    def _add_rules(
        self, shown: pd.DataFrame, words: Mapping[str, str], language: str
    ) -> None:
        """Say the first rules in sentences, list and draw all that are shown."""
        first = shown.head(_N_SENTENCES).itertuples()
        self.add_list(_say_rule(rule, words) for rule in first)
        table = _join_sides(shown, words)
        table["interval"] = _bracket(shown)
        table["n_both"] = shown["count"]
        columns = ["left", "right", "support", "confidence", "interval", "lift"]
        columns += ["n_both", *(["p_value"] if "p_value" in table else [])]
        caption = words["rules_caption"].format(n=len(shown))
        self.add_table(table[columns], _FORMATS, labels=words, caption=caption)
        graph = translate(plot_rule_graph(shown).figure, language)
        self.add_figure(graph, words["graph_caption"], alt=words["graph_alt"])
        matrix = translate(plot_rule_matrix(shown).figure, language)
        self.add_figure(matrix, words["matrix_caption"], alt=words["matrix_alt"])

    def _add_validation(self, later: pd.DataFrame, words: Mapping[str, str]) -> None:
        """Show the same rules in later baskets."""
        self.add_text(words["validation_note"])
        renamed = {
            "learned_lift": "learned",
            "lift": "later",
            "confidence": "later_confidence",
        }
        table = _join_sides(later, words).rename(columns=renamed)
        table["verdict"] = table["verdict"].map(words)
        columns = ["left", "right", *renamed.values(), "p_value", "verdict"]
        caption = words["validation_caption"]
        self.add_table(table[columns], _FORMATS, labels=words, caption=caption)


def _check(rules: Any, validation: Any) -> None:
    if not isinstance(rules, AssociationRules):
        raise SchemaError(
            f"rules must be fitted AssociationRules, got {type(rules).__name__}."
        )
    check_is_fitted(rules)
    if validation is not None and not isinstance(validation, RuleValidation):
        raise SchemaError(
            "validation must be what rules.validate(later_baskets) returned, got "
            f"{type(validation).__name__}."
        )
    if validation is not None and len(validation.rules) != rules.n_rules_:
        raise SchemaError(
            f"validation is of {len(validation.rules)} rules, and there are "
            f"{rules.n_rules_}. Give what these rules' validate returned."
        )


def _name_sides(table: pd.DataFrame, names: Mapping[Any, str]) -> pd.DataFrame:
    """Turn the sets on both sides into sorted tuples of readable names."""
    named = {
        side: [
            tuple(sorted(_name(item, names) for item in items)) for items in table[side]
        ]
        for side in _SIDES
    }
    return table.assign(**named)


def _name(item: Hashable, names: Mapping[Any, str]) -> str:
    return str(names.get(item, item))


def _join_sides(table: pd.DataFrame, words: Mapping[str, str]) -> pd.DataFrame:
    sides = zip(("left", "right"), _SIDES, strict=True)
    return table.assign(
        **{name: table[side].map(words["items"].join) for name, side in sides}
    )


def _say_rule(rule: Any, words: Mapping[str, str]) -> str:
    return words["sentence"].format(
        left=words["items"].join(rule.antecedents),
        right=words["items"].join(rule.consequents),
        confidence=f"{rule.confidence:.0%}",
        lift=f"{rule.lift:.2f}",
        count=f"{rule.count:,}",
    )


def _bracket(table: pd.DataFrame) -> list[str]:
    """Write the 95 percent interval of each confidence."""
    hits, trials = (table[name].to_numpy() for name in ("count", "antecedent_count"))
    low, high = bound_share(hits, trials), 1 - bound_share(trials - hits, trials)
    return [f"{a:.0%} – {b:.0%}" for a, b in zip(low, high, strict=True)]


def _summarise(
    rules: AssociationRules,
    shown: pd.DataFrame,
    validation: RuleValidation | None,
    words: Mapping[str, str],
) -> list[str]:
    """Say what matters, each point in a sentence."""
    said = {"n_rules": f"{rules.n_rules_:,}", "n_baskets": f"{rules.n_baskets_:,}"}
    points = [words["found"].format(**said)]
    if not len(shown):
        return [*points, words["none"]]
    (first,) = shown.head(1).itertuples()
    points.append(words["best"].format(rule=_say_rule(first, words)))
    if validation is None:
        return [*points, words["untested"]]
    counts = {
        "n": f"{validation.n_survive:,}",
        "n_rules": f"{len(validation.rules):,}",
        "n_baskets": f"{validation.n_baskets:,}",
        "n_confirmed": f"{validation.n_confirmed:,}",
    }
    points.append(words["survive"].format(**counts))
    hits = validation.hits.set_index("way")
    if validation.n_trials:
        filled = hits.loc["rules, then bestsellers"]
        points.append(
            words["hits"].format(
                n_trials=f"{validation.n_trials:,}",
                own=f"{filled['hit_rate']:.1%}",
                other=f"{hits.loc['bestsellers', 'hit_rate']:.1%}",
                gain=f"{100 * filled['gain']:+.1f}",
                low=f"{100 * filled['gain_low']:+.1f}",
                high=f"{100 * filled['gain_high']:+.1f}",
            )
        )
    return points


def _make_offers(rules: AssociationRules, names: Mapping[Any, str]) -> pd.DataFrame:
    """Say what to offer with the items that most baskets hold."""
    sets = rules.itemsets_
    single = sets[sets["itemsets"].map(len) == 1]
    items = [item for itemset in single["itemsets"].head(_N_ITEMS) for item in itemset]
    if not items:
        return pd.DataFrame()
    found = rules.predict([[item] for item in items], n_items=_N_OFFERS)
    return pd.DataFrame(
        {
            "item": [_name(items[place], names) for place in found["basket"]],
            "offered": [_name(item, names) for item in found["item"]],
            "score": found["score"],
        }
    )
