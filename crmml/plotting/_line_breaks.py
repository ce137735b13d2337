"""Break names into lines, also those in languages without blanks."""

import unicodedata

# A line does not begin with these.
_CLOSING = "，。、；：！？）》」』】"


def break_lines(text: str, width: int) -> str:
    """Break a text at blanks, a longer word at underscores or between Chinese letters.

    Parameters
    ----------
    text : str
        Any text; a word in Latin letters alone is never broken.
    width : int
        Characters in a line, a wide one counting two.

    Returns
    -------
    str
        The text in lines.

    Examples
    --------
    >>> print(break_lines("n_orders_change", 9))
    n_orders_
    change
    >>> print(break_lines("订单金额（含税）", 8))
    订单金额
    （含税）
    """
    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if measure_text(longer) <= width:
            line = longer
            continue
        *full, last = _break_word(word, width)
        lines += [line] * bool(line) + full
        line = last
    return "\n".join([*lines, line])


def measure_text(text: str) -> int:
    """Measure a text in characters, of which wide ones count two."""
    return len(text) + count_wide(text)


def _break_word(word: str, width: int) -> list[str]:
    parts = list(word) if count_wide(word) else word.replace("_", "_ ").split(" ")
    lines = [""]
    for part in parts:
        is_full = measure_text(lines[-1] + part) > width
        if is_full and lines[-1] and part not in _CLOSING:
            lines.append("")
        lines[-1] += part
    return lines


def count_wide(text: str) -> int:
    """Count the characters that are as wide as high, such as Chinese ones.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    int
        Their number.
    """
    return sum(unicodedata.east_asian_width(char) in "WF" for char in text)
