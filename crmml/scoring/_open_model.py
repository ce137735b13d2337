"""Take a fitted model, or open the file that one is in."""

import os
from typing import Any

from crmml.scoring._save import load, read_manifest


def open_model(model: Any) -> tuple[Any, dict[str, Any]]:
    """Return a model, and what to call it in a manifest.

    Parameters
    ----------
    model : object, str or path
        A model, or a file that :func:`crmml.scoring.save` wrote.

    Returns
    -------
    model : object
        The model.
    identity : dict of str to object
        ``kind``, and ``sha256`` of its file; None where it came from none.
    """
    sha256 = None
    if isinstance(model, (str, os.PathLike)):
        sha256 = read_manifest(model)["sha256"]
        model = load(model, sha256=sha256)
    return model, {"kind": type(model).__name__, "sha256": sha256}


def name_file(model: Any) -> list[Any]:
    """List the file that a model was given as, if it was."""
    return [model] if isinstance(model, (str, os.PathLike)) else []
