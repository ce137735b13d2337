from fractions import Fraction
from itertools import combinations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmml.association import SequentialRules, _sequential_sets
from crmml.exceptions import (
    DataQualityWarning,
    LimitError,
    NotEnoughHistoryError,
    SchemaError,
)
from crmml.tables import CustomerTables, Transactions

START = pd.Timestamp("2024-01-01")
DAY = pd.Timedelta("1D")
COLUMNS = ["customer_id", "timestamp", "product_id"]


def make_lines(rows):
    """Make a table of (customer, hours since the start, item)."""
    hours = [START + pd.Timedelta(hour, "h") for _, hour, _ in rows]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.assign(timestamp=pd.Series(hours, dtype="datetime64[us]"))


def list_purchases(rows):
    """Give each customer's purchases as (hour, set of items), in order of time."""
    histories = {}
    for customer, hour, item in rows:
        histories.setdefault(customer, {}).setdefault(hour, set()).add(item)
    return {name: sorted(history.items()) for name, history in histories.items()}


def follow_slowly(rows, min_hours, max_hours, end=None):
    """Give, for each watched purchase, customer, items and hours to what follows."""
    if end is None:
        end = max(hour for _, hour, _ in rows)
    watched = []
    for name, history in list_purchases(rows).items():
        for hour, items in history:
            if hour + max_hours > end:
                continue
            gaps = {}
            for later, others in history:
                if later > hour and min_hours <= later - hour <= max_hours:
                    for item in others:
                        gaps.setdefault(item, later - hour)
            watched.append((name, items, gaps))
    return watched


def find_slowly(rows, min_hours, max_hours, min_count, longest):
    """Try every set of every purchase; give the counts and the gaps of each rule."""
    watched = follow_slowly(rows, min_hours, max_hours)
    sets = {
        frozenset(some)
        for _, items, _ in watched
        for size in range(1, min(len(items), longest) + 1)
        for some in combinations(items, size)
    }
    rules = {}
    for first in sets:
        having = [one for one in watched if first <= one[1]]
        for item in {item for _, _, gaps in having for item in gaps}:
            followed = [one for one in having if item in one[2]]
            buyers = len({name for name, _, _ in followed})
            base = sum(item in gaps for _, _, gaps in watched)
            if buyers >= min_count:
                days = [(2 * gaps[item] + 24) // 48 for _, _, gaps in followed]
                rules[first, item] = (buyers, len(having), base, len(followed), days)
    return rules, len(watched)


def as_dict(table):
    names = ["customer_count", "antecedent_count", "consequent_count", "count"]
    return {
        (rule.antecedents, *rule.consequents): tuple(getattr(rule, n) for n in names)
        for rule in table.itertuples()
    }


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", "客户"]),
        st.integers(0, 200),
        st.sampled_from(["茶", "杯", "x", ""]),
    ),
    min_size=1,
    max_size=40,
)
# A purchase of somebody else at the very end, so that some windows are watched.
LAST = ("z", 300, "x")


@settings(max_examples=40)
@given(
    rows=ROWS,
    min_hours=st.sampled_from([0, 24, 30]),
    max_hours=st.sampled_from([30, 60, 100]),
    longest=st.sampled_from([1, 2, 3]),
    min_count=st.integers(1, 2),
    min_confidence=st.sampled_from([0.0, 0.25, 0.5, 0.8]),
    min_lift=st.sampled_from([None, 0.5, 1.0, 1.5]),
    repeats=st.booleans(),
)
def test_rules_equal_brute_force(
    rows, min_hours, max_hours, longest, min_count, min_confidence, min_lift, repeats
):
    rows = [*rows, LAST]
    model = SequentialRules(
        min_count,
        min_confidence,
        min_lift=min_lift,
        min_gap=f"{min_hours}h",
        max_gap=f"{max_hours}h",
        max_antecedents=longest,
        repeats=repeats,
    )
    table = model.fit(make_lines(rows)).rules_
    found, n_watched = find_slowly(rows, min_hours, max_hours, min_count, longest)
    limit = Fraction(str(min_confidence))
    expected = {
        rule: counts
        for rule, counts in found.items()
        if Fraction(counts[3], counts[1]) >= limit
        and (repeats or rule[1] not in rule[0])
        and (
            min_lift is None
            or Fraction(counts[3] * n_watched, counts[1] * counts[2])
            >= Fraction(str(min_lift))
        )
    }
    assert as_dict(table) == {rule: counts[:4] for rule, counts in expected.items()}
    assert model.n_purchases_ == n_watched
    assert model.n_customers_ == len({name for name, _, _ in rows})
    for rule in table.itertuples():
        buyers, first, base, count, days = expected[rule.antecedents, *rule.consequents]
        assert rule.support == buyers / model.n_customers_
        assert rule.confidence == count / first
        # Two quotients and a product, each rounded once.
        assert rule.lift == pytest.approx(count * n_watched / (first * base), rel=1e-14)
        quartiles = rule.gap_days_q25, rule.gap_days_median, rule.gap_days_q75
        # numpy interpolates between whole numbers with a rounding of its own.
        assert quartiles == pytest.approx(np.quantile(days, [0.25, 0.5, 0.75]))


