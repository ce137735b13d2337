"""Results as plain records, and promises that are judged by them."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

# What of a promise is left to the noise of a machine that does other things.
SLACK = 0.2


@dataclass(frozen=True, kw_only=True)
class Record:
    """What one way cost at one size: medians of seconds, gigabytes, what it found."""

    task: str
    way: str
    size: int
    unit: str
    runs: int = 0
    wall: float | None = None
    cpu: float | None = None
    memory: float | None = None
    found: dict[str, Any] = field(default_factory=dict)
    not_run: str | None = None


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A promise: a peer costs at least so many times what we cost, in the same run.

    ``1 / 1.3`` promises that we cost at most 1.3 times as much. ``aim`` is what was
    wished for and is only shown. The bar holds for sizes from ``least`` to ``most``.
    ``peer_task`` names the task of the peer where it is not the same.
    """

    task: str
    peer: str
    at_least: float
    aim: float | None = None
    own: str = "crmml"
    peer_task: str | None = None
    measure: Literal["cpu", "wall", "memory"] = "cpu"
    least: int = 0
    most: int | None = None

    def holds_at(self, size: int) -> bool:
        """Whether something is promised at this size."""
        return self.least <= size and (self.most is None or size <= self.most)


@dataclass(frozen=True)
class Verdict:
    """What became of a bar at one size; the ratio is None where it was not measured."""

    bar: Bar
    size: int
    unit: str
    ratio: float | None
    reason: str | None = None

    @property
    def word(self) -> str:
        """Give the verdict in words."""
        if self.ratio is None:
            return f"not measured: {self.reason}"
        if self.ratio >= self.bar.at_least:
            return "kept"
        near = self.ratio >= self.bar.at_least * (1 - SLACK)
        return "kept, within the noise" if near else "MISSED"


def judge(bars: Iterable[Bar], records: Iterable[Record]) -> list[Verdict]:
    """Judge every bar at every size at which its task was run."""
    known = {(one.task, one.way, one.size): one for one in records}
    verdicts = []
    for bar in bars:
        for (task, way, size), own in known.items():
            if (task, way) != (bar.task, bar.own) or not bar.holds_at(size):
                continue
            peer = known.get((bar.peer_task or task, bar.peer, size))
            costs = [getattr(one, bar.measure, None) for one in (own, peer)]
            if own.not_run or peer is None or peer.not_run or None in costs:
                reason = own.not_run or (peer.not_run if peer else "left out")
                reason = reason or f"no {bar.measure}"
                verdicts.append(Verdict(bar, size, own.unit, None, reason))
            else:
                ratio = costs[1] / max(costs[0], 1e-9)
                verdicts.append(Verdict(bar, size, own.unit, ratio))
    return verdicts


@dataclass(frozen=True)
class Run:
    """All that one run of one benchmark left behind."""

    header: dict[str, Any]
    bars: list[Bar]
    records: list[Record]

    def has_failed(self) -> bool:
        """Whether crmml was not run, a result differed or a promise was missed."""
        ours = any(one.not_run and one.way.startswith("crmml") for one in self.records)
        wrong = any("another result" in (one.not_run or "") for one in self.records)
        missed = any(v.word == "MISSED" for v in judge(self.bars, self.records))
        return ours or wrong or missed


def write_run(run: Run, path: Path) -> None:
    """Write a run as lines of JSON: the header, the bars, the records."""
    lines = [{"header": run.header}]
    lines += [{"bar": asdict(bar)} for bar in run.bars]
    lines += [{"record": asdict(record)} for record in run.records]
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)
    path.write_text(text, "utf-8")


def read_run(path: Path) -> Run:
    """Read what write_run has written."""
    header, bars, records = {}, [], []
    for line in path.read_text("utf-8").splitlines():
        ((kind, value),) = json.loads(line).items()
        if kind == "header":
            header = value
        elif kind == "bar":
            bars.append(Bar(**value))
        else:
            records.append(Record(**value))
    return Run(header, bars, records)
