"""Rates that are drawn towards that of the population."""

import pandas as pd
import pytest

from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.features import ComplaintRate
from crmml.tables import make_spine

FIRST, SECOND = "2024-02-01", "2024-05-01"
MONTH = 30.4375


@pytest.fixture
def company(make_tables):
    """a bought 31 and b 1 day before the first cutoff; each complained once."""
    sales = pd.DataFrame(
        {"customer_id": ["a", "b", "c"], "timestamp": "2024-01-01", "amount": 1.0}
    )
    sales["timestamp"] = pd.to_datetime(["2024-01-01", "2024-01-31", "2024-04-30"])

    def make(later=0, **columns):
        calls = ["2024-01-10", "2024-01-31T12:00", *["2024-03-01"] * later]
        calls = pd.DataFrame(
            {"timestamp": [pd.Timestamp(call) for call in calls], **columns}
        )
        calls["customer_id"] = ["a", "b", *["a"] * later]
        return make_tables(sales, complaints=calls)

    return make


def test_the_shorter_the_tenure_the_closer_to_the_population(company):
    rate = ComplaintRate(prior_weight="60D")
    found = rate.fit_transform(company(), FIRST)
    r = 2 / (32 / MONTH)
    assert rate.population_rates_ == [pytest.approx(r, rel=1e-15)]
    shrunk = found["shrunk_complaints_per_month"]
    expected = {
        "a": (1 + r * 60 / MONTH) / ((31 + 60) / MONTH),
        "b": (1 + r * 60 / MONTH) / ((1 + 60) / MONTH),
    }
    assert shrunk.to_dict() == pytest.approx(expected, rel=1e-14)
    # One complaint on the first day says little.
    own = {"a": 1 / (31 / MONTH), "b": 1 / (1 / MONTH)}
    assert abs(shrunk["b"] - r) < 0.1 * abs(own["b"] - r)
    assert abs(shrunk["a"] - r) > 0.3 * abs(own["a"] - r)


def test_the_weight_decides_between_own_rate_and_that_of_all(company):
    tables = company()
    found = {
        weight: ComplaintRate(prior_weight=weight).fit(tables, FIRST)
        for weight in ("1us", "100000D")
    }
    r = found["1us"].population_rates_[0]
    name = "shrunk_complaints_per_month"
    own = found["1us"].transform(tables, FIRST)[name]
    assert own.to_dict() == pytest.approx({"a": MONTH / 31, "b": MONTH}, rel=1e-9)
    same = found["100000D"].transform(tables, FIRST)[name]
    assert same.to_list() == pytest.approx([r, r], rel=1e-3)


def test_who_came_just_now_has_the_rate_of_all(company):
    rate = ComplaintRate(prior_weight="30D").fit(company(), FIRST)
    tables = company()
    spine = make_spine(tables, SECOND, customers=["c"])
    found = rate.transform(tables, spine=spine)["shrunk_complaints_per_month"]
    # One day of nothing against thirty of the population's rate.
    assert found.item() == pytest.approx(rate.population_rates_[0] * 30 / 31, rel=1e-14)


def test_the_rate_is_learned_before_the_earliest_cutoff_alone(company):
    before = ComplaintRate(prior_weight="30D", windows=["7D", None])
    before.fit(company(), [SECOND, FIRST])
    after = ComplaintRate(prior_weight="30D", windows=["7D", None])
    after.fit(company(later=5), [SECOND, FIRST])
    assert before.population_rates_ == after.population_rates_
    assert after.fit(company(later=5), SECOND).population_rates_ != [
        *before.population_rates_
    ]
    spine = make_spine(company(), [FIRST, SECOND])
    after.fit_transform(company(later=5), spine=spine)
    assert before.population_rates_ == after.population_rates_


def test_complaints_written_down_late_are_not_learned(company):
    at = ["2024-01-10", FIRST]
    late = ComplaintRate(prior_weight="30D").fit(company(recorded_at=at), FIRST)
    assert late.population_rates_ == [pytest.approx(1 / (32 / MONTH), rel=1e-15)]


def test_without_a_weight_nothing_is_learned_or_added(company):
    plain = ComplaintRate().fit(company(), FIRST)
    assert plain.population_rates_ == []
    assert not any("shrunk" in name for name in plain.get_feature_names_out())


@pytest.mark.parametrize("weight", [90, "0D", "-1D", "a while", float("nan"), True])
def test_a_weight_that_is_no_duration_is_refused(company, weight):
    with pytest.raises(SchemaError, match="prior_weight must be a duration"):
        ComplaintRate(prior_weight=weight).fit(company(), FIRST)


def test_there_must_be_customers_to_learn_from(make_tables):
    calls = pd.DataFrame({"customer_id": ["a"], "timestamp": ["2024-01-01"]})
    people = pd.DataFrame({"customer_id": ["a"], "joined_at": ["2024-06-01"]})
    tables = make_tables(customers=people, complaints=calls)
    with pytest.raises(NotEnoughHistoryError, match="No customer had joined"):
        ComplaintRate(prior_weight="30D").fit(tables, FIRST)