@pytest.fixture(scope="module")
def many():
    """Some thousand lines of sixty customers, in which 2 follows 1."""
    rng = np.random.default_rng(3)
    customers, hours = rng.integers(0, 60, 4000), 24 * rng.integers(0, 100, 4000)
    items = rng.integers(0, 12, 4000)
    is_first = items == 1
    later = hours + 24 * rng.integers(2, 5, 4000)
    rows = [*zip(customers, hours, items, strict=True)]
    rows += [
        *zip(customers[is_first], later[is_first], items[is_first] + 1, strict=True)
    ]
    return [tuple(map(int, row)) for row in rows]


MANY = {"min_confidence": 0.2, "max_gap": "7D", "max_antecedents": 2}


def test_what_was_planted_is_found(many):
    model = SequentialRules(20, 0.5, max_gap="7D").fit(make_lines(many))
    rules = model.rules_[model.rules_["consequents"] == frozenset([2])]
    best = rules.sort_values("confidence").iloc[-1]
    assert best["antecedents"] == frozenset([1])
    # Each 1 is followed after two to four days, or sooner by chance.
    assert best["confidence"] == 1
    assert 2 <= best["gap_days_median"] <= 3


@pytest.mark.parametrize(
    ("block", "small"), [(1, 0), (500, 0), (4_000_000, 0), (500, 10**9)]
)
@pytest.mark.parametrize("n_jobs", [1, 3])
def test_blocks_threads_and_compilation_change_nothing(
    many, monkeypatch, block, small, n_jobs
):
    expected = SequentialRules(5, **MANY).fit(make_lines(many)).rules_
    monkeypatch.setattr(_sequential_sets, "BLOCK", block)
    monkeypatch.setattr(_sequential_sets, "_SMALL", small)
    found = SequentialRules(5, **MANY, n_jobs=n_jobs).fit(make_lines(many)).rules_
    assert len(found) > 100
    pd.testing.assert_frame_equal(found, expected)


def test_order_of_rows_and_repeated_rows_change_nothing(many):
    lines = make_lines(many)
    expected = SequentialRules(5, **MANY).fit(lines)
    mixed = pd.concat([lines, lines.head(500)]).sample(frac=1, random_state=1)
    found = SequentialRules(5, **MANY).fit(mixed)
    pd.testing.assert_frame_equal(found.rules_, expected.rules_)
    pd.testing.assert_frame_equal(found.predict(mixed), expected.predict(lines))


def test_shifting_all_times_changes_nothing(many):
    lines = make_lines(many)
    shift = pd.Timedelta("1234D 5h 6us")
    later = lines.assign(timestamp=lines["timestamp"] + shift)
    first, second = (SequentialRules(5, **MANY).fit(one) for one in (lines, later))
    pd.testing.assert_frame_equal(second.rules_, first.rules_)
    offers, moved = first.predict(lines), second.predict(later)
    for name in ("bought_at", "expected_at"):
        moved[name] -= shift
    pd.testing.assert_frame_equal(moved, offers)


def test_a_customer_without_matching_items_changes_only_denominators(many):
    stranger = [(99, 10, 77), (99, 200, 78)]
    plain = SequentialRules(5, **MANY).fit(make_lines(many))
    more = SequentialRules(5, **MANY).fit(make_lines([*many, *stranger]))
    assert more.n_customers_ == plain.n_customers_ + 1
    assert more.n_purchases_ == plain.n_purchases_ + 2
    assert as_dict(more.rules_) == as_dict(plain.rules_)


