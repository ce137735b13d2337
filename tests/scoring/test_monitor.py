"""A monitor names what moved, is silent where nothing did, and says what it cannot."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest

from crmml.datasets import make_customers
from crmml.exceptions import (
    LeakageError,
    ModelFileError,
    NotEnoughHistoryError,
    SchemaError,
)
from crmml.features import RFM, FeatureSet, Tenure
from crmml.labels import Inactivity
from crmml.models import LogisticChurnClassifier
from crmml.pipeline import ChurnPipeline
from crmml.scoring import (
    load,
    monitor,
    monitor_features,
    read_manifest,
    save,
    score,
    score_features,
)
from crmml.scoring._reference import count_columns
from crmml.scoring._today import Today
from crmml.tables import CustomerTables, Transactions

CUTOFFS = ["2024-03-01", "2024-05-01"]
SHOP = make_customers(3000, random_state=1)


def edit_shop(change):
    """The shop's tables, with purchases changed by a function."""
    tables = SHOP.to_tables()
    lines = tables.transactions.data.copy()
    return CustomerTables(
        transactions=Transactions(
            change(lines),
            customer_id="customer_id",
            timestamp="timestamp",
            amount="amount",
            order_id="order_id",
        ),
        customers=tables.customers,
        observed_until=tables.observed_until,
    )


@pytest.fixture(scope="module")
def shop():
    return edit_shop(lambda lines: lines)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, shop):
    """A saved pipeline with reference and backtest, and scores of a later cutoff."""
    path = tmp_path_factory.mktemp("watched")
    churn = ChurnPipeline(
        features=FeatureSet([RFM(windows="90D"), Tenure()]),
        label=Inactivity("60D"),
        classifier=LogisticChurnClassifier(),
    ).fit(shop, CUTOFFS)
    tested = churn.backtest(shop, ["2024-07-01", "2024-08-01"])
    save(churn, path / "m.crmml", tables=shop, metrics=tested)
    save(churn, path / "bare.crmml")
    score(path / "m.crmml", shop, "2024-09-01", path / "s.parquet")
    return path


def moved(report):
    table = report.features
    return table.loc[~table["status"].isin(["stable", "too few rows"]), "feature"]


def test_the_training_customers_themselves_are_stable(folder, shop):
    report = monitor(folder / "m.crmml", shop, CUTOFFS[1], ignore=["tenure_days"])
    assert report.exit_code == 0
    assert report.status == "stable"
    names = set(load(folder / "m.crmml").features_.feature_names_out_)
    assert set(report.features["feature"]) == {*names, "score"}
    # Ignored ones do not count.
    assert report.verdict == f"stable: none of {len(names)} columns moved."
    assert report.customers["scored"] < report.customers["known"]
    assert report.realised is None
    assert not len(report.performance)


def test_a_planted_shift_is_found_and_named(folder, shop):
    dear = edit_shop(lambda lines: lines.assign(amount=lines["amount"] * 5))
    report = monitor(folder / "m.crmml", dear, "2024-06-01", ignore=["tenure_days"])
    assert report.exit_code == 11
    assert set(moved(report)) >= {"total_spend_90d"}
    assert {"n_orders_90d", "days_since_last_purchase"}.isdisjoint(moved(report))
    assert report.verdict.startswith("act: large shift: ")
    assert "total_spend_90d" in report.verdict


def test_features_that_are_expected_to_move_can_be_ignored(folder, shop):
    late = "2024-12-01"
    report = monitor(folder / "m.crmml", shop, late)
    assert "tenure_days" in set(moved(report))
    ignoring = monitor(folder / "m.crmml", shop, late, ignore=["tenure_days"])
    row = ignoring.features.iloc[-1]
    assert (row["feature"], row["is_ignored"], row["status"]) == (
        "tenure_days",
        True,
        "large",
    )
    assert "tenure_days" not in ignoring.verdict


