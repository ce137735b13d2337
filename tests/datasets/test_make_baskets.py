import numpy as np
import pandas as pd
import pytest

from crmml.association import AssociationRules
from crmml.datasets import SimulatedBaskets, make_baskets
from crmml.exceptions import SchemaError

CUTOFF = "2024-04-01"


@pytest.fixture(scope="module")
def simulated():
    return make_baskets(1500, random_state=0)


def measure(lines):
    """Shares of baskets, and the rule from diapers to beer, straight from the lines."""
    items = lines.groupby("order_id")["product_id"].agg(set)
    diapers = items.map(lambda one: "Diapers" in one).to_numpy()
    beer = items.map(lambda one: "Beer" in one).to_numpy()
    return len(items), diapers, beer


@pytest.mark.parametrize("group", ["all", "fathers on Friday evening", "others"])
def test_shares_are_the_true_ones_within_chance(simulated, group):
    lines = simulated.lines
    if group != "all":
        lines = lines[simulated.name_groups() == group]
    n, diapers, beer = measure(lines)
    truth = simulated.truth.set_index("group").loc[group]
    both = diapers & beer
    for found, share, trials in [
        (n / simulated.lines["order_id"].nunique(), truth["basket_share"], n),
        (diapers.mean(), truth["diapers"], n),
        (beer.mean(), truth["beer"], n),
        (both.mean(), truth["both"], n),
        (beer[diapers].mean(), truth["confidence"], diapers.sum()),
    ]:
        # Customers differ in being fathers, so shares vary more than by visits alone.
        error = np.sqrt(share * (1 - share) / trials)
        assert abs(found - share) <= 4 * error + 0.02 * share
    assert truth["lift"] == pytest.approx(
        truth["both"] / truth["diapers"] / truth["beer"]
    )
    assert truth["confidence"] == pytest.approx(truth["both"] / truth["diapers"])


def test_only_diapers_and_beer_have_to_do_with_each_other():
    lines = make_baskets(1500, n_items=20, random_state=1).lines
    held = pd.crosstab(lines["order_id"], lines["product_id"])
    matrix, sold = held.to_numpy(), held.to_numpy().sum(axis=0)
    expected = np.outer(sold, sold) / len(held)
    z = (matrix.T @ matrix - expected) / np.sqrt(expected)
    first, second = np.triu_indices(len(sold), k=1)
    z = pd.Series(z[first, second], index=list(zip(first, second, strict=True)))
    strongest = z.sort_values(ascending=False)
    assert [held.columns[i] for i in strongest.index[0]] == ["Beer", "Diapers"]
    # Four standard errors are passed by chance in one of 75 tables of 231 pairs.
    assert strongest.iloc[0] > 12 > 4 > strongest.iloc[1]


def test_rules_find_the_effect_and_later_weeks_confirm_it_alone(simulated):
    tables = simulated.to_tables()
    rules = AssociationRules(10, 0.1, min_lift=1.3, drop_redundant=True)
    rules.fit(tables, cutoff=CUTOFF)
    pair = {frozenset({"Diapers"}), frozenset({"Beer"})}
    strong = rules.rules_[rules.rules_["antecedents"].isin(pair)]
    assert set(strong["antecedents"]) == set(strong["consequents"]) == pair
    result = rules.validate(tables)
    confirmed = result.rules[result.rules["verdict"] == "confirmed"]
    sides = [a | c for a, c in zip(*confirmed.iloc[:, :2].T.to_numpy(), strict=True)]
    assert all({"Diapers", "Beer"} <= items for items in sides)
    plain = confirmed[confirmed["antecedents"] == frozenset({"Diapers"})].iloc[0]
    truth = simulated.truth.set_index("group").loc["all"]
    # The counts allow about a tenth.
    assert plain["lift"] == pytest.approx(truth["lift"], rel=0.15)
    # Chance rules are many, and their lift is gone.
    rest = result.rules.drop(confirmed.index)
    assert len(rest) > 20 * len(confirmed)
    assert rest["learned_lift"].median() > 1.3
    assert abs(rest["lift"].median() - 1) < 0.1


