import io

import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib.figure import Figure

from crmml.exceptions import SchemaError
from crmml.plotting import plot_rule_matrix

RULES = pd.DataFrame(
    {
        "antecedents": [{"尿布"}, {"啤酒"}, {"尿布", "茶"}, {"米"}, {"尿布"}],
        "consequents": [{"啤酒"}, {"尿布"}, {"啤酒"}, {"茶"}, {"茶", "米"}],
        "support": [0.3, 0.3, 0.1, 0.1, 0.05],
        "confidence": [0.6, 0.8, 0.7, 0.5, 0.2],
        "lift": [3.0, 3.0, 4.0, 1.5, 1.2],
    }
)


def describe(ax):
    lifts = np.ma.filled(ax.images[0].get_array().astype(float), np.nan)
    rows = [label.get_text() for label in ax.get_yticklabels()]
    columns = [label.get_text() for label in ax.get_xticklabels()]
    return rows, columns, lifts


def test_cells_hold_lift_and_confidence_the_highest_lift_first():
    ax = plot_rule_matrix(RULES)
    rows, columns, lifts = describe(ax)
    assert rows == ["尿布 + 茶", "啤酒", "尿布", "米"]
    assert columns == ["啤酒", "尿布", "茶", "米 + 茶"]
    expected = [
        [4.0, np.nan, np.nan, np.nan],
        [np.nan, 3.0, np.nan, np.nan],
        [3.0, np.nan, np.nan, 1.2],
        [np.nan, np.nan, 1.5, np.nan],
    ]
    np.testing.assert_array_equal(lifts, expected)
    numbers = {text.get_position(): text.get_text() for text in ax.texts}
    assert numbers == {
        (0, 0): "70 %",
        (1, 1): "80 %",
        (0, 2): "60 %",
        (3, 2): "20 %",
        (2, 3): "50 %",
    }


def test_few_rows_and_columns_are_those_of_the_highest_lift():
    rows, columns, _ = describe(plot_rule_matrix(RULES, n_rows=2, n_columns=1))
    assert (rows, columns) == (["尿布 + 茶", "尿布"], ["啤酒"])


def test_of_rules_with_the_same_sides_the_stronger_is_shown():
    twice = pd.concat([RULES, RULES.assign(lift=1.0, confidence=0.01)])
    for table in (twice, twice.iloc[::-1]):
        np.testing.assert_array_equal(
            describe(plot_rule_matrix(table))[2], describe(plot_rule_matrix(RULES))[2]
        )


def test_row_order_and_carrier_change_nothing():
    expected = describe(plot_rule_matrix(RULES))
    listed = RULES.assign(
        antecedents=[sorted(side) for side in RULES["antecedents"]],
        consequents=[sorted(side) for side in RULES["consequents"]],
    )
    for table in (RULES.iloc[::-1], pl.DataFrame(listed.to_dict("list"))):
        rows, columns, lifts = describe(plot_rule_matrix(table))
        assert (rows, columns) == expected[:2]
        np.testing.assert_array_equal(lifts, expected[2])


def test_names_do_not_overlap_and_numbers_stand_out():
    n = 300
    rng = np.random.default_rng(0)
    rules = pd.DataFrame(
        {
            "antecedents": [
                {f"商品 {i % 17}", f"a long name {i % 5}"} for i in range(n)
            ],
            "consequents": [{f"what follows {i % 11} 推荐"} for i in range(n)],
            "support": 0.1,
            "confidence": rng.random(n),
            "lift": rng.uniform(1, 5, n),
        }
    )
    ax = plot_rule_matrix(rules)
    ax.figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in ax.get_yticklabels()]
    assert len(boxes) == 15
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i])
        assert box.x0 >= 0
    # Lightness tells text from cell in grey as well.
    image = ax.images[0]
    for text in ax.texts:
        column, row = text.get_position()
        red, green, blue, _ = image.cmap(image.norm(image.get_array()[row, column]))
        light = 0.299 * red + 0.587 * green + 0.114 * blue
        assert abs(light - float(text.get_color())) > 0.35


def test_no_rules_are_said_and_equal_lifts_are_drawn():
    assert plot_rule_matrix(RULES.iloc[:0]).texts[0].get_text() == "No rules"
    plot_rule_matrix(RULES.assign(lift=1.0)).figure.savefig(io.BytesIO())


def test_dollars_in_names_are_dollars():
    # As mathematics the name would fail.
    rules = RULES.head(1).assign(antecedents="$\\x$", consequents="from $5 to $10")
    plot_rule_matrix(rules).figure.savefig(io.BytesIO(), format="svg")


def test_it_draws_on_the_given_axes():
    ax = Figure().add_subplot()
    assert plot_rule_matrix(RULES, ax=ax) is ax


@pytest.mark.parametrize(
    ("rules", "options", "message"),
    [
        (RULES.drop(columns="lift"), {}, "columns lift"),
        (RULES.assign(confidence=np.inf), {}, "confidence has 5 missing or infinite"),
        (RULES, {"n_rows": 0}, "n_rows"),
        (RULES, {"n_columns": 1.5}, "n_columns"),
    ],
)
def test_bad_arguments_are_refused_by_name(rules, options, message):
    with pytest.raises(SchemaError, match=message):
        plot_rule_matrix(rules, **options)
