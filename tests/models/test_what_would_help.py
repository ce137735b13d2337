"""The smallest change that suffices, against brute force and closed forms."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.special import logit
from sklearn.ensemble import HistGradientBoostingClassifier

from crmml.exceptions import SchemaError
from crmml.models import (
    BoostedChurnClassifier,
    LogisticChurnClassifier,
    NumberRange,
    what_would_help,
)

LEVERS = {
    "price": NumberRange(10, 60, direction="down"),
    "n_visits": NumberRange(0, 12, step=1, direction="up"),
    "contract": {"yearly": 0.5, "two years": 0.9},
    "app": [True],
}


@pytest.fixture(scope="module")
def world():
    rng = np.random.default_rng(11)
    n = 1500
    X = pd.DataFrame(
        {
            "price": rng.uniform(10, 60, n).round(2),
            "n_visits": rng.poisson(3, n),
            "contract": rng.choice(["monthly", "yearly", "two years"], n),
            "app": rng.random(n) < 0.4,
            "age": rng.integers(18, 90, n),
        }
    )
    risk = 0.08 * (X["price"] - 35) - 0.4 * (X["n_visits"] - 3) - 1.0 * X["app"]
    risk += X["contract"].map({"monthly": 1.5, "yearly": -0.5, "two years": -1.5})
    return X, (rng.random(n) < 1 / (1 + np.exp(-risk))).astype(int)


def probabilities(model, row, feature, values):
    """Of one customer at many values of a feature."""
    many = pd.concat([row] * len(values), ignore_index=True)
    return model.predict_proba(many.assign(**{feature: values}))[:, 1]


def test_new_values_keep_what_they_promise(model, world):
    X, y = world
    model = model.fit(X, y)
    customers = X.head(25)
    table = what_would_help(model, customers, LEVERS, threshold=0.3, max_changes=3)
    changed = customers.astype({"price": float, "n_visits": float, "app": object})
    for row, feature, value in table[["row", "feature", "new_value"]].itertuples(
        index=False
    ):
        if feature is not None:
            changed.iloc[row, changed.columns.get_loc(feature)] = value
    after = model.predict_proba(changed.astype({"app": bool}))[:, 1]
    last = table.groupby("row").last()
    assert last.index.tolist() == list(range(25))
    enough = last["is_enough"].to_numpy()
    assert enough.any()
    # Scores of single customers and of batches differ in the last bits for the net.
    np.testing.assert_allclose(
        after[enough], last.loc[enough, "new_probability"], rtol=1e-5
    )
    assert (last.loc[enough, "new_probability"] <= 0.3).all()
    assert (last.loc[~enough, "new_probability"] > 0.3).all()
    first = table.groupby("row").first()["probability"]
    np.testing.assert_allclose(first, model.predict_proba(customers)[:, 1], rtol=1e-5)


@pytest.mark.parametrize("name", ["TreeChurnClassifier", "BoostedChurnClassifier"])
def test_no_smaller_step_of_the_trees_would_do(new_model, name, world):
    X, y = world
    model = new_model(name).fit(X, y)
    price = {"price": NumberRange(10, 60)}
    table = what_would_help(model, X.head(20), price, threshold=0.4, max_changes=1)
    fine = np.linspace(10, 60, 5_001)
    n_helped = 0
    for found in table.itertuples():
        if found.feature is None and found.is_enough:
            continue
        row = X.iloc[[found.row]]
        enough = probabilities(model, row, "price", fine) <= 0.4
        if found.feature is None:
            assert not enough.any()
            continue
        n_helped += 1
        nearest = np.abs(fine[enough] - row["price"].item()).min()
        # Advice has four digits; the fine grid has steps of 0.01.
        rounding = 1e-3 * abs(found.new_value)
        assert abs(found.new_value - found.value) <= nearest + rounding
        assert abs(found.new_value - found.value) >= nearest - 1.1e-2
    assert n_helped >= 3


def test_a_straight_line_is_solved_as_by_its_closed_form(world):
    X, y = world
    model = LogisticChurnClassifier(linear=True).fit(X, y)
    slope = dict(zip(model.term_names_, model.coef_, strict=True))["price"]
    X = X.head(500)
    table = what_would_help(
        model, X, {"price": NumberRange(10, 60)}, threshold=0.35, max_changes=1
    )
    helped = table[table["feature"].notna()]
    assert len(helped) > 50
    log_odds = model.decision_function(X.iloc[helped["row"]])
    exact = X["price"].iloc[helped["row"]] + (logit(0.35) - log_odds) / slope
    np.testing.assert_allclose(helped["new_value"].astype(float), exact, rtol=1e-8)
    # The others: below the threshold already, or not even at the lowest price.
    rest = table[table["feature"].isna() & ~table["is_enough"]]
    lowest = X.iloc[rest["row"]].assign(price=10.0)
    np.testing.assert_allclose(
        model.predict_proba(lowest)[:, 1], rest["new_probability"], rtol=1e-12
    )


def test_the_cheapest_of_the_single_changes_is_taken(world):
    X, y = world
    model = LogisticChurnClassifier().fit(X, y)
    levers = {name: LEVERS[name] for name in ("contract", "n_visits", "app")}
    table = what_would_help(model, X.head(30), levers, threshold=0.4, max_changes=1)
    offers = [
        *(("contract", value, cost) for value, cost in LEVERS["contract"].items()),
        *(("n_visits", value, None) for value in range(13)),
        ("app", True, 1.0),
    ]
    for found in table.itertuples():
        row = X.iloc[[found.row]]
        if found.feature is None and found.is_enough:
            continue
        costs = {}
        for feature, value, cost in offers:
            old = row[feature].item()
            if old == value or (feature == "n_visits" and value < old):
                continue
            price = (value - old) / 12 if cost is None else cost
            if probabilities(model, row, feature, [value])[0] <= 0.4:
                costs[feature, value] = price
        if not costs:
            assert found.feature is None
        else:
            assert costs[found.feature, found.new_value] == min(costs.values())


def test_a_second_change_comes_only_where_one_is_not_enough(world):
    X, y = world
    model = LogisticChurnClassifier(linear=True).fit(X, y)
    X = X.head(400)
    single = what_would_help(model, X, LEVERS, threshold=0.15, max_changes=1)
    double = what_would_help(model, X, LEVERS, threshold=0.15, max_changes=2)
    enough = single.loc[single["is_enough"], "row"]
    same = double[double["row"].isin(enough)].reset_index(drop=True)
    pd.testing.assert_frame_equal(
        same, single[single["is_enough"]].reset_index(drop=True)
    )
    pairs = double[double["change"] == 2]
    assert len(pairs) > 20
    assert not pairs["row"].isin(enough).any()
    # The first of two changes is trimmed to what the second leaves to do.
    prices = double[double["row"].isin(pairs["row"]) & (double["feature"] == "price")]
    first = prices[prices["change"] == 1]
    assert (first["new_value"].astype(float) > 10).any()


def test_frames_rows_and_indices_make_no_difference(world):
    X, y = world
    model = LogisticChurnClassifier().fit(X, y)
    batch = X.sample(50, random_state=2)
    expected = what_would_help(model, batch, LEVERS, threshold=0.3)
    untouched = batch.copy(deep=True)
    from_polars = what_would_help(model, pl.from_pandas(batch), LEVERS, threshold=0.3)
    pd.testing.assert_frame_equal(from_polars, expected)
    twice = batch.set_axis([7] * 50)
    pd.testing.assert_frame_equal(
        what_would_help(model, twice, LEVERS, threshold=0.3), expected
    )
    pd.testing.assert_frame_equal(batch, untouched)
    backwards = what_would_help(model, batch[::-1], LEVERS, threshold=0.3)
    backwards = backwards.assign(row=49 - backwards["row"])
    backwards = backwards.sort_values(["row", "change"], ignore_index=True)
    pd.testing.assert_frame_equal(backwards, expected)


def test_classifiers_of_others_are_fine(world):
    X, y = world
    X = X.drop(columns="contract")
    model = HistGradientBoostingClassifier(max_iter=20, random_state=0).fit(X, y)
    levers = {name: LEVERS[name] for name in ("price", "n_visits", "app")}
    table = what_would_help(model, X.head(30), levers, threshold=0.4)
    assert table["feature"].notna().any()
    assert (
        table.loc[table["is_enough"], "new_probability"].groupby(table["row"]).last()
        <= 0.4
    ).all()


def test_what_is_missing_is_not_changed_and_chinese_is_read(world):
    X, y = world
    X = X.rename(columns={"contract": "合同"}).astype({"合同": object})
    X.loc[:200, "合同"] = None
    X.loc[100:300, "price"] = np.nan
    model = LogisticChurnClassifier().fit(X, y)
    levers = {"合同": ["two years"], "price": NumberRange(10, 60)}
    table = what_would_help(model, X.head(400), levers, threshold=0.3, language="zh")
    helped = table[table["feature"].notna()]
    assert helped.loc[helped["feature"] == "合同", "row"].min() > 200
    assert not helped.loc[helped["feature"] == "price", "row"].between(100, 300).any()
    assert helped["value"].notna().all()
    said = helped.loc[helped["feature"] == "合同", "advice"].iloc[0]
    assert said.startswith("合同：由")
    assert "改为two years，流失概率由" in said


def test_numbers_may_be_listed_too(world):
    X, y = world
    model = LogisticChurnClassifier().fit(X, y)
    listed = what_would_help(model, X.head(60), {"n_visits": [8, 4]}, threshold=0.4)
    helped = listed[listed["feature"].notna()]
    assert set(helped["new_value"]) <= {4, 8}
    # At equal costs the first that suffices, in the order of the list.
    assert (helped["new_value"] == 8).any()
    assert (helped["new_probability"] <= 0.4).all()


def test_an_empty_batch_gives_an_empty_table(world):
    X, y = world
    model = LogisticChurnClassifier().fit(X, y)
    whole = what_would_help(model, X.head(5), LEVERS, threshold=0.3)
    empty = what_would_help(model, X.head(0), LEVERS, threshold=0.3)
    assert len(empty) == 0
    assert empty.dtypes.equals(whole.dtypes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"threshold": 0.0}, "threshold must lie between 0 and 1, got 0.0"),
        ({"threshold": "a"}, "threshold must lie between 0 and 1"),
        ({"threshold": True}, "threshold must lie between 0 and 1"),
        ({"changeable": {}}, "changeable must be a dictionary"),
        ({"changeable": {"cost": [1]}}, r"columns that X does not have: \['cost'\]"),
        ({"changeable": {"contract": NumberRange(0, 1)}}, "the column holds text"),
        ({"changeable": {"app": NumberRange(0, 1)}}, "the column holds boolean"),
        ({"changeable": {"contract": "yearly"}}, "must be a NumberRange, a list"),
        ({"changeable": {"contract": []}}, "must allow at least one value"),
        ({"changeable": {"contract": {"yearly": 0}}}, "at costs above 0"),
        (
            {"changeable": {"contract": ["yearly", 5, None]}},
            "2 values that are no text",
        ),
        ({"changeable": {"app": [1]}}, "1 values that are no boolean"),
        ({"changeable": {"price": [np.nan, "a"]}}, "2 values that are no number"),
        ({"changeable": {"contract": {"yearly": "a"}}}, "must be a finite number"),
        ({"max_changes": 0}, "max_changes must be a whole number"),
        ({"language": "de"}, "language must be one of"),
        ({"X": np.zeros((2, 5))}, "X must be a dataframe, got ndarray"),
        ({"model": object()}, "model must have predict_proba"),
    ],
)
def test_senseless_questions_are_refused(world, change, message):
    X, y = world
    given = {
        "model": LogisticChurnClassifier().fit(X, y),
        "X": X.head(3),
        "changeable": LEVERS,
        "threshold": 0.3,
        **change,
    }
    with pytest.raises(SchemaError, match=message):
        what_would_help(**given)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"low": 2, "high": 1}, "low must be below high"),
        ({"low": np.nan, "high": 1}, "low must be a finite number"),
        ({"low": 0, "high": np.inf}, "high must be a finite number"),
        ({"low": 0, "high": 1, "step": 0}, "step must be above 0"),
        ({"low": 0, "high": 1, "step": 2}, "fit into the range"),
        ({"low": 0, "high": 1, "step": 1e-9}, "more than 10000 values"),
        ({"low": 0, "high": 1, "direction": "+"}, "direction must be one of"),
        ({"low": 0, "high": 1, "cost": 0}, "cost must be above 0"),
    ],
)
def test_ranges_that_are_none_are_refused(arguments, message):
    with pytest.raises(SchemaError, match=message):
        NumberRange(**arguments)


@pytest.mark.parametrize("model", [LogisticChurnClassifier, BoostedChurnClassifier])
def test_advice_stays_in_its_range_and_is_true_as_it_is_written(model):
    X = pd.DataFrame({"n": [0.0, 1.0, 2.0, 3.0, 4.0] * 40})
    fitted = model().fit(X, X["n"] > 2)
    now = pd.DataFrame({"n": [3.0, 4.0]})
    for high in (1.0, 4.0):
        ranges = {"n": NumberRange(0, high)}
        found = what_would_help(fitted, now, ranges, threshold=0.5)
        told = found["new_value"].astype(float)
        assert told.between(0, high).all()
        written = [float(advice.split()[1]) for advice in found["advice"]]
        risk = fitted.predict_proba(pd.DataFrame({"n": written}))[:, 1]
        # Curves are solved to more digits than are written.
        assert (risk <= 0.5 + 1e-3).all()