def test_support_falls_as_antecedents_grow(many):
    rules = as_dict(SequentialRules(5, **MANY).fit(make_lines(many)).rules_)
    pairs = [(first, then) for first, then in rules if len(first) == 2]
    assert pairs
    for first, then in pairs:
        for item in first:
            if (frozenset([item]), then) in rules:
                single = rules[frozenset([item]), then]
                assert rules[first, then][0] <= single[0]
                assert rules[first, then][1] <= single[1]


def test_items_bought_at_one_instant_are_not_ordered():
    rows = [("a", 0, "x"), ("a", 0, "y"), ("a", 48, "x"), ("b", 500, "x")]
    rules = SequentialRules(1, min_gap="0D", max_gap="3D").fit(make_lines(rows)).rules_
    assert set(as_dict(rules)) == {
        (frozenset(["x"]), "x"),
        (frozenset(["y"]), "x"),
    }


@pytest.mark.parametrize(
    ("hours", "count"), [(23, 0), (24, 1), (72, 1), (73, 0)], ids=str
)
def test_both_ends_of_the_window_belong_to_it(hours, count):
    rows = [("a", 0, "x"), ("a", hours, "y"), ("b", 500, "z")]
    model = SequentialRules(1, max_gap="3D").fit(make_lines(rows))
    assert model.n_rules_ == len(model.rules_) == count


def test_the_first_of_several_followers_gives_the_gap():
    rows = [("a", 0, "x"), ("a", 48, "y"), ("a", 72, "y"), ("b", 500, "z")]
    rules = SequentialRules(1, max_gap="5D").fit(make_lines(rows)).rules_
    first = rules[rules["antecedents"] == frozenset("x")].iloc[0]
    assert (first["count"], first["gap_days_median"]) == (1, 2.0)


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_window_that_the_data_cut_off_does_not_count(is_whole):
    rows = [("a", 0, "x"), ("a", 24, "y"), ("b", 72 - (not is_whole), "z")]
    model = SequentialRules(1, max_gap="3D")
    if is_whole:
        assert model.fit(make_lines(rows)).n_purchases_ == 1
    else:
        with pytest.raises(NotEnoughHistoryError, match="None of 3 purchases"):
            model.fit(make_lines(rows))


def test_support_is_compared_as_an_integer():
    rows = [(n, 24 * day, item) for n in range(7) for day, item in enumerate("xy")]
    rows += [(n, 0, "z") for n in range(7, 100)] + [(0, 2400, "z")]
    for share, n_rules in ((0.07, 1), (0.08, 0), (7, 1), (8, 0)):
        model = SequentialRules(share, max_gap="3D").fit(make_lines(rows))
        assert model.n_rules_ == n_rules


@settings(max_examples=12)
@given(rows=ROWS, later=ROWS, hour=st.integers(150, 250))
def test_nothing_at_or_after_the_cutoff_counts(rows, later, hour):
    rows = [*rows, ("z", 0, "x"), ("z", 149, "x"), LAST]
    cutoff = START + pd.Timedelta(hour, "h")
    known = [row for row in rows if row[1] < hour]
    other = known + [(c, hour + h, i) for c, h, i in later] + [("z", hour + 300, "x")]
    model = SequentialRules(1, 0.2, max_gap="2D")
    first = model.fit(make_lines(rows), cutoff=cutoff)
    rules, n_watched = first.rules_, first.n_purchases_
    offers = model.predict(make_lines(rows), cutoff=cutoff)
    second = SequentialRules(1, 0.2, max_gap="2D").fit(make_lines(other), cutoff=cutoff)
    pd.testing.assert_frame_equal(second.rules_, rules)
    assert second.n_purchases_ == n_watched
    # A window that ends at the cutoff is not watched to its end.
    expected = follow_slowly(known, 24, 48, end=hour - 1e-9)
    assert n_watched == len(expected)
    offered = second.predict(make_lines(other), cutoff=cutoff)
    pd.testing.assert_frame_equal(offered, offers)


