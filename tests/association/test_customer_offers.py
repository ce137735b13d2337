import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from crmml.association import AssociationRules
from crmml.exceptions import LeakageError, NotEnoughHistoryError, SchemaError
from crmml.tables import Customers, CustomerTables, Transactions

CUTOFF = "2024-03-01"


def make_sales(seed=0, n=900):
    rng = np.random.default_rng(seed)
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 90, n), "D")
    return pd.DataFrame(
        {
            "客户": rng.integers(0, 60, n),
            "时间": days,
            "单号": rng.integers(0, 300, n),
            "商品": rng.choice(["啤酒", "尿布", "牛奶", "面包", "茶", "米"], n),
        }
    )


def make_tables(sales, **more):
    return CustomerTables(
        transactions=Transactions(
            sales,
            customer_id="客户",
            timestamp="时间",
            order_id="单号",
            product_id="商品",
        ),
        **more,
    )


@pytest.fixture(scope="module")
def sales():
    return make_sales()


@pytest.fixture(scope="module")
def rules(sales):
    return AssociationRules(0.02, 0.2).fit(make_tables(sales), cutoff=CUTOFF)


@pytest.mark.parametrize("window", [None, "20D"])
def test_offers_are_those_of_predict_without_what_was_ever_bought_before(
    sales, rules, window, monkeypatch
):
    from crmml.association import _offers

    # Many blocks of few customers.
    monkeypatch.setattr(_offers, "_BLOCK", 20)
    found = rules.recommend_for_customers(
        make_tables(sales), CUTOFF, n_items=2, window=window
    )
    cutoff = pd.Timestamp(CUTOFF)
    begin = cutoff - pd.Timedelta(window or "9999D")
    seen = sales[(sales["时间"] < cutoff) & (sales["时间"] >= begin)]
    histories = seen.groupby("客户")["商品"].agg(list)
    expected = rules.predict(histories.tolist(), 99)
    customers = histories.index.to_numpy()[expected["basket"]]
    expected.insert(0, "customer_id", customers)
    before = sales[sales["时间"] < cutoff]
    bought = set(zip(before["客户"], before["商品"], strict=True))
    pairs = zip(expected["customer_id"], expected["item"], strict=True)
    is_new = [pair not in bought for pair in pairs]
    assert all(is_new) == (window is None)
    expected = expected[is_new].reset_index(drop=True)
    expected["rank"] = expected.groupby("customer_id").cumcount() + 1
    expected = expected[expected["rank"] <= 2].reset_index(drop=True)
    assert len(found) > 50
    pd.testing.assert_frame_equal(found, expected.drop(columns="basket"))


def test_what_was_bought_long_ago_or_cannot_be_known_yet():
    sales = pd.DataFrame(
        [
            ("x", "2024-01-01", "beer", "2024-01-01"),
            ("x", "2024-02-20", "diapers", "2024-02-20"),
            ("y", "2024-02-21", "diapers", "2024-02-21"),
            # Bought before the cutoff, but recorded after it.
            ("y", "2024-02-22", "beer", "2024-03-05"),
            ("z", "2024-01-05", "diapers", "2024-01-05"),
        ],
        columns=["c", "t", "p", "seen"],
    )
    tables = CustomerTables(
        transactions=Transactions(
            sales, customer_id="c", timestamp="t", product_id="p", recorded_at="seen"
        ),
        observed_until="2024-03-10",
    )
    rules = AssociationRules(1, 0.2).fit([["beer", "diapers"]])
    found = rules.recommend_for_customers(tables, CUTOFF, window="30D")
    assert found[["customer_id", "item"]].to_numpy().tolist() == [["y", "beer"]]
    assert rules.recommend_for_customers(tables, CUTOFF, window="1D").empty


@pytest.mark.parametrize("change", ["delete", "scramble", "add"])
def test_what_came_after_the_cutoff_changes_no_offer(sales, rules, change):
    expected = rules.recommend_for_customers(make_tables(sales), CUTOFF)
    later = (sales["时间"] >= CUTOFF).to_numpy()
    # One line stays, because the data must reach up to the cutoff.
    changed = {
        "delete": sales[~later | (np.cumsum(later) == 1)],
        "scramble": sales.assign(
            商品=sales["商品"].where(~later, "米"),
            客户=sales["客户"].where(~later, sales["客户"].to_numpy()[::-1]),
        ),
        "add": pd.concat([sales, sales[later].assign(商品="茶", 客户=5)]),
    }[change]
    tables = make_tables(changed)
    found = rules.recommend_for_customers(tables, CUTOFF)
    pd.testing.assert_frame_equal(found, expected)
    again = AssociationRules(0.02, 0.2).fit(tables, cutoff=CUTOFF)
    pd.testing.assert_frame_equal(again.rules_, rules.rules_)


