"""A self-contained HTML page of headings, text, tables and pictures."""

import base64
import html
import io
import os
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
from PIL import Image

from crmml._utils._atomic import whole_file
from crmml._utils._shown import cut
from crmml.reporting._page_style import POLICY, SCRIPT, STYLE
from crmml.reporting._page_tables import escape, write_table

# Dots per inch: of pictures, fine enough for print, and of a browser's inch.
_DPI, _CSS_DPI = 144, 96
_N_COLORS = 256
_CONTENTS = {"en": "Contents", "zh": "目录"}
# With fewer sections there is nothing to look up.
_FEWEST_SECTIONS = 3


class HtmlPage:
    """Collect a page from top to bottom, then write it in one piece.

    The page loads nothing from the network, and tells the browser to refuse to. A click
    on the heading of a table's column sorts the table; without scripts the page reads
    the same.

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
        # Each part with the level of the heading that it is, or 0.
        self._parts: list[tuple[int, str]] = []

    def __repr__(self) -> str:
        """Name the title, cut, and how many parts there are."""
        return (
            f"HtmlPage({cut(self.title)!r}, language={cut(self.language)!r}, "
            f"n_parts={len(self._parts):,})"
        )

    def add_heading(self, text: str) -> None:
        """Begin a section.

        Parameters
        ----------
        text : str
            Its heading.
        """
        self._parts.append((2, escape(text)))

    def add_text(self, text: str) -> None:
        """Add a paragraph.

        Parameters
        ----------
        text : str
            Plain text; it is escaped.
        """
        self._parts.append((0, f"<p>{escape(text)}</p>"))

    def add_list(self, texts: Iterable[str]) -> None:
        """Add a list.

        Parameters
        ----------
        texts : iterable of str
            Its points, plain text.
        """
        points = "\n".join(f"<li>{escape(text)}</li>" for text in texts)
        self._parts.append((0, f"<ul>\n{points}\n</ul>"))

    def add_table(
        self,
        table: pd.DataFrame,
        formats: Mapping[str, str | None] | None = None,
        *,
        labels: Mapping[str, str] | None = None,
        caption: str | None = None,
    ) -> None:
        """Add a table; its index is not shown.

        Parameters
        ----------
        table : pandas.DataFrame
            The rows to show. The first column names them.
        formats : mapping of str to str, optional
            Format specification by column, such as ``{"share": ".1%"}``. Other
            numbers are shown with thousands separators and up to three decimals.
        labels : mapping of str to str, optional
            Headings by column. Other columns are headed by their names, with blanks in
            place of underscores.
        caption : str, optional
            What the table shows, above it.
        """
        written = write_table(
            table, formats=formats or {}, labels=labels or {}, caption=caption
        )
        self._parts.append((0, written))

    def add_figure(self, figure: Any, caption: str, *, alt: str | None = None) -> None:
        """Add a picture.

        Parameters
        ----------
        figure : matplotlib.figure.Figure
            The picture; it is stored in the page as PNG.
        caption : str
            What it shows, below it.
        alt : str, optional
            What it is, for those who cannot see it. Default: the caption.
        """
        picture, sizes = _draw(figure)
        width, height = (round(size * _CSS_DPI / _DPI) for size in sizes)
        data = base64.b64encode(picture).decode("ascii")
        self._parts.append(
            (
                0,
                f'<figure><img alt="{escape(alt or caption)}" width="{width}" '
                f'height="{height}" src="data:image/png;base64,{data}">'
                f"<figcaption>{escape(caption)}</figcaption></figure>",
            )
        )

    def add_page(self, page: "HtmlPage") -> None:
        """Add another page as a section of this one.

        Parameters
        ----------
        page : HtmlPage
            Its title becomes a heading, its headings go one level down.
        """
        self.add_heading(page.title)
        self._parts += [(level and level + 1, part) for level, part in page._parts]

    def to_html(self) -> str:
        """Return the whole page.

        Returns
        -------
        str
            A complete HTML document in UTF-8.
        """
        title, body = escape(self.title), "\n".join(self._write_parts())
        return (
            f'<!doctype html>\n<html lang="{escape(self.language)}">\n<head>\n'
            '<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
            f"<h1>{title}</h1>\n{body}\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page under a temporary name and rename it when it is whole.

        Parameters
        ----------
        path : str or path
            Where the page shall be; an older page is replaced.
        """
        with whole_file(path) as temporary:
            temporary.write_text(self.to_html(), encoding="utf-8", newline="\n")

    def _repr_html_(self) -> str:
        """Show the page in a notebook, in a frame that keeps its style to itself."""
        return (
            f'<iframe srcdoc="{html.escape(self.to_html())}" sandbox="allow-scripts" '
            f'title="{escape(self.title)}" width="100%" height="800"></iframe>'
        )

    def _write_parts(self) -> list[str]:
        """Write contents and parts, each section with a name to go to."""
        written: list[str] = []
        sections: list[str] = []
        for level, part in self._parts:
            if level == 2:
                written += ["</section>"] if sections else []
                sections.append(part)
                written.append(f'<section id="s{len(sections)}">')
            written.append(f"<h{level}>{part}</h{level}>" if level else part)
        written += ["</section>"] if sections else []
        if len(sections) < _FEWEST_SECTIONS:
            return written
        name = _CONTENTS.get(self.language[:2], _CONTENTS["en"])
        links = [
            f'<li><a href="#s{place}">{text}</a></li>'
            for place, text in enumerate(sections, start=1)
        ]
        return [f'<nav aria-label="{name}"><ol>', *links, "</ol></nav>", *written]


def _draw(figure: Any) -> tuple[bytes, tuple[int, int]]:
    """Draw a picture as PNG with a palette, a third of the size; and its pixels."""
    drawn, packed = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=_DPI, bbox_inches="tight")
    with Image.open(drawn) as picture:
        few = picture.convert("RGB").quantize(_N_COLORS, dither=Image.Dither.NONE)
        few.save(packed, format="png", optimize=True)
        return packed.getvalue(), few.size
