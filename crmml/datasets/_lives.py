"""The course of simulated customers: orders, complaints, and when they leave."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_SECONDS_PER_DAY = 86_400


def simulate_lives(
    rng: np.random.Generator,
    joined: Floats,
    truth: pd.DataFrame,
    *,
    complaint_rate: float,
    end: float,
) -> tuple[Floats, pd.DataFrame]:
    """Draw complaints and the instant of leaving, exactly.

    Between two complaints both hazards are constant, so the next thing to happen is
    the earlier of two exponential waiting times. Each turn of the loop draws it for
    all customers at once; those still there after a complaint go on.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    joined : ndarray of float of shape (n_customers,)
        When each joined, in seconds.
    truth : pandas.DataFrame
        ``drop_out_rate`` per day and ``complaint_effect`` of each customer.
    complaint_rate : float
        Complaints per day.
    end : float
        End of the simulation, in seconds.

    Returns
    -------
    left : ndarray of float of shape (n_customers,)
        When each left, in seconds; infinite where after the end.
    complaints : pandas.DataFrame
        ``customer_id`` (position of the customer) and ``timestamp`` (seconds), in
        order of time.
    """
    hazard = truth["drop_out_rate"].to_numpy() / _SECONDS_PER_DAY
    effect = truth["complaint_effect"].to_numpy()
    left = np.full(len(joined), np.inf)
    active, now = np.arange(len(joined)), joined
    who, when = [active[:0]], [joined[:0]]
    while len(active):
        until_left = _draw_waits(rng, hazard)
        until_complaint = _draw_waits(
            rng, np.full(len(active), complaint_rate / _SECONDS_PER_DAY)
        )
        now = now + np.minimum(until_left, until_complaint)
        is_inside = now < end
        leaves = is_inside & (until_left <= until_complaint)
        left[active[leaves]] = now[leaves]
        stays = is_inside & ~leaves
        active, now = active[stays], now[stays]
        hazard = hazard[stays] * effect[active]
        who.append(active)
        when.append(now)
    complaints = pd.DataFrame(
        {"customer_id": np.concatenate(who), "timestamp": np.concatenate(when)}
    )
    return left, complaints.sort_values(["timestamp", "customer_id"], ignore_index=True)


def simulate_orders(
    rng: np.random.Generator,
    joined: Floats,
    until: Floats,
    truth: pd.DataFrame,
    *,
    amount_shape: float,
) -> pd.DataFrame:
    """Draw an order on joining and a Poisson process of orders after it.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    joined : ndarray of float of shape (n_customers,)
        When each joined, in seconds.
    until : ndarray of float of shape (n_customers,)
        When each left, or the end, in seconds.
    truth : pandas.DataFrame
        ``purchase_rate`` per day and ``mean_amount`` of each customer.
    amount_shape : float
        Shape of the gamma distribution of amounts.

    Returns
    -------
    pandas.DataFrame
        ``order_id``, ``customer_id`` (position of the customer), ``timestamp``
        (seconds) and ``amount`` (two decimals), in order of time.
    """
    days = (until - joined) / _SECONDS_PER_DAY
    further = rng.poisson(truth["purchase_rate"].to_numpy() * days)
    repeats = np.repeat(np.arange(len(joined)), further)
    # Given their number, the instants of a Poisson process are uniform.
    when = rng.uniform(joined[repeats], until[repeats])
    orders = pd.DataFrame(
        {
            "customer_id": np.concatenate([np.arange(len(joined)), repeats]),
            "timestamp": np.concatenate([joined, when]),
        }
    ).sort_values(["timestamp", "customer_id"], ignore_index=True)
    means = truth["mean_amount"].to_numpy()[orders["customer_id"]]
    amounts = rng.gamma(amount_shape, means / amount_shape)
    # No order is worth nothing.
    orders["amount"] = np.maximum(amounts.round(2), 0.01)
    orders.insert(0, "order_id", np.arange(1, len(orders) + 1))
    return orders


def _draw_waits(rng: np.random.Generator, rates: Floats) -> Floats:
    """Draw exponential waiting times; at rate zero one waits for ever."""
    waits = np.full(len(rates), np.inf)
    np.divide(rng.exponential(size=len(rates)), rates, out=waits, where=rates > 0)
    return waits
