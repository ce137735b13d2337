"""One customer at a time: the scores and reasons of the batch."""

import json
import pickle
import re
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from crmml.datasets import make_customers
from crmml.exceptions import ModelFileError, NotEnoughHistoryError, SchemaError
from crmml.features import (
    RFM,
    Activity,
    ComplaintRate,
    CustomerAttributes,
    FeatureSet,
    ProductMix,
    Tenure,
)
from crmml.labels import Inactivity
from crmml.models import (
    BoostedChurnClassifier,
    LogisticChurnClassifier,
    LogitLeafChurnClassifier,
    NeuralChurnClassifier,
    TreeChurnClassifier,
)
from crmml.pipeline import ChurnPipeline
from crmml.scoring import Scorer, save
from crmml.segmentation import RFMSegmenter
from crmml.tables import Customers, CustomerTables, Transactions

RNG = np.random.default_rng(8)
N = 500
X = pd.DataFrame(
    {
        "n_orders": RNG.integers(0, 9, N),
        "spend": RNG.gamma(2, 30, N),
        "plan": RNG.choice(["基础", "pro", None], N, p=[0.5, 0.4, 0.1]),
        "has_app": RNG.random(N) > 0.5,
        "empty": np.nan,
    }
)
X.loc[::9, "spend"] = np.nan
Y = (X["n_orders"] + RNG.normal(0, 3, N) < 4).astype(int)
CUTOFF = "2024-09-01"
MODELS = {
    "logistic": LogisticChurnClassifier(),
    "tree": TreeChurnClassifier(),
    "net": NeuralChurnClassifier(n_nets=1, n_steps=50),
    "boosted": BoostedChurnClassifier(n_estimators=30, n_jobs=1),
    "leaf": LogitLeafChurnClassifier(),
}


@pytest.fixture(scope="module", params=list(MODELS))
def model(request):
    return MODELS[request.param].fit(X, Y)


@pytest.fixture(scope="module")
def shop():
    return make_customers(500, random_state=6)


@pytest.fixture(scope="module")
def churn(shop):
    return ChurnPipeline(
        features=FeatureSet([RFM(), Tenure(), Activity(), ComplaintRate()]),
        label=Inactivity("60D"),
        classifier=BoostedChurnClassifier(n_estimators=30, n_jobs=1),
    ).fit(shop.to_tables(), ["2024-03-01", "2024-06-01"])


def list_records():
    """The customers as a service gets them: through JSON."""
    return json.loads(X.head(60).to_json(orient="records", double_precision=15))


def test_scores_and_reasons_are_those_of_the_batch(model):
    scorer = Scorer(model, n_reasons=2, language="zh")
    records = list_records()
    batch = pd.DataFrame(records).astype({"n_orders": float, "empty": float})
    expected = model.predict_proba(batch)[:, 1]
    reasons = model.explain(batch, n_reasons=2, language="zh")
    for row, record in enumerate(records):
        found = scorer.score_one(record)
        assert found["churn_probability"] == expected[row]
        texts = reasons.loc[reasons["row"] == row, "reason"].dropna().tolist()
        assert found["reasons"] == texts
        assert found["decile"] is None


def test_many_at_once_get_what_each_gets_alone(model):
    scorer = Scorer(model, n_reasons=5)
    records = list_records()
    # Kinds that differ from row to row in a column, as JSON may have them.
    records[3] |= {"has_app": 1, "n_orders": True, "plan": "从未见过", "empty": "x"}
    many = scorer.score_many(records)
    assert many == [scorer.score_one(record) for record in records]
    assert scorer.score_many([]) == []


def test_what_is_wrong_in_many_is_counted():
    scorer = Scorer(MODELS["logistic"].fit(X, Y))
    records = list_records()[:4]
    with pytest.raises(SchemaError, match=r"'plan' \(learned as text\) in 1 of 4"):
        scorer.score_many([*records[:3], {**records[3], "plan": 1}])
    with pytest.raises(SchemaError, match=r"5 of 5 features.*'plan' in 2 of 4"):
        scorer.score_many([*records[:2], {}, {}])
    with pytest.raises(SchemaError, match=r"must be a dictionary.*got list"):
        scorer.score_many([records[0], [1, 2]])


