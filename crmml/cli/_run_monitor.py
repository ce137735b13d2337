"""Watch a model, and print what was found."""

import argparse
from typing import Any

from crmml._utils._controls import spell_controls
from crmml.cli._arguments import TABLES
from crmml.cli._console import PatientConsole
from crmml.cli._sections import open_model_tables
from crmml.cli._tables import print_heading, print_table
from crmml.exceptions import SchemaError
from crmml.scoring import MonitorReport, monitor, monitor_features
from crmml.scoring._monitor_parts import check_out

_MOST = 20
"""Features shown; the file has all."""


def run_monitor(options: argparse.Namespace) -> None:
    """Watch a model, and leave the exit code in ``options.code``.

    Parameters
    ----------
    options : argparse.Namespace
        What :func:`crmml.cli._monitor.add_monitor` reads.

    Raises
    ------
    SchemaError
        If neither features nor a cutoff are given, or both.
    """
    names = (*TABLES, "cutoff", "scores", "scores_cutoff", "observed_until")
    given = [name for name in names if getattr(options, name) is not None]
    how: dict[str, Any] = {"ignore": options.ignore, "out": options.out}
    if options.features is not None:
        if given:
            raise SchemaError(
                "--features takes the place of tables: leave out "
                f"--{given[0].replace('_', '-')}."
            )
        report = monitor_features(options.model, options.features, **how)
    elif options.cutoff is None:
        raise SchemaError("Give --cutoff and tables, or --features.")
    else:
        if options.out is not None:
            # Before the tables are opened, which may take long.
            check_out(options.out, [])
        report = monitor(
            options.model,
            open_model_tables(options),
            options.cutoff,
            scores=options.scores,
            scores_cutoff=options.scores_cutoff,
            **how,
        )
    options.code = report.exit_code
    _print(report)


def _print(report: MonitorReport) -> None:
    console = PatientConsole()
    shown = report.features.head(_MOST)
    left_out = len(report.features) - len(shown)
    rest = f", the {_MOST} that moved most" if left_out else ""
    print_heading(console, f"Features and score{rest}")
    columns = ["feature", "psi", "missing_current", "new_share", "importance"]
    table = shown[columns].assign(status=shown["status"], reason=shown["reason"])
    table.loc[shown["is_ignored"], "status"] = "ignored"
    percent = dict.fromkeys(("missing_current", "new_share", "importance"), ".1%")
    # Columns that say nothing take room from those that do.
    silent = [name for name in percent if not table[name].fillna(0).any()]
    print_table(console, table.drop(columns=silent), {"psi": ".3f", **percent})
    if report.realised is not None:
        print_heading(console, f"What became of {report.realised['n']:,} scored before")
        performance = report.performance.drop(columns=["low", "high", "n_needed"])
        print_table(console, performance, _THREE)
    print_heading(console, "Verdict")
    console.print(spell_controls(_say(report)), markup=False, highlight=False)


_THREE = dict.fromkeys(("reference", "current", "difference"), ".3f")


def _say(report: MonitorReport) -> str:
    customers = report.customers
    text = f"{customers['scored']:,} customers"
    if customers["known"]:
        text += f" of {customers['known']:,} known ({customers['share_scored']:.1%})"
    text += f"; {customers['expected']:,.0f} in a training snapshot.\n"
    if report.realised is not None and report.realised["is_same_model"] is False:
        text += "The earlier scores were made by another model file.\n"
    return text + report.verdict
