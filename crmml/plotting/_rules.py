"""Basket rules at a glance: how common, how sure, how surprising."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator
from numpy.typing import NDArray

from crmml._utils._arguments import check_count
from crmml.plotting._labels import draw_labels
from crmml.plotting._rule_names import list_items, shorten
from crmml.plotting._style import (
    choose_fonts,
    make_axes,
    read_columns,
    read_numbers,
    style_shares,
)

Floats = NDArray[np.float64]

_MAX_LABEL = 44
# Area of the largest mark, in square points.
_LARGEST = 110.0
# From this ratio of supports on, support has a logarithmic axis.
_LOG_FROM = 8.0


def plot_rules(rules: Any, *, n_labels: int = 6, ax: Axes | None = None) -> Axes:
    """Plot rules by support and confidence; colour and size show the lift.

    Parameters
    ----------
    rules : dataframe of shape (n_rules, 5 or more)
        Columns ``antecedents`` and ``consequents`` (sets, tuples, lists or text),
        ``support``, ``confidence`` and ``lift``, as in
        ``AssociationRules().fit(...).rules_`` (pandas or Polars).
    n_labels : int, default=6
        At most so many rules are named: those of the highest lift, ties by confidence.
        A rule that shares two items with one already named is passed over, and a
        name for which there is no room is left out.
    ax : matplotlib.axes.Axes, default=None
        Axes to draw on. None: new ones, on a figure of their own that pyplot does not
        know outside notebooks; it is ``ax.figure``.

    Returns
    -------
    matplotlib.axes.Axes
        The scatter with a colour bar; no rules give empty Axes that say so.

    Raises
    ------
    SchemaError
        If a column is missing, a measure is not a finite number, or `n_labels` is
        below 0.

    Warns
    -----
    UserWarning
        If an item has Chinese characters and no installed font has them.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.plotting import plot_rules
    >>> rules = pd.DataFrame(
    ...     {
    ...         "antecedents": [frozenset({"Diapers"}), frozenset({"Beer"})],
    ...         "consequents": [frozenset({"Beer"}), frozenset({"Diapers"})],
    ...         "support": [0.6, 0.6],
    ...         "confidence": [0.75, 1.0],
    ...         "lift": [1.25, 1.25],
    ...     }
    ... )
    >>> ax = plot_rules(rules)
    >>> [text.get_text() for text in ax.texts]
    ['Beer → Diapers']
    """
    n_labels = check_count(n_labels, "n_labels", least=0)
    made_by = "AssociationRules"
    numbers = read_numbers(
        rules, ("support", "confidence", "lift"), made_by, may_be_empty=True
    )
    sides = read_columns(
        rules, ("antecedents", "consequents"), made_by, may_be_empty=True
    )
    lift = numbers["lift"]
    positions = np.column_stack([numbers["support"], numbers["confidence"]])
    ax = make_axes(ax, size=(7.5, 5.0))
    style_shares(ax)
    ax.set_xlabel("Support: baskets with all items of the rule")
    ax.set_ylabel("Confidence: of baskets with the left side, those with the right")
    if not len(lift):
        ax.text(0.5, 0.5, "No rules", transform=ax.transAxes, ha="center")
        return ax
    _draw_points(ax, positions, lift)
    chosen = _choose(sides, numbers, n_labels)
    # Rings say which points the names belong to.
    ax.scatter(
        positions[chosen, 0],
        positions[chosen, 1],
        s=_LARGEST * 1.5,
        facecolors="none",
        edgecolors="0",
        linewidths=1.0,
        zorder=4,
    )
    names = [_spell(*(sides[side][i] for side in sides)) for i in chosen]
    draw_labels(
        ax,
        positions[chosen],
        names,
        obstacles=positions,
        radius=6.0,
        fontfamily=choose_fonts(names),
    )
    return ax


def _draw_points(ax: Axes, positions: Floats, lift: Floats) -> None:
    """Draw the rules, weakest first, with room around them for labels."""
    order = np.argsort(lift, kind="stable")
    spread = float(np.ptp(lift)) or 1.0
    # Thousands of rules would lie on one another.
    scale = np.clip((200 / len(lift)) ** 0.5, 0.15, 1.0)
    points = ax.scatter(
        positions[order, 0],
        positions[order, 1],
        c=lift[order],
        s=scale * (0.2 + 0.8 * (lift - lift.min()) / spread)[order] * _LARGEST,
        cmap="cividis_r",
        edgecolors="0.3",
        linewidths=0.4 * scale,
        zorder=3,
    )
    bar = ax.figure.colorbar(points, ax=ax, label="Lift", fraction=0.05)
    bar.outline.set_visible(False)
    support = positions[:, 0]
    if support.min() > 0 and support.max() > _LOG_FROM * support.min():
        # Most rules are rare: equal steps would press them against the axis.
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        ax.xaxis.set_minor_locator(NullLocator())
        style_shares(ax)
    ax.margins(0.12)


def _choose(
    sides: dict[str, list[Any]], numbers: dict[str, Floats], n_labels: int
) -> list[int]:
    """Return the strongest rules of which no two have two items in common."""
    keys = [-numbers["lift"], -numbers["confidence"], -numbers["support"]]
    names = [_spell(*pair) for pair in zip(*sides.values(), strict=True)]
    # The last key is the first to sort by.
    order = np.lexsort([np.array(names), *reversed(keys)])
    chosen: list[int] = []
    seen: list[set[str]] = []
    for i in order.tolist():
        if len(chosen) >= n_labels:
            break
        items = set(
            list_items(sides["antecedents"][i]) + list_items(sides["consequents"][i])
        )
        if all(len(items & other) < 2 for other in seen):
            chosen.append(i)
            seen.append(items)
    return chosen


def _spell(antecedents: Any, consequents: Any) -> str:
    left, right = (" + ".join(list_items(side)) for side in (antecedents, consequents))
    half = (_MAX_LABEL - 3) // 2
    # What one side does not need, the other may have.
    left = shorten(left, max(half, _MAX_LABEL - 3 - len(right)))
    return f"{left} → {shorten(right, max(half, _MAX_LABEL - 3 - len(left)))}"
