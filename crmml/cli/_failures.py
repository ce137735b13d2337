"""Failures in one line, in our words, and the exit code of each."""

import argparse
import sys
import traceback

from crmml._utils._controls import spell_controls
from crmml.exceptions import CrmmlError, LimitError, TargetBusyError

DONE, BAD_INPUT, CANNOT_READ_OR_WRITE, BUSY = 0, 2, 3, 4
LIMIT_REACHED, INTERRUPTED, TERMINATED = 5, 130, 143
EXIT_CODES = """\
Exit codes:
    0  done
    2  bad input or arguments
    3  a file, a folder or a database cannot be read or written
    4  another run holds the file to write, or older scores must stay
    5  a limit was reached, such as the memory
  130  interrupted from the keyboard, 143 by SIGTERM; nothing was written
monitor also says what it found: 0 stable, 10 watch, 11 act, 12 cannot tell.
"""
_POSITIONAL = ("config", "model")


def fail(error: Exception, options: argparse.Namespace) -> int:
    """Say what went wrong on standard error.

    Parameters
    ----------
    error : exception
        What went wrong.
    options : argparse.Namespace
        The arguments; ``traceback`` asks for all of it.

    Returns
    -------
    int
        The exit code.
    """
    if options.traceback:
        traceback.print_exception(error)
    else:
        say_line(_describe(error, options))
    return _code_of(error)


def say_line(text: str) -> None:
    """Print one line on standard error, whatever the text holds."""
    line = " ".join(text.split())
    print(spell_controls(f"crmml: {line}"), file=sys.stderr)  # noqa: T201


def _code_of(error: Exception) -> int:
    if isinstance(error, (TargetBusyError, FileExistsError)):
        return BUSY
    if isinstance(error, (LimitError, MemoryError)):
        return LIMIT_REACHED
    return BAD_INPUT if isinstance(error, CrmmlError) else CANNOT_READ_OR_WRITE


def _describe(error: Exception, options: argparse.Namespace) -> str:
    if isinstance(error, MemoryError):
        return "The memory is not enough. Give the process more."
    if isinstance(error, OSError) and isinstance(error.filename, str):
        return _describe_path(error, error.filename, options)
    return str(error)


def _describe_path(error: OSError, path: str, options: argparse.Namespace) -> str:
    """Say which argument named a path, and what is wrong with it."""
    named = [name for name, value in vars(options).items() if value == path]
    where = f"{_spell_argument(named[0])} {path!r}" if named else repr(path)
    if isinstance(error, IsADirectoryError):
        return f"{where} is a folder. Name a file."
    if isinstance(error, FileNotFoundError):
        return f"{where}: there is no such file. Check the path."
    if isinstance(error, PermissionError):
        return f"{where}: permission denied. Check whose file it is."
    return f"{where}: {error.strerror}."


def _spell_argument(name: str) -> str:
    if name in _POSITIONAL:
        return name.upper()
    return f"--{name.replace('_', '-')}"
