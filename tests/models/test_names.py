import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from crmml.exceptions import SchemaError
from crmml.models import LogisticChurnClassifier


@pytest.fixture
def fitted(customers):
    X, y = customers
    return LogisticChurnClassifier().fit(X, y)


def test_order_of_columns_and_further_columns_change_nothing(fitted, customers):
    X, _ = customers
    other = X[X.columns[::-1]].assign(note=[["a list"]] * len(X), when=pd.Timestamp(0))
    np.testing.assert_array_equal(fitted.predict_proba(other), fitted.predict_proba(X))


def test_missing_and_renamed_columns_are_all_named_at_once(fitted, customers):
    X, _ = customers
    wrong = X.drop(columns="plan").rename(columns={"n_orders": "N_orders"})
    with pytest.raises(SchemaError) as error:
        fitted.predict(wrong)
    assert "Feature names unseen at fit time:\n- N_orders\n" in str(error.value)
    assert "yet now missing:\n- n_orders\n- plan\n" in str(error.value)


def test_a_trailing_blank_is_another_name(fitted, customers):
    X, _ = customers
    with pytest.raises(SchemaError, match="yet now missing:\n- plan\n"):
        fitted.predict(X.rename(columns={"plan": "plan "}))


def test_repeated_columns_are_refused_in_fit_and_predict(fitted, customers):
    X, y = customers
    doubled = pd.concat([X, X[["plan", "n_orders"]]], axis=1)
    for call in (lambda: fitted.predict(doubled), lambda: fitted.fit(doubled, y)):
        with pytest.raises(
            SchemaError, match="repeated column names: 'n_orders', 'plan'"
        ):
            call()


def test_repeated_columns_that_are_not_used_do_no_harm(fitted, customers):
    X, _ = customers
    wide = pd.concat([X, pd.DataFrame(0, X.index, ["z", "z"])], axis=1)
    np.testing.assert_array_equal(fitted.predict_proba(wide), fitted.predict_proba(X))
    table = pa.Table.from_pandas(X)
    for _ in range(2):
        table = table.append_column("z", table["plan"])
    np.testing.assert_array_equal(fitted.predict_proba(table), fitted.predict_proba(X))


def test_messages_stay_short_however_wide_the_frame():
    names = [f"a_rather_long_name_{j}" for j in range(1000)]
    X = pd.DataFrame(np.eye(4, 1000), columns=names)
    model = LogisticChurnClassifier().fit(X, [0, 1, 0, 1])
    for wrong, count in [
        (X.set_axis([name.upper() for name in names], axis=1), "and 97"),
        (X.set_axis(names[:500] * 2, axis=1), "and 47"),
        (X + np.inf, "and 98"),
        (X.astype(str), "and 98"),
    ]:
        with pytest.raises(SchemaError, match=rf"{count}\d more") as error:
            model.predict(wrong)
        assert len(str(error.value)) <= 2000


def test_the_index_is_no_data(fitted, customers):
    X, y = customers
    shuffled = X.set_index(pd.Index(np.arange(len(X))[::-1] % 7))
    y_other = pd.Series(y, index=[f"c{i}" for i in range(len(y))])
    again = LogisticChurnClassifier().fit(shuffled, y_other)
    np.testing.assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))


@pytest.mark.parametrize("convert", [pl.from_pandas, pa.Table.from_pandas])
def test_polars_and_arrow_give_what_pandas_gives(fitted, customers, convert):
    X, y = customers
    table = convert(X)
    again = LogisticChurnClassifier().fit(table, y)
    assert again.feature_names_in_.tolist() == X.columns.tolist()
    np.testing.assert_array_equal(again.predict_proba(X), fitted.predict_proba(table))
    np.testing.assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))


def test_whole_number_column_labels_go_by_position():
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(50, 2)))
    y = np.arange(50) % 2
    model = LogisticChurnClassifier().fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        by_array = model.predict_proba(X.to_numpy())
    np.testing.assert_array_equal(model.predict_proba(X), by_array)


def test_an_array_after_a_frame_is_warned_about():
    X = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0]})
    model = LogisticChurnClassifier().fit(X, [0, 0, 1, 1])
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        model.predict(X.to_numpy())
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        model.predict(X.set_axis([0], axis=1))


def test_a_frame_after_an_array_is_warned_about():
    X = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0]})
    model = LogisticChurnClassifier().fit(X.to_numpy(), [0, 0, 1, 1])
    with pytest.warns(UserWarning, match="X has feature names, but"):
        model.predict(X)


def test_mixed_lists_keep_their_types():
    X = [[1, "a"], [2, "b"], [3, "a"], [4, "b"]]
    model = LogisticChurnClassifier().fit(X, [0, 1, 0, 1])
    assert model.term_names_[-2:] == ["x1=a", "x1=b"]


def test_a_frame_of_no_columns_is_refused():
    with pytest.raises(SchemaError, match="minimum of 1 is required"):
        LogisticChurnClassifier().fit(pd.DataFrame(index=range(3)), [0, 1, 0])
