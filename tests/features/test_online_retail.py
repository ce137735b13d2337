"""A real year of invoices: returns, cancellations and customers by the thousand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crmml.features import RFM, FeatureSet, InterPurchase, Returns
from crmml.labels import suggest_inactivity
from crmml.tables import CustomerTables, Transactions

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "online_retail.parquet"
CUTOFFS = ["2011-03-01", "2011-09-01"]


@pytest.fixture(scope="module")
def lines():
    if not DATA.exists():
        pytest.skip(f"{DATA.name} is not in a folder shared/data beside the checkout")
    lines = pd.read_parquet(DATA)
    return lines.assign(Amount=lines["Quantity"] * lines["UnitPrice"])


@pytest.fixture(scope="module")
def tables(lines):
    with pytest.warns(UserWarning, match="135080 of 541909 rows have no id"):
        return CustomerTables(
            transactions=Transactions(
                lines,
                customer_id="CustomerID",
                timestamp="InvoiceDate",
                amount="Amount",
                order_id="InvoiceNo",
            )
        )


def by_pandas(lines, cutoff):
    """The same features in the words of pandas, for customers with 90 days or more."""
    at = pd.Timestamp(cutoff)
    known = lines[lines["InvoiceDate"] < at].dropna(subset="CustomerID")
    recent = known[known["InvoiceDate"] >= at - pd.Timedelta(90, "D")]
    people, back = known.groupby("CustomerID"), known[known["Amount"] < 0]
    invoices = known.groupby(["CustomerID", "InvoiceNo"])
    starts = invoices["InvoiceDate"].min().sort_values().reset_index()
    first = starts[starts["InvoiceDate"] >= at - pd.Timedelta(90, "D")]
    least, total = invoices["Amount"].min(), invoices["Amount"].sum().round(6)
    is_cancelled = (least < 0) & (total <= 0)
    gaps = starts.groupby("CustomerID")["InvoiceDate"].diff() / pd.Timedelta(1, "D")
    gross = people["Amount"].apply(lambda amounts: amounts[amounts > 0].sum())
    frame = pd.DataFrame(
        {
            "days_since_last_purchase": (at - people["InvoiceDate"].max())
            / pd.Timedelta(1, "D"),
            "n_orders_90d": first.groupby("CustomerID").size(),
            "total_spend_90d": recent.groupby("CustomerID")["Amount"].sum(),
            "mean_gap_days": gaps.groupby(starts["CustomerID"]).mean(),
            "n_returns": back.groupby("CustomerID").size(),
            "return_rate": (known["Amount"] < 0).groupby(known["CustomerID"]).mean(),
            "cancellation_rate": is_cancelled.groupby("CustomerID").mean(),
            "gross_spend": gross,
            "returned_amount": -back.groupby("CustomerID")["Amount"].sum(),
        }
    )
    counts = ["n_orders_90d", "total_spend_90d", "n_returns", "returned_amount"]
    return frame.fillna(dict.fromkeys(counts, 0.0))


def test_features_equal_those_of_pandas_for_every_customer(lines, tables):
    features = FeatureSet([RFM(windows="90D"), InterPurchase(), Returns()])
    found = features.fit_transform(tables, CUTOFFS)
    for cutoff in CUTOFFS:
        expected = by_pandas(lines, cutoff)
        own = found.loc[cutoff]
        assert own.index.tolist() == expected.index.tolist()
        # pandas adds up doubles; sums of hundreds of prices differ in the last digits.
        pd.testing.assert_frame_equal(
            own[expected.columns].astype("float64"),
            expected.astype("float64"),
            rtol=1e-9,
            atol=1e-6,
            check_names=False,
            check_index_type=False,
        )


def test_the_share_who_come_back_is_that_of_silences_watched_to_the_end(lines, tables):
    """Of silences watched for as long as all are followed nothing is estimated."""
    found = suggest_inactivity(tables, max_return_share=0.9, min_silences=2000)
    known = lines[["CustomerID", "InvoiceDate"]].dropna().drop_duplicates()
    known = known.sort_values("InvoiceDate")
    at = known["InvoiceDate"]
    gap = (known.groupby("CustomerID")["InvoiceDate"].shift(-1) - at).dt.days
    watched = (at.max() - at).dt.days
    share = found.table.set_index("horizon_days")["return_share"]
    for horizon in (10, 30, 60):
        old = watched >= found.followed_days
        silent = old & ~(gap < horizon)
        back = silent & (gap < found.followed_days)
        # Young silences take part in the estimate: another season, other customers.
        assert share[horizon] == pytest.approx(back.sum() / silent.sum(), abs=0.06)
    assert np.diff(share.to_numpy()).max() <= 0.01
