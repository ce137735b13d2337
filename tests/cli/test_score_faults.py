"""What goes wrong at night: one line, a true exit code, and the older scores."""

import errno
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crmml._utils import _atomic
from crmml.cli import main
from crmml.datasets import make_customers
from crmml.exceptions import TargetBusyError
from crmml.features import RFM, FeatureSet, Tenure
from crmml.labels import Inactivity
from crmml.models import LogisticChurnClassifier
from crmml.pipeline import ChurnPipeline
from crmml.scoring import read_scores, save, score
from crmml.scoring._spool import Spool

CUTOFF = "2024-09-01"
SHOP = make_customers(400, random_state=3)


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """A model, three files of orders, and their scores."""
    folder = tmp_path_factory.mktemp("night")
    churn = ChurnPipeline(
        features=FeatureSet([RFM(), Tenure()]),
        label=Inactivity("60D"),
        classifier=LogisticChurnClassifier(),
    )
    tables = SHOP.to_tables()
    sold = type(tables)(transactions=tables.transactions)
    save(churn.fit(sold, "2024-06-01"), folder / "m.crmml", tables=sold)
    (folder / "in").mkdir()
    for number, rows in enumerate(np.array_split(np.arange(len(SHOP.transactions)), 3)):
        part = SHOP.transactions.iloc[rows]
        part.to_parquet(folder / f"in/part{number}.parquet", row_group_size=500)
    (folder / "out").mkdir()
    assert main(make_arguments(folder)) == 0
    return folder


@pytest.fixture
def job(night, tmp_path):
    """A copy of all that, for one night."""
    return shutil.copytree(night, tmp_path / "job")


def make_arguments(folder, *more):
    return [
        *("score", str(folder / "m.crmml"), "--cutoff", CUTOFF, "--no-quality"),
        f"--transactions={folder}/in/*.parquet",
        f"--out={folder}/out/scores.parquet",
        *more,
    ]


def check_unchanged(job, night):
    names = ["scores.parquet", "scores.parquet.manifest.json"]
    assert sorted(os.listdir(job / "out")) == names
    for name in names:
        assert (job / "out" / name).read_bytes() == (night / "out" / name).read_bytes()


def check_failure(job, night, capsys, code, message, *more):
    """Run, and see that the failure is one line and nothing has changed."""
    assert main(make_arguments(job, *more)) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    (line,) = shown.err.splitlines()
    assert message in line
    assert len(line) < 2000
    check_unchanged(job, night)


def truncate(path):
    path.write_bytes(path.read_bytes()[:-200])


def empty(path):
    path.write_bytes(b"")


def replace_by_text(path):
    path.write_text("customer_id,timestamp\n")


def damage_page(path):
    content = bytearray(path.read_bytes())
    content[300:900] = bytes(600)
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [truncate, empty, replace_by_text, damage_page])
def test_a_damaged_part_is_named(job, night, capsys, damage):
    damage(job / "in/part1.parquet")
    check_failure(job, night, capsys, 2, "part1.parquet")


def change(path, edit):
    edit(pd.read_parquet(path)).to_parquet(path)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda rows: rows.drop(columns="amount"), "amount"),
        (lambda rows: rows.rename(columns={"amount": "Amount"}), "amount"),
        (lambda rows: rows.assign(amount=rows["amount"].astype(str)), "amount"),
        (lambda rows: rows.assign(customer_id=range(len(rows))), "customer_id"),
        (
            lambda rows: rows.assign(
                amount=rows["amount"].where(np.arange(len(rows)) != 700, np.inf)
            ),
            "amount",
        ),
    ],
)
def test_a_part_of_another_schema_and_an_infinite_value_are_named_by_column(
    job, night, capsys, edit, message
):
    change(job / "in/part1.parquet", edit)
    check_failure(job, night, capsys, 2, message)


