"""Run benchmarks, each in a process of its own, and write one page of their results.

    python -m benchmarks [NAME ...] [--quick] [--check] [--out FOLDER] [--no-peers]

Each leaves its records as lines of JSON in the folder. The page and its picture are
made of all records there, so that long ones can be run by themselves.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from benchmarks._common import add_arguments, find_benchmarks
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
    options = parser.parse_args()
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