def test_threads_share_a_scorer(model):
    scorer = Scorer(model, n_reasons=1)
    records = list_records() * 4
    records[7] = {"nothing": 1}

    def ask(record):
        try:
            return scorer.score_one(record)
        except SchemaError as error:
            return str(error)

    alone = [ask(record) for record in records]
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(ask, records)) == alone


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_orders": "3"}, r"'n_orders' \(learned as number\)"),
        ({"plan": 3}, r"'plan' \(learned as text\)"),
        ({"spend": float("inf")}, "not finite"),
        ({"spend": [1.0]}, "'spend'"),
        ({"spend": 10**400}, "'spend'"),
    ],
)
def test_values_of_another_kind_are_refused_by_name(change, message):
    scorer = Scorer(MODELS["logistic"].fit(X, Y))
    record = {**list_records()[0], **change}
    with pytest.raises(SchemaError, match=message):
        scorer.score_one(record)


def test_all_features_that_are_not_there_are_named():
    scorer = Scorer(MODELS["logistic"].fit(X, Y))
    with pytest.raises(
        SchemaError, match=r"3 of 5 features.*'plan', 'has_app', 'empty'"
    ):
        scorer.score_one({"n_orders": 1, "spend": 2.0})


def test_features_of_a_pipeline_give_its_scores_and_deciles(churn, shop, tmp_path):
    tables = shop.to_tables()
    save(churn, tmp_path / "churn.crmml", tables=tables)
    scorer = Scorer(tmp_path / "churn.crmml", n_reasons=3)
    expected = churn.predict(tables, CUTOFF).set_index("customer_id")
    features = churn.features_.transform(tables, CUTOFF).loc[expected.index]
    found = [scorer.score_one(row) for row in features.to_dict("records")]
    probability = [one["churn_probability"] for one in found]
    np.testing.assert_array_equal(probability, expected["churn_probability"])
    assert [one["reasons"][0] for one in found] == expected["reason_1"].tolist()
    # Ranked among the customers of the training, who are about as many in each tenth.
    deciles = pd.Series([one["decile"] for one in found])
    assert set(deciles) <= set(range(1, 11))
    order = np.argsort(probability)
    assert deciles.iloc[order].is_monotonic_decreasing


def own_rows(tables, customer):
    """The rows of a customer as a service gets them: through JSON, without the id."""
    return {
        name: json.loads(
            table[table["customer_id"] == customer]
            .drop(columns="customer_id")
            .to_json(orient="records", date_format="iso", double_precision=15)
        )
        for name, table in tables.items()
    }


@pytest.fixture(scope="module")
def raw(shop):
    """All tables as they came."""
    return {
        "transactions": shop.transactions,
        "customers": shop.customers,
        "complaints": shop.complaints,
    }


@pytest.mark.parametrize("place", range(0, 200, 40))
def test_raw_events_give_the_score_of_the_tables(churn, shop, raw, place):
    tables = shop.to_tables()
    expected = churn.predict(tables, CUTOFF).iloc[place]
    own = own_rows(raw, expected["customer_id"])
    scorer = Scorer(churn, n_reasons=3)
    found = scorer.score_events(own, CUTOFF)
    assert found["churn_probability"] == expected["churn_probability"]
    assert found["reasons"][0] == expected["reason_1"]