def test_fewer_customers_than_in_training_are_watched(folder):
    few = edit_shop(lambda lines: lines[lines["customer_id"].str.endswith("0")])
    report = monitor(folder / "m.crmml", few, "2024-06-01", ignore=["tenure_days"])
    assert report.exit_code in {10, 11}
    assert f"{report.customers['scored']} customers, " in report.verdict


def test_nobody_to_score_is_something_to_act_on(folder, tmp_path):
    gone = edit_shop(lambda lines: lines[lines["timestamp"] < "2024-03-01"])
    out = tmp_path / "v.json"
    report = monitor(folder / "m.crmml", gone, "2024-08-01", out=out)
    assert report.exit_code == 11
    assert report.customers["scored"] == 0
    assert (report.features["status"] == "too few rows").all()
    assert report.features["reason"].str.startswith("nobody to compare: about").all()
    found = json.loads(out.read_text("utf-8"))
    assert found["features"][0]["psi"] is None
    assert found["customers"]["share_scored"] == 0


def test_the_report_is_written_whole_and_says_the_same(folder, shop, tmp_path):
    out = tmp_path / "verdict.json"
    report = monitor(
        folder / "m.crmml", shop, "2024-12-01", scores=folder / "s.parquet", out=out
    )
    found = json.loads(out.read_text("utf-8"))
    assert found == json.loads(json.dumps(report.to_dict()))
    assert (found["exit_code"], found["status"]) == (report.exit_code, report.status)
    assert found["cutoff"] == "2024-12-01T00:00:00"
    assert found["model"]["sha256"] == read_manifest(folder / "m.crmml")["sha256"]
    assert [one.name for one in tmp_path.iterdir()] == ["verdict.json"]


def test_outcomes_of_an_earlier_batch_are_what_the_tables_say(folder, shop):
    report = monitor(
        folder / "m.crmml", shop, "2024-12-01", scores=folder / "s.parquet"
    )
    churn = load(folder / "m.crmml")
    scores = churn.predict(shop, "2024-09-01", n_reasons=0)
    spine = scores[["customer_id"]].assign(cutoff="2024-09-01")
    left = churn.label.transform(shop, spine=spine).to_numpy() == 1
    p = scores["churn_probability"].to_numpy()
    pairs = p[left][:, None] - p[~left]
    oracle = {
        "n": len(p),
        "base_rate": left.mean(),
        "brier": ((left - p) ** 2).mean(),
        "observed_to_predicted": left.sum() / p.sum(),
        "auc": (pairs > 0).mean() + (pairs == 0).mean() / 2,
    }
    assert {name: report.realised[name] for name in oracle} == pytest.approx(oracle)
    assert report.realised["is_same_model"]
    promised = pd.DataFrame(read_manifest(folder / "m.crmml")["backtest"]["rows"])
    own = promised[promised["model"] == "LogisticChurnClassifier"]
    table = report.performance.set_index("measure")
    for name in ("base_rate", "auc", "brier"):
        assert table.loc[name, "reference"] == pytest.approx(own[name].mean())
        assert table.loc[name, "current"] == report.realised[name]
    # Some thousand customers cannot tell a tenth of an area from chance.
    assert set(table["status"]) <= {"stable", "too few rows", "moderate"}


def test_a_model_that_ranks_no_more_is_seen_by_its_outcomes(folder, shop, tmp_path):
    scores = pd.read_parquet(folder / "s.parquet")
    rng = np.random.default_rng(0)
    mixed = scores.assign(churn_probability=rng.permutation(scores.iloc[:, 1]))
    mixed.to_parquet(tmp_path / "s.parquet")
    how = {"scores": tmp_path / "s.parquet", "ignore": ["tenure_days"]}
    with pytest.raises(SchemaError, match="scores_cutoff="):
        monitor(folder / "m.crmml", shop, "2024-09-01", **how)
    report = monitor(
        folder / "m.crmml", shop, "2024-09-01", scores_cutoff="2024-09-01", **how
    )
    assert report.exit_code == 11
    assert "measures moved (" in report.verdict
    assert report.performance.set_index("measure").loc["auc", "status"] == "large"
    assert report.realised["is_same_model"] is None


