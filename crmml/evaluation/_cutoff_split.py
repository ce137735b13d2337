"""Train on snapshots whose outcome is known, test on a later one."""

from collections.abc import Iterator
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import BaseCrossValidator

from crmml._utils._arguments import check_count
from crmml._utils._durations import Duration, check_duration
from crmml.exceptions import LeakageError, NotEnoughHistoryError, SchemaError

Indices = NDArray[np.intp]


class CutoffSplit(BaseCrossValidator):
    r"""Walk forward over the cutoffs of a snapshot panel without looking ahead.

    A panel stacks snapshots: one row per customer and cutoff, features from before the
    cutoff, the label from the window ``[cutoff + gap, cutoff + gap + horizon)``. For
    each tested cutoff :math:`s` training takes every row whose cutoff :math:`t` meets

    .. math:: t + \text{gap} + \text{horizon} \le s

    that is, whose label could be read on the day :math:`s`.

    Parameters
    ----------
    horizon : str or timedelta
        Length of the label window, such as ``"28D"``; above zero.
    gap : str or timedelta, default="0D"
        Time between a cutoff and the start of its label window.
    n_test : int, default=None
        Test only the last `n_test` cutoffs. None tests every cutoff that has at least
        one closed snapshot before it.

    See Also
    --------
    sklearn.model_selection.TimeSeriesSplit : Splits by row number, and so cannot know
        when a label was complete.

    Notes
    -----
    Why not simply train on all earlier snapshots? With a horizon of 28 days, the label
    of a snapshot taken on 1 October tells who bought until 29 October. A model that is
    tested as of 15 October and was trained on it has seen a fortnight of its own
    future, often of the very customers it is tested on, and scores better than it ever
    can in use. Leaving such snapshots out costs nothing that would exist on the day.

    A customer may appear in training (an earlier snapshot) and in the test (a later
    one): in use, too, the model meets customers it has learned from.

    As a splitter of scikit-learn it takes the cutoff of each row as `groups`:
    ``cross_validate(model, X, y, groups=cutoffs, cv=CutoffSplit("28D"))``. Under
    metadata routing it asks for `groups` itself. The order of rows does not matter.

    Examples
    --------
    Three monthly snapshots of two customers and a label that takes 28 days: each month
    is tested by a model of the closed months before it. The first month has none.

    >>> from crmml.evaluation import CutoffSplit
    >>> cutoffs = ["2017-01-01"] * 2 + ["2017-02-01"] * 2 + ["2017-03-01"] * 2
    >>> for train, test in CutoffSplit("28D").split(None, groups=cutoffs):
    ...     print(train.tolist(), test.tolist())
    [0, 1] [2, 3]
    [0, 1, 2, 3] [4, 5]

    With 40 days, January's label is still open on 1 February.

    >>> for train, test in CutoffSplit("40D").split(None, groups=cutoffs):
    ...     print(train.tolist(), test.tolist())
    [0, 1] [4, 5]
    """

    # Groups are needed, so the splitter asks for them under metadata routing.
    __metadata_request__split = {"groups": True}  # noqa: RUF012

    def __init__(
        self,
        horizon: Duration,
        *,
        gap: Duration = "0D",
        n_test: int | None = None,
    ) -> None:
        self.horizon = horizon
        self.gap = gap
        self.n_test = n_test

    def split(
        self, X: Any, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[Indices, Indices]]:
        """Yield row numbers for training and test, one pair per tested cutoff.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or None
            Only its length is read; None takes the length of `groups`.
        y : object, default=None
            Not used; here for the signature of scikit-learn.
        groups : array-like of shape (n_samples,)
            The cutoff of each row: datetimes, dates or ISO 8601 text.

        Yields
        ------
        train : ndarray of int
            Rows of the snapshots closed by the tested cutoff, in ascending order.
        test : ndarray of int
            Rows of the tested cutoff, in ascending order.

        Raises
        ------
        SchemaError
            If `groups` is absent, is not a cutoff for each row, has missing values or
            mixes time zones; if a duration cannot be read or `n_test` is below 1.
        NotEnoughHistoryError
            If there are fewer than two distinct cutoffs.
        LeakageError
            If no cutoff, or fewer than `n_test`, can be tested without training on
            label windows that were still open.
        """
        cutoffs = _check_cutoffs(X, groups)
        reach = self._reach()
        for tested in self._find_tested(cutoffs, reach):
            closed = cutoffs + reach <= tested
            yield np.flatnonzero(closed), np.flatnonzero(cutoffs == tested)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of tested cutoffs.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or None, default=None
            Only its length is read.
        y : object, default=None
            Not used.
        groups : array-like of shape (n_samples,)
            The cutoff of each row.

        Returns
        -------
        int
            Number of pairs that :meth:`split` yields.

        Raises
        ------
        SchemaError, NotEnoughHistoryError, LeakageError
            As in :meth:`split`.
        """
        return len(self._find_tested(_check_cutoffs(X, groups), self._reach()))

    def _reach(self) -> pd.Timedelta:
        """Time from a cutoff until its label is complete."""
        gap = check_duration(self.gap, "gap", allow_zero=True)
        return gap + check_duration(self.horizon, "horizon")

    def _find_tested(
        self, cutoffs: pd.DatetimeIndex, reach: pd.Timedelta
    ) -> pd.DatetimeIndex:
        n_test = self.n_test
        if n_test is not None:
            n_test = check_count(n_test, "n_test, if not None,")
        distinct = cutoffs.unique().sort_values()
        if len(distinct) < 2:
            raise NotEnoughHistoryError(
                f"groups holds {len(distinct)} distinct cutoffs in {len(cutoffs)} "
                "rows; at least 2 are needed, one to train on and a later one to test."
            )
        testable = distinct[distinct - reach >= distinct[0]]
        if len(testable) < (n_test or 1):
            asked = "at least 1" if n_test is None else f"n_test={n_test}"
            raise LeakageError(
                f"{asked} tested cutoffs are asked for, and {len(testable)} of "
                f"{len(distinct)} cutoffs have an earlier snapshot whose label window "
                f"(gap + horizon = {reach}) has closed; the cutoffs span "
                f"{distinct[-1] - distinct[0]}. Testing more would train on outcomes "
                "not yet known. Add earlier cutoffs, shorten the horizon or lower "
                "n_test."
            )
        return testable if n_test is None else testable[-n_test:]


def _check_cutoffs(X: Any, groups: Any) -> pd.DatetimeIndex:
    """Read one cutoff per row; aware instants become UTC."""
    if groups is None:
        raise SchemaError(
            "groups is needed: the cutoff of each row, for example "
            "groups=frame['cutoff']."
        )
    native = nw.from_native(groups, series_only=True, pass_through=True)
    values = native.to_pandas() if isinstance(native, nw.Series) else groups
    if pd.api.types.is_numeric_dtype(getattr(values, "dtype", np.asarray(values))):
        raise SchemaError("groups must be dates or datetimes, got numbers.")
    try:
        cutoffs = pd.DatetimeIndex(pd.to_datetime(values, format="ISO8601"))
    except (TypeError, ValueError):
        # The cause quotes a value, so it must not travel with our error.
        raise SchemaError(
            "groups must be datetimes or ISO 8601 text, all with or all without a time "
            "zone; at least one value is not."
        ) from None
    n_missing = int(np.count_nonzero(cutoffs.isna()))
    if n_missing:
        raise SchemaError(
            f"groups has {n_missing} missing cutoffs among {len(cutoffs)} rows; drop "
            "those rows."
        )
    n_rows = len(cutoffs) if X is None else _count_rows(X)
    if n_rows != len(cutoffs):
        raise SchemaError(
            f"X has {n_rows} rows and groups has {len(cutoffs)}: pass one cutoff for "
            "each row."
        )
    return cutoffs if cutoffs.tz is None else cutoffs.tz_convert("UTC")


def _count_rows(X: Any) -> int:
    return int(X.shape[0]) if hasattr(X, "shape") else len(X)
