"""Training the nets: how many steps, and weights of known sign."""

from typing import Any

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier

from crmml._utils._progress import ProgressBar
from crmml.models._tuning import hold_out, log_loss

# Customers per step of training.
_BATCH = 256
_LEARNING_RATE = 0.01
# However many the customers, each is seen this often.
_FEWEST_ROUNDS = 5
# Weights of a known sign are mended after so many steps at most. Often is no better: it
# takes nets longer to find out which units may use the input.
_SIGN_STEPS = 32
# Rounds without a smaller log-loss on customers held out before it is given up.
_PATIENCE = 20


class NetTrainer:
    """Nets that learn round by round from the same customers.

    Parameters
    ----------
    matrix : ndarray of shape (n_samples, n_columns)
        Inputs without NaN.
    churned, weights : ndarray of shape (n_samples,)
        Who left (0 or 1); how many customers a row stands for.
    seeds : ndarray of shape (n_nets,)
        One a net.
    hidden_units : int
        Units in the hidden layer of each net.
    alpha : float
        Penalty on the squared weights, beside the summed log-loss of all customers.
    signs : ndarray of shape (n_columns,)
        Known signs of the columns, 0 where there is none.

    Attributes
    ----------
    nets : list of MLPClassifier
        The nets.
    n_batches : int
        Steps that make a round.
    loss : float
        Log-loss and penalty in the last round, mean over the nets.
    """

    def __init__(
        self,
        matrix: NDArray[np.float64],
        churned: NDArray[np.float64],
        weights: NDArray[np.float64],
        *,
        seeds: NDArray[np.int64],
        hidden_units: int,
        alpha: float,
        signs: NDArray[np.int64],
    ) -> None:
        self._data = matrix, churned, weights
        self._signs = signs
        batch = min(_BATCH, len(matrix))
        self.n_batches = -(-len(matrix) // batch)
        self.loss = np.inf
        self.nets = [
            MLPClassifier(
                hidden_layer_sizes=(hidden_units,),
                # scikit-learn sets the penalty beside a batch, we beside all customers.
                alpha=alpha * batch / len(matrix),
                batch_size=batch,
                learning_rate_init=_LEARNING_RATE,
                random_state=RandomState(seed),
            )
            for seed in seeds
        ]

    def n_rounds(self, n_steps: int) -> int:
        """Count the rounds that so many steps make, five at least."""
        return max(_FEWEST_ROUNDS, -(-n_steps // self.n_batches))

    def train(self, n_rounds: int, bar: ProgressBar) -> None:
        """Let every net see every customer so many times."""
        if self._signs.any():
            for _ in range(n_rounds):
                self.train_round()
                bar.advance()
            return
        # Quicker where the nets need not be looked at between the rounds.
        for net in self.nets:
            # No loss improves by this tolerance, so that training ends, as converged,
            # after just as many rounds as are wanted.
            net.set_params(
                max_iter=n_rounds + 1, tol=1e300, n_iter_no_change=n_rounds - 2
            )
            matrix, churned, weights = self._data
            net.fit(matrix, churned, sample_weight=weights)
            for _ in range(n_rounds // len(self.nets)):
                bar.advance()
        self.loss = float(np.mean([net.loss_ for net in self.nets]))

    def train_round(self) -> None:
        """Let every net see every customer once."""
        self.loss = float(np.mean([self._train_round(net) for net in self.nets]))

    def log_odds(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean log-odds of the nets, shape (n_samples,)."""
        total = np.zeros(len(matrix))
        for net in self.nets:
            units = np.maximum(matrix @ net.coefs_[0] + net.intercepts_[0], 0.0)
            total += units @ net.coefs_[1][:, 0] + net.intercepts_[1][0]
        return total / len(self.nets)

    def _train_round(self, net: MLPClassifier) -> float:
        if not self._signs.any():
            return self._learn_from(net, slice(None))
        losses = []
        for rows in self._parts(net):
            losses.append(self._learn_from(net, rows))
            self._keep_signs(net)
        return float(np.mean(losses))

    def _learn_from(self, net: MLPClassifier, rows: Any) -> float:
        matrix, churned, weights = (values[rows] for values in self._data)
        net.partial_fit(matrix, churned, classes=[0.0, 1.0], sample_weight=weights)
        return float(net.loss_)

    def _parts(self, net: MLPClassifier) -> list[NDArray[np.int64]]:
        """All customers, or some steps' worth at a time where they are many."""
        order = net.random_state.permutation(len(self._data[0]))
        return np.array_split(order, -(-self.n_batches // _SIGN_STEPS))

    def _keep_signs(self, net: MLPClassifier) -> None:
        """Set weights to zero that would move the log-odds the wrong way.

        A unit adds outer * max(0, inner . z + shift), which never falls in z_j if
        outer * inner_j is not negative.
        """
        inner, outer = net.coefs_[0], net.coefs_[1][:, 0]
        wrong = self._signs[:, None] * inner * outer < 0.0
        inner[wrong] = 0.0


def find_n_steps(
    matrix: NDArray[np.float64],
    churned: NDArray[np.float64],
    weights: NDArray[np.float64],
    n_steps: int,
    *,
    shown: bool,
    **how: Any,
) -> int:
    """Find the number of steps that is best for customers held out.

    Parameters
    ----------
    matrix : ndarray of shape (n_samples, n_columns)
        Inputs without NaN.
    churned, weights : ndarray of shape (n_samples,)
        Who left (0 or 1); how many customers a row stands for.
    n_steps : int
        The most to try.
    shown : bool
        Whether progress may be shown.
    **how : dict
        Further parameters of :class:`NetTrainer`; the first seed draws who is held
        out.

    Returns
    -------
    int
        A number of whole rounds.
    """
    learned, held = hold_out(churned, int(how["seeds"][0]))
    trainer = NetTrainer(matrix[learned], churned[learned], weights[learned], **how)
    best, best_round = np.inf, 0
    n_rounds = trainer.n_rounds(n_steps)
    with ProgressBar("Finding the number of steps", n_rounds, shown=shown) as bar:
        for done in range(1, n_rounds + 1):
            trainer.train_round()
            log_odds = trainer.log_odds(matrix[held])
            loss = log_loss(log_odds, churned[held], weights[held])
            if loss < best:
                best, best_round = loss, done
            if done - best_round >= _PATIENCE:
                break
            bar.advance()
    return best_round * trainer.n_batches
