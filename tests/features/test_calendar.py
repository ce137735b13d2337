"""Weekday, hour and month in whole numbers, against the standard library."""

from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa
import sqlglot.expressions as exp

from crmml.features._calendar import hour, month, weekday

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def test_every_day_of_eight_centuries_and_the_ends_of_its_hours():
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 1, tzinfo=UTC)
    start = datetime(1580, 1, 1, tzinfo=UTC)
    instants = [first, last, *(start + timedelta(days=i) for i in range(292_200))]
    # Midnight, or the last microsecond of some hour.
    instants = [
        one if i % 2 else one + timedelta(hours=i % 24 + 1, microseconds=-1)
        for i, one in enumerate(instants)
    ]
    micro = timedelta(microseconds=1)
    table = pa.table({"t": [(one - EPOCH) // micro for one in instants]})
    column = exp.column("t", quoted=True)
    query = exp.select(
        *[exp.alias_(part(column), part.__name__) for part in (weekday, hour, month)]
    ).from_("instants")
    with duckdb.connect() as engine:
        engine.register("instants", table)
        found = engine.sql(query.sql("duckdb")).fetchall()
    expected = [(one.weekday(), one.hour, (one.month - 3) % 12) for one in instants]
    assert found == expected
