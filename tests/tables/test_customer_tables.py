"""The tables as a whole: edge cases with a documented result, scale and threads."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal

from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.features import RFM, Activity, ComplaintRate, FeatureSet, Tenure
from crmml.labels import Inactivity
from crmml.tables import CustomerTables, make_spine

ALL = FeatureSet([RFM(), Activity(windows="30D"), ComplaintRate(), Tenure()])


def no_rows(dtype):
    return pd.DataFrame({"customer_id": [], "timestamp": [], "resolved_at": []}).astype(
        dtype
    )


@pytest.mark.parametrize("dtype", ["object", "str", "float64", "int64"])
@pytest.mark.parametrize("ids", [["a", "b", "a", "a", "c"], [1, 2, 1, 1, 3]])
def test_an_empty_complaints_table_means_no_complaints(make_tables, sales, ids, dtype):
    tables = make_tables(sales.assign(customer_id=ids), complaints=no_rows(dtype))
    found = ALL.fit_transform(tables, "2024-06-01")
    assert found.index.tolist() == sorted(set(ids))
    assert (found[["n_complaints", "n_open_complaints"]] == 0).all(axis=None)
    assert (found[["complaints_per_order", "complaints_per_month"]] == 0).all(axis=None)
    missing = ["days_since_last_complaint", "mean_days_to_resolve"]
    assert found[missing].isna().all(axis=None)


def test_an_empty_transactions_table_has_no_customers(make_tables, sales):
    tables = make_tables(sales.iloc[:0])
    assert "0 rows" in repr(tables)
    with pytest.raises(NotEnoughHistoryError, match="No customer had joined or bought"):
        make_spine(tables, "2024-06-01")
    found = RFM().fit_transform(
        tables, spine=make_spine(tables, "2024-06-01", customers=["x"])
    )
    assert found["n_orders"].tolist() == [0]
    assert found["total_spend"].tolist() == [0.0]
    assert found["days_since_last_purchase"].isna().all()


def test_a_customer_without_orders_has_defined_values(make_tables, sales):
    people = pd.DataFrame({"customer_id": ["z"], "joined_at": ["2024-05-02"]})
    calls = pd.DataFrame(
        {"customer_id": ["z"], "timestamp": ["2024-05-22"], "resolved_at": [None]}
    )
    tables = make_tables(sales, customers=people, complaints=calls)
    found = ALL.fit_transform(tables, "2024-06-01").loc["z"].dropna().to_dict()
    assert found == {
        "n_orders": 0,
        "total_spend": 0,
        "n_orders_30d": 0,
        "n_active_days_30d": 0,
        "n_orders_change_30d": 0,
        "total_spend_30d": 0,
        "total_spend_change_30d": 0,
        "days_since_last_complaint": 10,
        "n_complaints": 1,
        # At least one order and one month are divided by.
        "complaints_per_order": 1,
        "complaints_per_month": 1,
        "n_open_complaints": 1,
        "tenure_days": 30,
    }


def test_one_single_order(make_tables, sales):
    found = ALL.set_params(builders=[RFM(), Tenure()]).fit_transform(
        make_tables(sales.iloc[:1]), "2024-01-31"
    )
    assert found.to_dict("index") == {
        "a": {
            "days_since_last_purchase": 30.0,
            "n_orders": 1,
            "total_spend": 10.0,
            "tenure_days": 30.0,
        }
    }


def test_all_amounts_negative_are_summed_as_they_are(make_tables, sales):
    found = RFM().fit_transform(
        make_tables(sales.assign(amount=-sales["amount"].abs())), "2024-06-01"
    )
    assert found["total_spend"].to_dict() == {"a": -16.25, "b": -20.5, "c": -7.0}


def test_duplicated_rows_are_kept_and_summed(make_tables, sales):
    once = RFM().fit_transform(make_tables(sales), "2024-06-01")
    twice = RFM().fit_transform(make_tables(pd.concat([sales] * 2)), "2024-06-01")
    assert (twice["total_spend"] == 2 * once["total_spend"]).all()
    # The lines of one order are one order, however often they stand.
    assert (twice["n_orders"] == once["n_orders"]).all()


def test_joins_never_multiply_rows(make_tables, sales):
    """Many complaints beside many transactions beside a customers table."""
    calls = pd.DataFrame({"customer_id": ["a"] * 7, "timestamp": ["2024-01-05"] * 7})
    people = pd.DataFrame({"customer_id": ["a", "b"], "joined_at": "2023-12-01"})
    tables = make_tables(sales, customers=people, complaints=calls)
    features = FeatureSet([RFM(), ComplaintRate(), Tenure()])
    found = features.fit_transform(tables, "2024-06-01")
    assert found.index.tolist() == ["a", "b", "c"]
    assert found["n_orders"].tolist() == [2, 1, 1]
    assert found["total_spend"].tolist() == [14.25, 20.5, 7.0]
    assert found["n_complaints"].tolist() == [7, 0, 0]


@pytest.mark.parametrize(
    "amounts",
    [
        [0.1] * 1000,
        [1e9, *[0.01] * 1000, -1e9],
        [1e9 + 0.01, -1e9],
        [19.99, -19.99] * 50 + [0.07],
        [123_456_789.12] * 30,
    ],
)
@pytest.mark.parametrize("seed", [0, 1])
def test_money_adds_up_to_the_cent_in_any_order(make_tables, amounts, seed):
    exact = sum(Decimal(repr(one)) for one in amounts)
    rng = np.random.default_rng(seed)
    lines = pd.DataFrame({"customer_id": "a", "amount": rng.permutation(amounts)})
    tables = make_tables(lines.assign(timestamp="2024-01-01"))
    found = RFM().fit_transform(tables, "2024-06-01")["total_spend"].item()
    # Doubles of this size stand 1.2e-7 apart or less: the double nearest the sum.
    assert found == float(exact)


def test_customers_apart_and_stacked_equal_the_whole():
    rng = np.random.default_rng(5)
    n = 400
    log = pd.DataFrame(
        {
            "customer_id": rng.choice([f"c{i:02}" for i in range(30)], n),
            "timestamp": pd.Timestamp("2024-01-01")
            + pd.to_timedelta(rng.integers(0, 120 * 24, n), "h"),
            "amount": rng.integers(-500, 5000, n) / 100,
        }
    )
    cutoffs = ["2024-03-01", "2024-04-01T12:00"]
    features = FeatureSet([RFM(windows=[None, "30D"]), Activity(), Tenure()])

    def compute(rows):
        from crmml.tables import Transactions

        tables = CustomerTables(
            transactions=Transactions(rows, **{name: name for name in log}),
            observed_until="2024-06-01",
        )
        labels = Inactivity("7D").transform(tables, cutoffs)
        return features.fit_transform(tables, cutoffs), labels

    whole, labels = compute(log)
    is_first = log["customer_id"] < "c11"
    parts = [compute(log[is_first]), compute(log[~is_first])]
    stacked = pd.concat([part[0] for part in parts]).sort_index()
    assert_frame_equal(stacked, whole, check_exact=True)
    assert_series_equal(pd.concat([part[1] for part in parts]).sort_index(), labels)


def test_parity_with_pandas_above_a_hundred_thousand_customers(make_tables):
    """Codes of customer times bucket must not overflow or collide."""
    rng = np.random.default_rng(0)
    n_customers, n = 130_000, 400_000
    log = pd.DataFrame(
        {
            "customer_id": rng.integers(0, n_customers, n) + 2**53,
            "timestamp": np.datetime64("2023-06-01", "s")
            + rng.integers(0, 2 * 10**7, n),
            "amount": rng.integers(-(10**4), 10**5, n) / 100,
        }
    )
    cutoff = pd.Timestamp("2024-01-01")
    start = cutoff - pd.Timedelta("30D")
    features = FeatureSet([RFM(windows="30D"), Tenure()])
    found = features.fit_transform(make_tables(log), cutoff)

    past = log[log["timestamp"] < cutoff]
    recent = past[past["timestamp"] >= start]
    by_customer = past.groupby("customer_id")["timestamp"]
    cents = (100 * recent["amount"]).round().astype("int64")
    expected = pd.DataFrame(
        {
            "days_since_last_purchase": (cutoff - by_customer.max())
            / pd.Timedelta("1D"),
            "n_orders_30d": recent.groupby("customer_id")["timestamp"].nunique(),
            "total_spend_30d": cents.groupby(recent["customer_id"]).sum() / 100,
            "tenure_days": (cutoff - by_customer.min()) / pd.Timedelta("1D"),
        }
    )
    expected = expected.fillna({"n_orders_30d": 0, "total_spend_30d": 0})
    assert len(found) == len(expected) > 100_000
    assert_frame_equal(found, expected.astype({"n_orders_30d": "int64"}))


def test_threads_may_share_tables(make_tables, sales):
    tables = make_tables(pd.concat([sales] * 20))
    features = FeatureSet([RFM(windows=[None, "30D"]), Activity()])
    cutoffs = ["2024-02-10", "2024-03-01", "2024-03-06", "2024-05-01"] * 2
    features.fit(tables, cutoffs[0])
    jobs = {
        "features": lambda cutoff: features.transform(tables, cutoff),
        "spine": lambda cutoff: make_spine(tables, cutoff),
        "quality": lambda _: tables.quality(),
        "label": lambda cutoff: Inactivity("7D").transform(tables, cutoff).to_frame(),
    }
    tasks = [(job, cutoff) for cutoff in cutoffs for job in jobs.values()]
    alone = [job(cutoff) for job, cutoff in tasks]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda task: task[0](task[1]), tasks))
    for one, other in zip(alone, together, strict=True):
        assert_frame_equal(one, other, check_exact=True)


def test_a_bare_frame_stands_for_transactions(constructor):
    data = constructor(
        {"customer_id": ["a"], "timestamp": ["2024-01-01"], "amount": [2.5]}
    )
    later = constructor({"customer_id": ["a"], "when": ["2024-01-01"]})
    with pytest.raises(NotEnoughHistoryError, match="observed_until"):
        RFM().fit_transform(data, "2024-02-01")
    with pytest.raises(SchemaError, match=r"must have the columns \['timestamp'\]"):
        RFM().fit_transform(later, "2024-02-01")
    with pytest.raises(SchemaError, match="got str"):
        RFM().fit_transform("sales.csv", "2024-02-01")


def test_the_repr_counts_and_shows_nobody(make_tables, sales):
    assert repr(make_tables(sales)) == (
        "CustomerTables, observed until 2025-01-01 00:00:00\n"
        "  transactions: 5 rows, 2024-01-01 00:00:00 to 2024-03-05 00:00:00"
    )
