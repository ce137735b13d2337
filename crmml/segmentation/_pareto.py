"""The 80/20 view: few customers who bring most, and the many who bring the rest."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from crmml._utils._sklearn import fit_context
from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.segmentation._columns import Matrix, read_features


class ParetoSegmenter(BaseEstimator):
    """Sort customers into classes A, B, C by what they bring together.

    Class A is the smallest group of the most valuable customers that brings at least
    the first of `shares` of all value, A and B together bring at least the second, and
    C is the rest. Customers of equal value are in the same class, the better one. The
    values at which classes begin are learned in ``fit`` and applied unchanged to new
    customers.

    Parameters
    ----------
    shares : sequence of float, default=(0.8, 0.95)
        Increasing shares of value, above 0 and below 1: one less than there are names.
    names : sequence of str, default=("A", "B", "C")
        The classes, the most valuable first.
    value : str, default="total_spend"
        Column with what a customer brings, in currency. Missing counts as 0.

    Attributes
    ----------
    thresholds_ : ndarray of shape (n_classes - 1,)
        Smallest value of every class but the last, in the units of the data.
    class_table_ : pandas.DataFrame
        One row per class: segment, from_value (its smallest value in ``fit``),
        n_customers, customer_share, total_value, value_share.
    n_features_in_ : int
        Always 1.
    feature_names_in_ : ndarray of shape (1,)
        The column, when fitted on a frame.

    See Also
    --------
    compute_concentration_curve : How value is spread, without classes.
    RFMSegmenter : Recency and frequency beside money.

    Notes
    -----
    Shares are of the sum of all values above 0, so that losses make nobody's share
    larger. Who brings nothing, or a loss, is in the last class.

    An array needs exactly one column; of a frame the column is taken by its name.

    Examples
    --------
    Of 100, the first two bring 80 and the first three 92:

    >>> import pandas as pd
    >>> from crmml.segmentation import ParetoSegmenter
    >>> spend = pd.DataFrame({"total_spend": [50.0, 30.0, 12.0, 5.0, 3.0]})
    >>> segmenter = ParetoSegmenter(shares=(0.8, 0.9)).fit(spend)
    >>> segmenter.predict(spend).tolist()
    ['A', 'A', 'B', 'C', 'C']
    >>> segmenter.class_table_[["segment", "from_value", "value_share"]]
      segment  from_value  value_share
    0       A        30.0         0.80
    1       B        12.0         0.12
    2       C         3.0         0.08
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "shares": ["array-like"],
        "names": ["array-like"],
        "value": [str],
    }

    def __init__(
        self,
        shares: Sequence[float] = (0.8, 0.95),
        *,
        names: Sequence[str] = ("A", "B", "C"),
        value: str = "total_spend",
    ) -> None:
        self.shares = shares
        self.names = names
        self.value = value

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> "ParetoSegmenter":
        """Learn at which value each class begins.

        Parameters
        ----------
        X : dataframe or array-like of shape (n_samples, 1)
            One row per customer, with the column named by `value`.
        y : None
            Ignored.

        Returns
        -------
        ParetoSegmenter
            This object.

        Raises
        ------
        SchemaError
            If the column is missing, repeated, or holds text, dates or infinite
            numbers, or if `shares` and `names` do not fit.
        NotEnoughHistoryError
            If no customer brings more than 0.
        """
        shares = _check_classes(self.shares, self.names)
        values = self._read(X, reset=True)
        # Sorted first, so that the order of the rows changes no bit of the sums.
        ordered = np.sort(values[values > 0])[::-1]
        if not len(ordered):
            raise NotEnoughHistoryError(
                f"None of {len(values)} customers has {self.value!r} above 0, so there "
                "is nothing to share out."
            )
        cumulative = np.cumsum(ordered)
        # The tolerance keeps a sum that is the share, but for its last bits, enough.
        ranks = np.searchsorted(cumulative, shares * cumulative[-1] * (1 - 1e-12))
        self.thresholds_ = ordered[ranks]
        self.class_table_ = self._describe(values)
        return self

    def predict(self, X: Any) -> NDArray[np.object_]:
        """Name the class of each customer.

        Parameters
        ----------
        X : dataframe or array-like of shape (n_samples, 1)
            As in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,)
            Names of classes.
        """
        check_is_fitted(self)
        names = np.array(self.names, dtype=object)
        found: NDArray[np.object_] = names[self._classify(self._read(X, reset=False))]
        return found

    def fit_predict(self, X: Any, y: Any = None) -> NDArray[np.object_]:
        """Learn from customers and name their classes.

        Parameters
        ----------
        X : dataframe or array-like of shape (n_samples, 1)
            As in ``fit``.
        y : None
            Ignored.

        Returns
        -------
        ndarray of shape (n_samples,)
            Names of classes.
        """
        names: NDArray[np.object_] = self.fit(X).predict(X)
        return names

    def _read(self, X: Any, *, reset: bool) -> Matrix:
        matrix = read_features(
            self, X, reset=reset, select=[self.value], min_samples=1 if reset else 0
        )
        if matrix.shape[1] != 1:
            raise SchemaError(
                f"An array needs 1 column, the value, found {matrix.shape[1]} "
                "feature(s). Pass a frame with named columns."
            )
        values: Matrix = np.nan_to_num(matrix[:, 0], nan=0.0)
        return values

    def _classify(self, values: Matrix) -> NDArray[np.int64]:
        found = np.searchsorted(-self.thresholds_, -values, side="left")
        return found.astype(np.int64)

    def _describe(self, values: Matrix) -> pd.DataFrame:
        classes = self._classify(values)
        parts = [np.sort(values[classes == k])[::-1] for k in range(len(self.names))]
        sums = np.array([part.sum() for part in parts])
        counts = np.array([len(part) for part in parts])
        gains = np.array([part[part > 0].sum() for part in parts])
        return pd.DataFrame(
            {
                "segment": list(self.names),
                "from_value": [part[-1] if len(part) else np.nan for part in parts],
                "n_customers": counts,
                "customer_share": counts / len(values),
                "total_value": sums,
                "value_share": gains / gains.sum(),
            }
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _check_classes(shares: Any, names: Any) -> Matrix:
    cuts = np.asarray(shares, dtype=np.float64)
    if (
        cuts.ndim != 1
        or not ((cuts > 0) & (cuts < 1)).all()
        or (np.diff(cuts) <= 0).any()
    ):
        raise SchemaError(f"shares must increase, above 0 and below 1, got {shares!r}.")
    if len(set(names)) != len(cuts) + 1 or len(names) != len(cuts) + 1:
        raise SchemaError(
            f"names must be {len(cuts) + 1} different names, one more than shares, got "
            f"{names!r}."
        )
    return cuts
