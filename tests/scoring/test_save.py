"""A loaded model is the saved one: same answers, same bytes, in any process."""

import copy
import importlib
import inspect
import json
import os
import pkgutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestClassifier
from sklearn.svm import SVC

import crmml
from crmml.exceptions import ModelFileError, SchemaError
from crmml.features import (
    RFM,
    CustomerAttributes,
    FeatureSet,
    ProductMix,
    Tenure,
    UsageEvents,
)
from crmml.labels import Inactivity
from crmml.models import BoostedChurnClassifier, LogisticChurnClassifier
from crmml.pipeline import ChurnPipeline
from crmml.scoring import load, read_manifest, save
from crmml.scoring._table import KINDS, MODELS

CUTOFF = "2024-06-01"
CHILD = """
import json, pickle, _pickle, runpy, sys
from pathlib import Path
from crmml.scoring import load, save

def refuse(*args, **kwargs):
    raise SystemExit("a pickle was read")

doors = [(m, n) for m in (pickle, _pickle) for n in ("Unpickler", "load", "loads")]
doors.append((pickle._Unpickler, "load"))
closed = [(where, name, getattr(where, name)) for where, name in doors]
for where, name in doors:
    setattr(where, name, refuse)
models = {path.stem: load(path) for path in Path(sys.argv[2]).glob("*.crmml")}
# Compiled kernels come from numba's own cache, which is made of pickles.
for where, name, old in closed:
    setattr(where, name, old)
for name, model in models.items():
    before = Path(sys.argv[2], name + ".crmml").read_bytes()
    save(model, Path(sys.argv[2], "again"))
    if Path(sys.argv[2], "again").read_bytes() != before:
        raise SystemExit("saved again, the bytes differ: " + name)
shared = runpy.run_path(sys.argv[1])
data = shared["make_data"]()
answers = {name: shared["ask"](model, data) for name, model in models.items()}
print(json.dumps({name: shared["digest"](one) for name, one in answers.items()}))
"""


@pytest.fixture(scope="module")
def files(fitted, tmp_path_factory):
    """Every model in a file of its own."""
    folder = tmp_path_factory.mktemp("models")
    for name, model in fitted.items():
        save(model, folder / f"{name}.crmml")
    return folder


def test_loaded_models_answer_as_the_fitted_did_in_a_fresh_process(
    fitted, files, answer_of
):
    """Bit for bit, with nothing that could read a pickle; and so do their files."""
    conftest = str(Path(__file__).with_name("conftest.py"))
    result = subprocess.run(
        [sys.executable, "-c", CHILD, conftest, str(files)],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        # Another order of sets than here.
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )
    assert result.returncode == 0, result.stderr[-2000:]
    answers = json.loads(result.stdout.splitlines()[-1])
    expected = {name: answer_of(model) for name, model in fitted.items()}
    assert answers == expected


def test_the_same_model_makes_the_same_bytes(fitted, files, answer_of, tmp_path):
    """Also after it was used, and after it was loaded."""
    for name, model in fitted.items():
        expected = (files / f"{name}.crmml").read_bytes()
        answer_of(model)
        for one in (model, load(files / f"{name}.crmml")):
            save(one, tmp_path / "again.crmml")
            assert (tmp_path / "again.crmml").read_bytes() == expected, name


def walk_estimators():
    """Every public class of crmml that has parameters."""
    found = {}
    for module in pkgutil.iter_modules(crmml.__path__, "crmml."):
        package = importlib.import_module(module.name)
        for name in getattr(package, "__all__", []):
            item = getattr(package, name)
            if inspect.isclass(item) and issubclass(item, BaseEstimator):
                found[name] = item
    return found


def test_every_public_estimator_is_in_the_table():
    found = walk_estimators()
    assert len(found) > 30
    assert {KINDS[name].cls for name in found} == set(found.values())
    assert set(found) <= MODELS


def test_every_estimator_that_learns_is_tried_here(fitted):
    tried = {type(model).__name__ for model in fitted.values()}
    learning = {name for name, cls in walk_estimators().items() if learns(cls)}
    assert learning <= tried


