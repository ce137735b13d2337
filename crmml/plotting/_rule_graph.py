"""Basket rules as arrows between items on a circle."""

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, ListedColormap, Normalize
from matplotlib.patches import FancyArrowPatch
from matplotlib.path import Path
from numpy.typing import NDArray

from crmml._utils._arguments import check_count
from crmml.plotting._rule_names import ReadRules, read_rules, shorten
from crmml.plotting._style import choose_fonts, make_axes

Floats = NDArray[np.float64]

# More labels than these have no room around the circle.
_MAX_ITEMS = 16
_MAX_LABEL = 18
# Of the circle's radius: where labels begin, how far apart dots lie, and how far loops
# are drawn out.
_LABEL_AT = 1.07
_APART = 0.13
_LOOP = 0.36
# Radians.
_LOOP_TURN = 0.65


def plot_rule_graph(rules: Any, *, n_rules: int = 12, ax: Axes | None = None) -> Axes:
    """Draw rules as arrows between items; colour shows the lift, width the confidence.

    A rule of one item on each side is an arrow between the two, and a loop if they are
    the same, as in :class:`~crmml.association.SequentialRules`. A rule of more is a
    dot, to which lines lead from the antecedents and from which arrows lead to the
    consequents. Items that share rules stand near each other on the circle.

    Parameters
    ----------
    rules : dataframe of shape (n_rules, 5 or more)
        Columns ``antecedents`` and ``consequents`` (sets, tuples, lists or text),
        ``support``, ``confidence`` and ``lift``, as in
        ``AssociationRules().fit(...).rules_`` (pandas or Polars).
    n_rules : int, default=12
        At most so many rules are drawn: those of the highest lift, then confidence.
        Passed over is a rule that would bring in a seventeenth item, and of rules that
        divide the same three items or more in several ways, all but the first.
    ax : matplotlib.axes.Axes, default=None
        Axes to draw on. None: new ones, on a figure of their own that pyplot does not
        know; it is ``ax.figure``.

    Returns
    -------
    matplotlib.axes.Axes
        The graph with a colour bar; no rules give empty Axes that say so.

    Raises
    ------
    SchemaError
        If a column is missing, a measure is not a finite number, or `n_rules` is
        below 1.

    Warns
    -----
    UserWarning
        If an item has Chinese characters and no installed font has them.

    See Also
    --------
    plot_rules : Any number of rules, by support and confidence.
    plot_rule_matrix : What leads to what, as a table.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.plotting import plot_rule_graph
    >>> rules = pd.DataFrame(
    ...     {
    ...         "antecedents": [{"Diapers"}, {"Beer", "Milk"}],
    ...         "consequents": [{"Beer"}, {"Diapers"}],
    ...         "support": [0.6, 0.4],
    ...         "confidence": [0.75, 1.0],
    ...         "lift": [1.25, 1.25],
    ...     }
    ... )
    >>> ax = plot_rule_graph(rules)
    >>> [text.get_text() for text in ax.texts[:3]]
    ['Beer', 'Diapers', 'Milk']
    """
    n_rules = check_count(n_rules, "n_rules")
    read = read_rules(rules)
    ax = make_axes(ax, size=(8.2, 5.8))
    ax.set_axis_off()
    if not len(read.lift):
        ax.text(0.5, 0.5, "No rules", transform=ax.transAxes, ha="center")
        return ax
    chosen = _choose(read, n_rules)
    links = [read.antecedents[i] + read.consequents[i] for i in chosen]
    places = _place_items(links)
    _draw_rules(ax, read, chosen, places)
    _draw_items(ax, places)
    ax.set(xlim=(-1.9, 1.9), ylim=(-1.3, 1.25), aspect="equal")
    ax.text(
        0.5,
        0.0,
        "An arrow leads from the left to the right side of a rule; the wider, the "
        "surer",
        transform=ax.transAxes,
        ha="center",
        fontsize=8,
        color="0.3",
    )
    return ax


def _choose(rules: ReadRules, n_rules: int) -> list[int]:
    """Return the strongest rules among few enough items."""
    chosen: list[int] = []
    items: frozenset[str] = frozenset()
    drawn: set[frozenset[str]] = set()
    for i in range(len(rules.lift)):
        own = frozenset(rules.antecedents[i] + rules.consequents[i])
        if len(chosen) == n_rules:
            break
        if own in drawn or (chosen and len(items | own) > _MAX_ITEMS):
            continue
        chosen.append(i)
        items |= own
        # What is on both sides does not divide the items.
        divides = not set(rules.antecedents[i]) & set(rules.consequents[i])
        if divides and not _is_pair(rules, i):
            drawn.add(own)
    return chosen


def _place_items(links: list[tuple[str, ...]]) -> dict[str, Floats]:
    """Place items on the unit circle, those that share rules near each other."""
    names = sorted({item for link in links for item in link})
    together = np.zeros((len(names), len(names)))
    for link in links:
        inside = [names.index(item) for item in link]
        together[np.ix_(inside, inside)] += 1.0
    np.fill_diagonal(together, 0.0)
    order = _walk(together)
    # Nobody stands at the very top, where two labels would meet.
    angles = np.pi / 2 - 2 * np.pi * (np.arange(len(names)) + 0.5) / len(names)
    spots = np.column_stack([np.cos(angles), np.sin(angles)])
    return {names[item]: spots[at] for at, item in enumerate(order)}


