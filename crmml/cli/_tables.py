"""Tables and headings for a terminal."""

from collections.abc import Mapping

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crmml._utils._controls import spell_controls
from crmml.reporting._page_tables import format_cell, spell_header

# Characters; what is longer, an address or a line of Chinese, may be broken.
_LONGEST_WORD = 16
# Characters between two columns.
_GAP = 2


def print_heading(console: Console, text: str) -> None:
    """Print the heading of a section."""
    console.print()
    console.rule(Text(spell_controls(text), style="bold"), align="left")


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
            Text(spell_controls(spell_header(name))),
            justify="right" if is_number else "left",
        )
    for row in table.itertuples(index=False, name=None):
        # Text, not markup: a name in square brackets is no instruction to the terminal.
        cells = [
            Text(spell_controls(format_cell(value, formats.get(name))))
            for name, value in zip(table.columns, row, strict=True)
        ]
        shown.add_row(*cells)
    _fit(console, shown)
    console.print(shown)


def _fit(console: Console, table: Table) -> None:
    """Where room is short, give each column its words first, then share the rest.

    Left to itself, rich breaks words, or crops the last column.
    """
    least, wanted = [], []
    for column in table.columns:
        sizes = [console.measure(text) for text in (column.header, *column.cells)]
        least.append(min(max(size.minimum for size in sizes), _LONGEST_WORD))
        wanted.append(max(size.maximum for size in sizes))
    room = console.width - _GAP * (len(least) - 1)
    if sum(wanted) <= room or sum(least) > room:
        return
    room -= sum(least)
    hungry = sorted(range(len(least)), key=lambda i: wanted[i] - least[i])
    for n_served, i in enumerate(hungry):
        more = min(max(wanted[i] - least[i], 0), room // (len(hungry) - n_served))
        table.columns[i].width = least[i] + more
        table.columns[i].overflow = "fold"
        room -= more
