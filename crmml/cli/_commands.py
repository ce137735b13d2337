"""The commands: each reads its part of the configuration, works, prints, writes."""

import argparse
import json
from pathlib import Path
from typing import Any

import pandas as pd

from crmml.association import AssociationRules
from crmml.cli._config import Config, open_database_table
from crmml.cli._console import PatientConsole
from crmml.cli._parts import make_part
from crmml.cli._plain import say
from crmml.cli._sections import (
    CHURN_KEYS,
    SEGMENT_KEYS,
    make_churn,
    make_segmentation,
    need,
    open_model_tables,
    open_tables,
)
from crmml.cli._tables import print_heading, print_table
from crmml.exceptions import SchemaError
from crmml.pipeline import ChurnPipeline, ValuePipeline
from crmml.scoring import load, save, score
from crmml.scoring._sources import list_files
from crmml.scoring._targets import check_folder, check_target, refuse_inputs
from crmml.scoring._write import write_table
from crmml.tables import CustomerTables


def check(options: argparse.Namespace) -> None:
    """Print what the tables hold and what looks wrong with them."""
    tables = open_tables(options)
    console = PatientConsole()
    print_heading(console, "What the tables hold")
    console.print(str(tables), markup=False, highlight=False)
    found = tables.quality()
    plural = "s" if len(found) != 1 else ""
    print_heading(console, f"What looks wrong: {len(found)} finding{plural}")
    if len(found):
        print_table(console, found, {"share": ".1%"})


def train(options: argparse.Namespace) -> None:
    """Train a churn pipeline, test it out of time, save it."""
    config = Config(options.config)
    section = config.section("churn", CHURN_KEYS)
    target = check_folder(options.out)
    refuse_inputs(target, [options.config])
    tables = open_tables(options)
    churn = make_churn(section).fit(tables, need(section, "churn", "train"))
    metrics = _backtest(churn, tables, section) if "test" in section else None
    save(churn, target, metrics=metrics, tables=tables)
    if metrics is not None:
        _print_backtest(metrics)
    say(f"Written: {target}")


def backtest(options: argparse.Namespace) -> None:
    """Test a churn pipeline out of time, beside the shop's own rules."""
    section = Config(options.config).section("churn", CHURN_KEYS)
    tables = open_tables(options)
    need(section, "churn", "test")
    _print_backtest(_backtest(make_churn(section), tables, section))


def score_customers(options: argparse.Namespace) -> None:
    """Score the customers of a cutoff with a saved model."""
    table = open_database_table(options.out)
    # Before the tables are opened, which may take long.
    target = check_target(options.out) if table is None else table
    done = score(
        options.model,
        open_model_tables(options),
        options.cutoff,
        target,
        overwrite=options.overwrite,
        quality=options.quality,
        n_reasons=options.reasons,
        language=options.language,
    )
    say(json.dumps(done, ensure_ascii=False))


def segment(options: argparse.Namespace) -> None:
    """Put the customers of a cutoff into segments, and describe these."""
    section = Config(options.config).section("segments", SEGMENT_KEYS)
    target = check_target(options.out)
    tables = _open_inputs(options, target)
    pipeline = make_segmentation(section).fit(tables, options.cutoff)
    profile = pipeline.profile(tables, options.cutoff, value=section.get("value"))
    write_table(pipeline.predict(tables, options.cutoff), target)
    print_table(
        PatientConsole(), profile, {"customer_share": ".1%", "value_share": ".1%"}
    )


def find_rules(options: argparse.Namespace) -> None:
    """Find what is bought together."""
    known = set(AssociationRules().get_params())
    section = Config(options.config).section("rules", known)
    target = check_target(options.out)
    tables = _open_inputs(options, target)
    rules = AssociationRules(**section).fit(tables)
    sides = ("antecedents", "consequents")
    texts = {side: rules.rules_[side].map(_join) for side in sides}
    write_table(rules.rules_.assign(**texts), target)
    say(f"{rules.n_rules_:,} rules of {rules.n_baskets_:,} baskets")
    say(rules.to_text(10))


def value(options: argparse.Namespace) -> None:
    """Say what customers will bring."""
    known = {"purchases", "spend", "horizon", "margin", "discount_rate"}
    section = Config(options.config).section("value", known)
    target = check_target(options.out)
    tables = _open_inputs(options, target)
    purchases = make_part(need(section, "value", "purchases"), "purchases")
    spend = section.get("spend")
    pipeline = ValuePipeline(
        purchases=purchases,
        spend=None if spend is None else make_part(spend, "spend"),
    ).fit(tables, options.cutoff)
    rates = ("margin", "discount_rate")
    found = pipeline.predict(
        tables,
        options.cutoff,
        horizon=need(section, "value", "horizon"),
        **{name: section[name] for name in rates if name in section},
    )
    numbers = found.drop(columns="customer_id").describe().loc[["mean", "50%", "max"]]
    write_table(found, target)
    print_table(PatientConsole(), numbers.reset_index(names=""), {})


def explain(options: argparse.Namespace) -> None:
    """Print why customers are at risk, by a saved model."""
    model = load(options.model)
    if not isinstance(model, ChurnPipeline):
        raise SchemaError("explain takes a saved ChurnPipeline.")
    tables = open_model_tables(options)
    found = model.predict(
        tables, options.cutoff, n_reasons=3, language=options.language
    ).nlargest(options.top, "churn_probability")
    for row in found.itertuples(index=False):
        say(f"{row.customer_id}  {row.churn_probability:.1%}")
        for reason in (row.reason_1, row.reason_2, row.reason_3):
            if isinstance(reason, str):
                say(f"    {reason}")


def _backtest(
    churn: ChurnPipeline, tables: CustomerTables, section: dict[str, Any]
) -> pd.DataFrame:
    return churn.backtest(
        tables,
        section["test"],
        train_cutoffs=need(section, "churn", "train"),
        money=section.get("money"),
    )


def _print_backtest(found: pd.DataFrame) -> None:
    wanted = ("cutoff", "model", "auc", "brier", "top_decile_lift", "profit")
    shown = [name for name in wanted if name in found]
    console = PatientConsole()
    table = found[shown].assign(cutoff=found["cutoff"].astype(str))
    print_table(console, table, {"auc": ".3f", "brier": ".4f"})
    console.print(found.attrs["verdict"], markup=False, highlight=False)


def _open_inputs(options: argparse.Namespace, target: Path) -> CustomerTables:
    """Open the tables, and refuse to write over a file that is read."""
    tables = open_tables(options)
    refuse_inputs(target, [options.config, *list_files(tables)])
    return tables


def _join(items: Any) -> str:
    return " + ".join(sorted(map(str, items)))
