"""The arguments of ``crmml report``."""

import argparse
import importlib
from typing import Any

from crmml.cli._arguments import (
    add_config,
    add_cutoff,
    add_language,
    add_traceback,
)

KINDS = ("churn", "segments", "rules")
_DESCRIPTION = """\
Write a page for those who decide: who is about to leave, why, and whom to call
first; which segments there are; what is bought together. Each part is computed
from its section of CONFIG, as of the cutoff. One HTML file, with its pictures
inside.

Where CONFIG has [churn] test, the page says how good the predictions were; with
[churn.money] calls are ranked by expected profit. Rules are learned from orders
before the cutoff, and tested on later ones where there are any.
"""
_EXAMPLE = """\
example:
  crmml report crm.toml --cutoff 2024-12-01 --out report.html --language zh
"""


def add_report(commands: Any) -> None:
    """Add the command that writes reports.

    Parameters
    ----------
    commands : subparsers
        Of the whole command line.
    """
    command = commands.add_parser(
        "report",
        help="write a page for those who decide: leavers, segments, rules",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
    )
    add_cutoff(command)
    command.add_argument(
        "--out", required=True, metavar="FILE", help="where to write the page, .html"
    )
    command.add_argument(
        "--kind",
        choices=(*KINDS, "all"),
        default="all",
        help="which part (default: all that the configuration has a section for)",
    )
    add_language(command, "of the page")
    command.add_argument(
        "--earlier",
        metavar="INSTANT",
        help="an earlier cutoff: who has moved between segments since",
    )
    command.add_argument(
        "--customers-named",
        type=int,
        default=10,
        metavar="N",
        help="how many customers to call first to name (default: %(default)s)",
    )
    add_config(command)
    add_traceback(command)
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    # Loaded when it is run: --help need not wait for the numeric libraries.
    importlib.import_module("crmml.cli._run_report").run_report(options)
