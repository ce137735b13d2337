"""Write a fitted model to one file, and read it back."""

import json
import os
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
import sklearn
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from crmml._utils._atomic import whole_file
from crmml.exceptions import ModelFileError
from crmml.scoring._archive import (
    ARRAYS,
    MANIFEST,
    MAX_BYTES,
    TREE,
    read_archive,
    write_archive,
)
from crmml.scoring._card_page import check_card_path, make_model_card
from crmml.scoring._kinds import Kind
from crmml.scoring._manifest import describe_model, open_manifest, seal
from crmml.scoring._pack import Packer
from crmml.scoring._table import MODELS, NAMES
from crmml.scoring._training import describe_training
from crmml.scoring._unpack import unpack

_ZIP = b"PK\x03\x04"
_ANY_SIZE = 2**62
"""Of a file that was just written here."""


def save(
    model: Any,
    path: str | os.PathLike[str],
    *,
    tables: Any = None,
    metrics: pd.DataFrame | None = None,
    card: str | os.PathLike[str] | None = None,
) -> None:
    """Write a fitted model to one file that holds no code and no customer.

    Parameters
    ----------
    model : estimator
        A fitted pipeline, classifier, segmenter, value model or set of rules of
        crmml; feature builders and labels too, fitted or not.
    path : str or path
        Where the file shall be, such as ``"churn.crmml"``. It appears when it is
        whole, in the place of an older one.
    tables : CustomerTables, Transactions or frame, optional
        The tables that a pipeline was fitted to, or the frame of features that a churn
        classifier was, for the manifest: names and types of the tables' columns and,
        of a ChurnPipeline or classifier, what moves the risk, and counts of the
        training customers by tenths of each feature, to compare later ones with
        (:func:`monitor`). No row of them is stored.
    metrics : pandas.DataFrame, optional
        What ``model.backtest(...)`` returned, for the manifest and the model card.
    card : str or path, optional
        Where to write a model card too, in English: Markdown (``.md``) or a page
        (``.html``). :func:`write_model_card` makes one of any file at any time, in
        Chinese too.

    Raises
    ------
    ModelFileError
        If the model is not fitted, or it or a part of it is of a type that a model
        file may not hold.
    SchemaError
        If `metrics` holds customers, `tables` are not those of fit, or the name of
        `card` ends in neither .md nor .html.
    OSError
        If the file cannot be written; an older one is then still there.

    See Also
    --------
    load : Reads the file.
    read_manifest : Reads only what the file says of the model.
    write_model_card : Writes that for people.

    Notes
    -----
    The same model makes the same bytes: no clock, host, user or path is stored.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> from crmml.models import LogisticChurnClassifier
    >>> from crmml.scoring import load, save
    >>> X = pd.DataFrame({"contract": ["monthly"] * 100 + ["yearly"] * 100})
    >>> y = [1] * 60 + [0] * 40 + [1] * 20 + [0] * 80
    >>> path = Path(tempfile.mkdtemp()) / "churn.crmml"
    >>> save(LogisticChurnClassifier(C=1e6).fit(X, y), path)
    >>> load(path).predict_proba(X.tail(1)).round(3)
    array([[0.8, 0.2]])
    """
    form = None if card is None else check_card_path(card)
    kind = _check_model(model)
    packer = Packer()
    tree = json.dumps(packer.pack(model), separators=(",", ":"), ensure_ascii=True)
    parts = {TREE: tree.encode("ascii"), ARRAYS: bytes(packer.arrays)}
    manifest = describe_model(model, kind, metrics)
    if tables is not None:
        manifest |= describe_training(model, tables)
    manifest["kinds"] = sorted(packer.kinds)
    write_archive(path, {MANIFEST: seal(manifest, parts), **parts})
    if card is not None and form is not None:
        text = make_model_card(read_manifest(path, max_bytes=_ANY_SIZE), form=form)
        with whole_file(card) as temporary:
            temporary.write_text(text, encoding="utf-8")