def test_the_effect_belongs_to_fathers_on_friday_evening(simulated):
    lines = simulated.lines.assign(group=simulated.name_groups())
    rules = AssociationRules(50, 0.1, max_length=2).fit(lines)
    offers = rules.cross_sell(lines, "group", n_offers=20)
    beer = offers[
        (offers["item"] == "Beer") & (offers["antecedents"] == frozenset({"Diapers"}))
    ]
    assert beer["segment"].tolist() == ["fathers on Friday evening"]


def test_no_effect_is_planted_where_beer_is_as_likely():
    truth = make_baskets(10, beer_with_diapers=0.1, random_state=0).truth
    assert truth["confidence"].tolist() == pytest.approx([0.1] * 3)
    # Visits without any item leave no basket, which is why lift is not 1.
    assert truth["lift"].between(0.97, 1).all()
    sure = make_baskets(10, items_per_basket=60, beer_with_diapers=0.1, random_state=0)
    assert sure.truth["lift"].tolist() == pytest.approx([1.0] * 3)


def test_the_frames_are_whole(simulated):
    assert isinstance(simulated, SimulatedBaskets)
    lines = simulated.lines
    assert not lines.duplicated(["order_id", "product_id"]).any()
    assert lines["timestamp"].is_monotonic_increasing
    assert lines["order_id"].is_monotonic_increasing
    assert lines["order_id"].unique().tolist() == list(
        range(1, lines["order_id"].max() + 1)
    )
    owners = lines.drop_duplicates(["order_id", "customer_id"])
    assert owners["order_id"].is_unique
    assert set(lines["customer_id"]) <= set(simulated.customers["customer_id"])
    assert lines["timestamp"].dt.hour.between(8, 20).all()
    assert lines["timestamp"].min() >= pd.Timestamp("2024-01-01")
    assert lines["timestamp"].max() < simulated.observed_until
    assert simulated.observed_until == pd.Timestamp("2024-07-01")


@pytest.mark.parametrize("start", ["2024-01-01", "2024-01-06", "2023-12-29"])
def test_evenings_are_fridays_whatever_the_first_day(start):
    simulated = make_baskets(
        100, start=start, n_weeks=4, friday_share=1.0, father_share=1.0, random_state=0
    )
    assert set(simulated.lines["timestamp"].dt.day_name()) == {"Friday"}
    assert (simulated.name_groups() == "fathers on Friday evening").all()


def test_a_seed_gives_the_same_and_another_another():
    one, two, three = (
        make_baskets(50, n_weeks=4, random_state=seed) for seed in (0, 0, 1)
    )
    pd.testing.assert_frame_equal(one.lines, two.lines)
    pd.testing.assert_frame_equal(one.customers, two.customers)
    assert not one.lines.equals(three.lines)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_customers": 0}, "n_customers"),
        ({"n_weeks": 2.5}, "n_weeks"),
        ({"n_items": 0}, "n_items"),
        ({"beer": 1.1}, "beer must be a finite number from 0 to 1"),
        ({"father_share": float("nan")}, "father_share"),
        ({"baskets_per_week": -1}, "baskets_per_week must be a finite number of at"),
        ({"items_per_basket": float("inf")}, "items_per_basket"),
        ({"items_per_basket": "4"}, "items_per_basket"),
        ({"start": "2024-01-01 12:00"}, "must be a day"),
        ({"start": "Friday"}, "must be a day"),
        ({"start": "2024-01-01+00:00"}, "without a time zone"),
        ({"start": None}, "must be a day"),
    ],
)
def test_arguments_are_checked_by_name(arguments, message):
    with pytest.raises(SchemaError, match=message):
        make_baskets(**arguments)


@pytest.mark.parametrize("random_state", ["abc", -1, 1.5])
def test_a_seed_that_is_none_is_refused_by_name(random_state):
    with pytest.raises(SchemaError, match="random_state must be a whole number"):
        make_baskets(20, random_state=random_state)
