"""How objects that hold tables show themselves: their parts, never the rows."""

import html
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

# Longer texts are cut, so that a column's name cannot fill the screen.
_MOST_CHARACTERS = 160
_MOST_PARTS = 10
_MOST_ROWS = 10


class ShownInParts:
    """Show a title and a line for each part; in notebooks, a small table.

    What to show comes from ``_parts``, a method that returns the title and a mapping of
    each part's name to a text.
    """

    def _parts(self) -> tuple[str, Mapping[str, str]]:
        raise NotImplementedError

    def __repr__(self) -> str:
        """Name the parts, one a line."""
        title, parts = self._parts()
        lines = [f"  {name}: {text}" for name, text in _cut_parts(parts)]
        return "\n".join([cut(title), *lines])

    def _repr_html_(self) -> str:
        title, parts = self._parts()
        rows = "".join(
            f'<tr><th style="text-align:left">{html.escape(name)}</th>'
            f'<td style="text-align:left">{html.escape(text)}</td></tr>'
            for name, text in _cut_parts(parts)
        )
        caption = html.escape(cut(title))
        return f"<div><strong>{caption}</strong><table>{rows}</table></div>"


def describe_frames(frames: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Say how large frames are.

    Parameters
    ----------
    frames : mapping of str to pandas.DataFrame
        The frames by name.

    Returns
    -------
    dict of str to str
        Rows and columns, in words.
    """
    return {
        name: f"{frame.shape[0]:,} rows, {frame.shape[1]} columns"
        for name, frame in frames.items()
    }


def show_verdict(verdict: str, table: pd.DataFrame) -> str:
    """Write a verdict and the head of its table for a notebook.

    Parameters
    ----------
    verdict : str
        What was found, in words.
    table : pandas.DataFrame
        What it was found from; ten rows are shown.

    Returns
    -------
    str
        HTML, with all text escaped.
    """
    head = table.head(_MOST_ROWS)
    shown: str = head.map(_cut_cell).to_html(index=False, float_format="{:.3f}".format)
    more = len(table) - len(head)
    rest = f"<p>… and {more:,} more rows</p>" if more else ""
    return f"<div><p>{html.escape(verdict)}</p>{shown}{rest}</div>"


def cut(text: str) -> str:
    """Cut a text that is too long for a line, and say so by an ellipsis."""
    if len(text) <= _MOST_CHARACTERS:
        return text
    return f"{text[: _MOST_CHARACTERS - 1]}…"


def _cut_cell(value: Any) -> Any:
    return cut(value) if isinstance(value, str) else value


def _cut_parts(parts: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    for done, (name, text) in enumerate(parts.items()):
        if done == _MOST_PARTS:
            yield "…", f"{len(parts) - done} more"
            return
        yield cut(name), cut(text)
