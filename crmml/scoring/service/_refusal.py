"""Why a request is refused, in words that hold nothing of the request."""

from collections.abc import Sequence
from typing import TypedDict

Place = tuple[str | int, ...]
"""Where in a request: ``("body", "record", "n_orders")``."""
MOST_PROBLEMS = 20
"""More of them are not listed."""


class Problem(TypedDict):
    """One thing that is wrong."""

    loc: list[str | int]
    type: str
    msg: str


class Refusal(Exception):  # noqa: N818 - it says what the service does, not what broke
    """A request that cannot be answered as it is.

    Parameters
    ----------
    problems : sequence of Problem
        What is wrong; the first twenty are told.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__()
        self.problems = list(problems[:MOST_PROBLEMS])


def name_problem(loc: Place, kind: str, msg: str) -> Problem:
    """Put a problem together.

    Parameters
    ----------
    loc : tuple of str or int
        Where it is; only names that the service itself knows.
    kind : str
        A word for programs.
    msg : str
        The rule and the way out, for people.

    Returns
    -------
    Problem
        The problem.
    """
    return {"loc": list(loc), "type": kind, "msg": msg}
