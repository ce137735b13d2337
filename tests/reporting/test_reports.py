"""Reports: their numbers are the objects', their pages are whole, safe and small."""

import functools
import re
import string

import numpy as np
import pandas as pd
import pytest

from crmml.association import AssociationRules
from crmml.evaluation import compute_call_list
from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.features import RFM
from crmml.labels import Inactivity
from crmml.models import LogisticChurnClassifier
from crmml.pipeline import ChurnPipeline, SegmentationPipeline
from crmml.plotting import _style as style
from crmml.reporting import ChurnReport, RulesReport, SegmentReport
from crmml.reporting._churn_texts import CHURN_TEXTS
from crmml.reporting._page import HtmlPage
from crmml.reporting._picture_texts import WORDS
from crmml.reporting._pictures import translate_text
from crmml.reporting._rules_texts import RULES_TEXTS
from crmml.reporting._segment_texts import PRESETS_ZH, SEGMENT_TEXTS
from crmml.segmentation import KMeansSegmenter, RFMSegmenter, compute_value_shares
from crmml.tables import CustomerTables, Transactions

MONEY = {"clv": 200, "accept_rate": 0.25, "incentive_cost": 15, "contact_cost": 1}
TODAY, EARLIER = "2024-10-01", "2024-06-01"
needs_font = pytest.mark.skipif(
    not style.find_chinese_fonts(),
    reason="no font with Chinese characters",
)


@pytest.fixture(scope="session")
def make_report(churn, shop, scores, groups, rules):
    """Make one of the three reports in a language, once."""
    found, validation = rules

    @functools.cache
    def make(kind, language):
        if kind == "churn":
            return ChurnReport(
                churn, shop, TODAY, backtest=scores, money=MONEY, language=language
            )
        if kind == "rules":
            return RulesReport(found, validation=validation, language=language)
        return SegmentReport(
            groups, shop, TODAY, value="total_spend", earlier=EARLIER, language=language
        )

    return make


@pytest.fixture
def no_pictures(monkeypatch):
    """Draw nothing, where the claim is about texts."""
    monkeypatch.setattr(HtmlPage, "add_figure", lambda *_, **__: None)


EVERY = pytest.mark.parametrize(
    ("kind", "language"),
    [
        pytest.param(kind, language, marks=[needs_font] if language == "zh" else [])
        for kind in ("churn", "segments", "rules")
        for language in ("en", "zh")
    ],
)


@EVERY
def test_pages_are_valid_accessible_and_closed_to_the_network(
    kind, language, make_report, read_page
):
    page = make_report(kind, language)
    text = page.to_html()
    read = read_page(text)
    assert read.find("html") == [{"lang": {"en": "en", "zh": "zh-CN"}[language]}]
    ids = [found["id"] for _, found in read.tags if "id" in found]
    assert len(ids) == len(set(ids))
    targets = [found["href"] for found in read.find("a")]
    assert targets == [f"#{one}" for one in ids]
    levels = [level for level, _ in read.headings]
    assert levels[0] == 1
    assert max(np.diff(levels)) <= 1
    assert all(found["alt"] for found in read.find("img"))
    assert all(found["src"].startswith("data:image/png") for found in read.find("img"))
    assert all(found.get("scope") in {"col", "row"} for found in read.find("th"))
    assert "://" not in text
    (policy,) = [one["content"] for one in read.find("meta") if "content" in one][:1]
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert not [name for _, found in read.tags for name in found if name[:2] == "on"]
    assert not [1 for _, found in read.tags if "style" in found]
    assert len(text.encode()) < 500_000


@EVERY
def test_nothing_is_left_to_fill_in(kind, language, make_report):
    text = make_report(kind, language).to_html()
    text = re.sub(r"<(style|script)>.*?</\1>", "", text, flags=re.DOTALL)
    assert not re.findall(r"[{}]", text)
    assert not re.findall(r"\b(nan|None|NaT)\b", re.sub(r'src="[^"]*"', "", text))


