"""
Returns, cancellations and missing ids
======================================

A year of an online gift shop, the UCI data set *Online Retail*: 541,909 invoice lines,
many of them cancelled, a quarter without a customer. We

1. declare the table and look at what is wrong with it;
2. say what becomes of negative amounts, and check one customer by hand;
3. ask how long a silence must be to mean anything;
4. compute features as of several cutoffs, look at the plan, and test for leaks;
5. test, out of time, whether those who will not come back can be told beforehand.

The file is not part of crmml: Chen, D. (2015), Online Retail, UCI Machine Learning
Repository, https://doi.org/10.24432/C5BW33. Give its path (Parquet, CSV or Excel) as an
argument or in the environment variable ``ONLINE_RETAIL``.
"""

# %%
import os
import sys
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

from crmml.evaluation import compute_gain_table, find_leaks
from crmml.exceptions import DataQualityWarning, LeakageError, LeakageWarning
from crmml.features import (
    RFM,
    Activity,
    CustomerAttributes,
    FeatureSet,
    InterPurchase,
    Returns,
    Tenure,
)
from crmml.labels import Inactivity, check_history, suggest_inactivity
from crmml.models import LogisticChurnClassifier
from crmml.pipeline import ChurnPipeline, assert_no_leakage
from crmml.plotting import plot_gain_curve, plot_inactivity
from crmml.tables import Customers, CustomerTables, Transactions

given = [one for one in sys.argv[1:] if one.endswith((".parquet", ".csv", ".xlsx"))]
named = [*given, os.environ.get("ONLINE_RETAIL")]
path = Path(next(filter(None, named), "../shared/data/online_retail.parquet"))
if not path.exists():
    print(f"{path} is not there. Get it from https://doi.org/10.24432/C5BW33")
    sys.exit(0)
read = {".parquet": pd.read_parquet, ".csv": pd.read_csv, ".xlsx": pd.read_excel}
lines = read[path.suffix](path).astype({"InvoiceNo": str, "CustomerID": "Int64"})

# %%
# The tables. An invoice is an order; what a line is worth is ours to say. Of customers
# the file tells a country, which we take from their first invoice: that was fixed when
# they came.
lines["Amount"] = lines["Quantity"] * lines["UnitPrice"]
lines["InvoiceDate"] = pd.to_datetime(lines["InvoiceDate"])
known = lines.dropna(subset="CustomerID").sort_values("InvoiceDate", kind="stable")
customers = known.drop_duplicates("CustomerID")[["CustomerID", "Country"]]
customers["InvoicesSoFar"] = (
    known.groupby("CustomerID")["InvoiceNo"].nunique().loc[customers["CustomerID"]]
).to_numpy()

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always", DataQualityWarning)
    tables = CustomerTables(
        transactions=Transactions(
            lines,
            customer_id="CustomerID",
            timestamp="InvoiceDate",
            amount="Amount",
            order_id="InvoiceNo",
            product_id="StockCode",
            quantity="Quantity",
        ),
        customers=Customers(customers, customer_id="CustomerID"),
    )
print(*[warning.message for warning in caught], tables, sep="\n")

# %%
# What is wrong, in counts and shares. The shop is closed on Saturdays; the other
# silent days are holidays. Negative amounts are cancellations: invoices of their own,
# whose numbers begin with C.
quality = tables.quality()
print(quality.drop(columns="advice").to_string(index=False))
print(quality.set_index("finding").loc["day without any event", "advice"])

# %%
# Three policies for negative amounts. "net" lets a cancellation eat the purchase, as
# RFM does; "exclude" looks at purchases alone; "separate" reports both, and the share.
cutoff = "2011-09-01"
policies = {
    policy: Returns(negative=policy).fit_transform(tables, cutoff)
    for policy in ("net", "exclude", "separate")
}
for policy, found in policies.items():
    print(f"\n{policy}\n{found.mean().round(3).to_string()}")

