"""A backtest never learns from what was not yet known at the tested cutoff."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from crmml.evaluation import compute_classification_summary
from crmml.exceptions import LeakageError, NotEnoughHistoryError, SchemaError
from crmml.features import RFM, FeatureSet, Tenure
from crmml.labels import ContractEnd, Inactivity
from crmml.models import LogisticChurnClassifier
from crmml.pipeline import ChurnPipeline
from crmml.tables import CustomerTables, Transactions, make_spine

TRAIN = ["2023-10-01", "2024-01-01", "2024-04-15"]
TESTED = ["2024-03-05", "2024-05-01", "2024-06-01"]


def make_pipe(label, classifier, features=None):
    return ChurnPipeline(
        features=features or FeatureSet([RFM(), Tenure()]),
        label=label,
        classifier=classifier,
    )


@pytest.mark.parametrize(
    "label",
    [
        Inactivity("60D"),
        Inactivity("30D", gap="20D"),
        ContractEnd("45D", gap="5D"),
        # The window closes at the very instant of a later cutoff.
        Inactivity("27D", gap="4D"),
    ],
    ids=["silence", "gap", "contract", "touching"],
)
def test_training_windows_are_over_at_the_tested_cutoff(club, witness, label):
    make_pipe(label, witness).backtest(club, TESTED, train_cutoffs=TRAIN)
    every = pd.to_datetime(sorted({*TRAIN, *TESTED}))
    reach = label.window[1]
    assert [asked.get_level_values(0)[0] for _, asked in witness.diary] == list(
        pd.to_datetime(TESTED)
    )
    for trained, asked in witness.diary:
        tested = asked.get_level_values("cutoff").unique()
        assert len(tested) == 1
        used = trained.get_level_values("cutoff").unique()
        # Not one that was open, and every one that was closed.
        assert set(used) == {one for one in every if one + reach <= tested[0]}
        assert used.max() + reach <= tested[0]


def scores_of(pipe, tables):
    return pipe.backtest_scores(tables, TESTED, train_cutoffs=TRAIN)


def test_what_happens_after_the_last_window_changes_nothing(company, declare_sales):
    """After the tested cutoff plus horizon, events may be deleted or scrambled."""
    label = Inactivity("60D")
    end = pd.Timestamp(TESTED[-1]) + label.window[1]
    sales = company.transactions
    is_later = sales["timestamp"] >= end
    assert is_later.any()
    rng = np.random.default_rng(1)
    scrambled = sales.assign(
        customer_id=sales["customer_id"].where(
            ~is_later, rng.permutation(sales["customer_id"])
        ),
        amount=sales["amount"].where(~is_later, -1e6),
    )
    pipe = make_pipe(label, LogisticChurnClassifier())
    expected = scores_of(pipe, declare_sales(sales))
    for changed in (sales[~is_later], scrambled):
        assert_frame_equal(scores_of(pipe, declare_sales(changed)), expected)


def test_what_happens_after_a_cutoff_changes_no_score_at_it(company, declare_sales):
    """It may change who turns out to have left, but never what was predicted."""
    label = Inactivity("60D")
    sales, cutoff = company.transactions, pd.Timestamp(TESTED[1])
    is_future = sales["timestamp"] >= cutoff
    rng = np.random.default_rng(2)
    changed = sales.assign(
        customer_id=sales["customer_id"].where(
            ~is_future, rng.permutation(sales["customer_id"])
        )
    )
    pipe = make_pipe(label, LogisticChurnClassifier())
    tested = [
        pipe.backtest_scores(declare_sales(one), TESTED[1], train_cutoffs=TRAIN)
        for one in (sales, changed)
    ]
    assert_frame_equal(*[one.drop(columns="churn") for one in tested])
    assert (tested[0]["churn"] != tested[1]["churn"]).any()


def test_order_of_rows_and_cutoffs_changes_no_score(company, declare_sales):
    sales = company.transactions
    pipe = make_pipe(Inactivity("60D"), LogisticChurnClassifier())
    expected = scores_of(pipe, declare_sales(sales))
    tables = declare_sales(sales.sample(frac=1, random_state=3))
    found = pipe.backtest_scores(tables, TESTED[::-1], train_cutoffs=TRAIN[::-1])
    assert_frame_equal(found, expected, check_exact=True)


def test_scores_stand_beside_their_outcomes(shop):
    label = Inactivity("60D")
    pipe = make_pipe(label, LogisticChurnClassifier())
    found = scores_of(pipe, shop)
    assert found.columns.tolist() == [
        "cutoff",
        "customer_id",
        "churn",
        "model",
        "score",
        "probability",
        "n_train",
    ]
    spine = make_spine(shop, TESTED, active_within="60D")
    labels = label.transform(shop, spine=spine)
    for model, own in found.groupby("model"):
        keys = own[["cutoff", "customer_id"]].reset_index(drop=True)
        assert_frame_equal(keys, spine[["cutoff", "customer_id"]])
        assert own["churn"].tolist() == labels.tolist(), model
    assert np.isfinite(found["score"]).all()


def test_scores_at_a_cutoff_equal_a_pipeline_fitted_to_the_closed_ones(shop):
    label = Inactivity("60D")
    pipe = make_pipe(label, LogisticChurnClassifier())
    found = pipe.backtest_scores(shop, TESTED[0], train_cutoffs=TRAIN)
    own = found[found["model"] == "LogisticChurnClassifier"]
    closed = [
        one
        for one in TRAIN
        if pd.Timestamp(one) + label.window[1] <= pd.Timestamp(TESTED[0])
    ]
    expected = pipe.fit(shop, closed).predict(shop, TESTED[0])
    assert own["customer_id"].tolist() == expected["customer_id"].tolist()
    assert own["score"].tolist() == expected["churn_probability"].tolist()
    assert (own["n_train"] == pipe.n_customers_).all()


def test_the_table_measures_the_scores(shop):
    pipe = make_pipe(Inactivity("60D"), LogisticChurnClassifier())
    table, scores = (
        call(shop, TESTED, train_cutoffs=TRAIN)
        for call in (pipe.backtest, pipe.backtest_scores)
    )
    assert table["cutoff"].unique().tolist() == list(pd.to_datetime(TESTED))
    assert set(table["model"]) == {
        "LogisticChurnClassifier",
        "rule: days since last purchase",
        "rule: base rate",
    }
    for row in table.to_dict("records"):
        own = scores[
            (scores["cutoff"] == row["cutoff"]) & (scores["model"] == row["model"])
        ]
        ranking = compute_classification_summary(
            own["churn"], own["score"], is_probability=False
        )
        honesty = compute_classification_summary(own["churn"], own["probability"])
        expected = {**ranking, **honesty[["brier", "log_loss"]]}
        for name, value in expected.items():
            assert row[name] == pytest.approx(value, nan_ok=True, abs=0), name
        assert row["auc_low"] <= row["auc"] <= row["auc_high"]
    base = table[table["model"] == "rule: base rate"]
    assert (base["auc"] == 0.5).all()


def test_without_transactions_there_is_no_recency_rule(make_tables, company):
    people = company.customers.assign(left_at=company.truth["left_at"])
    tables = make_tables(customers=people, observed_until="2024-12-31")
    pipe = make_pipe(ContractEnd("60D"), LogisticChurnClassifier(), Tenure())
    table = pipe.backtest(tables, TESTED[0], train_cutoffs=TRAIN)
    assert table["model"].tolist() == ["LogisticChurnClassifier", "rule: base rate"]


def test_fitted_cutoffs_are_trained_on_unless_others_are_given(shop, witness):
    pipe = make_pipe(Inactivity("60D"), witness).fit(shop, TRAIN[:1])
    pipe.backtest(shop, TESTED[1])
    assert witness.diary[0][0].get_level_values("cutoff").unique().tolist() == [
        pd.Timestamp(TRAIN[0])
    ]


@pytest.mark.parametrize(
    ("tested", "trained", "error", "message"),
    [
        ("2024-03-01", None, LeakageError, "No training snapshot had closed"),
        ("2024-03-01", [], LeakageError, "No training snapshot had closed"),
        ("2024-03-01", "2024-01-15", LeakageError, r"at \['2024-03-01 00:00:00'\]"),
        ("2024-03-01", "2024-06-01", LeakageError, "Give earlier train_cutoffs"),
        (TESTED[:2], TESTED[2], LeakageError, r"\['2024-03-05 00:00:00', '2024-05"),
        ("2024-12-15", "2024-01-01", LeakageError, "1 of 2 cutoffs is still open"),
        ([], TRAIN, SchemaError, "cutoffs is empty"),
        ([], None, SchemaError, "cutoffs is empty"),
        ("soon", TRAIN, SchemaError, "ISO 8601"),
        ("2024-03-05", "2022-01-01", NotEnoughHistoryError, "no event before it"),
    ],
)
def test_a_test_that_would_learn_from_the_future_is_refused(
    shop, tested, trained, error, message
):
    pipe = make_pipe(Inactivity("60D"), LogisticChurnClassifier())
    with pytest.raises(error, match=message):
        pipe.backtest(shop, tested, train_cutoffs=trained)


def test_a_window_that_closes_at_the_tested_cutoff_is_closed(shop):
    pipe = make_pipe(Inactivity("60D"), LogisticChurnClassifier())
    pipe.backtest(shop, "2024-03-01", train_cutoffs="2024-01-01")
    with pytest.raises(LeakageError):
        pipe.backtest(shop, "2024-03-01", train_cutoffs="2024-01-01T00:00:00.000001")


def test_a_snapshot_without_anyone_is_said(declare_sales):
    """Nobody bought in the weeks before the tested cutoff."""
    days = pd.to_datetime(["2024-01-01", "2024-01-05", "2024-02-01", "2024-06-01"])
    sales = pd.DataFrame(
        {"customer_id": list("abab"), "timestamp": days, "amount": 1.0, "order_id": 1}
    )
    pipe = make_pipe(Inactivity("14D"), LogisticChurnClassifier(), RFM())
    with pytest.raises(NotEnoughHistoryError) as caught:
        pipe.backtest(declare_sales(sales), "2024-05-01", train_cutoffs="2024-01-10")
    message = str(caught.value)
    assert "At 2024-05-01 00:00:00 there are 0 customers to test, and 2" in message
    with pytest.raises(NotEnoughHistoryError, match="and 0 in closed snapshots"):
        pipe.backtest(declare_sales(sales), "2024-02-10", train_cutoffs="2024-01-25")


def test_one_outcome_in_training_is_said(shop):
    pipe = make_pipe(Inactivity("1s", active_within="300D"), LogisticChurnClassifier())
    with pytest.raises(NotEnoughHistoryError, match="0 stayed"):
        pipe.backtest(shop, TESTED[0], train_cutoffs=TRAIN)


def test_cutoffs_in_other_zones_are_the_same_instants(company, declare_sales):
    sales = company.transactions
    aware = sales.assign(timestamp=sales["timestamp"].dt.tz_localize("UTC"))
    tables = declare_sales(aware, observed_until="2025-01-01T00:00Z")
    pipe = make_pipe(Inactivity("60D"), LogisticChurnClassifier())
    train = [pd.Timestamp(one, tz="UTC").tz_convert("Asia/Tokyo") for one in TRAIN]
    found = pipe.backtest_scores(tables, f"{TESTED[0]}T00:00Z", train_cutoffs=train)
    expected = pipe.backtest_scores(
        declare_sales(sales), TESTED[0], train_cutoffs=TRAIN
    )
    assert (found["cutoff"] == pd.Timestamp(TESTED[0], tz="UTC")).all()
    columns = ["customer_id", "churn", "model", "score", "probability", "n_train"]
    assert_frame_equal(found[columns], expected[columns], check_exact=True)


def test_training_labels_are_those_known_at_the_tested_cutoff(company):
    """Rows recorded at a tested cutoff change its scores as little as no rows."""
    at = pd.Timestamp(TESTED[-1])
    sales = company.transactions
    when = pd.to_datetime(sales["timestamp"])
    is_late = (when >= at - pd.Timedelta("45D")) & (when < at)
    is_late &= np.random.default_rng(0).random(len(sales)) < 0.7
    sales = sales.assign(known=when.mask(is_late, at))
    both = [
        make_pipe(Inactivity("30D"), LogisticChurnClassifier()).backtest_scores(
            CustomerTables(
                transactions=Transactions(
                    frame,
                    customer_id="customer_id",
                    timestamp="timestamp",
                    amount="amount",
                    order_id="order_id",
                    recorded_at="known",
                ),
                observed_until="2025-01-01",
            ),
            [TESTED[-1]],
            train_cutoffs=[*TRAIN, "2024-05-01"],
        )
        for frame in (sales, sales[~is_late])
    ]
    assert is_late.sum() > 10
    assert_frame_equal(*both)
