"""Read arguments, run a command, turn every failure into one line and an exit code."""

import argparse
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from crmml import __version__
from crmml.cli._failures import (
    BAD_INPUT,
    DONE,
    EXIT_CODES,
    INTERRUPTED,
    TERMINATED,
    fail,
    say_line,
)
from crmml.cli._monitor import add_monitor
from crmml.cli._parsers import add_commands
from crmml.cli._report import add_report
from crmml.cli._serve import add_serve
from crmml.exceptions import CrmmlError


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
    except (CrmmlError, OSError, MemoryError) as error:
        return fail(error, options)
    except (KeyboardInterrupt, _Terminated) as error:
        say_line("interrupted, nothing was written")
        return TERMINATED if isinstance(error, _Terminated) else INTERRUPTED
    # Known before anything is printed, so that it is true where nobody reads.
    return getattr(options, "code", DONE)


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
        say_line(f"warning: {message}")

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one line, as for any other failure."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        # Descriptions and examples are laid out as they shall be read.
        settings["formatter_class"] = argparse.RawDescriptionHelpFormatter
        super().__init__(*arguments, **settings)

    def error(self, message: str) -> NoReturn:
        """Print the line and end the program."""
        self.exit(BAD_INPUT, f"crmml: {message}; see {self.prog} --help\n")


def _make_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="crmml",
        description=(
            "Analytical CRM from raw customer tables: who leaves, which\n"
            "segments there are, what is bought together, what customers will bring."
        ),
        epilog=f"crmml COMMAND --help tells more.\n\n{EXIT_CODES}",
    )
    parser.add_argument("--version", action="version", version=f"crmml {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_commands(commands)
    add_report(commands)
    add_monitor(commands)
    add_serve(commands)
    return parser
