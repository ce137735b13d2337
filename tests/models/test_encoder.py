import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmml.exceptions import SchemaError
from crmml.models._columns import Columns
from crmml.models._encoder import (
    FIRST_CATEGORY,
    MISSING,
    OTHER,
    FrameEncoder,
    weighted_quantiles,
)


def text_columns(values):
    return Columns(["text"], [np.array(values, dtype=object)], len(values))


def fit_text(values, weights=None):
    weights = np.ones(len(values)) if weights is None else np.asarray(weights, float)
    return FrameEncoder().fit(text_columns(values), ["x"], weights)


def test_categories_get_codes_in_sorted_order():
    encoder = fit_text(["b"] * 3 + ["a"] * 3 + [None] * 3)
    assert encoder.categories_ == [["a", "b"]]
    codes = encoder.encode(text_columns(["a", "b", None])).arrays[0]
    assert codes.tolist() == [FIRST_CATEGORY, FIRST_CATEGORY + 1, MISSING]


def test_every_unseen_category_is_the_one_other():
    encoder = fit_text(["a"] * 5 + ["b"] * 5)
    codes = encoder.encode(text_columns(["c", "A", " a", "", "nan"])).arrays[0]
    assert codes.tolist() == [OTHER] * 5


def test_rare_categories_are_grouped_with_the_unseen():
    encoder = fit_text(["a"] * 980 + ["twenty"] * 20 + ["nine"] * 9)
    assert encoder.categories_ == [["a", "twenty"]]
    assert encoder.encode(text_columns(["nine"])).arrays[0].tolist() == [OTHER]


def test_in_small_data_two_customers_make_a_category_one_does_not():
    assert fit_text(["a", "a", "b", "b", "c"]).categories_ == [["a", "b"]]


def test_a_weight_counts_like_repeated_rows():
    once = fit_text(["a", "b", "c"], weights=[3, 2, 1])
    repeated = fit_text(["a", "a", "a", "b", "b", "c"])
    assert once.categories_ == repeated.categories_
    assert once.typical_ == repeated.typical_ == ["a"]


def test_a_batch_of_no_rows_is_encoded():
    encoder = fit_text(["a", "a", "b", "b"])
    encoded = encoder.encode(text_columns([]))
    assert (encoded.n_rows, encoded.arrays[0].shape) == (0, (0,))


@pytest.mark.parametrize(("learned", "found"), [("number", "text"), ("text", "number")])
def test_a_changed_type_is_refused_by_name(learned, found):
    values = {"number": np.array([1.0, 2.0]), "text": np.array(["1", "2"], object)}
    encoder = FrameEncoder().fit(
        Columns([learned], [values[learned]], 2), ["age"], np.ones(2)
    )
    with pytest.raises(SchemaError, match=f"'age' .learned as {learned}, now {found}"):
        encoder.encode(Columns([found], [values[found]], 2))


@pytest.mark.parametrize("learned", ["number", "text"])
def test_an_all_missing_batch_is_encoded_as_missing(learned):
    values = {"number": np.array([1.0, 2.0]), "text": np.array(["1", "2"], object)}
    encoder = FrameEncoder().fit(
        Columns([learned], [values[learned]], 2), ["age"], np.ones(2)
    )
    empty = Columns(["empty"], [np.array([None, None], object)], 2)
    encoded = encoder.encode(empty).arrays[0]
    assert (
        np.isnan(encoded).all() if learned == "number" else (encoded == MISSING).all()
    )


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(1, 4)), min_size=1))
def test_weighted_quantiles_equal_those_of_repeated_values(pairs):
    values = np.array([value for value, _ in pairs], dtype=float)
    weights = np.array([weight for _, weight in pairs])
    at = np.linspace(0, 1, 7)
    repeated = np.repeat(values, weights)
    expected = weighted_quantiles(repeated, np.ones(len(repeated)), at)
    assert weighted_quantiles(values, weights * 1.0, at).tolist() == expected.tolist()
