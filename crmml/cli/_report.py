"""The arguments of ``crmml report``."""

import argparse
import importlib
from typing import Any

KINDS = ("churn", "segments", "rules")
_DESCRIPTION = """\
Write a page for those who decide: who is about to leave, why, and whom to call first;
which segments there are; what is bought together. Each part is computed from its
section of the configuration, as of the cutoff. One HTML file, with its pictures inside.

Where the configuration has [churn] test, the page says how good the predictions were;
with [churn.money] calls are ranked by expected profit. Rules are learned from orders
before the cutoff, and tested on later ones where there are any.
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
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument(
        "config", help="configuration in TOML; examples/crm.toml explains it"
    )
    for name in ("transactions", "customers", "complaints", "surveys", "events"):
        command.add_argument(
            f"--{name}",
            metavar="PATH",
            help="read this file instead of the one in the configuration",
        )
    command.add_argument("--cutoff", required=True, help="the instant we pretend it is")
    command.add_argument(
        "--out", required=True, metavar="FILE", help="where to write the page, .html"
    )
    command.add_argument(
        "--kind",
        choices=(*KINDS, "all"),
        default="all",
        help="which part (default: all that the configuration has a section for)",
    )
    command.add_argument(
        "--language", choices=("en", "zh"), default="en", help="of the page"
    )
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
    command.add_argument(
        "--traceback", action="store_true", help="show where a failure came from"
    )
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    # Loaded when it is run: --help need not wait for the numeric libraries.
    importlib.import_module("crmml.cli._run_report").run_report(options)
