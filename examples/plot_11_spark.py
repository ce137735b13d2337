"""
Scores in Spark
===============

Orders of any number of customers lie in Spark. Features are computed there by one
statement, the model is sent to the workers, and Spark writes the scores: no customer
passes through this process. We

1. train a churn model on a sample in pandas, as one does in a notebook;
2. score the tables in Spark with it;
3. compare with the scores of this process, which are the same;
4. look at the folder: Parquet files, and a manifest that is written last.

Spark runs in this process here. On a cluster, crmml must be installed where the
executors run. It needs ``pip install "crmml[spark]"`` and Java 17.
"""

# %%
import importlib.util
import json
import os
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

if importlib.util.find_spec("pyspark") is None:
    print('This needs pyspark: pip install "crmml[spark]"')
    sys.exit(0)
if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
    print("Spark needs Java 17, which is not installed.")
    sys.exit(0)
from pyspark.sql import SparkSession

from crmml.datasets import make_customers
from crmml.features import RFM, FeatureSet, InterPurchase, Tenure
from crmml.labels import Inactivity
from crmml.models import BoostedChurnClassifier
from crmml.pipeline import ChurnPipeline
from crmml.scoring import read_scores, score
from crmml.tables import CustomerTables, Transactions

# Spark warns of pandas 3, which works.
warnings.filterwarnings("ignore", message="PySpark does not yet fully support")
os.environ.setdefault("PYSPARK_PYTHON", sys.executable)

# %%
# The model.
simulated = make_customers(2_000, random_state=0)
columns = {
    "customer_id": "customer_id",
    "timestamp": "timestamp",
    "amount": "amount",
    "order_id": "order_id",
}
here = CustomerTables(transactions=Transactions(simulated.transactions, **columns))
churn = ChurnPipeline(
    features=FeatureSet([RFM(windows=[None, "90D"]), Tenure(), InterPurchase()]),
    label=Inactivity("60D"),
    classifier=BoostedChurnClassifier(n_estimators=50),
).fit(here, cutoffs=["2024-03-01", "2024-05-01", "2024-07-01"])

# %%
# The session and its table. Instants are without a zone, so that they are
# ``timestamp_ntz``; the session's own zone has no part in the results.
settings = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.session.timeZone": "America/New_York",
}
builder = SparkSession.builder.master("local[2]")
for name, value in settings.items():
    builder = builder.config(name, value)
spark = builder.getOrCreate()
folder = Path(tempfile.mkdtemp())
simulated.transactions.to_parquet(folder / "orders.parquet")
orders = spark.read.parquet(str(folder / "orders.parquet"))
orders.printSchema()
there = CustomerTables(transactions=Transactions(orders, **columns))

# %%
# Scoring. A second run replaces the folder when it is whole.
done = score(churn, there, "2024-10-01", folder / "scores", quality=False)
print(json.dumps({name: done[name] for name in ("customers", "out")}, indent=2))
print(sorted({path.name.split("-")[0] for path in folder.glob("scores/[!.]*")}))

# %%
# The same customers, deciles, and scores.
score(churn, here, "2024-10-01", folder / "scores.parquet")
one = read_scores(folder / "scores").sort_values("customer_id", ignore_index=True)
other = read_scores(folder / "scores.parquet")
difference = (one["churn_probability"] - other["churn_probability"]).abs().max()
print("largest difference of scores:", difference)
print("deciles are the same:", one["decile"].equals(other["decile"]))

# %%
# What comes next stays in Spark, such as loading a warehouse.
by_decile = spark.read.parquet(str(folder / "scores")).groupBy("decile")
by_decile.avg("churn_probability").orderBy("decile").show(3)
spark.stop()
shutil.rmtree(folder)
