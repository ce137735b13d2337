"""What the sections of a configuration ask for, made once for all commands."""

import argparse
from typing import Any

from crmml.cli._arguments import TABLES, choose_encodings
from crmml.cli._config import Config, open_table
from crmml.cli._parts import make_features, make_part
from crmml.exceptions import SchemaError
from crmml.pipeline import ChurnPipeline, SegmentationPipeline
from crmml.scoring import read_manifest
from crmml.tables import CustomerTables

CHURN_KEYS = {
    *("features", "label", "classifier", "calibration"),
    *("train", "test", "money"),
}
SEGMENT_KEYS = {"features", "segmenter", "value"}


def need(section: dict[str, Any], name: str, key: str) -> Any:
    """Return what a section must say.

    Parameters
    ----------
    section : dict
        The section.
    name, key : str
        Its name, and what must stand in it.

    Raises
    ------
    SchemaError
        If it does not.
    """
    if key not in section:
        raise SchemaError(f"[{name}] needs {key}. See examples/crm.toml.")
    return section[key]


def open_tables(options: argparse.Namespace) -> CustomerTables:
    """Open the tables of a configuration, or the files given in their place.

    Parameters
    ----------
    options : argparse.Namespace
        ``config``, and paths by table.
    """
    given = {name: getattr(options, name, None) for name in TABLES}
    return Config(options.config).open_tables(given)


def open_model_tables(options: argparse.Namespace) -> CustomerTables:
    """Open the given files by the columns that a model's manifest names.

    Parameters
    ----------
    options : argparse.Namespace
        ``model``, a path for each of its tables, ``encoding`` and ``observed_until``.

    Raises
    ------
    SchemaError
        If the manifest has no columns, or the files are not those of its tables.
    """
    known = read_manifest(options.model)["tables"]
    if known is None:
        raise SchemaError(
            "The model's file does not say what the tables' columns are. Save it with "
            "crmml train, or save(model, path, tables=tables)."
        )
    given = {name: getattr(options, name) for name in TABLES}
    needed = set(known["tables"])
    if needed != {name for name, path in given.items() if path is not None}:
        raise SchemaError(
            "The model was fitted to the tables "
            f"{', '.join(sorted(needed))}: give a file for each, and no other."
        )
    encodings = choose_encodings(options.encoding, needed)
    for table, _ in options.encoding:
        if table is not None and table not in needed:
            raise SchemaError(f"--encoding {table}=...: no --{table} is given.")
    opened = {}
    for name, one in known["tables"].items():
        roles = {role: found["column"] for role, found in one["columns"].items()}
        declared = {**roles, "data": given[name], "encoding": encodings[name]}
        opened[name] = open_table(name, declared)
    return CustomerTables(**opened, observed_until=options.observed_until)


def make_churn(section: dict[str, Any]) -> ChurnPipeline:
    """Make the pipeline of ``[churn]``, not yet fitted.

    Parameters
    ----------
    section : dict
        The section.
    """
    return ChurnPipeline(
        features=make_features(need(section, "churn", "features")),
        label=make_part(need(section, "churn", "label"), "label"),
        classifier=make_part(
            section.get("classifier", "LogisticChurnClassifier"), "classifier"
        ),
        calibration=section.get("calibration"),
    )


def make_segmentation(section: dict[str, Any]) -> SegmentationPipeline:
    """Make the pipeline of ``[segments]``, not yet fitted.

    Parameters
    ----------
    section : dict
        The section.
    """
    return SegmentationPipeline(
        features=make_features(need(section, "segments", "features")),
        segmenter=make_part(need(section, "segments", "segmenter"), "segmenter"),
    )
