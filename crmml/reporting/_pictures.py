"""Pictures of crmml.plotting in the language of the page."""

from typing import Any

import matplotlib as mpl
from matplotlib.text import Text

from crmml.plotting._line_breaks import count_wide
from crmml.plotting._style import find_chinese_fonts
from crmml.reporting._page import HtmlPage
from crmml.reporting._picture_texts import PATTERNS, WORDS


def lacks_font(page: HtmlPage) -> bool:
    """Tell whether a page speaks of what its pictures could only draw as boxes."""
    return not find_chinese_fonts() and any(count_wide(part) for _, part in page._parts)


def translate(figure: Any, language: str) -> Any:
    """Write what crmml wrote into a picture in another language, where fonts allow it.

    Names that the data brought stay as they are. Without a font that has Chinese
    glyphs the picture stays English, which is better than boxes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The picture; it is changed.
    language : {"en", "zh"}
        The language.

    Returns
    -------
    matplotlib.figure.Figure
        The picture.
    """
    fonts = find_chinese_fonts()
    if language == "en" or not fonts:
        return figure
    families = [*mpl.rcParams["font.family"], *fonts]
    for text in figure.findobj(Text):
        found = text.get_text()
        said = translate_text(found)
        if said != found:
            text.set_text(said)
            text.set_fontfamily(families)
            text.set_parse_math(False)
    return figure


def translate_text(text: str) -> str:
    """Translate one text of a picture; names of the data come back as they are.

    Parameters
    ----------
    text : str
        What stands in the picture.

    Returns
    -------
    str
        The same in Chinese.

    Examples
    --------
    >>> translate_text("At random"), translate_text("tea")
    ('随机', 'tea')
    """
    if text in WORDS:
        return WORDS[text]
    for pattern, said in PATTERNS:
        match = pattern.fullmatch(text)
        if match:
            return match.expand(said)
    return text
