"""What each field of a manifest may be; nothing in it is believed unasked."""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from crmml.exceptions import ModelFileError

Check = Callable[[Any], bool]
"""Tells whether a value read from JSON is what it should be."""

_LARGEST = 2**63
_TABLES = frozenset({"transactions", "customers", "complaints", "surveys", "events"})
FIELDS = (
    "parameters",
    "label",
    "features",
    "training",
    "backtest",
    "tables",
    "drivers",
    "reference",
)
"""What a file may leave out if nothing is known; read as None."""


def check_manifest(manifest: dict[str, Any], name: str) -> None:
    """Refuse a manifest whose fields are of other types than save writes.

    Parameters
    ----------
    manifest : dict
        As JSON was read.
    name : str
        The file's name, for messages.

    Raises
    ------
    ModelFileError
        If a field is missing or something else; it is named.
    """
    for field, check in _SCHEMA.items():
        if not check(manifest.get(field)):
            raise ModelFileError(
                f"{name}: {field} in its manifest is not what save writes: the file is "
                "damaged or its manifest was changed. Get the file again."
            )


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < _LARGEST


def _is_number(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return abs(value) < _LARGEST
    return isinstance(value, float) and math.isfinite(value)


def _is_size(value: Any) -> bool:
    return _is_number(value) and value >= 0


def _is_share(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= 1


def _is_scalar(value: Any) -> bool:
    is_plain = value is None or isinstance(value, (bool, str))
    return is_plain or _is_number(value)


def _is_plain(value: Any) -> bool:
    """Tell whether all numbers in it can be written."""
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    return _is_scalar(value)


def _maybe(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _list_of(check: Check) -> Check:
    return lambda value: isinstance(value, list) and all(map(check, value))


def _dict_of(check: Check, keys: frozenset[str] | None = None) -> Check:
    def fits(value: Any) -> bool:
        if not isinstance(value, dict) or not all(map(check, value.values())):
            return False
        return keys is None or keys.issuperset(value)

    return fits


def _record(**fields: Check) -> Check:
    """Check a dictionary's entries by name; others may be there, and are plain."""

    def fits(value: Any) -> bool:
        if not isinstance(value, dict) or not _is_plain(value):
            return False
        return all(check(value.get(name)) for name, check in fields.items())

    return fits


def _is_counted(value: Any) -> bool:
    """Check the counts of one feature of the reference against one another."""
    if not _is_counted_alike(value):
        return False
    total = sum(value["counts"]) + value["n_missing"] + value.get("n_other", 0)
    if not 0 < total == value["n"]:
        return False
    size = len(value["counts"])
    if value["kind"] == "category":
        levels = value["levels"]
        return len(levels) == size == len(set(levels))
    edges = value["edges"]
    is_rising = all(a < b for a, b in pairwise(edges))
    return is_rising and size == len(edges) * (2 if value["is_few"] else 1) + 1


_is_counted_alike: Check = _record(
    feature=_is_text,
    kind=lambda kind: kind in ("number", "category", "score"),
    n=_is_count,
    n_missing=_is_count,
    counts=_list_of(_is_count),
)
_is_binned: Check = _record(edges=_list_of(_is_number), is_few=_is_flag)
_is_levelled: Check = _record(levels=_list_of(_is_text), n_other=_is_count)


def _is_reference(value: Any) -> bool:
    """Check that it counts features once each, and the score last."""
    if not isinstance(value, list) or not value:
        return False
    for one in value:
        is_category = isinstance(one, dict) and one.get("kind") == "category"
        if not (_is_levelled if is_category else _is_binned)(one):
            return False
        if not _is_counted(one):
            return False
    kinds = [one["kind"] for one in value]
    names = [one["feature"] for one in value[:-1]]
    one_size = len({one["n"] for one in value}) == 1
    is_last = kinds[-1] == "score" and "score" not in kinds[:-1]
    # Every customer of the training was scored.
    is_last = is_last and value[-1]["n_missing"] == 0
    return one_size and is_last and len(set(names)) == len(names)


_is_column = _record(column=_maybe(_is_text), kind=_is_text, type=_is_text)
_is_table = _record(
    n_rows=_is_count,
    first_day=_maybe(_is_text),
    last_day=_maybe(_is_text),
    columns=_dict_of(_is_column),
)
_is_tested = _record(
    n=_maybe(_is_size),
    base_rate=_maybe(_is_share),
    brier=_maybe(_is_share),
    auc=_maybe(_is_share),
    auc_low=_maybe(_is_number),
    auc_high=_maybe(_is_number),
)
_SCHEMA: dict[str, Check] = {
    "kind": _is_text,
    "parameters": _maybe(_dict_of(_is_plain)),
    "label": _maybe(_record(kind=_is_text)),
    "features": _maybe(_list_of(_record(kind=_is_text, meaning=_maybe(_is_text)))),
    "training": _record(
        cutoffs=_maybe(_list_of(_is_text)),
        # Renewals count customers by weight.
        n_customers=_maybe(_is_size),
        n_unlabelled=_maybe(_is_count),
        base_rate=_maybe(_is_share),
    ),
    "backtest": _maybe(_record(rows=_list_of(_is_tested), verdict=_maybe(_is_text))),
    "tables": _maybe(
        _record(
            observed_until=_maybe(_is_text),
            has_time_zone=_maybe(_is_flag),
            tables=_dict_of(_is_table, _TABLES),
        )
    ),
    "drivers": _maybe(
        _list_of(
            _record(feature=_is_text, share=_is_number, direction=_maybe(_is_number))
        )
    ),
    "reference": _maybe(_is_reference),
    "kinds": _list_of(_is_text),
    "versions": _dict_of(_is_text),
}
