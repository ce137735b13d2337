"""Simulate customers who buy, complain and leave, with every parameter known."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml._utils._arguments import check_count
from crmml.datasets._lives import simulate_lives, simulate_orders
from crmml.datasets._random_state import make_generator
from crmml.datasets._simulated import SimulatedCustomers
from crmml.exceptions import SchemaError

Floats = NDArray[np.float64]

# Seconds.
_DAY = 86_400


def make_customers(
    n_customers: int = 1000,
    *,
    start: Any = "2023-01-01",
    n_days: float = 730,
    joining_days: float = 365,
    purchase_rate: float = 0.05,
    purchase_shape: float = 1.5,
    drop_out_rate: float = 0.001,
    drop_out_shape: float = 2.0,
    complaint_rate: float = 0.004,
    complaint_effect: float = 3.0,
    resolution_days: float = 5.0,
    mean_amount: float = 40.0,
    amount_spread: float = 0.5,
    amount_shape: float = 4.0,
    random_state: Any = None,
) -> SimulatedCustomers:
    r"""Simulate customers, orders and complaints, and return the truth beside them.

    Customer i joins with a first order, buys at rate :math:`\lambda_i` and leaves at
    hazard :math:`\mu_i f^{c}`, where c counts the complaints so far:

    .. math::
        \lambda_i \sim \text{Gamma}, \quad \mu_i \sim \text{Gamma}, \quad
        \text{orders, complaints} \sim \text{Poisson processes until leaving}

    Parameters
    ----------
    n_customers : int, default=1000
        Number of customers.
    start : datetime-like, default="2023-01-01"
        When the simulation begins, without a time zone.
    n_days : float, default=730
        Length of the simulation, in days.
    joining_days : float, default=365
        Customers join evenly over this many days from the start; 0: all at the start.
    purchase_rate : float, default=0.05
        Mean number of further orders per customer and day.
    purchase_shape : float, default=1.5
        Shape of the gamma distribution of purchase rates; their variance is
        ``purchase_rate ** 2 / purchase_shape``, so the larger, the more alike.
    drop_out_rate : float, default=0.001
        Mean hazard of leaving per day of customers without a complaint; 0: nobody
        leaves.
    drop_out_shape : float, default=2.0
        Shape of the gamma distribution of these hazards.
    complaint_rate : float, default=0.004
        Complaints per customer and day while a customer; 0: none.
    complaint_effect : float, default=3.0
        Factor by which each complaint multiplies the hazard of leaving, from its
        instant on and for good; 1: complaints mean nothing.
    resolution_days : float, default=5.0
        Mean time until a complaint is resolved, exponentially distributed, in days.
    mean_amount : float, default=40.0
        Mean over customers of the mean amount per order, in currency.
    amount_spread : float, default=0.5
        Standard deviation of the logarithm of the customers' mean amounts (lognormal);
        0: all customers spend alike.
    amount_shape : float, default=4.0
        Shape of the gamma distribution of a customer's amounts around the mean; their
        coefficient of variation is ``amount_shape ** -0.5``.
    random_state : int, numpy.random.Generator or None, default=None
        Seed; the same seed gives the same customers. None: new ones at each call.

    Returns
    -------
    SimulatedCustomers
        Frames ``customers``, ``transactions``, ``complaints`` and ``truth``, and
        ``to_tables()``. Times are whole seconds.

    Raises
    ------
    SchemaError
        If a number lies outside its range, `start` is no instant, or `random_state` no
        seed.

    Notes
    -----
    Without complaints this is the Pareto/NBD model with lognormal-gamma amounts. The
    draw is exact, not in time steps; memory and time grow with the number of orders
    (a million takes about a second).

    References
    ----------
    Schmittlein, D. C., Morrison, D. G. and Colombo, R. (1987), "Counting your
    customers: who are they and what will they do next?", Management Science 33(1).
    https://doi.org/10.1287/mnsc.33.1.1

    Examples
    --------
    Nobody leaves and all join at once: 100 customers, 365 days, 0.1 orders a day, and
    one order each on joining, are 3,750 orders, give or take.

    >>> from crmml.datasets import make_customers
    >>> simulated = make_customers(
    ...     100,
    ...     n_days=365,
    ...     joining_days=0,
    ...     purchase_rate=0.1,
    ...     purchase_shape=1e6,
    ...     drop_out_rate=0,
    ...     random_state=0,
    ... )
    >>> bool(abs(len(simulated.transactions) - 3750) < 4 * 3650**0.5)
    True
    >>> simulated.truth["left_at"].isna().all()
    np.True_
    """
    n_customers = check_count(n_customers, "n_customers")
    _check_numbers(
        above_zero=True,
        n_days=n_days,
        purchase_shape=purchase_shape,
        drop_out_shape=drop_out_shape,
        complaint_effect=complaint_effect,
        mean_amount=mean_amount,
        amount_shape=amount_shape,
    )
    _check_numbers(
        above_zero=False,
        joining_days=joining_days,
        purchase_rate=purchase_rate,
        drop_out_rate=drop_out_rate,
        complaint_rate=complaint_rate,
        resolution_days=resolution_days,
        amount_spread=amount_spread,
    )
    origin = _check_span(start, n_days, joining_days)
    rng = make_generator(random_state)
    truth = _draw_truth(
        rng,
        n_customers,
        purchase=(purchase_rate, purchase_shape),
        drop_out=(drop_out_rate, drop_out_shape),
        complaint_effect=complaint_effect,
        amount=(mean_amount, amount_spread),
    )
    end = n_days * _DAY
    joined = np.floor(rng.uniform(0, joining_days * _DAY, n_customers))
    left, complaints = simulate_lives(
        rng, joined, truth, complaint_rate=complaint_rate, end=end
    )
    waits = rng.exponential(resolution_days * _DAY, len(complaints))
    complaints["resolved_at"] = complaints["timestamp"] + waits
    orders = simulate_orders(
        rng, joined, np.minimum(left, end), truth, amount_shape=amount_shape
    )
    return _to_frames(joined, left, orders, complaints, truth, origin, end)


def _draw_truth(
    rng: np.random.Generator,
    n_customers: int,
    *,
    purchase: tuple[float, float],
    drop_out: tuple[float, float],
    complaint_effect: float,
    amount: tuple[float, float],
) -> pd.DataFrame:
    """Draw each customer's own rates, from mean and shape, and mean amount."""
    ids = pd.Series(np.arange(1, n_customers + 1)).astype(str).str.zfill(8)
    mean_amount, spread = amount
    return pd.DataFrame(
        {
            "customer_id": ids,
            "purchase_rate": _draw_gamma(rng, n_customers, *purchase),
            "drop_out_rate": _draw_gamma(rng, n_customers, *drop_out),
            "complaint_effect": float(complaint_effect),
            # The mean of a lognormal is exp(mu + sigma^2 / 2).
            "mean_amount": mean_amount
            * rng.lognormal(-(spread**2) / 2, spread, n_customers),
        }
    )