# %%
# One customer by hand: of those with twenty returns or more, the one who returned most.
separate = policies["separate"]
busy = separate[separate["n_returns"] >= 20]
who = busy["returned_amount"].idxmax()
own = lines[(lines["CustomerID"] == who) & (lines["InvoiceDate"] < cutoff)]
back = own[own["Amount"] < 0]
by_invoice = own.groupby("InvoiceNo")["Amount"].agg(["min", "sum"])
by_hand = pd.Series(
    {
        "n_returns": len(back),
        "return_rate": len(back) / len(own),
        "cancellation_rate": (
            (by_invoice["min"] < 0) & (by_invoice["sum"] <= 0)
        ).mean(),
        "gross_spend": own["Amount"].clip(lower=0).sum(),
        "returned_amount": -back["Amount"].sum(),
        "returned_share": -back["Amount"].sum() / own["Amount"].clip(lower=0).sum(),
    }
)
print(pd.DataFrame({"crmml": separate.loc[who], "by hand": by_hand}).round(4))
pd.testing.assert_series_equal(separate.loc[who], by_hand, check_names=False)

# %%
# How long must a silence be? In this shop many come back after half a year, for
# Christmas. No silence that a year of data can show means goodbye to nine of ten; one
# of five months does to half.
found = suggest_inactivity(tables, max_return_share=0.5, min_silences=300)
print(found)
figure, (left, right) = plt.subplots(1, 2, figsize=(13, 5), layout="constrained")
plot_inactivity(found.table, max_return_share=0.5, ax=left)
left.set_title("Who comes back after a silence")

# %%
# So our label is no goodbye but "buys nothing for a quarter". There is enough history
# for it from April on.
label = Inactivity("90D")
trained = ["2011-04-01", "2011-05-01", "2011-06-01"]
print(check_history(tables, label, ["2011-03-01", *trained, cutoff]).to_string())

# %%
# Features as of each cutoff, each table read once for all of them.
features = FeatureSet(
    [
        RFM(windows=[None, "90D"]),
        Tenure(),
        Activity(windows="30D"),
        InterPurchase(),
        Returns(windows="90D"),
        CustomerAttributes(fixed=["Country"]),
    ]
)
print(features.explain(tables, trained))
panel = features.fit_transform(tables, trained)
print(panel.groupby("cutoff")[["n_orders", "n_returns_90d"]].agg(["size", "mean"]))

# %%
# Does a feature know the future? The test rewrites what was not known at the cutoff,
# and nothing moves. The number of invoices so far was written into the table of
# customers today, and who reads that is found out.
assert_no_leakage(features, tables, cutoff)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", LeakageWarning)
    today = CustomerAttributes(as_of_today=["InvoicesSoFar"])
    leaking = today.fit_transform(tables, cutoff)
    try:
        assert_no_leakage(today, tables, cutoff)
    except LeakageError as error:
        print(error)

# %%
# Such a column predicts too well: it is far ahead of every honest one.
y = label.transform(tables, cutoff)
honest = FeatureSet([RFM(), Returns()]).fit_transform(tables, cutoff)
print(find_leaks(leaking.join(honest), y).head(4).to_string(index=False))

# %%
# The test, out of time: who bought in this quarter and will buy nothing in the next?
churn = ChurnPipeline(
    features=features, label=label, classifier=LogisticChurnClassifier()
)
tested = churn.backtest(tables, cutoff, train_cutoffs=trained)
print(tested.set_index("model")[["n", "base_rate", "auc", "brier"]].round(3))
print(tested.attrs["verdict"])

# %%
# The same as a picture, beside the curve of silences.
scores = churn.backtest_scores(tables, cutoff, train_cutoffs=trained)
gains = {
    model: compute_gain_table(own["churn"], own["score"], n_bins=20)
    for model, own in scores.groupby("model", sort=False)
    if "base rate" not in model
}
plot_gain_curve(gains, ax=right)
right.set_title(f"Who will buy nothing for 90 days after {cutoff}")
figure.savefig("online_retail.png", dpi=120)
print("The picture is in online_retail.png")
