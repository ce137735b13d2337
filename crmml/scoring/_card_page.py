"""A model card as text: Markdown, or a self-contained page."""

import os
import unicodedata
from pathlib import Path
from typing import Any

import pandas as pd

from crmml.exceptions import SchemaError
from crmml.reporting import HtmlPage
from crmml.scoring._card_blocks import Block, make_blocks, make_title
from crmml.scoring._card_texts import TEXTS
from crmml.scoring._manifest_schema import FIELDS, check_manifest

_LONGEST = 2_000
"""Characters of a text that are shown; the file has all of it."""
_STEERING = frozenset({"Cc", "Cf", "Cs"})
"""Categories of characters that are not seen, and halves of such."""
_FORMS = {".md": "markdown", ".html": "html"}


def check_card_path(path: str | os.PathLike[str]) -> str:
    """Tell the form of a card by the end of its name.

    Parameters
    ----------
    path : str or path
        Where the card shall be.

    Returns
    -------
    {"markdown", "html"}
        The form.

    Raises
    ------
    SchemaError
        If it ends in neither .md nor .html.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _FORMS:
        raise SchemaError(
            "The name of a model card must end in .md or .html, which says what to "
            f"write; got {suffix!r}."
        )
    return _FORMS[suffix]


def make_model_card(
    manifest: dict[str, Any], *, form: str = "markdown", language: str = "en"
) -> str:
    """Write a model card as text.

    Parameters
    ----------
    manifest : dict
        What :func:`crmml.scoring.read_manifest` returned.
    form : {"markdown", "html"}, default="markdown"
        Markdown, or a self-contained page.
    language : {"en", "zh"}, default="en"
        English or Chinese.

    Returns
    -------
    str
        The card.

    Raises
    ------
    SchemaError
        If form or language is another one.
    ModelFileError
        If a field of the manifest is of another type than save writes.

    See Also
    --------
    write_model_card : Writes it to a file.
    """
    if language not in TEXTS or form not in {"markdown", "html"}:
        raise SchemaError(
            f"language must be one of {sorted(TEXTS)} and form 'markdown' or 'html', "
            f"got {language!r} and {form!r}."
        )
    words = TEXTS[language]
    check_manifest({**dict.fromkeys(FIELDS), **manifest}, "The manifest")
    manifest = _clean(manifest)
    title = make_title(manifest, words)
    blocks = list(make_blocks(manifest, words, language))
    if form == "html":
        return _to_html(title, blocks, language)
    return _to_markdown(title, blocks)


def _to_html(title: str, blocks: list[Block], language: str) -> str:
    page = HtmlPage(title, language="zh-CN" if language == "zh" else language)
    for kind, content in blocks:
        if kind == "heading":
            page.add_heading(content)
        elif kind == "table":
            page.add_table(content)
        elif kind == "list":
            page.add_list(content)
        else:
            page.add_text(content)
    return page.to_html()


def _to_markdown(title: str, blocks: list[Block]) -> str:
    parts = [f"# {_escape(title)}"]
    for kind, content in blocks:
        if kind == "heading":
            parts.append(f"## {content}")
        elif kind == "text":
            parts.append(_escape(content))
        elif kind == "list":
            parts.append("\n".join(f"- {_escape(text)}" for text in content))
        else:
            parts.append(_to_markdown_table(content))
    return "\n\n".join(parts) + "\n"


def _to_markdown_table(table: pd.DataFrame) -> str:
    rows = [
        list(table.columns),
        ["---"] * table.shape[1],
        *table.itertuples(index=False, name=None),
    ]
    lines = [" | ".join(_escape(str(cell)) for cell in row) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


def _escape(text: str) -> str:
    """Keep names of columns from being read as markup."""
    for mark in "\\`*_[]<>|#~":
        text = text.replace(mark, "\\" + mark)
    return " ".join(text.replace("&", "&amp;").split())


def _clean(value: Any) -> Any:
    """Cut texts, and mark what would steer a terminal or turn their direction."""
    if isinstance(value, dict):
        return {_clean(name): _clean(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_clean(one) for one in value]
    if not isinstance(value, str):
        return value
    text = value if len(value) <= _LONGEST else value[:_LONGEST] + "..."
    return "".join(
        "\N{REPLACEMENT CHARACTER}"
        if unicodedata.category(one) in _STEERING and one not in "\n\t"
        else one
        for one in text
    )
