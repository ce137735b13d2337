import numpy as np
import pandas as pd
import pytest

from crmml.models import TreeChurnClassifier


@pytest.fixture
def fitted(customers):
    return TreeChurnClassifier(max_depth=4).fit(*customers)


def test_probabilities_follow_the_formula_of_the_docstring(fitted):
    tree = fitted._grown.classifier.tree_
    share, size = tree.value[:, 0, 1], tree.weighted_n_node_samples

    def smooth(node, path):
        if node == 0:
            return share[0]
        parent = path[-1]
        above = smooth(parent, path[:-1])
        return above + (share[node] - share[parent]) / (1 + 100.0 / size[parent])

    def leaves(node, path):
        if tree.children_left[node] < 0:
            yield node, smooth(node, path)
            return
        for child in (tree.children_left[node], tree.children_right[node]):
            yield from leaves(child, [*path, node])

    for leaf, expected in leaves(0, []):
        # A handful of additions.
        assert fitted._smoothed[leaf] == pytest.approx(expected, abs=1e-12)


def test_leaves_hold_the_fewest_customers_asked_for(customers):
    X, y = customers
    X, y = pd.concat([X] * 6, ignore_index=True), np.tile(y, 6)
    model = TreeChurnClassifier(min_leaf_size=70).fit(X, y)
    tree = model._grown.classifier.tree_
    assert tree.weighted_n_node_samples[tree.children_left < 0].min() >= 70


def test_text_has_a_line_per_leaf_that_counts_every_customer_once(fitted, customers):
    X, y = customers
    leaves = [line for line in fitted.to_text().splitlines() if "%" in line]
    assert len(leaves) == fitted.n_leaves_
    sizes = [float(line.split("(")[1].split()[0]) for line in leaves]
    assert sum(sizes) == len(X)
    left = [float(line.split("customers, ")[1].split("%")[0]) / 100 for line in leaves]
    # Shares are printed to a tenth of a percent.
    assert np.dot(sizes, left) == pytest.approx(y.sum(), abs=0.0005 * len(X))


def test_rules_lead_customers_to_the_predicted_share():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "calls": rng.integers(0, 9, 900).astype(float),
            "plan": rng.choice(["basic", "plus", "pro"], 900),
            "mail": rng.random(900) < 0.5,
        }
    )
    X.loc[X.index[:90], "calls"] = np.nan
    risk = 0.2 + 0.3 * (X["calls"] > 4) + 0.2 * (X["plan"] == "pro") + 0.2 * X["mail"]
    model = TreeChurnClassifier(max_depth=3).fit(X, rng.random(900) < risk)
    shares = np.full(900, np.nan)
    conditions = []
    for line in model.to_text().splitlines():
        text, _, leaf = line.partition(": ")
        depth = text.count("|   ")
        conditions = [*conditions[:depth], text.replace("|   ", "")]
        if leaf:
            met = np.logical_and.reduce([holds(X, c) for c in conditions])
            assert np.isnan(shares[met]).all()
            shares[met] = float(leaf.split("%")[0]) / 100
    np.testing.assert_allclose(shares, model.predict_proba(X)[:, 1], atol=0.00051)


def holds(X, condition):
    """Read one condition of the printed rules."""
    condition, or_missing, _ = condition.partition(" or missing")
    name, sign, value = condition.split(" ", 2)
    column = X[name]
    if sign == "is":
        negate = value.startswith("not ")
        result = (column.astype(str) == value.removeprefix("not ")) != negate
    else:
        result = column <= float(value) if sign == "<=" else column > float(value)
    return result | (column.isna() if or_missing else False)


def test_of_two_categories_both_are_named():
    X = pd.DataFrame({"plan": ["basic", "pro"] * 50, "other": ["x", None] * 50})
    text = TreeChurnClassifier().fit(X[["plan"]], [0, 1] * 50).to_text()
    assert [line.split(":")[0] for line in text.splitlines()] == [
        "plan is basic",
        "plan is pro",
    ]
    text = TreeChurnClassifier().fit(X[["other"]], [0, 1] * 50).to_text()
    assert {line.split(":")[0] for line in text.splitlines()} == {
        "other is missing",
        "other is x",
    }


def test_missing_numbers_alone_make_a_rule():
    X = pd.DataFrame({"income": [1.0, np.nan] * 50})
    text = TreeChurnClassifier().fit(X, [0, 1] * 50).to_text()
    assert [line.split(":")[0] for line in text.splitlines()] == [
        "income is known",
        "income is missing",
    ]


def test_a_tree_without_a_split_is_one_line():
    X = pd.DataFrame({"x": [1.0] * 10})
    text = TreeChurnClassifier().fit(X, [0, 1] * 5).to_text()
    assert text == "all customers: 50.0% leave (10 customers, 50.0% left)"


def test_without_shrinkage_pure_leaves_stay_short_of_certainty():
    X = pd.DataFrame({"x": np.arange(100.0)})
    y = X["x"] >= 50
    churn = TreeChurnClassifier(shrinkage=0).fit(X, y).predict_proba(X)[:, 1]
    # Half a customer of 101.
    assert np.unique(churn).tolist() == pytest.approx([0.5 / 101, 1 - 0.5 / 101])
