"""What the service needs to start, what it keeps, and how it ends."""

import asyncio
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from crmml.cli import main
from crmml.exceptions import ModelFileError, SchemaError
from crmml.scoring import Scorer, load, save
from crmml.scoring.service import make_app
from crmml.segmentation import ParetoSegmenter

from .conftest import answer


def rewrite(path, to, change, member="manifest.json"):
    """Copy a model file with one member changed."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(to, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data) if name == member else data)
    return to


@pytest.mark.parametrize("member", ["model.json", "arrays.bin"])
def test_a_changed_model_does_not_start(flat_file, tmp_path, member):
    def flip(data):
        return data[:-1] + bytes([data[-1] ^ 1])

    path = rewrite(flat_file, tmp_path / "changed.crmml", flip, member)
    with pytest.raises(ModelFileError, match="is not what was saved"):
        make_app(path)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": None, "label": 3},
        {"tables": {"tables": 5}},
        {"tables": {"tables": {"nothing": {"columns": {}}}}},
        {"tables": {"tables": {"transactions": {"columns": {"amount": {}}}}}},
        {"features": 7},
        {"reference": [{"feature": "n_orders", "kind": "number", "edges": [[]]}]},
        {"training": None},
        {"kind": "\ud800"},
    ],
)
def test_a_manifest_that_says_other_things_does_not_start(churn_file, tmp_path, change):
    """Its own hash cannot stand in it, so whatever is read of it is checked."""

    def put(data):
        return json.dumps(json.loads(data) | change).encode()

    path = rewrite(churn_file, tmp_path / "changed.crmml", put)
    with pytest.raises(ModelFileError, match="manifest was changed"):
        make_app(path)


def test_only_the_file_that_was_asked_for_starts(flat_file):
    sha256 = Scorer(flat_file).manifest["sha256"]
    assert make_app(flat_file, sha256=sha256.upper())
    with pytest.raises(ModelFileError, match="another file, or was changed"):
        make_app(flat_file, sha256="0" * 64)
    for no_hash in ("é", "", 0):
        with pytest.raises(ModelFileError, match="another file, or was changed"):
            make_app(flat_file, sha256=no_hash)
        with pytest.raises(ModelFileError, match="the file that was meant"):
            load(flat_file, sha256=no_hash)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_reasons": -1}, "n_reasons"),
        ({"language": "fr"}, "language must be one of"),
        ({"max_bytes": 0}, "max_bytes"),
        ({"max_records": 0.5}, "max_records"),
    ],
)
def test_bad_arguments_are_refused(flat_file, arguments, message):
    with pytest.raises(SchemaError, match=message):
        make_app(flat_file, **arguments)


def test_other_models_and_objects_are_refused(flat, customers, tmp_path):
    with pytest.raises(SchemaError, match="must be the path of a file"):
        make_app(flat)
    segmenter = ParetoSegmenter().fit(
        customers[["n_orders"]].set_axis(["total_spend"], axis=1)
    )
    save(segmenter, tmp_path / "segments.crmml")
    with pytest.raises(ModelFileError, match="churn classifier"):
        make_app(tmp_path / "segments.crmml")


def test_a_pipeline_saved_without_its_tables_takes_records_only(churn, tmp_path):
    save(churn, tmp_path / "bare.crmml")
    client = TestClient(make_app(tmp_path / "bare.crmml"))
    record = dict.fromkeys(Scorer(churn).features, 1.0)
    assert client.post("/score", json={"record": record}).status_code == 200
    body = {"tables": {"transactions": []}, "cutoff": "2024-01-01"}
    found = client.post("/score", json=body)
    assert found.status_code == 422
    assert "save(model, path, tables=tables)" in found.text


def test_fastapi_is_loaded_by_the_service_alone():
    program = """
import sys, crmml.scoring, crmml.cli
crmml.cli.main
assert not {"fastapi", "uvicorn", "pydantic"} & set(sys.modules)
import crmml.scoring.service
assert "fastapi" in sys.modules
assert "uvicorn" not in sys.modules
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


def test_without_the_extra_one_line_says_how_to_get_it(flat_file):
    program = f"""
import sys
sys.modules["fastapi"] = None
from crmml.cli import main
from crmml.exceptions import MissingExtraError
try:
    import crmml.scoring.service
except MissingExtraError:
    sys.exit(main(["serve", {str(flat_file)!r}]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert 'pip install "crmml[serve]"' in done.stderr


def count_kept():
    """Bytes in memory, descriptors and threads of this process."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    n_files = len(list(Path("/proc/self/fd").iterdir()))
    return pages * os.sysconf("SC_PAGE_SIZE"), n_files, threading.active_count()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_two_thousand_calls_leave_nothing_behind(churn_file, events, shop):
    """One in ten fails; some bring events, which take longest."""
    app = make_app(churn_file, n_reasons=1)
    record = dict.fromkeys(Scorer(churn_file).features, 1.0)
    own = events(shop.transactions["customer_id"].iloc[0])

    def make_body(place):
        if place % 400 == 50:
            return "/score", {"tables": own, "cutoff": "2024-09-01"}
        if place % 10 == 9:
            return "/score", {"record": {"nothing": place}}
        if place % 5 == 3:
            return "/score/batch", {"records": [record] * 20}
        return "/score", {"record": record | {"n_orders": place}}

    async def call(place):
        path, body = make_body(place)
        data = json.dumps(body).encode()

        async def receive():
            return {"type": "http.request", "body": data}

        return await answer(app, receive, path)

    async def call_all():
        for place in range(300):
            await call(place)
        before = count_kept()
        found = [await call(place) for place in range(2_000)]
        return found, before, count_kept()

    found, before, after = asyncio.run(call_all())
    assert found.count(422) == 200
    assert found.count(200) == 1_800
    assert after[0] - before[0] < 20e6
    # A pool thread more may have been started; nothing else may stay open.
    assert after[1] - before[1] <= 2
    assert after[2] - before[2] <= 2


