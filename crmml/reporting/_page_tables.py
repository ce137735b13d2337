"""Tables of a page: escaped, with headings that say what they head."""

import html
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from crmml._utils._controls import spell_controls


def write_table(
    table: pd.DataFrame,
    *,
    formats: Mapping[str, str | None],
    labels: Mapping[str, str],
    caption: str | None,
) -> str:
    """Write a table as HTML; its first column names the rows.

    Parameters
    ----------
    table : pandas.DataFrame
        The rows.
    formats : mapping of str to str
        Format specification by column.
    labels : mapping of str to str
        Heading by column; other columns are headed by their names.
    caption : str or None
        What the table shows.

    Returns
    -------
    str
        A table in a box that scrolls where the table is too wide.
    """
    are_numbers = [
        pd.api.types.is_numeric_dtype(table[name])
        and not pd.api.types.is_bool_dtype(table[name])
        for name in table.columns
    ]
    heads = "".join(
        f'<th scope="col"{_CLASS if is_number else ""}>'
        f"{escape(labels.get(name, spell_header(name)))}</th>"
        for name, is_number in zip(table.columns, are_numbers, strict=True)
    )
    columns = [
        _write_column(table[name], formats.get(name), is_number)
        for name, is_number in zip(table.columns, are_numbers, strict=True)
    ]
    rows = [
        f'<tr><th scope="row"{first}</th>'
        + "".join(f"<td{cell}</td>" for cell in others)
        + "</tr>"
        for first, *others in zip(*columns, strict=True)
    ]
    named = "" if caption is None else f"<caption>{escape(caption)}</caption>"
    body = "\n".join(rows)
    return (
        f'<div class="scroll" tabindex="0"><table>{named}<thead><tr>{heads}</tr>'
        f"</thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )


def escape(text: str) -> str:
    """Write a text so that a page shows it, and neither obeys it nor turns it around.

    Parameters
    ----------
    text : str
        Anything.

    Returns
    -------
    str
        Text or value of an attribute in HTML.
    """
    return html.escape(spell_controls(text))


_CLASS = ' class="number"'
# Up to here a text, such as a date, is not broken into lines.
_SHORT = 16


def _write_column(column: pd.Series, spec: str | None, is_number: bool) -> list[str]:
    """Write the cells of a column, from the end of the name of their tag."""
    texts = [format_cell(value, spec) for value in column.tolist()]
    if is_number:
        kinds = [
            f'{_CLASS} data-value="{"" if pd.isna(value) else f"{value:.12g}"}"'
            for value in column.tolist()
        ]
    else:
        is_short = max(map(len, texts), default=0) <= _SHORT
        kinds = [f' class="{"short" if is_short else "text"}"'] * len(texts)
    return [f"{kind}>{escape(text)}" for kind, text in zip(kinds, texts, strict=True)]


def spell_header(name: object) -> str:
    """Write a column's name so that it can wrap between its words."""
    return str(name).replace("_", " ")


def format_cell(value: Any, spec: str | None = None) -> str:
    """Write one value for people: missing as a dash, numbers short.

    Parameters
    ----------
    value : object
        The value.
    spec : str, optional
        Format specification for numbers.

    Returns
    -------
    str
        Plain text, not yet escaped.
    """
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return "–"
    if spec is not None:
        return format(value, spec)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if not np.isfinite(value):
        return "∞" if value > 0 else "-∞"
    return f"{value:,.3f}".rstrip("0").rstrip(".") if value % 1 else f"{value:,.0f}"


def choose_format(values: Iterable[float]) -> str | None:
    """Choose as many decimals as numbers of this size are read with.

    Parameters
    ----------
    values : iterable of float
        The numbers, missing ones included.

    Returns
    -------
    str or None
        Format specification; None for whole numbers.

    Examples
    --------
    >>> choose_format([1234.5, 2.25]), choose_format([380.408]), choose_format([9.5])
    (',.0f', ',.1f', ',.3g')
    """
    known = [abs(value) for value in values if np.isfinite(value)]
    if all(value % 1 == 0 for value in known):
        return None
    largest = max(known)
    return ",.0f" if largest >= 1000 else ",.1f" if largest >= 100 else ",.3g"
