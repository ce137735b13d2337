"""Tables and headings for a terminal."""

from collections.abc import Mapping

import pandas as pd
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from crmml.reporting._page import format_cell, spell_header

# Characters; what is longer, an address or a line of Chinese, may be broken.
_LONGEST_WORD = 16
# Characters between two columns.
_GAP = 2


def print_heading(console: Console, text: str) -> None:
    """Print the heading of a section."""
    console.print()
    console.rule(Text(text, style="bold"), align="left")


def print_table(
    console: Console, table: pd.DataFrame, formats: Mapping[str, str] | None = None
) -> None:
    """Print a frame without its index.

    Parameters
    ----------
    console : rich.console.Console
        Where to.
    table : pandas.DataFrame
        The rows.
    formats : mapping of str to str, optional
        Format specification by column.
    """
    formats = formats or {}
    shown = Table(box=None, header_style="bold", pad_edge=False)
    for name in table.columns:
        is_number = pd.api.types.is_numeric_dtype(table[name])
        shown.add_column(
            Text(spell_header(name)), justify="right" if is_number else "left"
        )
    for row in table.itertuples(index=False, name=None):
        # Text, not markup: a name in square brackets is no instruction to the terminal.
        cells = [
            Text(format_cell(value, formats.get(name)))
            for name, value in zip(table.columns, row, strict=True)
        ]
        shown.add_row(*cells)
    _fit(console, shown)
    console.print(shown)


def _fit(console: Console, table: Table) -> None:
    """Where room is short, let the headers of numbers break rather than any word."""
    least = []
    for column in table.columns:
        texts = [column.header, *column.cells]
        longest_word = max(console.measure(text).minimum for text in texts)
        least.append(min(longest_word, _LONGEST_WORD))
    unlimited = console.options.update(width=10_000)
    wanted = Measurement.get(console, unlimited, table).maximum
    if wanted <= console.width or sum(least) + _GAP * (len(least) - 1) > console.width:
        return
    for column, width in zip(table.columns, least, strict=True):
        if column.justify == "right":
            column.width = width
        else:
            column.min_width = width