def test_the_churn_report_says_what_the_objects_say(
    churn, shop, make_report, read_page
):
    report = make_report("churn", "en")
    text = " ".join(read_page(report.to_html()).texts)
    risk = churn.predict(shop, TODAY, n_reasons=0)["churn_probability"]
    assert f"{len(risk):,} customers could still leave" in text
    assert f"({risk.mean():.1%}) are expected to." in text
    calls = compute_call_list(risk, **MONEY)
    called = calls[calls["is_called"]]
    assert f"Calls to {len(called):,} customers are expected to pay" in text
    assert f"earn {called['expected_profit'].sum():,.0f} together" in text
    assert f"of whom {churn.base_rate_:.1%} left (base rate)" in text
    assert "no purchase in the 60 days after the cutoff" in text
    table = churn.backtest(shop, ["2024-06-01", "2024-08-01"], money=MONEY)
    for auc in table["auc"]:
        assert f"{auc:.3f}" in text
    # The verdict is that of the backtest, figure for figure.
    figures = re.findall(r"[+-]?\d\.\d{3}", table.attrs["verdict"])[:5]
    (said,) = [one for one in report._parts if "Tested on later outcomes" in one[1]]
    assert re.findall(r"[+-]?\d\.\d{3}", said[1])[:5] == figures


def test_calls_are_ranked_by_expected_profit_where_money_is_given(
    churn, shop, read_page, no_pictures
):
    plain = churn.predict(shop, TODAY, n_reasons=0)
    plain = plain.assign(customer_id=plain["customer_id"].astype(str))
    clv = {**MONEY, "clv": "total_spend"}

    def list_customers(**arguments):
        page = ChurnReport(churn, shop, TODAY, n_customers=7, **arguments).to_html()
        return [row[0] for row in read_page(page).rows[-7:]]

    by_risk = plain.sort_values("churn_probability", ascending=False, kind="stable")
    assert list_customers() == by_risk["customer_id"].head(7).tolist()
    _, X = churn._describe(shop, TODAY)
    worth = {**clv, "clv": X["total_spend"].to_numpy()}
    calls = compute_call_list(plain["churn_probability"], **worth)
    order = calls["expected_profit"].sort_values(ascending=False).index[:7]
    assert list_customers(money=clv) == plain["customer_id"].iloc[order].tolist()


def test_customers_are_named_only_in_the_list_of_calls(make_tables, no_pictures):
    rng = np.random.default_rng(0)
    sales = pd.DataFrame(
        {
            "customer_id": [f"canary{one}" for one in rng.integers(0, 150, 1500)],
            "timestamp": pd.Timestamp("2023-01-01")
            + pd.to_timedelta(rng.integers(0, 700, 1500), unit="D"),
            "amount": 10.0,
        }
    )
    tables = make_tables(sales)
    churn = ChurnPipeline(
        features=RFM(), label=Inactivity("60D"), classifier=LogisticChurnClassifier()
    ).fit(tables, ["2024-01-01", "2024-04-01"])
    page = ChurnReport(churn, tables, "2024-09-01", n_customers=4)
    assert page.to_html().count("canary") == 4
    page = ChurnReport(churn, tables, "2024-09-01", n_customers=0)
    assert "canary" not in page.to_html()
    groups = SegmentationPipeline(features=RFM(), segmenter=RFMSegmenter())
    groups.fit(tables, "2024-06-01")
    report = SegmentReport(groups, tables, "2024-09-01", earlier="2024-06-01")
    assert "canary" not in report.to_html()


def test_the_segment_report_says_what_the_objects_say(
    groups, shop, make_report, read_page
):
    report = make_report("segments", "en")
    read = read_page(report.to_html())
    text = " ".join(read.texts)
    profile = groups.profile(shop, TODAY, value="total_spend")
    shown = {row[0]: row for row in read.rows if len(row) == 7}
    for row in profile.itertuples():
        assert shown[row.segment][1] == f"{row.n_customers:,}"
        assert shown[row.segment][3] == f"{row.value_share:.1%}"
    matrix = groups.migrate(shop, [EARLIER, TODAY])
    there = matrix.drop(index="(not there)", errors="ignore")
    stayed = sum(there.loc[name, name] for name in there.index)
    share = stayed / there.to_numpy().sum()
    assert f"Since {EARLIER}, {share:.0%} of the customers" in text
    _, X = groups._describe(shop, TODAY)
    fifth = compute_value_shares(X["total_spend"], customer_shares=[0.2])
    assert f"20% of customers bring {fifth['value_share'][0]:.0%} of the value" in text


