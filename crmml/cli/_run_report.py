"""Run ``crmml report``: compute what the configuration asks for, write one page."""

import argparse
from typing import Any

from crmml.association import AssociationRules
from crmml.cli._config import Config
from crmml.cli._report import KINDS
from crmml.cli._sections import (
    CHURN_KEYS,
    SEGMENT_KEYS,
    make_churn,
    make_segmentation,
    need,
    open_tables,
)
from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.reporting import ChurnReport, HtmlPage, RulesReport, SegmentReport
from crmml.scoring._sources import list_files
from crmml.scoring._targets import check_folder, refuse_inputs
from crmml.tables import CustomerTables

_TITLES = {"en": "Customer report", "zh": "客户分析报告"}


def run_report(options: argparse.Namespace) -> None:
    """Compute and write the page.

    Parameters
    ----------
    options : argparse.Namespace
        The arguments.

    Raises
    ------
    SchemaError
        If the configuration has no section for what is asked, or a part cannot be
        computed from the tables.
    OSError
        If a file cannot be read or written.
    """
    config = Config(options.config)
    kinds = _choose_kinds(config, options.kind)
    target = check_folder(options.out)
    tables = open_tables(options)
    refuse_inputs(target, [options.config, *list_files(tables)])
    pages = [_MAKERS[kind](config, tables, options) for kind in kinds]
    page = pages[0]
    if len(pages) > 1:
        page = HtmlPage(_TITLES[options.language], language=pages[0].language)
        for part in pages:
            page.add_page(part)
    page.save(target)
    print(f"Written: {target}")  # noqa: T201


def _choose_kinds(config: Config, kind: str) -> list[str]:
    if kind != "all":
        return [kind]
    kinds = [name for name in KINDS if name in config]
    if not kinds:
        raise SchemaError(
            "The configuration has none of the sections "
            f"{', '.join(f'[{name}]' for name in KINDS)} to report on. Add one."
        )
    return kinds


def _report_churn(
    config: Config, tables: CustomerTables, options: argparse.Namespace
) -> HtmlPage:
    section = config.section("churn", CHURN_KEYS)
    train = need(section, "churn", "train")
    churn = make_churn(section).fit(tables, train)
    money = section.get("money")
    scores = None
    if "test" in section:
        scores = churn.backtest_scores(tables, section["test"], money=money)
    return ChurnReport(
        churn,
        tables,
        options.cutoff,
        backtest=scores,
        money=money,
        n_customers=options.customers_named,
        language=options.language,
    )


def _report_segments(
    config: Config, tables: CustomerTables, options: argparse.Namespace
) -> HtmlPage:
    section = config.section("segments", SEGMENT_KEYS)
    pipeline = make_segmentation(section).fit(tables, options.cutoff)
    return SegmentReport(
        pipeline,
        tables,
        options.cutoff,
        value=section.get("value"),
        earlier=options.earlier,
        language=options.language,
    )


def _report_rules(
    config: Config, tables: CustomerTables, options: argparse.Namespace
) -> HtmlPage:
    section = config.section("rules", set(AssociationRules().get_params()))
    rules = AssociationRules(**section).fit(tables, cutoff=options.cutoff)
    try:
        validation = rules.validate(tables)
    except NotEnoughHistoryError:
        # A cutoff of today: tomorrow's orders are not there yet.
        validation = None
    return RulesReport(rules, validation=validation, language=options.language)


_MAKERS: dict[str, Any] = {
    "churn": _report_churn,
    "segments": _report_segments,
    "rules": _report_rules,
}
