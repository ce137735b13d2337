"""Plain arithmetic is computed without SQL, and nothing else is."""

import numpy as np
import pyarrow as pa
import pytest
import sqlglot.expressions as exp

from crmml.features._declarations import Feature
from crmml.features._direct import compute_directly
from crmml.features._expressions import days, minus, total, units
from crmml.tables import _sql as sql

DAY = 86_400_000_000
COLUMNS = {
    "n": pa.array([3, 0, 2**60 + 1]),
    "spent": pa.array([10_500_000, None, -1]),
    "last": pa.array([DAY, None, 3 * DAY]),
    "cutoff": pa.array([3 * DAY, 3 * DAY, 4 * DAY]),
}
N, SPENT, LAST, CUTOFF = map(sql.column, COLUMNS)


def test_a_count_is_handed_on():
    found = compute_directly(Feature("n", N, kind="integer"), COLUMNS)
    assert found.equals(COLUMNS["n"])


def test_units_and_days_are_divided_as_doubles_and_null_stays_null():
    spent = compute_directly(Feature("spent", units(SPENT)), COLUMNS)
    assert spent.to_pylist() == [10.5, None, -1 / 1_000_000]
    silent = compute_directly(Feature("silent", days(minus(CUTOFF, LAST))), COLUMNS)
    assert silent.to_pylist() == [2.0, None, 1.0]
    assert silent.type == pa.float64()


@pytest.mark.parametrize(
    "feature",
    [
        Feature("share", sql.ratio(N, CUTOFF)),
        Feature("both are null somewhere", units(minus(SPENT, LAST))),
        Feature("sum", units(total(N, CUTOFF))),
        Feature("n", N),
        Feature("text", N, kind="text"),
        Feature("unknown", units(sql.column("other"))),
        Feature("by nothing", sql.ratio(N, sql.number(0))),
        Feature("case", exp.case().when(exp.true(), N), kind="integer"),
    ],
    ids=lambda feature: feature.name,
)
def test_all_else_is_left_to_sql(feature):
    assert compute_directly(feature, COLUMNS) is None


def test_no_rows_are_no_rows():
    nothing = {"n": pa.array(np.empty(0, np.int64))}
    assert len(compute_directly(Feature("n", units(N)), nothing)) == 0
