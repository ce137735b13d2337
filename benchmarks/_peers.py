"""Peers: those beside crmml, and those that need an environment of their own."""

import hashlib
import importlib
import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks._clock import Measured, NotRunError, run_program

HERE = Path(__file__).parent
NEEDED = HERE / "peers.txt"


class Missing:
    """Stands for a module that cannot be imported: using it says so."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def __getattr__(self, name: str) -> Any:
        raise NotRunError(self._reason)


def optional(name: str) -> Any:
    """Import a peer, or give what raises NotRunError when it is used."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        return Missing(f"{error.name} is not installed")
    except Exception as error:  # noqa: BLE001 - a peer may break in any way
        return Missing(f"{name} cannot be imported: {error}")


def make_environment(folder: Path) -> Path:
    """Make the environment of ``peers.txt`` once, and give its interpreter."""
    mark = hashlib.sha256(NEEDED.read_bytes()).hexdigest()[:8]
    home = folder / f"peers-{sys.version_info.major}.{sys.version_info.minor}-{mark}"
    python, done = home / "bin" / "python", home / "complete"
    if sys.platform == "win32":
        python = home / "Scripts" / "python.exe"
    if done.exists():
        return python
    print(f"Installing {NEEDED.name} in {home} ...", flush=True)
    venv.create(home, with_pip=True, clear=True)
    command = [python, "-m", "pip", "install", "--quiet", "-r", NEEDED]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        errors = [line for line in made.stderr.splitlines() if "ERROR" in line]
        raise NotRunError(
            f"pip could not install {NEEDED.name}: {(errors or ['?'])[-1]}"
        )
    done.touch()
    return python


def run_in_environment(
    python: Path, program: str, table: pd.DataFrame, *arguments: Any
) -> Measured:
    """Run a program of this folder by another Python, tables passed as Parquet.

    It is given the path of the table, of the result, and the arguments as JSON, and
    prints its seconds and versions as JSON; they come back as ``result.attrs``.
    """
    with tempfile.TemporaryDirectory() as name:
        given, result = Path(name) / "given.parquet", Path(name) / "result.parquet"
        table.to_parquet(given)
        command = [python, "-W", "ignore", HERE / program, given, result]
        said = json.loads(run_program([*command, json.dumps(arguments)]))
        value = pd.read_parquet(result)
    value.attrs["versions"] = said["versions"]
    return Measured(value, said["wall"], said["cpu"], said.get("memory"))
