import traceback
from datetime import date, timedelta

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_validate

from crmml.evaluation import CutoffSplit
from crmml.exceptions import LeakageError, NotEnoughHistoryError, SchemaError

MONTHS = pd.date_range("2017-01-01", periods=6, freq="MS")


def brute_force(cutoffs, gap_days, horizon_days):
    """One pair per cutoff for which any row is closed, by plain loops over dates."""
    splits = []
    for tested in sorted(set(cutoffs)):
        train = [
            i
            for i, cutoff in enumerate(cutoffs)
            if cutoff + timedelta(gap_days + horizon_days) <= tested
        ]
        if train:
            test = [i for i, cutoff in enumerate(cutoffs) if cutoff == tested]
            splits.append((train, test))
    return splits


@given(
    days=st.lists(st.integers(0, 120), min_size=2, max_size=40),
    gap=st.integers(0, 20),
    horizon=st.integers(1, 60),
)
def test_splits_equal_a_plain_loop_over_dates(days, gap, horizon):
    cutoffs = [date(2017, 1, 1) + timedelta(d) for d in days]
    expected = brute_force(cutoffs, gap, horizon)
    splitter = CutoffSplit(f"{horizon}D", gap=timedelta(gap))
    if not expected:
        with pytest.raises((LeakageError, NotEnoughHistoryError)):
            splitter.get_n_splits(groups=cutoffs)
        return
    found = list(splitter.split(None, groups=cutoffs))
    assert [(a.tolist(), b.tolist()) for a, b in found] == expected
    assert splitter.get_n_splits(groups=cutoffs) == len(expected)


@given(
    st.lists(st.sampled_from(list(MONTHS)), min_size=8, max_size=30),
    st.randoms(use_true_random=False),
)
def test_row_order_does_not_change_which_rows_are_used(cutoffs, random):
    cutoffs = [*cutoffs, MONTHS[0], MONTHS[-1]]
    order = list(range(len(cutoffs)))
    random.shuffle(order)
    shuffled = [cutoffs[i] for i in order]
    splitter = CutoffSplit("28D")
    straight = list(splitter.split(None, groups=cutoffs))
    mixed = list(splitter.split(None, groups=shuffled))
    assert len(straight) == len(mixed)
    for (train, test), (train_m, test_m) in zip(straight, mixed, strict=True):
        assert {order[i] for i in train_m} == set(train.tolist())
        assert {order[i] for i in test_m} == set(test.tolist())


def test_a_window_that_closes_exactly_at_the_tested_cutoff_is_used():
    cutoffs = pd.to_datetime(["2017-01-01", "2017-01-29"])
    assert CutoffSplit("28D").get_n_splits(groups=cutoffs) == 1


def test_a_window_that_closes_a_microsecond_later_is_not():
    cutoffs = pd.to_datetime(
        ["2017-01-01T00:00:00", "2017-01-28T23:59:59.999999"], format="ISO8601"
    )
    with pytest.raises(LeakageError):
        CutoffSplit("28D").get_n_splits(groups=cutoffs)


def test_n_test_takes_the_last_cutoffs():
    every = list(CutoffSplit("28D").split(None, groups=MONTHS))
    last = list(CutoffSplit("28D", n_test=2).split(None, groups=MONTHS))
    assert len(every) == 5
    assert len(last) == 2
    for (train, test), (train_l, test_l) in zip(every[-2:], last, strict=True):
        np.testing.assert_array_equal(train, train_l)
        np.testing.assert_array_equal(test, test_l)


