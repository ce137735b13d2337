"""The rhythm of purchases: how long a silence is usual, late, or the end."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, gammaincinv

from crmml.exceptions import NotEnoughHistoryError
from crmml.segmentation._columns import Matrix

# A spread outside these limits says more about few gaps than about customers.
_LEAST_CV, _MOST_CV = 0.2, 2.0


@dataclass(frozen=True)
class Rhythm:
    """What is usual: the median of customers' mean gaps in days, and their spread."""

    gap_days: float
    cv: float

    def expect_gap(self, n_orders: Matrix, mean_gap: Matrix) -> Matrix:
        """Return the gap to expect in days: the own ones, and once the usual one.

        Parameters
        ----------
        n_orders, mean_gap : ndarray of shape (n_customers,)
            Number of orders, and mean days between them, missing where there is none.

        Returns
        -------
        ndarray of shape (n_customers,)
            Days, above 0.
        """
        n_gaps = np.where(np.isnan(mean_gap), 0.0, np.maximum(n_orders - 1.0, 0.0))
        own = np.nan_to_num(mean_gap, nan=0.0)
        expected: Matrix = (n_gaps * own + self.gap_days) / (n_gaps + 1.0)
        return expected

    def find_factor(self, share: float) -> float:
        """Return how many expected gaps a share of all gaps does not exceed.

        Gaps are taken to be gamma distributed around the customer's own mean, all with
        the usual coefficient of variation.

        Parameters
        ----------
        share : float
            Share of gaps, between 0 and 1.

        Returns
        -------
        float
            A multiple of the expected gap.
        """
        shape = self.cv**-2
        return float(gammaincinv(shape, share) / shape)


def learn_rhythm(mean_gap: Matrix, cv_gap: Matrix) -> Rhythm:
    """Learn what is usual from customers who have ordered twice or more.

    Parameters
    ----------
    mean_gap, cv_gap : ndarray of shape (n_customers,)
        Mean days between orders and their coefficient of variation, missing where
        there are too few orders.

    Returns
    -------
    Rhythm
        What is usual. Where nobody has three orders, purchases are taken to be as if
        at random, with a coefficient of 1.

    Raises
    ------
    NotEnoughHistoryError
        If no customer has ordered at two different instants.
    """
    gaps = mean_gap[mean_gap > 0]
    if not len(gaps):
        raise NotEnoughHistoryError(
            f"None of {len(mean_gap)} customers has two orders at different instants, "
            "so there is no rhythm to learn. Wait for repeat purchases."
        )
    spreads = cv_gap[~np.isnan(cv_gap)]
    cv = float(np.median(spreads)) if len(spreads) else 1.0
    return Rhythm(float(np.median(gaps)), float(np.clip(cv, _LEAST_CV, _MOST_CV)))


def compare_windows(recent: Matrix, earlier: Matrix) -> tuple[Matrix, Matrix]:
    """Judge whether orders became fewer or more from one window to the next.

    With an unchanged rate, the orders of the recent window are half of those of both,
    but for chance: binomially distributed.

    Parameters
    ----------
    recent, earlier : ndarray of shape (n_customers,)
        Numbers of orders in two windows of one length.

    Returns
    -------
    tuple of ndarray of shape (n_customers,)
        The chance of so few recent orders or fewer, and of so many or more.
    """
    both = recent + earlier
    fewer: NDArray[np.float64] = bdtr(recent, both.astype(np.int64), 0.5)
    # By symmetry, many recent orders are few earlier ones.
    more: NDArray[np.float64] = bdtr(earlier, both.astype(np.int64), 0.5)
    return fewer, more
