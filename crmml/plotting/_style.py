"""What all pictures share: axes, colours, fonts and the reading of result tables."""

import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import matplotlib as mpl
import narwhals as nw
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.legend import Legend
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from crmml.exceptions import SchemaError
from crmml.plotting._line_breaks import count_wide

# Okabe and Ito's colours for all kinds of colour vision, in an order in which
# neighbours differ in lightness as well.
COLORS = (
    "#0072b2",
    "#e69f00",
    "#000000",
    "#56b4e9",
    "#d55e00",
    "#cc79a7",
    "#009e73",
    "#9a9a9a",
)
# Of other lengths than the colours, so that pairs repeat late.
LINE_STYLES: tuple[Any, ...] = ("-", "--", "-.", (0, (1, 1)), (0, (5, 1, 1, 1, 1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">")
REFERENCE: dict[str, Any] = {"color": "0.45", "linewidth": 1.0, "zorder": 1}

CJK_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Noto Sans CJK JP",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Microsoft YaHei",
    "SimHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "Heiti SC",
    "STHeiti",
    "Arial Unicode MS",
)
"""Fonts with Chinese glyphs, by the names under which systems install them."""


def make_axes(
    ax: Axes | None,
    *,
    size: tuple[float, float] = (6.0, 4.5),
    projection: str | None = None,
) -> Axes:
    """Return the given Axes, or new ones.

    In a notebook pyplot makes the figure, so that the cell shows it. Elsewhere pyplot
    does not know it, so that a batch that draws a thousand pictures keeps none.

    Parameters
    ----------
    ax : matplotlib.axes.Axes or None
        The Axes to draw on.
    size : tuple of float, default=(6.0, 4.5)
        Width and height of a new figure in inches.
    projection : str, default=None
        Kind of new Axes, such as ``"polar"``. None: upright, with two open sides.

    Returns
    -------
    matplotlib.axes.Axes
        Axes to draw on.
    """
    if ax is None:
        figure = _make_figure(figsize=size, layout="constrained")
        ax = figure.add_subplot(projection=projection)
    if projection is None:
        ax.spines[["top", "right"]].set_visible(False)
    return ax


def _make_figure(**parameters: Any) -> Figure:
    if "ipykernel" not in sys.modules:
        return Figure(**parameters)
    # Nothing else needs pyplot, which looks for a screen.
    from matplotlib import pyplot

    figure: Figure = pyplot.figure(**parameters)
    return figure


def find_chinese_fonts() -> list[str]:
    """List the installed fonts that have Chinese glyphs."""
    installed = set(fontManager.get_font_names())
    return [name for name in CJK_FONTS if name in installed]


def choose_fonts(texts: Iterable[str]) -> list[str]:
    """List the font families in force, and for Chinese also those that have its glyphs.

    The fonts in force come first, so other text looks as before.

    Parameters
    ----------
    texts : iterable of str
        The words that the data bring into the picture.

    Returns
    -------
    list of str
        Value for the ``fontfamily`` of a text.

    Warns
    -----
    UserWarning
        If a text has wide characters and no font with Chinese glyphs is installed.
    """
    families = list(mpl.rcParams["font.family"])
    if not any(count_wide(text) for text in texts):
        return families
    fallbacks = find_chinese_fonts()
    if not fallbacks:
        warnings.warn(
            "Labels hold Chinese, Japanese or Korean characters and matplotlib knows "
            "no font that has them, so boxes will be drawn. Install one, such as "
            "Debian's fonts-wqy-zenhei or Noto Sans CJK, and delete matplotlib's font "
            "cache (in the folder that matplotlib.get_cachedir() names).",
            UserWarning,
            stacklevel=3,
        )
    return families + fallbacks


def write_legend(ax: Axes, fonts: list[str], **options: Any) -> Legend:
    """Explain the marks of a picture, each name as it stands.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Axes whose marks have labels.
    fonts : list of str
        As from :func:`choose_fonts`.
    **options : object
        Where the legend goes and how it looks.

    Returns
    -------
    matplotlib.legend.Legend
        The legend.
    """
    legend = ax.legend(prop={"family": fonts}, **options)
    for text in legend.get_texts():
        # Between two dollar signs matplotlib would set mathematics.
        text.set_parse_math(False)
    return legend


def style_shares(ax: Axes) -> None:
    """Show both axes as percentages over a light grid.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Axes whose units are shares.
    """
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    ax.grid(color="0.9")
    ax.set_axisbelow(True)


def name_tables(tables: Any, default: str) -> dict[str, Any]:
    """Return tables by name; a single table gets the default name.

    Parameters
    ----------
    tables : mapping of str to dataframe, or dataframe
        One table or several by name.
    default : str
        The name of a single table.

    Returns
    -------
    dict of str to dataframe
        The tables by name.

    Raises
    ------
    SchemaError
        If the mapping is empty.
    """
    if not isinstance(tables, Mapping):
        return {default: tables}
    if not tables:
        raise SchemaError("tables is an empty mapping; pass at least one table.")
    return {str(name): table for name, table in tables.items()}


def read_columns(
    table: Any, names: Sequence[str], what: str, *, may_be_empty: bool = False
) -> dict[str, list[Any]]:
    """Take columns from a pandas or Polars table.

    Parameters
    ----------
    table : dataframe
        The table.
    names : sequence of str
        Columns that must be there.
    what : str
        The function that makes such tables, for the message.
    may_be_empty : bool, default=False
        Whether a table without rows can be drawn.

    Returns
    -------
    dict of str to list
        The columns.

    Raises
    ------
    SchemaError
        If it is no table, columns are missing, or there are no rows.
    """
    try:
        frame = nw.from_native(table, eager_only=True)
    except TypeError as error:
        raise SchemaError(
            f"a table as made by {what} is needed, got {type(table).__name__}."
        ) from error
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise SchemaError(
            f"the table lacks the columns {', '.join(missing)}; pass one as made by "
            f"{what}."
        )
    if not may_be_empty and not len(frame):
        raise SchemaError(f"the table of {what} has no rows: there is nothing to draw.")
    return {name: frame[name].to_list() for name in names}


def read_numbers(
    table: Any, names: Sequence[str], what: str, *, may_be_empty: bool = False
) -> dict[str, NDArray[np.float64]]:
    """Take columns of finite numbers from a pandas or Polars table.

    Parameters
    ----------
    table : dataframe
        The table.
    names : sequence of str
        Columns that must be there.
    what : str
        The function that makes such tables, for the message.
    may_be_empty : bool, default=False
        Whether a table without rows can be drawn.

    Returns
    -------
    dict of str to ndarray of float
        The columns.

    Raises
    ------
    SchemaError
        If it is no table, there are no rows, or columns are missing or hold text,
        missing or infinite values.
    """
    numbers = {}
    read = read_columns(table, names, what, may_be_empty=may_be_empty)
    for name, values in read.items():
        try:
            numbers[name] = np.asarray(values, dtype=np.float64)
        except (TypeError, ValueError):
            # The cause quotes a value, so it must not travel with our error.
            raise SchemaError(f"column {name} must be numeric.") from None
        n_bad = int(np.count_nonzero(~np.isfinite(numbers[name])))
        if n_bad:
            raise SchemaError(
                f"column {name} has {n_bad} missing or infinite values among "
                f"{len(values)}; drop those rows."
            )
    return numbers
