"""The leak test sees what a user could get wrong, and nothing where nothing is."""

import pandas as pd
import polars as pl
import pytest
import sqlglot.expressions as exp
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from crmml.datasets import load_cdnow
from crmml.exceptions import LeakageError, NotEnoughHistoryError, SchemaError
from crmml.features import (
    RFM,
    Activity,
    ComplaintRate,
    CustomerAttributes,
    FeatureSet,
    Tenure,
)
from crmml.features._builder import PointInTimeBuilder
from crmml.features._declarations import Feature
from crmml.features._expressions import days, minus
from crmml.labels import Inactivity
from crmml.models import (
    BetaBinomialModel,
    BetaGeoModel,
    GammaGammaModel,
    LogisticChurnClassifier,
    RegularBetaGeoModel,
)
from crmml.pipeline import ChurnPipeline, ValuePipeline, assert_no_leakage
from crmml.pipeline._edited_tables import FutureEditor, copy_tables
from crmml.tables import Complaints, Customers, CustomerTables, Transactions
from crmml.tables import _sql as sql
from crmml.tables._spine import build_spine

CUTOFF = "2024-06-01"
HONEST = FeatureSet([RFM(windows=["90D", None]), Tenure(), Activity(), ComplaintRate()])


class Subquery(PointInTimeBuilder):
    """Asks for the last event of the whole table behind the builder's back."""

    def declare(self, ask):
        last = exp.select(exp.Max(this=sql.column("timestamp"))).from_(
            sql.table("transactions")
        )
        orders = ask.aggregate("transactions", "count")
        return [
            Feature("n_rows", orders, kind="integer"),
            Feature("days_to_the_last", days(minus(last.subquery(), ask.cutoff))),
        ]


class ForgottenInstant(PointInTimeBuilder):
    """Reads when complaints were resolved, without asking whether they were by then."""

    def declare(self, ask):
        length = minus(sql.column("resolved_at"), sql.column("timestamp"))
        return [Feature("days_open", days(ask.aggregate("complaints", "sum", length)))]


class TodaysOrders(RFM):
    """Adds orders counted over the frame as it stands, in whatever library it is."""

    def transform(self, tables, cutoffs=None, *, spine=None):
        features = super().transform(tables, cutoffs, spine=spine)
        rows = tables.transactions.to_arrow(["customer_id"]).to_pandas()
        counts = rows["customer_id"].value_counts()
        return features.assign(n_ever=counts.reindex(features.index).to_numpy())


class PandasMean(RFM):
    """Reads a column of the user's frame by its own name."""

    def transform(self, tables, cutoffs=None, *, spine=None):
        features = super().transform(tables, cutoffs, spine=spine)
        return features.assign(typical=tables.transactions.data["geld"].median())


class LearnsTheFuture(PointInTimeBuilder):
    """Learns the mean amount of all rows, whatever the cutoff."""

    def learn(self, tables, before):
        amounts = tables.transactions.to_arrow(["amount"]).to_pandas()
        self.mean_ = int(amounts["amount"].mean() * 100)

    def declare(self, ask):
        mean = sql.number(getattr(self, "mean_", 0))
        spend = ask.aggregate("transactions", "sum", "amount")
        return [Feature("spend_over_mean", days(minus(spend, mean)))]


LEAKS = {
    Subquery: ["days_to_the_last"],
    ForgottenInstant: ["days_open"],
    TodaysOrders: ["n_ever"],
    LearnsTheFuture: ["spend_over_mean"],
}


def find(what, tables, cutoff=CUTOFF, **kwargs):
    with pytest.raises(LeakageError) as caught:
        assert_no_leakage(what, tables, cutoff, **kwargs)
    return str(caught.value)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("kind", ["shop", "club"])
def test_the_librarys_own_features_do_not_move(request, kind, seed):
    tables = request.getfixturevalue(kind)
    assert assert_no_leakage(HONEST, tables, CUTOFF, random_state=seed) is None


