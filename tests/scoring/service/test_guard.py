"""Who may ask, and what is let out: a token, headers, logs, counts."""

import base64
import hashlib
import json
import logging
import re

import pytest
from fastapi.testclient import TestClient

from crmml.exceptions import SchemaError
from crmml.models import LogisticChurnClassifier
from crmml.scoring import Scorer, save
from crmml.scoring.service import make_app

from .conftest import TOKEN

CANARY = "canary-7301"
GUARDED = [
    ("POST", "/score"),
    ("POST", "/score/batch"),
    ("GET", "/model-card"),
    ("GET", "/metrics"),
    ("GET", "/openapi.json"),
]


@pytest.mark.parametrize(("method", "path"), GUARDED)
@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Basic {TOKEN}",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN.upper()}",
        "Bearer ÿ".encode("latin-1"),
    ],
)
def test_without_the_token_nothing_is_told(guarded, method, path, header):
    headers = {} if header is None else {"Authorization": header}
    found = guarded.request(method, path, headers=headers)
    assert found.status_code == 401
    assert found.headers["WWW-Authenticate"] == "Bearer"
    assert TOKEN not in found.text


def test_with_the_token_all_is_as_without_one(guarded, records):
    headers = {"Authorization": f"bearer {TOKEN}"}
    body = {"record": records[0]}
    assert guarded.post("/score", json=body, headers=headers).status_code == 200
    assert guarded.get("/model-card", headers=headers).status_code == 200


def test_two_tokens_are_none(guarded):
    headers = [("Authorization", f"Bearer {TOKEN}"), ("Authorization", "Bearer x")]
    assert guarded.get("/metrics", headers=headers).status_code == 401


