"""A model card: what a model is good for, for people who did not build it."""

import os

from crmml._utils._atomic import whole_file
from crmml.scoring._card_page import check_card_path, make_model_card
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
    form = check_card_path(path)
    text = make_model_card(read_manifest(model), form=form, language=language)
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
