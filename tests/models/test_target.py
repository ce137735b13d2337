import numpy as np
import pandas as pd
import polars as pl
import pytest

from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.models import LogisticChurnClassifier

X = pd.DataFrame({"x": np.arange(40.0)})
LEFT = np.arange(40) >= 20

SPELLINGS = {
    "0/1": LEFT.astype(int),
    "floats": LEFT.astype(float),
    "bool": LEFT,
    "No/Yes": np.where(LEFT, "Yes", "No"),
    "n/y objects": np.where(LEFT, "y", "n").astype(object),
    "-1/1": np.where(LEFT, 1, -1),
    "1/2": np.where(LEFT, 2, 1),
    "object booleans": pd.Series(LEFT, dtype=object),
    "pandas str": pd.Series(np.where(LEFT, "Yes", "No"), dtype="str"),
    "pandas boolean": pd.Series(LEFT, dtype="boolean"),
    "pandas Int64": pd.Series(LEFT, dtype="Int64"),
    "arrow booleans": pd.Series(LEFT, dtype="bool[pyarrow]"),
    "integer category": pd.Series(LEFT.astype(int), dtype="category"),
    "pandas category": pd.Series(np.where(LEFT, "Yes", "No"), dtype="category"),
    "polars": pl.Series(LEFT),
    "polars text": pl.Series(np.where(LEFT, "Yes", "No")),
    "list": LEFT.tolist(),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("reverse", [False, True])
def test_churn_is_the_second_class_whatever_the_spelling(spelling, reverse):
    y = SPELLINGS[spelling]
    step = -1 if reverse else 1
    model = LogisticChurnClassifier().fit(X.iloc[::step], y[::step])
    churn = model.predict_proba(X)[:, 1]
    assert (churn[LEFT] > 0.5).all()
    assert (churn[~LEFT] < 0.5).all()
    assert model.predict(X).tolist() == list(y)
    # In the spelling of y: True is not 1, nor 1.0.
    assert type(model.classes_[1].item()) is type(np.array(list(y))[0].item())


def test_one_class_is_refused_with_the_count():
    with pytest.raises(NotEnoughHistoryError, match="one class only in 40 customers"):
        LogisticChurnClassifier().fit(X, np.zeros(40))


def test_one_class_left_by_the_weights_is_refused():
    with pytest.raises(NotEnoughHistoryError, match="one class only in 20 customers"):
        LogisticChurnClassifier().fit(X, LEFT, sample_weight=LEFT * 1.0)


def test_fewer_than_two_customers_are_refused():
    with pytest.raises(NotEnoughHistoryError, match=r"At least 2 customers.*got 1"):
        LogisticChurnClassifier().fit(X.iloc[:1], [1])


def test_no_customer_is_refused():
    with pytest.raises(NotEnoughHistoryError, match=r"At least 2 customers.*got 0"):
        LogisticChurnClassifier().fit(X.iloc[:0], np.empty(0))


def test_three_classes_are_refused_with_their_number():
    with pytest.raises(SchemaError, match="y has 3 classes"):
        LogisticChurnClassifier().fit(X, np.arange(40) % 3)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_missing_labels_are_refused_with_their_number(missing):
    y = pd.Series(LEFT, dtype=object)
    y.iloc[:3] = missing
    with pytest.raises(SchemaError, match=r"missing .* in 3 of 40 rows"):
        LogisticChurnClassifier().fit(X, y)


def test_lengths_that_differ_are_refused():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        LogisticChurnClassifier().fit(X, LEFT[:-1])


def test_negative_weights_are_refused():
    with pytest.raises(ValueError, match=r"[Nn]egative"):
        LogisticChurnClassifier().fit(X, LEFT, sample_weight=np.full(40, -1.0))
