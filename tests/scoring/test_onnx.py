"""What ONNX says of a customer is what the classifier says."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from crmml.datasets import load_telco_churn, make_customers
from crmml.exceptions import ModelFileError, SchemaError
from crmml.features import RFM
from crmml.labels import Inactivity
from crmml.models import (
    BoostedChurnClassifier,
    LogisticChurnClassifier,
    LogitLeafChurnClassifier,
    NeuralChurnClassifier,
    TreeChurnClassifier,
)
from crmml.pipeline import ChurnPipeline
from crmml.scoring import export_onnx

onnx = pytest.importorskip("onnx", reason="the extra onnx is not installed")
runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

CLASSIFIERS = {
    "logistic": LogisticChurnClassifier(),
    "line": LogisticChurnClassifier(linear=True),
    "tree": TreeChurnClassifier(),
    "boosted": BoostedChurnClassifier(n_estimators=60, max_depth=4),
    "known sign": BoostedChurnClassifier(n_estimators=40, monotonic={"余额": 1}),
    "logit leaf": LogitLeafChurnClassifier(min_leaf_size=100),
}
# Boosting adds leaves of single precision in another order; all else is in double.
TOLERANCE = {"boosted": 2e-6, "known sign": 2e-6}


def make_customers_of(rng, n):
    return pd.DataFrame(
        {
            "余额": np.where(rng.random(n) < 0.2, np.nan, rng.lognormal(3, 2, n)),
            "orders": rng.poisson(2, n),
            "城市": rng.choice(["北京", "上海", None], n),
            "plan name": rng.choice(["a", "b", "c", "d", "e"], n),
            "is_member": rng.random(n) < 0.3,
            "wait": pd.to_timedelta(rng.integers(0, 90, n), unit="D"),
            "empty": np.full(n, np.nan),
        }
    )


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = make_customers_of(rng, 1500)
    risk = np.log1p(X["余额"].fillna(5)) - X["orders"] + 2 * (X["城市"] == "北京")
    return X, rng.random(1500) < 1 / (1 + np.exp(-risk))


def run(path, X):
    """Feed a frame as the docstring says."""
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    feed = {}
    for one in session.get_inputs():
        values = X[one.name]
        if one.type == "tensor(string)":
            values = values.astype(object).where(values.notna(), "").map(str)
            feed[one.name] = values.to_numpy(object).reshape(-1, 1)
            continue
        if pd.api.types.is_timedelta64_dtype(values):
            values = values / pd.Timedelta("1D")
        feed[one.name] = values.to_numpy(np.float64).reshape(-1, 1)
    (found,) = session.run(None, feed)
    return found


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_probabilities_are_those_of_the_classifier(name, data, tmp_path):
    X, y = data
    model = CLASSIFIERS[name].fit(X, y)
    path = tmp_path / "m.onnx"
    export_onnx(model, path)
    rng = np.random.default_rng(1)
    new = make_customers_of(rng, 800)
    # Beyond what was seen, unknown categories, and numbers as large as they get.
    new.loc[:9, "余额"] = [-5, 0, 1e-300, 1e20, 1e31, 1e39, 1e300, -1e300, 1e9, 5e-324]
    new.loc[10:19, "城市"] = "深圳"
    new.loc[20:29, "plan name"] = None
    found = run(path, new)
    assert found.shape == (800, 1)
    assert found.dtype == np.float64
    expected = model.predict_proba(new)[:, 1]
    tolerance = TOLERANCE.get(name, 1e-12)
    np.testing.assert_allclose(found[:, 0], expected, rtol=0, atol=tolerance)
    # One customer alone, and nobody.
    np.testing.assert_allclose(run(path, new[:1])[0], expected[0], atol=tolerance)
    assert run(path, new[:0]).shape == (0, 1)


def test_trees_fall_the_same_way_at_their_very_thresholds(data, tmp_path):
    X, y = data
    model = TreeChurnClassifier(min_leaf_size=5, max_depth=12).fit(X[["余额"]], y)
    export_onnx(model, tmp_path / "m.onnx")
    tree = model._grown.classifier.tree_
    asked = tree.threshold[tree.children_left >= 0]
    near = [np.nextafter(asked, way) for way in (-np.inf, np.inf)]
    single = asked.astype(np.float32)
    near += [np.nextafter(single, np.float32(way)) for way in (-np.inf, np.inf)]
    new = pd.DataFrame({"余额": np.concatenate([asked, single, *near])})
    assert len(asked) > 20
    found = run(tmp_path / "m.onnx", new)[:, 0]
    np.testing.assert_allclose(found, model.predict_proba(new)[:, 1], atol=1e-12)


@pytest.mark.parametrize("name", ["logistic", "tree", "boosted", "logit leaf"])
def test_real_customers_get_the_same_scores(name, tmp_path):
    X, y = load_telco_churn()
    model = CLASSIFIERS[name].fit(X[::2], y[::2])
    export_onnx(model, tmp_path / "m.onnx")
    expected = model.predict_proba(X[1::2])[:, 1]
    found = run(tmp_path / "m.onnx", X[1::2])[:, 0]
    np.testing.assert_allclose(found, expected, atol=TOLERANCE.get(name, 1e-12))


def test_inputs_are_named_as_the_features_and_nothing_is_decided(data, tmp_path):
    model = CLASSIFIERS["logistic"].fit(*data)
    export_onnx(model, tmp_path / "m.onnx")
    made = onnx.load(tmp_path / "m.onnx")
    # A feature that was always missing is of no use.
    assert [one.name for one in made.graph.input] == list(data[0].columns[:-1])
    assert [one.name for one in made.graph.output] == ["churn_probability"]
    notes = {one.key: one.value for one in made.metadata_props}
    assert notes["kind"] == "LogisticChurnClassifier"
    assert "no threshold" in notes["output"]


def test_the_same_model_makes_the_same_bytes(data, tmp_path):
    model = CLASSIFIERS["boosted"].fit(*data)
    for name in ("a.onnx", "b.onnx"):
        export_onnx(model, tmp_path / name)
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


@pytest.fixture(scope="module")
def shop():
    return make_customers(800, random_state=0).to_tables()


def make_pipeline(shop, calibration=None, classifier=None):
    return ChurnPipeline(
        features=RFM(windows="90D"),
        label=Inactivity("60D"),
        classifier=classifier or LogisticChurnClassifier(),
        calibration=calibration,
    ).fit(shop, ["2024-01-01", "2024-03-01", "2024-05-01"])


@pytest.mark.parametrize("calibration", [None, "sigmoid"])
def test_pipelines_give_their_calibrated_probabilities(calibration, shop, tmp_path):
    churn = make_pipeline(shop, calibration)
    export_onnx(churn, tmp_path / "m.onnx")
    expected = churn.predict(shop, "2024-09-01", n_reasons=0)
    spine = expected[["customer_id"]].assign(cutoff="2024-09-01")
    X = churn.features_.transform(shop, spine=spine)
    found = run(tmp_path / "m.onnx", X)[:, 0]
    np.testing.assert_allclose(found, expected["churn_probability"], atol=1e-12)


def test_what_cannot_be_written_is_refused_with_the_reason(data, shop, tmp_path):
    path = tmp_path / "m.onnx"
    X, y = data
    for model, message in (
        (NeuralChurnClassifier(n_steps=20).fit(X, y), "no operator for its normal"),
        (make_pipeline(shop, "isotonic"), "calibrated by 'isotonic'"),
        (make_pipeline(shop, None, LogisticRegression()), "LogisticRegression"),
        (LogisticRegression(), "got LogisticRegression"),
        (BoostedChurnClassifier().fit(X[["empty"]], y), "uses no feature"),
        (
            LogisticChurnClassifier().fit(X[["城市"]].fillna(""), y),
            "'城市' has the empty text as a category",
        ),
    ):
        with pytest.raises(ModelFileError, match=message):
            export_onnx(model, path)
    with pytest.raises(SchemaError, match=r"must end in \.onnx"):
        export_onnx(CLASSIFIERS["logistic"], tmp_path / "m.pkl")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["_c0", "_c2", "_0_IsNaN", "_0_LabelEncoder", "n"])
@pytest.mark.parametrize("cls", [LogisticChurnClassifier, TreeChurnClassifier])
def test_features_may_have_any_name_that_parts_of_the_graph_have(name, cls, tmp_path):
    rng = np.random.default_rng(2)
    X = pd.DataFrame({name: rng.normal(size=300), "_c1": rng.choice(["a", "b"], 300)})
    model = cls().fit(X, X[name] + rng.normal(size=300) > 0)
    export_onnx(model, tmp_path / "m.onnx")
    found = run(tmp_path / "m.onnx", X)[:, 0]
    np.testing.assert_allclose(found, model.predict_proba(X)[:, 1], atol=1e-12)


@pytest.mark.parametrize("name", ["", "churn_probability"])
def test_features_that_no_input_can_be_named_after_are_refused(name, tmp_path):
    X = pd.DataFrame({name: np.arange(40.0), "b": 1.0})
    model = TreeChurnClassifier().fit(X, np.arange(40) > 20)
    with pytest.raises(ModelFileError, match="rename the feature"):
        export_onnx(model, tmp_path / "m.onnx")
