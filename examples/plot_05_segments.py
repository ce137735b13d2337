"""
Segments that a grocer can keep
===============================

2,469 households bought from one grocer in 2017. We

1. see how few of them bring most of the money;
2. name segments by recency, frequency and spend, and follow who moves where;
3. find segments by k-means, ask whether they would come back before we name them, and
   say each in one line;
4. refit them at the end of the year such that segment 1 stays segment 1;
5. name stages of life by each household's own rhythm, and see who comes back.
"""

# %%
# The data are tables; segments are made as of a cutoff, from earlier events alone.
from crmml.datasets import load_complete_journey
from crmml.features import RFM, Activity, FeatureSet, InterPurchase
from crmml.pipeline import SegmentationPipeline
from crmml.plotting import (
    plot_behaviour_matrix,
    plot_cohort_retention,
    plot_concentration,
    plot_k_selection,
    plot_migration,
    plot_segment_contrasts,
    plot_segment_map,
)
from crmml.segmentation import (
    KMeansSegmenter,
    LifecycleSegmenter,
    ParetoSegmenter,
    RFMSegmenter,
    compute_background_table,
    compute_behaviour_matrix,
    compute_cohort_retention,
    compute_concentration_curve,
    compute_segment_contrasts,
    compute_segment_map,
    compute_segment_rules,
    compute_segment_stability,
    compute_value_shares,
    suggest_segment_names,
)

journey = load_complete_journey()
tables = journey.to_tables()
SUMMER, YEAR_END = "2017-07-01", "2017-12-31"

# %%
# The 80/20 view. At this grocer 20 % of households bring little more than half: a fifth
# of customers who bring four fifths of the money is a rule of thumb, not a law.
features = FeatureSet([RFM(), InterPurchase(), Activity(windows="90D")])
households = features.fit_transform(tables, cutoffs=YEAR_END)
for sentence in compute_value_shares(households["total_spend"])["statement"]:
    print(sentence)
print(ParetoSegmenter().fit(households).class_table_.round(3).to_string(index=False))
curve = compute_concentration_curve(households["total_spend"])
plot_concentration({"Households": curve}, value_name="spend").figure.savefig(
    "concentration.png"
)

# %%
# RFM with the names of the grid that Shopify uses. Scores are learned in summer and
# applied unchanged at the end of the year, so a change of segment is a change of the
# household.
rfm = SegmentationPipeline(features=RFM(), segmenter=RFMSegmenter(segments="shopify"))
rfm.fit(tables, cutoffs=SUMMER)
print(rfm.segmenter_.score_ranges_.head(5).to_string(index=False))
print(rfm.profile(tables, SUMMER, value="total_spend").round(2).to_string(index=False))

# %%
# Who moved where in half a year?
order = [
    "Champions",
    "Loyal",
    "Active",
    "New",
    "Promising",
    "Needs attention",
    "Almost lost",
    "Previously loyal",
    "At risk",
    "Dormant",
]
moves = rfm.migrate(tables, [SUMMER, YEAR_END], order=order)
plot_migration(moves, dates=("July", "January")).figure.savefig("migration.png")

# %%
# K-means prepares skewed numbers itself. Habits of the last half year can be compared
# between dates, sums over a lifetime cannot. How many segments? The criteria disagree,
# and the reason says that the borders are conventions.
habits = FeatureSet([RFM(windows="180D"), InterPurchase(windows="180D")])
summer = habits.fit_transform(tables, cutoffs=SUMMER).drop(
    columns=["std_gap_days_180d", "cv_gap_180d", "days_overdue_180d"]
)
chosen = KMeansSegmenter().fit(summer)
print(chosen.k_reason_)
plot_k_selection(chosen.k_selection_, n_clusters=chosen.n_clusters_).figure.savefig(
    "number_of_segments.png"
)

# %%
# Where borders are conventions we may draw them where we need them, but we publish only
# segments that would come back from another sample of households.
segmenter = KMeansSegmenter(4).fit(summer)
print(compute_segment_stability(segmenter, summer).to_string(index=False))

# %%
# What sets them apart, in a picture, in suggested names and in one line each.
labels = segmenter.labels_
names = suggest_segment_names(summer, labels)
for number, name in names.items():
    print(f"{number}: {name}")
rules = compute_segment_rules(summer, labels, max_conditions=2)
print(rules.round(2).to_string(index=False))
plot_segment_contrasts(compute_segment_contrasts(summer, labels)).figure.savefig(
    "contrasts.png"
)

# %%
plot_segment_map(compute_segment_map(summer, labels)).figure.savefig("map.png")

# %%
# Segments are kept: half a year later a refit gives segment 1 to those who continue it.
winter = habits.transform(tables, cutoffs=YEAR_END)[summer.columns]
later = KMeansSegmenter(4).refit(winter, segmenter)
stayed = (later.labels_ == segmenter.predict(winter)).mean()
print(f"{stayed:.0%} of households are where the old borders would have put them")

# %%
# Who are they? Age and income are known for 801 households.
known = journey.demographics.set_index("household_id")
asked = winter.index[winter.index.isin(known.index)]
background = compute_background_table(
    later.predict(winter.loc[asked]), known.loc[asked, ["age", "income"]]
)
best = later.cluster_centers_[
    :, list(summer.columns).index("total_spend_180d")
].argmax()
largest = background[background["segment"] == best].nlargest(5, "index")
print(largest.to_string(index=False))

# %%
# Value now against value to come: what households spent before July and after it.
spend = RFM()
now = spend.fit_transform(tables, cutoffs=SUMMER)["total_spend"]
to_come = spend.transform(tables, cutoffs=YEAR_END)["total_spend"][now.index] - now
quadrants = compute_behaviour_matrix(
    now, to_come, names=("small", "growing", "fading", "pillars")
)
print(quadrants.round(2).to_string(index=False))
ax = plot_behaviour_matrix(
    now, to_come, quadrants, labels=("Spend until July", "Spend after July")
)
ax.set_xscale("log")
ax.set_yscale("symlog", linthresh=10)
ax.set_ylim(bottom=-1)
ax.figure.savefig("quadrants.png")

# %%
# Stages of life by each household's own rhythm: ten days of silence mean nothing for
# one and the end for another.
life = SegmentationPipeline(features=features, segmenter=LifecycleSegmenter())
life.fit(tables, cutoffs="2017-10-01")
stages = life.predict(tables, YEAR_END)["segment"]
print(stages.value_counts().to_string())
shares = life.migrate(tables, ["2017-10-01", YEAR_END], share=True)
print(shares.round(2).to_string())

# %%
# Cohorts by month of the first basket. The panel began in January, so the first cohort
# holds old customers; cells that are not over stay empty.
lines = journey.transactions
cohorts = compute_cohort_retention(
    lines["household_id"], lines["transaction_timestamp"]
)
plot_cohort_retention(cohorts).figure.savefig("cohorts.png")

# %%
# In short: name segments by rules or by k-means, but publish only what comes back, keep
# the numbers when you refit, and look at moves rather than at sizes.
