"""Every public object shows itself in a few lines, and in notebooks as a small page."""

import importlib
import inspect
import pkgutil

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

import crmml
from crmml.association import AssociationRules, FrequentItemsets, SequentialRules
from crmml.datasets import (
    CompleteJourney,
    load_diapers_and_beer,
    make_baskets,
    make_customers,
)
from crmml.evaluation import CutoffSplit, drift_report
from crmml.exceptions import SchemaError
from crmml.features import RFM, Activity, CustomAggregation, FeatureSet, Tenure, Trend
from crmml.labels import (
    ContractEnd,
    FutureSpend,
    Inactivity,
    NextPurchase,
    suggest_inactivity,
)
from crmml.models import (
    BetaGeoModel,
    GammaGammaModel,
    LogisticChurnClassifier,
    NumberRange,
)
from crmml.pipeline import ChurnPipeline, SegmentationPipeline, ValuePipeline
from crmml.segmentation import KMeansSegmenter, RFMSegmenter
from crmml.tables import (
    Complaints,
    Customers,
    CustomerTables,
    DatabaseTable,
    Events,
    Surveys,
    Transactions,
)

MOST = 2_000

# Floors above these show no tables of their own.
PACKAGES = (
    "association",
    "datasets",
    "evaluation",
    "features",
    "labels",
    "models",
    "pipeline",
    "segmentation",
    "tables",
)


def find_classes():
    """Every public class of the library that is no exception."""
    found = {}
    for module in pkgutil.iter_modules(crmml.__path__, "crmml."):
        if module.name.rpartition(".")[2] not in PACKAGES:
            continue
        package = importlib.import_module(module.name)
        for name in package.__all__:
            item = getattr(package, name)
            if inspect.isclass(item) and not issubclass(item, Exception):
                found[name] = item
    return found


CLASSES = find_classes()
NASTY = "<script>alert(1)</script>&客户"


@pytest.fixture(scope="module")
def shop():
    return make_customers(60, random_state=0)


@pytest.fixture(scope="module")
def nasty_tables():
    """Tables whose columns carry markup and Chinese."""
    day = pd.Timestamp("2024-05-01")
    frame = pd.DataFrame(
        {NASTY: ["张三", "李四"], "日期": [day, day], "金额": [1.0, 2.0], "说明": "慢"}
    )
    names = {"customer_id": NASTY, "timestamp": "日期"}
    return {
        "Complaints": Complaints(frame, **names),
        "Customers": Customers(frame, customer_id=NASTY, joined_at="日期"),
        "Events": Events(frame, **names),
        "Surveys": Surveys(frame, **names, score="金额"),
        "Transactions": Transactions(frame, **names, amount="金额"),
    }


@pytest.fixture(scope="module")
def made(shop, nasty_tables):
    """One object of every class whose parameters cannot be left out."""
    tables = shop.to_tables()
    baskets = load_diapers_and_beer()
    frame = pd.DataFrame({NASTY: np.arange(60.0)})
    tiny = pd.DataFrame({"a": [1]})
    return nasty_tables | {
        "ChurnPipeline": ChurnPipeline(
            features=FeatureSet([RFM(windows=["30D", "90D"]), Tenure(), Trend()]),
            label=Inactivity("28D"),
            classifier=LogisticChurnClassifier(monotonic={NASTY: 1}),
        ),
        "CompleteJourney": CompleteJourney(*[tiny] * 7),
        "ContractEnd": ContractEnd("30D"),
        "CustomAggregation": CustomAggregation("n_large", where="amount > 100"),
        "CustomerTables": CustomerTables(
            **{name.lower(): one for name, one in nasty_tables.items()}
        ),
        "CutoffSplit": CutoffSplit("28D"),
        "DatabaseTable": DatabaseTable(None, 'shop."订单"'),
        "DriftReport": drift_report(frame, frame + 1_000),
        "FeatureSet": FeatureSet([RFM(), Activity()]),
        "FutureSpend": FutureSpend("90D"),
        "Inactivity": Inactivity("28D"),
        "InactivitySuggestion": suggest_inactivity(tables, max_return_share=0.9),
        "NextPurchase": NextPurchase("28D"),
        "NumberRange": NumberRange(0, 1),
        "RuleValidation": AssociationRules(min_support=0.4)
        .fit(baskets)
        .validate([[NASTY, "Beer"], *baskets]),
        "SegmentationPipeline": SegmentationPipeline(
            features=RFM(), segmenter=RFMSegmenter()
        ),
        "SimulatedBaskets": make_baskets(50, random_state=0),
        "SimulatedCustomers": shop,
        "ValuePipeline": ValuePipeline(
            purchases=BetaGeoModel(), spend=GammaGammaModel()
        ),
    }


