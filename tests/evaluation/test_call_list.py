import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmml.evaluation import compute_call_list
from crmml.exceptions import SchemaError

MONEY = {"clv": 100, "accept_rate": 0.5, "incentive_cost": 10, "contact_cost": 1}

people = st.lists(
    st.tuples(st.floats(0, 1), st.integers(-50, 500), st.integers(0, 40)),
    min_size=1,
    max_size=30,
)


def call(rows, **limits):
    proba, clv, contact = (np.array(column) for column in zip(*rows, strict=True))
    money = {**MONEY, "clv": clv, "contact_cost": contact}
    return compute_call_list(proba, **money, **limits)


@given(people)
def test_without_a_limit_every_call_that_pays_is_made(rows):
    found = call(rows)
    assert found["is_called"].equals(found["expected_profit"] > 0)
    for (proba, clv, contact), row in zip(rows, found.itertuples(), strict=True):
        expected = proba * 0.5 * (clv - 10) - (1 - proba) * 10 - contact
        # Rounding of a handful of products below 500.
        assert row.expected_profit == pytest.approx(expected, abs=1e-9)
        assert row.expected_cost == pytest.approx(
            contact + 10 * (0.5 * proba + 1 - proba), abs=1e-9
        )


@given(people, st.integers(1, 30))
def test_top_k_calls_the_k_that_earn_most(rows, top_k):
    found = call(rows, top_k=top_k)
    profits = sorted(found["expected_profit"].clip(lower=0), reverse=True)
    assert found["is_called"].sum() <= top_k
    assert found.loc[found["is_called"], "expected_profit"].sum() == pytest.approx(
        sum(profits[:top_k])
    )


@given(people, st.floats(0, 400))
def test_a_budget_is_kept_and_misses_the_best_by_less_than_one_call(rows, budget):
    found = call(rows, budget=budget)
    called = found["is_called"]
    assert found.loc[called, "expected_cost"].sum() <= budget * (1 + 1e-9)
    # The best with parts of calls: down the list by profit per cost.
    paying = found[found["expected_profit"] > 0].copy()
    paying["merit"] = paying["expected_profit"] / paying["expected_cost"]
    left, best = budget, 0.0
    for row in paying.sort_values("merit", ascending=False).itertuples():
        part = min(1.0, left / row.expected_cost) if row.expected_cost else 1.0
        best, left = best + part * row.expected_profit, left - part * row.expected_cost
    largest = paying["expected_profit"].max() if len(paying) else 0.0
    earned = found.loc[called, "expected_profit"].sum()
    assert best - largest - 1e-6 <= earned <= best + 1e-6


def test_equals_share_a_rank_and_the_likelier_leaver_goes_first():
    found = compute_call_list([0.5, 0.9, 0.5], **MONEY, top_k=2)
    assert found["rank"].tolist() == [2, 1, 2]
    assert found["is_called"].tolist() == [True, True, False]


def test_an_empty_batch_is_an_empty_list_with_the_same_columns():
    empty = compute_call_list([], **MONEY)
    full = compute_call_list([0.5], **MONEY)
    assert len(empty) == 0
    assert empty.dtypes.equals(full.dtypes)


def test_polars_series_and_read_only_arrays_are_taken():
    proba = np.array([0.1, 0.9])
    proba.flags.writeable = False
    found = compute_call_list(pl.Series(proba), **{**MONEY, "clv": pl.Series([1, 500])})
    assert found.equals(compute_call_list(proba, **{**MONEY, "clv": [1, 500]}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"top_k": 2, "budget": 10}, "top_k= or budget=, not both"),
        ({"top_k": 0}, "top_k must be a whole number"),
        ({"budget": -5}, "budget must be at least 0"),
        ({"contact_cost": -5}, "contact_cost must be at least 0"),
        ({"clv": [1, 2, 3]}, "one for each of 2 customers"),
    ],
)
def test_money_and_limits_are_checked(changes, message):
    with pytest.raises(SchemaError, match=message):
        compute_call_list([0.5, 0.6], **{**MONEY, **changes})


def test_what_is_no_probability_is_refused():
    with pytest.raises(SchemaError, match="y_proba must be probabilities"):
        compute_call_list([0.5, 1.6], **MONEY)
    with pytest.raises(SchemaError, match="y_proba has 1 missing"):
        compute_call_list([0.5, np.nan], **MONEY)