def test_whether_the_service_lives_may_be_asked_by_everyone(guarded):
    found = guarded.get("/health")
    assert (found.status_code, found.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("token", ["", "short", "blanks in it, it is none", "é" * 20])
def test_a_poor_token_is_refused(flat_file, token):
    with pytest.raises(SchemaError, match="token must"):
        make_app(flat_file, token=token)


def test_the_card_may_load_nothing_and_run_only_its_own(client):
    found = client.get("/model-card")
    assert found.headers["content-type"] == "text/html; charset=utf-8"
    policy = found.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    # Its own style and script, and no others, may act: they are named by their hashes.
    for tag in ("style", "script"):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", found.text, re.DOTALL)
        digest = hashlib.sha256(text.encode()).digest()
        assert f"sha256-{base64.b64encode(digest).decode()}'" in policy
    assert "http" not in found.text.replace("http-equiv", "")


def test_names_of_columns_are_no_markup(customers, tmp_path):
    X = customers[["n_orders"]].set_axis(["<script>alert(1)</script>"], axis=1)
    save(LogisticChurnClassifier().fit(X, X.iloc[:, 0] > 3), tmp_path / "odd.crmml")
    page = TestClient(make_app(tmp_path / "odd.crmml")).get("/model-card").text
    assert page.count("<script") == 1
    assert "&lt;script&gt;alert(1)" in page


def test_the_card_speaks_chinese_when_asked(client):
    assert 'lang="zh' in client.get("/model-card?language=zh").text
    assert 'lang="en' in client.get("/model-card").text
    found = client.get(f"/model-card?language={CANARY}")
    assert found.status_code == 422
    assert "'en' or 'zh'" in found.text
    assert CANARY not in found.text


def test_every_answer_names_the_model_and_is_not_kept(client, flat_file):
    sha256 = Scorer(flat_file).manifest["sha256"]
    for path in ("/health", "/nothing", "/score", "/model-card"):
        headers = client.get(path).headers
        assert headers["x-model-sha256"] == sha256
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"


def test_a_request_is_one_line_of_json_without_the_customer(
    client, records, caplog, flat_file
):
    bodies = [
        json.dumps({"record": records[0] | {"plan": CANARY}}),
        json.dumps({"record": records[0] | {CANARY: CANARY}}),
        json.dumps({"record": records[0] | {"n_orders": CANARY}}),
        json.dumps({CANARY: CANARY}),
        CANARY,
    ]
    headers = {"Content-Type": "application/json", "User-Agent": CANARY}
    with caplog.at_level("DEBUG"):
        for body in bodies:
            client.post(
                f"/score?customer={CANARY}", content=body.encode(), headers=headers
            )
        client.post("/score/batch", json={"records": records[:3]})
        client.request(CANARY.upper(), f"/score/{CANARY}", headers={CANARY: CANARY})
    own = [one for one in caplog.records if one.name == "crmml.scoring.service"]
    lines = [json.loads(one.message) for one in own]
    assert [line["status"] for line in lines] == [200, 200, 422, 422, 422, 200, 404]
    assert [line["n_records"] for line in lines] == [1, 1, 0, 0, 0, 3, 0]
    assert {line["path"] for line in lines} == {"/score", "/score/batch", "other"}
    assert lines[-1]["method"] == "other"
    assert all(line["ms"] > 0 for line in lines)
    assert {line["model"] for line in lines} == {Scorer(flat_file).manifest["sha256"]}
    told = set().union(*lines)
    assert told == {
        *("time", "event", "method", "path", "status", "ms", "n_records", "model")
    }
    assert CANARY not in "".join(one.message for one in own).lower()
    assert CANARY not in client.get("/metrics").text.lower()


def test_a_fault_ends_one_request_and_is_told_without_its_message(
    client, records, caplog, monkeypatch
):
    def fail(self, record):
        raise KeyError(CANARY)

    with monkeypatch.context() as patch, caplog.at_level(logging.INFO):
        patch.setattr(Scorer, "score_one", fail)
        found = client.post("/score", json={"record": records[0]})
    assert found.status_code == 500
    assert found.json() == {"detail": "The service failed."}
    (record,) = [one for one in caplog.records if one.name == "crmml.scoring.service"]
    assert record.levelname == "ERROR"
    assert json.loads(record.message)["fault"].startswith("KeyError at test_guard.py:")
    assert CANARY not in caplog.text
    assert client.post("/score", json={"record": records[0]}).status_code == 200


def test_nothing_is_logged_when_nobody_listens(client, caplog):
    with caplog.at_level("WARNING", "crmml.scoring.service"):
        client.get("/health")
    assert caplog.records == []


def read_metrics(client):
    lines = client.get("/metrics").text.splitlines()
    return {
        name: float(value)
        for name, _, value in (
            line.rpartition(" ") for line in lines if not line.startswith("#")
        )
    }


def test_metrics_count_requests_customers_and_seconds(flat_file, records):
    client = TestClient(make_app(flat_file))
    for record in records[:3]:
        client.post("/score", json={"record": record})
    client.post("/score", json={})
    client.post("/score/batch", json={"records": records[:10]})
    client.get("/secret/alice")
    found = read_metrics(client)
    assert found['crmml_requests_total{path="/score",status="200"}'] == 3
    assert found['crmml_requests_total{path="/score",status="422"}'] == 1
    assert found['crmml_requests_total{path="other",status="404"}'] == 1
    assert found["crmml_scored_customers_total"] == 13
    assert found['crmml_request_seconds_count{path="/score"}'] == 4
    assert found['crmml_request_seconds_bucket{path="/score",le="+Inf"}'] == 4
    assert 0 < found['crmml_request_seconds_sum{path="/score"}'] < 10
    names = [name for name in found if name.startswith("crmml_model_info")]
    assert len(names) == 1
    assert 'kind="BoostedChurnClassifier"' in names[0]


def test_bins_of_seconds_add_up(client, records):
    client.post("/score", json={"record": records[0]})
    found = read_metrics(client)
    bins = [
        count
        for name, count in found.items()
        if name.startswith('crmml_request_seconds_bucket{path="/score",')
    ]
    assert bins == sorted(bins)
    assert len(bins) == 13


def test_metrics_are_what_prometheus_reads(client):
    """Its text format: a help and a type before each family, then samples."""
    found = client.get("/metrics")
    assert found.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert found.text.endswith("\n")
    label = r'[a-z0-9_]+="(?:[^"\\\n]|\\["\\n])*"'
    sample = re.compile(rf"crmml_[a-z_]+(\{{{label}(,{label})*\}})? [0-9.]+")
    for line in found.text.splitlines():
        if not line.startswith("# "):
            assert sample.fullmatch(line), line
