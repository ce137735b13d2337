"""Stages of a customer's life, by the customer's own rhythm of purchases."""

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from crmml._utils._sklearn import Interval, fit_context
from crmml.exceptions import SchemaError
from crmml.segmentation._columns import Matrix, read_features
from crmml.segmentation._lifecycle_stages import (
    DECLINING,
    DEVELOPING,
    LAPSED,
    NEW,
    PROSPECT,
    STABLE,
    WON_BACK,
    name_stages,
)
from crmml.segmentation._rhythm import Rhythm, compare_windows, learn_rhythm

# A change of the number of orders counts that chance makes this rarely.
_CHANCE = 0.05


class LifecycleSegmenter(BaseEstimator):
    r"""Name the stage of life that each customer is in at a cutoff.

    How long a silence is usual is learned from all customers and corrected by each
    one's own: with :math:`n` gaps between orders of mean :math:`\bar g_i` and the usual
    gap :math:`g`, the next order is expected after

    .. math:: e_i = (n \bar g_i + g) / (n + 1)

    days, and gaps scatter around it like a gamma distribution. The first stage that
    applies counts:

    - *Prospect*: no order yet.
    - *Lapsed*: silent longer than all but 1 - `lapsed` of the customer's gaps.
    - *Won back*: ordered in the recent window, not in the one before, but earlier,
      where a silence as long as a window would have meant lapsed.
    - *New*: one order.
    - *Declining*: silent longer than all but 1 - `late` of the customer's gaps, or so
      many orders fewer in the recent window than in the one before as chance brings to
      one customer in twenty.
    - *Developing*: fewer than `established` orders, or so many orders more.
    - *Stable*: everyone else.

    Parameters
    ----------
    stages : str or mapping of str to str, default="lifecycle"
        What stages are called. ``"lifecycle"``: as above. ``"relationship"``: the four
        stages of supplier and customer in the literature, Exploration (prospects and
        the new), Formation (developing, won back), Stability and Decline (declining,
        lapsed). A mapping gives your own name to each of the seven.
    late, lapsed : float, default=0.9, 0.99
        Shares of a customer's gaps that are shorter than a late silence, and than a
        final one.
    established : int, default=4
        Number of orders from which a customer is no longer developing.
    window_days : float, default=90
        Length in days of the windows of `recent` and `change`.
    recency, frequency, gap, spread, recent, change : str
        Columns with the days since the last purchase, the number of orders, the mean
        gap in days and its coefficient of variation, the number of orders in the recent
        window, and its change against the window before. The defaults are what
        ``FeatureSet([RFM(), InterPurchase(), Activity(windows="90D")])`` gives.

    Attributes
    ----------
    gap_days_ : float
        The usual gap: the median of the customers' mean gaps.
    gap_cv_ : float
        Their usual coefficient of variation, between 0.2 and 2.
    late_factor_, lapsed_factor_ : float
        After how many expected gaps a silence is late, and final.
    n_features_in_ : int
        Always 6.
    feature_names_in_ : ndarray of shape (6,)
        The six columns, when fitted on a frame.

    See Also
    --------
    compute_migration_matrix : Transitions between the stages at two cutoffs.

    Notes
    -----
    Rules are learned in ``fit`` and applied unchanged, so that stages at two cutoffs
    can be compared. For customers who order rarely a window may be too short to tell
    who was won back; they are judged by the other rules.

    References
    ----------
    .. [1] F. R. Dwyer, P. H. Schurr and S. Oh, "Developing buyer-seller relationships",
       1987, doi:10.1177/002224298705100202.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.segmentation import LifecycleSegmenter
    >>> customers = pd.DataFrame(
    ...     {
    ...         "days_since_last_purchase": [5, 4, 8, 45, 400, 6],
    ...         "n_orders": [1, 12, 12, 12, 12, 9],
    ...         "mean_gap_days": [None, 10.0, 10.0, 10.0, 10.0, 10.0],
    ...         "cv_gap": [None, 1.0, 1.0, 1.0, 1.0, 1.0],
    ...         "n_orders_90d": [1, 9, 2, 5, 0, 3],
    ...         "n_orders_change_90d": [1, 1, -8, 0, 0, 3],
    ...     }
    ... )
    >>> LifecycleSegmenter().fit_predict(customers).tolist()
    ['New', 'Stable', 'Declining', 'Declining', 'Lapsed', 'Won back']
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "stages": [str, Mapping],
        "late": [Interval(Real, 0, 1, closed="neither")],
        "lapsed": [Interval(Real, 0, 1, closed="neither")],
        "established": [Interval(Integral, 2, None, closed="left")],
        "window_days": [Interval(Real, 0, None, closed="neither")],
        **{
            name: [str]
            for name in ("recency", "frequency", "gap", "spread", "recent", "change")
        },
    }

    def __init__(
        self,
        stages: str | Mapping[str, str] = "lifecycle",
        *,
        late: float = 0.9,
        lapsed: float = 0.99,
        established: int = 4,
        window_days: float = 90,
        recency: str = "days_since_last_purchase",
        frequency: str = "n_orders",
        gap: str = "mean_gap_days",
        spread: str = "cv_gap",
        recent: str = "n_orders_90d",
        change: str = "n_orders_change_90d",
    ) -> None:
        self.stages = stages
        self.late = late
        self.lapsed = lapsed
        self.established = established
        self.window_days = window_days
        self.recency = recency
        self.frequency = frequency
        self.gap = gap
        self.spread = spread
        self.recent = recent
        self.change = change

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> "LifecycleSegmenter":
        """Learn the rhythm of purchases.

        Parameters
        ----------
        X : dataframe or array-like of shape (n_samples, 6)
            One row per customer at a cutoff. An array has the columns in the order of
            the parameters.
        y : None
            Ignored.

        Returns
        -------
        LifecycleSegmenter
            This object.

        Raises
        ------
        SchemaError
            If a column is missing, repeated, or holds text, dates or infinite numbers,
            if `stages` does not name every stage, or `late` is not below `lapsed`.
        NotEnoughHistoryError
            If no customer has ordered at two different instants.
        """
        name_stages(self.stages)
        if self.late >= self.lapsed:
            raise SchemaError(
                f"late={self.late!r} must be below lapsed={self.lapsed!r}: a silence "
                "is late before it is final."
            )
        matrix = self._read(X, reset=True)
        rhythm = learn_rhythm(matrix[:, 2], matrix[:, 3])
        self.gap_days_ = rhythm.gap_days
        self.gap_cv_ = rhythm.cv
        self.late_factor_ = rhythm.find_factor(self.late)
        self.lapsed_factor_ = rhythm.find_factor(self.lapsed)
        return self

    def predict(self, X: Any) -> NDArray[np.object_]:
        """Name the stage of each customer.

        Parameters
        ----------
        X : dataframe or array-like of shape (n_samples, 6)
            As in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,)
            Names of stages.
        """
        check_is_fitted(self)
        names = np.array(name_stages(self.stages), dtype=object)
        stages = self._find_stages(self._read(X, reset=False))
        found: NDArray[np.object_] = names[stages]
        return found

    def fit_predict(self, X: Any, y: Any = None) -> NDArray[np.object_]:
        """Learn from customers and name their stages.

        Parameters
        ----------
        X : dataframe or array-like of shape (n_samples, 6)
            As in ``fit``.
        y : None
            Ignored.

        Returns
        -------
        ndarray of shape (n_samples,)
            Names of stages.
        """
        names: NDArray[np.object_] = self.fit(X).predict(X)
        return names

    def predict_lapse_days(self, X: Any) -> Matrix:
        """Say from how many days of silence on each customer counts as lapsed.

        Parameters
        ----------
        X : dataframe or array-like of shape (n_samples, 6)
            As in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,)
            Days since the last purchase; missing for prospects.
        """
        check_is_fitted(self)
        matrix = self._read(X, reset=False)
        limit = self.lapsed_factor_ * self._expect_gaps(matrix)
        return np.where(matrix[:, 1] > 0, limit, np.nan)

    def _read(self, X: Any, *, reset: bool) -> Matrix:
        names = [
            getattr(self, role)
            for role in ("recency", "frequency", "gap", "spread", "recent", "change")
        ]
        matrix = read_features(
            self, X, reset=reset, select=names, min_samples=1 if reset else 0
        )
        if matrix.shape[1] != len(names):
            raise SchemaError(
                f"An array needs {len(names)} columns ({', '.join(names)}), found "
                f"{matrix.shape[1]} feature(s). Pass a frame with named columns."
            )
        return matrix

    def _expect_gaps(self, matrix: Matrix) -> Matrix:
        rhythm = Rhythm(self.gap_days_, self.gap_cv_)
        return rhythm.expect_gap(matrix[:, 1], matrix[:, 2])

    def _find_stages(self, matrix: Matrix) -> NDArray[np.int64]:
        """Return the number of each customer's stage, in the order of STAGES."""
        silence, n_orders, _, _, recent, change = matrix.T
        recent = np.nan_to_num(recent, nan=0.0)
        earlier = np.maximum(recent - np.nan_to_num(change, nan=0.0), 0.0)
        fewer, more = compare_windows(recent, earlier)
        expected = self._expect_gaps(matrix)
        returned = (recent > 0) & (earlier == 0) & (n_orders > recent)
        conditions = {
            PROSPECT: ~(n_orders > 0) | np.isnan(silence),
            LAPSED: silence > self.lapsed_factor_ * expected,
            WON_BACK: returned & (self.window_days > self.lapsed_factor_ * expected),
            NEW: n_orders < 2,
            DECLINING: (silence > self.late_factor_ * expected) | (fewer <= _CHANCE),
            DEVELOPING: (n_orders < self.established) | (more <= _CHANCE),
        }
        return np.select(list(conditions.values()), list(conditions), default=STABLE)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
