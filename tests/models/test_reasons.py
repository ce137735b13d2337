import numpy as np
import pandas as pd
import pytest

from crmml.exceptions import SchemaError
from crmml.models import LogisticChurnClassifier
from crmml.models._reason_words import format_number


@pytest.fixture
def fitted():
    """Recency and plan raise the risk, the colour has nothing to do with it."""
    rng = np.random.default_rng(5)
    n = 2000
    X = pd.DataFrame(
        {
            "days_since_last_purchase": rng.integers(0, 100, n),
            "plan": rng.choice(["basic", "pro"], n),
            "reminder": rng.random(n) < 0.5,
            "discount": rng.random(n),
        }
    )
    risk = 0.05 * (X["days_since_last_purchase"] - 50) + 2.0 * (X["plan"] == "basic")
    y = rng.random(n) < 1 / (1 + np.exp(-risk - 1.5 * ~X["reminder"] + 2.0))
    return LogisticChurnClassifier().fit(X, y)


def customer(**values):
    usual = {
        "days_since_last_purchase": 90,
        "plan": "basic",
        "reminder": False,
        "discount": 0.5,
    }
    return pd.DataFrame([{**usual, **values}])


def test_reasons_are_sentences_with_value_and_typical_value(fitted):
    reasons = fitted.explain(customer(), n_reasons=3)
    typical = f"{fitted._encoder.typical_[0]:.0f}"
    assert reasons["reason"].tolist() == [
        f"days_since_last_purchase: 90 (typical: {typical}), raises the risk",
        "plan: basic, raises the risk",
        "reminder: no, raises the risk",
    ]
    assert reasons["value"].tolist() == [90.0, "basic", False]
    assert reasons["feature"].tolist() == [
        "days_since_last_purchase",
        "plan",
        "reminder",
    ]


def test_reasons_are_the_largest_contributions_in_order(fitted):
    X = pd.concat([customer(discount=i / 7, plan="pro") for i in range(8)])
    reasons, table = fitted.explain(X, n_reasons=2), fitted.contributions(X)
    largest = np.sort(table.drop(columns="base").to_numpy(), axis=1)[:, ::-1][:, :2]
    np.testing.assert_array_equal(
        reasons["contribution"].to_numpy().reshape(8, 2), np.maximum(largest, 0.0)
    )
    assert reasons["row"].tolist() == np.repeat(np.arange(8), 2).tolist()
    assert reasons["rank"].tolist() == [1, 2] * 8


def test_where_fewer_features_raise_the_risk_rows_stay_blank(fitted):
    safe = customer(days_since_last_purchase=0, plan="pro", reminder=True)
    reasons = fitted.explain(safe, n_reasons=6)
    assert len(reasons) == 6
    blank = reasons[reasons["feature"].isna()]
    assert len(blank) >= 5 - 3 + 2
    assert blank["contribution"].tolist() == [0.0] * len(blank)
    assert blank[["value", "reason"]].isna().all(axis=None)


@pytest.mark.parametrize("n_reasons", [0, -1, 1.5, "3", None])
def test_a_senseless_number_of_reasons_is_refused(fitted, n_reasons):
    with pytest.raises(ValueError, match="n_reasons must be a whole number"):
        fitted.explain(customer(), n_reasons=n_reasons)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-3.0, "-3"),
        (29.85, "29.85"),
        (0.000123456, "0.0001235"),
        (1e15, "1000000000000000"),
        (123456.7, "123457"),
        (999.99, "1000"),
    ],
)
def test_numbers_are_written_plainly(value, text):
    assert format_number(value).rstrip(".") == text


NAMES = {
    "plan": "套餐",
    "days_since_last_purchase": "距上次购买天数",
    "discount": "折扣%",
}


def test_reasons_are_written_in_chinese_with_names_of_the_users_own(fitted):
    reasons = fitted.explain(customer(), language="zh", names=NAMES)
    typical = f"{fitted._encoder.typical_[0]:.0f}"
    assert reasons["reason"].tolist() == [
        f"距上次购买天数：90（通常为{typical}），流失风险升高",
        "套餐：basic，流失风险升高",
        "reminder：否，流失风险升高",
    ]
    # The column that programs read stays as it is.
    assert reasons["feature"].tolist()[1] == "plan"


def test_what_keeps_a_customer_is_told_too(fitted):
    safe = customer(days_since_last_purchase=0, plan="pro", reminder=True)
    keeps = fitted.explain(safe, n_reasons=2, direction="lowers")
    table = fitted.contributions(safe).drop(columns="base").iloc[0]
    assert keeps["contribution"].tolist() == sorted(table)[:2]
    assert keeps["reason"].str.endswith("lowers the risk").all()
    both = fitted.explain(safe, n_reasons=4, direction="both")
    sizes = both["contribution"].abs()
    assert sizes.is_monotonic_decreasing
    assert sizes.sum() == pytest.approx(table.abs().sum())


def test_missing_values_and_shares_are_said_in_words(fitted):
    lost = customer(discount=np.nan, plan=None, days_since_last_purchase=0)
    names = {"discount": "items at a discount %"}
    said = fitted.explain(lost, n_reasons=4, direction="both", names=names)
    said = said.set_index("feature")["reason"]
    assert said["plan"].startswith("plan: not known, ")
    known = fitted.explain(
        customer(discount=0.256), n_reasons=4, direction="both", names=names
    )
    known = known.set_index("feature")["reason"]
    assert known["discount"].startswith("items at a discount: 25.6 % (typical: ")


def test_sentences_can_be_replaced_one_by_one(fitted):
    templates = {"number": "{effect}! {name} = {value}", "raises": "Vorsicht"}
    reasons = fitted.explain(customer(), n_reasons=2, templates=templates)["reason"]
    assert reasons.tolist() == [
        "Vorsicht! days_since_last_purchase = 90",
        "plan: basic, Vorsicht",
    ]


@pytest.mark.parametrize(
    ("wording", "message"),
    [
        ({"language": "de"}, "language must be one of .*got 'de'"),
        ({"direction": "up"}, "direction must be one of .*got 'up'"),
        ({"names": ["plan"]}, "names must be a dictionary, got list"),
        ({"names": {"plan": 3}}, "names must map to text"),
        ({"templates": {"text": "a"}}, r"unknown keys \['text'\]"),
        ({"templates": {"value": "{customer_id}"}}, "may refer to"),
        ({"templates": {"value": "{name.__class__}"}}, "may refer to"),
        ({"templates": {"value": "{value[0]}"}}, "may refer to"),
        ({"templates": {"value": "{}"}}, "may refer to"),
        ({"templates": {"value": "{name"}}, "may refer to"),
        ({"templates": {"missing": "{value}"}}, "may refer to"),
        ({"templates": {"raises": None}}, "templates must map to text"),
    ],
)
def test_wording_that_cannot_be_followed_is_refused(fitted, wording, message):
    with pytest.raises(SchemaError, match=message):
        fitted.explain(customer(), **wording)


def test_braces_in_names_and_values_are_text_and_nothing_else(fitted):
    odd = customer(plan="{value.__class__}")
    names = {"plan": "{0}", "days_since_last_purchase": "$x$ {name}"}
    said = fitted.explain(odd, n_reasons=4, direction="both", names=names)["reason"]
    assert said.str.contains("{0}: {value.__class__}, ", regex=False).any()
    assert said.str.contains("$x$ {name}: 90", regex=False).any()
