"""
A feature of one's own
======================

A shop suspects that large orders disappoint, so that who placed some leaves, and that a
small last order is a bad sign. No builder of crmml asks that. We

1. declare aggregations of our own, and check them by hand;
2. test them for leaks, and watch one that looks innocent be caught;
3. add a ratio of two features, as a step of scikit-learn;
4. see, out of time, whether they were worth it, and what they do;
5. save the model, and learn what a model file takes.
"""

# %%
# The shop is simulated: each complaint multiplies the hazard of leaving.
import tempfile
from pathlib import Path

import joblib
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import make_pipeline

from crmml.datasets import make_customers
from crmml.exceptions import LeakageError, ModelFileError
from crmml.features import (
    RFM,
    ComplaintRate,
    CustomAggregation,
    FeatureSet,
    Tenure,
)
from crmml.labels import Inactivity
from crmml.models import LogisticChurnClassifier, compute_drivers
from crmml.pipeline import ChurnPipeline, assert_no_leakage
from crmml.plotting import plot_drivers
from crmml.scoring import load, save

shop = make_customers(3000, complaint_effect=5.0, random_state=3)
tables = shop.to_tables()
CUTOFF = "2024-06-01"
print(tables)


# %%
# One aggregation says table, column, how, which rows and how far back. It is
# *declared*: it joins the one scan of its table, and runs on every engine. Several that
# belong together are a function that returns a list: that is a builder of one's own.
def make_order_sizes(large, windows="180D"):
    return [
        CustomAggregation("n_large", where=f"amount > {large}", windows=windows),
        CustomAggregation("largest_order", how="max", value="amount", windows=windows),
        CustomAggregation("last_amount", how="last", value="amount"),
    ]


own = FeatureSet(make_order_sizes(large=60))
found = own.fit_transform(tables, CUTOFF)
print(found.describe().loc[["mean", "min", "max"]].round(2))

# %%
# By hand, in pandas, for one cutoff. What is compared is all of it, not a sample.
cutoff = pd.Timestamp(CUTOFF)
past = shop.transactions[shop.transactions["timestamp"] < cutoff]
past = past.sort_values(["timestamp", "amount"])
recent = past[past["timestamp"] >= cutoff - pd.Timedelta("180D")]
by_hand = pd.DataFrame(
    {
        "n_large_180d": recent[recent["amount"] > 60].groupby("customer_id").size(),
        "largest_order_180d": recent.groupby("customer_id")["amount"].max(),
        "last_amount": past.groupby("customer_id")["amount"].last(),
    }
).reindex(found.index)
by_hand["n_large_180d"] = by_hand["n_large_180d"].fillna(0).astype(int)
pd.testing.assert_frame_equal(found, by_hand, check_names=False, check_dtype=False)
print("crmml and pandas agree on", len(found), "customers.")

# %%
# The contract of features: nothing after the cutoff moves them, and several cutoffs at
# once give what each gives alone.
assert_no_leakage(own, tables, CUTOFF)
together = own.transform(tables, ["2024-04-01", CUTOFF])
pd.testing.assert_frame_equal(together.loc[cutoff], found, check_names=False)

# %%
# "Complaints that are still open" sounds innocent. But ``resolved_at`` is filled in
# later: for a cutoff in the past, the table already knows which complaints were going
# to be answered. :class:`~crmml.features.ComplaintRate` reads it as of the cutoff, in
# ``n_open_complaints``.
still_open = CustomAggregation(
    "n_open", table="complaints", where="resolved_at IS NULL"
)
try:
    assert_no_leakage(still_open, tables, CUTOFF)
except LeakageError as error:
    print(error)
right = ComplaintRate().fit_transform(tables, CUTOFF)["n_open_complaints"]
wrong = still_open.fit_transform(tables, CUTOFF)["n_open"]
print(
    int(right.sum()), "are open at the cutoff; of all those,", int(wrong.sum()), "today"
)


# %%
# A ratio of two features needs no look at the tables, so it is a step before the
# classifier, as usual in scikit-learn: how far does the last order fall short?
class LastToLargest(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X.assign(last_to_largest=X["last_amount"] / X["largest_order_180d"])


# %%
# Is it worth it? The same label and months, with and without, out of time.
usual = [RFM(windows=[None, "90D"]), Tenure(), ComplaintRate(windows="180D")]
with_own = FeatureSet([*usual, *make_order_sizes(large=60)])
candidates = {
    "usual": ChurnPipeline(
        features=FeatureSet(usual),
        label=Inactivity("60D"),
        classifier=LogisticChurnClassifier(),
    ),
    "with our own": ChurnPipeline(
        features=with_own,
        label=Inactivity("60D"),
        classifier=LogisticChurnClassifier(),
    ),
    "with the ratio": ChurnPipeline(
        features=with_own,
        label=Inactivity("60D"),
        classifier=make_pipeline(LastToLargest(), LogisticChurnClassifier()),
    ),
}
PAST = ["2024-01-01", "2024-03-01", "2024-05-01"]
rows = {}
for name, candidate in candidates.items():
    tested = candidate.backtest(tables, "2024-09-01", train_cutoffs=PAST)
    rows[name] = tested.iloc[0][["auc", "auc_low", "auc_high", "brier"]]
print(pd.DataFrame(rows).T.astype(float).round(3))

# %%
# In this shop it was not: amounts say nothing about leaving, and the suspicion was
# wrong. That is what the test is for. The drivers tell the same: silence and complaints
# are on top, and of our own features only one is among the twelve strongest.
churn = candidates["with our own"].fit(tables, PAST)
X = churn.features_.transform(tables, CUTOFF)
ax = plot_drivers(compute_drivers(churn.classifier_, X))
ax.figure.savefig("own_feature.png", dpi=120, bbox_inches="tight")
print("The picture is in own_feature.png")

# %%
# A model file holds no code. Aggregations are declarations, and go in; a class of ours
# is code, and is refused by name.
folder = tempfile.TemporaryDirectory()
path = Path(folder.name) / "churn.crmml"
save(churn, path)
again = load(path).predict(tables, CUTOFF)
pd.testing.assert_frame_equal(again, churn.predict(tables, CUTOFF))
ours = candidates["with the ratio"].fit(tables, PAST)
try:
    save(ours, path)
except ModelFileError as error:
    print(error)

# %%
# If the step is worth it, there are two ways. Files that never leave your hands may be
# joblib's, which runs what they hold, so that you have to say so. Or give the features
# as they are to a classifier that finds ratios itself, such as
# :class:`~crmml.models.BoostedChurnClassifier`, and save that.
joblib.dump(ours, Path(folder.name) / "ours.joblib")
folder.cleanup()
