"""Text from data on a terminal or a page: shown, never obeyed."""

_KEPT = "\t\n"
_CONTROLS = {
    *range(0x20),
    *range(0x7F, 0xA0),
    # Marks of the direction of writing, which make text read otherwise than it is.
    0x061C,
    0x200E,
    0x200F,
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
    # Separators of lines and paragraphs.
    0x2028,
    0x2029,
    # Halves of characters, which no terminal can be sent.
    *range(0xD800, 0xE000),
}
_SPELLED = {
    # As Python and JSON both read them.
    code: f"\\u{code:04x}"
    for code in _CONTROLS.difference(map(ord, _KEPT))
}


def spell_controls(text: str) -> str:
    r"""Spell out characters that would command a terminal or turn a line.

    A name may hold the sequence that clears the screen or rewrites the line above, and
    marks that turn the direction of what follows.

    Parameters
    ----------
    text : str
        Anything that came out of data.

    Returns
    -------
    str
        The same with such characters as JSON spells them; tabs and line ends stay.

    Examples
    --------
    >>> print(spell_controls("茶杯 \x1b[2J\u202e"))
    茶杯 \u001b[2J\u202e
    """
    return text.translate(_SPELLED)
