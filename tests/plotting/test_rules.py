import io
import traceback

import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib.figure import Figure

from crmml.exceptions import SchemaError
from crmml.plotting import plot_rules


def make_rules(n, seed=0):
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(0.3, 1, size=n)
    return pd.DataFrame(
        {
            "antecedents": [frozenset({f"item {i}"}) for i in range(n)],
            "consequents": [frozenset({f"offer {i}"}) for i in range(n)],
            "support": confidence * rng.uniform(0.02, 0.1, size=n),
            "confidence": confidence,
            "lift": rng.uniform(0.8, 6, size=n),
        }
    )


def get_names(ax):
    return [text.get_text() for text in ax.texts]


def test_every_rule_is_a_point_coloured_and_sized_by_its_lift():
    rules = make_rules(50)
    points = plot_rules(rules).collections[0]
    drawn = np.column_stack([points.get_offsets(), points.get_array()])
    expected = rules[["support", "confidence", "lift"]].sort_values("lift")
    np.testing.assert_array_equal(drawn, expected)
    assert (np.diff(points.get_sizes()) > 0).all()


def test_the_strongest_rules_are_named():
    rules = make_rules(30)
    top = rules.nlargest(3, "lift")
    expected = {f"item {i} → offer {i}" for i in top.index}
    assert set(get_names(plot_rules(rules, n_labels=3))) == expected
    assert get_names(plot_rules(rules, n_labels=0)) == []


def test_rules_among_the_same_items_are_named_once():
    rules = pd.DataFrame(
        {
            "antecedents": [("a",), ("b",), ("a", "c"), ("d",)],
            "consequents": [("b",), ("a",), ("b",), ("a",)],
            "support": [0.3, 0.3, 0.2, 0.1],
            "confidence": [0.6, 0.8, 0.7, 0.5],
            "lift": [3.0, 3.0, 2.5, 1.5],
        }
    )
    assert set(get_names(plot_rules(rules))) == {"b → a", "d → a"}


def test_row_order_and_carrier_change_nothing():
    rules = make_rules(40)
    expected = get_names(plot_rules(rules))
    shuffled = rules.sample(frac=1, random_state=1)
    assert get_names(plot_rules(shuffled)) == expected
    listed = rules.assign(
        antecedents=[sorted(side) for side in rules["antecedents"]],
        consequents=[sorted(side) for side in rules["consequents"]],
    )
    carried = pl.DataFrame(listed.to_dict("list"))
    assert get_names(plot_rules(carried)) == expected


def test_long_names_are_cut_and_text_is_one_item():
    rules = make_rules(1).assign(antecedents="x" * 100, consequents="beer")
    (name,) = get_names(plot_rules(rules))
    assert len(name) <= 44
    assert name.startswith("xxx")
    assert name.endswith("x… → beer")


def test_dollars_in_names_are_dollars():
    # As mathematics the name would fail.
    rules = make_rules(1).assign(antecedents="$\\x$", consequents="from $5 to $10")
    ax = plot_rules(rules)
    ax.figure.savefig(io.BytesIO(), format="svg")
    assert get_names(ax) == ["$\\x$ → from $5 to $10"]


def test_a_wide_range_of_supports_has_a_logarithmic_axis():
    rules = make_rules(20)
    assert plot_rules(rules.assign(support=np.linspace(0.1, 0.4, 20))).get_xscale() == (
        "linear"
    )
    wide = plot_rules(rules.assign(support=np.geomspace(0.001, 0.4, 20)))
    assert wide.get_xscale() == "log"
    wide.figure.savefig(io.BytesIO(), format="png")


def test_no_rules_are_said_and_equal_lifts_are_drawn():
    assert get_names(plot_rules(make_rules(0))) == ["No rules"]
    plot_rules(make_rules(5).assign(lift=1.0)).figure.savefig(io.BytesIO())


def test_it_draws_on_the_given_axes():
    ax = Figure().add_subplot()
    assert plot_rules(make_rules(5), ax=ax) is ax
    ax.figure.savefig(io.BytesIO(), format="svg")


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (make_rules(3).drop(columns=["lift", "support"]), "columns support, lift"),
        (make_rules(3).assign(lift=[1, np.inf, 2]), "lift has 1 missing or infinite"),
        (make_rules(3).assign(support="often"), "support must be numeric"),
        (make_rules(3).drop(columns="antecedents"), "columns antecedents"),
    ],
)
def test_bad_tables_are_refused_by_column(rules, message):
    with pytest.raises(SchemaError, match=message):
        plot_rules(rules)


def test_no_message_quotes_a_value_not_even_as_the_cause():
    rules = make_rules(3).assign(support="Ann Lee")
    with pytest.raises(SchemaError) as caught:
        plot_rules(rules)
    assert "Ann" not in "".join(traceback.format_exception(caught.value))


def test_a_negative_number_of_labels_is_refused():
    with pytest.raises(SchemaError, match="n_labels"):
        plot_rules(make_rules(3), n_labels=-1)