def test_other_widths_units_orders_and_more_columns_make_no_difference(job, night):
    path = job / "in/part1.parquet"
    rows = pq.read_table(path)
    kinds = {
        "order_id": pa.int32(),
        "customer_id": pa.large_string(),
        "timestamp": pa.timestamp("ns"),
        "amount": pa.float64(),
    }
    rows = rows.select(list(kinds)).cast(pa.schema(kinds))
    pq.write_table(rows.append_column("备注", pa.nulls(len(rows), pa.string())), path)
    assert main(make_arguments(job)) == 0
    name = "out/scores.parquet"
    assert (job / name).read_bytes() == (night / name).read_bytes()


def test_no_files_are_an_error_and_no_rows_are_not(job, night, capsys):
    for path in (job / "in").iterdir():
        shutil.move(path, job / path.name)
    check_failure(job, night, capsys, 2, "in/*.parquet")
    nothing = pq.read_table(job / "part0.parquet").slice(0, 0)
    pq.write_table(nothing, job / "in/part0.parquet")
    assert main(make_arguments(job)) == 0
    assert len(read_scores(job / "out/scores.parquet")) == 0
    columns = read_scores(night / "out/scores.parquet").columns
    assert read_scores(job / "out/scores.parquet").columns.equals(columns)


def test_repeated_rows_are_kept_and_counted(job, capsys):
    shutil.copy(job / "in/part1.parquet", job / "in/part1b.parquet")
    arguments = [one for one in make_arguments(job) if one != "--no-quality"]
    assert main(arguments) == 0
    done = json.loads(capsys.readouterr().out)
    n_rows = pq.read_metadata(job / "in/part1.parquet").num_rows
    found = {one["finding"]: one["n_rows"] for one in done["quality"]}
    assert found["exact duplicate of another row"] == n_rows


@pytest.mark.filterwarnings("always::crmml.exceptions.DataQualityWarning")
def test_rows_of_nobody_are_left_out_said_in_a_line_and_counted(job, capsys):
    change(
        job / "in/part1.parquet",
        lambda rows: rows.assign(
            customer_id=rows["customer_id"].where(np.arange(len(rows)) > 5)
        ),
    )
    assert main(make_arguments(job)) == 0
    shown = capsys.readouterr()
    (line,) = shown.err.splitlines()
    assert line.startswith("crmml: warning: transactions: 6 of")
    done = json.loads(shown.out)
    counted = {"rows": len(SHOP.transactions), "without_id": 6}
    assert done["tables"] == {"transactions": counted}


@pytest.mark.parametrize(
    ("spoil", "code"),
    [(os.remove, 3), (truncate, 2), (empty, 2), (replace_by_text, 2)],
)
def test_an_unreadable_model_is_known_before_data_are_read(
    job, night, capsys, monkeypatch, spoil, code
):
    spoil(job / "m.crmml")
    monkeypatch.setattr(duckdb, "connect", None)
    check_failure(job, night, capsys, code, "m.crmml")


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (MemoryError(), 5, "memory"),
        (OSError(errno.ENOSPC, "No space left on device"), 3, "No space"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_what_fails_in_the_middle_is_one_line(
    job, night, capsys, monkeypatch, error, code, message
):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(Spool, "add", fail)
    check_failure(job, night, capsys, code, message)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)]
)
def test_a_signal_ends_the_run_and_leaves_nothing(
    job, night, capsys, monkeypatch, number, code
):
    before = signal.getsignal(signal.SIGTERM)

    def meanwhile(*args, **kwargs):
        os.kill(os.getpid(), number)
        time.sleep(10)

    monkeypatch.setattr(_atomic, "sync_folder", meanwhile)
    monkeypatch.setattr(Spool, "add", meanwhile)
    check_failure(job, night, capsys, code, "interrupted, nothing was written")
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize("call", ["fsync", "chmod", "replace"])
def test_an_error_at_the_last_moment_leaves_the_old_scores(
    job, night, capsys, monkeypatch, call
):
    def fail(*args, **kwargs):
        raise OSError(errno.EIO, "Input/output error")

    target = _atomic.os if call == "fsync" else _atomic.Path
    monkeypatch.setattr(target, call, fail)
    check_failure(job, night, capsys, 3, "Input/output error")


