"""The retention triangle as a heat map."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from crmml.exceptions import SchemaError
from crmml.plotting._style import make_axes

# Beyond so many columns numbers would not be readable.
_MOST_NUMBERS = 16


def plot_cohort_retention(cohorts: Any, *, ax: Axes | None = None) -> Axes:
    """Plot which share of each cohort buys in the periods after its first.

    Parameters
    ----------
    cohorts : pandas.DataFrame
        A table of shares, as made by
        :func:`crmml.segmentation.compute_cohort_retention`.
    ax : matplotlib.axes.Axes, default=None
        Axes to draw on. None: new ones, on a figure of their own that pyplot does not
        know outside notebooks; it is ``ax.figure``.

    Returns
    -------
    matplotlib.axes.Axes
        One row per cohort with its number of customers, one column per period, darker
        for higher shares, with the percentage where there is room. Cells not lived yet
        stay empty. The colours span the shares after period 0.

    Raises
    ------
    SchemaError
        If it is another table, or one of numbers instead of shares.

    Examples
    --------
    >>> from crmml.plotting import plot_cohort_retention
    >>> from crmml.segmentation import compute_cohort_retention
    >>> days = ["2024-01-05", "2024-01-20", "2024-02-29"]
    >>> ax = plot_cohort_retention(compute_cohort_retention(["a", "b", "a"], days))
    >>> [text.get_text() for text in ax.texts]
    ['100', '50']
    """
    shares, labels = _read_cohorts(cohorts)
    n_rows, n_columns = shares.shape
    size = (2.6 + 0.42 * n_columns, 1.2 + 0.32 * n_rows)
    ax = make_axes(ax, size=size)
    later = shares[:, 1:]
    top = max(float(np.nanmax(later)) if np.isfinite(later).any() else 1.0, 0.01)
    image = ax.imshow(
        np.ma.masked_invalid(shares),
        cmap="Blues",
        vmin=0,
        vmax=top,
        aspect="auto",
    )
    if n_columns <= _MOST_NUMBERS:
        for i, j in np.argwhere(np.isfinite(shares)):
            dark = shares[i, j] > 0.55 * top
            ax.text(
                j,
                i,
                f"{100 * shares[i, j]:.0f}",
                ha="center",
                va="center",
                fontsize=8,
                color="white" if dark else "black",
            )
    ax.set_yticks(range(n_rows), labels)
    ax.set_xticks(range(0, n_columns, max(1, n_columns // 12)))
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_xlabel("Periods after the first purchase")
    ax.set_ylabel("Cohort (customers)")
    if n_columns > _MOST_NUMBERS:
        ax.figure.colorbar(image, ax=ax, label="Share of the cohort")
    return ax


def _read_cohorts(cohorts: Any) -> tuple[np.ndarray[Any, Any], list[str]]:
    is_table = isinstance(cohorts, pd.DataFrame)
    if not is_table or "n_customers" not in cohorts or cohorts.shape[1] < 2:
        raise SchemaError(
            "a table as made by compute_cohort_retention is needed, got "
            f"{type(cohorts).__name__}."
        )
    if not len(cohorts):
        raise SchemaError("the table has no cohort: there is nothing to draw.")
    shares = cohorts.drop(columns="n_customers").to_numpy(dtype=np.float64)
    if (shares > 1).any():
        raise SchemaError(
            "the table holds numbers of customers; shares are drawn. Leave share=True "
            "in compute_cohort_retention."
        )
    labels = [
        f"{str(start)[:10]} ({size:,})"
        for start, size in zip(cohorts.index, cohorts["n_customers"], strict=True)
    ]
    return shares, labels