@pytest.mark.parametrize(
    "groups",
    [
        list(MONTHS.strftime("%Y-%m-%d")),
        MONTHS.to_numpy(),
        MONTHS.as_unit("s"),
        pd.Series(MONTHS, index=[3, 3, 3, 1, 1, 1]),
        pd.Series(MONTHS).astype("category"),
        [d.date() for d in MONTHS],
        pl.Series(MONTHS.to_list()),
        pl.Series([d.date() for d in MONTHS]),
        MONTHS.tz_localize("Asia/Shanghai"),
        pl.Series(MONTHS.to_list()).dt.replace_time_zone("America/New_York"),
    ],
    ids=str,
)
def test_every_carrier_of_cutoffs_gives_the_same_splits(groups):
    expected = list(CutoffSplit("20D").split(None, groups=MONTHS))
    found = list(CutoffSplit("20D").split(None, groups=groups))
    assert len(found) == len(expected)
    for (train, test), (train_f, test_f) in zip(expected, found, strict=True):
        np.testing.assert_array_equal(train, train_f)
        np.testing.assert_array_equal(test, test_f)


@pytest.mark.parametrize("routing", [False, True])
def test_scikit_learn_cross_validates_with_it(routing):
    rng = np.random.default_rng(0)
    cutoffs = np.repeat(MONTHS.to_numpy(), 40)
    X = rng.normal(size=(240, 2))
    y = rng.integers(0, 2, size=240)
    with sklearn.config_context(enable_metadata_routing=routing):
        how = {"params": {"groups": cutoffs}} if routing else {"groups": cutoffs}
        result = cross_validate(
            LogisticRegression(), X, y, cv=CutoffSplit("28D", n_test=3), **how
        )
    assert result["test_score"].shape == (3,)


def test_nothing_before_the_only_cutoff_is_said_with_counts():
    with pytest.raises(NotEnoughHistoryError, match="1 distinct cutoffs in 2 rows"):
        CutoffSplit("28D").get_n_splits(groups=["2017-01-01"] * 2)
    with pytest.raises(NotEnoughHistoryError, match="0 distinct cutoffs in 0 rows"):
        CutoffSplit("28D").get_n_splits(groups=pd.DatetimeIndex([]))


def test_more_tested_cutoffs_than_closed_windows_allow_is_a_leak():
    with pytest.raises(LeakageError, match=r"n_test=6.*5 of 6 cutoffs"):
        CutoffSplit("28D", n_test=6).get_n_splits(groups=MONTHS)
    with pytest.raises(LeakageError, match=r"at least 1.*0 of 6.*151 days"):
        next(CutoffSplit("150D", gap="2D").split(None, groups=MONTHS))


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (None, "groups is needed"),
        (["2017-01-01", None, "2017-03-01"], "1 missing cutoffs among 3"),
        (["2017-01-01", "01/02/2017"], "ISO 8601"),
        (["2017-01-01", "2017-02-01+00:00"], "time zone"),
        ([20170101, 20170201], "numbers"),
        (pd.Series([1, 2]), "numbers"),
    ],
)
def test_bad_groups_are_refused(groups, message):
    with pytest.raises(SchemaError, match=message):
        CutoffSplit("28D").get_n_splits(groups=groups)


def test_no_message_quotes_a_value_not_even_as_the_cause():
    groups = ["2017-01-01", "Ann Lee"]
    with pytest.raises(SchemaError) as caught:
        CutoffSplit("28D").get_n_splits(groups=groups)
    assert "Ann" not in "".join(traceback.format_exception(caught.value))


def test_lengths_must_agree():
    with pytest.raises(SchemaError, match="X has 5 rows and groups has 6"):
        CutoffSplit("28D").get_n_splits(np.zeros((5, 1)), groups=MONTHS)


@pytest.mark.parametrize(
    "parameters",
    [
        {"horizon": "0D"},
        {"horizon": 28},
        {"horizon": "28D", "gap": "-1D"},
        {"horizon": "28D", "n_test": 0},
        {"horizon": "28D", "n_test": 1.0},
        {"horizon": "28D", "n_test": True},
    ],
)
def test_bad_parameters_are_refused(parameters):
    with pytest.raises(SchemaError):
        CutoffSplit(**parameters).get_n_splits(groups=MONTHS)


def test_repr_names_the_parameters():
    text = repr(CutoffSplit("28D"))
    assert text == "CutoffSplit(gap='0D', horizon='28D', n_test=None)"