def _walk(together: Floats) -> list[int]:
    """Go from item to item, always to the one most linked to those just passed."""
    left = set(range(len(together)))
    pull = together.sum(axis=1)
    order: list[int] = []
    while left:
        following = max(left, key=lambda item: (pull[item], -item))
        order.append(following)
        left.remove(following)
        # What was passed longer ago pulls less.
        pull = pull * 0.5 + together[following] * 10
    return order


def _draw_items(ax: Axes, places: dict[str, Floats]) -> None:
    fonts = choose_fonts(places)
    for name, spot in places.items():
        ax.plot(*spot, "o", color="0.15", markersize=5, zorder=4)
        ax.text(
            _LABEL_AT * spot[0],
            _LABEL_AT * spot[1],
            shorten(name, _MAX_LABEL),
            ha="left" if spot[0] >= 0 else "right",
            va="center",
            fontsize=9,
            fontfamily=fonts,
            parse_math=False,
        )


def _draw_rules(
    ax: Axes, rules: ReadRules, chosen: list[int], places: dict[str, Floats]
) -> None:
    lifts = rules.lift[chosen]
    spread = max(float(np.ptp(lifts)), 0.01)
    norm = Normalize(lifts.max() - spread, lifts.max())
    shades = _shade()
    larger = [i for i in chosen if not _is_pair(rules, i)]
    dots = dict(zip(larger, _place_dots(rules, larger, places), strict=True))
    # The strongest are drawn last, on top.
    for i in reversed(chosen):
        style = {
            "color": shades(norm(rules.lift[i])),
            "linewidth": 0.8 + 2.4 * float(rules.confidence[i]),
            "zorder": 2,
        }
        if i not in dots:
            (start,), (end,) = rules.antecedents[i], rules.consequents[i]
            if start == end:
                _draw_loop(ax, places[start], style)
            else:
                _draw_arrow(ax, places[start], places[end], "-|>", 0.15, style)
            continue
        both = set(rules.antecedents[i]) & set(rules.consequents[i])
        for item in rules.antecedents[i]:
            _draw_arrow(ax, places[item], dots[i], "-", 0.2 * (item in both), style)
        for item in rules.consequents[i]:
            _draw_arrow(ax, dots[i], places[item], "-|>", 0.2 * (item in both), style)
        ax.plot(
            *dots[i],
            "o",
            markersize=7,
            markerfacecolor=style["color"],
            markeredgecolor="0.15",
            zorder=3,
        )
    bar = ax.figure.colorbar(
        ScalarMappable(norm, shades), ax=ax, label="Lift", fraction=0.04, shrink=0.6
    )
    bar.outline.set_visible(False)


def _shade() -> Colormap:
    """Give colours that are darker for higher lift, none too light for a line."""
    return ListedColormap(colormaps["cividis_r"](np.linspace(0.25, 1.0, 256)))


def _is_pair(rules: ReadRules, i: int) -> bool:
    return len(rules.antecedents[i]) == 1 == len(rules.consequents[i])


def _place_dots(
    rules: ReadRules, larger: list[int], places: dict[str, Floats]
) -> list[Floats]:
    """Place each dot amid its items, and push apart those that would overlap."""
    own = [{*rules.antecedents[i], *rules.consequents[i]} for i in larger]
    spots = [
        0.75 * np.mean([places[item] for item in sorted(items)], axis=0)
        for items in own
    ]
    for _ in range(100):
        for one, spot in enumerate(spots):
            for other in range(one):
                gap = spot - spots[other]
                distance = float(np.hypot(*gap))
                if distance < _APART:
                    # Of two in one place, the later goes to a side of its own.
                    turn = np.array([np.cos(one), np.sin(one)])
                    way = gap / distance if distance > 1e-9 else turn
                    spots[one] = spot = spots[other] + way * _APART
    return spots


def _draw_arrow(
    ax: Axes, start: Floats, end: Floats, head: str, bend: float, style: dict[str, Any]
) -> None:
    ax.add_patch(
        FancyArrowPatch(
            (float(start[0]), float(start[1])),
            (float(end[0]), float(end[1])),
            arrowstyle=head,
            connectionstyle=f"arc3,rad={bend}",
            mutation_scale=11,
            shrinkA=3,
            shrinkB=5,
            **style,
        )
    )


def _draw_loop(ax: Axes, spot: Floats, style: dict[str, Any]) -> None:
    """Draw an arrow from an item to itself, inside the circle of items."""
    # Away from the item to one side of the middle, and back from the other.
    angles = np.arctan2(-spot[1], -spot[0]) + np.array([1, 1, -1, -1]) * _LOOP_TURN
    ways = np.column_stack([np.cos(angles), np.sin(angles)])
    reach = np.array([[0.04], [_LOOP], [_LOOP], [0.04]])
    path = Path(spot + reach * ways, [Path.MOVETO] + 3 * [Path.CURVE4])
    ax.add_patch(
        FancyArrowPatch(path=path, arrowstyle="-|>", mutation_scale=11, **style)
    )
