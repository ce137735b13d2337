"""
Who is about to leave, and why
==============================

We simulate a shop whose customers leave faster after each complaint, and then

1. declare its tables and look at what is wrong with them;
2. test, out of time, whether leavers can be told from stayers: beside the rule that
   every shop has, days since the last purchase;
3. compare what complaints add;
4. print the customers to call first, with reasons.
"""

# %%
# The tables. In use, these are your frames or files; here the truth is known.
from crmml.datasets import make_customers
from crmml.evaluation import compute_gain_table
from crmml.features import RFM, Activity, ComplaintRate, FeatureSet, Tenure
from crmml.labels import Inactivity
from crmml.models import LogisticChurnClassifier
from crmml.pipeline import ChurnPipeline
from crmml.plotting import plot_gain_curve

simulated = make_customers(4_000, complaint_effect=6.0, random_state=0)
tables = simulated.to_tables()
print(tables)
print(tables.quality().to_string())

# %%
# Two pipelines that differ in one builder. Features are computed as of each cutoff from
# earlier events; the label is read in the 60 days after it.
behaviour = [RFM(windows=[None, "90D"]), Tenure(), Activity(windows="30D")]
pipelines = {
    "behaviour": FeatureSet(behaviour),
    "behaviour and complaints": FeatureSet([*behaviour, ComplaintRate()]),
}
trained = ["2024-01-01", "2024-03-01", "2024-05-01"]
tested = ["2024-08-01", "2024-10-01"]

# %%
# Each tested cutoff is scored by a model that saw only outcomes known by then.
gains = {}
for name, features in pipelines.items():
    churn = ChurnPipeline(
        features=features,
        label=Inactivity("60D"),
        classifier=LogisticChurnClassifier(),
    )
    table = churn.backtest(tables, tested, train_cutoffs=trained)
    means = table.groupby("model")[["auc", "brier", "top_decile_lift"]].mean()
    print(f"\n{name}\n{means.round(3).to_string()}")
    scores = churn.backtest_scores(tables, tested, train_cutoffs=trained)
    for model, own in scores.groupby("model", sort=False):
        line = name if model == "LogisticChurnClassifier" else model[6:]
        gains[line] = compute_gain_table(own["churn"], own["score"], n_bins=20)

# %%
# The same as a picture: whom a list of calls finds, the longest list on the right.
del gains["base rate"]
ax = plot_gain_curve(gains)
ax.figure.savefig("leavers.png", dpi=120, bbox_inches="tight")
print("The picture is in leavers.png")

# %%
# The customers to call first, with what raised their risk most.
churn.fit(tables, [*trained, *tested])
leavers = churn.predict(tables, "2024-12-30", n_reasons=2)
print(leavers.nlargest(5, "churn_probability").to_string(index=False))
