"""
From a Chinese GBK file to reports
==================================

Many shop systems in China write CSV in the encoding GBK, with Chinese headings. From
such a file to pages for those who decide:

1. read the file: say its encoding, and which column plays which role;
2. see what is wrong with it;
3. predict who leaves, put customers into segments, find what is bought together;
4. write three reports in Chinese, each one file that needs no network.

The file is written here, from simulated customers and baskets, so that the example runs
for everyone. Give the path of a GBK file of baskets as an argument, with the basket in
its first column and the item in its second, to have a report on its rules as well.
"""

# %%
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from crmml.association import AssociationRules
from crmml.datasets import make_baskets, make_customers
from crmml.features import RFM, FeatureSet, Tenure
from crmml.labels import Inactivity
from crmml.models import LogisticChurnClassifier
from crmml.pipeline import ChurnPipeline, SegmentationPipeline
from crmml.plotting import plot_rule_graph
from crmml.reporting import ChurnReport, RulesReport, SegmentReport
from crmml.segmentation import RFMSegmenter
from crmml.tables import CustomerTables, Transactions

folder = Path(tempfile.mkdtemp())

# %%
# The file
# --------
# An order of the simulated shop gets the items of a simulated basket, in which diapers
# and beer go together; its amount is shared among them. A few lines are repeated, as
# they are in files that were exported twice.
NAMES = "牛奶 面包 鸡蛋 大米 面条 茶叶 咖啡 饼干 苹果 香蕉 洗衣液 纸巾 牙膏 酱油 白糖"
orders = make_customers(800, random_state=0).transactions
baskets = make_baskets(
    700, n_weeks=30, n_items=15, father_share=0.6, random_state=0
).lines
baskets["order_id"] = orders["order_id"].to_numpy()[
    pd.factorize(baskets["order_id"])[0] % len(orders)
]
items = baskets["product_id"].unique()
others = sorted(set(items) - {"Diapers", "Beer"})
names = {
    "Diapers": "尿布",
    "Beer": "啤酒",
    **dict(zip(others, NAMES.split(), strict=True)),
}
lines = orders.merge(baskets[["order_id", "product_id"]].drop_duplicates())
share = lines.groupby("order_id")["order_id"].transform("size")
lines = pd.DataFrame(
    {
        "订单号": lines["order_id"],
        "客户编号": "客" + lines["customer_id"].astype(str),
        "下单时间": lines["timestamp"].dt.strftime("%Y-%m-%d %H:%M:%S"),
        "商品": lines["product_id"].map(names),
        "金额": np.round(lines["amount"] / share, 2),
    }
)
lines = pd.concat([lines, lines.tail(25)])
path = folder / "订单.csv"
lines.to_csv(path, index=False, encoding="gbk")
print(path.read_bytes()[:60])

# %%
# Read and check
# --------------
# A wrong encoding is an error, never garbled names.
tables = CustomerTables(
    transactions=Transactions(
        str(path),
        encoding="gbk",
        customer_id="客户编号",
        timestamp="下单时间",
        amount="金额",
        order_id="订单号",
        product_id="商品",
    )
)
print(tables)
print(tables.quality()[["column", "finding", "n_rows"]])

# %%
# Who leaves
# ----------
# Trained on spring, tested on early autumn, and asked for October. The report names the
# ten customers whom a call is expected to pay most.
money = {"clv": 300, "accept_rate": 0.3, "incentive_cost": 20, "contact_cost": 2}
churn = ChurnPipeline(
    features=FeatureSet([RFM(windows=[None, "90D"]), Tenure()]),
    label=Inactivity("60D"),
    classifier=LogisticChurnClassifier(),
).fit(tables, cutoffs=["2024-02-01", "2024-04-01", "2024-06-01"])
scores = churn.backtest_scores(tables, ["2024-08-01", "2024-09-01"], money=money)
leavers = ChurnReport(
    churn, tables, "2024-10-01", backtest=scores, money=money, language="zh"
)
leavers.save(folder / "流失.html")

# %%
# Which groups there are
# ----------------------
# With an earlier date the report says who has moved since.
groups = SegmentationPipeline(features=RFM(), segmenter=RFMSegmenter())
groups.fit(tables, "2024-10-01")
segments = SegmentReport(
    groups,
    tables,
    "2024-10-01",
    value="total_spend",
    earlier="2024-06-01",
    language="zh",
)
segments.save(folder / "细分.html")

# %%
# What is bought together
# -----------------------
# Learned before October, tested on the orders since; the page has this picture too.
rules = AssociationRules(0.01, 0.2, min_lift=1.1, max_length=2, max_p_value=0.05)
rules.fit(tables, cutoff="2024-10-01")
together = RulesReport(rules, validation=rules.validate(tables), language="zh")
together.save(folder / "购物篮.html")
plot_rule_graph(rules.rules_).figure.savefig("baskets.png")

# %%
for written in sorted(folder.glob("*.html")):
    print(f"{written}: {written.stat().st_size / 1000:.0f} kB")
for given in [Path(one) for one in sys.argv[1:] if one.endswith(".csv")]:
    goods = pd.read_csv(given, encoding="gbk").set_axis(["basket", "item"], axis=1)
    found = AssociationRules(0.01, 0.2, order_column="basket", item_column="item")
    page = RulesReport(found.fit(goods), language="zh", title=given.stem)
    page.save(folder / f"{given.stem}.html")
    print(folder / f"{given.stem}.html")
