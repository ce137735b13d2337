"""The arguments of ``crmml monitor``."""

import argparse
import importlib
from typing import Any

from crmml.cli._arguments import (
    add_cutoff,
    add_model,
    add_model_tables,
    add_traceback,
)

_DESCRIPTION = """\
Compare the customers of a cutoff with those that the model was trained on,
feature by feature, and its scores; and, with --scores, what became of customers
who were scored earlier with what the backtest promised. No scores are written.

Exit codes for a scheduler, beside those of all commands (crmml --help):
   0  stable
  10  watch: something moved moderately
  11  act: something moved much; look at the data, or train again
  12  cannot tell: too few customers; how many are needed is said
"""
_EXAMPLE = """\
example:
  crmml monitor churn.crmml --cutoff 2024-12-01 --out watched.json \\
    --transactions orders.parquet --scores scores-2024-09-01.parquet
"""


def add_monitor(commands: Any) -> None:
    """Add the command that watches a model.

    Parameters
    ----------
    commands : subparsers
        Of the whole command line.
    """
    command = commands.add_parser(
        "monitor",
        help="say whether a model still fits its customers, by an exit code too",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
    )
    add_model(command)
    add_cutoff(command, required=False)
    command.add_argument(
        "--features",
        metavar="PATH",
        help="path or glob of Parquet files of features, instead of tables and cutoff",
    )
    command.add_argument(
        "--scores",
        metavar="FILE",
        help="scores of an earlier cutoff whose outcomes the tables hold by now",
    )
    command.add_argument(
        "--scores-cutoff",
        metavar="INSTANT",
        help="that cutoff (default: what the manifest beside the scores says)",
    )
    command.add_argument(
        "--ignore",
        nargs="+",
        default=[],
        metavar="FEATURE",
        help="features that are expected to move and shall not count",
    )
    command.add_argument(
        "--out", metavar="FILE", help="where to write the report too, .json"
    )
    add_model_tables(command)
    add_traceback(command)
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    # Loaded here so that --help does not wait for the numeric libraries.
    importlib.import_module("crmml.cli._run_monitor").run_monitor(options)