def load(
    path: str | os.PathLike[str],
    *,
    sha256: str | None = None,
    max_bytes: int = MAX_BYTES,
    allow_pickle: bool = False,
) -> Any:
    """Read a model that :func:`save` wrote; nothing in the file is run or imported.

    Parameters
    ----------
    path : str or path
        The file.
    sha256 : str, optional
        What the whole file must hash to, in hexadecimal, if you know it from a source
        that you trust. A hash inside the file would show damage, not who made it.
    max_bytes : int, default=268435456
        The most that the file may unpack to, 256 MiB unless said otherwise.
    allow_pickle : bool, default=False
        Whether a file that is no model file may be read by joblib, which **runs any
        code that the file holds**. Only for files that you made yourself.

    Returns
    -------
    estimator
        The model; it predicts and explains as the saved one did, bit for bit.

    Raises
    ------
    ModelFileError
        If the file is something else, damaged, too large, of a newer format, or holds
        a kind of object that is not on the closed list; or parts of scikit-learn
        from another version of it.
    OSError
        If it cannot be read.

    Warns
    -----
    UserWarning
        If a pickle is read.

    See Also
    --------
    save : Writes the file.

    Notes
    -----
    What describes single customers of the training data is not stored: ``labels_`` of
    a :class:`~crmml.segmentation.KMeansSegmenter` is missing after loading.
    """
    if allow_pickle and not _is_zip(path):
        warnings.warn(
            f"{Path(path).name} is read as a pickle, which runs whatever code it "
            "holds. Save the model with crmml.scoring.save, and load it without "
            "allow_pickle.",
            UserWarning,
            stacklevel=2,
        )
        return joblib.load(path)
    members, _ = read_archive(path, sha256=sha256, max_bytes=max_bytes)
    manifest = open_manifest(members, Path(path).name)
    then = manifest["versions"].get("scikit-learn", "?")
    admit = partial(_check_version, then=then, name=Path(path).name)
    model = unpack(members[TREE], members[ARRAYS], admit)
    if NAMES.get(type(model)) not in MODELS:
        raise ModelFileError(f"{Path(path).name} holds no model of crmml.")
    return model


def read_manifest(
    path: str | os.PathLike[str], *, max_bytes: int = MAX_BYTES
) -> dict[str, Any]:
    """Read what a file says of its model, without building the model.

    Parameters
    ----------
    path : str or path
        The file.
    max_bytes : int, default=268435456
        The most that the file may unpack to.

    Returns
    -------
    dict of str to object
        ``format``, ``kind``, ``parameters``, ``label``, ``features`` (name, kind,
        meaning), ``training`` (cutoffs, customers, base rate), ``backtest`` (rows and
        verdict), ``tables``, ``drivers``, ``reference``, ``versions``, ``kinds`` and
        ``parts`` as in ``manifest.json``, None for what is not known; and ``sha256``
        of the whole file.

    Raises
    ------
    ModelFileError
        If the file is no model file, or damaged.
    OSError
        If it cannot be read.
    """
    members, sha256 = read_archive(path, sha256=None, max_bytes=max_bytes)
    return {**open_manifest(members, Path(path).name), "sha256": sha256}


def _is_zip(path: str | os.PathLike[str]) -> bool:
    with Path(path).open("rb") as file:
        return file.read(len(_ZIP)) == _ZIP


def _check_model(model: Any) -> str:
    kind = NAMES.get(type(model))
    if kind not in MODELS:
        cls = type(model)
        raise ModelFileError(
            f"save takes a model of crmml, got {cls.__module__}.{cls.__qualname__}. "
            "Put a classifier of scikit-learn into a ChurnPipeline."
        )
    if hasattr(model, "predict") or hasattr(model, "rules_"):
        try:
            check_is_fitted(model)
        except NotFittedError as error:
            raise ModelFileError(
                f"This {kind} is not fitted: there is nothing to save. Call fit first."
            ) from error
    return str(kind)


def _check_version(kind: Kind, *, then: str, name: str) -> None:
    """Refuse a part of another scikit-learn, which does not read it reliably."""
    if kind.is_foreign and _series(then) != _series(sklearn.__version__):
        raise ModelFileError(
            f"{name} holds parts of scikit-learn {then[:20]}, which version "
            f"{sklearn.__version__} may read wrongly. Install that version (pip "
            f"install scikit-learn=={then[:20]}), or fit and save the model again."
        )


def _series(version: str) -> list[str]:
    return version.split(".")[:2]
