"""What it means to leave, in words."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

_LABELS = ("Inactivity", "ContractEnd")
"""Definitions that have words of their own."""


def say_churn(label: Mapping[str, Any], words: Mapping[str, str]) -> str:
    """Say what a churn probability is the probability of.

    Parameters
    ----------
    label : mapping of str to object
        ``kind``, the name of the label's class, and its parameters.
    words : mapping of str to str
        The words of the language.

    Returns
    -------
    str
        The definition.
    """
    kind, horizon = str(label["kind"]), label.get("horizon")
    gap = _say_duration(label.get("gap"), words)
    parts = {
        "label": kind,
        "horizon": _say_duration(horizon, words),
        "active": _say_duration(label.get("active_within") or horizon, words),
        "pause": words["pause"].format(gap=gap) if gap else "",
    }
    said = words[kind] if kind in _LABELS else words["label"]
    return words["churn"] + said.format(**parts)


def _say_duration(text: Any, words: Mapping[str, str]) -> str:
    """Write whole days as such; anything else as it was given; nothing for none."""
    if text is None:
        return ""
    try:
        days = pd.Timedelta(text) / pd.Timedelta(1, "D")
    except (OverflowError, TypeError, ValueError):
        return str(text)
    if not days:
        return ""
    return words["days"].format(n=f"{days:g}") if days % 1 == 0 else str(text)