def test_numbered_segments_are_named_by_what_they_are(shop, no_pictures):
    groups = SegmentationPipeline(
        features=RFM(), segmenter=KMeansSegmenter(n_clusters=3, random_state=0)
    ).fit(shop, EARLIER)
    page = SegmentReport(groups, shop, TODAY, segment_names={1: "mine"}).to_html()
    assert re.search(r"0: (high|low) ", page)
    assert "mine" in page
    assert "1: " not in re.sub(r"<style>.*?</style>", "", page, flags=re.S)


def test_the_rules_report_says_what_the_objects_say(rules, read_page):
    found, validation = rules
    read = read_page(RulesReport(found, validation=validation, n_rules=3).to_html())
    text = " ".join(read.texts)
    assert f"{found.n_rules_} rules were found in 400 baskets" in text
    assert f"{validation.n_survive} of {found.n_rules_} rules hold in 400 later" in text
    first = found.rules_.iloc[0]
    rows = [row for row in read.rows if len(row) == 8][1:]
    assert len(rows) == 3
    assert rows[0][3] == f"{first['confidence']:.0%}"
    assert rows[0][5] == f"{first['lift']:.2f}"
    low, high = (int(one) / 100 for one in re.findall(r"\d+", rows[0][4]))
    assert low < first["confidence"] < high


def test_items_may_have_names_of_their_own(no_pictures):
    lines = [[1, 2], [1, 2], [1, 2], [3]]
    page = RulesReport(AssociationRules(0.5, 0.5).fit(lines), names={1: "茶"})
    text = page.to_html()
    assert "Of the baskets with 2, 100% also hold 茶" in text


EVIL = "<script>alert(1)</script>"


def test_names_with_markup_are_text(make_tables, read_page):
    """Neither customers nor segments, features, items or titles add a tag."""
    rng = np.random.default_rng(0)
    ids = [f'"><img src=x onerror=alert({one})>' for one in rng.integers(0, 120, 1200)]
    days = pd.to_timedelta(rng.integers(0, 700, 1200), unit="D")
    sales = pd.DataFrame(
        {
            "customer_id": ids,
            "timestamp": pd.Timestamp("2023-01-01") + days,
            "amount": 10.0,
        }
    )
    tables = make_tables(sales)
    churn = ChurnPipeline(
        features=RFM(), label=Inactivity("60D"), classifier=LogisticChurnClassifier()
    ).fit(tables, ["2024-01-01", "2024-04-01"])
    groups = SegmentationPipeline(features=RFM(), segmenter=RFMSegmenter())
    groups.fit(tables, "2024-06-01")
    names = {"n_orders": EVIL, "total_spend": "a&b<i>$x$"}
    segments = {"Champions": EVIL, "Lost": "' onclick='x"}
    rules = AssociationRules(0.5, 0.5).fit([[EVIL, "{0} </td>"]] * 3)
    pages = [
        ChurnReport(churn, tables, "2024-09-01", names=names, title=EVIL),
        SegmentReport(
            groups,
            tables,
            "2024-09-01",
            value="total_spend",
            names=names,
            segment_names=segments,
        ),
        RulesReport(rules),
    ]
    for page in pages:
        text = page.to_html()
        read = read_page(text)
        assert text.count("<script") == 1
        assert not {name for name, _ in read.tags} & {"i", "b"}
        assert not [
            name for _, found in read.tags for name in found if name[:2] == "on"
        ]
        assert not [one for one in read.find("img") if one["src"][:5] != "data:"]
    assert "&lt;img src=x onerror" in pages[0].to_html()


