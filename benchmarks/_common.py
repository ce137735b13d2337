"""What all benchmarks share: the race and the command line of one benchmark.

A benchmark is a module ``bench_NAME`` that declares

- ``TITLE``, and ``__doc__``, which says what is compared and how;
- ``SIZES``: for "quick" and for "full" the arguments of ``run``;
- ``MINUTES``: what to expect of both on two cores;
- ``PACKAGES``: distributions whose versions matter;
- ``BARS``: what is promised;
- ``PICTURE``, if any: tasks whose cost against size is drawn;
- ``run(report, **sizes)``, which calls ``report.race`` for each task.
"""

import argparse
import importlib
import json
import os
import platform
import statistics
import sys
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks._clock import ROOT, Measured, NotRunError, clock
from benchmarks._peers import make_environment
from benchmarks._records import Record, Run, judge, write_run
from benchmarks._tables import say_records, say_verdicts

OUT = ROOT / "build" / "benchmarks"


def find_benchmarks() -> list[str]:
    """Names of all benchmarks, as they are given on the command line."""
    files = sorted((ROOT / "benchmarks").glob("bench_*.py"))
    return [file.stem.removeprefix("bench_") for file in files]


def say_error(error: Exception) -> str:
    """One line for the table."""
    if isinstance(error, NotRunError):
        return str(error)
    said = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {said[0]}"


class Report:
    """Measures ways in turns, prints what they cost and keeps it.

    ``peers=False`` leaves out all ways whose name does not begin with crmml. No way is
    run again that has taken ``patience`` seconds.
    """

    def __init__(
        self,
        *,
        peers: bool = True,
        patience: float = 60.0,
        out: Path = OUT,
        peers_python: Path | None = None,
    ) -> None:
        self.records: list[Record] = []
        self._peers = peers
        self._patience = patience
        self._out = out
        self._peers_python = peers_python

    def find_peers_python(self) -> Path:
        """Python with the peers that cannot live beside crmml, made when wanted."""
        if self._peers_python is None:
            self._peers_python = make_environment(self._out)
        return self._peers_python

    def add(self, records: list[Record]) -> None:
        """Keep records and print them."""
        before = list(self.records[-1].found) if self.records else None
        self.records += records
        table = say_records(records)
        if before == list(records[0].found):
            table = table.split("\n", 2)[2]  # The columns stand above.
        else:
            table = f"\n{table}"
        print(table, flush=True)

    def skip(self, task: str, reason: str, *, size: int, unit: str) -> None:
        """Add a row that says why a whole task was not run."""
        place = {"task": task, "way": "all", "size": size, "unit": unit}
        self.add([Record(**place, not_run=reason)])

    def race(
        self,
        task: str,
        ways: Mapping[str, Callable[[], Any]],
        *,
        size: int,
        unit: str,
        runs: int = 3,
        find: Callable[[Any], dict[str, Any]] | None = None,
        agree: Callable[[Any, Any], None] | None = None,
    ) -> None:
        """Run ways in turns, the first run apart, and add their medians.

        A way is a call without arguments. ``agree`` is given the first way's value and
        another's and raises AssertionError where they differ; ``find`` says what of a
        value to show. A way that fails is a row with the reason.
        """
        race = _Race(find, agree)
        for turn in range(runs + 1 if runs > 1 else 1):
            for name, call in ways.items():
                if self._is_wanted(name, race.used.get(name, [])):
                    race.run(name, call, is_first=turn == 0)
            race.base = None
        place = {"task": task, "size": int(size), "unit": unit}
        self.add([row for name in ways for row in race.summarise(name, place)])

    def _is_wanted(self, name: str, before: list[Measured]) -> bool:
        """Whether a way is to be run (again)."""
        ours = name.startswith("crmml")
        if not (ours or self._peers):
            return False
        # The first run of ours may have compiled for half a minute.
        counted = before[1:] if ours else before
        return sum(one.wall for one in counted) < self._patience


