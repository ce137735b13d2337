"""Choosing parameters by internal validation, and how long to train."""

import copy
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import check_random_state

from crmml._utils._progress import ProgressBar
from crmml.exceptions import NotEnoughHistoryError
from crmml.models._encoder import Encoded

N_FOLDS = 3
# One customer in so many is held out to tell when to stop.
_HELD_OUT = 6


def choose_parameters(
    model: Any,
    candidates: Sequence[dict[str, Any]],
    encoded: Encoded,
    churned: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> dict[str, Any]:
    """Return the candidate of the smallest log-loss on customers held out.

    Parameters
    ----------
    model : BaseChurnClassifier
        Has read the columns and learned nothing yet; not changed.
    candidates : sequence of dict
        Values of parameters, tried in this order; the first of equals wins.
    encoded : Encoded
        The training customers.
    churned, weights : ndarray of shape (n_samples,)
        Who left (0 or 1); how many customers a row stands for.

    Returns
    -------
    dict
        The best candidate.

    Raises
    ------
    NotEnoughHistoryError
        If fewer than two customers left, or fewer than two stayed.
    """
    own = model.get_params(deep=False)
    folds = _stratified_folds(
        churned, N_FOLDS, own.get("random_state", 0), "tune=True compares"
    )
    losses = np.zeros((len(candidates), len(folds)))
    n_fits = losses.size
    with ProgressBar("Choosing parameters", n_fits, shown=model.verbose) as bar:
        for c, candidate in enumerate(candidates):
            settings = SimpleNamespace(**{**own, **candidate, "verbose": False})
            for f, (learned, held) in enumerate(folds):
                trial = copy.copy(model)
                trial._learn(
                    encoded.take(learned), churned[learned], weights[learned], settings
                )
                losses[c, f] = log_loss(
                    trial._log_odds(encoded.take(held)), churned[held], weights[held]
                )
                bar.advance()
    return dict(candidates[int(np.argmin(losses.mean(axis=1)))])


def hold_out(
    churned: NDArray[np.float64], seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw rows to learn from and rows that tell when to stop, classes in proportion.

    Parameters
    ----------
    churned : ndarray of shape (n_samples,)
        Who left (0 or 1).
    seed : int
        Decides who is held out.

    Returns
    -------
    learned, held : ndarray
        Positions; one row in six is held out.

    Raises
    ------
    NotEnoughHistoryError
        If fewer than two customers left, or fewer than two stayed.
    """
    return _stratified_folds(churned, _HELD_OUT, seed, "early stopping holds out")[0]


def log_loss(
    log_odds: NDArray[np.float64],
    churned: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> float:
    """Weighted mean of the negative log-likelihood."""
    losses = np.logaddexp(0.0, log_odds) - churned * log_odds
    return float(np.average(losses, weights=weights))


def _stratified_folds(
    churned: NDArray[np.float64], n_folds: int, random_state: Any, purpose: str
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    n_left = int(churned.sum())
    fewest = min(n_left, len(churned) - n_left)
    if fewest < 2:
        raise NotEnoughHistoryError(
            f"{purpose} customers of both classes and needs at least 2 of each, got "
            f"{n_left} who left and {len(churned) - n_left} who stayed. Switch it off "
            "or take more customers."
        )
    folds = StratifiedKFold(
        min(n_folds, fewest),
        shuffle=True,
        random_state=check_random_state(random_state),
    )
    return list(folds.split(np.zeros(len(churned)), churned))
