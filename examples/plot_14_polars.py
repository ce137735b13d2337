"""
Polars, end to end
==================

2,469 households of a grocer, held in Polars from the first line to the last. We

1. prepare the lines as a LazyFrame, and hand over what it collects;
2. get features back as a Polars frame, as of a cutoff;
3. learn who will leave, test it on later months, and join scores, segments and
   background in Polars;
4. mine rules from the same frame, and look at a picture.

crmml takes Polars frames wherever it takes pandas. Features come back as Polars where
you say so; tables of results, which are short, are pandas, and ``pl.from_pandas`` turns
them over.
"""

# %%
# A LazyFrame is a plan, and customer tables are read more than once. So crmml takes
# what the plan yields: a DataFrame, or, beyond memory, the Parquet file that it sinks.
import polars as pl

from crmml.association import AssociationRules
from crmml.datasets import load_complete_journey
from crmml.features import RFM, Activity, FeatureSet, InterPurchase, Tenure
from crmml.labels import Inactivity
from crmml.models import LogisticChurnClassifier
from crmml.pipeline import ChurnPipeline
from crmml.plotting import plot_segment_contrasts
from crmml.segmentation import RFMSegmenter, compute_segment_contrasts
from crmml.tables import Customers, CustomerTables, Transactions

journey = load_complete_journey()
products = pl.from_pandas(journey.products).lazy()
lines = (
    pl.from_pandas(journey.transactions)
    .lazy()
    .join(
        products.select("product_id", "product_category"), on="product_id", how="left"
    )
    .filter(pl.col("sales_value") > 0)
    .select(
        household=pl.col("household_id"),
        at=pl.col("transaction_timestamp"),
        basket=pl.col("basket_id"),
        category=pl.col("product_category"),
        paid=pl.col("sales_value"),
    )
    .collect()
)
households = pl.from_pandas(journey.demographics)
print(lines.head(3))

# %%
# The tables: Polars frames go in as they are, and stay as they are.
tables = CustomerTables(
    transactions=Transactions(
        lines,
        customer_id="household",
        timestamp="at",
        amount="paid",
        order_id="basket",
        category="category",
    ),
    customers=Customers(households, customer_id="household_id"),
    observed_until="2018-01-01",
)
print(tables)

# %%
# Features as a Polars frame: as everywhere in scikit-learn, `set_output` says so. The
# customer is a column, since Polars has no index.
features = FeatureSet(
    [RFM(windows=[None, "90D"]), Tenure(), Activity(windows="30D"), InterPurchase()]
).set_output(transform="polars")
CUTOFF = "2017-12-01"
X = features.fit_transform(tables, cutoffs=CUTOFF)
print(X.select("customer_id", "days_since_last_purchase", "n_orders_90d").head(3))

# %%
# Who will buy nothing for four weeks? Tested on months that come after the training.
churn = ChurnPipeline(
    features=features, label=Inactivity("28D"), classifier=LogisticChurnClassifier()
).fit(tables, cutoffs=["2017-07-01", "2017-08-01", "2017-09-01"])
tested = churn.backtest(tables, cutoffs=["2017-10-01", "2017-11-01"])
print(pl.from_pandas(tested).select("cutoff", "model", "auc", "top_decile_lift"))
print(tested.attrs["verdict"])

# %%
# Scores, segments and background side by side. A segmenter takes the frame and picks
# its three columns; what it predicts is one label for each row. Of two thirds of the
# households nothing is known; how many were asked about children stands beside.
segment = RFMSegmenter().fit_predict(X)
scores = pl.from_pandas(churn.predict(tables, CUTOFF, n_reasons=1))
people = X.select("customer_id").with_columns(segment=pl.Series(segment))
wide = people.join(scores, on="customer_id", how="left").join(
    households.rename({"household_id": "customer_id"}), on="customer_id", how="left"
)
by_segment = (
    wide.group_by("segment")
    .agg(
        households=pl.len(),
        at_risk=pl.col("churn_probability").mean().round(3),
        asked=pl.col("kids_count").count(),
        with_kids=(pl.col("kids_count") != "0").mean().round(2),
    )
    .sort("households", "segment", descending=[True, False])
)
with pl.Config(tbl_rows=20):
    print(by_segment)

# %%
# Rules from the same frame: which categories go together in a basket? Milk is in so
# many that it goes with all; a lift of 1.5 or more leaves it out.
rules = AssociationRules(
    0.02, 0.3, min_lift=1.5, order_column="basket", item_column="category"
).fit(lines.select("basket", "category").drop_nulls())
print(rules.to_text(5))

# %%
# What to offer. Sides of rules are sets, which Arrow and so Polars has no type for:
# as sorted lists they go over.
offers = rules.predict([["PASTA SAUCE"], ["DELI MEATS"]], n_items=1)
offers["antecedents"] = offers["antecedents"].map(sorted)
print(pl.from_pandas(offers))

# %%
# What sets the largest segments apart.
largest = by_segment["segment"].head(4).to_list()
kept = pl.Series(segment).is_in(largest)
columns = ["days_since_last_purchase", "n_orders_90d", "total_spend_90d", "tenure_days"]
contrasts = compute_segment_contrasts(X.filter(kept).select(columns), segment[kept])
ax = plot_segment_contrasts(contrasts)
ax.figure.savefig("polars.png", dpi=120, bbox_inches="tight")
print("The picture is in polars.png")
