"""A model card: what a model is good for, for people who did not build it."""

import os
from pathlib import Path
from typing import Any

import pandas as pd

from crmml._utils._atomic import whole_file
from crmml.exceptions import SchemaError
from crmml.reporting import HtmlPage
from crmml.scoring._card_blocks import Block, make_blocks, make_title
from crmml.scoring._card_texts import TEXTS
from crmml.scoring._save import read_manifest


def write_model_card(
    model: str | os.PathLike[str], path: str | os.PathLike[str], *, language: str = "en"
) -> None:
    """Write what a model file says of its model, for people.

    Parameters
    ----------
    model : str or path
        A file that :func:`crmml.scoring.save` wrote; with ``tables=`` and
        ``metrics=`` it has more to say.
    path : str or path
        Where the card shall be: Markdown (``.md``) or a self-contained page
        (``.html``). An older card is replaced.
    language : {"en", "zh"}, default="en"
        English or Chinese.

    Raises
    ------
    ModelFileError
        If the file is no model file, or damaged.
    SchemaError
        If the language is another one, or the name ends in neither .md nor .html.

    See Also
    --------
    make_model_card : The same as text, for a service.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> from crmml.models import LogisticChurnClassifier
    >>> from crmml.scoring import save, write_model_card
    >>> X = pd.DataFrame({"contract": ["monthly"] * 100 + ["yearly"] * 100})
    >>> y = [1] * 60 + [0] * 40 + [1] * 20 + [0] * 80
    >>> folder = Path(tempfile.mkdtemp())
    >>> save(LogisticChurnClassifier().fit(X, y), folder / "churn.crmml")
    >>> write_model_card(folder / "churn.crmml", folder / "churn.md")
    >>> (folder / "churn.md").read_text(encoding="utf-8").splitlines()[0]
    '# Model card: LogisticChurnClassifier'
    """
    formats = {".md": "markdown", ".html": "html"}
    suffix = Path(path).suffix.lower()
    if suffix not in formats:
        raise SchemaError(
            f"path must end in .md or .html, which says what to write; got {suffix!r}."
        )
    manifest = read_manifest(model)
    text = make_model_card(manifest, form=formats[suffix], language=language)
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


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
        else:
            for text in content if kind == "list" else [content]:
                page.add_text(text)
    return page.to_html()


def _to_markdown(title: str, blocks: list[Block]) -> str:
    parts = [f"# {title}"]
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
    for mark in "\\`*_[]<>|":
        text = text.replace(mark, "\\" + mark)
    return " ".join(text.split())
