"""
Why customers leave, what would keep them, and when
===================================================

On a telephone company's customers (Telco, 7,043 rows, bundled by the ``demo`` extra) we

1. fit gradient boosting and look at what moves the risk, over all customers;
2. print the reasons of the customers most at risk, in English and Chinese;
3. ask what the company could offer them, and what the model expects of it;
4. draw how long customers stay, by contract, and say what half of them still have;
5. predict the probability of leaving by month, given how long each has been there.

The table is one snapshot: it has no dates, so nothing here is tested out of time.
"""

# %%
# Customers who were not used for training are scored.
import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

from crmml.datasets import load_telco_churn
from crmml.models import (
    BoostedChurnClassifier,
    NumberRange,
    TimeToChurnModel,
    compute_drivers,
    compute_median_life,
    compute_retention_curve,
    what_would_help,
)
from crmml.plotting import plot_drivers, plot_retention_curve

X, y = load_telco_churn()
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.3, random_state=0, stratify=y
)
model = BoostedChurnClassifier().fit(X_train, y_train)
churn = model.predict_proba(X_test)[:, 1]
print(f"AUC {roc_auc_score(y_test, churn):.3f}; base rate alone: 0.500")

# %%
# What moves the risk: mean absolute contribution to the log-odds, and which values
# raise and lower it.
names = {name: name.replace("_", " ") for name in X}
names |= {"tenure": "months as a customer"}
drivers = compute_drivers(model, X_test, names=names)
print(drivers.drop(columns="feature").head(8).round(2).to_string(index=False))
ax = plot_drivers(drivers, max_features=8)
ax.figure.savefig("drivers.png", dpi=120, bbox_inches="tight")

# %%
# Why these customers? Contributions and base add up to each customer's log-odds.
most = np.argsort(-churn)[:3]
reasons = model.explain(X_test.iloc[most], names=names)
for row, own in reasons.groupby("row"):
    print(f"\n{churn[most[row]]:.0%} likely to leave, because")
    print("\n".join(f"- {reason}" for reason in own["reason"]))

# %%
# The same in Chinese, with names that the call centre uses.
chinese = {
    "tenure": "在网月数",
    "contract": "合同类型",
    "internet_service": "上网方式",
    "monthly_charges": "月费",
    "online_security": "网络安全服务",
    "tech_support": "技术支持",
    "payment_method": "付款方式",
    "total_charges": "累计费用",
}
said = model.explain(X_test.iloc[most], n_reasons=2, language="zh", names=chinese)
print("\n".join(said["reason"]))

# %%
# What would help? The company can offer longer contracts, support and a lower fee. The
# search returns the cheapest change that brings the probability to 40 percent, in the
# model's eyes: whether customers who are talked into a contract stay like those who
# chose one, only an experiment can tell.
offers = {
    "contract": {"One year": 0.5, "Two year": 1.0},
    "tech_support": ["Yes"],
    "monthly_charges": NumberRange(20, 120, step=5, direction="down", cost=2.0),
}
at_risk = X_test.iloc[np.argsort(-churn)[:200]]
plans = what_would_help(model, at_risk, offers, threshold=0.4, names=names)
for _, own in plans[plans["row"].isin([0, 60, 120])].groupby("row"):
    print("\n".join(own["advice"].dropna()), end="\n\n")
enough = plans.groupby("row")["is_enough"].first()
print(f"Of 200 customers {enough.sum()} can be brought to 40 percent.")

# %%
# How long do they stay? We read the table as customers followed from their start until
# they left or until today. (Were leavers of the last month alone in it, each customer
# would have been observed for that month only, and ``entry=tenure - 1`` were due.)
curve = compute_retention_curve(X["tenure"], y, group=X["contract"])
print(compute_median_life(curve).round(1).to_string(index=False))
ax = plot_retention_curve(curve, unit="months")
ax.figure.savefig("retention.png", dpi=120, bbox_inches="tight")
print("The pictures are in drivers.png and retention.png")

# %%
# Time to churn, from features that do not tell the tenure themselves. Of customers
# who have been there for two years the model says who leaves within a quarter, a year,
# and how much time half of them have left.
features = X.drop(columns=["tenure", "total_charges"])
time_model = TimeToChurnModel(period=1, max_rows=60_000)
time_model.fit(features, X["tenure"], y)
stayed = (X["tenure"] == 24) & (y == 0)
batch = features[stayed].groupby("contract").head(1)
table = time_model.predict_churn_probability(batch, [3, 12, 24], tenure=24)
table.columns = [f"leaves within {months} months" for months in table.columns]
rest = time_model.predict_remaining_life(batch, tenure=24)
table = table.join(rest[["median", "low", "high", "is_extrapolated"]])
print(table.set_axis(batch["contract"], axis=0).round(2).to_string())
