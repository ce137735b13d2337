"""Which groups of customers there are: one page for those who decide."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from crmml.plotting import (
    plot_concentration,
    plot_migration,
    plot_segment_contrasts,
    plot_segment_radar,
)
from crmml.reporting._languages import TAGS, choose_words
from crmml.reporting._page import HtmlPage
from crmml.reporting._page_tables import choose_format, format_cell
from crmml.reporting._pictures import lacks_font, translate
from crmml.reporting._segment_facts import SegmentFacts, compute_segment_facts
from crmml.reporting._segment_texts import SEGMENT_TEXTS
from crmml.segmentation import (
    compute_concentration_curve,
    compute_value_shares,
    gini_coefficient,
)
from crmml.segmentation._migration import NOT_THERE

_MOST_FEATURES = 8
_N_POINTS = 3
# By the usual convention (Romano et al. 2006), the least effect that is not small.
_CLEAR = 0.33
_FEWEST_CORNERS = 3
_SHARES = {"customer_share": ".1%", "value_share": ".1%"}
_TEXTS = ("segment", "n_customers")
_LIMITS = ("line", "cause", "medians")


class SegmentReport(HtmlPage):
    """Which segments there are, what sets them apart, who brings how much, who moved.

    Parameters
    ----------
    pipeline : SegmentationPipeline
        A fitted pipeline whose features are numbers.
    tables : CustomerTables, Transactions or frame
        The data.
    cutoff : str or datetime
        The instant we pretend it is; all customers of then are described.
    value : str, default=None
        The feature that says what a customer is worth, such as ``"total_spend"``. With
        it the report says who brings which share.
    earlier : str or datetime, default=None
        An earlier cutoff. With it the report says who has moved since.
    language : {"en", "zh"}, default="en"
        English or Chinese.
    names : mapping of str to str, default=None
        Readable names of features, where
        :func:`crmml.features.describe_features` has none or you know better.
    segment_names : mapping of object to str, default=None
        Names of segments. Others keep their own, those of crmml's presets in the
        language of the report; numbers are named by what sets the segment apart.
    title : str, default=None
        The title of the page. None: one in its language.

    Raises
    ------
    SchemaError
        If an argument is not as above, or features hold text.
    NotEnoughHistoryError
        If the data do not reach a cutoff, or there is no customer.

    Warns
    -----
    UserWarning
        If names are Chinese and no installed font has the characters. The page says so
        too.

    Examples
    --------
    >>> from crmml.datasets import make_customers
    >>> from crmml.features import RFM
    >>> from crmml.pipeline import SegmentationPipeline
    >>> from crmml.reporting import SegmentReport
    >>> from crmml.segmentation import RFMSegmenter
    >>> tables = make_customers(500, random_state=0).to_tables()
    >>> groups = SegmentationPipeline(features=RFM(), segmenter=RFMSegmenter())
    >>> groups = groups.fit(tables, cutoffs="2024-06-01")
    >>> report = SegmentReport(
    ...     groups, tables, "2024-06-01", value="total_spend", language="zh"
    ... )
    >>> "重要价值客户" in report.to_html()
    True
    """

    def __init__(
        self,
        pipeline: Any,
        tables: Any,
        cutoff: Any,
        *,
        value: str | None = None,
        earlier: Any = None,
        language: str = "en",
        names: Mapping[str, str] | None = None,
        segment_names: Mapping[Any, str] | None = None,
        title: str | None = None,
    ) -> None:
        words = choose_words(SEGMENT_TEXTS, language)
        super().__init__(title or words["title"], language=TAGS[language])
        facts = compute_segment_facts(
            pipeline,
            tables,
            cutoff,
            value=value,
            earlier=earlier,
            language=language,
            names=names,
            segment_names=segment_names,
            words=words,
        )
        self.add_heading(words["summary"])
        self.add_list(_summarise(facts, words))
        self.add_heading(words["segments"])
        self._add_profile(facts, words)
        self.add_heading(words["profiles"])
        self._add_contrasts(facts, words, language)
        self.add_heading(words["rules"])
        self.add_text(words["rules_note"])
        rules = facts.rules[["segment", "rule", "precision", "recall"]]
        formats = {"precision": ".0%", "recall": ".0%"}
        self.add_table(rules, formats, labels=words, caption=words["rules_caption"])
        if facts.value is not None:
            self.add_heading(words["concentration"])
            self._add_concentration(facts.value, words, language)
        if facts.migration is not None:
            self.add_heading(words["migration"])
            self._add_migration(facts, words, language)
        self.add_heading(words["limits"])
        limits = [words[f"limit_{name}"] for name in _LIMITS]
        self.add_list([*limits, *([words["no_font"]] if lacks_font(self) else [])])

    def _add_profile(self, facts: SegmentFacts, words: Mapping[str, str]) -> None:
        """Show size, shares and medians; not more features than a page is wide."""
        known = [name for name in (*_TEXTS, *_SHARES) if name in facts.profile]
        features = [name for name in facts.profile if name not in known][
            :_MOST_FEATURES
        ]
        shown = facts.profile[[*known, *features]]
        # Features are headed by their names, whatever these are.
        labels = {**{name: name for name in features}, **{k: words[k] for k in known}}
        caption = words["segments_caption"]
        formats = {**{name: choose_format(shown[name]) for name in features}, **_SHARES}
        self.add_table(shown, formats, labels=labels, caption=caption)

    def _add_contrasts(
        self, facts: SegmentFacts, words: Mapping[str, str], language: str
    ) -> None:
        """Say and show what sets each segment apart."""
        self.add_text(words["profiles_note"])
        self.add_list(_describe_segments(facts.contrasts, words))
        known = facts.contrasts.dropna(subset=["effect"])
        if not len(known):
            return
        bars = plot_segment_contrasts(known, n_features=_N_POINTS).figure
        caption = words["contrasts_caption"]
        self.add_figure(translate(bars, language), caption, alt=words["contrasts_alt"])
        whole = len(known) == len(facts.contrasts)
        if whole and known["feature"].nunique() >= _FEWEST_CORNERS:
            radar = translate(plot_segment_radar(known).figure, language)
            self.add_figure(radar, words["radar_caption"], alt=words["radar_alt"])

    def _add_concentration(
        self, value: "pd.Series[Any]", words: Mapping[str, str], language: str
    ) -> None:
        """Show which share the most valuable customers bring."""
        curve = compute_concentration_curve(value)
        axes = plot_concentration({words["curve"]: curve}, value_name=str(value.name))
        gini = f"{gini_coefficient(value):.2f}"
        caption = words["concentration_caption"].format(gini=gini)
        picture = translate(axes.figure, language)
        self.add_figure(picture, caption, alt=words["concentration_alt"])
        shares = compute_value_shares(value).drop(columns="statement")
        formats = {"customer_share": ".0%", "value_share": ".1%"}
        caption = words["concentration_table"]
        self.add_table(shares, formats, labels=words, caption=caption)

    def _add_migration(
        self, facts: SegmentFacts, words: Mapping[str, str], language: str
    ) -> None:
        """Show who went where between the two cutoffs."""
        dates = str(facts.earlier), facts.cutoff
        said = {"earlier": dates[0], "cutoff": dates[1]}
        self.add_text(words["migration_note"].format(**said))
        picture = translate(
            plot_migration(facts.migration, dates=dates).figure, language
        )
        caption = words["migration_caption"]
        self.add_figure(picture, caption, alt=words["migration_alt"])
        matrix = pd.DataFrame(facts.migration)
        table = matrix.rename_axis(columns=None).reset_index(names=words["segment"])
        absent = {NOT_THERE: words["not_there"]}
        labels = {name: absent.get(name, name) for name in table.columns}
        first = table[words["segment"]].replace(absent)
        caption = words["migration_table"]
        self.add_table(
            table.assign(**{words["segment"]: first}), labels=labels, caption=caption
        )


def _summarise(facts: SegmentFacts, words: Mapping[str, str]) -> list[str]:
    """Say what matters, each point in a sentence."""
    profile = facts.profile
    points = [
        words["who"].format(
            cutoff=facts.cutoff,
            n=f"{profile['n_customers'].sum():,}",
            n_segments=len(profile),
        ),
        words["largest"].format(
            name=profile["segment"][0], share=f"{profile['customer_share'][0]:.0%}"
        ),
    ]
    if facts.value is not None and profile["value_share"].notna().any():
        best = profile.loc[profile["value_share"].idxmax()]
        points.append(
            words["richest"].format(
                name=best["segment"],
                share=f"{best['customer_share']:.0%}",
                value_share=f"{best['value_share']:.0%}",
                value_name=facts.value.name,
            )
        )
        (fifth,) = compute_value_shares(facts.value, customer_shares=[0.2]).itertuples()
        points.append(
            words["pareto"].format(share="20%", value_share=f"{fifth.value_share:.0%}")
        )
    if facts.migration is not None:
        there = facts.migration.drop(index=NOT_THERE, errors="ignore")
        stayed = sum(there.loc[name, name] for name in there.index)
        n_there = there.to_numpy().sum()
        share = f"{stayed / n_there:.0%}" if n_there else "–"
        points.append(words["stayed"].format(earlier=facts.earlier, share=share))
    return points


def _describe_segments(contrasts: pd.DataFrame, words: Mapping[str, str]) -> list[str]:
    """Say of each segment in which features it differs most, if it does."""
    sentences = []
    for segment, rows in contrasts.groupby("segment", sort=False):
        clear = rows[np.abs(rows["effect"]) >= _CLEAR].head(_N_POINTS)
        points = []
        for row in clear.itertuples():
            medians = row.median, row.other_median
            spec = choose_format(medians)
            median, other = (format_cell(value, spec) for value in medians)
            key = "more" if row.effect > 0 else "less"
            said = {"feature": row.feature, "median": median, "other": other}
            points.append(words[key].format(**said))
        joint = words["and"].join(points) or words["alike"]
        sentences.append(words["profile"].format(name=segment, points=joint))
    return sentences