@pytest.fixture
def start():
    """Start `crmml serve` as its users do; return its process and address."""
    running = []

    def run(*arguments, **variables):
        command = [sys.executable, "-c", "from crmml.cli import main; exit(main())"]
        process = subprocess.Popen(
            [*command, "serve", *map(str, arguments), "--port", "0"],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **variables},
        )
        running.append(process)
        first = process.stderr.readline()
        address = json.loads(first)["message"].split()[-1]
        for _ in range(300):
            try:
                ask(f"{address}/health")
                break
            except urllib.error.URLError:
                time.sleep(0.1)
        return process, address

    yield run
    for process in running:
        process.kill()
        process.communicate()


def ask(url, body=None, **headers):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **headers}
    request = urllib.request.Request(url, data, headers)
    with urllib.request.urlopen(request, timeout=30) as found:
        return json.load(found)


def test_the_command_answers_logs_and_ends(start, flat_file, records, tmp_path):
    token = "the-token-of-this-test"
    (tmp_path / "token").write_text(f"{token}\n", encoding="utf-8")
    arguments = ["--reasons", 1, "--token-file", tmp_path / "token"]
    process, address = start(flat_file, *arguments)
    scorer = Scorer(flat_file, n_reasons=1)
    asked = {"Authorization": f"Bearer {token}", "User-Agent": "canary-7301"}
    found = ask(f"{address}/score", {"record": records[0]}, **asked)
    assert found == scorer.score_one(records[0])
    with pytest.raises(urllib.error.HTTPError, match="401"):
        ask(f"{address}/score", {"record": records[0]})
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 0
    lines = [json.loads(line) for line in told.splitlines()]
    scored = [line for line in lines if line.get("path") == "/score"]
    assert [line["status"] for line in scored] == [200, 401]
    assert "canary" not in told
    assert token not in told
    assert "127.0.0.1" not in told.partition("request")[2]


def test_what_is_being_answered_is_answered_before_the_end(
    start, churn_file, events, shop
):
    process, address = start(churn_file, CRMML_TOKEN="the-token-of-this-test")
    body = {
        "tables": events(shop.transactions["customer_id"].iloc[0]),
        "cutoff": "2024-09-01",
    }
    found = []

    def call():
        found.append(
            ask(
                f"{address}/score",
                body,
                Authorization="Bearer the-token-of-this-test",
            )
        )

    caller = threading.Thread(target=call)
    caller.start()
    time.sleep(0.15)
    process.send_signal(signal.SIGTERM)
    caller.join(30)
    process.communicate(timeout=30)
    assert 0 < found[0]["churn_probability"] < 1
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--port", "70000"], 2, "--port: must be a number from 0 to 65535"),
        (["--port", "x"], 2, "--port: must be a number from 0 to 65535"),
        (["--port", "-1"], 2, "--port"),
        (["--host", "no.such.host.invalid"], 3, ""),
        (["--token-file", "/nothing/there"], 3, "/nothing/there"),
        (["--sha256", "0"], 2, "another file"),
        (["--reasons", "-1"], 2, "n_reasons"),
    ],
)
def test_mistakes_on_the_command_line_are_one_line(
    flat_file, capsys, arguments, code, message
):
    try:
        found = main(["serve", str(flat_file), *arguments])
    except SystemExit as end:
        found = end.code
    told = capsys.readouterr().err
    assert found == code
    assert message in told
    assert told.count("\n") == 1


def test_a_token_that_is_no_text_is_refused_and_not_told(flat_file, capsys, tmp_path):
    path = tmp_path / "token"
    path.write_bytes(b"\xff\xfeSECRET-SECRET-SECRET")
    assert main(["serve", str(flat_file), "--token-file", str(path)]) == 2
    told = capsys.readouterr().err
    assert "visible ASCII" in told
    assert "SECRET" not in told


def test_an_empty_token_is_a_mistake(flat_file, capsys, monkeypatch):
    monkeypatch.setenv("CRMML_TOKEN", " ")
    assert main(["serve", str(flat_file)]) == 2
    assert "CRMML_TOKEN is empty" in capsys.readouterr().err


def test_a_port_in_use_is_said(flat_file, capsys):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        assert main(["serve", str(flat_file), "--port", port]) == 3
    assert "in use" in capsys.readouterr().err
