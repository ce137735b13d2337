"""Simulate baskets in which one pair of items belongs together, for some, sometimes."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml._utils._arguments import check_count
from crmml.datasets._random_state import make_generator
from crmml.datasets._simulated_baskets import (
    EVENING,
    FRIDAY,
    GROUPS,
    SimulatedBaskets,
)
from crmml.exceptions import SchemaError

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

# The shop is open from 8:00 to 21:00; in minutes.
_OPENS, _CLOSES = 8 * 60, 21 * 60
_DAY, _WEEK = 24 * 60, 7 * 24 * 60


def make_baskets(
    n_customers: int = 1000,
    *,
    start: Any = "2024-01-01",
    n_weeks: int = 26,
    n_items: int = 100,
    baskets_per_week: float = 1.0,
    items_per_basket: float = 4.0,
    father_share: float = 0.3,
    friday_share: float = 0.25,
    diapers_of_fathers: float = 0.3,
    diapers_of_others: float = 0.02,
    beer: float = 0.1,
    beer_with_diapers: float = 0.6,
    random_state: Any = None,
) -> SimulatedBaskets:
    r"""Simulate baskets in which fathers buy beer with diapers on Friday evening.

    Every basket holds beer with probability `beer`, except that it is
    `beer_with_diapers` where a father buys diapers on Friday evening. All else is
    independent: other items come in :math:`\text{Poisson}(\lambda w_i)` pieces with
    :math:`\lambda` = `items_per_basket` and popularity :math:`w_i \propto 1 / (i + 5)`.

    Parameters
    ----------
    n_customers : int, default=1000
        Number of customers.
    start : date-like, default="2024-01-01"
        The day on which the first week begins, without a time zone.
    n_weeks : int, default=26
        Number of weeks.
    n_items : int, default=100
        Number of items beside diapers and beer.
    baskets_per_week : float, default=1.0
        Mean number of visits of a customer in a week.
    items_per_basket : float, default=4.0
        Mean number of pieces of other items in a visit. A visit without any item
        leaves no basket.
    father_share : float, default=0.3
        Share of customers who are fathers.
    friday_share : float, default=0.25
        Share of visits, of anyone, on a Friday from 17:00 to 21:00.
    diapers_of_fathers, diapers_of_others : float, default=0.3 and 0.02
        Probability of diapers in a visit of fathers, and of others.
    beer : float, default=0.1
        Probability of beer in any other visit.
    beer_with_diapers : float, default=0.6
        Probability of beer where a father buys diapers on Friday evening. Equal to
        `beer`: no effect is planted.
    random_state : int, numpy.random.Generator or None, default=None
        Seed. None: another simulation each time.

    Returns
    -------
    SimulatedBaskets
        Order lines, customers, and the true shares, confidence and lift.

    Raises
    ------
    SchemaError
        If a number is out of its range, `start` is no day, or `random_state` no seed.

    See Also
    --------
    load_diapers_and_beer : The five baskets of the textbooks.

    Examples
    --------
    >>> from crmml.datasets import make_baskets
    >>> simulated = make_baskets(200, n_weeks=10, random_state=0)
    >>> simulated.truth[["group", "basket_share", "confidence", "lift"]].round(3)
                           group  basket_share  confidence   lift
    0                        all         1.000       0.208  1.844
    1  fathers on Friday evening         0.075       0.600  2.372
    2                     others         0.925       0.100  0.985
    >>> simulated.lines.columns.tolist()
    ['order_id', 'customer_id', 'timestamp', 'product_id']
    """
    n_customers = check_count(n_customers, "n_customers")
    n_weeks = check_count(n_weeks, "n_weeks")
    n_items = check_count(n_items, "n_items")
    _check_numbers(
        np.inf, baskets_per_week=baskets_per_week, items_per_basket=items_per_basket
    )
    shares = {
        "father_share": father_share,
        "friday_share": friday_share,
        "diapers_of_fathers": diapers_of_fathers,
        "diapers_of_others": diapers_of_others,
        "beer": beer,
        "beer_with_diapers": beer_with_diapers,
    }
    _check_numbers(1.0, **shares)
    origin = _check_day(start)
    rng = make_generator(random_state)
    is_father = rng.random(n_customers) < father_share
    n_visits = rng.poisson(baskets_per_week * n_weeks, n_customers)
    owners = np.repeat(np.arange(n_customers), n_visits)
    on_friday = rng.random(len(owners)) < friday_share
    minutes = _draw_minutes(rng, on_friday, n_weeks, origin)
    order = np.argsort(minutes, kind="stable")
    owners, on_friday, minutes = owners[order], on_friday[order], minutes[order]
    fathers = is_father[owners]
    rate = np.where(fathers, diapers_of_fathers, diapers_of_others)
    with_diapers = rng.random(len(owners)) < rate
    planted = with_diapers & fathers & on_friday
    with_beer = rng.random(len(owners)) < np.where(planted, beer_with_diapers, beer)
    visits, items = _draw_others(rng, len(owners), n_items, items_per_basket)
    ids = pd.Series(np.arange(1, n_customers + 1)).astype(str).str.zfill(8)
    return SimulatedBaskets(
        lines=_to_lines(
            [np.flatnonzero(with_diapers), np.flatnonzero(with_beer), visits],
            items,
            ids.take(owners).array,
            origin.to_datetime64() + minutes.astype("timedelta64[m]"),
            n_items,
        ),
        customers=pd.DataFrame(
            {"customer_id": ids, "household": np.where(is_father, "father", "other")}
        ),
        truth=_compute_truth(np.exp(-items_per_basket), **shares),
        observed_until=origin + pd.Timedelta(7 * n_weeks, "D"),
    )


def _draw_minutes(
    rng: np.random.Generator, on_friday: Bools, n_weeks: int, origin: pd.Timestamp
) -> Ints:
    """Draw the minute of each visit since the origin, evenly within opening hours."""
    friday = (FRIDAY - origin.day_of_week) % 7
    week = np.arange(_WEEK)
    day, minute = week // _DAY, week % _DAY
    is_open = (minute >= _OPENS) & (minute < _CLOSES)
    is_evening = (day == friday) & (minute >= 60 * EVENING)
    evenings = np.flatnonzero(is_open & is_evening)
    others = np.flatnonzero(is_open & ~is_evening)
    drawn = np.where(
        on_friday,
        rng.choice(evenings, len(on_friday)),
        rng.choice(others, len(on_friday)),
    )
    return np.asarray(drawn + _WEEK * rng.integers(0, n_weeks, len(on_friday)))


def _draw_others(
    rng: np.random.Generator, n_visits: int, n_items: int, mean: float
) -> tuple[Ints, Ints]:
    """Draw visits and items that no effect touches, each item once in a visit."""
    weights = 1 / (np.arange(n_items) + 6.0)
    sizes = rng.poisson(mean, n_visits)
    items = rng.choice(n_items, int(sizes.sum()), p=weights / weights.sum())
    keys = np.unique(np.repeat(np.arange(n_visits), sizes) * n_items + items)
    return keys // n_items, keys % n_items


def _to_lines(
    visits: list[Ints], others: Ints, customers: Any, instants: Any, n_items: int
) -> pd.DataFrame:
    digits = len(str(n_items))
    names = ["Diapers", "Beer", *(f"Item {i + 1:0{digits}}" for i in range(n_items))]
    diapers, beer, _ = visits
    items = np.concatenate(
        [np.zeros(len(diapers), int), np.ones(len(beer), int), others + 2]
    )
    owners = np.concatenate(visits)
    order = np.lexsort((items, owners))
    owners, items = owners[order], items[order]
    return pd.DataFrame(
        {
            # Numbered in order of time, without gaps where nothing was bought.
            "order_id": np.unique(owners, return_inverse=True)[1] + 1,
            "customer_id": customers.take(owners),
            "timestamp": pd.Series(instants[owners]).astype("datetime64[us]"),
            "product_id": pd.Series(names).take(items).array,
        }
    )


def _compute_truth(
    nothing: float,
    *,
    father_share: float,
    friday_share: float,
    diapers_of_fathers: float,
    diapers_of_others: float,
    beer: float,
    beer_with_diapers: float,
) -> pd.DataFrame:
    """Compute expected shares among visits with some item."""
    on_friday = father_share * friday_share
    planted = on_friday * diapers_of_fathers
    plain = father_share * (1 - friday_share) * diapers_of_fathers
    plain += (1 - father_share) * diapers_of_others
    # Of all visits: the group, diapers, beer, both.
    evening = np.array(
        [
            on_friday,
            planted,
            (on_friday - planted) * beer + planted * beer_with_diapers,
            planted * beer_with_diapers,
        ]
    )
    others = np.array([1 - on_friday, plain, (1 - on_friday) * beer, plain * beer])
    rows = np.stack([evening + others, evening, others])
    visits, diapers, beers, both = rows.T
    baskets = visits - nothing * (visits - diapers - beers + both)
    with np.errstate(invalid="ignore", divide="ignore"):
        return pd.DataFrame(
            {
                "group": ["all", *GROUPS],
                "basket_share": baskets / baskets[0],
                "diapers": diapers / baskets,
                "beer": beers / baskets,
                "both": both / baskets,
                "confidence": both / diapers,
                "lift": both * baskets / (diapers * beers),
            }
        )


def _check_numbers(most: float, **numbers: Any) -> None:
    for name, value in numbers.items():
        is_number = isinstance(value, (int, float, np.number))
        # Written so that NaN is refused as well.
        if not is_number or not (0 <= value <= most and np.isfinite(value)):
            rule = "of at least 0" if most == np.inf else f"from 0 to {most:g}"
            raise SchemaError(f"{name} must be a finite number {rule}, got {value!r}.")


def _check_day(start: Any) -> pd.Timestamp:
    try:
        origin = pd.Timestamp(start)
        is_day = not pd.isna(origin) and origin == origin.normalize()
    except (TypeError, ValueError):
        is_day = False
    if not is_day or origin.tz is not None:
        raise SchemaError(
            f"start={start!r} must be a day such as '2024-01-01', without a time zone."
        )
    return origin.as_unit("us")
