"""What the service answers is what the library says."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient

from crmml.scoring import Scorer, read_scores, score
from crmml.scoring.service import make_app

CUTOFF = "2024-09-01"


def ask(client, body, path="/score"):
    found = client.post(path, json=body)
    assert found.status_code == 200, found.text
    return found.json()


def test_a_record_gets_probability_decile_and_reasons(client, flat, customers, records):
    expected = flat.predict_proba(customers.head(60))[:, 1]
    reasons = flat.explain(customers.head(60), n_reasons=2)
    for row, record in enumerate(records):
        found = ask(client, {"record": record})
        assert found["churn_probability"] == pytest.approx(expected[row], abs=1e-12)
        assert found["decile"] is None
        texts = reasons.loc[reasons["row"] == row, "reason"].dropna().tolist()
        assert found["reasons"] == texts


def test_a_batch_is_its_records_one_by_one(client, records):
    one_by_one = [ask(client, {"record": record}) for record in records]
    batch = ask(client, {"records": records}, "/score/batch")["scores"]
    for found, expected in zip(batch, one_by_one, strict=True):
        assert found == expected | {
            "churn_probability": pytest.approx(expected["churn_probability"], abs=1e-12)
        }


def test_an_empty_batch_has_no_scores(client):
    assert ask(client, {"records": []}, "/score/batch") == {"scores": []}


def test_scores_are_those_of_the_batch_command(
    churn_client, churn, churn_file, shop, tmp_path
):
    """Deciles too: both look a probability up among the customers of the training."""
    tables = shop.to_tables()
    score(churn_file, tables, CUTOFF, tmp_path / "scores.parquet", n_reasons=3)
    expected = read_scores(tmp_path / "scores.parquet").set_index("customer_id")
    features = churn.features_.transform(tables, CUTOFF).loc[expected.index]
    rows = json.loads(features.to_json(orient="records", double_precision=15))
    found = ask(churn_client, {"records": rows}, "/score/batch")["scores"]
    for got, (_, wanted) in zip(found, expected.iterrows(), strict=True):
        # JSON of pandas carries fifteen decimals, which are not always all.
        probability = pytest.approx(wanted["churn_probability"], abs=1e-12)
        assert got["churn_probability"] == probability
        assert got["reasons"][0] == wanted["reason_1"]


@pytest.mark.parametrize("place", [0, 40, 80])
def test_events_get_the_score_of_the_tables(churn_client, churn, shop, events, place):
    expected = churn.predict(shop.to_tables(), CUTOFF).iloc[place]
    tables = events(expected["customer_id"])
    found = ask(churn_client, {"tables": tables, "cutoff": CUTOFF})
    assert found["churn_probability"] == expected["churn_probability"]
    assert found["reasons"][0] == expected["reason_1"]
    assert 1 <= found["decile"] <= 10


def test_sixteen_threads_get_the_scores_of_the_batch(client, records):
    batch = ask(client, {"records": records}, "/score/batch")["scores"]

    def call(place):
        if place % 10 == 9:
            assert client.post("/score", json={"record": {}}).status_code == 422
            return None
        return ask(client, {"record": records[place % len(records)]})

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(call, range(320)))
    for place, one in enumerate(found):
        if one is not None:
            wanted = batch[place % len(records)]["churn_probability"]
            assert one["churn_probability"] == pytest.approx(wanted, abs=1e-12)
            assert one["reasons"] == batch[place % len(records)]["reasons"]


def test_further_keys_and_the_order_of_keys_do_not_matter(client, records):
    record = dict(reversed(records[0].items())) | {"note": ["anything", {}]}
    assert ask(client, {"record": record}) == ask(client, {"record": records[0]})


def test_reasons_come_in_the_language_of_the_service(flat_file, records):
    found = ask(
        TestClient(make_app(flat_file, n_reasons=1, language="zh")),
        {"record": records[0]},
    )
    expected = Scorer(flat_file, n_reasons=1, language="zh").score_one(records[0])
    assert found == expected
