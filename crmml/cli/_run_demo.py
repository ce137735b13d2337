"""Run the demo: compute, print, write a folder that appears whole or not at all."""

from pathlib import Path

import pandas as pd
from rich.console import Console

from crmml.cli import _demo_tables as shown
from crmml.cli import _demo_texts as texts
from crmml.cli._demo import N_STEPS, DemoResult, compute_demo
from crmml.cli._demo_page import make_page
from crmml.cli._output_folder import output_folder
from crmml.cli._steps import show_steps
from crmml.cli._tables import print_heading, print_table

REPORT = "report.html"


def run_demo(folder: str) -> None:
    """Run the demo and write its results.

    Parameters
    ----------
    folder : str
        Made, or replaced if an earlier demo wrote it.

    Raises
    ------
    MissingExtraError
        If the ``demo`` extra is not installed.
    CrmmlError
        If the folder holds something else.
    OSError
        If it cannot be written.
    """
    with output_folder(folder, marker=REPORT) as target:
        with show_steps(N_STEPS + 1) as steps:
            result = compute_demo(steps)
            steps.begin("Drawing and writing the report")
            _write(result, target)
        _print(result, Console())
    written = f"\nWritten: {folder}/{{{', '.join(_FILES)}}}"
    Console().print(written, markup=False, soft_wrap=True)


def _write(result: DemoResult, folder: Path) -> None:
    result.leavers.to_parquet(folder / "scores.parquet", index=False)
    result.segments.to_parquet(folder / "segments.parquet", index=False)
    _as_lists(result.rules.rules_).to_parquet(folder / "rules.parquet", index=False)
    make_page(result).save(folder / REPORT)


_FILES = ("scores.parquet", "segments.parquet", "rules.parquet", REPORT)


def _as_lists(rules: pd.DataFrame) -> pd.DataFrame:
    """Turn sets into sorted lists, which Parquet can hold."""
    sides = ("antecedents", "consequents")
    return rules.assign(**{side: rules[side].map(sorted) for side in sides})


def _print(result: DemoResult, console: Console) -> None:
    print_heading(console, "What the tables hold")
    console.print(texts.about_tables(result), markup=False)
    print_table(console, result.quality, shown.QUALITY_FORMATS)
    print_heading(console, "How well leavers were predicted, out of time")
    console.print(texts.about_backtest(result), markup=False)
    print_table(console, shown.mean_backtest(result), shown.BACKTEST_FORMATS)
    console.print(texts.verdict(result), markup=False)
    print_heading(console, "Who is about to leave, and why")
    console.print(texts.about_leavers(result), markup=False)
    leavers = shown.top_leavers(result).drop(columns="reason_2")
    print_table(console, leavers, shown.LEAVER_FORMATS)
    print_heading(console, "Which groups there are")
    console.print(texts.about_segments(result), markup=False)
    print_table(console, result.rfm_profile, shown.PROFILE_FORMATS)
    print_heading(console, "What is bought together")
    console.print(texts.about_rules(result), markup=False)
    print_table(console, shown.top_rules(result), shown.RULE_FORMATS)
