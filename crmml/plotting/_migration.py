"""The migration flow: bands of customers from segment to segment."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from numpy.typing import NDArray

from crmml.exceptions import SchemaError
from crmml.plotting._style import COLORS, choose_fonts, make_axes

# Room between two bars, as a share of all customers.
_GAP = 0.025
_BAR = 0.035
# Least distance between two names.
_LINE = 0.038
# Bands of fewer than this share of all customers are not numbered.
_LEAST = 0.03


def plot_migration(
    matrix: Any,
    *,
    dates: tuple[str, str] = ("Before", "After"),
    ax: Axes | None = None,
) -> Axes:
    """Plot how customers flow from segment to segment between two dates.

    Parameters
    ----------
    matrix : pandas.DataFrame of shape (n_before, n_after)
        Numbers of customers, as made by
        :func:`crmml.segmentation.compute_migration_matrix`.
    dates : tuple of two str, default=("Before", "After")
        What stands over the two sides.
    ax : matplotlib.axes.Axes, default=None
        Axes to draw on. None: new ones, on a figure of their own that pyplot does not
        know outside notebooks; it is ``ax.figure``.

    Returns
    -------
    matplotlib.axes.Axes
        A bar per segment on either side, as high as it has customers, and bands
        between them, of the colour of where they come from and with their number where
        there is room. Bands of customers who stay are darker.

    Raises
    ------
    SchemaError
        If the matrix holds other things than counts, or nobody.

    Warns
    -----
    UserWarning
        If a name has Chinese characters and no installed font has them.

    Examples
    --------
    >>> from crmml.plotting import plot_migration
    >>> from crmml.segmentation import compute_migration_matrix
    >>> matrix = compute_migration_matrix(["Top", "Top", "New"], ["Top", "New", "New"])
    >>> ax = plot_migration(matrix, dates=("July", "August"))
    >>> [text.get_text() for text in ax.texts[:2]]
    ['New (1)', 'Top (2)']
    """
    counts, rows, columns = _read_matrix(matrix)
    ax = make_axes(ax, size=(8.0, 5.5))
    total = counts.sum()
    lefts = _stack(counts.sum(axis=1) / total)
    rights = _stack(counts.sum(axis=0) / total)
    fonts = choose_fonts([*rows, *columns, *dates])
    lowest = min(
        _draw_bars(ax, 0, rows, lefts, counts.sum(axis=1), fonts),
        _draw_bars(ax, 1, columns, rights, counts.sum(axis=0), fonts),
    )
    _draw_bands(ax, counts / total, lefts, rights, counts, rows, columns)
    for side, date in enumerate(dates):
        ax.text(
            side,
            1.02,
            date,
            ha="left" if side else "right",
            va="bottom",
            fontsize=11,
            fontfamily=fonts,
            parse_math=False,
        )
    ax.set(xlim=(-0.45, 1.45), ylim=(lowest - 0.02, 1.08))
    ax.set_axis_off()
    return ax


def _read_matrix(
    matrix: Any,
) -> tuple[NDArray[np.float64], list[str], list[str]]:
    if not isinstance(matrix, pd.DataFrame):
        raise SchemaError(
            "a matrix as made by compute_migration_matrix is needed, got "
            f"{type(matrix).__name__}."
        )
    try:
        counts = matrix.to_numpy(dtype=np.float64)
    except (TypeError, ValueError):
        raise SchemaError("the matrix must hold numbers of customers.") from None
    whole = np.isfinite(counts).all() and (counts >= 0).all()
    if not whole or (counts % 1).any() or not counts.sum():
        raise SchemaError(
            "the matrix must hold numbers of customers, at least one; shares cannot be "
            "drawn as flows. Leave share=False in compute_migration_matrix."
        )
    return counts, list(map(str, matrix.index)), list(map(str, matrix.columns))


def _stack(shares: NDArray[np.float64]) -> list[float]:
    """Place bars from the top down; return the upper end of each."""
    ends = 1.0 - np.r_[0.0, np.cumsum(shares + _GAP)[:-1]]
    return [float(end) for end in ends]


def _draw_bars(
    ax: Axes,
    side: int,
    names: list[str],
    tops: list[float],
    sums: NDArray[np.float64],
    fonts: list[str],
) -> float:
    """Draw the bars of one side with their names, and return the lowest end."""
    shares = sums / sums.sum()
    above = lowest = np.inf
    for i, (name, top, share, count) in enumerate(
        zip(names, tops, shares, sums, strict=True)
    ):
        if not count:
            continue
        # Names of thin bars move down, so that none lies on the one above.
        above = min(top - share / 2, above - _LINE)
        left = -_BAR if side == 0 else 1.0
        ax.bar(
            left,
            share,
            bottom=top - share,
            width=_BAR,
            align="edge",
            color=COLORS[i % len(COLORS)],
            zorder=3,
        )
        ax.text(
            1.0 + 1.6 * _BAR if side else -1.6 * _BAR,
            above,
            f"{name} ({count:,.0f})",
            ha="left" if side else "right",
            va="center",
            fontfamily=fonts,
            parse_math=False,
        )
        lowest = min(above - _LINE / 2, top - share)
    return float(lowest)


def _draw_bands(
    ax: Axes,
    shares: NDArray[np.float64],
    lefts: list[float],
    rights: list[float],
    counts: NDArray[np.float64],
    rows: list[str],
    columns: list[str],
) -> None:
    used_left, used_right = list(lefts), list(rights)
    for i, j in np.argwhere(counts > 0):
        height = shares[i, j]
        stays = rows[i] == columns[j]
        ax.add_patch(
            PathPatch(
                _bend(used_left[i], used_right[j], height),
                facecolor=COLORS[i % len(COLORS)],
                alpha=0.55 if stays else 0.25,
                edgecolor="white",
                linewidth=0.6,
            )
        )
        if height >= _LEAST:
            # Nearer to the left end, where bands of one bar do not cross.
            ax.text(
                0.04,
                used_left[i] - height / 2,
                f"{counts[i, j]:,.0f}",
                va="center",
                fontsize=8,
                zorder=4,
            )
        used_left[i] -= height
        used_right[j] -= height


def _bend(left: float, right: float, height: float) -> Path:
    """Return the outline of a band from one side to the other, its ends level."""
    points = [
        (0.0, left),
        (0.5, left),
        (0.5, right),
        (1.0, right),
        (1.0, right - height),
        (0.5, right - height),
        (0.5, left - height),
        (0.0, left - height),
        (0.0, left),
    ]
    curve = [Path.CURVE4] * 3
    codes = [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY]
    return Path(points, codes)