def test_what_is_recorded_later_is_not_known_yet():
    rows = [("a", 0, "x"), ("a", 48, "y"), ("b", 0, "x"), ("b", 48, "y")]
    lines = make_lines([*rows, ("c", 1000, "z")])
    seen = lines["timestamp"].where(lines["customer_id"] != "b", "2024-03-01")
    lines = lines.assign(seen=seen.astype("datetime64[us]"))
    names = {name: name for name in COLUMNS}
    tables = CustomerTables(
        transactions=Transactions(lines, recorded_at="seen", **names)
    )
    model = SequentialRules(1, max_gap="3D")
    assert model.fit(tables, cutoff="2024-01-10").n_customers_ == 1
    assert model.fit(tables).n_customers_ == 3


def predict_slowly(model, rows, min_hours, max_hours, n_items):
    """Walk through all rules for every purchase of every customer."""
    end = max(hour for _, hour, _ in rows)
    found = []
    for name, history in sorted(list_purchases(rows).items()):
        best = {}
        for rule in model.rules_.itertuples():
            (item,) = rule.consequents
            for hour, items in history:
                since = [
                    later
                    for later, others in history
                    if item in others
                    and later >= hour
                    and (
                        not model.repeats
                        or (later > hour and later - hour >= min_hours)
                    )
                ]
                if since or not rule.antecedents <= items or hour + max_hours <= end:
                    continue
                lift = Fraction(
                    rule.count, rule.antecedent_count * rule.consequent_count
                )
                key = (
                    -Fraction(rule.count, rule.antecedent_count),
                    -lift,
                    -rule.customer_count,
                    item,
                    len(rule.antecedents),
                    sorted(rule.antecedents),
                    -hour,
                    rule.gap_days_median,
                )
                best[item] = min(best.get(item, key), key)
        for rank, key in enumerate(sorted(best.values())[:n_items], start=1):
            bought = START + pd.Timedelta(-key[6], "h")
            due = bought + key[7] * DAY
            found.append(
                (
                    name,
                    rank,
                    key[3],
                    float(-key[0]),
                    frozenset(key[5]),
                    bought,
                    key[7],
                    due,
                )
            )
    return found


@settings(max_examples=15)
@given(
    rows=ROWS,
    asked=ROWS,
    n_items=st.integers(1, 3),
    hours=st.sampled_from([0, 30]),
    repeats=st.booleans(),
)
def test_predictions_equal_a_walk_through_all_rules(
    rows, asked, n_items, hours, repeats
):
    model = SequentialRules(
        1, 0.1, min_gap=f"{hours}h", max_gap="4D", max_antecedents=2, repeats=repeats
    )
    model.fit(make_lines([*rows, LAST]))
    found = model.predict(make_lines(asked), n_items)
    expected = predict_slowly(model, asked, hours, 96, n_items)
    assert list(found.itertuples(index=False, name=None)) == expected


@pytest.mark.parametrize(
    ("hour", "is_offered"), [(-48, True), (0, False), (5, False), (30, False)], ids=str
)
def test_without_repeats_what_stands_in_the_purchase_or_came_after_is_not_offered(
    hour, is_offered
):
    past = [("a", 0, "x"), ("a", 48, "y"), ("b", 900, "z")]
    model = SequentialRules(1, max_gap="5D", repeats=False).fit(make_lines(past))
    assert set(as_dict(model.rules_)) == {(frozenset(["x"]), "y")}
    asked = make_lines([("c", 1000, "x"), ("c", 1000 + hour, "y"), ("d", 1040, "z")])
    assert model.predict(asked)["item"].tolist() == ["y"] * is_offered


def test_predictions_in_steps_equal_those_in_one_go(many, monkeypatch):
    from crmml.association import _sequential_offers

    lines = make_lines(many)
    model = SequentialRules(5, **MANY).fit(lines)
    whole = model.predict(lines)
    assert whole["customer_id"].nunique() > 20
    monkeypatch.setattr(_sequential_offers, "_CELLS", 50)
    pd.testing.assert_frame_equal(model.predict(lines), whole)


def test_no_offer_is_an_empty_table_of_the_same_types(many):
    lines = make_lines(many)
    model = SequentialRules(5, **MANY).fit(lines)
    strange = lines.assign(product_id=500)
    empty, filled = model.predict(strange), model.predict(lines)
    assert len(empty) == 0
    assert empty.dtypes.to_dict() == filled.dtypes.to_dict()
    none = SequentialRules(1000).fit(lines)
    assert none.n_rules_ == 0
    assert none.rules_.dtypes.to_dict() == model.rules_.dtypes.to_dict()
    assert none.predict(lines).columns.tolist() == filled.columns.tolist()
    assert (
        len(none.validate(lines.assign(timestamp=lines["timestamp"] + 300 * DAY))) == 0
    )


