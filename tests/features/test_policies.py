"""Parameters of single builders: what they change, and which are refused."""

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from crmml.exceptions import SchemaError
from crmml.features import Discounts, InterPurchase, Returns, Seasonality, Trend

CUTOFF = "2024-02-15"


def test_returns_are_netted_left_out_or_reported_apart(make_tables, sales):
    tables = make_tables(sales)
    policies = {
        name: Returns(negative=name).fit_transform(tables, CUTOFF)
        for name in ("net", "exclude", "separate")
    }
    assert policies["net"]["net_spend"].to_dict() == {"a": 14.25, "b": 20.5}
    assert policies["exclude"]["gross_spend"].to_dict() == {"a": 15.25, "b": 20.5}
    apart = policies["separate"]
    assert apart["returned_amount"].to_dict() == {"a": 1.0, "b": 0.0}
    for found in policies.values():
        assert_frame_equal(found.iloc[:, :3], apart.iloc[:, :3])
    assert not {"gross_spend", "returned_amount"} & set(policies["net"])


def test_an_order_taken_back_and_one_booked_as_return_are_cancelled(make_tables):
    lines = pd.DataFrame(
        {
            "customer_id": "a",
            "timestamp": pd.date_range("2024-01-01", periods=7),
            "order_id": [1, 1, 2, 3, 3, 4, 5],
            # Taken back; booked as return; half returned; a gift; kept.
            "amount": [5.0, -5.0, -9.0, 8.0, -4.0, 0.0, 1.0],
        }
    )
    found = Returns().fit_transform(make_tables(lines), CUTOFF)
    assert found["cancellation_rate"].item() == 2 / 5


@pytest.mark.parametrize(
    ("builder", "message"),
    [
        (Returns(negative="keep"), "negative must be one of"),
        (Seasonality(by="year"), "by must name some of"),
        (Seasonality(by=[]), "by must name some of"),
        (Seasonality(by=["hour", "hour"]), "by must name some of"),
        (Trend(windows=None), "Trend compares adjacent windows"),
        (Trend(n_windows=1), "n_windows must be a whole number of at least 2"),
        (Trend(n_windows=2.5), "n_windows must be a whole number of at least 2"),
        (Discounts(), "discount is needed"),
    ],
)
def test_parameters_that_cannot_be_used_are_refused(
    make_tables, sales, builder, message
):
    with pytest.raises(SchemaError, match=message):
        builder.fit(make_tables(sales), CUTOFF)


def test_clockwork_has_no_spread_to_the_last_bit(make_tables):
    """Differences of large squares would leave a rest, or the root of a negative."""
    thirds = pd.to_timedelta([i * 777_777_777_777 for i in range(9)], unit="us")
    visits = pd.DataFrame(
        {"customer_id": "a", "timestamp": pd.Timestamp("2023-10-01") + thirds}
    )
    found = InterPurchase().fit_transform(make_tables(visits), CUTOFF)
    assert found["std_gap_days"].item() == 0.0
    assert found["cv_gap"].item() == 0.0


def test_a_trend_is_that_of_least_squares(make_tables, rng):
    days = pd.Timestamp(CUTOFF) - pd.to_timedelta(rng.uniform(0, 50, 200), unit="D")
    visits = pd.DataFrame({"customer_id": "a", "timestamp": days.floor("us")})
    found = Trend(windows="10D", n_windows=5).fit_transform(make_tables(visits), CUTOFF)
    ago = (pd.Timestamp(CUTOFF) - visits["timestamp"]).dt.total_seconds() / 864_000
    counts = [((ago > i) & (ago <= i + 1)).sum() for i in range(4, -1, -1)]
    slope = pd.Series(counts).cov(pd.Series(range(5))) / 2.5
    assert found["orders_slope_10d"].item() == pytest.approx(slope, rel=1e-12)