@pytest.mark.parametrize("leak", LEAKS)
@pytest.mark.parametrize("is_fitted", [False, True])
def test_a_leak_is_named_and_nothing_else(shop, leak, is_fitted):
    builder = leak()
    if is_fitted:
        builder.fit(shop, CUTOFF)
    message = find(builder, shop)
    for name in LEAKS[leak]:
        assert f"{name!r} (" in message
    assert message.startswith(f"{len(LEAKS[leak])} of ")
    assert "n_orders" not in message
    assert "n_rows" not in message


def test_one_leak_among_many_features_is_found(shop):
    several = FeatureSet([RFM(), Tenure(), ForgottenInstant()])
    message = find(several, shop)
    assert message.startswith("1 of 5 features and scores at 2024-06-01")
    assert "'days_open' (deleted, scrambled, added)" in message


def make_pipe(features, classifier=None):
    return ChurnPipeline(
        features=features,
        label=Inactivity("60D"),
        classifier=classifier or LogisticChurnClassifier(),
    )


def test_pipelines_are_tested_fitted_or_not(shop):
    cutoffs = ["2023-10-01", "2024-01-01"]
    honest = make_pipe(FeatureSet([RFM(), ComplaintRate()]))
    assert_no_leakage(honest, shop, CUTOFF)
    assert_no_leakage(honest.fit(shop, cutoffs), shop, CUTOFF)
    plain = make_pipeline(StandardScaler(), LogisticRegression())
    leaking = make_pipe(Subquery(), plain)
    assert "'churn_probability'" not in find(leaking, shop)
    # The feature is the same for all at a cutoff; between the two it tells.
    message = find(leaking.fit(shop, cutoffs), shop)
    assert "'churn_probability' (" in message
    assert "'days_to_the_last' (" in message


def make_value(purchases=None, covariates=None):
    return ValuePipeline(
        purchases=purchases or BetaGeoModel(),
        spend=GammaGammaModel(),
        covariates=covariates,
    )


