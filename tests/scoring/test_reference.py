"""What the manifest keeps of the training customers: counts that drift is seen by."""

import json
import zipfile

import numpy as np
import pandas as pd
import pytest

from crmml.evaluation import drift_report
from crmml.exceptions import SchemaError
from crmml.pipeline._panel import make_panel
from crmml.scoring import read_manifest, save
from crmml.scoring._reference import count_columns


def psi(counts, other):
    """Half a row in each bin keeps it finite, as in the drift report."""
    both = np.array([counts, other], dtype=float)
    both = both[:, both.sum(axis=0) > 0]
    shares = (both + 0.5) / (both.sum(axis=1, keepdims=True) + both.shape[1] / 2)
    return ((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("few", [False, True])
def test_stability_from_counts_is_that_of_the_drift_report(seed, few):
    """The counts of today in the stored bins give the report's index, without rows."""
    rng = np.random.default_rng(seed)
    then, now = rng.normal(0, 1, 900), rng.normal(0.3, 1.2, 700)
    if few:
        then, now = np.round(then), np.round(now)
    then[::9], now[::5] = np.nan, np.nan
    stored = count_columns(pd.DataFrame({"x": then}), np.full(900, 0.5))[0]
    assert stored["is_few"] == few
    edges = np.array(stored["edges"])
    known = now[~np.isnan(now)]
    bins = np.searchsorted(edges, known, "right")
    if few:
        bins += np.searchsorted(edges, known, "left")
    counts = np.bincount(bins, minlength=len(stored["counts"]))
    found = psi(
        [stored["n_missing"], *stored["counts"]], [len(now) - len(known), *counts]
    )
    report = drift_report(pd.DataFrame({"x": then}), pd.DataFrame({"x": now}))
    assert found == pytest.approx(report.features["psi"][0], abs=1e-12)


def test_counts_add_up_to_the_customers():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "x": [*rng.normal(size=198), np.inf, -np.inf],
            "plan": ["基础"] * 120 + ["pro"] * 75 + ["odd"] * 4 + [None],
            "flag": pd.array([True, None] * 100, dtype="boolean"),
            "wait": pd.to_timedelta([1, 2] * 100, unit="D"),
            "nothing": np.full(200, np.nan),
        }
    )
    found = count_columns(X, rng.random(200))
    for one in found:
        total = sum(one["counts"]) + one["n_missing"] + one.get("n_other", 0)
        assert total == one["n"] == 200
    by_name = {one["feature"]: one for one in found}
    assert by_name["plan"]["levels"] == ["pro", "基础"]
    assert by_name["plan"]["n_other"] == 4
    assert by_name["flag"]["levels"] == ["True"]
    assert by_name["wait"]["edges"] == [1.0, 2.0]
    assert [one["kind"] for one in found][-2:] == ["number", "score"]
    json.dumps(found, allow_nan=False)


def test_training_tables_are_described_without_their_rows(fitted, data, tmp_path):
    churn, path = fitted["churn"], tmp_path / "churn.crmml"
    save(churn, path, tables=data.tables)
    found = read_manifest(path)
    columns = found["tables"]["tables"]["transactions"]["columns"]
    assert columns["amount"] == {"column": "amount", "kind": "number", "type": "DOUBLE"}
    panel = make_panel(data.tables, churn.cutoffs_, churn.features_, churn.label)
    score = found["reference"][-1]
    assert (score["feature"], score["n"]) == ("score", len(panel.y))
    assert len(found["reference"]) == len(churn.features_.feature_names_out_) + 1
    assert sum(one["share"] for one in found["drivers"]) == pytest.approx(1)
    with zipfile.ZipFile(path) as archive:
        text = b"".join(archive.read(name) for name in archive.namelist()).decode(
            "latin-1"
        )
    ids = panel.X.index.get_level_values("customer_id")
    assert len(ids) > 100
    assert not [one for one in set(ids) if f'"{one}"' in text]


def test_other_tables_than_those_of_fit_are_refused(fitted, data, tmp_path):
    few = data.tables.transactions.data
    fewer = few[few["customer_id"] != few["customer_id"].iloc[0]]
    with pytest.raises(SchemaError, match="tables that fit was given"):
        save(
            fitted["churn"],
            tmp_path / "a.crmml",
            tables=type(data.tables)(
                transactions=type(data.tables.transactions)(
                    fewer,
                    customer_id="customer_id",
                    timestamp="timestamp",
                    amount="amount",
                    order_id="order_id",
                ),
                customers=data.tables.customers,
                complaints=data.tables.complaints,
            ),
        )
    assert not list(tmp_path.iterdir())


def test_other_models_describe_the_tables_alone(fitted, data, tmp_path):
    save(fitted["groups"], tmp_path / "a.crmml", tables=data.tables)
    found = read_manifest(tmp_path / "a.crmml")
    assert found["tables"]["observed_until"].startswith("202")
    assert found["reference"] is None
