"""The readable part of a model file: what the model is, and what it was made of."""

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

import crmml
from crmml.exceptions import ModelFileError, SchemaError
from crmml.features import describe_features
from crmml.scoring._archive import ARRAYS, TREE
from crmml.scoring._manifest_schema import FIELDS, check_manifest
from crmml.scoring._versions import list_versions

FORMAT = 1
"""Version of the format; raised whenever an older crmml could misread a file."""
_LIBRARIES = ("numpy", "pandas", "scikit-learn", "xgboost")
_LONGEST = 1_000
"""Characters of a parameter that is shown; the model itself holds all of it."""


def describe_model(model: Any, kind: str, metrics: Any) -> dict[str, Any]:
    """Collect what a model says of itself.

    Parameters
    ----------
    model : estimator
        The fitted model.
    kind : str
        Its kind.
    metrics : pandas.DataFrame or None
        Measures, such as ``ChurnPipeline.backtest`` returns.

    Returns
    -------
    dict of str to object
        What JSON can hold; None where nothing is known.
    """
    return {
        "format": FORMAT,
        "kind": kind,
        "parameters": _plain(model.get_params(deep=False)),
        "label": _describe_part(getattr(model, "label", None)),
        "features": _list_features(model),
        "training": {
            "cutoffs": _plain(getattr(model, "cutoffs_", None)),
            "n_customers": _plain(getattr(model, "n_customers_", None)),
            "n_unlabelled": _plain(getattr(model, "n_unlabelled_", None)),
            "base_rate": _plain(getattr(model, "base_rate_", None)),
        },
        "backtest": None if metrics is None else _list_metrics(metrics),
        "tables": None,
        "drivers": None,
        "reference": None,
        "versions": list_versions("crmml", *_LIBRARIES),
    }


def seal(manifest: Mapping[str, Any], parts: Mapping[str, bytes]) -> bytes:
    """Write the manifest, with the hashes of the other members.

    Parameters
    ----------
    manifest : mapping of str to object
        What is known of the model.
    parts : mapping of str to bytes
        The other members.

    Returns
    -------
    bytes
        JSON for people, the same for the same model.
    """
    hashes = {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        for name, data in parts.items()
    }
    whole = {**manifest, "parts": hashes}
    text = json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "backslashreplace")


def open_manifest(
    members: Mapping[str, bytes | bytearray], name: str
) -> dict[str, Any]:
    """Read the manifest, and check the other members against it.

    Parameters
    ----------
    members : mapping of str to bytes
        Manifest and parts.
    name : str
        The file's name, for messages.

    Returns
    -------
    dict of str to object
        The manifest.

    Raises
    ------
    ModelFileError
        If it cannot be read, is of a newer format, a field is of another type than
        save writes, or a part is not what was saved.
    """
    try:
        manifest = json.loads(members["manifest.json"], parse_constant=_refuse)
        version = manifest["format"]
    except (KeyError, RecursionError, TypeError, ValueError) as error:
        raise ModelFileError(
            f"{name} has no readable manifest: it is damaged. Get the file again."
        ) from error
    if type(version) is not int or not 1 <= version <= FORMAT:
        shown = version if type(version) is int else "that is no number"
        raise ModelFileError(
            f"{name} is in format {shown}, and crmml {crmml.__version__} reads formats "
            f"1 to {FORMAT}. Update crmml: pip install -U crmml."
        )
    for part in (TREE, ARRAYS):
        found = hashlib.sha256(members[part]).hexdigest()
        try:
            is_same = manifest["parts"][part]["sha256"] == found
        except (KeyError, TypeError):
            is_same = False
        if not is_same:
            raise ModelFileError(
                f"{name}: {part} is not what was saved (its SHA-256 differs from the "
                "manifest's). The file is damaged or was changed; get it again."
            )
    whole = {**dict.fromkeys(FIELDS), **manifest}
    check_manifest(whole, name)
    return whole


def _refuse(constant: str) -> None:
    """Refuse what JSON does not have: NaN and infinite numbers."""
    raise ValueError(constant)


def _describe_part(part: Any) -> dict[str, Any] | None:
    if part is None:
        return None
    return {"kind": type(part).__name__, **_plain(part.get_params(deep=False))}


def _list_features(model: Any) -> list[dict[str, Any]] | None:
    """Name the features, with what the model learned of their kind and their units."""
    fitted = getattr(model, "classifier_", getattr(model, "segmenter_", model))
    encoder = getattr(fitted, "_encoder", None)
    names = getattr(getattr(model, "features_", None), "feature_names_out_", None)
    if names is None:
        names = getattr(fitted, "feature_names_in_", getattr(encoder, "names_", None))
    if names is None:
        return None
    kinds = {}
    if encoder is not None:
        kinds = dict(zip(encoder.names_, encoder.kinds_, strict=True))
    texts = describe_features([name for name in names if isinstance(name, str)])
    return [
        {
            "name": _plain(name),
            "kind": kinds.get(name, "number"),
            "meaning": texts.get(name),
        }
        for name in names
    ]


def _list_metrics(metrics: Any) -> dict[str, Any]:
    """Turn a table of measures into rows of a manifest."""
    if not isinstance(metrics, pd.DataFrame):
        raise SchemaError(
            "metrics must be the table that backtest returns, got "
            f"{type(metrics).__name__}."
        )
    if "customer_id" in metrics.columns:
        raise SchemaError(
            "metrics has a column customer_id, and no customer belongs in a model "
            "file. Give what backtest returns, not backtest_scores."
        )
    rows = [
        {str(name): _plain(value) for name, value in row.items()}
        for row in metrics.to_dict("records")
    ]
    return {"rows": rows, "verdict": _plain(metrics.attrs.get("verdict"))}


def _plain(value: Any) -> Any:
    """Write a value for people: what JSON cannot hold as text."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    text = repr(value) if hasattr(value, "get_params") else str(value)
    return " ".join(text.split())[:_LONGEST]