def test_lines_recorded_at_the_cutoff_are_unknown(sales, rules):
    known = sales["时间"].where(sales["客户"] != 7, pd.Timestamp(CUTOFF))
    tables = CustomerTables(
        transactions=Transactions(
            sales.assign(入账=known),
            customer_id="客户",
            timestamp="时间",
            order_id="单号",
            product_id="商品",
            recorded_at="入账",
        )
    )
    found = rules.recommend_for_customers(tables, CUTOFF)
    assert 7 not in found["customer_id"].to_numpy()
    assert found["customer_id"].nunique() > 20


def test_row_order_and_carrier_change_nothing_and_ids_keep_their_type(sales, rules):
    spelled = sales.assign(客户=sales["客户"].map("{:03d}".format))
    expected = rules.recommend_for_customers(make_tables(spelled), CUTOFF)
    assert expected["customer_id"].iloc[0].startswith("00")
    assert expected["customer_id"].is_monotonic_increasing
    shuffled = spelled.sample(frac=1, random_state=1)
    listed = shuffled.to_dict("list")
    for table in (shuffled, pl.DataFrame(listed), pa.table(listed)):
        found = rules.recommend_for_customers(make_tables(table), CUTOFF)
        pd.testing.assert_frame_equal(
            found.astype({"customer_id": object}),
            expected.astype({"customer_id": object}),
        )


def test_customers_who_had_left_get_no_offer(sales, rules):
    customers = pd.DataFrame({"号": range(60), "离开": [pd.NaT] * 59 + ["2024-02-28"]})
    customers["离开"] = pd.to_datetime(customers["离开"])
    tables = make_tables(
        sales, customers=Customers(customers, customer_id="号", left_at="离开")
    )
    found = rules.recommend_for_customers(tables, CUTOFF)
    everyone = rules.recommend_for_customers(make_tables(sales), CUTOFF)
    gone = everyone["customer_id"] == 59
    assert gone.any()
    pd.testing.assert_frame_equal(found, everyone[~gone].reset_index(drop=True))


def test_rules_that_know_the_future_are_refused(sales):
    tables = make_tables(sales)
    every = AssociationRules(0.02, 0.2).fit(tables)
    with pytest.raises(LeakageError, match=r"fit\(tables, cutoff="):
        every.recommend_for_customers(tables, CUTOFF)
    # Lists have no time, so nobody can know.
    listed = AssociationRules(1, 0.2).fit([["啤酒", "尿布"]])
    assert len(listed.recommend_for_customers(tables, CUTOFF))


def test_days_of_customers_are_baskets_whatever_the_hour_and_the_form_of_time():
    sales = pd.DataFrame(
        {
            "c": [1, 1, 1, 2],
            "t": ["2024-05-01T08:00", "2024-05-01T20:30", "2024-05-02", "2024-05-01"],
            "p": ["a", "b", "a", "b"],
        }
    )
    for times in (sales["t"], pd.to_datetime(sales["t"], format="ISO8601")):
        transactions = Transactions(
            sales.assign(t=times), customer_id="c", timestamp="t", product_id="p"
        )
        for source in (transactions, CustomerTables(transactions=transactions)):
            rules = AssociationRules(1, basket_by="customer_day").fit(source)
            assert rules.n_baskets_ == 3
            assert rules.itemsets_["count"].tolist() == [2, 2, 1]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n_items": 0}, SchemaError, "n_items"),
        ({"cutoff": None}, SchemaError, "cutoff must be an instant"),
        ({"cutoff": "2023-01-01"}, NotEnoughHistoryError, "no event before it"),
        ({"window": 30}, SchemaError, "window must be a duration"),
        (
            {"tables": [["啤酒"]]},
            SchemaError,
            "tables must be CustomerTables, got list",
        ),
    ],
)
def test_arguments_are_checked_by_name(sales, rules, arguments, error, message):
    given = {"tables": make_tables(sales), "cutoff": CUTOFF, **arguments}
    with pytest.raises(error, match=message):
        rules.recommend_for_customers(**given)
