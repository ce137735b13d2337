"""Means by past frequency: every customer once, refused where there is none."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmml.evaluation import compute_conditional_expectations
from crmml.exceptions import NotEnoughHistoryError, SchemaError

CUSTOMERS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 9), st.floats(0, 9)), min_size=1
)


@given(customers=CUSTOMERS, largest=st.integers(1, 9))
def test_groups_hold_everybody_once_and_keep_the_totals(customers, largest):
    past, actual, forecast = np.array(customers, dtype=np.float64).T
    table = compute_conditional_expectations(past, actual, forecast, largest=largest)
    n = table["n_customers"]
    assert n.sum() == len(past)
    assert (n * table["mean_actual"]).sum() == pytest.approx(actual.sum(), abs=1e-9)
    assert (n * table["mean_forecast"]).sum() == pytest.approx(forecast.sum(), abs=1e-9)
    assert table["frequency"].str.endswith("+").sum() == (past > largest).any()
    numbers = table["frequency"].str.rstrip("+").astype(int)
    assert numbers.is_monotonic_increasing
    assert numbers.max() <= largest


def test_intervals_are_those_of_a_mean():
    actual = [1.0, 2.0, 3.0, 8.0, 5.0]
    table = compute_conditional_expectations([0, 0, 0, 0, 1], actual, actual)
    sem = np.std(actual[:4], ddof=1) / 2
    row = table.iloc[0]
    assert row["high"] - row["mean_actual"] == pytest.approx(1.959964 * sem, rel=1e-6)
    assert row["mean_actual"] - row["low"] == pytest.approx(1.959964 * sem, rel=1e-6)
    # One customer says nothing of others.
    assert table.iloc[1][["low", "high"]].isna().all()


def test_polars_columns_are_taken():
    frame = pl.DataFrame({"x": [0, 1], "came": [1.0, 2.0], "said": [1.0, 3.0]})
    table = compute_conditional_expectations(frame["x"], frame["came"], frame["said"])
    assert table["mean_forecast"].tolist() == [1.0, 3.0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0, 1], [1.0], [1.0]), r"have \[2, 1, 1\] values"),
        (([-1], [1.0], [1.0]), "frequency must hold whole numbers .* 1 of 1"),
        (([0.5], [1.0], [1.0]), "frequency must hold whole numbers .* 1 of 1"),
        (([0], ["x"], [1.0]), "y_true"),
        (([0], [1.0], [np.nan]), "y_pred"),
    ],
)
def test_bad_columns_are_refused(arguments, message):
    with pytest.raises(SchemaError, match=message):
        compute_conditional_expectations(*arguments)
    with pytest.raises(SchemaError, match="largest"):
        compute_conditional_expectations([0], [1], [1], largest=0)


def test_nobody_is_refused():
    with pytest.raises(NotEnoughHistoryError):
        compute_conditional_expectations([], [], [])