@settings(max_examples=15)
@given(rows=ROWS, later=ROWS)
def test_validation_equals_brute_force_on_later_purchases(rows, later):
    shifted = [(name, hour + 301, item) for name, hour, item in later]
    after = [*shifted, ("y", 900, "neu")]
    model = SequentialRules(1, 0.4, max_gap="3D", max_antecedents=2)
    model.fit(make_lines([*rows, LAST]))
    found = model.validate(make_lines([*rows, LAST, *after]))
    for name in ("antecedents", "consequents"):
        pd.testing.assert_series_equal(found[name], model.rules_[name])
    for name in ("support", "confidence", "lift"):
        assert found[f"learned_{name}"].tolist() == model.rules_[name].tolist()
    watched = follow_slowly(after, 24, 72)
    n_customers = len({name for name, _, _ in after})
    for rule in found.itertuples():
        (item,) = rule.consequents
        having = [one for one in watched if rule.antecedents <= one[1]]
        followed = [one for one in having if item in one[2]]
        base = sum(item in gaps for _, _, gaps in watched)
        buyers = len({name for name, _, _ in followed})
        assert rule.antecedent_count == len(having)
        assert rule.consequent_count == base
        assert rule.count == len(followed)
        assert rule.customer_count == buyers
        assert rule.support == buyers / n_customers
        assert np.isnan(rule.confidence) == (not having)
        assert np.isnan(rule.lift) == (not having or not base)
        assert rule.survives == (
            len(followed) * len(watched) > len(having) * base
            and Fraction(len(followed), len(having)) >= Fraction("0.4")
        )


def test_validation_needs_later_purchases(many):
    lines = make_lines(many)
    model = SequentialRules(5, **MANY).fit(lines)
    with pytest.raises(NotEnoughHistoryError, match="after those that the rules were"):
        model.validate(lines)


def test_any_table_and_any_names_do(constructor, tmp_path):
    rows = [("赵", 0, "茶"), ("赵", 48, "杯"), ("钱", 0, "茶"), ("钱", 30, "杯")]
    lines = make_lines([*rows, ("孙", 500, "茶")])
    lines.columns = ["客户", "时间", "商品"]
    arguments = ("customer_column", "time_column", "item_column")
    names = dict(zip(arguments, lines.columns, strict=True))
    expected = SequentialRules(1, **names, max_gap="3D").fit(lines)
    data = constructor({name: lines[name].tolist() for name in lines.columns})
    found = SequentialRules(1, **names, max_gap="3D").fit(data)
    pd.testing.assert_frame_equal(found.rules_, expected.rules_)
    assert as_dict(found.rules_)[frozenset(["茶"]), "杯"] == (2, 2, 2, 2)
    path = tmp_path / "lines.parquet"
    lines.to_parquet(path)
    for given_ in (path, str(path), lines.astype({"商品": "category"})):
        found = SequentialRules(1, **names, max_gap="3D").fit(given_)
        pd.testing.assert_frame_equal(found.rules_, expected.rules_)
    roles = {"customer_id": "客户", "timestamp": "时间", "product_id": "商品"}
    sold = Transactions(data, **roles)
    for tables in (sold, CustomerTables(transactions=sold)):
        found = SequentialRules(1, max_gap="3D").fit(tables)
        pd.testing.assert_frame_equal(found.rules_, expected.rules_)


def test_instants_with_a_zone_are_the_same_instants():
    rows = [("a", 0, "x"), ("a", 48, "y"), ("a", 490, "x"), ("b", 500, "z")]
    naive = make_lines(rows)
    aware = naive.assign(
        timestamp=naive["timestamp"]
        .dt.tz_localize("UTC")
        .dt.tz_convert("Asia/Shanghai")
    )
    first, second = (SequentialRules(1, max_gap="3D").fit(x) for x in (naive, aware))
    pd.testing.assert_frame_equal(second.rules_, first.rules_)
    plain, zoned = first.predict(naive), second.predict(aware)
    assert len(plain) == 1
    for name in ("bought_at", "expected_at"):
        assert (zoned[name] == plain[name].dt.tz_localize("UTC")).all()


