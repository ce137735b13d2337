import copy
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from mlxtend.frequent_patterns import apriori, association_rules
from sklearn.base import clone

from crmml.association import FrequentItemsets
from crmml.exceptions import NotEnoughHistoryError, SchemaError


def fit(X, *args, **options):
    return FrequentItemsets(*args, **options).fit(X)


def test_columns_types_and_order_of_the_table(diapers_and_beer):
    model = fit(diapers_and_beer, 0.6)
    assert model.n_baskets_ == 5
    assert model.itemsets_.dtypes.astype(str).to_dict() == {
        "support": "float64",
        "count": "int64",
        "itemsets": "object",
    }
    found = [
        (row.support, row.count, sorted(row.itemsets))
        for row in model.itemsets_.itertuples()
    ]
    assert found == [
        (0.8, 4, ["Bread"]),
        (0.8, 4, ["Diapers"]),
        (0.8, 4, ["Milk"]),
        (0.6, 3, ["Beer"]),
        (0.6, 3, ["Beer", "Diapers"]),
        (0.6, 3, ["Bread", "Diapers"]),
        (0.6, 3, ["Bread", "Milk"]),
        (0.6, 3, ["Diapers", "Milk"]),
    ]


@pytest.mark.parametrize(
    ("count", "n_baskets", "share"), [(7, 25, 0.28), (7, 100, 0.07), (16, 20, 0.8)]
)
@pytest.mark.parametrize("algorithm", ["fpgrowth", "apriori", "hmine"])
def test_support_exactly_on_the_limit_is_kept(algorithm, count, n_baskets, share):
    baskets = [["a", "b"]] * count + [["c"]] * (n_baskets - count)
    at = fit(baskets, share, algorithm=algorithm).itemsets_["itemsets"].tolist()
    above = fit(baskets, share + 1e-9, algorithm=algorithm).itemsets_["itemsets"]
    assert frozenset("ab") in at
    assert frozenset("ab") not in above.tolist()


def test_one_is_a_count_and_one_point_zero_all_baskets():
    baskets = [["a", "b"], ["a"]]
    assert len(fit(baskets, 1).itemsets_) == 3
    assert fit(baskets, 1.0).itemsets_["itemsets"].tolist() == [frozenset("a")]


def test_empty_baskets_count_and_repetitions_in_a_basket_do_not():
    table = fit([["a", "a"], [], [], ["a"]], 1).itemsets_
    assert table[["support", "count"]].to_numpy().tolist() == [[0.5, 2.0]]


@pytest.mark.parametrize("seed", [0, 1])
def test_order_of_baskets_rows_items_and_index_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    lines = pd.DataFrame(
        {
            "order_id": rng.integers(0, 60, 300),
            "product_id": rng.choice(list("abcdefgh"), 300),
        }
    )
    expected = fit(lines, 3).itemsets_
    shuffled = lines.sample(frac=1, random_state=seed)
    shuffled.index = np.zeros(300, dtype=int)
    relabelled = lines.assign(order_id=1000 - lines["order_id"])[::-1]
    baskets = [list(group) for _, group in lines.groupby("order_id")["product_id"]]
    mixed = [list(rng.permutation(basket)) for basket in baskets[::-1]]
    one_hot = pd.crosstab(lines["order_id"], lines["product_id"]) > 0
    forms = (
        shuffled,
        relabelled,
        pl.from_pandas(lines),
        mixed,
        one_hot[one_hot.columns[::-1]],
        one_hot.astype(pd.SparseDtype(bool, False)),
        pl.from_pandas(one_hot),
    )
    for other in forms:
        pd.testing.assert_frame_equal(fit(other, 3).itemsets_, expected)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("algorithm", ["fpgrowth", "apriori", "hmine"])
def test_the_same_table_as_mlxtend_which_reads_ours(algorithm, seed):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.random((80, 8)) < 0.4, columns=list("abcdefgh"))
    ours = fit(table, 0.0625, algorithm=algorithm).itemsets_  # 5 of 80, exact in binary
    peers = apriori(table, min_support=0.0625, use_colnames=True)
    assert dict(zip(ours["itemsets"], ours["support"], strict=True)) == dict(
        zip(peers["itemsets"], peers["support"], strict=True)
    )
    assert len(association_rules(ours, num_itemsets=80, min_threshold=0.1)) > 50


def test_input_is_not_changed_and_may_be_read_only():
    table = pd.DataFrame({"order_id": [1, 1, 2], "product_id": ["b", "a", "b"]})
    before = table.copy(deep=True)
    fit(table, 1)
    pd.testing.assert_frame_equal(table, before)
    baskets = [["b", "a"], ["a"]]
    kept = copy.deepcopy(baskets)
    fit(baskets, 1)
    assert baskets == kept
    values = np.array([[True, False], [True, True]])
    values.flags.writeable = False
    assert len(fit(pd.DataFrame(values, columns=["a", "b"]), 1).itemsets_) == 3


def test_nothing_frequent_is_an_empty_table_of_the_same_types():
    empty, filled = fit([["a"], ["b"]], 2).itemsets_, fit([["a"]], 1).itemsets_
    assert len(empty) == 0
    assert empty.dtypes.to_dict() == filled.dtypes.to_dict()


def test_fit_twice_clone_and_pickle_give_the_same(diapers_and_beer):
    model = FrequentItemsets(0.4, max_length=2)
    first = model.fit(diapers_and_beer).itemsets_
    for other in (
        model.fit(diapers_and_beer),
        clone(model).fit(diapers_and_beer),
        pickle.loads(pickle.dumps(model)),
    ):
        pd.testing.assert_frame_equal(other.itemsets_, first)
    assert clone(model).get_params() == model.get_params()


@pytest.mark.parametrize(
    "parameter",
    [
        {"min_support": 0},
        {"min_support": 0.0},
        {"min_support": 1.5},
        {"min_support": -1},
        {"min_support": float("nan")},
        {"min_support": True},
        {"min_support": "0.1"},
        {"max_length": 0},
        {"max_length": 2.0},
        {"max_itemsets": 0},
        {"algorithm": "eclat"},
        {"order_column": 1},
        {"item_column": None},
    ],
    ids=str,
)
def test_parameters_are_checked_by_name(parameter):
    (name,) = parameter
    with pytest.raises(ValueError, match=name):
        FrequentItemsets(**parameter).fit([["a"]])


def test_no_basket_and_no_known_form_are_said():
    with pytest.raises(NotEnoughHistoryError):
        fit([], 1)
    with pytest.raises(SchemaError):
        fit(pd.DataFrame({"x": [2.5]}), 1)
