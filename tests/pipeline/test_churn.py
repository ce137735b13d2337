"""From tables to a list of leavers: who is in it, in which order, and why."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from crmml.exceptions import LeakageError, NotEnoughHistoryError, SchemaError
from crmml.features import RFM, ComplaintRate, FeatureSet, Tenure
from crmml.labels import ContractEnd, FutureSpend, Inactivity, NextPurchase
from crmml.models import LogisticChurnClassifier, TreeChurnClassifier
from crmml.pipeline import ChurnPipeline
from crmml.tables import make_spine

TRAIN = ["2023-10-01", "2024-01-01"]
CUTOFF = "2024-06-01"


def make_pipe(label=None, classifier=None, features=None):
    return ChurnPipeline(
        features=features or FeatureSet([RFM(), Tenure(), ComplaintRate()]),
        label=label or Inactivity("60D"),
        classifier=classifier or LogisticChurnClassifier(),
    )


@pytest.fixture(scope="module")
def fitted(shop):
    return make_pipe().fit(shop, TRAIN)


def test_predictions_are_those_who_could_still_leave_in_the_spines_order(fitted, shop):
    found = fitted.predict(shop, CUTOFF)
    spine = make_spine(shop, CUTOFF, active_within="60D")
    assert found["customer_id"].tolist() == spine["customer_id"].tolist()
    assert found.index.equals(pd.RangeIndex(len(spine)))
    assert found["churn_probability"].between(0, 1).all()
    both = fitted.predict_proba(shop, CUTOFF)
    assert both.shape == (len(spine), 2)
    # Two floats of one sum: a rounding error apart at most.
    np.testing.assert_allclose(both.sum(axis=1), 1, atol=1e-12)
    assert (both[:, 1] == found["churn_probability"]).all()


def test_columns_and_reasons(fitted, shop):
    names = ["customer_id", "churn_probability", "decile"]
    found = fitted.predict(shop, CUTOFF, n_reasons=2)
    assert found.columns.tolist() == [*names, "reason_1", "reason_2"]
    assert found["reason_1"].notna().any()
    # A second reason stands only beside a first.
    assert found.loc[found["reason_1"].isna(), "reason_2"].isna().all()
    assert fitted.predict(shop, CUTOFF, n_reasons=0).columns.tolist() == names
    for bad in (-1, 1.5, "all"):
        with pytest.raises(SchemaError, match="n_reasons must be a whole number"):
            fitted.predict(shop, CUTOFF, n_reasons=bad)


def test_a_roster_is_scored_as_it_stands(fitted, shop):
    """Silent customers and strangers too, and the rest of the batch has no say."""
    whole = fitted.predict(shop, CUTOFF).set_index("customer_id")
    known = whole.index[[5, 2, 9]].tolist()
    roster = [known[0], "a stranger", *known[1:]]
    found = fitted.predict(shop, CUTOFF, customers=roster)
    assert found["customer_id"].tolist() == roster
    assert np.isfinite(found["churn_probability"]).all()
    own = found.set_index("customer_id").loc[known, "churn_probability"]
    # The same row in a batch of another size: rounding of one dot product.
    np.testing.assert_allclose(
        own, whole.loc[known, "churn_probability"], rtol=0, atol=1e-12
    )
    alone = fitted.predict(shop, CUTOFF, customers=[known[0]])
    assert alone["reason_1"].tolist() == whole.loc[known[:1], "reason_1"].tolist()


@pytest.mark.parametrize(
    "classifier",
    [LogisticChurnClassifier(), HistGradientBoostingClassifier(max_iter=5)],
    ids=["with reasons", "without"],
)
def test_an_empty_roster_has_an_empty_result_of_the_same_columns(shop, classifier):
    pipe = make_pipe(classifier=classifier).fit(shop, TRAIN)
    whole, none = pipe.predict(shop, CUTOFF), pipe.predict(shop, CUTOFF, customers=[])
    assert none.empty
    assert none.dtypes.to_dict() == whole.dtypes.to_dict()
    assert pipe.predict_proba(shop, CUTOFF, customers=[]).shape == (0, 2)


def test_deciles_are_tenths_by_risk(fitted, shop):
    found = fitted.predict(shop, CUTOFF).sort_values("churn_probability")
    assert found["decile"].is_monotonic_decreasing
    sizes = found["decile"].value_counts()
    assert set(sizes.index) == set(range(1, 11))
    assert sizes.max() - sizes.min() <= 1


def test_equal_risks_share_a_decile(shop):
    class Constant(LogisticRegression):
        def predict_proba(self, X):
            return np.full((len(X), 2), 0.5)

    pipe = make_pipe(classifier=Constant(), features=RFM()).fit(shop, TRAIN)
    found = pipe.predict(shop, CUTOFF)
    assert (found["decile"] == found["decile"].iloc[0]).all()


def ids_of(index):
    return set(index.get_level_values("customer_id"))


@pytest.mark.parametrize("label", [Inactivity("60D"), ContractEnd("60D")])
def test_who_is_gone_is_neither_trained_on_nor_scored(club, company, witness, label):
    pipe = make_pipe(label=label, classifier=witness).fit(club, TRAIN)
    scored = set(pipe.predict(club, CUTOFF)["customer_id"])
    left = company.truth.set_index("customer_id")["left_at"]
    gone_by_now = set(left.index[left < CUTOFF])
    assert gone_by_now
    assert not scored & gone_by_now
    for cutoff in TRAIN:
        trained = ids_of(
            pipe.classifier_.fitted_to_[
                pipe.classifier_.fitted_to_.get_level_values("cutoff") == cutoff
            ]
        )
        gone = set(left.index[left < cutoff])
        assert gone
        assert trained
        assert not trained & gone


def test_the_silent_are_gone_where_silence_is_the_sign(shop, company, witness):
    pipe = make_pipe(label=Inactivity("30D"), classifier=witness).fit(shop, TRAIN)
    scored = set(pipe.predict(shop, CUTOFF)["customer_id"])
    sales, cutoff = company.transactions, pd.Timestamp(CUTOFF)
    is_recent = (sales["timestamp"] < cutoff) & (
        sales["timestamp"] >= cutoff - pd.Timedelta("30D")
    )
    assert scored == set(sales.loc[is_recent, "customer_id"])
    wider = make_pipe(label=Inactivity("30D", active_within="90D"), classifier=witness)
    assert set(wider.fit(shop, TRAIN).predict(shop, CUTOFF)["customer_id"]) > scored


def test_who_leaves_before_the_window_is_left_out_and_counted(club, company):
    pipe = make_pipe(label=ContractEnd("60D", gap="20D")).fit(club, TRAIN[1])
    left = company.truth["left_at"]
    in_gap = (left >= TRAIN[1]) & (left < pd.Timestamp(TRAIN[1]) + pd.Timedelta("20D"))
    assert pipe.n_unlabelled_ == in_gap.sum() > 0
    there = make_spine(club, TRAIN[1])
    assert pipe.n_customers_ == len(there) - in_gap.sum()
    end = pd.Timestamp(TRAIN[1]) + pd.Timedelta("80D")
    churned = (left >= TRAIN[1]) & (left < end) & ~in_gap
    assert pipe.base_rate_ == pytest.approx(churned.sum() / pipe.n_customers_)


def test_order_of_rows_changes_no_score(company, declare_sales):
    pipe = make_pipe(features=FeatureSet([RFM(), Tenure()]))
    results = []
    for seed in (0, 1):
        sales = company.transactions.sample(frac=1, random_state=seed)
        tables = declare_sales(sales.iloc[:, ::-1])
        results.append(pipe.fit(tables, TRAIN[::-1]).predict(tables, CUTOFF))
    assert_frame_equal(*results, check_exact=True)


def test_scores_know_nothing_of_the_time_after_the_cutoff(company, declare_sales):
    """Trained on closed windows, scored at the cutoff: the future may be anything."""
    sales = company.transactions
    is_future = sales["timestamp"] >= CUTOFF
    rng = np.random.default_rng(0)
    wild = sales.assign(
        amount=sales["amount"].where(~is_future, 1e6),
        customer_id=sales["customer_id"].where(
            ~is_future, rng.permutation(sales["customer_id"])
        ),
    )
    futures = [sales, sales[~is_future], wild, pd.concat([sales, sales[is_future]])]
    pipe = make_pipe(features=FeatureSet([RFM(), Tenure()]))
    results = [
        pipe.fit(declare_sales(one), TRAIN).predict(declare_sales(one), CUTOFF)
        for one in futures
    ]
    for result in results[1:]:
        assert_frame_equal(result, results[0], check_exact=True)


@pytest.mark.parametrize(
    "classifier",
    [
        HistGradientBoostingClassifier(max_iter=10),
        make_pipeline(SimpleImputer(), LogisticRegression(max_iter=1000)),
    ],
    ids=["boosting", "pipeline"],
)
def test_any_classifier_of_scikit_learn_will_do(shop, classifier):
    pipe = make_pipe(classifier=classifier).fit(shop, TRAIN)
    found = pipe.predict(shop, CUTOFF)
    assert found.columns.tolist() == ["customer_id", "churn_probability", "decile"]


def test_reasons_are_in_words_in_both_languages(fitted, shop):
    english = fitted.predict(shop, CUTOFF, n_reasons=1)["reason_1"].dropna()
    chinese = fitted.predict(shop, CUTOFF, n_reasons=1, language="zh")["reason_1"]
    raw = fitted.features_.get_feature_names_out()
    for sentences in (english, chinese.dropna()):
        assert not sentences.str.startswith(tuple(raw)).any()
    assert chinese.dropna().str.endswith("流失风险升高").all()
    own = dict.fromkeys(raw, "our name")
    named = fitted.predict(shop, CUTOFF, n_reasons=1, names=own)["reason_1"].dropna()
    assert named.str.startswith("our name: ").all()


def test_reasons_may_be_in_words_of_your_own(fitted, shop):
    own = dict.fromkeys(("number", "value", "missing"), "look at {name}")
    reasons = fitted.predict(shop, CUTOFF, n_reasons=1, templates=own)["reason_1"]
    assert reasons.dropna().str.startswith("look at ").all()
    with pytest.raises(SchemaError, match="templates has unknown keys"):
        fitted.predict(shop, CUTOFF, templates={"nonsense": "x"})


def test_a_tree_gives_reasons_too(shop):
    pipe = make_pipe(classifier=TreeChurnClassifier()).fit(shop, TRAIN)
    assert "reason_3" in pipe.predict(shop, CUTOFF)


@pytest.mark.parametrize("container", ["polars", "arrow"])
def test_the_container_of_the_features_does_not_matter(shop, fitted, container):
    features = FeatureSet([RFM(), Tenure(), ComplaintRate()])
    pipe = make_pipe(features=features.set_output(transform=container))
    found = pipe.fit(shop, TRAIN).predict(shop, CUTOFF)
    assert_frame_equal(found, fitted.predict(shop, CUTOFF), check_exact=True)
    assert len(pipe.backtest(shop, CUTOFF)) == 3


def test_a_single_builder_will_do(shop):
    pipe = make_pipe(features=RFM()).fit(shop, TRAIN)
    assert pipe.features_.get_feature_names_out().tolist() == [
        "days_since_last_purchase",
        "n_orders",
        "total_spend",
    ]


def test_what_was_learned_is_kept(fitted):
    assert fitted.cutoffs_ == [pd.Timestamp(one) for one in TRAIN]
    assert 0 < fitted.base_rate_ < 1
    assert fitted.n_unlabelled_ == 0


def test_pipelines_can_be_cloned_and_set(fitted, shop):
    fresh = clone(fitted)
    assert repr(fresh) == repr(fitted)
    assert not hasattr(fresh, "classifier_")
    fresh.set_params(label__horizon="30D", classifier__C=0.1)
    assert fresh.label.window[1] == pd.Timedelta("30D")
    assert fitted.label.window[1] == pd.Timedelta("60D")
    before = repr(fitted.get_params())
    fitted.predict(shop, CUTOFF)
    assert repr(fitted.get_params()) == before
    with pytest.raises(NotFittedError):
        fresh.predict(shop, CUTOFF)


def test_inputs_are_not_modified(company, shop):
    before = company.transactions.copy(deep=True)
    make_pipe().fit(shop, TRAIN).predict(shop, CUTOFF)
    assert_frame_equal(company.transactions, before, check_exact=True)


def test_fit_twice_is_fit_once(fitted, shop):
    again = clone(fitted).fit(shop, TRAIN).fit(shop, TRAIN).predict(shop, CUTOFF)
    assert_frame_equal(again, fitted.predict(shop, CUTOFF), check_exact=True)


def test_one_outcome_only_is_said_with_counts(shop):
    everyone = Inactivity("1s", active_within="300D")
    with pytest.raises(NotEnoughHistoryError) as caught:
        make_pipe(label=everyone).fit(shop, TRAIN)
    message = str(caught.value)
    assert "0 stayed; both are needed" in message
    assert "horizon" in message


def test_a_history_shorter_than_the_silence_is_said(shop):
    with pytest.raises(NotEnoughHistoryError, match="At 1 of 2 cutoffs the history is"):
        make_pipe().fit(shop, ["2023-02-10", "2023-10-01"])


def test_fewer_than_two_customers_are_said(declare_sales, company):
    sales = company.transactions
    one = sales[sales["customer_id"] == sales["customer_id"].iloc[0]]
    with pytest.raises(NotEnoughHistoryError, match="Of 1 customers"):
        make_pipe(features=RFM()).fit(declare_sales(one), "2023-02-01")


@pytest.mark.parametrize(
    ("cutoffs", "error", "message"),
    [
        ("2024-12-01", LeakageError, "label window of 1 of 1 cutoffs is still open"),
        (["2024-01-01", "2024-12-15"], LeakageError, "1 of 2 cutoffs is still open"),
        ("2022-01-01", NotEnoughHistoryError, "no event before it"),
        ("2026-01-01", NotEnoughHistoryError, "lies after the data"),
        ([], SchemaError, "cutoffs is empty"),
        (["2024-01-01", "2024-01-01"], SchemaError, "repeats 1 of its 2"),
        (iter(["2024-01-01"]), SchemaError, "only once"),
    ],
)
def test_cutoffs_that_cannot_be_trained_on_are_refused(shop, cutoffs, error, message):
    with pytest.raises(error, match=message):
        make_pipe().fit(shop, cutoffs)


def test_cutoffs_that_cannot_be_scored_are_refused(fitted, shop):
    with pytest.raises(SchemaError, match="predict takes one cutoff"):
        fitted.predict(shop, [CUTOFF])
    with pytest.raises(NotEnoughHistoryError, match="lies after the data"):
        fitted.predict_proba(shop, "2026-01-01")


def test_nobody_active_is_said(fitted, company, declare_sales):
    old = company.transactions[company.transactions["timestamp"] < "2023-06-01"]
    calls = make_pipe(features=RFM()).fit(declare_sales(company.transactions), TRAIN)
    with pytest.raises(NotEnoughHistoryError, match="active within 60 days"):
        calls.predict(declare_sales(old), CUTOFF)
    with pytest.raises(SchemaError, match="complaints: this table is needed"):
        fitted.predict(declare_sales(old), "2023-06-01")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"features": [RFM()]}, "features must be a FeatureSet, got list"),
        ({"features": RFM}, "features must be a FeatureSet"),
        ({"label": "60D"}, "label must be a label such as .* got str"),
        ({"label": FutureSpend("60D")}, "must say who leaves.* gives future_spend"),
        ({"label": NextPurchase("60D")}, "gives days_to_next_purchase, a number"),
        ({"classifier": "logistic"}, "classifier must have predict_proba"),
    ],
)
def test_parts_that_do_not_fit_are_named(shop, parts, message):
    pipe = make_pipe().set_params(**parts)
    with pytest.raises(SchemaError, match=message):
        pipe.fit(shop, TRAIN)
    with pytest.raises(SchemaError, match=message):
        pipe.backtest(shop, CUTOFF, train_cutoffs=TRAIN)
