"""The choice of k: how each number of segments is judged."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from crmml.plotting._style import (
    COLORS,
    LINE_STYLES,
    MARKERS,
    REFERENCE,
    choose_fonts,
    make_axes,
    read_numbers,
    write_legend,
)

_LINES = {
    "silhouette": "Silhouette",
    "simplified_silhouette": "Silhouette to centres",
    "stability": "Stability",
    "gap": "Gap",
}


def plot_k_selection(
    selection: Any, *, n_clusters: int | None = None, ax: Axes | None = None
) -> Axes:
    """Plot the criteria by which a number of segments was chosen.

    Parameters
    ----------
    selection : dataframe
        The attribute ``k_selection_`` of :class:`crmml.segmentation.KMeansSegmenter`.
    n_clusters : int, default=None
        The number that was chosen, marked by a line.
    ax : matplotlib.axes.Axes, default=None
        Axes to draw on. None: new ones, on a figure of their own that pyplot does not
        know outside notebooks; it is ``ax.figure``.

    Returns
    -------
    matplotlib.axes.Axes
        Lines of silhouette, silhouette to centres, stability and gap with its error
        over the number of segments; dashed, the silhouette of a cloud without groups.

    Raises
    ------
    SchemaError
        If a column is missing or not numeric.

    Examples
    --------
    >>> import numpy as np
    >>> from crmml.plotting import plot_k_selection
    >>> from crmml.segmentation import KMeansSegmenter
    >>> X = np.r_[np.arange(20), 100 + np.arange(20)].reshape(-1, 1)
    >>> segmenter = KMeansSegmenter(k_range=(2, 3)).fit(X)
    >>> ax = plot_k_selection(segmenter.k_selection_, n_clusters=2)
    >>> [text.get_text() for text in ax.get_legend().get_texts()][1:4]
    ['Chosen', 'Silhouette', 'Silhouette to centres']
    """
    names = ("n_clusters", "reference", "gap_error", *_LINES)
    table = read_numbers(selection, names, "KMeansSegmenter(n_clusters=None)")
    ax = make_axes(ax)
    k_values = table["n_clusters"]
    for i, (name, label) in enumerate(_LINES.items()):
        ax.errorbar(
            k_values,
            table[name],
            yerr=table["gap_error"] if name == "gap" else None,
            color=COLORS[i],
            linestyle=LINE_STYLES[i],
            marker=MARKERS[i],
            markersize=5,
            capsize=2,
            label=label,
            zorder=3,
        )
    ax.plot(
        k_values,
        table["reference"],
        **REFERENCE,
        linestyle="--",
        label="Silhouette of one cloud",
    )
    if n_clusters is not None:
        ax.axvline(n_clusters, color="0.75", linewidth=6.0, zorder=0, label="Chosen")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("Number of segments")
    ax.set_ylabel("Criterion, higher is better")
    ax.grid(axis="y", color="0.9")
    ax.set_axisbelow(True)
    write_legend(
        ax,
        choose_fonts([]),
        loc="center left",
        bbox_to_anchor=(1.0, 0.5),
        frameon=False,
    )
    return ax
