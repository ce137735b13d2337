"""From what was sent to scores, without a word of HTTP."""

from typing import Any

from crmml.exceptions import CrmmlError, NotEnoughHistoryError
from crmml.scoring._scorer import Scorer
from crmml.scoring.service._features import Feature, check_record
from crmml.scoring.service._refusal import Place, Problem, Refusal, name_problem
from crmml.scoring.service._tables import Spec, check_events


class Engine:
    """Checks and scores customers; it keeps nothing of them.

    Parameters
    ----------
    scorer : Scorer
        The model.
    features : list of Feature
        What it asks for.
    spec : Spec or None
        The tables of the training, if the file knows them.
    max_records : int
        The most records of a batch.
    """

    def __init__(
        self,
        scorer: Scorer,
        features: list[Feature],
        spec: Spec | None,
        max_records: int,
    ) -> None:
        self._scorer = scorer
        self._features = features
        self._spec = spec
        self._max_records = max_records

    def score_record(self, body: Any) -> dict[str, Any]:
        """Score one customer of known features.

        Parameters
        ----------
        body : object
            What was sent: ``{"record": {...}}``.

        Returns
        -------
        dict of str to object
            The score.

        Raises
        ------
        Refusal
            If it is something else.
        """
        _check_keys(body, {"record"})
        _refuse(check_record(body["record"], self._features, ("body", "record")))
        return self._scorer.score_one(body["record"])

    def score_records(self, body: Any) -> list[dict[str, Any]]:
        """Score many customers at once.

        Parameters
        ----------
        body : object
            What was sent: ``{"records": [...]}``.

        Returns
        -------
        list of dict of str to object
            The scores, in their order.

        Raises
        ------
        Refusal
            If it is something else, or too much.
        """
        _check_keys(body, {"records"})
        records, loc = body["records"], ("body", "records")
        if not isinstance(records, list) or len(records) > self._max_records:
            message = f"Send a list of at most {self._max_records} records."
            raise Refusal([name_problem(loc, "records", message)])
        found: list[Problem] = []
        for at, record in enumerate(records):
            found += check_record(record, self._features, (*loc, at))
        _refuse(found)
        return self._scorer.score_many(records)

    def score_events(self, body: Any) -> dict[str, Any]:
        """Score one customer of known events.

        Parameters
        ----------
        body : object
            What was sent: ``{"tables": {...}, "cutoff": "..."}``.

        Returns
        -------
        dict of str to object
            The score.

        Raises
        ------
        Refusal
            If it is something else, or the model does not know of tables.
        """
        if self._spec is None:
            message = (
                "This model's file does not say which tables it was trained on. Send "
                "a record, or save the pipeline with save(model, path, tables=tables)."
            )
            raise Refusal([name_problem(("body", "tables"), "no_tables", message)])
        _check_keys(body, {"tables", "cutoff"})
        _refuse(check_events(body, self._spec))
        try:
            return self._scorer.score_events(body["tables"], body["cutoff"])
        except NotEnoughHistoryError as error:
            message = "No row lies before the cutoff. Send earlier rows or a later one."
            raise Refusal([name_problem(_TABLES, "no_history", message)]) from error
        except CrmmlError as error:
            raise Refusal([name_problem(_TABLES, "tables", str(error))]) from error


_TABLES: Place = ("body", "tables")


def asks_for_events(body: Any) -> bool:
    """Tell a body with events from one with a record.

    Parameters
    ----------
    body : object
        What was sent.

    Returns
    -------
    bool
        Whether it names tables.
    """
    return isinstance(body, dict) and "tables" in body


def _check_keys(body: Any, needed: set[str]) -> None:
    if not isinstance(body, dict) or body.keys() != needed:
        names = " and ".join(sorted(needed, reverse=True))
        message = f"Send an object with {names}, and nothing else."
        raise Refusal([name_problem(("body",), "keys", message)])


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise Refusal(problems)
