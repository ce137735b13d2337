"""The languages of a report, and which names things have in them."""

from collections.abc import Iterable, Mapping
from typing import Any

from crmml.exceptions import SchemaError
from crmml.features import describe_features

TAGS = {"en": "en", "zh": "zh-CN"}
"""By language, what stands in the ``lang`` of a page."""


def choose_words(texts: Mapping[str, dict[str, str]], language: str) -> dict[str, str]:
    """Return the words of a language.

    Parameters
    ----------
    texts : mapping of str to dict
        Words by language.
    language : {"en", "zh"}
        The language.

    Returns
    -------
    dict of str to str
        The words.

    Raises
    ------
    SchemaError
        If the language is another one.
    """
    if language not in TAGS:
        raise SchemaError(f"language must be one of {sorted(TAGS)}, got {language!r}.")
    return texts[language]


def name_features(
    features: Iterable[Any], language: str, names: Mapping[str, str] | None
) -> dict[str, str]:
    """Give every feature a name that people read; no two features get the same.

    Parameters
    ----------
    features : iterable of str
        The features.
    language : {"en", "zh"}
        The language.
    names : mapping of str to str or None
        Names that are known better.

    Returns
    -------
    dict of str to str
        By feature.
    """
    listed = list(features)
    known = {**describe_features(listed, language), **(names or {})}
    found: dict[str, str] = {}
    for feature in listed:
        name = str(known.get(feature, feature)).removesuffix("%").rstrip()
        taken = name in found.values()
        found[feature] = f"{name} ({feature})" if taken else name
    return found