def test_text_dates_and_types_of_ids_are_kept():
    rows = [("007", 0, "x"), ("007", 48, "y"), ("7", 490, "x"), ("b", 500, "z")]
    lines = make_lines(rows)
    lines["timestamp"] = lines["timestamp"].dt.strftime("%Y-%m-%dT%H:%M")
    model = SequentialRules(1, max_gap="3D").fit(pl.from_pandas(lines))
    assert model.predict(lines)["customer_id"].tolist() == ["7"]


def test_missing_items_are_counted_and_their_purchases_stay():
    rows = [("a", 0, "x"), ("a", 48, "y"), ("c", 5, None), ("b", 500, "z")]
    with pytest.warns(DataQualityWarning, match="1 of 4 order lines have no 'product_"):
        model = SequentialRules(1, max_gap="3D").fit(make_lines(rows))
    assert (model.n_customers_, model.n_purchases_) == (3, 3)


def test_the_input_is_not_changed(many):
    lines = make_lines(many)
    copy = lines.copy(deep=True)
    SequentialRules(5, **MANY).fit(lines).predict(lines)
    pd.testing.assert_frame_equal(lines, copy)


def test_more_rules_than_allowed_stop_the_search(many):
    lines = make_lines(many)
    n_rules = SequentialRules(5, **MANY).fit(lines).n_rules_
    assert SequentialRules(5, **MANY, max_rules=n_rules).fit(lines).n_rules_ == n_rules
    with pytest.raises(LimitError, match=f"more than max_rules={n_rules - 1} rules"):
        SequentialRules(5, **MANY, max_rules=n_rules - 1).fit(lines)


LINES = make_lines([("a", 0, "x"), ("a", 48, "y"), ("b", 900, "x")])


@pytest.mark.parametrize(
    ("arguments", "X", "message"),
    [
        ({}, [["x", "y"]], "lists of baskets are not enough"),
        ({}, LINES.drop(columns="timestamp"), "timestamp"),
        ({}, LINES.drop(columns="product_id"), "product_id"),
        ({}, LINES.assign(product_id=1.5), "must hold text or integers"),
        ({}, LINES.assign(timestamp=1.5), "must hold dates"),
        ({}, 7, "must be a pandas"),
        ({}, LINES.assign(product_id=["x", 7, "x"]), "mixes values of several types"),
        ({"max_gap": "30"}, LINES, "max_gap .* has no unit"),
        ({"max_gap": "0D"}, LINES, "max_gap .* must be > 0"),
        ({"min_gap": "-1D"}, LINES, "min_gap"),
        ({"min_gap": "2D", "max_gap": "1D"}, LINES, "min_gap='2D' is longer than"),
        ({"customer_column": "Kunde"}, LINES, "Kunde"),
    ],
)
def test_bad_input_is_refused_by_name(arguments, X, message):
    with pytest.raises(SchemaError, match=message):
        SequentialRules(**arguments).fit(X)


@pytest.mark.parametrize(
    "arguments",
    [
        {"min_support": 0},
        {"min_support": 1.5},
        {"min_confidence": 2},
        {"max_gap": 30},
        {"max_antecedents": 0},
        {"repeats": "no"},
    ],
)
def test_unfit_parameters_are_refused(arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        SequentialRules(**arguments).fit(LINES)


@pytest.mark.parametrize("cutoff", ["2023-01-01", "2030-01-01"])
def test_a_cutoff_outside_the_data_is_refused(cutoff):
    with pytest.raises(NotEnoughHistoryError, match="cutoff"):
        SequentialRules(1).fit(LINES, cutoff=cutoff)


def test_no_rows_at_all_are_refused():
    with pytest.raises(NotEnoughHistoryError, match="there are none"):
        SequentialRules(1).fit(LINES.head(0))


def test_numbers_for_text_are_refused_instead_of_matching_nothing():
    model = SequentialRules(1, max_gap="3D").fit(LINES)
    numbers = LINES.assign(product_id=[1, 2, 3])
    for method in (model.predict, model.validate):
        with pytest.raises(SchemaError, match=r"are whole numbers, .* from text"):
            method(numbers)
    with pytest.raises(SchemaError, match="n_items must be a whole number"):
        model.predict(LINES, 0)
