"""A small ensemble of neural nets, well fed and exactly explained."""

from collections.abc import Mapping
from numbers import Integral, Real
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier
from sklearn.utils import check_random_state

from crmml._utils._progress import ProgressBar
from crmml._utils._sklearn import Interval
from crmml.models._base import BaseChurnClassifier
from crmml.models._design import sum_by_feature
from crmml.models._encoder import Encoded
from crmml.models._net_inputs import NetInputs
from crmml.models._net_training import NetTrainer, find_n_steps

# Customers are scored in blocks of one fixed shape: linear algebra libraries choose
# their way by shape, and a score must not depend on who else is scored.
_BLOCK = 64
_CHUNK = 64 * _BLOCK


class NeuralChurnClassifier(BaseChurnClassifier):
    r"""The average of a few neural nets on mixed data.

    Every net has one hidden layer of rectified units; the log-odds of leaving are the
    mean over K nets that differ by their seed,

    .. math:: \log\frac{p}{1-p} = \frac1K \sum_{k=1}^{K}
              \Bigl(c_k + \sum_h v_{kh} \max(0, w_{kh}^\top z + b_{kh})\Bigr).

    The inputs z are standardised normal scores of the numbers' ranks, flags of missing
    values and one column a category, all centred.

    Parameters
    ----------
    n_nets : int, default=4
        Number of nets; more are steadier and take longer.
    hidden_units : int, default=32
        Units in the hidden layer of each net.
    alpha : float, default=10.0
        Penalty on the squared weights, beside the summed log-loss of all customers.
        0 lets the nets follow the training data.
    n_steps : int, default=700
        Steps of training (Adam, batches of 256), made up to whole rounds through the
        customers; at least five rounds, however many these are.
    random_state : int, RandomState instance or None, default=0
        Seeds the nets. None gives another model at every fit.
    early_stopping : bool, default=False
        Whether to hold out one customer in six, drawn by the seed, and to stop when
        20 more rounds do not lower their log-loss. The nets are then trained anew, by
        all customers, for as many steps as were best; `n_steps` is the most.
    monotonic : dict of str to {-1, 1}, default=None
        Known signs, such as ``{"n_complaints": 1}``: as the number rises, the risk
        never falls (1), or never rises (-1), all else equal and whatever the number.
        Missing values have an input of their own.
    tune : bool, default=False
        Whether to choose `alpha` and, by early stopping, the number of
        steps by the log-loss in three folds of the training
        customers, stratified and drawn by the seed.
    verbose : bool, default=True
        Whether to show progress when fit takes more than a few seconds; nothing is
        shown in batch jobs.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The labels; the second means churn.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, if X had any.
    tuned_params_ : dict
        What ``tune=True`` chose; empty without.
    n_steps_ : int
        Steps of training that each net made.
    loss_ : float
        Log-loss and penalty in the last round of training, mean over the nets.

    See Also
    --------
    BoostedChurnClassifier : Mostly a little better on tables, and quicker.

    Notes
    -----
    ``contributions`` are Aumann-Shapley values [1]_, also called integrated gradients:
    the gradient of the log-odds, averaged along the straight line from the average
    customer to this one, times the way gone. With one hidden layer the integral has a
    closed form, so they add up exactly.

    Weights of an input of known sign are set to zero, after every round, in units where
    they would move the log-odds the wrong way; those that remain at the end can only
    move them the right way.

    Beyond 256 customers training takes them in batches, drawn by the seed and the order
    of rows; a weight of 2 then equals the row twice on average only.

    References
    ----------
    .. [1] M. Sundararajan, A. Taly and Q. Yan (2017). Axiomatic attribution for deep
       networks. ICML 2017. doi:10.48550/arXiv.1703.01365

    Examples
    --------
    Neither very young nor very old contracts end.

    >>> import pandas as pd
    >>> from crmml.models import NeuralChurnClassifier
    >>> X = pd.DataFrame({"months": list(range(36)) * 10})
    >>> y = X["months"].between(10, 14)
    >>> model = NeuralChurnClassifier(alpha=0.1).fit(X, y)
    >>> model.predict(pd.DataFrame({"months": [2, 12, 30]}))
    array([False,  True, False])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseChurnClassifier._parameter_constraints,
        "n_nets": [Interval(Integral, 1, None, closed="left")],
        "hidden_units": [Interval(Integral, 1, None, closed="left")],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "n_steps": [Interval(Integral, 1, None, closed="left")],
        "early_stopping": ["boolean"],
        "random_state": ["random_state"],
    }
    _candidates: ClassVar[list[dict[str, Any]]] = [
        {"alpha": alpha, "n_steps": 3000, "early_stopping": True}
        for alpha in (1.0, 3.0, 10.0, 30.0)
    ]

    def __init__(
        self,
        *,
        n_nets: int = 4,
        hidden_units: int = 32,
        alpha: float = 10.0,
        n_steps: int = 700,
        random_state: int | RandomState | None = 0,
        early_stopping: bool = False,
        monotonic: Mapping[str, int] | None = None,
        tune: bool = False,
        verbose: bool = True,
    ) -> None:
        self.n_nets = n_nets
        self.hidden_units = hidden_units
        self.alpha = alpha
        self.n_steps = n_steps
        self.random_state = random_state
        self.early_stopping = early_stopping
        self.monotonic = monotonic
        self.tune = tune
        self.verbose = verbose

    def _learn(
        self,
        encoded: Encoded,
        churned: NDArray[np.float64],
        weights: NDArray[np.float64],
        settings: SimpleNamespace,
    ) -> None:
        self._inputs = NetInputs.learn(self._encoder, encoded, weights)
        matrix = self._inputs.matrix(encoded)
        if matrix.shape[1] == 0:
            # A column of zeros stands in when no feature is of use.
            matrix = np.zeros((encoded.n_rows, 1))
        random_state = check_random_state(settings.random_state)
        how: dict[str, Any] = {
            "seeds": random_state.randint(2**31 - 1, size=settings.n_nets),
            "hidden_units": settings.hidden_units,
            "alpha": settings.alpha,
            "signs": self._inputs.signs(self._signs),
        }
        n_steps, shown = settings.n_steps, settings.verbose
        if settings.early_stopping:
            n_steps = find_n_steps(
                matrix, churned, weights, n_steps, shown=shown, **how
            )
        trainer = NetTrainer(matrix, churned, weights, **how)
        n_rounds = trainer.n_rounds(n_steps)
        with ProgressBar("Training nets", n_rounds, shown=shown) as bar:
            trainer.train(n_rounds, bar)
        self.n_steps_ = n_rounds * trainer.n_batches
        self.loss_ = trainer.loss
        self._merge(trainer.nets)

    def _merge(self, nets: list[MLPClassifier]) -> None:
        """Nets side by side are one wide net."""
        n_columns = len(self._inputs.features)
        self._inner = np.hstack([net.coefs_[0][:n_columns] for net in nets])
        self._shift = np.concatenate([net.intercepts_[0] for net in nets])
        self._outer = np.concatenate([net.coefs_[1][:, 0] for net in nets]) / len(nets)
        self._constant = float(np.mean([net.intercepts_[1][0] for net in nets]))

    def _log_odds(self, encoded: Encoded) -> NDArray[np.float64]:
        log_odds = np.empty(encoded.n_rows)
        # Some at a time, since one column a category takes much room.
        for start in range(0, encoded.n_rows, _CHUNK):
            rows = np.arange(start, min(start + _CHUNK, encoded.n_rows))
            log_odds[rows] = self._score(self._inputs.matrix(encoded.take(rows)))
        return log_odds

    def _score(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        log_odds = np.empty(len(matrix))
        block = np.zeros((_BLOCK, matrix.shape[1]))
        for start in range(0, len(matrix), _BLOCK):
            rows = matrix[start : start + _BLOCK]
            block[: len(rows)] = rows
            units = np.maximum(block @ self._inner + self._shift, 0.0)
            log_odds[start : start + _BLOCK] = (units @ self._outer)[: len(rows)]
        return log_odds + self._constant

    def _contributions(self, encoded: Encoded) -> tuple[float, NDArray[np.float64]]:
        # The average customer is the origin, as inputs are centred.
        matrix = self._inputs.matrix(encoded)
        way = matrix @ self._inner
        start = np.maximum(self._shift, 0.0)
        rise = np.maximum(way + self._shift, 0.0) - start
        # The mean slope of each unit on the way.
        slope = np.divide(rise, way, out=np.zeros_like(way), where=way != 0.0)
        values = matrix * ((slope * self._outer) @ self._inner.T)
        base = float(start @ self._outer) + self._constant
        return base, sum_by_feature(values, self._inputs.features, len(encoded.arrays))
