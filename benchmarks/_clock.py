"""What a call costs: wall and CPU seconds and memory, here or in a process of its own.

``python -m benchmarks._clock MODULE FUNCTION ARGUMENTS`` is the process of its own.
"""

import importlib
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class NotRunError(Exception):
    """Why a way was not run, in words for the table."""


@dataclass(frozen=True)
class Measured:
    """What a call gave, its seconds, and the most memory it held beyond its input.

    ``memory`` is in gigabytes (1e9 bytes); None where the system does not say. In a
    process of its own it is the whole resident memory, with all that is imported.
    """

    value: Any
    wall: float
    cpu: float
    memory: float | None = None


def _resident(name: str) -> int:
    """Resident memory in bytes: VmRSS is that of now, VmHWM the highest."""
    for line in STATUS.read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise OSError(f"{STATUS} has no {name}")


def _begin_memory() -> int | None:
    """Forget the highest memory so far (Linux only) and say what is held now."""
    try:
        RESET.write_text("5")
        return _resident("VmRSS")
    except OSError:
        return None


def clock(call: Callable[[], Any]) -> Measured:
    """Measure a call; one that comes back with a Measured has measured itself."""
    held = _begin_memory()
    wall, cpu = time.perf_counter(), time.process_time()
    value = call()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if isinstance(value, Measured):
        return value
    memory = None if held is None else max(0, _resident("VmHWM") - held) / 1e9
    return Measured(value, wall, cpu, memory)


def run_program(command: list[Any]) -> str:
    """Run a program and give its last line; NotRunError with what it said."""
    texts = [str(part) for part in command]
    done = subprocess.run(texts, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise NotRunError(said[-1])
    return done.stdout.strip().splitlines()[-1]


def clock_apart(function: Callable[..., Any], *arguments: Any) -> Measured:
    """Measure a module's function in a process of its own, imports left out of seconds.

    Arguments and what comes back must fit into JSON.
    """
    program = [sys.executable, "-m", "benchmarks._clock"]
    name = [function.__module__, function.__qualname__, json.dumps(arguments)]
    return Measured(**json.loads(run_program(program + name)))


def main() -> None:
    """Measure in this process what the command line names."""
    module, name, arguments = sys.argv[1:]
    function = getattr(importlib.import_module(module), name)
    used = clock(lambda: function(*json.loads(arguments)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1 if sys.platform == "darwin" else 1024
    print(json.dumps({**vars(used), "memory": peak * unit / 1e9}))


if __name__ == "__main__":
    main()