@pytest.mark.parametrize(
    "purchases",
    [
        BetaGeoModel(unit="7D"),
        BetaBinomialModel(unit="30D"),
        RegularBetaGeoModel(unit="7D", log_gaps="log_gaps"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_summaries_of_value_pipelines_do_not_move(shop, purchases):
    assert_no_leakage(make_value(purchases), shop, CUTOFF)


def test_a_fitted_value_pipeline_is_tested_and_left_as_it_was():
    names = {"customer_id": "customer_id", "timestamp": "date"}
    sales = Transactions(load_cdnow(sample=True), **names, amount="dollar_value")
    fitted = make_value(BetaGeoModel(unit="7D")).fit(sales, "1997-10-01")
    before = fitted.purchases_.params_.copy()
    assert_no_leakage(fitted, sales, "1998-01-01")
    pd.testing.assert_series_equal(fitted.purchases_.params_, before)


@pytest.mark.parametrize("leak", [Subquery, ForgottenInstant])
def test_a_covariate_of_a_value_pipeline_that_leaks_is_named(shop, leak):
    leaking = make_value(BetaGeoModel(covariates=LEAKS[leak]), leak())
    message = find(leaking, shop)
    assert message.startswith("1 of ")
    assert f"{LEAKS[leak][0]!r} (" in message
    assert not hasattr(leaking, "purchases_")


def test_what_is_tested_is_left_as_it_was(shop):
    builder = RFM().set_output(transform="polars")
    assert_no_leakage(builder, shop, CUTOFF)
    assert not hasattr(builder, "feature_names_out_")
    assert isinstance(builder.fit_transform(shop, CUTOFF), pl.DataFrame)


@pytest.fixture
def rows():
    """Two customers; ids with zeros, keys with gaps, lines recorded late or never."""
    return {
        "kunde": ["007", "7", "007", "7", None],
        "tag": ["2024-01-01", "2024-01-10", "2024-02-01", "2024-03-05", "2024-03-05"],
        "geld": [10.0, 20.5, 5.25, -1.0, 7.0],
        "bon": [1, 2, None, 3, 4],
        "notiert": ["2024-01-01", "2024-01-10", "2024-03-20", None, None],
    }


def declare(data, recorded="notiert"):
    sales = Transactions(
        data,
        customer_id="kunde",
        timestamp="tag",
        amount="geld",
        order_id="bon",
        recorded_at=recorded,
    )
    with pytest.warns(UserWarning, match="1 of 5"):
        return CustomerTables(transactions=sales, observed_until="2024-06-01")


def as_pandas(rows, folder):
    return pd.DataFrame(rows).astype({"bon": "Int64"})


def as_polars(rows, folder):
    return pl.DataFrame(rows)


def as_arrow(rows, folder):
    return pl.DataFrame(rows).to_arrow()


def as_parquet(rows, folder):
    pl.DataFrame(rows).write_parquet(folder / "rows.parquet")
    return str(folder / "rows.parquet")


def as_csv(rows, folder):
    pl.DataFrame(rows).write_csv(folder / "rows.csv")
    return str(folder / "rows.csv")


@pytest.mark.parametrize("form", [as_pandas, as_polars, as_arrow, as_parquet, as_csv])
@pytest.mark.parametrize("recorded", ["notiert", None])
def test_copies_of_every_source_have_the_same_features(rows, tmp_path, form, recorded):
    tables = declare(form(rows, tmp_path), recorded)
    copy = copy_tables(tables, lambda _, frame: frame)
    assert copy.observed_until == tables.observed_until
    features = FeatureSet([RFM(windows=["30D", None]), Tenure()])
    for cutoff in ("2024-02-15", "2024-03-10", "2024-04-01"):
        pd.testing.assert_frame_equal(
            features.fit_transform(copy, cutoff)
            .reset_index()
            .astype({"customer_id": str}),
            features.fit_transform(tables, cutoff)
            .reset_index()
            .astype({"customer_id": str}),
            check_exact=True,
        )
    assert_no_leakage(features, tables, "2024-02-15")


def test_copies_are_of_the_users_kind_and_names(rows):
    leak = find(PandasMean(), declare(as_pandas(rows, None)), "2024-02-15")
    assert "'typical' (" in leak
    copy = copy_tables(declare(as_polars(rows, None)), lambda _, frame: frame)
    assert isinstance(copy.transactions.data, pl.DataFrame)


def test_edits_change_what_was_not_known_and_nothing_else(rows):
    tables = declare(as_pandas(rows, None))
    cutoff = "2024-03-05"
    spine = build_spine(tables, cutoff)
    at = spine.cutoffs[0]
    editor = FutureEditor(tables, at, spine.rows["customer_id"], 0)
    seen = {}
    copy_tables(tables, lambda _, frame: seen.setdefault("rows", frame))
    original = seen["rows"]
    # The first two lines were known; one was recorded late, one never.
    for edit, n_rows in ((editor.delete, 2), (editor.scramble, 4), (editor.add, 8)):
        edited = edit("transactions", original)
        pd.testing.assert_frame_equal(edited.head(2), original.head(2))
        assert len(edited) == n_rows
        new = edited.iloc[2:]
        is_known = (new["timestamp"] < at) & (new["recorded_at"] < at)
        assert not is_known.fillna(False).any()
    added = editor.add("transactions", original).tail(4)
    assert (added["timestamp"] == at).any()
    assert (added["timestamp"] < at).any()


def test_an_event_at_the_very_cutoff_would_be_seen(shop):
    """Adding is needed: few tables have an event at that instant."""

    class Inclusive(RFM):
        def transform(self, tables, cutoffs=None, *, spine=None):
            later = pd.Timestamp(cutoffs) + pd.Timedelta(1, "us")
            return super().transform(tables, later)

    assert "(added)" in find(Inclusive(), shop)


def test_empty_tables_time_zones_and_shared_columns(company):
    sales = company.transactions.copy()
    sales["timestamp"] = sales["timestamp"].dt.tz_localize("Europe/Berlin")
    sales["customer_id"] = sales["customer_id"].astype("int64")
    people = company.customers.astype({"customer_id": "int64"}).drop(
        columns="joined_at"
    )
    tables = CustomerTables(
        transactions=Transactions(
            sales,
            customer_id="customer_id",
            timestamp="timestamp",
            amount="amount",
            recorded_at="timestamp",
        ),
        complaints=Complaints(
            company.complaints.head(0), customer_id="customer_id", timestamp="timestamp"
        ),
        customers=Customers(people, customer_id="customer_id"),
    )
    features = FeatureSet([RFM(), ComplaintRate()])
    assert_no_leakage(features, tables, "2024-06-01T00:00Z")


@pytest.fixture(params=["pandas", "polars", "parquet"])
def told(request, company, tmp_path):
    """The shop, with what its table of customers says of them today."""
    people = company.customers.assign(
        渠道=["网", "店", None, "网", "店"] * (len(company.customers) // 5),
        n_today=range(len(company.customers)),
        card_at=pd.Timestamp(CUTOFF)
        + pd.to_timedelta(company.customers.index % 9, "D"),
        is_new=company.customers.index % 2 == 0,
    )
    if request.param == "polars":
        people = pl.from_pandas(people)
    if request.param == "parquet":
        path = tmp_path / "people.parquet"
        people.to_parquet(path)
        people = path
    shop = company.to_tables()
    return CustomerTables(
        transactions=shop.transactions,
        customers=Customers(people, customer_id="customer_id", joined_at="joined_at"),
        observed_until=shop.observed_until,
    )


def test_columns_fixed_at_sign_up_do_not_move(told):
    fixed = CustomerAttributes(fixed=["渠道", "n_today", "card_at", "is_new"])
    assert_no_leakage(FeatureSet([RFM(), fixed]), told, CUTOFF)


@pytest.mark.filterwarnings("ignore::crmml.exceptions.LeakageWarning")
def test_columns_as_of_today_are_named(told):
    today = CustomerAttributes(fixed=["card_at"], as_of_today=["渠道", "n_today"])
    message = find(FeatureSet([RFM(), today]), told)
    assert message.startswith("2 of 7 features and scores")
    for name in ("渠道", "n_today"):
        assert f"{name!r} (deleted, scrambled)" in message
    assert (
        "The columns ['n_today', '渠道'] of customers are read as they are" in message
    )
    pipe = make_pipe(today).fit(told, ["2023-10-01", "2024-01-01"])
    assert "'churn_probability' (" in find(pipe, told)


def test_a_builder_of_ones_own_must_say_what_is_fixed(told):
    class Own(PointInTimeBuilder):
        def declare(self, ask):
            wanted = {"is_new": "boolean", "渠道": "text"}
            found = ask.columns_of_customers(wanted, fixed=["渠道"])
            return [
                Feature(name, sql.column(one.alias), one.kind)
                for name, one in found.items()
            ]

    message = find(Own(), told)
    assert message.startswith("1 of 2 features and scores")
    assert "'is_new' (deleted, scrambled)" in message


def test_a_column_that_is_said_to_be_fixed_and_is_not_cannot_be_seen(company, told):
    """As documented: nothing tells when the number of orders was written down."""
    n_orders = company.transactions["customer_id"].value_counts()

    class AsOfToday(RFM):
        def transform(self, tables, cutoffs=None, *, spine=None):
            features = super().transform(tables, cutoffs)
            return features.assign(n_today=n_orders.reindex(features.index).to_numpy())

    assert_no_leakage(AsOfToday(), told, CUTOFF)


def test_what_cannot_be_tested_is_refused(shop):
    with pytest.raises(SchemaError, match="builder, got list"):
        assert_no_leakage([RFM()], shop, CUTOFF)
    with pytest.raises(SchemaError, match="takes one cutoff"):
        assert_no_leakage(RFM(), shop, [CUTOFF])
    with pytest.raises(SchemaError, match="random_state must be a whole number"):
        assert_no_leakage(RFM(), shop, CUTOFF, random_state=None)
    with pytest.raises(NotEnoughHistoryError):
        assert_no_leakage(RFM(), shop, "2030-01-01")
