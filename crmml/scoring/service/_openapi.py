"""The description of the service for programs, made of what the model knows."""

from collections.abc import Sequence
from typing import Any

from pydantic.json_schema import models_json_schema

from crmml.scoring.service._answers import Fault, Problems
from crmml.scoring.service._features import LARGEST, MOST_EXAMPLES, Feature
from crmml.scoring.service._tables import PATTERNS, Role, Spec

_INTEGERS = {"minimum": -(2**63), "maximum": 2**63 - 1}


def describe_components(
    features: Sequence[Feature], spec: Spec | None, max_records: int
) -> dict[str, Any]:
    """Describe what may be sent, as JSON Schema.

    Parameters
    ----------
    features : sequence of Feature
        What the model asks for.
    spec : Spec or None
        The tables of the training, if the file knows them.
    max_records : int
        The most records of a batch.

    Returns
    -------
    dict of str to dict
        Schemas by name: those of faults, ``Features``, ``Record`` (a body of
        ``/score``), ``Records`` (of ``/score/batch``) and, for pipelines, ``Events``.
    """
    models = (Fault, Problems)
    known = {
        **models_json_schema(
            [(model, "serialization") for model in models],
            ref_template="#/components/schemas/{model}",
        )[1]["$defs"],
        "Features": _describe_features(features),
        "Record": _object({"record": _refer("Features")}),
        "Records": _object(
            {
                "records": {
                    "type": "array",
                    "items": _refer("Features"),
                    "maxItems": max_records,
                }
            }
        ),
    }
    if spec is not None:
        known["Events"] = _describe_events(spec)
    return known


def describe_body(*names: str) -> dict[str, Any]:
    """Say which of the schemas a body follows.

    Parameters
    ----------
    *names : str
        Names of schemas, any of which will do.

    Returns
    -------
    dict of str to object
        For ``openapi_extra`` of a route.
    """
    schemas = [_refer(name) for name in names]
    schema = schemas[0] if len(schemas) == 1 else {"oneOf": schemas}
    content = {"application/json": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}


_FAULTS = {
    401: ("Fault", "The token is missing, or is another one"),
    408: ("Fault", "The body did not come in time"),
    413: ("Fault", "The body is too large"),
    415: ("Fault", "The body is no JSON"),
    422: ("Problems", "What is wrong, by place"),
    503: ("Fault", "Too many requests wait"),
}


def describe_faults(*codes: int | None) -> dict[int | str, dict[str, Any]]:
    """Say what is answered when there is no answer.

    Parameters
    ----------
    *codes : int or None
        Codes of HTTP; None for none.

    Returns
    -------
    dict of int to dict
        For ``responses`` of a route.
    """
    return {
        code: {
            "description": _FAULTS[code][1],
            "content": {"application/json": {"schema": _refer(_FAULTS[code][0])}},
        }
        for code in codes
        if code is not None
    }


def _refer(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _describe_features(features: Sequence[Feature]) -> dict[str, Any]:
    return {
        **_object({one.name: _describe_feature(one) for one in features}),
        "additionalProperties": True,
        "description": (
            "A customer's features; null for what is not known. Further keys do not "
            "matter."
        ),
    }


def _describe_feature(feature: Feature) -> dict[str, Any]:
    texts = [feature.meaning or feature.name, feature.usual or ""]
    found: dict[str, Any] = {"type": [feature.kind, "null"]}
    if feature.kind == "number":
        found |= {"minimum": -LARGEST, "maximum": LARGEST}
    elif feature.kind == "text":
        found["type"] = ["string", "null"]
        found["examples"] = list(feature.categories[:MOST_EXAMPLES])
        texts.append(
            f"The model tells {len(feature.categories)} categories apart; any other "
            "text counts as rare."
        )
    elif feature.kind == "empty":
        found = {}
        texts.append("Had no value in training, and has no part in the score.")
    return {**found, "description": _join(texts)}


def _describe_events(spec: Spec) -> dict[str, Any]:
    tables = {
        name: {
            "type": "array",
            "items": _object(
                {role: _describe_role(one, spec) for role, one in roles.items()}
            ),
            "maxItems": spec.max_rows,
        }
        for name, roles in spec.tables.items()
    }
    return {
        **_object(
            {
                "tables": _object(tables),
                "cutoff": _describe_role(Role("instant", False), spec),
            }
        ),
        "description": (
            "A customer's rows by table, without the customer's id, and the instant "
            "that we pretend it is: rows at or after it have no part. All tables "
            f"together have at most {spec.max_rows} rows."
        ),
    }


def _describe_role(role: Role, spec: Spec) -> dict[str, Any]:
    kinds = {
        "instant": ["string"],
        "number": ["number"],
        "integer": ["integer"],
        "text": ["string"],
        "key": ["string", "integer"],
    }[role.kind]
    found: dict[str, Any] = {"type": [*kinds, *(["null"] if role.may_lack else [])]}
    if role.kind == "instant":
        found["pattern"] = PATTERNS[spec.is_aware]
    elif role.kind == "number":
        found |= {"minimum": -LARGEST, "maximum": LARGEST}
    elif role.kind != "text":
        found |= _INTEGERS
    return found


def _join(texts: Sequence[str]) -> str:
    return " ".join(f"{text.rstrip('.')}." for text in texts if text)
