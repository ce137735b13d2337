"""A model inside a service: one customer at a time, from many threads."""

import bisect
import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from crmml._utils._arguments import check_count
from crmml.exceptions import ModelFileError, NotEnoughHistoryError, SchemaError
from crmml.features import describe_features
from crmml.models._reason_words import read_words
from crmml.models._reasons import Sentences, find_strongest
from crmml.models._records import read_records
from crmml.pipeline import ChurnPipeline
from crmml.scoring._raw_rows import open_rows
from crmml.scoring._save import load, read_manifest
from crmml.tables import CustomerTables
from crmml.tables._instants import to_microseconds

_Reference = tuple[list[float], list[int], list[int], bool]


class Scorer:
    """Score single customers with a fitted churn model.

    It holds the model and nothing of a call, so that threads may share it.

    Parameters
    ----------
    model : churn classifier, ChurnPipeline, str or path
        A fitted model whose classifier is one of :mod:`crmml.models`, or a file that
        :func:`crmml.scoring.save` wrote.
    n_reasons : int, default=0
        How many reasons to give; they cost more than the score.
    language : {"en", "zh"}, default="en"
        The language of the reasons.

    Attributes
    ----------
    features : list of str
        What :meth:`score_one` needs to know of a customer.
    manifest : dict or None
        What the model's file says of it.

    Raises
    ------
    ModelFileError
        If the model is something else, or its file cannot be read.

    See Also
    --------
    score, score_features : Many customers, into a file.

    Notes
    -----
    Scores are those of the batch: the same numbers take the same way through the model.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.models import LogisticChurnClassifier
    >>> from crmml.scoring import Scorer
    >>> X = pd.DataFrame({"contract": ["monthly"] * 100 + ["yearly"] * 100})
    >>> y = [1] * 60 + [0] * 40 + [1] * 20 + [0] * 80
    >>> scorer = Scorer(LogisticChurnClassifier(C=1e6).fit(X, y), n_reasons=1)
    >>> found = scorer.score_one({"contract": "monthly"})
    >>> round(found["churn_probability"], 3), found["reasons"]
    (0.6, ['contract: monthly, raises the risk'])
    """

    def __init__(self, model: Any, *, n_reasons: int = 0, language: str = "en") -> None:
        self.manifest: dict[str, Any] | None = None
        if isinstance(model, (str, os.PathLike)):
            self.manifest = read_manifest(model)
            model = load(model, sha256=self.manifest["sha256"])
        self._pipeline = model if isinstance(model, ChurnPipeline) else None
        classifier = getattr(model, "classifier_", model)
        if not hasattr(classifier, "_encoder"):
            raise ModelFileError(
                "Scorer takes a fitted churn classifier of crmml.models, or a "
                f"ChurnPipeline with one, got {type(model).__name__}."
            )
        self._classifier = classifier
        self._calibrated: Any = getattr(model, "calibrated_", classifier)
        self._encoder = classifier._encoder
        self.features = [str(name) for name in self._encoder.names_]
        self._n_reasons = n_reasons and check_count(n_reasons, "n_reasons")
        self._language = language
        names = describe_features(self.features, language) if self._pipeline else None
        self._sentences = Sentences(read_words(language, names, None), self._encoder)
        self._reference = _read_reference(self.manifest)

    def __repr__(self) -> str:
        """Name the classifier and the settings, and no value of a customer."""
        return (
            f"Scorer({type(self._classifier).__name__} of {len(self.features):,} "
            f"features, n_reasons={self._n_reasons}, language={self._language!r})"
        )

    def score_one(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Score a customer whose features are known.

        Parameters
        ----------
        record : mapping of str to object
            Values by feature, as in JSON: numbers, booleans, text, None for missing.
            Further keys are ignored.

        Returns
        -------
        dict of str to object
            ``churn_probability``; ``decile`` among the customers of the training, 1
            the most at risk, None where the model's file does not tell; ``reasons``,
            sentences, the strongest first.

        Raises
        ------
        SchemaError
            If features are not there, or of another kind than in training.
        """
        return self.score_many([record])[0]

    def score_many(self, records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Score customers whose features are known, all at once.

        Parameters
        ----------
        records : sequence of mappings of str to object
            One mapping a customer, as :meth:`score_one` takes it.

        Returns
        -------
        list of dict of str to object
            One dictionary a customer, in their order, as :meth:`score_one` gives it.

        Raises
        ------
        SchemaError
            If features are not there, or of another kind than in training, for any of
            the customers; nobody is scored then.
        """
        if not records:
            return []
        values, columns = read_records(records, self._encoder)
        encoded = self._encoder.encode(columns)
        probability = self._calibrate(self._classifier._log_odds(encoded))
        reasons: list[list[str]] = [[] for _ in records]
        if self._n_reasons:
            _, contributions = self._classifier._contributions(encoded)
            order, strength = find_strongest(contributions, self._n_reasons)
            for row, rank in np.argwhere(strength).tolist():
                j = order[row, rank]
                text = self._sentences.write(j, values[j][row], strength[row, rank])
                reasons[row].append(text)
        return list(map(self._answer, probability.tolist(), reasons))

    def _calibrate(self, log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn log-odds into probabilities, as ``calibrated_.predict_proba`` does."""
        if self._calibrated is self._classifier:
            return np.asarray(expit(log_odds), dtype=np.float64)
        (part,) = self._calibrated.calibrated_classifiers_
        found = part.calibrators[0].predict(log_odds)
        return np.asarray(found if found.ndim == 1 else found[:, 1], dtype=np.float64)

    def score_events(
        self, tables: Mapping[str, Sequence[Mapping[str, Any]]], cutoff: Any
    ) -> dict[str, Any]:
        """Score a customer whose raw events are known, by the code of the training.

        Parameters
        ----------
        tables : mapping of str to sequence of mappings
            The rows of one customer by table (``"transactions"`` and so on), named by
            their roles (``timestamp``, ``amount`` ...), without the customer's id; an
            empty sequence where nothing happened. The row of ``"customers"`` has the
            further columns, too, that :class:`crmml.features.CustomerAttributes` asks
            for.
        cutoff : str or datetime
            The instant we pretend it is; later rows have no part.

        Returns
        -------
        dict of str to object
            As :meth:`score_one` gives.

        Raises
        ------
        SchemaError
            If the model is no pipeline; if a table or role is none, is not there, or
            holds something else than in training; or if the cutoff is no instant.
        NotEnoughHistoryError
            If there are rows and none lies before the cutoff.
        """
        if self._pipeline is None:
            raise SchemaError(
                "score_events needs a ChurnPipeline, which makes features of events; "
                "this model knows features only. Use score_one."
            )
        to_microseconds(cutoff, "cutoff", None)
        opened = CustomerTables(**open_rows(tables), observed_until=cutoff)
        try:
            found = self._pipeline.predict(
                opened,
                cutoff,
                customers=[0],
                n_reasons=self._n_reasons,
                language=self._language,
            ).iloc[0]
        except NotEnoughHistoryError:
            # Its text says when the first event was, which here is one customer's.
            raise NotEnoughHistoryError(
                f"cutoff {cutoff} has none of the customer's rows before it. Give "
                "earlier rows, or a later cutoff."
            ) from None
        names = [f"reason_{rank}" for rank in range(1, self._n_reasons + 1)]
        reasons = [found[name] for name in names if isinstance(found[name], str)]
        return self._answer(float(found["churn_probability"]), reasons)

    def _answer(self, probability: float, reasons: list[str]) -> dict[str, Any]:
        return {
            "churn_probability": probability,
            "decile": self._decile(probability),
            "reasons": reasons,
        }

    def _decile(self, probability: float) -> int | None:
        """Tell the tenth of the training customers with such a probability."""
        if self._reference is None:
            return None
        edges, counts, above, is_few = self._reference
        place = bisect.bisect_right(edges, probability)
        if is_few:
            place += bisect.bisect_left(edges, probability)
        rank = above[place + 1] + counts[place] / 2
        return min(max(math.ceil(10 * rank / above[0]), 1), 10)


def _read_reference(manifest: dict[str, Any] | None) -> _Reference | None:
    """Take the scores of the training customers out of a manifest, if it has them.

    Edges of bins, customers by bin, customers of this bin and those above it, and
    whether edges are bins themselves.
    """
    parts = (manifest or {}).get("reference") or []
    scores = [one for one in parts if one["kind"] == "score"]
    if not scores:
        return None
    found = scores[0]
    above = np.append(np.cumsum(found["counts"][::-1])[::-1], 0).tolist()
    return found["edges"], found["counts"], above, bool(found["is_few"])
