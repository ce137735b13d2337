"""Run benchmarks, each in a process of its own, and write one page of their results.

    python -m benchmarks [NAME ...] [--quick] [--check] [--out FOLDER] [--no-peers]

Each leaves its records as lines of JSON in the folder. The page and its picture are
made of all records there, so that long ones can be run by themselves.
"""

import argparse
import importlib
import subprocess
import sys
import warnings
from pathlib import Path

from benchmarks._common import add_arguments, find_benchmarks, say_error
from benchmarks._picture import draw
from benchmarks._records import Record, Run, read_run, write_run
from benchmarks._tables import say_page


def run_one(name: str, options: list[str], out: Path) -> Run:
    """Run one benchmark; what breaks it is a row."""
    path = out / f"{name}.jsonl"
    path.unlink(missing_ok=True)
    command = [sys.executable, "-m", f"benchmarks.bench_{name}", *options]
    print(f"\n== {' '.join(command[1:])}", flush=True)
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    if not path.exists():
        lines = done.stderr.strip().splitlines()
        said = lines[-1] if lines else f"exit code {done.returncode}"
        print(f"not run: {said}", flush=True)
        header = dict.fromkeys(("title", "name"), name) | dict.fromkeys(
            ("about", "versions", "machine"), ""
        )
        header |= {"command": " ".join(command[1:]), "picture": []}
        place = {"task": "all", "way": "crmml", "size": 0, "unit": ""}
        write_run(Run(header, [], [Record(**place, not_run=said)]), path)
    return read_run(path)


def write_page(out: Path) -> Path:
    """Write the page and the picture of all records in a folder."""
    runs = [read_run(path) for path in sorted(out.glob("*.jsonl"))]
    picture = "_static/cost_against_size.svg"
    (out / picture).parent.mkdir(exist_ok=True)
    is_drawn = draw(runs, out / picture)
    page = out / "benchmark_results.md"
    page.write_text(say_page(runs, picture if is_drawn else None), "utf-8")
    return page


def say_list(names: list[str]) -> str:
    """Name benchmarks, with the minutes that two cores with nothing else to do take."""
    lines = [f"{'name':12}{'quick':>6}{'full':>6}  what"]
    for name in names:
        try:
            module = importlib.import_module(f"benchmarks.bench_{name}")
            quick, full = (module.MINUTES[size] for size in ("quick", "full"))
            title = module.TITLE
        except Exception as error:  # noqa: BLE001 - a line says what is wrong
            quick = full = "?"
            title = f"cannot be run: {say_error(error)}"
        lines.append(f"{name:12}{quick:>6}{full:>6}  {title}")
    return "\n".join(lines)


def main() -> int:
    """Run what is named, or everything."""
    known = find_benchmarks()
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(known)}; all"
    )
    add_arguments(parser)
    parser.add_argument(
        "--list", action="store_true", help="name all, with the minutes to expect"
    )
    options = parser.parse_args()
    if options.list:
        warnings.simplefilter("ignore")
        print(say_list(known))
        return 0
    unknown = sorted(set(options.names) - set(known))
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(known)}")
    out = options.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    passed = ["--out", str(out)]
    passed += ["--quick"] * options.quick + ["--no-peers"] * options.no_peers
    if options.peers_python:
        passed += ["--peers-python", str(options.peers_python.absolute())]
    runs = [run_one(name, passed, out) for name in options.names or known]
    print(f"\nWritten: {write_page(out)}")
    failed = [run.header["name"] for run in runs if run.has_failed()]
    if failed:
        print(f"A promise missed, or not run: {', '.join(failed)}")
    return int(options.check and bool(failed))


if __name__ == "__main__":
    sys.exit(main())
