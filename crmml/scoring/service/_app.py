"""Put the service together: a model, its limits, a token."""

import hmac
import json
import os
from typing import Any

import crmml
from crmml._utils._arguments import check_count
from crmml.exceptions import ModelFileError, SchemaError
from crmml.scoring._scorer import Scorer
from crmml.scoring.service._card import make_card_page
from crmml.scoring.service._engine import Engine
from crmml.scoring.service._features import list_features
from crmml.scoring.service._framework import FastAPI
from crmml.scoring.service._gate import Gate
from crmml.scoring.service._metrics import Metrics
from crmml.scoring.service._openapi import describe_components
from crmml.scoring.service._routes import (
    LANGUAGES,
    add_pages,
    add_scores,
    make_bare_app,
)
from crmml.scoring.service._tables import read_spec
from crmml.scoring.service._token import TokenCheck

_SPOILT = (ArithmeticError, AttributeError, LookupError, TypeError)
"""What comes of a manifest that says something else than the model."""
_ROWS_A_RECORD = 10
"""One customer's events may be so many times as long as a batch."""


def make_app(
    model: str | os.PathLike[str],
    *,
    token: str | None = None,
    sha256: str | None = None,
    n_reasons: int = 0,
    language: str = "en",
    max_bytes: int = 2_097_152,
    max_records: int = 1_000,
) -> FastAPI:
    """Make a web service of a saved churn model.

    Parameters
    ----------
    model : str or path
        A file that :func:`crmml.scoring.save` wrote, of a churn classifier of
        :mod:`crmml.models` or a ``ChurnPipeline`` with one.
    token : str, optional
        What clients must send as ``Authorization: Bearer TOKEN``, at least 16
        characters. ``/health`` stays open. Without it everyone may ask.
    sha256 : str, optional
        What the file must hash to, in hexadecimal, if you know it from a source that
        you trust.
    n_reasons : int, default=0
        How many reasons a score brings.
    language : {"en", "zh"}, default="en"
        The language of reasons and, unless asked otherwise, of the model card.
    max_bytes : int, default=2097152
        The longest body, counted while it is read.
    max_records : int, default=1000
        The most customers of a batch. The tables of one customer may have ten times
        as many rows.

    Returns
    -------
    fastapi.FastAPI
        The service. ``POST /score`` takes ``{"record": {...}}`` or, of a pipeline
        that was saved with ``tables=``, ``{"tables": {...}, "cutoff": ...}``;
        ``POST /score/batch`` takes ``{"records": [...]}``; ``GET /model-card``,
        ``/metrics``, ``/openapi.json`` and ``/health`` ask for nothing.

    Raises
    ------
    MissingExtraError
        If FastAPI is not installed.
    ModelFileError
        If the file is no such model, is damaged or was changed.
    SchemaError
        If an argument is out of its range.
    OSError
        If the file cannot be read.

    See Also
    --------
    crmml.scoring.Scorer : The same without a web, to build one's own service.

    Notes
    -----
    One process scores in one event loop: a record takes less than the way to a thread
    and back, so it is scored where it arrives. Batches, events and long bodies go to
    a few threads, and are refused (503) when 32 of them wait. To use more cores, run
    more processes; they share nothing.

    Each request is one line of JSON in the logger ``crmml.scoring.service``, with the
    route, status, milliseconds, number of customers and the hash of the model: nothing
    of a customer, and no address.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> from crmml.models import LogisticChurnClassifier
    >>> from crmml.scoring import save
    >>> from crmml.scoring.service import make_app
    >>> from fastapi.testclient import TestClient
    >>> X = pd.DataFrame({"contract": ["monthly"] * 100 + ["yearly"] * 100})
    >>> y = [1] * 60 + [0] * 40 + [1] * 20 + [0] * 80
    >>> path = Path(tempfile.mkdtemp()) / "churn.crmml"
    >>> save(LogisticChurnClassifier(C=1e6).fit(X, y), path)
    >>> client = TestClient(make_app(path, n_reasons=1))
    >>> found = client.post("/score", json={"record": {"contract": "monthly"}}).json()
    >>> round(found["churn_probability"], 3), found["reasons"]
    (0.6, ['contract: monthly, raises the risk'])
    """
    check_count(max_bytes, "max_bytes")
    check_count(max_records, "max_records")
    if language not in LANGUAGES:
        raise SchemaError(f"language must be one of {LANGUAGES}, got {language!r}.")
    check = None if token is None else TokenCheck(token)
    scorer = _open(model, sha256, n_reasons, language)
    manifest: dict[str, Any] = scorer.manifest or {}
    try:
        identity = {name: str(manifest[name]) for name in ("kind", "sha256")}
        features = list_features(scorer)
        spec = read_spec(manifest, _ROWS_A_RECORD * max_records)
        cards = {one: make_card_page(manifest, one) for one in LANGUAGES}
        components = describe_components(features, spec, max_records)
        # Half a character can be read, but not be sent.
        json.dumps([identity, components], ensure_ascii=False).encode("utf-8")
    except (*_SPOILT, UnicodeEncodeError) as error:
        raise _changed() from error
    app = make_bare_app(f"crmml: {identity['kind']}", components)
    metrics = Metrics({**identity, "crmml": crmml.__version__})
    app.add_middleware(Gate, metrics=metrics, model=identity["sha256"])
    engine = Engine(scorer, features, spec, max_records)
    add_scores(app, engine, max_bytes, has_events=spec is not None, check=check)
    add_pages(app, metrics, cards, language, check=check)
    return app


def _open(
    model: str | os.PathLike[str], sha256: str | None, n_reasons: int, language: str
) -> Scorer:
    if not isinstance(model, (str, os.PathLike)):
        raise SchemaError(
            "model must be the path of a file that crmml.scoring.save wrote, got "
            f"{type(model).__name__}."
        )
    try:
        scorer = Scorer(model, n_reasons=n_reasons, language=language)
    except _SPOILT as error:
        raise _changed() from error
    found = (scorer.manifest or {})["sha256"]
    wanted = found if sha256 is None else str(sha256).lower()
    if not hmac.compare_digest(found.encode(), wanted.encode()):
        raise ModelFileError(
            "The model's file does not have the SHA-256 that was asked for: it is "
            "another file, or was changed. Get the file again."
        )
    return scorer


def _changed() -> ModelFileError:
    return ModelFileError(
        "The model's file does not say of its model what save wrote: its manifest was "
        "changed. Get the file again."
    )