def learns(cls):
    return hasattr(cls, "fit") and not cls.__module__.startswith("crmml.features")


def test_every_kind_of_the_table_is_met(files):
    """No kind is on the list without need."""
    met = set()
    for path in files.glob("*.crmml"):
        met |= set(read_manifest(path)["kinds"])
    builders = {name for name, cls in walk_estimators().items() if not learns(cls)}
    parameters = {"Timedelta", "duration", "Fraction"}
    assert set(KINDS) - met - builders == parameters


@pytest.mark.parametrize(
    "horizon", ["60D", pd.Timedelta("60D"), pd.Timedelta("60D").to_pytimedelta()]
)
def test_parameters_keep_their_types(horizon, tmp_path):
    save(Inactivity(horizon), tmp_path / "label.crmml")
    loaded = load(tmp_path / "label.crmml").horizon
    assert loaded == horizon
    assert type(loaded) is type(horizon)


def test_builders_are_saved_unfitted_and_fitted(tmp_path, data):
    fitted = RFM(windows=["30D"]).fit(data.tables, CUTOFF)
    for builder in (RFM(windows=["30D"]), fitted):
        save(builder, tmp_path / "rfm.crmml")
        loaded = load(tmp_path / "rfm.crmml")
        assert loaded.get_params() == builder.get_params()
    pd.testing.assert_frame_equal(
        loaded.transform(data.tables, CUTOFF), fitted.transform(data.tables, CUTOFF)
    )


def test_what_builders_learned_is_kept(tmp_path, make_tables):
    """Categories, kinds of events, and what customers told of themselves."""
    rng = np.random.default_rng(0)
    n = 200
    people = np.array([f"c{i}" for i in range(20)])
    when = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 99, n), "D")
    own = {"customer_id": rng.choice(people, n), "timestamp": when}
    tables = make_tables(
        transactions=pd.DataFrame(
            {**own, "amount": 1.0, "category": rng.choice(["tea", "茶杯"], n)}
        ),
        customers=pd.DataFrame(
            {"customer_id": people, "joined_at": when[:20].min(), "city": "北京"}
        ),
        events=pd.DataFrame({**own, "event_type": rng.choice(["login", "来电"], n)}),
    )
    features = FeatureSet(
        [ProductMix(), UsageEvents(), CustomerAttributes(fixed=["city"])]
    ).fit(tables, "2024-05-01")
    save(features, tmp_path / "features.crmml")
    pd.testing.assert_frame_equal(
        load(tmp_path / "features.crmml").transform(tables, "2024-05-01"),
        features.transform(tables, "2024-05-01"),
    )


def test_one_classifier_is_stored_once(fitted, tmp_path):
    """A calibrated pipeline refers to its classifier from four places."""
    save(fitted["sigmoid"], tmp_path / "a.crmml")
    with zipfile.ZipFile(tmp_path / "a.crmml") as archive:
        tree = archive.read("model.json").decode()
    assert tree.count('"xgboost.Booster"') == 1
    loaded = load(tmp_path / "a.crmml")
    assert loaded.calibrated_.estimator.estimator is loaded.classifier_


def test_boosting_keeps_its_threads(fitted, tmp_path):
    save(fitted["boosted"], tmp_path / "a.crmml")
    config = load(tmp_path / "a.crmml").booster_.save_config()
    assert json.loads(config)["learner"]["generic_param"]["nthread"] == "1"


def test_what_has_an_entry_for_each_customer_is_left_out(fitted, data, tmp_path):
    save(fitted["segments"], tmp_path / "a.crmml")
    assert not hasattr(load(tmp_path / "a.crmml"), "labels_")
    assert hasattr(fitted["segments"], "labels_")
    forest = RandomForestClassifier(50, oob_score=True, random_state=0)
    churn = ChurnPipeline(
        features=Tenure(), label=Inactivity("60D"), classifier=forest
    ).fit(data.tables, "2024-01-01")
    assert hasattr(churn.classifier_, "oob_decision_function_")
    save(churn, tmp_path / "b.crmml")
    loaded = load(tmp_path / "b.crmml")
    assert not hasattr(loaded.classifier_, "oob_decision_function_")
    pd.testing.assert_frame_equal(
        loaded.predict(data.tables, CUTOFF), churn.predict(data.tables, CUTOFF)
    )


