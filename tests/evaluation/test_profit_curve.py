import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmml.evaluation import (
    compute_max_profit,
    compute_profit_curve,
    find_profit_threshold,
    max_profit_score,
    profit_score,
)
from crmml.exceptions import NotEnoughHistoryError, SchemaError

MONEY = {"clv": 100, "accept_rate": 0.5, "incentive_cost": 10, "contact_cost": 1}
CALLS = [
    compute_profit_curve,
    compute_max_profit,
    max_profit_score,
    find_profit_threshold,
]

people = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.integers(0, 4),
        st.integers(-50, 400),
        st.sampled_from([0.0, 0.2, 1.0]),
        st.integers(0, 40),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=25,
)


def split(rows):
    y, scores, *amounts = (np.array(column) for column in zip(*rows, strict=True))
    names = ["clv", "accept_rate", "incentive_cost", "contact_cost"]
    return y, scores, dict(zip(names, amounts, strict=True))


@given(people)
def test_every_row_is_what_a_loop_over_customers_counts(rows):
    y, scores, money = split(rows)
    curve = compute_profit_curve(y, scores, **money)
    assert curve["threshold"].tolist() == [np.inf, *sorted({*scores}, reverse=True)]
    for row in curve.itertuples():
        called = cost = profit = left = 0.0
        for i in range(len(y)):
            if scores[i] < row.threshold:
                continue
            rate, gift = money["accept_rate"][i], money["incentive_cost"][i]
            takes = rate if y[i] else 1.0
            spent = money["contact_cost"][i] + takes * gift
            called += 1
            left += y[i]
            cost += spent
            profit += y[i] * rate * money["clv"][i] - spent
        assert (row.n_called, row.churners) == (called, left)
        assert row.share_called == called / len(y)
        # Sums of at most 25 whole numbers times a rate.
        assert row.cost == pytest.approx(cost, abs=1e-9)
        assert row.profit == pytest.approx(profit, abs=1e-9)


@given(people)
def test_the_maximum_is_the_best_row_and_what_its_threshold_earns(rows):
    y, scores, money = split(rows)
    curve = compute_profit_curve(y, scores, **money)
    best = compute_max_profit(y, scores, **money)
    assert best["profit"] == curve["profit"].max() / len(y)
    assert max_profit_score(y, scores, **money) == best["profit"] >= 0
    threshold = find_profit_threshold(y, scores, **money)
    assert threshold == best["threshold"]
    earned = profit_score(y, scores >= threshold, **money)
    assert earned == pytest.approx(best["profit"], abs=1e-9)


@given(people, st.integers(1, 25), st.floats(0, 500))
def test_no_allowed_threshold_earns_more(rows, top_k, budget):
    y, scores, money = split(rows)
    curve = compute_profit_curve(y, scores, **money)
    for limit, is_allowed in [
        ({"top_k": top_k}, curve["n_called"] <= top_k),
        ({"budget": budget}, curve["cost"] <= budget),
    ]:
        threshold = find_profit_threshold(y, scores, **money, **limit)
        chosen = curve[curve["threshold"] == threshold].iloc[0]
        assert is_allowed[chosen.name]
        assert chosen["profit"] == curve.loc[is_allowed, "profit"].max()


@given(people, st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    first, second = (
        compute_profit_curve(y, scores, **money)
        for y, scores, money in (split(rows), split(shuffled))
    )
    # Within ties money is added up in another order.
    np.testing.assert_allclose(first, second, atol=1e-9)


def test_scalars_and_arrays_of_the_same_give_the_same():
    rng = np.random.default_rng(0)
    y, scores = rng.integers(0, 2, 300), rng.normal(size=300).round(1)
    arrays = {name: np.full(300, value) for name, value in MONEY.items()}
    np.testing.assert_allclose(
        compute_profit_curve(y, scores, **MONEY),
        compute_profit_curve(y, scores, **arrays),
        rtol=1e-12,
    )


def test_polars_and_read_only_money_are_taken():
    clv = np.array([10.0, 200.0, 30.0])
    clv.flags.writeable = False
    money = {**MONEY, "clv": pl.Series(clv)}
    first = compute_profit_curve([1, 0, 1], pl.Series([3, 2, 1]), **money)
    second = compute_profit_curve([1, 0, 1], [3, 2, 1], **{**MONEY, "clv": clv})
    assert first.equals(second)


def test_nobody_is_called_where_no_call_pays():
    assert find_profit_threshold([0, 0], [0.2, 0.1], **MONEY) == np.inf
    assert max_profit_score([0, 0], [0.2, 0.1], **MONEY) == 0
    assert find_profit_threshold([1, 1], [2, 1], **MONEY, budget=0) == np.inf


@pytest.mark.parametrize("call", CALLS)
def test_words_for_labels(call):
    scores = [0.9, 0.4, 0.3]
    found = call(["流失", "留存", "留存"], scores, **MONEY, pos_label="流失")
    expected = call([1, 0, 0], scores, **MONEY)
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("y", "scores", "changes", "error", "message"),
    [
        ([0, 1, 2], [1, 2, 3], {}, SchemaError, "two classes, got 3"),
        ([0, 1], [1, np.nan], {}, SchemaError, "y_score has 1 missing values"),
        ([0, 1], [1, 2, 3], {}, SchemaError, "2 rows and y_score has 3"),
        ([], [], {}, NotEnoughHistoryError, "0 rows"),
        ([0, 1], [1, 2], {"contact_cost": -1}, SchemaError, "contact_cost must be at"),
        ([0, 1], [1, 2], {"incentive_cost": [1, -1]}, SchemaError, "1 of 2 values"),
        ([0, 1], [1, 2], {"accept_rate": 1.1}, SchemaError, r"accept_rate .* \[0, 1\]"),
        ([0, 1], [1, 2], {"clv": [1, 2, 3]}, SchemaError, "clv must be one number or"),
        ([0, 1], [1, 2], {"clv": [1, None]}, SchemaError, "clv has 1 missing"),
        ([0, 1], [1, 2], {"clv": ["much", 1]}, SchemaError, "clv must be numeric"),
        ([0, 1], [1, 2], {"clv": "200"}, SchemaError, "clv must be numeric"),
        ([0, 1], ["1", "2"], {}, SchemaError, "y_score must be numeric"),
        ([0, 1], [1, 2], {"clv": np.inf}, SchemaError, "clv must be finite"),
    ],
)
def test_bad_input_is_refused_by_name(call, y, scores, changes, error, message):
    with pytest.raises(error, match=message):
        call(y, scores, **{**MONEY, **changes})


@pytest.mark.parametrize("call", CALLS)
def test_money_has_no_default_and_no_position(call):
    with pytest.raises(TypeError):
        call([0, 1], [1, 2])
    with pytest.raises(TypeError):
        call([0, 1], [1, 2], 100, 0.5, 10, 1)


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ({"top_k": 0}, "top_k must be a whole number"),
        ({"top_k": 2.5}, "top_k"),
        ({"budget": -1}, "budget must be at least 0"),
        ({"budget": np.nan}, "budget has 1 missing"),
    ],
)
def test_limits_are_checked(limit, message):
    with pytest.raises(SchemaError, match=message):
        find_profit_threshold([0, 1], [1, 2], **MONEY, **limit)


def test_messages_quote_no_value_of_the_data():
    with pytest.raises(SchemaError) as caught:
        max_profit_score([0, 1], [1, 2], **{**MONEY, "clv": ["Ann Lee", 1]})
    assert "Ann" not in str(caught.value)