class _Race:
    """What the ways of one task have cost so far, and which of them failed."""

    def __init__(
        self,
        find: Callable[[Any], dict[str, Any]] | None,
        agree: Callable[[Any, Any], None] | None,
    ) -> None:
        self.used: dict[str, list[Measured]] = {}
        self.failed: dict[str, str] = {}
        self.found: dict[str, dict[str, Any]] = {}
        self.base: Any = None
        self._find = find
        self._agree = agree

    def run(self, name: str, call: Callable[[], Any], *, is_first: bool) -> None:
        """Run a way once more, unless it has failed."""
        if name in self.failed:
            return
        try:
            one = clock(call)
            if is_first:
                self._look(name, one.value)
        except AssertionError as error:
            self.failed[name] = f"another result than crmml: {say_error(error)}"
        except Exception as error:  # noqa: BLE001 - a row says what failed
            self.failed[name] = say_error(error)
        else:
            # What came back may be large, so only its cost is kept.
            cost = Measured(None, one.wall, one.cpu, one.memory)
            self.used.setdefault(name, []).append(cost)

    def _look(self, name: str, value: Any) -> None:
        """Compare a value with that of the first way, and keep what is to be shown."""
        if not self.used:
            self.base = value
        elif self._agree is not None:
            self._agree(self.base, value)
        self.found[name] = self._find(value) if self._find else {}

    def summarise(self, name: str, place: dict[str, Any]) -> list[Record]:
        """Give the record of a way: none where it was left out.

        Its medians are those of all runs but the first, unless it is the only one. Its
        memory is the most of all runs: later ones use again what the first has fetched.
        """
        if name in self.failed:
            return [Record(way=name, not_run=self.failed[name], **place)]
        if name not in self.used:
            return []
        counted = self.used[name][1:] or self.used[name]
        held = [one.memory for one in self.used[name] if one.memory is not None]
        costs = {
            "wall": statistics.median(one.wall for one in counted),
            "cpu": statistics.median(one.cpu for one in counted),
            "memory": max(held, default=None),
        }
        found = self.found[name]
        return [Record(way=name, runs=len(counted), found=found, **costs, **place)]


def describe(module: ModuleType, command: str) -> dict[str, Any]:
    """Describe a run: what, with which versions, where and when."""
    versions = [f"Python {platform.python_version()}"]
    for name in ("crmml", *module.PACKAGES):
        try:
            versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            versions.append(f"no {name}")
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    if hasattr(os, "getloadavg"):
        machine += f", load {os.getloadavg()[0]:.1f} at the start"
    day = datetime.now(UTC).date().isoformat()
    return {
        "name": module.__name__.rpartition("bench_")[2],
        "title": module.TITLE,
        "picture": list(getattr(module, "PICTURE", ())),
        "about": module.__doc__.partition("\n\n")[2].strip(),
        "command": command,
        "versions": ", ".join(versions),
        "machine": f"{machine}, {day}",
    }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that one benchmark and all of them share."""
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument(
        "--no-peers", action="store_true", help="crmml alone, nothing installed"
    )
    parser.add_argument(
        "--out", type=Path, default=OUT, help="folder of results (%(default)s)"
    )
    parser.add_argument(
        "--peers-python",
        type=Path,
        help="Python that has what peers.txt names; made below --out if not given",
    )
    parser.add_argument(
        "--check", action="store_true", help="exit with 1 if a promise is missed"
    )


def run_alone(file: str) -> None:
    """Run one benchmark as a script: ``python -m benchmarks.bench_NAME``."""
    # By its own name, by which processes of its own can import it, too.
    module = importlib.import_module(f"benchmarks.{Path(file).stem}")
    parser = argparse.ArgumentParser(
        prog=f"python -m {module.__name__}", description=module.__doc__.split("\n")[0]
    )
    add_arguments(parser)
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=JSON",
        help=f"another size than {module.SIZES}",
    )
    options = parser.parse_args()
    sizes = dict(module.SIZES["quick" if options.quick else "full"])
    for name, _, value in (one.partition("=") for one in options.set):
        if name not in sizes:
            parser.error(f"--set {name}: the sizes are {', '.join(sizes)}")
        sizes[name] = json.loads(value)
    said = ["--quick"] * options.quick + [f"--set {one}" for one in options.set]
    header = describe(module, " ".join([f"python -m {module.__name__}", *said]))
    print(f"{header['title']}: {header['versions']}; {header['machine']}", flush=True)
    warnings.simplefilter("ignore")
    report = Report(
        peers=not options.no_peers,
        patience=10.0 if options.quick else 60.0,
        out=options.out,
        peers_python=options.peers_python,
    )
    try:
        module.run(report, **sizes)
    except Exception as error:  # noqa: BLE001 - a row says what failed
        place = {"task": "(the rest)", "way": "crmml", "size": 0, "unit": ""}
        report.add([Record(**place, not_run=say_error(error))])
    run = Run(header, list(module.BARS), report.records)
    write_run(run, options.out / f"{header['name']}.jsonl")
    print(f"\n{say_verdicts(judge(run.bars, run.records))}", flush=True)
    sys.exit(options.check and run.has_failed())
