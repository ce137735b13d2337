"""The proposed horizon: by brute force, by simulation, and when there is none."""

import numpy as np
import pandas as pd
import pytest

from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.labels import suggest_inactivity

DAY = pd.Timedelta(1, "D")
START = pd.Timestamp("2024-01-01")


def brute_force(sales, until, least):
    """Whole days, silence by silence: when was it watched, and on which did it end."""
    returns, watched = {}, {}
    for _, own in sales[sales["timestamp"] <= until].groupby("customer_id"):
        instants = sorted(set(own["timestamp"]))
        for at, following in zip(instants, [*instants[1:], None], strict=True):
            day = 0
            while at + (day + 1) * DAY <= until:
                watched[day] = watched.get(day, 0) + 1
                if following is not None and following < at + (day + 1) * DAY:
                    returns[day] = returns.get(day, 0) + 1
                    break
                day += 1
    followed = sum(count >= least for count in watched.values())
    survival = [1.0]
    for day in range(followed):
        survival.append(survival[-1] * (1 - returns.get(day, 0) / watched[day]))
    return [
        (h, watched[h], 1 - survival[followed] / survival[h])
        for h in range(1, followed // 2 + 1)
    ]


@pytest.fixture
def random_sales(rng):
    """Sixty customers who buy at any hour of 80 days, some of them twice at once."""
    n = 400
    hours = rng.integers(0, 80 * 24, n)
    ids = rng.integers(0, 60, n)
    hours[:20], ids[:20] = hours[20:40], ids[20:40]
    instants = START + pd.to_timedelta(hours, "h")
    return pd.DataFrame({"customer_id": ids, "timestamp": instants, "amount": 1.0})


@pytest.mark.parametrize("least", [1, 30])
@pytest.mark.parametrize("until", ["2024-03-25T05:00", "2024-03-01"])
def test_the_table_equals_brute_force(make_tables, random_sales, least, until):
    """The second end leaves purchases after it, which must not be used."""
    tables = make_tables(random_sales, observed_until=until)
    found = suggest_inactivity(tables, max_return_share=0.9, min_silences=least)
    expected = brute_force(random_sales, pd.Timestamp(until), least)
    assert found.table.columns.tolist() == ["horizon_days", "n_silent", "return_share"]
    # A product of some eighty factors: rounding far below 1e-12.
    np.testing.assert_allclose(found.table.to_numpy(), expected, rtol=0, atol=1e-12)


def test_the_horizon_is_the_shortest_that_keeps_the_share(make_tables, random_sales):
    tables = make_tables(random_sales, observed_until="2024-03-25")
    for share in (0.9, 0.8, 0.7):
        found = suggest_inactivity(tables, max_return_share=share)
        table = found.table.set_index("horizon_days")["return_share"]
        days = found.horizon // DAY
        assert table[days] < share <= table.get(days - 1, 1.0)
        assert table.is_monotonic_decreasing
        assert found.max_return_share == share


def simulate(rng, n, rate, leave, days):
    """Purchases at a rate per day; after each a customer leaves with a probability."""
    rows = []
    for customer in range(n):
        at = rng.uniform(0, days)
        while at < days:
            rows.append((customer, at))
            if rng.random() < leave:
                break
            at += rng.exponential(1 / rate)
    frame = pd.DataFrame(rows, columns=["customer_id", "day"])
    frame["timestamp"] = START + pd.to_timedelta((frame["day"] * 86400).round(), "s")
    return frame[["customer_id", "timestamp"]]


def test_the_truth_is_recovered_although_most_silences_are_cut_off(make_tables):
    """P(back | silent for h) = (1 - l) e^(-rh) / ((1 - l) e^(-rh) + l), known exactly.

    The share of last purchases among all, which knows nothing of censoring, is far off.
    """
    rng, rate, leave, days = np.random.default_rng(1), 1 / 10, 0.1, 200
    sales = simulate(rng, 1500, rate, leave, days)
    tables = make_tables(sales, observed_until=START + days * DAY)
    found = suggest_inactivity(tables, max_return_share=0.2)
    h = found.table["horizon_days"].to_numpy()
    still = (1 - leave) * np.exp(-rate * h)
    truth = still / (still + leave)
    early = h <= 40
    # About a thousand silences reach 20 days: four standard errors are 0.06.
    error = np.abs(found.table["return_share"] - truth)[early]
    assert error.max() < 0.06
    expected = int(h[(truth < 0.2).argmax()])
    assert abs(found.horizon // DAY - expected) <= 4


def test_order_of_rows_and_repeated_lines_change_nothing(make_tables, random_sales):
    def suggest(sales):
        tables = make_tables(sales, observed_until="2024-03-25")
        return suggest_inactivity(tables, max_return_share=0.9)

    once = suggest(random_sales)
    shuffled = random_sales.sample(frac=1, random_state=0)
    again = suggest(pd.concat([shuffled, random_sales.head(50)]))
    pd.testing.assert_frame_equal(once.table, again.table, check_exact=True)
    assert once.horizon == again.horizon


def test_every_container_gives_the_same(random_sales, constructor):
    columns = {name: random_sales[name].to_numpy() for name in random_sales}
    found = suggest_inactivity(constructor(columns), max_return_share=0.9)
    same = suggest_inactivity(random_sales, max_return_share=0.9)
    pd.testing.assert_frame_equal(found.table, same.table, check_exact=True)


def test_customers_who_always_come_back_have_no_horizon(make_tables):
    steady = pd.DataFrame(
        {
            "customer_id": np.repeat(np.arange(50), 20),
            "timestamp": START + np.tile(np.arange(20), 50) * 7 * DAY,
        }
    )
    tables = make_tables(steady, observed_until=START + 134 * DAY)
    with pytest.raises(NotEnoughHistoryError, match="longest candidate, 100% come bac"):
        suggest_inactivity(tables)


def test_the_share_that_the_message_names_has_a_horizon(make_tables, random_sales):
    tables = make_tables(random_sales, observed_until="2024-03-25")
    with pytest.raises(NotEnoughHistoryError, match="raise max_return_share to") as e:
        suggest_inactivity(tables, max_return_share=0.001)
    named = float(str(e.value).rsplit(" to ")[-1].rstrip("."))
    least = suggest_inactivity(tables, max_return_share=named)
    assert least.table["return_share"].min() < named
    with pytest.raises(NotEnoughHistoryError):
        suggest_inactivity(tables, max_return_share=named - 0.01)


def test_too_little_to_follow_is_said(make_tables, sales):
    with pytest.raises(NotEnoughHistoryError, match="No 30 silences were watched"):
        suggest_inactivity(make_tables(sales))
    with pytest.raises(NotEnoughHistoryError, match="No 30 silences"):
        suggest_inactivity(make_tables(sales, observed_until="2024-01-01"))
    with pytest.raises(NotEnoughHistoryError, match="there are none"):
        suggest_inactivity(make_tables(sales.head(0), observed_until=None))
    people = pd.DataFrame({"customer_id": ["a"], "joined_at": ["2023-01-01"]})
    with pytest.raises(SchemaError, match="transactions: this table is needed"):
        suggest_inactivity(make_tables(customers=people))


@pytest.mark.parametrize("share", [0, 1, -0.1, 2, float("nan"), "0.1", True, None])
def test_a_share_that_cannot_be_used_is_named(make_tables, sales, share):
    with pytest.raises(SchemaError, match="max_return_share must be a number between"):
        suggest_inactivity(make_tables(sales), max_return_share=share)


@pytest.mark.parametrize("least", [0, 1.5, "3", None])
def test_a_number_of_silences_that_cannot_be_used_is_named(make_tables, sales, least):
    with pytest.raises(SchemaError, match="min_silences must be a whole number"):
        suggest_inactivity(make_tables(sales), min_silences=least)
