"""A customer as features: what may be sent, and what is wrong with what was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crmml.features import describe_features
from crmml.scoring._scorer import Scorer
from crmml.scoring.service._refusal import Place, Problem, name_problem

MOST_EXAMPLES = 20
LARGEST = 1e300
"""The size of a number, with room below what a float can hold."""
_WAYS_OUT = {
    "number": "This feature was learned as a number. Send one up to 1e300 in size, or "
    "null.",
    "boolean": "This feature was learned as yes or no. Send true, false or null.",
    "text": "This feature was learned as text. Send text in valid Unicode, or null.",
}


@dataclass(frozen=True)
class Feature:
    """A feature that the model asks for.

    Attributes
    ----------
    name : str
        Its name.
    kind : {"number", "boolean", "text", "empty"}
        What it was in training; empty if it had no value there, and has no part.
    meaning : str or None
        Its name for people, with its unit, where crmml made it; in English.
    categories : tuple of str
        The texts that the model tells apart.
    usual : str or None
        Where the values of the training customers lay, where the file tells.
    """

    name: str
    kind: str
    meaning: str | None
    categories: tuple[str, ...]
    usual: str | None


def list_features(scorer: Scorer) -> list[Feature]:
    """Collect what is known of the features of a model.

    Parameters
    ----------
    scorer : Scorer
        The model.

    Returns
    -------
    list of Feature
        In the order of the model.
    """
    encoder = scorer._encoder
    meanings = describe_features(scorer.features)
    reference = (scorer.manifest or {}).get("reference") or []
    usual = {one["feature"]: _say_usual(one) for one in reference if "feature" in one}
    return [
        Feature(name, kind, meanings.get(name), tuple(categories), usual.get(name))
        for name, kind, categories in zip(
            scorer.features, encoder.kinds_, encoder.categories_, strict=True
        )
    ]


def _say_usual(counted: Mapping[str, Any]) -> str | None:
    """Say where numbers of the training lay, from the tenths in the file."""
    edges = counted.get("edges") or []
    if counted.get("kind") != "number" or not edges:
        return None
    if counted["is_few"]:
        return "In training: " + ", ".join(f"{edge:g}" for edge in edges) + "."
    share = (len(edges) - 1) / (len(edges) + 1)
    return f"In training, {share:.0%} lay from {edges[0]:g} to {edges[-1]:g}."


def check_record(record: Any, features: Sequence[Feature], loc: Place) -> list[Problem]:
    """Look at one customer.

    Parameters
    ----------
    record : object
        What was sent: a dictionary of values by feature; further keys do not matter.
    features : sequence of Feature
        What is needed.
    loc : tuple of str or int
        Where it stands.

    Returns
    -------
    list of Problem
        What is wrong; nothing of the record itself.
    """
    if not isinstance(record, dict):
        message = "Send an object: values by name of feature."
        return [name_problem(loc, "object_type", message)]
    found = []
    for feature in features:
        if feature.name not in record:
            message = "This feature is not there. Send it; null if it is not known."
            found.append(name_problem((*loc, feature.name), "missing", message))
        elif not _fits(record[feature.name], feature.kind):
            kind = f"{feature.kind}_type"
            message = _WAYS_OUT[feature.kind]
            found.append(name_problem((*loc, feature.name), kind, message))
    return found


def _fits(value: Any, kind: str) -> bool:
    if value is None or kind == "empty":
        return True
    if kind == "number":
        return is_number(value)
    if kind == "boolean":
        return isinstance(value, bool)
    return is_text(value)


def is_number(value: Any) -> bool:
    """Tell whether a value of JSON is a number that can be computed with.

    Parameters
    ----------
    value : object
        The value.

    Returns
    -------
    bool
        Whether it is, and of at most 1e300 in size; true and false are no numbers.
    """
    return type(value) in (int, float) and -LARGEST <= value <= LARGEST


def is_text(value: Any) -> bool:
    """Tell whether a value of JSON is text that can be written as UTF-8.

    Parameters
    ----------
    value : object
        The value.

    Returns
    -------
    bool
        Whether it is; an escaped half of a character is not.
    """
    if not isinstance(value, str):
        return False
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
