"""
What customers are worth
========================

One in ten of the customers whom CDNOW, a shop for music, won in the first quarter of
1997, and their purchases of 18 months; then the households of a grocer. We

1. fit how often they buy and for how much to the first 39 weeks;
2. follow the forecast for another 39, beside two rules a shop has without a model and a
   regressor on features;
3. see what each customer has brought, will bring and could bring, and when;
4. decide: what may winning a customer cost, whose silence is worth a call;
5. do the same for a grocer, where a rule is as good, and see that the model says so.
"""

# %%
# The data are purchases; one that we could know at the cutoff lies before it.
import numpy as np
from matplotlib.figure import Figure

from crmml.datasets import load_cdnow, load_complete_journey
from crmml.evaluation import (
    compute_call_list,
    compute_conditional_expectations,
    compute_payback,
    compute_value_deciles,
)
from crmml.features import RFM, FeatureSet, InterPurchase, Tenure
from crmml.models import (
    BetaGeoModel,
    GammaGammaModel,
    LifetimeValueRegressor,
    ParetoNBDModel,
)
from crmml.pipeline import ValuePipeline
from crmml.plotting import (
    plot_behaviour_matrix,
    plot_conditional_expectations,
    plot_tracking,
    plot_value_deciles,
)
from crmml.segmentation import compute_behaviour_matrix
from crmml.tables import CustomerTables, Transactions

cdnow = CustomerTables(
    transactions=Transactions(
        load_cdnow(sample=True),
        customer_id="customer_id",
        timestamp="date",
        amount="dollar_value",
    ),
    observed_until="1998-07-01",
)
CUTOFF, HORIZON = "1997-10-01", "273D"
MONEY = {"margin": 0.3, "discount_rate": 0.1}

# %%
# Two models of how often customers buy, one of how much they spend.
models = {
    "BG/NBD": ValuePipeline(
        purchases=BetaGeoModel(unit="7D"), spend=GammaGammaModel()
    ).fit(cdnow, CUTOFF),
    "Pareto/NBD": ValuePipeline(
        purchases=ParetoNBDModel(unit="7D"), spend=GammaGammaModel()
    ).fit(cdnow, CUTOFF),
}
for name, fitted in models.items():
    likelihood = fitted.purchases_.log_likelihood_
    print(f"{name:10} {fitted.purchases_.params_.round(3).to_dict()} {likelihood:.2f}")

# %%
# Tracking: repeat purchases so far, and week by week. Both see the wave of the first
# quarter die down; neither knows of Christmas, and both expect a little too little of
# the last months.
tracks = {
    name: fitted.compute_tracking(cdnow, CUTOFF, horizon=HORIZON)
    for name, fitted in models.items()
}
figure = Figure(figsize=(12, 4.2), layout="constrained")
axes = figure.subplots(1, 2)
plot_tracking(tracks, cumulative=True, ax=axes[0])
plot_tracking(tracks, ax=axes[1])
figure.savefig("tracking.png")
for name, track in tracks.items():
    last = track.iloc[-1]
    off = last["cumulative_expected"] / last["cumulative_actual"] - 1
    print(f"{name:10} {off:+.1%} after 78 weeks")

# %%
# Out of time, beside the rules and a regressor, with intervals and a verdict.
value = models["BG/NBD"]
rivals = {
    "features": FeatureSet([RFM(), Tenure(), InterPurchase()]),
    "regressor": LifetimeValueRegressor(),
}
tested = value.backtest(cdnow, ["1997-09-01", CUTOFF], horizon="180D", **rivals)
shown = ["quantity", "model", "mae", "bias", "bias_low", "bias_high", "gini"]
latest = tested[tested["cutoff"] == CUTOFF]
print(latest[shown].round(2).to_string(index=False))
print(tested.attrs["verdict"])

# %%
# For whom is it right? By past frequency, and by decile of the forecast.
scores = value.backtest_scores(cdnow, CUTOFF, horizon=HORIZON)
own = scores[~scores["model"].str.startswith("rule: ")]
counts, spend = (own[own["quantity"] == name] for name in ("purchases", "spend"))
expectations = compute_conditional_expectations(
    counts["frequency"], counts["actual"], counts["forecast"]
)
deciles = compute_value_deciles(spend["actual"], spend["forecast"])
figure = Figure(figsize=(12, 4.5), layout="constrained")
axes = figure.subplots(1, 2)
plot_conditional_expectations({"BG/NBD": expectations}, ax=axes[0])
plot_value_deciles(deciles, quantity="spend, US$", ax=axes[1])
figure.savefig("for_whom.png")

# %%
# What each customer has brought, will bring, and could bring if surely still there.
worth = value.predict(cdnow, CUTOFF, horizon="364D", **MONEY)
print(worth.nlargest(5, "lifetime_value").round(2).to_string(index=False))
quarters = value.predict_by_period(cdnow, CUTOFF, horizon="364D", period="91D", **MONEY)
print(quarters.sum().round().to_string())
equity = value.compute_equity(cdnow, CUTOFF, horizon="364D", cohort="month", **MONEY)
print(equity.round(2).to_string())

# %%
# The value matrix: who brought much and will bring little is where to ask why.
names = ("small", "rising", "fading", "core")
cuts = (worth["historic_value"].quantile(0.8), worth["lifetime_value"].quantile(0.8))
both = (worth["historic_value"], worth["lifetime_value"])
matrix = compute_behaviour_matrix(*both, cuts=cuts, names=names)
print(matrix.round(2).to_string(index=False))
log_both = [np.log10(1 + money) for money in both]
log_cuts = tuple(np.log10(1 + cut) for cut in cuts)
log_matrix = compute_behaviour_matrix(*log_both, cuts=log_cuts, names=names)
labels = ("brought so far, log US$", "to come in a year, log US$")
plot_behaviour_matrix(*log_both, log_matrix, labels=labels).figure.savefig(
    "value_matrix.png"
)

# %%
# What may winning a customer cost, to be paid back within half a year?
new = value.predict_new_customer(horizon="364D", period="28D", **MONEY)
for cost in (15, 20, 25):
    paid = compute_payback(new["value"], acquisition_cost=cost)
    periods = paid.loc[paid["is_paid_back"], "period"]
    when = f"after {28 * periods.iloc[0]} days" if len(periods) else "not in a year"
    print(f"won for {cost}: paid back {when}")

# %%
# Whose silence is worth a call? Winning back pays what the customer could bring: not
# the longest silences first, nor the best customers, who need no call. Here the chance
# to be gone stands where a churn model has the chance to leave.
silent = worth[worth["alive_probability"] < 0.5]
calls = compute_call_list(
    1 - silent["alive_probability"],
    clv=silent["potential_value"],
    accept_rate=0.1,
    incentive_cost=2,
    contact_cost=0.5,
    top_k=50,
)
called = silent[calls["is_called"].to_numpy()]
print(
    f"{len(called)} of {len(silent)} silent customers are called; each would bring "
    f"{called['potential_value'].mean():.0f} a year, the others "
    f"{silent['potential_value'].drop(called.index).mean():.0f}"
)

# %%
# A grocer. Households shop every week and hardly any leaves within a year, so the data
# hardly tell how customers leave (a warning says so), and the rule is hard to beat.
groceries = load_complete_journey().to_tables()
weekly = ValuePipeline(purchases=ParetoNBDModel(unit="7D"), spend=GammaGammaModel())
grocer = weekly.backtest(groceries, "2017-10-01", horizon="84D")
print(grocer[["quantity", "model", "mae", "bias", "gini"]].round(3).to_string())
print(grocer.attrs["verdict"])