def test_scores_in_csv_tell_the_same(folder, shop, tmp_path):
    score(folder / "m.crmml", shop, "2024-09-01", tmp_path / "s.csv")
    found = [
        monitor(folder / "m.crmml", shop, "2024-12-01", scores=path).realised
        for path in (folder / "s.parquet", tmp_path / "s.csv")
    ]
    assert found[0].keys() == found[1].keys()
    numbers = [[one[name] for name in ("n", "auc", "brier", "ece")] for one in found]
    assert numbers[0] == pytest.approx(numbers[1], rel=1e-12)


def test_integer_ids_are_found_again_in_csv(folder, tmp_path):
    tables = SHOP.to_tables()
    whole = CustomerTables(
        transactions=Transactions(
            tables.transactions.data.astype({"customer_id": "int64"}),
            customer_id="customer_id",
            timestamp="timestamp",
            amount="amount",
            order_id="order_id",
        ),
        observed_until=tables.observed_until,
    )
    path = tmp_path / "s.csv"
    score(folder / "m.crmml", whole, "2024-09-01", path)
    found = monitor(folder / "m.crmml", whole, "2024-12-01", scores=path)
    assert found.realised["n"] > 1000
    path.write_text("customer_id,churn_probability\nx,0.5\n", "utf-8")
    with pytest.raises(SchemaError, match="ids are text, the tables' are integers"):
        monitor(folder / "m.crmml", whole, "2024-12-01", scores=path)


def test_outcomes_that_are_not_known_yet_are_refused(folder, shop):
    with pytest.raises(LeakageError, match="still open"):
        monitor(
            folder / "m.crmml",
            shop,
            "2024-12-01",
            scores=folder / "s.parquet",
            scores_cutoff="2024-12-20",
        )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "bare.crmml"}, "does not say what its training customers were like"),
        ({"model": "s.parquet"}, "is no model file"),
        ({"ignore": ["tenure"]}, "ignore names 1 features that the model does not"),
        ({"ignore": "tenure_days"}, "got one piece of text"),
        ({"out": "v.txt"}, "must end in .json"),
        ({"scores_cutoff": "2024-09-01"}, "give both"),
    ],
)
def test_bad_arguments_are_refused_by_name(folder, shop, change, message):
    how = {"model": "m.crmml", **change}
    model = folder / how.pop("model")
    with pytest.raises((SchemaError, ModelFileError), match=message):
        monitor(model, shop, "2024-06-01", **how)
    assert not list(folder.glob("v.*"))


def test_other_files_than_scores_are_refused(folder, shop, tmp_path):
    path = tmp_path / "s.parquet"
    how = {"scores": path, "scores_cutoff": "2024-09-01"}
    scores = pd.read_parquet(folder / "s.parquet")
    for rows, message in (
        (scores.drop(columns="churn_probability"), "lacks the columns"),
        (scores.assign(churn_probability=2.0), "outside \\[0, 1\\]"),
        (scores.assign(churn_probability="a"), "outside \\[0, 1\\]"),
        (scores.assign(customer_id=range(len(scores))), "are integer"),
    ):
        rows.to_parquet(path)
        with pytest.raises(SchemaError, match=message):
            monitor(folder / "m.crmml", shop, "2024-12-01", **how)
    path.write_bytes(b"no parquet")
    with pytest.raises(SchemaError, match="damaged"):
        monitor(folder / "m.crmml", shop, "2024-12-01", **how)
    score(folder / "m.crmml", shop, "2024-09-01", path)
    beside = tmp_path / "s.parquet.manifest.json"
    said = json.loads(beside.read_text("utf-8"))
    changed = ({"cutoff": ["2024-09-01", "2024-10-01"]}, {"cutoff": []}, {"model": "x"})
    texts = [json.dumps(said | change) for change in changed]
    for text in ("[" * 10_000, *texts):
        beside.write_text(text, "utf-8")
        with pytest.raises(SchemaError, match="is not what score writes"):
            monitor(folder / "m.crmml", shop, "2024-12-01", scores=path)


