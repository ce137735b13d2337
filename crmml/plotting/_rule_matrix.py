"""Basket rules as a table: what leads to what."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from crmml._utils._arguments import check_count
from crmml.plotting._rule_names import read_rules, shorten
from crmml.plotting._style import choose_fonts, make_axes

Floats = NDArray[np.float64]

_MAX_LABEL = 34


def plot_rule_matrix(
    rules: Any, *, n_rows: int = 15, n_columns: int = 8, ax: Axes | None = None
) -> Axes:
    """Draw rules as a matrix; colour shows the lift, the number the confidence.

    Each row is a left side, each column a right side; both begin with the highest lift.

    Parameters
    ----------
    rules : dataframe of shape (n_rules, 5 or more)
        Columns ``antecedents`` and ``consequents`` (sets, tuples, lists or text),
        ``support``, ``confidence`` and ``lift``, as in
        ``AssociationRules().fit(...).rules_`` (pandas or Polars). Of two rules with the
        same sides the one of the higher lift is shown.
    n_rows, n_columns : int, default=15 and 8
        At most so many left and right sides are shown: the right sides of the highest
        lift, then the left sides of the highest lift among their rules.
    ax : matplotlib.axes.Axes, default=None
        Axes to draw on. None: new ones, on a figure of their own that pyplot does not
        know; it is ``ax.figure``.

    Returns
    -------
    matplotlib.axes.Axes
        The matrix with a colour bar; no rules give empty Axes that say so.

    Raises
    ------
    SchemaError
        If a column is missing, a measure is not a finite number, or a number of sides
        is below 1.

    Warns
    -----
    UserWarning
        If an item has Chinese characters and no installed font has them.

    See Also
    --------
    plot_rules : Any number of rules, by support and confidence.
    plot_rule_graph : The strongest rules as arrows between items.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.plotting import plot_rule_matrix
    >>> rules = pd.DataFrame(
    ...     {
    ...         "antecedents": [{"Diapers"}, {"Beer", "Milk"}],
    ...         "consequents": [{"Beer"}, {"Diapers"}],
    ...         "support": [0.6, 0.4],
    ...         "confidence": [0.75, 1.0],
    ...         "lift": [1.25, 1.2],
    ...     }
    ... )
    >>> ax = plot_rule_matrix(rules)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['Diapers', 'Beer + Milk']
    """
    n_rows = check_count(n_rows, "n_rows")
    n_columns = check_count(n_columns, "n_columns")
    read = read_rules(rules)
    if not len(read.lift):
        ax = make_axes(ax)
        ax.set_axis_off()
        ax.text(0.5, 0.5, "No rules", transform=ax.transAxes, ha="center")
        return ax
    # Rules come strongest first, so sides do when they first appear.
    columns = list(dict.fromkeys(read.consequents))[:n_columns]
    kept = [i for i, side in enumerate(read.consequents) if side in set(columns)]
    rows = list(dict.fromkeys(read.antecedents[i] for i in kept))[:n_rows]
    lifts = np.full((len(rows), len(columns)), np.nan)
    shares = np.full(lifts.shape, np.nan)
    row_of = {side: at for at, side in enumerate(rows)}
    column_of = {side: at for at, side in enumerate(columns)}
    # Backwards, so that of two rules with the same sides the stronger is left.
    for i in reversed(kept):
        if read.antecedents[i] in row_of:
            cell = row_of[read.antecedents[i]], column_of[read.consequents[i]]
            lifts[cell], shares[cell] = read.lift[i], read.confidence[i]
    size = (3.8 + 0.62 * len(columns), 1.9 + 0.32 * len(rows))
    ax = make_axes(ax, size=size)
    _draw_cells(ax, lifts, shares)
    _name_sides(ax, rows, columns)
    return ax


def _draw_cells(ax: Axes, lifts: Floats, shares: Floats) -> None:
    low, high = float(np.nanmin(lifts)), float(np.nanmax(lifts))
    low = min(low, high - 1e-9)
    image = ax.imshow(lifts, cmap="cividis_r", vmin=low, vmax=high, aspect="auto")
    for row, column in zip(*np.nonzero(np.isfinite(lifts)), strict=True):
        # The upper half of the scale is dark.
        dark = lifts[row, column] > (low + high) / 2
        ax.text(
            column,
            row,
            f"{100 * shares[row, column]:.0f} %",
            ha="center",
            va="center",
            fontsize=8,
            color="1" if dark else "0",
        )
    bar = ax.figure.colorbar(image, ax=ax, label="Lift", fraction=0.05, pad=0.02)
    bar.outline.set_visible(False)
    # White lines keep cells apart, also those of one colour.
    ax.set_xticks(np.arange(lifts.shape[1] + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(lifts.shape[0] + 1) - 0.5, minor=True)
    ax.grid(which="minor", color="1", linewidth=1.5)
    ax.tick_params(which="both", length=0)
    ax.spines[:].set_visible(False)


def _name_sides(
    ax: Axes, rows: list[tuple[str, ...]], columns: list[tuple[str, ...]]
) -> None:
    names = [[" + ".join(side) for side in sides] for sides in (rows, columns)]
    fonts = choose_fonts([name for some in names for name in some])
    left, below = ([shorten(name, _MAX_LABEL) for name in some] for some in names)
    ax.set_yticks(range(len(rows)), left)
    ax.set_xticks(
        range(len(columns)), below, rotation=40, ha="right", rotation_mode="anchor"
    )
    for label in (*ax.get_yticklabels(), *ax.get_xticklabels()):
        label.set(fontsize=9, fontfamily=fonts, parse_math=False)
    ax.set_ylabel("Left side")
    ax.set_xlabel("Right side (number: confidence)")
