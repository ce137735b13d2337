"""Rules in pictures: their order, their sides, their names."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmml.plotting._line_breaks import count_wide
from crmml.plotting._style import read_columns, read_numbers

Floats = NDArray[np.float64]

_MADE_BY = "AssociationRules"


@dataclass(frozen=True)
class ReadRules:
    """The rules of a table, the strongest first.

    Parameters
    ----------
    antecedents, consequents : list of tuple of str
        The items of each side, in order of labels.
    support, confidence, lift : ndarray of float64 of shape (n_rules,)
        The measures.
    """

    antecedents: list[tuple[str, ...]]
    consequents: list[tuple[str, ...]]
    support: Floats
    confidence: Floats
    lift: Floats


def read_rules(rules: Any) -> ReadRules:
    """Read a table of rules, whatever the order of its rows.

    Parameters
    ----------
    rules : dataframe
        Columns antecedents, consequents, support, confidence and lift.

    Returns
    -------
    ReadRules
        Highest lift first, then confidence, support and names.
    """
    numbers = read_numbers(
        rules, ("support", "confidence", "lift"), _MADE_BY, may_be_empty=True
    )
    sides = read_columns(
        rules, ("antecedents", "consequents"), _MADE_BY, may_be_empty=True
    )
    left, right = ([tuple(list_items(one)) for one in side] for side in sides.values())
    keys = zip(
        *(-numbers[name] for name in ("lift", "confidence", "support")),
        *(left, right),
        strict=True,
    )
    listed = list(keys)
    order = sorted(range(len(listed)), key=listed.__getitem__)
    return ReadRules(
        [left[place] for place in order],
        [right[place] for place in order],
        *(numbers[name][order] for name in ("support", "confidence", "lift")),
    )


def list_items(side: Any) -> list[str]:
    """List the items of one side, which may be a set, a list or one text."""
    if isinstance(side, str):
        return [side]
    return sorted(map(str, side)) if hasattr(side, "__iter__") else [str(side)]


def shorten(text: str, length: int) -> str:
    """Cut a text after so many characters; wide ones count two.

    Examples
    --------
    >>> shorten("chocolate", 6), shorten("婴儿纸尿裤", 6), shorten("beer", 6)
    ('choco…', '婴儿…', 'beer')
    """
    if len(text) + count_wide(text) <= length:
        return text
    kept = text[: length - 1]
    while len(kept) + count_wide(kept) > length - 1:
        kept = kept[:-1]
    return kept.rstrip() + "…"
