"""Bad requests get place, rule and way out, and nothing of the request back."""

import asyncio
import json

import pytest
from fastapi.testclient import TestClient

from crmml.scoring.service import _body, make_app

from .conftest import answer

CUTOFF = "2024-09-01"
CANARY = "canary-7301"
JSON = {"Content-Type": "application/json"}


def problems(found):
    assert found.status_code == 422, found.text
    assert CANARY not in found.text
    return [(tuple(one["loc"]), one["type"]) for one in found.json()["detail"]]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"n_orders": CANARY}, "number_type"),
        ({"n_orders": True}, "number_type"),
        ({"n_orders": [1.0]}, "number_type"),
        ({"n_orders": 10**400}, "number_type"),
        ({"n_orders": 1.7e308}, "number_type"),
        ({"消费额": {"a": 1}}, "number_type"),
        ({"plan": 3}, "text_type"),
        ({"plan": CANARY + "\ud800"}, "text_type"),
        ({"has_app": 1}, "boolean_type"),
        ({"has_app": "true"}, "boolean_type"),
    ],
)
def test_a_value_of_another_kind_is_refused_by_feature(client, records, change, kind):
    body = json.dumps({"record": records[0] | change})
    (name,) = change
    found = client.post("/score", content=body, headers=JSON)
    assert problems(found) == [(("body", "record", name), kind)]
    batch = json.dumps({"records": [records[1], records[0] | change]})
    found = client.post("/score/batch", content=batch, headers=JSON)
    assert problems(found) == [(("body", "records", 1, name), kind)]


def test_all_missing_features_are_named(client):
    found = client.post("/score", json={"record": {"n_orders": None}})
    names = ["消费额", "plan", "has_app", "empty"]
    assert problems(found) == [(("body", "record", name), "missing") for name in names]


def test_what_was_empty_in_training_may_be_anything(client, records):
    record = records[0] | {"empty": "something"}
    assert client.post("/score", json={"record": record}).status_code == 200


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "json_invalid"),
        (b"{", "json_invalid"),
        (b"\xff\xfe", "json_invalid"),
        (b"[" * 100_000, "json_invalid"),
        (b'{"a":' * 100_000, "json_invalid"),
        (b'{"record": {"n_orders": NaN}}', "json_invalid"),
        (b'{"record": {"n_orders": -Infinity}}', "json_invalid"),
        (b'{"record": {"n_orders": %s}}' % (b"9" * 5_000), "json_invalid"),
        (b'{"record": {"n_orders": 1, "n_orders": 2}}', "key_repeated"),
        (b"[]", "keys"),
        (b"null", "keys"),
        (b'"record"', "keys"),
        (b"{}", "keys"),
        (b'{"record": {}, "canary-7301": 1}', "keys"),
        (b'{"records": []}', "keys"),
        (b'{"record": []}', "object_type"),
        (b'{"record": null}', "object_type"),
        (b'{"tables": {}, "cutoff": "2024-01-01"}', "no_tables"),
    ],
)
def test_a_body_of_another_form_is_refused(client, body, kind):
    found = client.post("/score", content=body, headers=JSON)
    assert {one for _, one in problems(found)} == {kind}
    assert len(found.text) < 1_000


def test_a_number_beyond_floats_is_refused(client, records):
    body = json.dumps({"record": records[0] | {"n_orders": 0}})
    body = body.replace('"n_orders": 0', '"n_orders": 1e400')
    found = client.post("/score", content=body, headers=JSON)
    assert problems(found) == [(("body", "record", "n_orders"), "number_type")]


def test_huge_numbers_and_odd_texts_get_a_probability(client, records):
    for value in (1e300, -1e300, 5e-324, 2**64):
        for text in ("", "\x00", "x" * 10_000, "基\u202e础"):
            record = records[0] | {"n_orders": value, "plan": text}
            found = client.post("/score", json={"record": record})
            assert found.status_code == 200
            assert 0 <= found.json()["churn_probability"] <= 1


def test_no_more_than_twenty_problems_are_told(client):
    found = client.post("/score/batch", json={"records": [{}] * 100})
    assert len(problems(found)) == 20


def test_a_batch_has_a_limit_of_records(flat_file, records):
    client = TestClient(make_app(flat_file, max_records=2))
    assert client.post("/score/batch", json={"records": records[:2]}).status_code == 200
    found = client.post("/score/batch", json={"records": records[:3]})
    assert problems(found) == [(("body", "records"), "records")]
    assert "at most 2" in found.text


def test_a_body_has_a_limit_that_is_counted_while_reading(flat_file, records):
    client = TestClient(make_app(flat_file, max_bytes=1_000))
    body = json.dumps({"record": records[0]}).encode()
    room = b" " * (1_000 - len(body))
    assert client.post("/score", content=body + room, headers=JSON).status_code == 200
    found = client.post("/score", content=body + room + b" ", headers=JSON)
    assert found.status_code == 413
    assert "1000 bytes" in found.text
    # What a client says of the length is not believed.
    lie = JSON | {"Content-Length": "10"}
    found = client.post("/score", content=iter([body, b" " * 1_000]), headers=lie)
    assert found.status_code == 413


