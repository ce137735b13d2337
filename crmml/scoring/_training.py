"""What the training tables tell of a model that it does not hold itself."""

from typing import Any

import narwhals as nw
import pandas as pd

from crmml.exceptions import SchemaError
from crmml.models import compute_drivers
from crmml.models._base import BaseChurnClassifier
from crmml.pipeline import ChurnPipeline
from crmml.pipeline._panel import make_panel
from crmml.scoring._reference import count_columns
from crmml.tables import CustomerTables
from crmml.tables._coerce import as_tables


def describe_training(model: Any, tables: Any) -> dict[str, Any]:
    """Describe the tables, what moves the risk in them, and how customers spread.

    Parameters
    ----------
    model : estimator
        A fitted pipeline, or a churn classifier.
    tables : CustomerTables, Transactions or frame
        What it was fitted to; of a classifier, the frame of features.

    Returns
    -------
    dict of str to object
        ``tables`` of pipelines; of a ChurnPipeline or classifier also ``reference``
        and, with a classifier of crmml, ``drivers``.

    Raises
    ------
    SchemaError
        If these are not the tables that the pipeline was fitted to.
    """
    if isinstance(model, BaseChurnClassifier):
        return _describe_customers(model, model, tables)
    tables = as_tables(tables)
    found: dict[str, Any] = {"tables": _describe_tables(tables)}
    if not isinstance(model, ChurnPipeline):
        return found
    panel = make_panel(tables, model.cutoffs_, model.features_, model.label)
    if len(panel.y) != model.n_customers_:
        raise SchemaError(
            f"tables hold {len(panel.y)} customers in the training snapshots, and the "
            f"model was fitted to {model.n_customers_}. Give the tables that fit was "
            "given."
        )
    return found | _describe_customers(model.classifier_, model.calibrated_, panel.X)


def _describe_customers(classifier: Any, calibrated: Any, X: Any) -> dict[str, Any]:
    """Count customers by features and scores, and say what moves their risk."""
    probability = calibrated.predict_proba(X)[:, 1]
    if isinstance(classifier, BaseChurnClassifier):
        frame = nw.from_native(X, eager_only=True, pass_through=True)
        if not isinstance(frame, nw.DataFrame):
            raise SchemaError(
                "tables must be the frame of features that the classifier was fitted "
                f"to, got {type(X).__name__}."
            )
        X = frame.select(*classifier.feature_names_in_).to_pandas()
    found: dict[str, Any] = {"reference": count_columns(X, probability)}
    if isinstance(classifier, BaseChurnClassifier):
        drivers = compute_drivers(classifier, X)
        found["drivers"] = [
            {
                "feature": str(row.feature),
                "share": float(row.share),
                "direction": None if pd.isna(row.direction) else float(row.direction),
            }
            for row in drivers.itertuples()
        ]
    return found


def _describe_tables(tables: CustomerTables) -> dict[str, Any]:
    """Names, roles and types of columns, sizes, and days; no cell."""
    found: dict[str, Any] = {}
    for name, columns in tables.columns.items():
        extent = tables.extents[name]
        found[name] = {
            "n_rows": int(extent.n_rows),
            "first_day": _day(extent.first),
            "last_day": _day(extent.last),
            "columns": {
                role: {"column": one.name, "kind": one.kind, "type": one.type}
                for role, one in columns.items()
            },
        }
    return {
        "observed_until": _day(tables.observed_until),
        "has_time_zone": tables.is_aware,
        "tables": found,
    }


def _day(instant: pd.Timestamp | None) -> str | None:
    return None if instant is None else instant.date().isoformat()
