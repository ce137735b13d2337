"""The behaviour matrix: two measures of each customer and their quadrants."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from crmml._utils._arguments import check_count
from crmml.exceptions import SchemaError
from crmml.plotting._style import COLORS, choose_fonts, make_axes

_N_QUADRANTS = 4


def plot_behaviour_matrix(
    x: Any,
    y: Any,
    matrix: Any,
    *,
    labels: tuple[str, str] = ("x", "y"),
    max_points: int = 5000,
    ax: Axes | None = None,
) -> Axes:
    """Plot customers by two measures, with the four quadrants.

    Parameters
    ----------
    x, y : array-like of shape (n_customers,)
        The two measures; customers who lack one are not drawn.
    matrix : pandas.DataFrame
        The table that :func:`crmml.segmentation.compute_behaviour_matrix` makes of
        them.
    labels : tuple of two str, default=("x", "y")
        What the measures are called.
    max_points : int, default=5000
        Of more customers, so many are drawn, picked at random with a fixed seed.
    ax : matplotlib.axes.Axes, default=None
        Axes to draw on. None: new ones, on a figure of their own that pyplot does not
        know outside notebooks; it is ``ax.figure``.

    Returns
    -------
    matplotlib.axes.Axes
        Points, the two cuts as lines, and in every corner the quadrant's name with its
        share of all customers.

    Raises
    ------
    SchemaError
        If the measures differ in length, nobody has both, `matrix` is another table,
        or `max_points` is below 1.

    Warns
    -----
    UserWarning
        If a name has Chinese characters and no installed font has them.

    Examples
    --------
    >>> from crmml.plotting import plot_behaviour_matrix
    >>> from crmml.segmentation import compute_behaviour_matrix
    >>> now, later = [10, 90, 20, 80], [1, 9, 8, 2]
    >>> ax = plot_behaviour_matrix(now, later, compute_behaviour_matrix(now, later))
    >>> ax.texts[0].get_text()
    'low / low (25 %)'
    """
    max_points = check_count(max_points, "max_points")
    points = _read_points(x, y)
    cuts = getattr(matrix, "attrs", {}).get("cuts")
    if cuts is None or len(matrix) != _N_QUADRANTS:
        raise SchemaError("matrix must be a table as made by compute_behaviour_matrix.")
    if not len(points):
        raise SchemaError("no customer has both measures: there is nothing to draw.")
    if len(points) > max_points:
        drawn = np.random.default_rng(0).choice(len(points), max_points, replace=False)
        points = points[np.sort(drawn)]
    ax = make_axes(ax)
    ax.scatter(
        points[:, 0],
        points[:, 1],
        s=np.clip(20_000 / len(points), 6, 40),
        color=COLORS[0],
        alpha=0.4,
        linewidths=0,
        rasterized=True,
    )
    ax.axvline(cuts[0], color="0.3", linewidth=1.0, linestyle="--")
    ax.axhline(cuts[1], color="0.3", linewidth=1.0, linestyle="--")
    names = [str(name) for name in matrix["quadrant"]]
    fonts = choose_fonts([*names, *labels])
    corners = ((0.01, -0.13), (0.01, 1.02), (0.99, -0.13), (0.99, 1.02))
    for name, share, (right, up) in zip(
        names, matrix["customer_share"], corners, strict=True
    ):
        ax.text(
            right,
            up,
            f"{name} ({100 * share:.0f} %)",
            transform=ax.transAxes,
            ha="left" if right < 0.5 else "right",
            va="bottom",
            fontfamily=fonts,
            parse_math=False,
        )
    ax.set_xlabel(labels[0], fontfamily=fonts, parse_math=False, labelpad=18)
    ax.set_ylabel(labels[1], fontfamily=fonts, parse_math=False)
    return ax


def _read_points(x: Any, y: Any) -> np.ndarray[Any, Any]:
    try:
        one, other = (np.asarray(values, dtype=np.float64) for values in (x, y))
    except (TypeError, ValueError):
        # The cause quotes a value, so it must not travel with our error.
        raise SchemaError("x and y must be numeric.") from None
    if one.shape != other.shape or one.ndim != 1:
        raise SchemaError(
            f"x and y must be of the same customers: found shapes {one.shape} and "
            f"{other.shape}."
        )
    points = np.column_stack([one, other])
    kept: np.ndarray[Any, Any] = points[np.isfinite(points).all(axis=1)]
    return kept