def _draw_gamma(
    rng: np.random.Generator, size: int, mean: float, shape: float
) -> Floats:
    return rng.gamma(shape, mean / shape, size)


def _to_frames(
    joined: Floats,
    left: Floats,
    orders: pd.DataFrame,
    complaints: pd.DataFrame,
    truth: pd.DataFrame,
    origin: pd.Timestamp,
    end: float,
) -> SimulatedCustomers:
    """Turn customer numbers into ids and seconds into timestamps."""
    ids = truth["customer_id"]
    # Rounded so that nobody buys or complains in or after the second of leaving.
    truth["left_at"] = _to_timestamps(np.ceil(left), origin, end)
    for log in (orders, complaints):
        log["customer_id"] = ids.take(log["customer_id"]).array
        log["timestamp"] = _to_timestamps(np.floor(log["timestamp"]), origin, end)
    complaints["resolved_at"] = _to_timestamps(
        np.floor(complaints["resolved_at"]), origin, end
    )
    return SimulatedCustomers(
        customers=pd.DataFrame(
            {"customer_id": ids, "joined_at": _to_timestamps(joined, origin, end)}
        ),
        transactions=orders,
        complaints=complaints,
        truth=truth,
        observed_until=origin + pd.Timedelta(end, "s").floor("us"),
    )


def _to_timestamps(seconds: Any, origin: pd.Timestamp, end: float) -> pd.Series:
    """Count whole seconds from the origin; what lies at or after the end is missing."""
    seconds = np.asarray(seconds)
    known = seconds < end
    offsets = np.where(known, seconds, 0).astype("timedelta64[s]")
    instants = pd.Series(origin.to_datetime64() + offsets.astype("timedelta64[us]"))
    return instants.where(known)


def _check_numbers(*, above_zero: bool, **numbers: float) -> None:
    for name, value in numbers.items():
        is_number = isinstance(value, (int, float, np.number))
        # Written so that NaN is refused as well.
        if not is_number or not (
            np.isfinite(value) and (value > 0 if above_zero else value >= 0)
        ):
            rule = "above 0" if above_zero else "at least 0"
            raise SchemaError(f"{name} must be a finite number {rule}, got {value!r}.")


def _check_span(start: Any, n_days: float, joining_days: float) -> pd.Timestamp:
    if joining_days > n_days:
        raise SchemaError(
            f"joining_days={joining_days!r} must not exceed n_days={n_days!r}: nobody "
            "can join after the end."
        )
    try:
        origin = pd.Timestamp(start).as_unit("us")
        has_end = not pd.isna(origin + pd.Timedelta(n_days, "D"))
    except (AttributeError, TypeError, ValueError, OverflowError):
        has_end = False
    if not has_end:
        raise SchemaError(
            f"start={start!r} must be an instant such as '2023-01-01', and "
            f"n_days={n_days!r} later must still be within the calendar."
        )
    if origin.tz is not None:
        raise SchemaError(f"start={start!r} must be without a time zone.")
    return origin
