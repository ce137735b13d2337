"""
Whom to call with 500 calls, and what it earns
==============================================

A TV provider knows what each right and wrong decision costs, customer by customer. With
its data we

1. compare classifiers by the money they earn, beside everyone at the base rate;
2. ask whether their probabilities mean what they say;
3. choose 500 customers to call, and count on outcomes that the model has not seen what
   the calls earned: beside calling at random and calling the likeliest leavers;
4. see what an offer may cost, and whether today's customers are still the same.
"""

# %%
# The data: 46 numbers without names, who left, and four costs. A campaign whose offer
# everybody accepts does the same as the four costs; that is what profit functions take.
import numpy as np
from matplotlib.figure import Figure
from sklearn.model_selection import StratifiedKFold, train_test_split

from crmml.datasets import load_tv_churn
from crmml.evaluation import (
    break_even_incentive,
    compare_classifiers,
    compute_calibration_summary,
    compute_call_list,
    compute_profit_curve,
    compute_reliability_table,
    convert_cost_matrix,
    drift_report,
    profit_score,
)
from crmml.models import (
    BoostedChurnClassifier,
    LogisticChurnClassifier,
    TreeChurnClassifier,
)
from crmml.plotting import plot_drift, plot_profit_curve, plot_reliability

X, y, costs = load_tv_churn()
money = convert_cost_matrix(**costs)
print(f"{len(X):,} customers, {y.mean():.1%} left")
print(costs.mean().round().to_string())

# %%
# Which classifier earns most? Each calls whom it should pay to call, with the values
# and costs of these customers.
table = compare_classifiers(
    {
        "Logistic": LogisticChurnClassifier(),
        "Boosting": BoostedChurnClassifier(n_estimators=100, random_state=0),
        "Tree": TreeChurnClassifier(random_state=0),
    },
    X,
    y,
    cv=StratifiedKFold(3, shuffle=True, random_state=0),
    money=money,
    rank_by="profit",
)
shown = ["model", "profit", "profit_low", "profit_high", "auc", "brier", "verdict"]
print(table[shown].round(3).to_string(index=False))
print(table.attrs["verdict"])

# %%
# One model from one half of the customers, for the other half.
half, other = train_test_split(
    np.arange(len(X)), test_size=0.5, stratify=y, random_state=0
)
model = BoostedChurnClassifier(n_estimators=100, random_state=0)
model.fit(X.iloc[half], y.iloc[half])
proba = model.predict_proba(X.iloc[other])[:, 1]
left = y.iloc[other].to_numpy()
own_money = {
    name: amount[other] if amount.ndim else amount for name, amount in money.items()
}

# %%
# Do the probabilities keep their word? The error is to be compared with what chance
# makes of true probabilities.
calibration = compute_calibration_summary(left, proba)
print(calibration.round(4).to_string())
figure = Figure(figsize=(11, 4.5), layout="constrained")
axes = figure.subplots(1, 2)
plot_reliability({"Boosting": compute_reliability_table(left, proba)}, ax=axes[0])

# %%
# The profit of calling more and more customers, by two orders: the likeliest leavers
# first, and those first from whom a call is expected to earn most.
calls = compute_call_list(proba, **own_money)
curves = {
    "likeliest first": compute_profit_curve(left, proba, **own_money),
    "most worth first": compute_profit_curve(
        left, calls["expected_profit"], **own_money
    ),
}
plot_profit_curve(curves, ax=axes[1])
figure.savefig("money.png")

# %%
# There are 500 calls. What do they earn, by each way to choose?
n_calls = 500
rng = np.random.default_rng(0)
chosen = {
    "at random": rng.permutation(len(left)) < n_calls,
    "likeliest leavers": np.argsort(np.argsort(-proba)) < n_calls,
    "most worth": compute_call_list(proba, **own_money, top_k=n_calls)["is_called"],
}
for name, called in chosen.items():
    earned = profit_score(left, np.asarray(called), **own_money) * len(left)
    caught = left[np.asarray(called)].sum()
    print(
        f"{name:18} {called.sum():4} calls, {caught:3} leavers, earned {earned:10,.0f}"
    )
expected = calls.nlargest(n_calls, "expected_profit")["expected_profit"]
print(f"expected of the last line: {expected.clip(lower=0).sum():,.0f}")

# %%
# What may an offer cost? For a customer worth 1,200 who leaves with a probability of
# one in ten, if three in ten accept and a call costs 2:
most = break_even_incentive(
    churn_probability=0.1, clv=1200, accept_rate=0.3, contact_cost=2
)
print(f"at most {most:.2f}")

# %%
# Are the customers of one half those of the other? They are drawn from the same list,
# so nothing may have moved; and a column that we break is found.
then, now = X.iloc[half], X.iloc[other]
print(drift_report(then, now).verdict)
broken = now.assign(x7=now["x7"] + then["x7"].std())
report = drift_report(
    then,
    broken,
    reference_score=model.predict_proba(then)[:, 1],
    current_score=model.predict_proba(broken)[:, 1],
)
print(report.verdict)
plot_drift(report.features, max_features=8).figure.savefig("drift.png")
