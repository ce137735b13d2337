import io

import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from crmml.exceptions import SchemaError
from crmml.plotting import plot_rule_graph


def make_rules(sides, lift=None):
    n = len(sides)
    return pd.DataFrame(
        {
            "antecedents": [frozenset(left) for left, _ in sides],
            "consequents": [frozenset(right) for _, right in sides],
            "support": np.full(n, 0.1),
            "confidence": np.linspace(0.9, 0.3, n),
            "lift": np.linspace(5.0, 1.0, n) if lift is None else lift,
        }
    )


PAIRS = make_rules([("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")])
TALL = ["尿布", "啤酒", "牛奶", "面包", "茶", "米", "油", "盐"]


def get_arrows(ax):
    return [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]


def get_names(ax):
    return [text.get_text() for text in ax.texts[:-1]]


def test_a_rule_of_two_items_is_one_arrow_wider_where_surer():
    ax = plot_rule_graph(PAIRS)
    arrows = get_arrows(ax)
    assert len(arrows) == 4
    # The strongest is drawn last, and here it is the surest too.
    widths = [arrow.get_linewidth() for arrow in arrows]
    assert widths == sorted(widths)
    assert sorted(get_names(ax)) == list("abcd")


def test_arrows_lead_from_left_to_right():
    ax = plot_rule_graph(make_rules([("a", "b")]))
    (arrow,) = get_arrows(ax)
    ends = {text.get_text(): np.array(text.get_position()) for text in ax.texts[:-1]}
    start, end = arrow._posA_posB
    for name, spot in (("a", start), ("b", end)):
        assert np.linalg.norm(ends[name] - spot) < 0.1


def test_a_larger_rule_is_a_dot_with_a_line_for_each_item():
    ax = plot_rule_graph(make_rules([("ab", "c"), ("de", "fg")]))
    assert len(get_arrows(ax)) == 3 + 4
    heads = [arrow.get_arrowstyle().__class__.__name__ for arrow in get_arrows(ax)]
    assert heads.count("CurveFilledB") == 1 + 2
    # Seven items and two dots.
    assert len(ax.lines) == 9


def test_ways_to_divide_the_same_items_are_drawn_once_but_pairs_both_ways():
    rules = make_rules([("ab", "c"), ("ac", "b"), ("a", "b"), ("b", "a")])
    assert len(get_arrows(plot_rule_graph(rules))) == 3 + 2


def test_a_rule_from_an_item_to_itself_is_a_loop_at_it_and_counts_as_one():
    rules = make_rules([("a", "a"), ("a", "b"), ("b", "b")])
    ax = plot_rule_graph(rules, n_rules=2)
    straight, loop = get_arrows(ax)
    assert sorted(get_names(ax)) == ["a", "b"]
    ends = {text.get_text(): np.array(text.get_position()) for text in ax.texts[:-1]}
    path = loop.get_path().get_extents()
    # Seen, beside the item, and apart from its label outside the circle.
    assert min(path.width, path.height) > 0.1
    assert np.linalg.norm(ends["a"] - [*path.get_points().mean(axis=0)]) < 0.3
    ax.figure.draw_without_rendering()
    drawn = loop.get_window_extent()
    assert not any(drawn.overlaps(t.get_window_extent()) for t in ax.texts)
    assert straight.get_linewidth() < loop.get_linewidth()
    assert len(get_arrows(plot_rule_graph(rules))) == 3


def test_rules_with_an_item_on_both_sides_are_not_ways_to_divide_items():
    ax = plot_rule_graph(make_rules([("ab", "a"), ("ab", "b")]))
    arrows = get_arrows(ax)
    assert len(arrows) == 3 + 3
    ax.figure.draw_without_rendering()
    shapes = {arrow.get_path().vertices.tobytes() for arrow in arrows}
    assert len(shapes) == 6


def test_the_strongest_rules_are_chosen_while_items_have_room():
    sides = [(f"left {i:02}", f"right {i:02}") for i in range(30)]
    rules = make_rules([({a}, {b}) for a, b in sides])
    assert len(get_names(plot_rule_graph(rules, n_rules=3))) == 6
    everything = plot_rule_graph(rules, n_rules=30)
    assert sorted(get_names(everything)) == sorted(
        name for pair in sides[:8] for name in pair
    )


@pytest.mark.parametrize("n", range(1, 9))
def test_labels_do_not_overlap_and_stay_inside(n):
    sides = [
        ({f"{TALL[i]} with a long name {i}"}, {f"{TALL[-i]} and another {i}"})
        for i in range(n)
    ]
    ax = plot_rule_graph(make_rules(sides))
    ax.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in ax.texts]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i])
        assert box.x0 >= 0
        assert box.x1 <= ax.figure.bbox.x1


def test_row_order_and_carrier_change_nothing():
    rules = make_rules([("ab", "c"), ("d", "a"), ("c", "e")], lift=[2.0, 2.0, 2.0])

    def describe(ax):
        lines = [tuple(np.ravel(arrow._posA_posB)) for arrow in get_arrows(ax)]
        return [(t.get_text(), t.get_position()) for t in ax.texts], lines

    expected = describe(plot_rule_graph(rules))
    assert describe(plot_rule_graph(rules.iloc[::-1])) == expected
    listed = rules.assign(
        antecedents=[sorted(side) for side in rules["antecedents"]],
        consequents=[sorted(side) for side in rules["consequents"]],
    )
    assert describe(plot_rule_graph(pl.DataFrame(listed.to_dict("list")))) == expected


def test_no_rules_are_said_and_equal_lifts_are_drawn():
    empty = plot_rule_graph(PAIRS.iloc[:0])
    assert [text.get_text() for text in empty.texts] == ["No rules"]
    plot_rule_graph(PAIRS.assign(lift=1.0)).figure.savefig(io.BytesIO())


def test_dollars_in_names_are_dollars():
    # As mathematics the name would fail.
    ax = plot_rule_graph(make_rules([({"$\\x$"}, {"from $5 to $10"})]))
    ax.figure.savefig(io.BytesIO(), format="svg")


def test_it_draws_on_the_given_axes():
    ax = Figure().add_subplot()
    assert plot_rule_graph(PAIRS, ax=ax) is ax


@pytest.mark.parametrize(
    ("rules", "options", "message"),
    [
        (PAIRS.drop(columns="lift"), {}, "columns lift"),
        (PAIRS.assign(lift=np.nan), {}, "lift has 4 missing or infinite"),
        (PAIRS.drop(columns="consequents"), {}, "columns consequents"),
        (PAIRS, {"n_rules": 0}, "n_rules"),
    ],
)
def test_bad_arguments_are_refused_by_name(rules, options, message):
    with pytest.raises(SchemaError, match=message):
        plot_rule_graph(rules, **options)