def test_a_backtest_without_sizes_promises_the_base_rate(folder, shop, tmp_path):
    """Rows of another maker may leave out what was not measured."""
    churn = load(folder / "m.crmml")
    tested = churn.backtest(shop, ["2024-07-01"]).assign(n=None, auc=None)
    save(churn, tmp_path / "m.crmml", tables=shop, metrics=tested)
    found = monitor(
        tmp_path / "m.crmml", shop, "2024-12-01", scores=folder / "s.parquet"
    )
    measures = found.performance["measure"].tolist()
    assert measures == ["base_rate", "observed_to_predicted"]


def test_objects_and_tables_that_lack_something_are_refused(folder, shop):
    churn = load(folder / "m.crmml")
    with pytest.raises(ModelFileError, match="the file that save has written"):
        monitor(churn, shop, "2024-06-01")
    bare = Transactions(
        shop.transactions.data, customer_id="customer_id", timestamp="timestamp"
    )
    with pytest.raises(SchemaError, match="amount"):
        monitor(folder / "m.crmml", CustomerTables(transactions=bare), "2024-06-01")
    with pytest.raises(NotEnoughHistoryError):
        monitor(folder / "m.crmml", shop, "2031-06-01")


def make_features(rng, n):
    return pd.DataFrame(
        {
            "年龄": rng.normal(40, 10, n),
            "orders": rng.poisson(1.5, n).astype(float),
            "城市": rng.choice(["北京", "上海", "广州"], n, p=[0.6, 0.3, 0.1]),
            "rare": rng.choice([f"r{i}" for i in range(300)], n),
            "is_member": rng.random(n) < 0.3,
            "income": np.where(rng.random(n) < 0.1, np.nan, rng.gamma(2, 1, n)),
        }
    )


@pytest.fixture(scope="module")
def flat(tmp_path_factory):
    path = tmp_path_factory.mktemp("flat")
    X = make_features(np.random.default_rng(0), 4000)
    y = X["年龄"] + 20 * (X["城市"] == "北京") > 55
    classifier = LogisticChurnClassifier().fit(X, y)
    save(classifier, path / "m.crmml", tables=X)
    save(classifier, path / "polars.crmml", tables=pl.from_pandas(X))
    save(classifier, path / "bare.crmml")
    make_features(np.random.default_rng(1), 3000).to_parquet(path / "today.parquet")
    return path


def watch(flat, tmp_path, **changes):
    today = pd.read_parquet(flat / "today.parquet").assign(**changes)
    today.to_parquet(tmp_path / "t.parquet")
    return monitor_features(flat / "m.crmml", str(tmp_path / "t.parquet"))


def test_the_frame_of_a_classifier_is_its_reference(flat):
    found = [read_manifest(flat / f"{name}.crmml") for name in ("m", "polars")]
    assert found[0]["reference"] == found[1]["reference"]
    assert [one["feature"] for one in found[0]["reference"]][:3] == [
        "年龄",
        "orders",
        "城市",
    ]
    report = monitor_features(flat / "m.crmml", str(flat / "today.parquet"))
    assert report.exit_code == 0
    assert report.customers == {
        "known": None,
        "scored": 3000,
        "share_scored": None,
        "expected": 4000,
    }
    shares = report.features["importance"].dropna()
    assert len(shares) == 6
    assert shares.sum() == pytest.approx(1)


