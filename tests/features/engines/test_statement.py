"""One statement over the user's own tables, in seven dialects."""

import duckdb
import pytest
import sqlglot
import sqlglot.expressions as exp
from pandas.testing import assert_frame_equal

from crmml.exceptions import SchemaError
from crmml.features import RFM
from crmml.tables._dialects import DIALECTS

CUTOFFS = ["2024-03-08", "2024-03-11T12:00"]
BUILDERS = [
    "Activity",
    "BTYDSummary",
    "ComplaintRate",
    "CustomAggregation",
    "CustomerAttributes",
    "Discounts",
    "InterPurchase",
    "ProductMix",
    "RFM",
    "Returns",
    "Seasonality",
    "SurveyScores",
    "Tenure",
    "Trend",
    "UsageEvents",
]


@pytest.fixture(scope="module")
def here(declare, frames):
    return declare(frames(seed=2, kind="integer", is_recorded=True))


def test_every_builder_is_tested(builder_classes):
    assert list(builder_classes) == BUILDERS


@pytest.mark.parametrize("name", BUILDERS)
def test_every_dialect_reads_its_statement(here, make_builder, name):
    builder = make_builder(name, ["7D"]).fit(here, CUTOFFS)
    for dialect in DIALECTS:
        names = {one: f"shop.{one}_2024" for one in here.columns}
        statement = builder.to_sql(here, CUTOFFS, dialect=dialect, names=names)
        tree = sqlglot.parse_one(statement, dialect=dialect)
        expected = ["customer_id", "cutoff", *builder.feature_names_out_]
        assert tree.named_selects == expected
        # Nothing is a mere command, which would be let through unread.
        assert not list(tree.find_all(exp.Command))
        defined = {part.alias for part in tree.find_all(exp.CTE)}
        read = {table.sql() for table in tree.find_all(exp.Table)}
        outside = {one for one in read if one.startswith("shop.")}
        assert outside
        assert {one.name for one in tree.find_all(exp.Table) if not one.db} <= defined


def test_the_statement_gives_what_transform_gives(
    engine, carry, declare, frames, every_builder, run_statement
):
    own = frames(seed=2, kind="text", is_recorded=True)
    here, there = declare(own), declare(own, carry)
    features = every_builder(["7D"]).fit(here, CUTOFFS)
    found = run_statement(features, here, there, CUTOFFS)
    expected = features.transform(here, CUTOFFS).reset_index()
    expected = expected[["customer_id", "cutoff", *features.feature_names_out_]]
    # The database's cursor hands out objects; names beyond 63 bytes it cuts.
    found = found.set_axis(expected.columns, axis=1).astype(expected.dtypes)
    assert_frame_equal(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kind", ["integer", "text"])
def test_duckdb_runs_its_statement(kind, declare, frames, every_builder):
    own = frames(seed=2, kind=kind, is_recorded=True)
    tables = declare(own)
    features = every_builder(["7D"]).fit(tables, CUTOFFS)
    connection = duckdb.connect()
    for name, frame in own.items():
        connection.register(f"{name}_2024", frame)
    names = {name: f"{name}_2024" for name in own}
    statement = features.to_sql(tables, CUTOFFS, dialect="duckdb", names=names)
    found = connection.sql(statement).df()
    expected = features.transform(tables, CUTOFFS).reset_index()
    expected = expected[["customer_id", "cutoff", *features.feature_names_out_]]
    assert_frame_equal(found.astype(expected.dtypes), expected, check_exact=True)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"dialect": "oracle"}, "dialect must be one of"),
        ({"dialect": "spark", "names": {"sales": "x"}}, "are no tables here"),
        ({"dialect": "spark", "names": {"transactions": "a b c"}}, "not the name"),
        ({"dialect": "spark", "names": {"transactions": "f(x)"}}, "not the name"),
        ({"dialect": "spark", "names": {"transactions": 3}}, "not the name"),
    ],
)
def test_what_cannot_be_written_is_refused(here, arguments, text):
    with pytest.raises(SchemaError, match=text):
        RFM().fit(here, CUTOFFS).to_sql(here, CUTOFFS, **arguments)


def test_a_relation_stays_in_process(here, make_builder):
    features = make_builder("RFM", ["7D"]).fit(here, CUTOFFS)
    relation = features.to_relation(here, CUTOFFS)
    assert relation.columns == ["customer_id", "cutoff", *features.feature_names_out_]
    expected = features.transform(here, CUTOFFS).reset_index()
    found = relation.df()[["cutoff", "customer_id", *features.feature_names_out_]]
    assert_frame_equal(found, expected, check_dtype=False)