def test_the_same_data_give_the_same_bytes(rules, make_report, tmp_path):
    found, validation = rules
    one = make_report("rules", "en")
    assert RulesReport(found, validation=validation).to_html() == one.to_html()
    one.save(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text("utf-8") == one.to_html()


def test_row_order_changes_nothing(make_tables, rng, no_pictures):
    n = 900
    sales = pd.DataFrame(
        {
            "customer_id": rng.integers(0, 90, n),
            "timestamp": pd.Timestamp("2023-01-01")
            + pd.to_timedelta(rng.integers(0, 700, n), unit="D"),
            "amount": rng.integers(1, 90, n) * 1.0,
        }
    )

    def write(data):
        tables = make_tables(data)
        groups = SegmentationPipeline(features=RFM(), segmenter=RFMSegmenter())
        groups.fit(tables, "2024-06-01")
        return SegmentReport(
            groups, tables, "2024-09-01", value="total_spend"
        ).to_html()

    assert write(sales) == write(sales.sample(frac=1, random_state=1))


def test_a_hundred_thousand_customers_fit_into_less_than_a_megabyte(crowd):
    tables = CustomerTables(
        transactions=Transactions(crowd, **{name: name for name in crowd})
    )
    few = crowd[crowd["customer_id"] < 2000]
    sample = CustomerTables(
        transactions=Transactions(few, **{name: name for name in few})
    )
    churn = ChurnPipeline(
        features=RFM(), label=Inactivity("60D"), classifier=LogisticChurnClassifier()
    ).fit(sample, "2024-06-01")
    groups = SegmentationPipeline(features=RFM(), segmenter=RFMSegmenter())
    groups.fit(sample, "2024-06-01")
    baskets = pd.DataFrame(
        {
            "order_id": crowd["order_id"] // 3,
            "product_id": crowd["order_id"] * 7919 % 30,
        }
    )
    n = crowd.loc[crowd["timestamp"] < "2024-09-01", "customer_id"].nunique()
    assert n > 90_000
    rules = AssociationRules(0.001, 0.01).fit(baskets)
    assert rules.n_rules_ > 20
    pages = [
        ChurnReport(churn, tables, "2024-06-01"),
        SegmentReport(
            groups, tables, "2024-09-01", value="total_spend", earlier="2024-06-01"
        ),
        RulesReport(rules),
    ]
    assert f"As of 2024-09-01, {n:,} customers are in" in pages[1].to_html()
    whole = HtmlPage("all")
    for page in pages:
        whole.add_page(page)
        assert len(page.to_html().encode()) < 500_000
    assert len(whole.to_html().encode()) < 1_000_000


@pytest.mark.parametrize("texts", [CHURN_TEXTS, SEGMENT_TEXTS, RULES_TEXTS])
def test_both_languages_say_the_same(texts):
    assert list(texts["en"]) == list(texts["zh"])
    for key, english in texts["en"].items():
        chinese = texts["zh"][key]
        fields = [
            sorted(name for _, name, _, _ in string.Formatter().parse(said) if name)
            for said in (english, chinese)
        ]
        assert fields[0] == fields[1], key
        has_words = re.search(r"[A-Za-z]", re.sub(r"\{.*?\}|AUC", "", english))
        assert not has_words or re.search(r"[一-鿿]", chinese), key


def test_preset_segments_all_have_chinese_names():
    from crmml.segmentation import make_named_segments
    from crmml.segmentation._lifecycle_stages import _RELATIONSHIP, STAGES

    for preset in ("named", "rfm_package", "shopify", "klaviyo"):
        named = dict.fromkeys(make_named_segments(preset)["segment"])
        assert set(named) <= set(PRESETS_ZH)
        assert len({PRESETS_ZH[one] for one in named}) == len(named)
    assert {*STAGES, *_RELATIONSHIP} <= set(PRESETS_ZH)


@needs_font
def test_pictures_speak_chinese(churn, shop, scores, groups, monkeypatch):
    figures = []
    monkeypatch.setattr(
        HtmlPage, "add_figure", lambda self, figure, *_, **__: figures.append(figure)
    )
    ChurnReport(churn, shop, TODAY, backtest=scores, language="zh")
    SegmentReport(
        groups, shop, TODAY, value="total_spend", earlier=EARLIER, language="zh"
    )
    baskets = [["茶", "杯子"]] * 4 + [["牛奶"]]
    RulesReport(AssociationRules(0.5, 0.5).fit(baskets), language="zh")
    assert len(figures) == 4 + 4 + 2
    from matplotlib.text import Text

    said = {text.get_text() for one in figures for text in one.findobj(Text)}
    words = {one for text in said for one in re.findall(r"[A-Za-z]{2,}", text)}
    assert words <= {"Cliff", "delta"}
    assert said & set(WORDS.values())


def test_names_from_the_data_are_not_translated():
    assert translate_text("Bread") == "Bread"
    assert (
        translate_text("模型 (24 % in the first tenth)") == "模型（前十分之一中占 24%）"
    )


@pytest.mark.filterwarnings("ignore:Labels hold Chinese")
@pytest.mark.parametrize(("item", "language"), [("茶", "en"), ("tea", "zh")])
def test_without_a_chinese_font_the_page_says_so(
    item, language, monkeypatch, no_pictures
):
    rules = AssociationRules(0.5, 0.5).fit([[item, "cup"]])
    said = RULES_TEXTS[language]["no_font"]
    monkeypatch.setattr(style, "CJK_FONTS", ())
    assert said in RulesReport(rules, language=language).to_html()
    if language == "en":
        plain = AssociationRules(0.5, 0.5).fit([["tea", "cup"]])
        assert said not in RulesReport(plain).to_html()


def test_no_rule_is_a_report_too(read_page):
    page = RulesReport(AssociationRules(0.9, 0.9).fit([["a"], ["b"]])).to_html()
    assert "0 rules were found in 2 baskets" in " ".join(read_page(page).texts)


def test_arguments_that_do_not_fit_are_refused(churn, shop, scores, groups, rules):
    found, validation = rules
    summary = churn.backtest(shop, "2024-06-01")
    for part in (scores["model"] == "none", scores["model"].str.startswith("rule")):
        with pytest.raises(SchemaError, match="rows of a model"):
            ChurnReport(churn, shop, TODAY, backtest=scores[part])
    with pytest.raises(SchemaError, match="backtest_scores"):
        ChurnReport(churn, shop, TODAY, backtest=summary)
    with pytest.raises(SchemaError, match="backtest must be"):
        ChurnReport(churn, shop, TODAY, backtest="2024-06-01")
    with pytest.raises(SchemaError, match="ChurnPipeline, got SegmentationPipeline"):
        ChurnReport(groups, shop, TODAY)
    with pytest.raises(SchemaError, match="language must be one of"):
        ChurnReport(churn, shop, TODAY, language="fr")
    with pytest.raises(SchemaError, match="n_customers"):
        ChurnReport(churn, shop, TODAY, n_customers=-1)
    with pytest.raises(SchemaError, match="there is none"):
        ChurnReport(churn, shop, TODAY, money={**MONEY, "clv": "worth"})
    with pytest.raises(NotEnoughHistoryError):
        ChurnReport(churn, shop, "2030-01-01")
    with pytest.raises(SchemaError, match="SegmentationPipeline, got ChurnPipeline"):
        SegmentReport(churn, shop, TODAY)
    with pytest.raises(SchemaError, match="value='worth' is no feature"):
        SegmentReport(groups, shop, TODAY, value="worth")
    with pytest.raises(SchemaError, match="rules must be fitted AssociationRules"):
        RulesReport(found.rules_)
    with pytest.raises(SchemaError, match="validation must be"):
        RulesReport(found, validation=validation.rules)
    fewer = AssociationRules(0.1, 0.5).fit([["a", "b"]])
    with pytest.raises(SchemaError, match="validation is of"):
        RulesReport(fewer, validation=validation)
