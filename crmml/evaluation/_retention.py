"""What a kept customer is worth: margins to come, while he stays, in today's money."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmml._utils._arguments import check_count
from crmml._utils._durations import YEAR, Duration, check_duration
from crmml.evaluation._money import check_amount, check_annual_discount_rate
from crmml.exceptions import SchemaError


def retention_value(
    *,
    margin: Any,
    retention_rate: Any,
    annual_discount_rate: float,
    period: Duration,
    n_periods: int | None = None,
) -> float | NDArray[np.float64]:
    r"""Value of a customer who has just been kept.

    He pays the margin m now and at the start of each further period that he stays for,

    .. math:: \sum_{t=0}^{N-1} m \left( \frac{r}{1 + d} \right)^t
        \quad \text{or without end} \quad m \, \frac{1 + d}{1 + d - r} ,

    where r is the retention rate per period and
    :math:`1 + d = (1 + d_{\text{year}})^{\text{period} / 365 \text{ days}}`.

    Parameters
    ----------
    margin : float or array-like of shape (n_samples,)
        Contribution per period, revenue less variable cost, in any one currency.
    retention_rate : float or array-like of shape (n_samples,)
        Share of customers who stay from one period to the next, in [0, 1].
    annual_discount_rate : float
        What money a year from now loses, in [0, 1): 0.1 for ten percent a year.
    period : str or timedelta
        The period of `margin` and `retention_rate`, such as ``"30D"``.
    n_periods : int, default=None
        Periods that count, at least 1. None: without end.

    Returns
    -------
    float or ndarray of shape (n_samples,)
        In the currency of the margin; a number where all arguments are numbers.

    Raises
    ------
    SchemaError
        If an argument is out of range, lengths differ, or nothing makes an endless sum
        finite: a retention rate of 1 without a discount.

    See Also
    --------
    break_even_incentive : What keeping him may cost.

    References
    ----------
    Gupta, S., Lehmann, D. R. and Stuart, J. A. (2004), "Valuing customers", Journal of
    Marketing Research 41(1). https://doi.org/10.1509/jmkr.41.1.7.25084

    Examples
    --------
    With four in five staying each year and no discount, five years on average.

    >>> from crmml.evaluation import retention_value
    >>> value = retention_value(
    ...     margin=100, retention_rate=0.8, annual_discount_rate=0, period="365D"
    ... )
    >>> round(value, 6)
    500.0
    """
    n_samples = max(np.size(margin), np.size(retention_rate))
    paid = check_amount(margin, "margin", n_samples, low=-np.inf)
    stay = check_amount(retention_rate, "retention_rate", n_samples, high=1.0)
    annual = check_annual_discount_rate(annual_discount_rate)
    years = check_duration(period, "period") / YEAR
    ratio = stay / (1.0 + annual) ** years
    n_kept = int(np.count_nonzero(ratio >= 1.0))
    if n_periods is None and n_kept:
        raise SchemaError(
            f"retention_rate is 1 for {n_kept} customers and annual_discount_rate is "
            "0, so the value has no end. Give n_periods=, or a discount rate."
        )
    if n_periods is None:
        total = 1.0 / (1.0 - ratio)
    else:
        total = _add_up(ratio, check_count(n_periods, "n_periods"))
    value = np.asarray(paid * total)
    return float(value) if value.ndim == 0 else value


def _add_up(ratio: NDArray[np.float64], n_periods: int) -> NDArray[np.float64]:
    """Sum of the first powers of each ratio, exact where a ratio is 1."""
    is_one = ratio == 1.0
    below = np.where(is_one, 0.0, ratio)
    return np.where(is_one, n_periods, (1.0 - below**n_periods) / (1.0 - below))
