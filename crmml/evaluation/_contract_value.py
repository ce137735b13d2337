"""What contracts will bring, from how long customers stay."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmml._utils._durations import YEAR, Duration, check_duration
from crmml.evaluation._money import check_amount, check_annual_discount_rate
from crmml.evaluation._validation import to_floats
from crmml.exceptions import SchemaError


def compute_contract_value(
    survival: Any, *, margin: Any, annual_discount_rate: float, period: Duration
) -> NDArray[np.float64]:
    r"""Value payments to come by the chance that the customer is still there for them.

    Payments fall due one, two, ... periods from now. With :math:`S_t` the chance to be
    there at the t-th of them and m the margin, it is worth today

    .. math:: v_t = m \, S_t \, (1 + d_{\text{year}})^{-t \,
              \text{period} / 365 \text{ days}} .

    The sum over t is the lifetime value, the cumulative sum how it comes in.

    Parameters
    ----------
    survival : array-like of shape (n_periods,) or (n_samples, n_periods)
        :math:`S_1, S_2, ...` in [0, 1], never rising; of all customers, or a row for
        each, such as :meth:`crmml.models.TimeToChurnModel.predict_survival` and
        :meth:`crmml.models.ShiftedBetaGeoModel.predict_survival` give.
    margin : float or array-like of shape (n_samples,)
        Contribution per period, revenue less variable cost, in any one currency.
    annual_discount_rate : float
        What money a year from now loses, in [0, 1): 0.1 for ten percent a year.
    period : str or timedelta
        The time between payments, such as ``"30D"``.

    Returns
    -------
    ndarray of shape (n_periods,) or (n_samples, n_periods)
        Today's value of each payment, in the currency of the margin.

    Raises
    ------
    SchemaError
        If survival lies outside [0, 1] or rises, or another argument is out of range
        or of another length.

    See Also
    --------
    compute_payback : When these values have paid for winning the customer.
    retention_value : The same with one retention rate for all periods, from now on.

    Examples
    --------
    Of the customers of a yearly contract 80 percent renew, and of these 75 percent:

    >>> from crmml.evaluation import compute_contract_value
    >>> value = compute_contract_value(
    ...     [0.8, 0.6], margin=100, annual_discount_rate=0.25, period="365D"
    ... )
    >>> value.round(2), value.sum().round(2)
    (array([64. , 38.4]), np.float64(102.4))
    """
    stays = to_floats(np.asarray(survival), "survival")
    if stays.ndim not in (1, 2):
        raise SchemaError(
            f"survival must have one column for each period, got shape {stays.shape}."
        )
    n_bad = int((~((stays >= 0) & (stays <= 1 + 1e-12))).sum())
    n_rising = int((np.diff(stays, axis=-1) > 1e-9).sum())
    if n_bad or n_rising:
        raise SchemaError(
            "survival must be chances in [0, 1] that never rise from one period to the "
            f"next; {n_bad} of {stays.size} lie outside and {n_rising} rise."
        )
    n_samples = len(stays) if stays.ndim == 2 else 0
    paid = check_amount(margin, "margin", n_samples, low=-np.inf)
    annual = check_annual_discount_rate(annual_discount_rate)
    years = check_duration(period, "period") / YEAR
    worth = (1.0 + annual) ** (-years * np.arange(1, stays.shape[-1] + 1))
    value: NDArray[np.float64] = np.asarray(paid)[..., None] * stays * worth
    return value