def test_no_customer_is_in_a_file(tmp_path):
    """Ids and free text of the training data are in no member, however packed."""
    n = 300
    rng = np.random.default_rng(0)
    canaries = [f"canary{i:04}zz" for i in range(n)]
    sales = pd.DataFrame(
        {
            "customer_id": np.repeat(canaries, 4),
            "timestamp": pd.Timestamp("2023-06-01")
            + pd.to_timedelta(rng.integers(0, 400, 4 * n), unit="D"),
            "amount": rng.gamma(2, 10, 4 * n),
        }
    )
    churn = ChurnPipeline(
        features=RFM(), label=Inactivity("60D"), classifier=LogisticChurnClassifier()
    ).fit(sales, ["2024-01-01", "2024-02-01"])
    notes = pd.DataFrame({"note": canaries, "x": rng.normal(size=n)}, index=canaries)
    flat = BoostedChurnClassifier(n_estimators=5).fit(notes, rng.random(n) > 0.5)
    for model in (churn, flat):
        save(model, tmp_path / "a.crmml")
        with zipfile.ZipFile(tmp_path / "a.crmml") as archive:
            text = b"".join(archive.read(name) for name in archive.namelist())
        assert b"canary" not in text
        assert "canary".encode("utf-32-le") not in text


def test_the_manifest_tells_what_the_model_is(fitted, tmp_path, data):
    churn = fitted["churn"]
    metrics = churn.backtest(data.tables, "2024-06-01")
    save(churn, tmp_path / "churn.crmml", metrics=metrics)
    found = read_manifest(tmp_path / "churn.crmml")
    assert (found["format"], found["kind"]) == (1, "ChurnPipeline")
    assert found["label"] == {
        "kind": "Inactivity",
        "active_within": None,
        "gap": "0D",
        "horizon": "60D",
    }
    assert found["training"]["base_rate"] == churn.base_rate_
    assert found["training"]["cutoffs"] == [
        "2024-01-01T00:00:00",
        "2024-03-01T00:00:00",
    ]
    assert found["features"][0] == {
        "name": "days_since_last_purchase",
        "kind": "number",
        "meaning": "days since the last purchase",
    }
    assert found["versions"]["crmml"] == crmml.__version__
    assert found["backtest"]["verdict"] == metrics.attrs["verdict"]
    assert [row["auc"] for row in found["backtest"]["rows"]][:1] == [metrics["auc"][0]]


def test_scores_of_customers_are_no_metrics(fitted, tmp_path, data):
    scores = fitted["churn"].backtest_scores(data.tables, "2024-06-01")
    with pytest.raises(SchemaError, match="customer_id"):
        save(fitted["churn"], tmp_path / "a.crmml", metrics=scores)
    with pytest.raises(SchemaError, match="metrics must be the table"):
        save(fitted["churn"], tmp_path / "a.crmml", metrics=[0.8])
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_stored_is_refused_by_name(tmp_path, data):
    with pytest.raises(ModelFileError, match=r"sklearn\.svm\._classes\.SVC"):
        save(SVC(), tmp_path / "a.crmml")
    with pytest.raises(ModelFileError, match="not fitted"):
        save(LogisticChurnClassifier(), tmp_path / "a.crmml")
    churn = ChurnPipeline(
        features=RFM(), label=Inactivity("60D"), classifier=SVC(probability=True)
    )
    churn.classifier_, churn.features_ = churn.classifier, churn.features
    with pytest.raises(ModelFileError, match=r"classifier is of type sklearn\.svm"):
        save(churn, tmp_path / "a.crmml")
    assert not list(tmp_path.iterdir())


def test_a_model_of_broken_numbers_is_not_saved(fitted, tmp_path):
    broken = copy.deepcopy(fitted["logistic"])
    broken._logit.intercept = float("nan")
    with pytest.raises(ModelFileError, match=r"_logit\.intercept holds numbers"):
        save(broken, tmp_path / "a.crmml")
