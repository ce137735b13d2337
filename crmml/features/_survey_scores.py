"""What a customer answered: scores, and how far they fell short of expectations."""

import pandas as pd
import sqlglot.expressions as exp

from crmml.features._builder import PointInTimeBuilder
from crmml.features._declarations import Declarations, Feature
from crmml.features._expressions import days, minus, ratio_or_null, times, units
from crmml.features._windows import Windows, check_windows, suffix
from crmml.tables import _sql as sql
from crmml.tables._prepare import MILLIONTHS


class SurveyScores(PointInTimeBuilder):
    """Last and mean score of a customer's surveys, and the gap to what was expected.

    ``days_since_last_survey`` is the time since the last answer, in days, over all of
    history. For each window w, over answers in [cutoff - w, cutoff):

    - ``n_surveys``: number of answers, with or without a score;
    - ``last_score``: the last score given; of several at one instant, the highest;
    - ``mean_score``: the mean of the scores given;
    - ``last_gap_to_expectation`` and ``mean_gap_to_expectation``: the same of score -
      expectation, over answers that have both; below 0 where the customer expected
      more. They need ``expectation``.

    All but the count are missing where there is nothing to average.

    Parameters
    ----------
    windows : duration or list of durations, default=None
        Look-back lengths; None is all of history.

    Attributes
    ----------
    feature_names_out_ : list of str
        Names of the features.

    Raises
    ------
    SchemaError
        If there is no table of surveys, or it has no score.

    See Also
    --------
    ComplaintRate : What customers say unasked.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.features import SurveyScores
    >>> from crmml.tables import Customers, CustomerTables, Surveys
    >>> people = pd.DataFrame({"id": [1], "since": ["2023-01-01"]})
    >>> answers = pd.DataFrame(
    ...     {
    ...         "id": 1,
    ...         "at": ["2024-01-01", "2024-02-01", "2024-03-01"],
    ...         "stars": [5, 2, 4],
    ...         "hoped": [4, 4, None],
    ...     }
    ... )
    >>> tables = CustomerTables(
    ...     customers=Customers(people, customer_id="id", joined_at="since"),
    ...     surveys=Surveys(
    ...         answers,
    ...         customer_id="id",
    ...         timestamp="at",
    ...         score="stars",
    ...         expectation="hoped",
    ...     ),
    ... )
    >>> SurveyScores().fit_transform(tables, cutoffs="2024-02-11").T
    customer_id                 1
    days_since_last_survey   10.0
    n_surveys                 2.0
    last_score                2.0
    mean_score                3.5
    last_gap_to_expectation  -2.0
    mean_gap_to_expectation  -0.5
    """

    def __init__(self, *, windows: Windows = None) -> None:
        self.windows = windows

    def declare(self, ask: Declarations) -> list[Feature]:
        """Say which aggregations are needed and which features come of them."""
        last = ask.aggregate("surveys", "max", "timestamp")
        since = days(minus(ask.cutoff, last))
        features = [Feature("days_since_last_survey", since)]
        score = sql.column("score")
        for window in check_windows(self.windows):
            n = ask.aggregate("surveys", "count", window=window)
            features.append(Feature(f"n_surveys{suffix(window)}", n, kind="integer"))
            features += _last_and_mean(ask, window, "score", score)
            if ask.has("surveys", "expectation"):
                gap = minus(score, sql.column("expectation"))
                features += _last_and_mean(ask, window, "gap_to_expectation", gap)
        return features


def _last_and_mean(
    ask: Declarations, window: pd.Timedelta | None, name: str, value: exp.Expr
) -> list[Feature]:
    last, summed, n = (
        ask.aggregate("surveys", how, value, window=window)
        for how in ("last", "sum", "count")
    )
    end = suffix(window)
    mean = ratio_or_null(summed, times(n, sql.number(MILLIONTHS)))
    return [
        Feature(f"last_{name}{end}", units(last)),
        Feature(f"mean_{name}{end}", mean),
    ]
