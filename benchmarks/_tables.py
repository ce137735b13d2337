"""Records and verdicts as tables in Markdown."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from benchmarks._records import Bar, Record, Run, Verdict, judge

COSTS = ("wall s", "CPU s", "wall ÷ crmml", "CPU ÷ crmml", "GB", "runs")


def say_number(value: Any) -> str:
    """Say a number shortly: three digits that count, whole numbers whole."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return f"{value:,}"
    if 0 < abs(value) < 0.001:
        return f"{value:.1e}"
    digits = next((d for d, top in ((3, 1), (2, 10), (1, 100)) if abs(value) < top), 0)
    return f"{value:,.{digits}f}"


def say_ratio(value: float) -> str:
    """Say a ratio: two digits below ten, whole above."""
    digits = 0 if value >= 20 else 1 if value >= 2 else 2
    return f"{value:.{digits}f}"


def say_row(cells: Iterable[str]) -> str:
    """Set cells into a row; a bar in a cell would end it."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def find_base(records: Iterable[Record], one: Record) -> Record | None:
    """The record of crmml that stands beside another."""
    for base in records:
        same = (base.task, base.size) == (one.task, one.size)
        if same and base.way == "crmml" and base.not_run is None:
            return base
    return None


def say_costs(one: Record, base: Record | None) -> list[str]:
    """The cells of a record's costs."""
    if one.not_run is not None:
        return [f"not run: {one.not_run}"] + [""] * (len(COSTS) - 1)
    ratios = ["", ""]
    if base is not None and one.cpu is not None:
        pairs = ((one.wall, base.wall), (one.cpu, base.cpu))
        ratios = [say_ratio(its / max(ours, 1e-9)) for its, ours in pairs]
    memory = "" if one.memory is None else f"{one.memory:.2f}"
    costs = (one.wall, one.cpu, *ratios, memory, one.runs)
    return [say_number(value) for value in costs]


def say_records(records: list[Record]) -> str:
    """Set records into tables, one for each set of columns that follow each other."""
    tables = []
    for names, group in groupby(records, key=_name_columns):
        some = list(group)
        rows = [say_row(("task", "size", "way", *COSTS, *names))]
        rows.append("|---|---|---|" + "---:|" * (len(COSTS) + len(names)))
        last = None
        for one in some:
            place = (one.task, f"{one.size:,} {one.unit}")
            shown = ("", "") if place == last else place
            last = place
            costs = say_costs(one, find_base(records, one))
            found = [say_number(one.found.get(name)) for name in names]
            rows.append(say_row((*shown, one.way, *costs, *found)))
        tables.append("\n".join(rows))
    return "\n\n".join(tables)


def _name_columns(one: Record) -> tuple[str, ...]:
    """What a record has found, by which tables are told apart."""
    return tuple(one.found)


def say_verdicts(verdicts: list[Verdict]) -> str:
    """Set promises and what became of them into a table."""
    if not verdicts:
        return "Nothing is promised at these sizes."
    head = ("promise", "size", "measured", "verdict")
    rows = [say_row(head), "|---|---|---:|---|"]
    for one in verdicts:
        size = f"{one.size:,} {one.unit}"
        rows.append(say_row((say_promise(one.bar), size, say_measured(one), one.word)))
    return "\n".join(rows)


def say_promise(bar: Bar) -> str:
    """Say a promise in words, turned round where we may cost more than the peer."""
    what = {"cpu": "CPU seconds", "wall": "wall time", "memory": "memory"}[bar.measure]
    peer = f"{bar.peer} ({bar.peer_task})" if bar.peer_task else bar.peer
    aim = bar.aim
    if bar.at_least < 1:
        aim = aim and 1 / aim
        text = f"{bar.own} at most {say_ratio(1 / bar.at_least)} times {peer}"
    else:
        text = f"{peer} at least {say_ratio(bar.at_least)} times {bar.own}"
    return f"{bar.task}, {what}: {text}" + (f", aim {say_ratio(aim)}" if aim else "")


def say_measured(one: Verdict) -> str:
    """Say what was measured, in the direction of the promise."""
    if one.ratio is None:
        return ""
    return say_ratio(1 / one.ratio if one.bar.at_least < 1 else one.ratio)


def say_losses(runs: list[Run]) -> str:
    """Where a peer takes fewer CPU seconds than crmml, the clearest first."""
    lost = []
    for run in runs:
        for one in run.records:
            base = find_base(run.records, one)
            if base is None or one.not_run or one.cpu is None or one.way[:5] == "crmml":
                continue
            ratio = base.cpu / max(one.cpu, 1e-9)
            if ratio > 1:
                lost.append((ratio, run.header["title"], one))
    rows = [say_row(("area", "task", "size", "way", "times faster, CPU"))]
    rows.append("|---|---|---|---|---:|")
    for ratio, title, one in sorted(lost, key=lambda loss: -loss[0]):
        size = f"{one.size:,} {one.unit}"
        rows.append(say_row((title, one.task, size, one.way, say_ratio(ratio))))
    return "\n".join(rows) if lost else "Nowhere in this run."


def say_run(run: Run) -> str:
    """Set one benchmark into a section."""
    header = run.header
    parts = [f"## {header['title']}", header["about"]]
    parts += [f"`{header['command']}`, {header['versions']}; {header['machine']}."]
    if run.records:
        parts.append(say_records(run.records))
    verdicts = judge(run.bars, run.records)
    if verdicts:
        parts.append(say_verdicts(verdicts))
    return "\n\n".join(parts)


LEGEND = """\
Seconds are medians of runs in turns; CPU seconds are those of all threads. *÷ crmml* is
the cost of a way in multiples of that of crmml in the same run: above one crmml is
faster. *GB* is the most memory beyond what was held before, or, where a way runs in a
process of its own, all of its memory. A first run, which loads and compiles, does not
count unless it is the only one."""


def say_page(runs: list[Run], picture: str | None) -> str:
    """Set all runs into one page."""
    parts = ["# Results of the benchmarks", LEGEND]
    if picture:
        parts.append(f"![CPU seconds against size, crmml and its peers]({picture})")
    parts += ["## Where a peer is faster", say_losses(runs)]
    verdicts = [one for run in runs for one in judge(run.bars, run.records)]
    parts += ["## What is promised", say_verdicts(verdicts)]
    parts += [say_run(run) for run in runs]
    return "\n\n".join(parts) + "\n"
