"""Who is about to leave: one page for those who decide."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from crmml.reporting._churn_definition import say_churn
from crmml.reporting._churn_facts import (
    ChurnFacts,
    compute_churn_facts,
    say_instant,
)
from crmml.reporting._churn_quality import add_quality, say_verdict
from crmml.reporting._churn_risk import (
    add_calls,
    add_drivers,
    add_spread,
    count_deciles,
)
from crmml.reporting._churn_texts import CHURN_TEXTS
from crmml.reporting._languages import TAGS, choose_words
from crmml.reporting._page import HtmlPage
from crmml.reporting._pictures import lacks_font

_LIMITS = ("sample", "base", "cause", "interval", "fair")
_N_NAMED = 3


class ChurnReport(HtmlPage):
    """Who is about to leave, how sure that is, why, and whom to call first.

    The page says in words who was scored, what leaving means and which data were used;
    how good the predictions were on later outcomes, beside the shop's own rules; what
    moves the risk; how it is spread; and names the customers to call first. All of it
    is computed when the report is made.

    Parameters
    ----------
    pipeline : ChurnPipeline
        A fitted pipeline.
    tables : CustomerTables, Transactions or frame
        The data.
    cutoff : str or datetime
        The instant we pretend it is; customers who could still leave then are scored.
    backtest : pandas.DataFrame, default=None
        What ``pipeline.backtest_scores(tables, cutoffs)`` returned. None: the report
        says that nothing was tested.
    money : mapping of str to float or str, default=None
        ``clv``, ``accept_rate``, ``incentive_cost`` and ``contact_cost`` as in
        :func:`crmml.evaluation.compute_call_list`, in any one currency: each a number,
        or the name of a feature. With it, calls are ranked by expected profit.
    n_customers : int, default=10
        How many customers to name. They are the only customers on the page; 0 names
        nobody.
    language : {"en", "zh"}, default="en"
        English or Chinese.
    names : mapping of str to str, default=None
        Readable names of features, where
        :func:`crmml.features.describe_features` has none or you know better.
    title : str, default=None
        The title of the page. None: one in its language.

    Raises
    ------
    SchemaError
        If an argument is not as above, or the tables lack what the features need.
    NotEnoughHistoryError
        If the data do not reach the cutoff, or nobody could still leave then.

    Warns
    -----
    UserWarning
        If names are Chinese and no installed font has the characters. The page says so
        too.

    See Also
    --------
    crmml.scoring.write_model_card : About the model instead of the customers.

    Examples
    --------
    >>> from crmml.datasets import make_customers
    >>> from crmml.features import RFM, FeatureSet, Tenure
    >>> from crmml.labels import Inactivity
    >>> from crmml.models import LogisticChurnClassifier
    >>> from crmml.pipeline import ChurnPipeline
    >>> from crmml.reporting import ChurnReport
    >>> tables = make_customers(500, random_state=0).to_tables()
    >>> churn = ChurnPipeline(
    ...     features=FeatureSet([RFM(), Tenure()]),
    ...     label=Inactivity("60D"),
    ...     classifier=LogisticChurnClassifier(),
    ... ).fit(tables, cutoffs=["2024-01-01", "2024-03-01"])
    >>> scores = churn.backtest_scores(tables, "2024-06-01")
    >>> report = ChurnReport(churn, tables, cutoff="2024-10-01", backtest=scores)
    >>> "As of 2024-10-01," in report.to_html()
    True
    """

    def __init__(
        self,
        pipeline: Any,
        tables: Any,
        cutoff: Any,
        *,
        backtest: pd.DataFrame | None = None,
        money: Mapping[str, Any] | None = None,
        n_customers: int = 10,
        language: str = "en",
        names: Mapping[str, str] | None = None,
        title: str | None = None,
    ) -> None:
        words = choose_words(CHURN_TEXTS, language)
        super().__init__(title or words["title"], language=TAGS[language])
        facts = compute_churn_facts(
            pipeline,
            tables,
            cutoff,
            backtest=backtest,
            money=money,
            n_customers=n_customers,
            language=language,
            names=names,
        )
        self.add_heading(words["summary"])
        self.add_list(_summarise(facts, words))
        self.add_heading(words["definition"])
        self._add_definition(facts, words)
        self.add_heading(words["quality"])
        if backtest is None:
            self.add_text(words["no_backtest"])
        else:
            add_quality(self, backtest, words, language)
        self.add_heading(words["drivers"])
        add_drivers(self, facts, words, language)
        self.add_heading(words["scores"])
        add_spread(self, facts, words, language)
        if n_customers:
            self.add_heading(words["calls"])
            add_calls(self, facts, words)
        self.add_heading(words["limits"])
        limits = [words[f"limit_{name}"] for name in _LIMITS]
        self.add_list([*limits, *([words["no_font"]] if lacks_font(self) else [])])

    def _add_definition(self, facts: ChurnFacts, words: Mapping[str, str]) -> None:
        """Say what leaving means, and which data were used."""
        pipeline, tables = facts.pipeline, facts.tables
        label = {"kind": type(pipeline.label).__name__, **pipeline.label.get_params()}
        self.add_text(say_churn(label, words))
        self.add_text(
            words["meant"].format(
                n=f"{pipeline.n_customers_:,}",
                snapshots=", ".join(map(say_instant, pipeline.cutoffs_)),
                rate=f"{pipeline.base_rate_:.1%}",
            )
        )
        rows = [
            {
                "table": words[name],
                "rows": extent.n_rows,
                "first_day": None if extent.first is None else extent.first.date(),
                "last_day": None if extent.last is None else extent.last.date(),
            }
            for name, extent in tables.extents.items()
        ]
        until = "–"
        if tables.observed_until is not None:
            until = say_instant(tables.observed_until)
        caption = words["tables"].format(until=until)
        self.add_table(pd.DataFrame(rows), labels=words, caption=caption)


def _summarise(facts: ChurnFacts, words: Mapping[str, str]) -> list[str]:
    """Say what matters, each point in a sentence."""
    risk = facts.ranked["churn_probability"]
    said = {
        "cutoff": facts.cutoff,
        "n": f"{len(risk):,}",
        "expected": f"{risk.sum():,.0f}",
        "rate": f"{risk.mean():.1%}",
    }
    deciles = count_deciles(facts.ranked)
    first = deciles[deciles["decile"] == 1]
    points = [words["who"].format(**said)]
    if len(first):
        n, share = first["n"].iloc[0], first["cumulative"].iloc[0]
        points.append(words["concentrated"].format(n=f"{n:,}", share=f"{share:.0%}"))
    if facts.calls is not None:
        called = facts.calls[facts.calls["is_called"]]
        points.append(
            words["calls_pay"].format(
                n=f"{len(called):,}",
                profit=f"{called['expected_profit'].sum():,.0f}",
                cost=f"{called['expected_cost'].sum():,.0f}",
            )
        )
    if facts.drivers is not None:
        named = facts.drivers["name"].head(_N_NAMED)
        joint = "；" if "：" in words["moved_by"] else "; "
        points.append(words["moved_by"].format(names=joint.join(named)))
    if facts.scores is None:
        return [*points, words["untested"]]
    return [*points, *say_verdict(facts.scores, words)]