def test_a_body_is_not_read_beyond_its_limit(flat_file):
    app = make_app(flat_file, max_bytes=1_000)
    n_read = 0

    async def receive():
        nonlocal n_read
        n_read += 1
        return {"type": "http.request", "body": b" " * 400, "more_body": True}

    assert asyncio.run(answer(app, receive)) == 413
    assert n_read == 3


def test_a_body_that_does_not_come_is_not_waited_for(flat_file, monkeypatch):
    monkeypatch.setattr(_body, "SECONDS", 0.05)
    app = make_app(flat_file)

    async def receive():
        await asyncio.sleep(60)

    assert asyncio.run(answer(app, receive)) == 408


def test_a_client_that_goes_leaves_no_error(flat_file, caplog):
    app = make_app(flat_file)

    async def receive():
        return {"type": "http.disconnect"}

    with caplog.at_level("INFO", "crmml.scoring.service"):
        assert asyncio.run(answer(app, receive)) is None
    (line,) = [json.loads(record.message) for record in caplog.records]
    assert line["status"] == 499
    assert "fault" not in line


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        JSON | {"Content-Encoding": "gzip"},
    ],
)
def test_only_plain_json_is_read(client, records, headers):
    """Which also keeps pages of other sites from sending forms here."""
    body = json.dumps({"record": records[0]}).encode()
    found = client.post("/score", content=body, headers=headers)
    assert found.status_code == 415


def test_paths_and_methods_that_there_are_not(client):
    assert client.get(f"/score/{CANARY}").status_code == 404
    assert client.get("/score").status_code == 405
    assert client.post("/score/", json={}).status_code == 404
    assert client.get("/docs").status_code == 404
    assert client.get("/redoc").status_code == 404


@pytest.mark.parametrize(
    ("change", "loc", "kind"),
    [
        ({"cutoff": CANARY}, ("cutoff",), "instant"),
        ({"cutoff": None}, ("cutoff",), "instant"),
        ({"cutoff": "2024-02-30"}, ("cutoff",), "instant"),
        ({"cutoff": "9999-12-31"}, ("cutoff",), "instant"),
        ({"cutoff": "2024-09-01T00:00:00Z"}, ("cutoff",), "instant"),
        ({"cutoff": "2024-09-01\n"}, ("cutoff",), "instant"),
        ({"tables": []}, ("tables",), "tables"),
        ({"tables": {CANARY: []}}, ("tables",), "tables"),
        ({"tables": {}}, ("tables", "transactions"), "list_type"),
    ],
)
def test_events_of_another_form_are_refused(
    churn_client, events, shop, change, loc, kind
):
    tables = events(shop.transactions["customer_id"].iloc[0])
    body = {"tables": tables, "cutoff": CUTOFF} | change
    found = problems(churn_client.post("/score", json=body))
    assert (("body", *loc), kind) in found


@pytest.mark.parametrize(
    ("row", "kinds"),
    [
        (CANARY, {"roles"}),
        ({}, {"instant", "number", "integer"}),
        ({"customer_id": CANARY}, {"roles"}),
        ({"timestamp": CANARY}, {"instant"}),
        ({"timestamp": None}, {"instant"}),
        ({"timestamp": 5}, {"instant"}),
        ({"amount": CANARY}, {"number"}),
        ({"amount": None}, {"number"}),
        ({"order_id": CANARY}, {"integer"}),
        ({"order_id": 2**63}, {"integer"}),
        ({"order_id": True}, {"integer"}),
    ],
)
def test_rows_of_another_form_are_refused_by_place(
    churn_client, events, shop, row, kinds
):
    """Other roles, or keys of another type, would make other features, silently."""
    tables = events(shop.transactions["customer_id"].iloc[0])
    if row != {} and isinstance(row, dict):
        row = tables["transactions"][1] | row
    tables["transactions"][1] = row
    found = problems(churn_client.post("/score", json=body_of(tables)))
    assert {kind for _, kind in found} == kinds
    assert all(loc[:4] == ("body", "tables", "transactions", 1) for loc, _ in found)


def body_of(tables):
    return {"tables": tables, "cutoff": CUTOFF}


@pytest.mark.parametrize(
    ("table", "change", "kind"),
    [
        ("transactions", {"amount": 1e300}, "tables"),
        ("customers", {"joined_at": "2024-01-01", "twice": True}, "tables"),
        ("transactions", {"timestamp": "2099-01-01"}, "no_history"),
    ],
)
def test_what_only_the_tables_can_tell_is_told(
    churn_client, events, shop, table, change, kind
):
    tables = events(shop.transactions["customer_id"].iloc[0])
    tables["complaints"] = []
    if change.pop("twice", False):
        tables[table] *= 2
    else:
        tables[table] = [row | change for row in tables[table]]
    found = churn_client.post("/score", json=body_of(tables))
    assert problems(found) == [(("body", "tables"), kind)]
    assert "2099" not in found.text


def test_events_have_a_limit_of_rows(churn_file, events, shop):
    client = TestClient(make_app(churn_file, max_records=1))
    tables = events(shop.transactions["customer_id"].iloc[0])
    tables["transactions"] = tables["transactions"][:1] * 11
    found = client.post("/score", json=body_of(tables))
    assert (("body", "tables"), "too_long") in problems(found)
