"""When customers will leave: probabilities by month, remaining life, by reason."""

from numbers import Integral, Real
from typing import Any, ClassVar, Self

from numpy.random import RandomState
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_consistent_length

from crmml._utils._sklearn import HasMethods, Interval, StrOptions, fit_context
from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.models._logistic import LogisticChurnClassifier
from crmml.models._names import read_training
from crmml.models._target import read_weights
from crmml.models._time_to_churn_cox import CoxHazard
from crmml.models._time_to_churn_data import read_lifetimes
from crmml.models._time_to_churn_panel import PanelHazard, count_periods
from crmml.models._time_to_churn_predict import LifetimePredictions

_FEWEST_PERIODS = 3
_FEWEST_CUSTOMERS = 2


class TimeToChurnModel(LifetimePredictions, BaseEstimator):
    r"""When each customer will leave, given how long they have been there, and why.

    Time since the customer's start is cut into periods j = 0, 1, ... of equal length.
    Estimated are the hazards of each reason k,

    .. math:: h_{kj}(x) = P(\text{leaves for } k \text{ in period } j \mid
              \text{still there at its start}, x),

    and from these the probability to stay and to leave for a reason,

    .. math:: S_j(x) = \prod_{i<j} \Bigl(1 - \sum_k h_{ki}(x)\Bigr), \qquad
              F_{kj}(x) = \sum_{i<j} S_i(x)\, h_{ki}(x),

    which add up to 1. Within a period the rate is constant; beyond the longest
    duration seen it stays what it was at the end.

    Parameters
    ----------
    period : float, default=30.0
        Length of a period **in the unit of the durations**. The default is a month of
        durations in days; for durations in months give 1.
    hazard : classifier or "cox", default=None
        How hazards depend on the features. A classifier with ``predict_proba`` and
        ``sample_weight`` is fitted to one row for each customer and period, with the
        period as one more feature; None is ``LogisticChurnClassifier()``. "cox" is
        proportional hazards [1]_ by the package statsmodels (extra ``survival``),
        with straight lines for numbers and no penalty.
    max_rows : int, default=200_000
        Of more rows of customers and periods, all with leavers are kept and the
        others sampled evenly and weighted up; more memory buys little, as leavers
        are what one learns from. Not for "cox".
    random_state : int, RandomState instance or None, default=0
        Seeds that sample.

    Attributes
    ----------
    reasons_ : list of str
        Why customers left, sorted; ``["left"]`` without reasons.
    max_duration_ : float
        The longest duration seen, beyond which answers are extrapolated.
    n_periods_ : int
        Number of periods up to there.
    n_left_ : int
        Number of customers who left.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, if X had any.

    See Also
    --------
    compute_retention_curve : What happened, by group, without a model.
    ShiftedBetaGeoModel : Contract renewals without features.

    Notes
    -----
    Features must be known at the start of the observation of a row, and must not tell
    the duration (such as fees paid so far). To use features that change, give a
    customer several rows, one a snapshot: with `entry` the tenure at the snapshot,
    `duration` the tenure at the next one (or when the customer left), and `event`
    whether they left in between.

    In a period in which a customer was seen in part and stayed, the row counts with
    that part. Several reasons get a classifier each, on the rows without leavers for
    other reasons; together their odds are those of the multinomial model [2]_.

    Standard errors are not given: the interval of ``predict_remaining_life`` is that
    of customers' lives, not of the estimate.

    References
    ----------
    .. [1] Cox, D. R. (1972). Regression models and life-tables. JRSS B 34(2).
       https://doi.org/10.1111/j.2517-6161.1972.tb00899.x
    .. [2] Begg, C. B. and Gray, R. (1984). Calculation of polychotomous logistic
       regression parameters using individualized regressions. Biometrika 71(1).
       https://doi.org/10.1093/biomet/71.1.11

    Examples
    --------
    Every month one in ten of the monthly contracts ends, and one in fifty of the
    yearly ones: after a year 1 - 0.9**12 = 72 and 1 - 0.98**12 = 22 percent.

    >>> import numpy as np
    >>> import pandas as pd
    >>> from crmml.models import TimeToChurnModel
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"contract": ["monthly", "yearly"] * 2000})
    >>> life = rng.geometric(np.where(X["contract"] == "monthly", 0.10, 0.02))
    >>> model = TimeToChurnModel(period=1)
    >>> model = model.fit(X, np.minimum(life, 24), life <= 24)
    >>> model.predict_churn_probability(X.head(2), [1, 12]).round(2)
    time    1     12
    0     0.10  0.71
    1     0.02  0.22

    Half of the monthly contracts end within ln(0.5) / ln(0.9) = 6.6 months, also of
    those that have lasted for six.

    >>> model.predict_remaining_life(X.head(1), tenure=6).round(1)
       median  low  high  mean_within_horizon  is_extrapolated
    0     6.8  1.1  23.6                  9.1            False
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "period": [Interval(Real, 0, None, closed="neither")],
        "hazard": [None, StrOptions({"cox"}), HasMethods(["fit", "predict_proba"])],
        "max_rows": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        period: float = 30.0,
        hazard: Any = None,
        max_rows: int = 200_000,
        random_state: int | RandomState | None = 0,
    ) -> None:
        self.period = period
        self.hazard = hazard
        self.max_rows = max_rows
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        duration: Any,
        event: Any,
        *,
        reason: Any = None,
        entry: Any = None,
        sample_weight: Any = None,
    ) -> Self:
        """Learn from customers who left and customers who are still there.

        Parameters
        ----------
        X : dataframe or array-like of shape (n_samples, n_features)
            One row a customer, as for the churn classifiers.
        duration : array-like of shape (n_samples,)
            Time from each customer's start until they left or were last seen; numbers
            of any one unit, or durations, which are read as days.
        event : array-like of shape (n_samples,)
            1 or True for who left, 0 or False for who was still there.
        reason : array-like of shape (n_samples,), default=None
            Why each customer left, as text; ignored where `event` is 0.
        entry : array-like of shape (n_samples,), default=None
            Time from each customer's start at which they came under observation. None:
            all were observed from the start. See :func:`compute_retention_curve`.
        sample_weight : array-like of shape (n_samples,), default=None
            How many customers a row stands for; 0 leaves it out. Not for "cox".

        Returns
        -------
        self
            The fitted model.

        Raises
        ------
        SchemaError
            If durations, events, reasons or entries cannot be used, lengths differ, or
            a feature is called ``period``.
        NotEnoughHistoryError
            If there are fewer than two customers, nobody left, durations reach over
            fewer than three periods, or a Cox model has no maximum.
        """
        lives = read_lifetimes(duration, event, reason, entry)
        check_consistent_length(X, lives.duration)
        names, columns = read_training(self, X, lives.duration)
        weights = read_weights(sample_weight, X)
        if not weights.all():
            kept = weights.nonzero()[0]
            lives = lives.select(kept).forget_idle_reasons()
            columns, weights = columns.select(kept), weights[kept]
        if len(lives.duration) < _FEWEST_CUSTOMERS:
            raise NotEnoughHistoryError(
                f"At least {_FEWEST_CUSTOMERS} customers are needed to learn from, got "
                f"{len(lives.duration)}."
            )
        n_periods = int(count_periods(lives.duration, self.period).max())
        if n_periods < _FEWEST_PERIODS:
            raise NotEnoughHistoryError(
                f"The longest duration is {lives.duration.max():g} and a period "
                f"{self.period:g}: {n_periods} periods, of {_FEWEST_PERIODS} needed. "
                "Give the period in the unit of the durations."
            )
        if self.hazard == "cox":
            if sample_weight is not None:
                raise SchemaError(
                    'hazard="cox" takes no sample_weight; repeat rows, or use a '
                    "classifier."
                )
            self._model: CoxHazard | PanelHazard = CoxHazard(self.period)
        else:
            self._model = PanelHazard(
                LogisticChurnClassifier() if self.hazard is None else self.hazard,
                period=self.period,
                max_rows=self.max_rows,
                seed=check_random_state(self.random_state).randint(2**31 - 1),
            )
        self._model.fit(columns, names, lives, weights)
        self._names = names
        self.reasons_ = lives.reasons
        self.max_duration_ = float(lives.duration.max())
        self.n_periods_ = n_periods
        self.n_left_ = int((lives.cause > 0).sum())
        return self