@pytest.mark.parametrize("product", [3, 2**53 + 1, "007"])
def test_some_keys_of_events_may_be_missing(product):
    """Beside None, integers stay integers; text stays text."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(
        {
            "customer_id": np.arange(400) % 80,
            "timestamp": pd.Timestamp("2024-01-01")
            + pd.to_timedelta(rng.integers(0, 90, 400), unit="D"),
            "amount": rng.gamma(2, 9, 400),
            "product_id": pd.Series([product, None] * 200, dtype=object).sample(
                frac=1, random_state=0, ignore_index=True
            ),
        }
    )
    tables = CustomerTables(transactions=Transactions(rows, **{n: n for n in rows}))
    churn = ChurnPipeline(
        features=FeatureSet([RFM(), ProductMix()]),
        label=Inactivity("20D"),
        classifier=LogisticChurnClassifier(),
    ).fit(tables, "2024-03-01")
    expected = churn.predict(tables, "2024-03-01").iloc[0]
    own = rows[rows["customer_id"] == expected["customer_id"]]
    assert own["product_id"].isna().any()
    assert own["product_id"].notna().any()
    events = own.drop(columns="customer_id").to_dict("records")
    found = Scorer(churn).score_events({"transactions": events}, "2024-03-01")
    assert found["churn_probability"] == expected["churn_probability"]


@pytest.mark.parametrize("method", ["sigmoid", "isotonic", "temperature"])
def test_a_calibrated_pipeline_gives_calibrated_scores(shop, method):
    tables = shop.to_tables()
    churn = ChurnPipeline(
        features=RFM(),
        label=Inactivity("60D"),
        classifier=LogisticChurnClassifier(),
        calibration=method,
    ).fit(tables, ["2024-01-01", "2024-03-01", "2024-06-01"])
    expected = churn.predict(tables, CUTOFF, n_reasons=0).set_index("customer_id")
    features = churn.features_.transform(tables, CUTOFF).loc[expected.index]
    found = Scorer(churn).score_many(features.to_dict("records"))
    np.testing.assert_allclose(
        [one["churn_probability"] for one in found],
        expected["churn_probability"],
        rtol=1e-12,  # scikit-learn's sums differ with their length
    )


def test_durations_and_what_is_missing_are_read_as_in_a_frame():
    rng = np.random.default_rng(2)
    days = pd.Series(pd.to_timedelta(rng.integers(0, 10**13, 300), unit="us"))
    frame = pd.DataFrame({"等待": days.mask(rng.random(300) < 0.2), "n": 1.0})
    fitted = LogisticChurnClassifier().fit(frame, rng.random(300) < 0.4)
    expected = fitted.predict_proba(frame)[:, 1]
    found = Scorer(fitted).score_many(frame.to_dict("records"))
    assert [one["churn_probability"] for one in found] == expected.tolist()
    alone = Scorer(fitted, n_reasons=2)
    for missing in (None, np.nan, np.float32("nan"), pd.NA, pd.NaT, Decimal("nan")):
        assert alone.score_one({"等待": missing, "n": 1}) == alone.score_one(
            {"等待": None, "n": np.int8(1)}
        )


def test_scoring_leaves_no_trace_in_a_model(model, tmp_path):
    fresh = pickle.loads(pickle.dumps(model))
    save(fresh, tmp_path / "before.crmml")
    Scorer(fresh, n_reasons=3).score_many(list_records())
    save(fresh, tmp_path / "after.crmml")
    before, after = (tmp_path / f"{name}.crmml" for name in ("before", "after"))
    assert before.read_bytes() == after.read_bytes()
    assert pickle.dumps(fresh) == pickle.dumps(pickle.loads(pickle.dumps(fresh)))


def test_what_is_no_churn_model_is_refused(churn):
    with pytest.raises(ModelFileError, match="Scorer takes"):
        Scorer(RFMSegmenter())
    with pytest.raises(ModelFileError, match="fitted"):
        Scorer(LogisticChurnClassifier())
    with pytest.raises(SchemaError, match="score_events needs a ChurnPipeline"):
        Scorer(churn.classifier_).score_events({}, CUTOFF)
    with pytest.raises(SchemaError, match="no table 'orders'"):
        Scorer(churn).score_events({"orders": [{}]}, CUTOFF)


def test_a_scorer_names_its_model_and_no_column(model):
    shown = repr(Scorer(model, n_reasons=2))
    assert shown.startswith("Scorer(")
    assert "n_reasons=2, language='en')" in shown
    assert len(shown) < 200


def test_threads_share_a_scorer_of_raw_events(churn, shop, raw):
    ids = churn.predict(shop.to_tables(), CUTOFF)["customer_id"].head(12)
    own = [own_rows(raw, one) for one in ids]
    scorer = Scorer(churn)
    alone = [scorer.score_events(one, CUTOFF) for one in own]
    assert len({one["churn_probability"] for one in alone}) > 6
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda one: scorer.score_events(one, CUTOFF), own * 4))
    assert found == alone * 4


def test_raw_events_take_the_attributes_of_a_customer(shop):
    rng = np.random.default_rng(3)
    n = len(shop.customers)
    customers = shop.customers.assign(
        城市=rng.choice(["北京", "上海", None], n, p=[0.5, 0.4, 0.1]),
        age=np.where(rng.random(n) < 0.1, np.nan, rng.integers(18, 80, n)),
        has_app=rng.random(n) < 0.5,
    )
    tables = CustomerTables(
        transactions=Transactions(
            shop.transactions,
            customer_id="customer_id",
            timestamp="timestamp",
            amount="amount",
        ),
        customers=Customers(
            customers, customer_id="customer_id", joined_at="joined_at"
        ),
    )
    fitted = ChurnPipeline(
        features=FeatureSet([RFM(), CustomerAttributes(["城市", "age", "has_app"])]),
        label=Inactivity("60D"),
        classifier=LogisticChurnClassifier(),
    ).fit(tables, ["2024-03-01", "2024-06-01"])
    expected = fitted.predict(tables, CUTOFF, n_reasons=0).head(25)
    scorer = Scorer(fitted)
    transactions = shop.transactions[["customer_id", "timestamp", "amount"]]
    attributes = customers.drop(columns="left_at", errors="ignore")
    named = {"transactions": transactions, "customers": attributes}
    for row in expected.itertuples():
        own = own_rows(named, row.customer_id)
        found = scorer.score_events(own, CUTOFF)
        assert found["churn_probability"] == row.churn_probability
    del own["customers"][0]["城市"]
    with pytest.raises(SchemaError, match=r"customers: no such column .*城市"):
        scorer.score_events(own, CUTOFF)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"transactions": [{"amount": 3}]}, r"none of the 1 rows has \['timestamp'\]"),
        ({"transactions": [3]}, "must be a list of dictionaries"),
        ({"transactions": None}, "must be a list of dictionaries"),
        ({"transactions": {"amount": 3}}, "must be a list of dictionaries"),
        ({"transactions": [{"prix": 3}]}, r"no roles \['prix'\]"),
    ],
)
def test_rows_that_cannot_be_read_are_refused(churn, raw, change, message):
    with pytest.raises(SchemaError, match=message):
        Scorer(churn).score_events({**own_rows(raw, 0), **change}, CUTOFF)


@pytest.mark.parametrize(
    ("cutoff", "message"),
    [
        (5, "cutoff must be a date"),
        ([CUTOFF], "cutoff must be a date"),
        (None, "cutoff must be a date"),
    ],
)
def test_cutoffs_that_are_none_are_refused_by_name(churn, shop, raw, cutoff, message):
    own = own_rows(raw, shop.customers["customer_id"].iloc[0])
    with pytest.raises(SchemaError, match=message):
        Scorer(churn).score_events(own, cutoff)


def test_a_cutoff_may_be_of_any_year(churn, shop, raw):
    own = own_rows(raw, shop.transactions["customer_id"].iloc[0])
    assert 0 < Scorer(churn).score_events(own, "9999-01-01")["churn_probability"] < 1
    with pytest.raises(NotEnoughHistoryError, match="cutoff 1600-01-01 has none"):
        Scorer(churn).score_events(own, "1600-01-01")


def test_too_early_a_cutoff_tells_nothing_of_the_customer(churn, shop, raw):
    own = own_rows(raw, shop.transactions["customer_id"].iloc[0])
    with pytest.raises(NotEnoughHistoryError) as error:
        Scorer(churn).score_events(own, "2001-05-06")
    assert re.findall("[0-9]{4}", str(error.value)) == ["2001"]


def test_tables_must_be_named(churn):
    with pytest.raises(SchemaError, match="tables must be a dictionary"):
        Scorer(churn).score_events([], CUTOFF)
