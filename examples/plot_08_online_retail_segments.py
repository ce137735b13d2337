"""
Segments of a gift shop's customers
===================================

A year of an online gift shop whose customers are partly wholesalers, the UCI data set
*Online Retail*. We

1. make a table of customers as of a cutoff, cancellations taken off;
2. see how few of them bring most of the money;
3. name them by recency, frequency and spend, and see who is worth winning back;
4. find segments by k-means, look at their shapes, and test them before they get names;
5. follow the first buyers of each month.

The file is not part of crmml: Chen, D. (2015), Online Retail, UCI Machine Learning
Repository, https://doi.org/10.24432/C5BW33. Give its path (Parquet, CSV or Excel) as an
argument or in the environment variable ``ONLINE_RETAIL``.
"""

# %%
import os
import sys
import warnings
from pathlib import Path

import pandas as pd

from crmml.exceptions import DataQualityWarning
from crmml.features import RFM, FeatureSet, InterPurchase
from crmml.pipeline import SegmentationPipeline
from crmml.plotting import (
    plot_cohort_retention,
    plot_concentration,
    plot_segment_contrasts,
    plot_segment_map,
    plot_segment_radar,
)
from crmml.segmentation import (
    KMeansSegmenter,
    RFMSegmenter,
    compute_cohort_retention,
    compute_concentration_curve,
    compute_segment_contrasts,
    compute_segment_map,
    compute_segment_profile,
    compute_segment_rules,
    compute_segment_stability,
    compute_typical_members,
    compute_value_shares,
    suggest_segment_names,
)
from crmml.tables import CustomerTables, Transactions

given = [one for one in sys.argv[1:] if one.endswith((".parquet", ".csv", ".xlsx"))]
named = [*given, os.environ.get("ONLINE_RETAIL")]
path = Path(next(filter(None, named), "../shared/data/online_retail.parquet"))
if not path.exists():
    print(f"{path} is not there. Get it from https://doi.org/10.24432/C5BW33")
    sys.exit(0)
read = {".parquet": pd.read_parquet, ".csv": pd.read_csv, ".xlsx": pd.read_excel}
lines = read[path.suffix](path).astype({"InvoiceNo": str, "CustomerID": "Int64"})

# %%
# One row per customer who bought before December 2011. Lines without a customer are
# left out and counted; a cancelled invoice takes its money off again.
lines["Amount"] = lines["Quantity"] * lines["UnitPrice"]
lines["InvoiceDate"] = pd.to_datetime(lines["InvoiceDate"])
lines = lines.dropna(subset="CustomerID")
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DataQualityWarning)
    tables = CustomerTables(
        transactions=Transactions(
            lines,
            customer_id="CustomerID",
            timestamp="InvoiceDate",
            amount="Amount",
            order_id="InvoiceNo",
        )
    )
CUTOFF = "2011-12-01"
features = FeatureSet([RFM(), InterPurchase()])
customers = features.fit_transform(tables, cutoffs=CUTOFF)[
    ["days_since_last_purchase", "n_orders", "total_spend", "mean_gap_days"]
]
print(customers.describe().round(1).to_string())

# %%
# The rule of thumb comes close here, for there are wholesalers among the customers. Who
# sent back more than they kept has brought nothing.
spend = customers["total_spend"].clip(lower=0)
for sentence in compute_value_shares(spend)["statement"]:
    print(sentence)
ax = plot_concentration({"Customers": compute_concentration_curve(spend)})
ax.figure.savefig("concentration.png")

# %%
# Names by scores, and the money behind each name. Customers who "cannot be lost" have
# bought often and for much, and not for long.
rfm = SegmentationPipeline(features=RFM(), segmenter=RFMSegmenter())
rfm.fit(tables, cutoffs=CUTOFF)
profile = rfm.profile(tables, CUTOFF, value="total_spend")
print(profile.round(2).to_string(index=False))

# %%
# K-means. One order has no gap between orders, which is read as the median gap. Before
# anything is published: would the segments come back?
segmenter = KMeansSegmenter(5).fit(customers)
labels = segmenter.labels_
print(compute_segment_stability(segmenter, customers).to_string(index=False))
print(
    compute_segment_profile(customers, labels, value=spend)
    .round(2)
    .to_string(index=False)
)

# %%
# What sets them apart, as bars and, for the shapes, as a radar; on a map of the two
# main directions; and in one line each.
names = suggest_segment_names(customers, labels)
contrasts = compute_segment_contrasts(customers, labels)
contrasts["segment"] = contrasts["segment"].map(names)
plot_segment_contrasts(contrasts).figure.savefig("contrasts.png")
plot_segment_radar(contrasts).figure.savefig("radar.png")

# %%
called = pd.Series(labels).map(names)
plot_segment_map(compute_segment_map(customers, called)).figure.savefig("map.png")
print(compute_segment_rules(customers, called, max_conditions=2).round(2).to_string())
print(compute_typical_members(customers, called).round(1).to_string())

# %%
# Cohorts by month of the first invoice. December 2010 holds all old customers, and
# December 2011 is not over.
bought = lines[lines["Quantity"] > 0]
cohorts = compute_cohort_retention(
    bought["CustomerID"], bought["InvoiceDate"], observed_until=CUTOFF
)
plot_cohort_retention(cohorts).figure.savefig("cohorts.png")

# %%
# In short: a few wholesalers carry this shop. Segments by k-means say how customers
# differ, scores say whom to call, and both are learned once and applied unchanged.
