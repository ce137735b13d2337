"""Events on the edges of windows, and lines on the edges of orders."""

import pandas as pd

from crmml.features import RFM, Activity, ComplaintRate, Tenure
from crmml.tables import make_spine


def test_edges_to_the_microsecond(make_tables):
    """Events a microsecond before, at and after a window's start and the cutoff."""
    cutoff, off = pd.Timestamp("2024-03-10T12:00"), pd.Timedelta(1, "us")
    start = cutoff - pd.Timedelta("1D")
    instants = [edge + sign * off for edge in (start, cutoff) for sign in (-1, 0, 1)]
    names = [f"{edge} {when}" for edge in ("start", "cutoff") for when in "-=+"]
    rows = pd.DataFrame(
        {"customer_id": names, "timestamp": instants, "amount": 1.0, "order_id": 1}
    )
    people = pd.DataFrame({"customer_id": names, "joined_at": instants})
    found = {
        name: builder.fit_transform(
            tables, spine=make_spine(tables, cutoff, customers=names)
        ).droplevel("cutoff")
        for name, builder, tables in (
            ("bought", RFM(windows="1D"), make_tables(rows)),
            ("active", Activity(windows="1D"), make_tables(rows)),
            ("complained", ComplaintRate(windows="1D"), make_tables(rows, None, rows)),
            ("joined", Tenure(), make_tables(customers=people)),
        )
    }
    inside = [0, 1, 1, 1, 0, 0]
    assert found["bought"]["n_orders_1d"].tolist() == inside
    assert found["bought"]["total_spend_1d"].tolist() == inside
    assert found["active"]["n_active_days_1d"].tolist() == inside
    assert found["active"]["n_orders_change_1d"].tolist() == [-1, 1, 1, 1, 0, 0]
    assert found["complained"]["n_complaints_1d"].tolist() == inside
    is_known = [True] * 4 + [False] * 2
    assert found["joined"]["tenure_days"].notna().tolist() == is_known
    recency = found["bought"]["days_since_last_purchase"]
    assert recency.notna().tolist() == is_known
    assert recency.iloc[3] == 1 / 86_400_000_000


def test_lines_make_orders(make_tables):
    """By their number; without one, by customer and instant."""
    rows = pd.DataFrame(
        [
            ("a", "2024-01-01", 1),
            ("a", "2024-03-09", 1),
            ("a", "2024-03-09", None),
            ("a", "2024-03-09", None),
            ("a", "2024-03-08", None),
            ("b", "2024-03-09", 1),
            ("b", "2024-03-11", 1),
            ("b", "2024-03-11", 2),
        ],
        columns=["customer_id", "timestamp", "order_id"],
    ).astype({"order_id": "Int64"})
    found = RFM(windows=[None, "7D"]).fit_transform(
        make_tables(rows.assign(amount=1.0)), "2024-03-10"
    )
    # Order 1 of a began before the window; its second line is money in it all the same.
    assert found["n_orders"].to_dict() == {"a": 3, "b": 1}
    assert found["n_orders_7d"].to_dict() == {"a": 2, "b": 1}
    assert found["total_spend_7d"].to_dict() == {"a": 4.0, "b": 1.0}
    # Without numbers, four lines at two instants of one customer are two more orders.
    bare = rows.drop(columns="order_id").assign(amount=1.0)
    found = RFM().fit_transform(make_tables(bare), "2024-03-10")
    assert found["n_orders"].to_dict() == {"a": 3, "b": 1}
