"""The arguments of ``crmml monitor``."""

import argparse
import importlib
from typing import Any

_DESCRIPTION = """\
Compare the customers of a cutoff with those that the model was trained on, feature by
feature, and its scores; and, with --scores, what became of customers who were scored
earlier with what the backtest promised. Nothing is scored or changed.

Exit codes for a scheduler:
   0  stable
  10  watch: something moved moderately
  11  act: something moved much; look at the data, or train again
  12  cannot tell: too few customers; how many are needed is said
   2  bad input, 3  cannot read or write, 5  a limit was reached, 130  interrupted
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
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("model", help="file that crmml train has written")
    for name in ("transactions", "customers", "complaints", "surveys", "events"):
        command.add_argument(
            f"--{name}", metavar="PATH", help="path or glob of Parquet or CSV files"
        )
    command.add_argument(
        "--encoding", default="utf-8", help="of CSV files (default: %(default)s)"
    )
    command.add_argument(
        "--observed-until",
        metavar="INSTANT",
        help="until when the data are complete (default: the last event)",
    )
    command.add_argument("--cutoff", help="the instant we pretend it is")
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
    command.add_argument(
        "--traceback", action="store_true", help="show where a failure came from"
    )
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    # Loaded here so that --help does not wait for the numeric libraries.
    importlib.import_module("crmml.cli._run_monitor").run_monitor(options)
