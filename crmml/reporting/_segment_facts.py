"""What a segment report tells: everything that is computed for it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from crmml.exceptions import SchemaError
from crmml.pipeline import SegmentationPipeline
from crmml.reporting._churn_facts import say_instant
from crmml.reporting._languages import name_features
from crmml.reporting._segment_texts import PRESETS_ZH
from crmml.segmentation import (
    compute_migration_matrix,
    compute_segment_contrasts,
    compute_segment_profile,
    compute_segment_rules,
    suggest_segment_names,
)


@dataclass(frozen=True)
class SegmentFacts:
    """The numbers of a segment report; segments and features have readable names."""

    cutoff: str
    earlier: str | None
    profile: pd.DataFrame
    contrasts: pd.DataFrame
    rules: pd.DataFrame
    value: "pd.Series[Any] | None"
    migration: pd.DataFrame | None
    """Numbers of customers by segment before and after."""


def compute_segment_facts(
    pipeline: Any,
    tables: Any,
    cutoff: Any,
    *,
    value: str | None,
    earlier: Any,
    language: str,
    names: Mapping[str, str] | None,
    segment_names: Mapping[Any, str] | None,
    words: Mapping[str, str],
) -> SegmentFacts:
    """Assign the customers of a cutoff to segments, and describe these.

    The parameters are those of :class:`SegmentReport`, and the words of the language.

    Returns
    -------
    SegmentFacts
        What was found.

    Raises
    ------
    SchemaError
        If an argument is not as there.
    """
    if not isinstance(pipeline, SegmentationPipeline):
        raise SchemaError(
            "pipeline must be a fitted SegmentationPipeline, got "
            f"{type(pipeline).__name__}."
        )
    ids, X = pipeline._describe(tables, cutoff, None)
    if value is not None and value not in X:
        raise SchemaError(
            f"value={value!r} is no feature of the pipeline; there are "
            f"{', '.join(map(str, X.columns))}."
        )
    readable = name_features(X.columns, language, names)
    X = X.rename(columns=readable)
    labels = pd.Series(pipeline.segmenter_.predict(X.set_axis(list(readable), axis=1)))
    before = None if earlier is None else pipeline.predict(tables, earlier)
    found = labels if before is None else pd.concat([labels, before["segment"]])
    shown = _name_segments(X, labels, found, language, segment_names, words)
    segments = labels.map(shown)
    after = pd.DataFrame({"customer_id": ids.to_numpy(), "segment": segments})
    worth = None if value is None else readable[value]
    return SegmentFacts(
        cutoff=say_instant(cutoff),
        earlier=None if earlier is None else say_instant(earlier),
        profile=compute_segment_profile(X, segments, value=worth),
        contrasts=compute_segment_contrasts(X, segments),
        rules=_find_rules(X, segments, words),
        value=None if worth is None else X[worth].reset_index(drop=True),
        migration=None if before is None else _migrate(before, after, shown),
    )


def _name_segments(
    X: pd.DataFrame,
    labels: "pd.Series[Any]",
    found: "pd.Series[Any]",
    language: str,
    given: Mapping[Any, str] | None,
    words: Mapping[str, str],
) -> dict[Any, str]:
    """Give every segment a name of its own: the user's, a preset's, or what it is."""
    suggested = {}
    if not all(isinstance(one, str) for one in labels.unique()):
        marks = words["high"], words["low"]
        suggested = suggest_segment_names(X, labels, n_features=1, words=marks)
    shown: dict[Any, str] = {}
    for segment in sorted(found.unique(), key=str):
        name = PRESETS_ZH.get(segment, segment) if language == "zh" else segment
        if segment in suggested:
            said = suggested[segment].replace("like all others", words["like_all"])
            if language == "zh":
                said = re.sub(f"({words['high']}|{words['low']}) ", r"\1", said)
            name = f"{segment}: {said}"
        name = str((given or {}).get(segment, name))
        shown[segment] = f"{name} ({segment})" if name in shown.values() else name
    return shown


def _find_rules(
    X: pd.DataFrame, segments: "pd.Series[Any]", words: Mapping[str, str]
) -> pd.DataFrame:
    """Find a rule for each segment, in the words of the language."""
    # Numbers stand for the names, which may hold any words.
    names = list(map(str, X.columns))
    numbered = X.set_axis([f"{{{place}}}" for place in range(len(names))], axis=1)
    found = compute_segment_rules(numbered, segments)
    return found.assign(
        rule=[
            re.sub(
                r"\{(\d+)\}",
                lambda match: names[int(match[1])],
                rule.replace("everyone", words["everyone"])
                .replace(" and ", words["conjunction"])
                .replace(" in ", words["range"])
                .replace("<=", "≤"),
            )
            for rule in found["rule"]
        ]
    )


def _migrate(
    before: pd.DataFrame, after: pd.DataFrame, shown: Mapping[Any, str]
) -> pd.DataFrame:
    before = before.assign(segment=before["segment"].map(shown))
    present = {*before["segment"], *after["segment"]}
    order = [name for name in shown.values() if name in present]
    return compute_migration_matrix(before, after, order=order)
