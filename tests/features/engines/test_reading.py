"""Every engine reads the same out of the same columns, and refuses the same."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from pandas.testing import assert_frame_equal

from crmml.exceptions import SchemaError
from crmml.features import (
    RFM,
    ComplaintRate,
    CustomAggregation,
    CustomerAttributes,
    FeatureSet,
    ProductMix,
    SurveyScores,
)
from crmml.tables import CustomerTables, Transactions, make_spine

ROLES = {"customer_id": "customer_id", "timestamp": "timestamp", "amount": "amount"}
END = "2030-01-01"


def declare_sales(data, roles=ROLES, **kwargs):
    kwargs.setdefault("observed_until", END)
    return CustomerTables(transactions=Transactions(data, **roles), **kwargs)


NAIVE_TEXTS = [
    "1969-12-31T23:59:59.999999999",
    "0001-03-01",
    "1900-02-28T24:00",
    "2000-02-29 12:30:01.5",
    "2024-02-29T00:00:00.000001",
    "2024-03-10T02:30:00",
    "2024-12-31T23:59:59.123456",
]
AWARE_TEXTS = [
    "2024-03-10T02:30:00-05:00",
    "2024-03-10T02:30+0530",
    "2024-03-10 02:30:00.25Z",
    "1969-12-31T23:59:59.999999-11",
    "2024-02-29T23:59:59+14:00",
]


@pytest.mark.parametrize("texts", [NAIVE_TEXTS, AWARE_TEXTS], ids=["naive", "aware"])
def test_text_is_read_to_the_same_instants(carry, texts):
    frame = pd.DataFrame(
        {"customer_id": range(len(texts)), "timestamp": texts, "amount": 1.0}
    )
    end = END if texts is NAIVE_TEXTS else f"{END}T00:00Z"
    here = declare_sales(frame, observed_until=end)
    there = declare_sales(carry(frame, "texts"), observed_until=end)
    cutoff = f"2025-01-01T00:00{'' if texts is NAIVE_TEXTS else 'Z'}"
    found = RFM().fit_transform(there, cutoff)
    assert_frame_equal(found, RFM().fit_transform(here, cutoff), check_exact=True)


@pytest.mark.parametrize(
    ("column", "bad"),
    [
        (
            "timestamp",
            [
                *("2023-02-29", "2024-04-31", "2024-13-01", "2024-00-10", "2024-01-00"),
                *("2024-01-01T25:00", "2024-01-01T10:60", "01/02/2024", "2024-1-1"),
                *("", "2024-01-01\n", "2024-01-01T10:00:00.", "２０２４-01-01"),
            ],
        ),
        ("amount", [np.inf, -np.inf, 9.5e12, -1e300]),
    ],
)
def test_the_same_rows_are_refused_in_the_same_words(carry, column, bad):
    n = len(bad) + 1
    good = "2024-01-01" if column == "timestamp" else 1.0
    frame = pd.DataFrame(
        {"customer_id": range(n), "timestamp": "2024-01-01", "amount": 1.0}
    ).assign(**{column: [good, *bad]})
    with pytest.raises(SchemaError, match=f"has {len(bad)} rows that") as here:
        declare_sales(frame)
    with pytest.raises(SchemaError) as there:
        declare_sales(carry(frame, "bad"))
    assert str(there.value) == str(here.value)


def test_numbers_are_rounded_alike_to_millionths(carry):
    """Halves of a millionth that a double holds exactly go away from zero."""
    amounts = [2.0**-7, -(2.0**-7), 3 * 2.0**-7, 0.1, -0.0000015, 8_999_999_999_999.5]
    frame = pd.DataFrame(
        {
            "customer_id": range(len(amounts)),
            "timestamp": "2024-01-01",
            "amount": amounts,
        }
    )
    here, there = declare_sales(frame), declare_sales(carry(frame, "amounts"))
    expected = RFM().fit_transform(here, "2025-01-01")
    found = RFM().fit_transform(there, "2025-01-01")
    assert_frame_equal(found, expected, check_exact=True)
    assert found["total_spend"].tolist()[:3] == [0.007813, -0.007813, 0.023438]


def test_sums_beyond_64_bits_are_exact(carry):
    n = 3
    frame = pd.DataFrame(
        {
            "customer_id": ["a"] * n,
            "timestamp": "2024-01-01",
            "amount": [8.9e12] * n,
        }
    )
    found = RFM().fit_transform(declare_sales(carry(frame, "large")), "2025-01-01")
    assert found["total_spend"].tolist() == [n * 8.9e12]


def test_conditions_mean_the_same(carry):
    """A backslash is a backslash, capitals count, and order is that of characters."""
    goods = ["a\\b", "a%b", "A", "a", "Ä", "茶", "B", "_", None]
    frame = pd.DataFrame(
        {
            "customer_id": [f"{i:03}" for i in range(len(goods))],
            "timestamp": "2024-01-01",
            "amount": 1.0,
            "category": goods,
        }
    )
    roles = {**ROLES, "category": "category"}
    conditions = [
        "category LIKE 'a\\%'",
        "category LIKE 'a_b'",
        "category = 'a'",
        "category < 'a'",
        "category > 'Z'",
        "NOT category IN ('a', '茶')",
        "amount * 2 - 1 >= 1 AND category IS NULL",
    ]
    builders = [
        CustomAggregation(f"n{i}", where=where) for i, where in enumerate(conditions)
    ]
    features = FeatureSet([*builders, ProductMix(n_categories=9)])
    expected = features.fit_transform(declare_sales(frame, roles), "2025-01-01")
    found = features.fit_transform(
        declare_sales(carry(frame, "goods"), roles), "2025-01-01"
    )
    assert_frame_equal(found, expected, rtol=1e-9)
    assert found["n0"].sum() == 1


def test_frames_beside_tables_that_lie_elsewhere(carry, declare, frames):
    """Integer ids, instants with a zone; two tables are in memory."""
    own = frames(seed=3, kind="integer")
    for frame in own.values():
        for name in frame.columns:
            if pd.api.types.is_datetime64_any_dtype(frame[name].dtype):
                in_utc = frame[name].dt.tz_localize("UTC")
                frame[name] = in_utc.dt.tz_convert("Europe/Berlin")
    end = {"observed_until": "2024-04-01T00:00Z"}
    here = declare(own, **end)
    in_memory = {"customers": lambda frame: frame, "surveys": pl.from_pandas}

    def carry_some(frame, name):
        return in_memory[name](frame) if name in in_memory else carry(frame, name)

    there = declare(own, carry_some, **end)
    assert repr(there) == repr(here)
    cutoffs = ["2024-03-08T00:00Z", "2024-03-11T12:00Z"]
    spine = make_spine(there, cutoffs)
    assert_frame_equal(spine, make_spine(here, cutoffs))
    attributes = CustomerAttributes(["city", "income", "is_vip", "card_at"])
    features = FeatureSet([RFM(), ComplaintRate(), SurveyScores(), attributes])
    expected = features.fit_transform(here, spine=spine)
    found = features.fit_transform(there, spine=spine)
    assert_frame_equal(found, expected, rtol=1e-9)
    rows = there.table("transactions").to_arrow(["customer_id", "order_id"])
    assert rows.num_rows == len(own["transactions"])