@pytest.mark.parametrize("n_bytes", [0, 500, 1500, 2900])
def test_wherever_the_disk_is_full_the_old_scores_stay(job, night, capsys, n_bytes):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
        code = main(make_arguments(job))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert code == 3
    assert len(capsys.readouterr().err.splitlines()) == 1
    check_unchanged(job, night)


def test_scores_that_must_stay_end_with_a_code_of_their_own(job, night, capsys):
    check_failure(job, night, capsys, 4, "overwrite is off", "--no-overwrite")


def test_two_runs_to_one_file_leave_one_whole_result(job, night):
    out = job / "out/scores.parquet"
    found, errors = set(), []

    def work():
        tables = SHOP.to_tables()
        sold = type(tables)(transactions=tables.transactions)
        for _ in range(6):
            try:
                score(job / "m.crmml", sold, CUTOFF, out)
            except TargetBusyError:
                pass
            except Exception as error:  # noqa: BLE001
                errors.append(error)
            found.add(out.read_bytes())

    threads = [threading.Thread(target=work) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(timeout=300)
    assert errors == []
    assert found == {(night / "out/scores.parquet").read_bytes()}
    names = ["scores.parquet", "scores.parquet.manifest.json"]
    assert sorted(os.listdir(job / "out")) == names


def test_neither_the_clock_nor_its_zone_is_in_the_scores(job, night, monkeypatch):
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    try:
        assert main(make_arguments(job)) == 0
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()
    name = "out/scores.parquet"
    assert (job / name).read_bytes() == (night / name).read_bytes()


PROGRAM = "import sys; from crmml.cli import main; sys.exit(main(sys.argv[1:]))"
AT_CALL = """
import os, signal, sys
from crmml._utils import _atomic
def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)
setattr(*{"fsync": (os, "fsync", die), "replace": (_atomic.Path, "replace", die),
    "sync_folder": (_atomic, "sync_folder", die)}[sys.argv.pop(1)])
"""


def test_a_reader_that_goes_away_or_closed_streams_do_no_harm(job, night):
    """Three at once: it takes seconds to load the libraries."""
    out = {}
    for name in ("pipe", "out", "err"):
        arguments = make_arguments(job, f"--out={job}/out/{name}.parquet")
        out[name] = [sys.executable, "-c", PROGRAM, *arguments]
    closed = 'exec "$@" {}>&-'
    running = [
        subprocess.Popen(out["pipe"], stdout=subprocess.PIPE, stderr=subprocess.PIPE),
        subprocess.Popen(["sh", "-c", closed.format(1), "-", *out["out"]]),
        subprocess.Popen(["sh", "-c", closed.format(2), "-", *out["err"]], stdout=-3),
    ]
    running[0].stdout.close()
    assert [one.wait(timeout=300) for one in running] == [0, 0, 0]
    assert running[0].stderr.read() == b""
    running[0].stderr.close()
    expected = (night / "out/scores.parquet").read_bytes()
    for name in out:
        assert (job / f"out/{name}.parquet").read_bytes() == expected


def test_killed_right_before_it_is_on_disk_or_renamed_old_or_new_is_there(job, night):
    running = {}
    for call in ("fsync", "replace", "sync_folder"):
        shutil.copytree(job / "out", job / call)
        arguments = make_arguments(job, f"--out={job}/{call}/scores.parquet")
        arguments[arguments.index("--cutoff") + 1] = "2024-10-01"
        child = [sys.executable, "-c", AT_CALL + PROGRAM, call, *arguments]
        running[call] = subprocess.Popen(child)
    assert [one.wait(timeout=300) for one in running.values()] == [-9] * 3
    arguments = make_arguments(job)
    arguments[arguments.index("--cutoff") + 1] = "2024-10-01"
    assert main(arguments) == 0
    old, new = night / "out/scores.parquet", job / "out/scores.parquet"
    assert old.read_bytes() != new.read_bytes()
    for call, expected in {"fsync": old, "replace": old, "sync_folder": new}.items():
        found = (job / call / "scores.parquet").read_bytes()
        assert found == expected.read_bytes()
        hidden = [name for name in os.listdir(job / call) if name[0] == "."]
        assert len([name for name in hidden if not name.endswith(".lock")]) <= 1
