"""Every column that a reader will meet is defined, once."""

import inspect
import re
from pathlib import Path

import crmml.features
from crmml.datasets import load_cdnow, make_customers
from crmml.features import (
    RFM,
    ComplaintRate,
    CustomerAttributes,
    Returns,
    Seasonality,
)
from crmml.labels import Inactivity
from crmml.models import BetaGeoModel, GammaGammaModel, LogisticChurnClassifier
from crmml.pipeline import ChurnPipeline, ValuePipeline
from crmml.tables import (
    Complaints,
    Customers,
    CustomerTables,
    Events,
    Surveys,
    Transactions,
)

PAGE = Path(__file__).parents[1] / "docs/definitions.md"


def find_defined():
    """Terms of the page of definitions, as they stand there between backticks."""
    words = re.findall(r"`(\w+?)(?:_of_<\w+>)?`", PAGE.read_text("utf-8"))
    return set(words)


def make_every_feature():
    shop = make_customers(60, random_state=0)
    sales = shop.transactions.assign(
        order_id=range(len(shop.transactions)),
        product_id="p",
        category="c",
        discount=1.0,
        quantity=1,
    )
    sales.loc[0, "amount"] = -1.0
    answers = sales[["customer_id", "timestamp"]].assign(score=1.0, expectation=2.0)
    uses = sales[["customer_id", "timestamp"]].assign(event_type="t", value=1.0)
    tables = CustomerTables(
        transactions=Transactions(sales, **{role: role for role in sales.columns}),
        customers=Customers(
            shop.customers, customer_id="customer_id", joined_at="joined_at"
        ),
        complaints=Complaints(
            shop.complaints, **{role: role for role in shop.complaints.columns}
        ),
        surveys=Surveys(answers, **{role: role for role in answers.columns}),
        events=Events(uses, **{role: role for role in uses.columns}),
    )
    without_arguments = [
        kind()
        for name in crmml.features.__all__
        if inspect.isclass(kind := getattr(crmml.features, name))
        and name not in {"FeatureSet", "CustomAggregation", "CustomerAttributes"}
    ]
    builders = [
        *without_arguments,
        Returns(negative="net"),
        ComplaintRate(prior_weight="90D"),
        Seasonality(by=["hour", "month"]),
        CustomerAttributes(),
    ]
    found = set()
    for builder in builders:
        names = builder.fit(tables, "2024-06-01").get_feature_names_out()
        found |= {re.sub(r"_\d+d\b|_\d+d(?=_)", "", name) for name in names}
    return found


def test_every_column_of_features_is_defined():
    defined = find_defined()
    made = make_every_feature()
    # One column for each weekday and each category stands for all.
    one_of_many = {name for name in made if name.startswith("spend_share_")}
    names = {re.sub(r"_of_\w+$", "", name) for name in made - one_of_many}
    assert len(names) > 40
    assert names - defined == set()


KNOWN = {"customer_id"}


def test_every_column_of_churn_scores_is_defined():
    tables = make_customers(400, random_state=0).to_tables()
    money = {"clv": 9, "accept_rate": 0.5, "incentive_cost": 1, "contact_cost": 1}
    churn = ChurnPipeline(
        features=RFM(), label=Inactivity("60D"), classifier=LogisticChurnClassifier()
    ).fit(tables, ["2024-03-01", "2024-05-01"])
    scores = churn.predict(tables, "2024-10-01", n_reasons=2)
    assert set(scores.columns) - find_defined() - KNOWN == set()
    assert set(money) - find_defined() == set()


def test_every_column_of_values_is_defined():
    tables = CustomerTables(
        transactions=Transactions(
            load_cdnow(sample=True),
            customer_id="customer_id",
            timestamp="date",
            amount="dollar_value",
        )
    )
    value = ValuePipeline(purchases=BetaGeoModel(unit="7D"), spend=GammaGammaModel())
    found = value.fit(tables, "1997-10-01").predict(
        tables, "1997-10-01", horizon="91D", margin=0.3, discount_rate=0.1
    )
    assert set(found.columns) - find_defined() - KNOWN == set()


def test_no_term_is_defined_twice():
    rows = re.findall(r"^\| (.+?) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    terms = [term for row in rows for term in re.findall(r"`(\w+)`", row)]
    twice = {term for term in terms if terms.count(term) > 1}
    assert twice == set()
