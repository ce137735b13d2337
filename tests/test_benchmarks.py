"""The benchmarks can be run: what they declare, and what is made of their records."""

import importlib
import inspect
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
if not (ROOT / "benchmarks").is_dir():
    pytest.skip("benchmarks/ are not part of this copy", allow_module_level=True)
PACKAGE = "benchmarks"
FILES = sorted((ROOT / "benchmarks").glob("bench_*.py"))
NAMES = [file.stem for file in FILES if "run_alone" in file.read_text("utf-8")]


@pytest.fixture(autouse=True)
def load(monkeypatch):
    """Import from the checkout as a machine does that has no peer."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.syspath_prepend(str(ROOT))
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        monkeypatch.delitem(sys.modules, name)
    peers = importlib.import_module("benchmarks._peers")
    missing = peers.Missing("not wanted in a test")
    monkeypatch.setattr(peers, "optional", lambda name: missing)
    yield lambda name: importlib.import_module(f"benchmarks.{name}")
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_declares_what_the_command_needs(load, name):
    module = load(name)
    assert module.__doc__
    assert module.TITLE
    assert set(module.SIZES) == set(module.MINUTES) == {"quick", "full"}
    wanted = set(inspect.signature(module.run).parameters)
    assert all({"report", *sizes} == wanted for sizes in module.SIZES.values())
    assert json.loads(json.dumps(module.SIZES)) == module.SIZES
    assert all(bar.at_least > 0 and bar.task and bar.peer for bar in module.BARS)
    assert all(bar.aim is None or bar.aim > bar.at_least for bar in module.BARS)
    assert isinstance(module.PACKAGES, tuple)
    assert isinstance(getattr(module, "PICTURE", ()), tuple)


def test_the_list_says_how_long_each_takes(load):
    names = [name.removeprefix("bench_") for name in NAMES]
    head, *lines = load("__main__").say_list(names).splitlines()
    assert head.split() == ["name", "quick", "full", "what"]
    assert [line.split()[0] for line in lines] == names
    assert all(int(line.split()[1]) <= int(line.split()[2]) for line in lines)


def test_titles_differ(load):
    titles = [load(name).TITLE for name in NAMES]
    assert len(set(titles)) == len(titles)


def make_run(load):
    records, task = load("_records"), "count"

    def record(way, size, cpu, **more):
        place = {"task": task, "way": way, "size": size, "unit": "lines"}
        return records.Record(**place, runs=3, wall=2 * cpu, cpu=cpu, **more)

    header = {"name": "counts", "title": "Counts", "about": "Made up.", "command": "x"}
    header["picture"] = [task]
    header |= {"versions": "one 1.0", "machine": "a machine"}
    bars = [
        records.Bar(task=task, peer="slow", at_least=3),
        records.Bar(task=task, peer="fast", at_least=1 / 1.3, least=1_000),
        records.Bar(task=task, peer="absent", at_least=2),
    ]
    rows = [
        record(way, size, size / lines)
        for size in (100, 1_000)
        for way, lines in (("crmml", 1_000), ("slow", 200), ("fast", 2_000))
    ]
    absent = {"task": task, "way": "absent", "size": 100, "unit": "lines"}
    rows.append(records.Record(**absent, not_run="a | b is missing"))
    return records.Run(header, bars, rows)


def test_records_survive_the_file(load, tmp_path):
    run, records = make_run(load), load("_records")
    path = tmp_path / "new" / "counts.jsonl"
    records.write_run(run, path)
    assert records.read_run(path) == run


def test_promises_are_judged_at_their_sizes(load):
    run, records = make_run(load), load("_records")
    found = {
        (one.bar.peer, one.size): one.word
        for one in records.judge(run.bars, run.records)
    }
    assert found == {
        ("slow", 100): "kept",
        ("slow", 1_000): "kept",
        ("fast", 1_000): "MISSED",
        ("absent", 100): "not measured: a | b is missing",
        ("absent", 1_000): "not measured: left out",
    }
    assert run.has_failed()
    kept = records.Run(run.header, [run.bars[0], run.bars[2]], run.records)
    assert not kept.has_failed()


@pytest.mark.parametrize(
    ("ratio", "word"),
    [(3.0, "kept"), (2.41, "kept, within the noise"), (2.39, "MISSED")],
)
def test_a_fifth_is_left_to_the_noise(load, ratio, word):
    records = load("_records")
    bar = records.Bar(task="t", peer="p", at_least=3)
    assert records.Verdict(bar, 1, "lines", ratio).word == word


def test_tables_name_ratios_and_where_a_peer_is_faster(load):
    run, tables = make_run(load), load("_tables")
    page = tables.say_page([run], "picture.svg")
    assert "| count | 1,000 lines | crmml | 2.00 | 1.00 | 1.00 | 1.00 |" in page
    assert "|  |  | slow | 10.0 | 5.00 | 5.0 | 5.0 |" in page
    assert "not run: a \\| b is missing" in page
    losses = page.partition("## Where a peer is faster")[2].partition("##")[0]
    assert "| Counts | count | 1,000 lines | fast | 2.0 |" in losses
    assert "slow" not in losses
    assert "crmml at most 1.30 times fast | 1,000 lines | 2.0 | MISSED |" in page
    columns = {line.count(" | ") for line in page.splitlines() if "| crmml |" in line}
    assert len(columns) == 1


def test_numbers_are_said_shortly(load):
    tables = load("_tables")
    values = [None, "as is", 12_345, 0.0, 1.5e-5, 0.1234, 1.234, 12.34, 1234.5]
    said = ["", "as is", "12,345", "0.000", "1.5e-05", "0.123", "1.23", "12.3", "1,234"]
    assert [tables.say_number(value) for value in values] == said


def test_the_picture_has_a_panel_for_each_task_at_several_sizes(load, tmp_path):
    run, picture = make_run(load), load("_picture")
    assert set(picture.find_curves(run)["count"]) == {"crmml", "slow", "fast"}
    assert picture.draw([run], tmp_path / "picture.svg")
    assert "</svg>" in (tmp_path / "picture.svg").read_text("utf-8")
    small = load("_records").Run(run.header, [], run.records[:1])
    assert not picture.draw([small], tmp_path / "none.svg")
    assert not (tmp_path / "none.svg").exists()


def test_a_race_shows_what_failed_what_differs_and_what_was_left_out(load, capsys):
    report = load("_common").Report()

    def agree(ours, theirs):
        assert ours == theirs, f"{theirs} instead of {ours}"

    def find(value):
        return {"found": value}

    ways = {
        "crmml": lambda: 7,
        "equal": lambda: 7,
        "other": lambda: 8,
        "broken": lambda: 1 // 0,
        "absent": lambda: load("_peers").optional("absent").count(),
    }
    report.race("t", ways, size=5, unit="lines", runs=2, find=find, agree=agree)
    found = {one.way: one for one in report.records}
    assert found["crmml"].runs == found["equal"].runs == 2
    assert found["equal"].found == {"found": 7}
    assert found["equal"].wall >= 0
    assert "8 instead of 7" in found["other"].not_run
    assert found["broken"].not_run.startswith("ZeroDivisionError")
    assert found["absent"].not_run == "not wanted in a test"
    assert "ZeroDivisionError" in capsys.readouterr().out
    alone = load("_common").Report(peers=False)
    alone.race("t", ways, size=5, unit="lines")
    assert [one.way for one in alone.records] == ["crmml"]
    capsys.readouterr()


def test_the_first_run_does_not_count_unless_it_is_the_only_one(load):
    clock, common = load("_clock"), load("_common")
    place = {"task": "t", "size": 1, "unit": "lines"}
    for seconds, wall in (([9.0, 1.0, 3.0, 2.0], 2.0), ([9.0], 9.0)):
        race = common._Race(None, None)
        race.used["crmml"] = [clock.Measured(None, one, one) for one in seconds]
        race.found["crmml"] = {}
        (record,) = race.summarise("crmml", place)
        assert record.wall == record.cpu == wall


def test_a_process_of_its_own_is_measured(load):
    clock = load("_clock")
    used = clock.clock(lambda: clock.clock_apart(json.dumps, [1, 2]))
    assert used.value == "[1, 2]"
    assert used.memory > 0.001
    with pytest.raises(clock.NotRunError, match="JSONDecodeError"):
        clock.clock_apart(json.loads, "no json")