CHANGES = {
    "年龄": lambda X: X["年龄"] + 30,
    "城市": lambda X: X["城市"].mask(np.arange(len(X)) % 5 == 0, "深圳"),
    "income": lambda X: X["income"].where(np.arange(len(X)) % 2 == 0),
    "orders": lambda X: X["orders"] + 1,
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_changed_feature_alone_is_named(flat, tmp_path, name):
    report = watch(flat, tmp_path, **{name: CHANGES[name]})
    assert report.exit_code == 11
    assert set(moved(report)) - {"score"} == {name}
    assert name in report.verdict


def test_new_categories_are_counted(flat, tmp_path):
    report = watch(flat, tmp_path, 城市=CHANGES["城市"])
    row = report.features.set_index("feature").loc["城市"]
    assert (row["n_new"], row["new_share"]) == (1, 0.2)
    assert "20% in 1 new categories" in row["reason"]
    # Categories are counted, not named.
    assert "深圳" not in json.dumps(report.to_dict(), ensure_ascii=False)


def test_blocks_of_any_size_are_counted_alike(flat):
    """By hand, the index of the whole: bins of the manifest, half a row in each."""
    stored = read_manifest(flat / "m.crmml")["reference"]
    X = pd.read_parquet(flat / "today.parquet").assign(年龄=lambda X: X["年龄"] + 3)
    p = np.linspace(0.01, 0.99, len(X))
    tables = []
    for size in (len(X), 700, 1):
        today = Today(stored, 1)
        for start in range(0, 1400 if size == 1 else len(X), size):
            if size == 1 and start > 50:
                break
            today.add(X[start : start + size], p[start : start + size])
        tables.append(today.compare(None, frozenset()))
    pd.testing.assert_frame_equal(tables[0], tables[1])
    edges, counts = np.array(stored[0]["edges"]), np.array(stored[0]["counts"])
    now = np.bincount(np.searchsorted(edges, X["年龄"], "right"), minlength=10)
    then, now = ((c + 0.5) / (c.sum() + 5) for c in (counts, now))
    by_hand = ((now - then) * np.log(now / then)).sum()
    assert tables[0]["psi"][0] == pytest.approx(by_hand, rel=1e-12)
    assert np.isfinite(tables[2]["psi"]).all()


@pytest.mark.parametrize(("n", "m"), [(400, 300), (4000, 1000), (2000, 40)])
def test_chance_alone_raises_an_alarm_in_few_reports(n, m):
    rng = np.random.default_rng(n + m)
    alarms = 0
    for _ in range(60):
        then, now = make_features(rng, n), make_features(rng, m)
        stored = count_columns(then, rng.beta(2, 5, n))
        today = Today(stored, 1)
        today.add(now, rng.beta(2, 5, m))
        found = today.compare(None, frozenset())
        alarms += found["status"].isin(["moderate", "large"]).any()
    # One in a hundred is promised; four of 60 have a probability of 0.3 percent.
    assert alarms <= 3


def test_customers_of_several_snapshots_are_one_witness_each():
    rng = np.random.default_rng(3)
    X = make_features(rng, 500)
    stored = count_columns(
        pd.concat([X] * 3, ignore_index=True), np.tile(rng.random(500), 3)
    )
    found = []
    for n_snapshots in (1, 3):
        today = Today(stored, n_snapshots)
        today.add(make_features(rng, 200), rng.random(200))
        found.append(today.compare(None, frozenset())["psi_by_chance"])
    assert found[1][0] / found[0][0] == pytest.approx(
        (1 / 500 + 1 / 200) / (1 / 1500 + 1 / 200)
    )


def test_a_tiny_batch_tells_nothing_and_says_how_many_would(flat, tmp_path):
    few = pd.read_parquet(flat / "today.parquet")[:10]
    few.to_parquet(tmp_path / "t.parquet")
    report = monitor_features(flat / "m.crmml", str(tmp_path / "t.parquet"))
    # Ten where four thousand were expected is itself large.
    assert report.exit_code == 11
    assert "10 customers, 4,000 in training" in report.verdict
    assert "about " in report.verdict
    assert not len(moved(report))
    stored = read_manifest(flat / "m.crmml")["reference"]
    today = Today(stored, 1)
    today.add(few, np.full(10, 0.2))
    table = today.compare(None, frozenset())
    assert (table["status"] == "too few rows").all()
    needed = table["n_needed"].max()
    assert 50 < needed < 300


def test_files_of_features_are_checked(flat, tmp_path):
    today = pd.read_parquet(flat / "today.parquet")
    path = tmp_path / "t.parquet"
    today.drop(columns=["城市", "orders"]).to_parquet(path)
    with pytest.raises(SchemaError, match=r"lack 2 of 6 features.*orders.*城市"):
        monitor_features(flat / "m.crmml", str(path))
    today.assign(orders=np.inf).to_parquet(path)
    with pytest.raises(SchemaError, match="infinite"):
        monitor_features(flat / "m.crmml", str(path))
    today.iloc[:0].to_parquet(path)
    assert monitor_features(flat / "m.crmml", str(path)).exit_code == 11
    with pytest.raises(ModelFileError, match="nothing to compare with"):
        monitor_features(flat / "bare.crmml", str(path))
    with pytest.raises(ModelFileError, match="use monitor_features"):
        monitor(flat / "m.crmml", SHOP.to_tables(), "2024-06-01")


def test_a_feature_that_turned_to_text_is_refused_by_the_model(flat, tmp_path):
    with pytest.raises(SchemaError, match="orders"):
        watch(flat, tmp_path, orders=lambda X: X["orders"].astype(str))


def test_a_column_that_changed_its_kind_is_said():
    X = pd.DataFrame({"x": np.arange(500.0), "none": np.full(500, np.nan)})
    today = Today(count_columns(X, np.full(500, 0.5)), 1)
    today.add(X.astype(object).assign(x="a", none="b"), np.full(500, 0.5))
    found = today.compare(None, frozenset()).set_index("feature")
    assert "was number, is category" in found.loc["x", "reason"]
    assert found["status"].tolist() == ["large", "large", "stable"]
    assert "missing 100% -> 0%" in found.loc["none", "reason"]


def test_pipelines_are_watched_by_features_too(folder, shop, tmp_path):
    churn = load(folder / "m.crmml")
    spine = churn.predict(shop, CUTOFFS[1], n_reasons=0)[["customer_id"]]
    X = churn.features_.transform(shop, spine=spine.assign(cutoff=CUTOFFS[1]))
    X.reset_index(drop=True).to_parquet(tmp_path / "t.parquet")
    by_features = monitor_features(folder / "m.crmml", str(tmp_path / "t.parquet"))
    by_tables = monitor(folder / "m.crmml", shop, CUTOFFS[1])
    pd.testing.assert_frame_equal(by_features.features, by_tables.features)


def test_monitors_keep_no_rows():
    """Names of new categories are kept up to a thousand; nothing else grows."""
    rng = np.random.default_rng(0)
    stored = count_columns(make_features(rng, 500), rng.random(500))
    today = Today(stored, 1)
    for _ in range(20):
        X = make_features(rng, 2000)
        ids = [f"id{i}" for i in rng.integers(0, 10**9, 2000)]
        today.add(X.assign(rare=ids), rng.random(2000))
    table = today.compare(None, frozenset()).set_index("feature")
    assert table.loc["rare", "n_new"] == 1000
    assert table.loc["rare", "new_share"] == 1


def test_reports_are_not_shared(folder, shop):
    report = monitor(folder / "m.crmml", shop, CUTOFFS[0])
    assert "features" not in repr(report)
    assert replace(report, exit_code=12).status == "cannot tell"


def test_features_scored_elsewhere_can_be_scored_and_watched(flat, tmp_path):
    today = pd.read_parquet(flat / "today.parquet").assign(id=range(3000))
    today.to_parquet(tmp_path / "t.parquet")
    path = str(tmp_path / "t.parquet")
    score_features(flat / "m.crmml", path, tmp_path / "s.parquet", customer_id="id")
    found = monitor_features(flat / "m.crmml", path, out=tmp_path / "v.json")
    assert json.loads((tmp_path / "v.json").read_text("utf-8"))["exit_code"] == 0
    assert found.origin["cutoff"] is None