def make(name, made):
    return made[name] if name in made else CLASSES[name]()


# Settings in one line, without tables behind them.
IN_ONE_LINE = {"CutoffSplit", "DatabaseTable", "NumberRange"}


@pytest.mark.parametrize("name", CLASSES)
def test_every_public_object_shows_itself(name, made):
    shown = make(name, made)
    text = repr(shown)
    assert 0 < len(text) <= MOST
    assert "object at 0x" not in text
    assert str(shown) == text
    if name in IN_ONE_LINE:
        assert "\n" not in text
        return
    page = shown._repr_html_()
    assert page.count("<div") == page.count("</div>")
    assert "<script>alert" not in page
    if isinstance(shown, BaseEstimator):
        assert "sk-top-container" in page


@pytest.mark.parametrize("name", ["Transactions", "Complaints", "CustomerTables"])
def test_names_in_any_language_are_shown_as_they_are(name, made):
    page = made[name]._repr_html_()
    if name != "CustomerTables":
        assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;客户" in page
        assert "日期" in page
    for who in ("张三", "李四"):
        assert who not in page + repr(made[name])


@pytest.mark.parametrize(
    "estimator",
    [
        RFM(windows=[f"{days}D" for days in range(1, 300)]),
        FeatureSet([RFM(windows=[f"{days}D"]) for days in range(1, 200)]),
        LogisticChurnClassifier(monotonic={f"客户的特征{i}": 1 for i in range(999)}),
        AssociationRules(item_column="很长的列名" * 60),
        KMeansSegmenter(k_range=tuple(range(2, 900))),
        FrequentItemsets(),
        SequentialRules(),
    ],
    ids=lambda one: type(one).__name__,
)
def test_long_parameters_are_cut(estimator):
    assert len(repr(estimator)) <= MOST


def test_a_plan_of_many_windows_is_cut(shop):
    windows = [f"{days}D" for days in range(1, 120)]
    plan = RFM(windows=windows).explain(shop.to_tables(), ["2024-01-01", "2024-02-01"])
    assert len(plan.aggregations) > 200
    assert len(repr(plan)) <= MOST
    assert "more lines: see .scans and .aggregations\nin SQL" in repr(plan)
    assert "<details>" in plan._repr_html_()


def test_long_names_of_columns_are_cut():
    name = "客户编号" * 500
    frame = pd.DataFrame({name: ["a"], "joined": [pd.Timestamp("2024-01-01")]})
    page = Customers(frame, customer_id=name, joined_at="joined")._repr_html_()
    assert "…" in page
    assert len(page) < MOST


def test_a_longer_drift_table_is_cut_and_says_so():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        rng.normal(size=(200, 30)), columns=[f"x{i}" for i in range(30)]
    )
    page = drift_report(frame, frame)._repr_html_()
    assert page.count("<tr>") <= 11
    assert "and 20 more rows" in page


def test_what_is_shown_is_no_row_of_the_data(shop):
    for one in (shop, shop.to_tables(), shop.to_tables().transactions):
        assert "00000001" not in repr(one) + one._repr_html_()


def test_tables_are_told_with_size_and_span(shop):
    lines = repr(shop).splitlines()
    assert lines[0] == f"SimulatedCustomers, observed until {shop.observed_until}"
    assert lines[1] == "  customers: 60 rows, 2 columns"
    with pytest.raises(SchemaError):
        shop.to_tables().table("surveys")
