"""A self-contained HTML page of headings, text, tables and pictures."""

import base64
import html
import io
import os
from collections.abc import Mapping
from typing import Any

import pandas as pd

from crmml._utils._atomic import whole_file

_STYLE = """
body { font: 16px/1.5 system-ui, "Noto Sans CJK SC", "Microsoft YaHei", sans-serif;
  color: #222; background: #fff; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2 { line-height: 1.2; } h2 { margin-top: 2.5rem; border-bottom: 2px solid #ddd; }
div.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.875rem; margin: 1rem 0; }
th, td { padding: 0.3rem 0.7rem; text-align: left; border-bottom: 1px solid #ddd; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
thead th { border-bottom: 2px solid #888; vertical-align: bottom; }
figure { margin: 1rem 0; } img { max-width: 100%; height: auto; }
figcaption, p.note { color: #555; font-size: 0.875rem; }
@media print { h2, figure, tr { break-inside: avoid; } body { margin: 0; } }
"""


class HtmlPage:
    """Collect a page from top to bottom, then write it in one piece.

    Parameters
    ----------
    title : str
        The page's title and first heading.
    language : str, default="en"
        Language of the text, as in HTML's ``lang``.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.reporting import HtmlPage
    >>> page = HtmlPage("顾客 <2024>")
    >>> page.add_table(pd.DataFrame({"segment": ["A"], "n_customers": [1200]}))
    >>> "<h1>顾客 &lt;2024&gt;</h1>" in page.to_html()
    True
    """

    def __init__(self, title: str, *, language: str = "en") -> None:
        self.title = title
        self.language = language
        self._parts: list[str] = []

    def add_heading(self, text: str) -> None:
        """Begin a section.

        Parameters
        ----------
        text : str
            Its heading.
        """
        self._parts.append(f"<h2>{html.escape(text)}</h2>")

    def add_text(self, text: str) -> None:
        """Add a paragraph.

        Parameters
        ----------
        text : str
            Plain text; it is escaped.
        """
        self._parts.append(f"<p>{html.escape(text)}</p>")

    def add_table(
        self, table: pd.DataFrame, formats: Mapping[str, str] | None = None
    ) -> None:
        """Add a table; its index is not shown.

        Parameters
        ----------
        table : pandas.DataFrame
            The rows to show.
        formats : mapping of str to str, optional
            Format specification by column, such as ``{"share": ".1%"}``. Other
            numbers are shown with thousands separators and up to three decimals.
        """
        self._parts.append(_table_html(table, formats or {}))

    def add_figure(self, figure: Any, caption: str) -> None:
        """Add a picture.

        Parameters
        ----------
        figure : matplotlib.figure.Figure
            The picture; it is stored in the page as PNG.
        caption : str
            What it shows, also for those who cannot see it.
        """
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=144, bbox_inches="tight")
        data = base64.b64encode(buffer.getvalue()).decode("ascii")
        text = html.escape(caption)
        self._parts.append(
            f'<figure><img alt="{text}" src="data:image/png;base64,{data}">'
            f"<figcaption>{text}</figcaption></figure>"
        )

    def to_html(self) -> str:
        """Return the whole page.

        Returns
        -------
        str
            A complete HTML document in UTF-8.
        """
        title = html.escape(self.title)
        return (
            f'<!doctype html>\n<html lang="{html.escape(self.language)}">\n<head>\n'
            '<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
            f"<h1>{title}</h1>\n" + "\n".join(self._parts) + "\n</body>\n</html>\n"
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page under a temporary name and rename it when it is whole.

        Parameters
        ----------
        path : str or path
            Where the page shall be; an older page is replaced.
        """
        with whole_file(path) as temporary:
            temporary.write_text(self.to_html(), encoding="utf-8")


def _table_html(table: pd.DataFrame, formats: Mapping[str, str]) -> str:
    is_number = {
        name: pd.api.types.is_numeric_dtype(table[name]) for name in table.columns
    }
    head = "".join(
        f"<th{_number_class(is_number[name])}>{html.escape(spell_header(name))}</th>"
        for name in table.columns
    )
    rows = [
        "".join(
            f"<td{_number_class(is_number[name])}>"
            f"{html.escape(format_cell(value, formats.get(name)))}</td>"
            for name, value in zip(table.columns, row, strict=True)
        )
        for row in table.itertuples(index=False, name=None)
    ]
    body = "\n".join(f"<tr>{row}</tr>" for row in rows)
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def _number_class(is_number: bool) -> str:
    return ' class="number"' if is_number else ""


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
    return f"{value:,.3f}".rstrip("0").rstrip(".") if value % 1 else f"{value:,.0f}"
