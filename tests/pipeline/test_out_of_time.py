"""Backtests with money, with groups of customers, calibrated, and put in words."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import roc_auc_score

from crmml.evaluation import expected_profit_score
from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.features import RFM, FeatureSet, Tenure
from crmml.labels import Inactivity
from crmml.models import LogisticChurnClassifier
from crmml.pipeline import ChurnPipeline
from crmml.pipeline._verdict import judge

TRAIN = ["2023-10-01", "2024-01-01"]
TESTED = ["2024-04-01", "2024-06-01", "2024-08-01"]
MONEY = {"clv": 200, "accept_rate": 0.4, "incentive_cost": 10, "contact_cost": 1}
RECENCY = "rule: days since last purchase"
BASE = "rule: base rate"


def make_pipe(classifier=None, **options):
    return ChurnPipeline(
        features=FeatureSet([RFM(), Tenure()]),
        label=Inactivity("60D"),
        classifier=classifier or LogisticChurnClassifier(),
        **options,
    )


@pytest.fixture(scope="module")
def scores(shop):
    return make_pipe().backtest_scores(shop, TESTED, train_cutoffs=TRAIN, money=MONEY)


@pytest.fixture(scope="module")
def table(shop):
    return make_pipe().backtest(shop, TESTED, train_cutoffs=TRAIN, money=MONEY)


def test_profit_is_what_calls_that_should_pay_have_earned(scores, table):
    for row in table.to_dict("records"):
        own = scores[
            (scores["cutoff"] == row["cutoff"]) & (scores["model"] == row["model"])
        ]
        expected = expected_profit_score(own["churn"], own["probability"], **MONEY)
        assert row["profit"] == pytest.approx(expected, abs=1e-12)
        assert row["n_called"] == own["is_called"].sum()
        called = own[own["is_called"]]
        assert (own.loc[~own["is_called"], "profit"] == 0).all()
        assert (called["profit"] == np.where(called["churn"] == 1, 75, -11)).all()


def test_without_money_there_is_no_profit(shop):
    found = make_pipe().backtest(shop, TESTED[0], train_cutoffs=TRAIN)
    assert not {"profit", "n_called"} & set(found.columns)
    assert "earn" not in found.attrs["verdict"]


def test_values_may_be_features_known_at_the_cutoff(shop, scores):
    money = {**MONEY, "clv": "total_spend"}
    pipe = make_pipe()
    found = pipe.backtest_scores(shop, TESTED, train_cutoffs=TRAIN, money=money)
    spend = RFM().fit_transform(shop, TESTED)["total_spend"]
    own = found[found["model"] == BASE]
    clv = spend.loc[list(zip(own["cutoff"], own["customer_id"], strict=True))]
    called = own["is_called"] & (own["churn"] == 1)
    np.testing.assert_allclose(
        own.loc[called, "profit"], 0.4 * (clv[called.to_numpy()] - 10) - 1
    )
    assert_frame_equal(
        found.drop(columns=["profit", "is_called"]),
        scores.drop(columns=["profit", "is_called"]),
    )


@pytest.mark.parametrize(
    ("money", "message"),
    [
        ({"clv": 200}, "money must give clv, accept_rate, incentive_cost, contact_"),
        ({**MONEY, "currency": 1}, "money must give"),
        (200, "money must give"),
        ({**MONEY, "clv": np.ones(9)}, "a number or the name of a feature"),
        ({**MONEY, "clv": "value"}, "names the feature 'value' for clv"),
        ({**MONEY, "contact_cost": -1}, "contact_cost must be at least 0"),
        ({**MONEY, "clv": None}, "clv has 1 missing values"),
    ],
)
def test_money_is_checked(shop, money, message):
    with pytest.raises(SchemaError, match=message):
        make_pipe().backtest(shop, TESTED[0], train_cutoffs=TRAIN, money=money)


def test_the_recency_rule_has_the_best_rising_probabilities(shop, scores):
    """Isotonic regression on the closed snapshots, made anew from the features."""
    pipe = make_pipe()
    own = scores[(scores["model"] == RECENCY) & (scores["cutoff"] == TESTED[0])]
    base = scores[(scores["model"] == BASE) & (scores["cutoff"] == TESTED[0])]
    assert (base["probability"] == base["score"]).all()
    pipe.fit(shop, TRAIN)
    assert base["score"].iloc[0] == pipe.base_rate_
    closed = make_pipe().backtest_scores(shop, TRAIN[1], train_cutoffs=TRAIN[0])
    silent = closed[closed["model"] == RECENCY]
    both = pd.concat([silent, recency_at(shop, TRAIN[0])])
    expected = (
        IsotonicRegression(out_of_bounds="clip")
        .fit(both["score"], both["churn"])
        .predict(own["score"])
    )
    np.testing.assert_allclose(own["probability"], expected, atol=1e-12)


def recency_at(shop, cutoff):
    label = Inactivity("60D")
    recency = RFM().fit_transform(shop, cutoff)["days_since_last_purchase"]
    recency = recency[recency <= 60]
    churn = label.transform(shop, cutoff)
    return pd.DataFrame({"score": recency, "churn": churn.loc[recency.index]})


def test_intervals_are_those_of_a_paired_bootstrap(scores, table):
    rng = np.random.default_rng(0)
    rows = table.set_index(["cutoff", "model"])
    at = scores[scores["cutoff"] == TESTED[0]]
    model, rule = (
        at[at["model"] == name] for name in ("LogisticChurnClassifier", RECENCY)
    )
    churn = model["churn"].to_numpy()
    drawn = []
    for _ in range(300):
        i = rng.integers(0, len(churn), len(churn))
        drawn.append(
            [
                roc_auc_score(churn[i], one["score"].to_numpy()[i])
                for one in (model, rule)
            ]
        )
    drawn = np.array(drawn)
    row = rows.loc[(pd.Timestamp(TESTED[0]), "LogisticChurnClassifier")]
    for values, low, high in (
        (drawn[:, 0], "auc_low", "auc_high"),
        (drawn[:, 0] - drawn[:, 1], "auc_gain_low", "auc_gain_high"),
    ):
        half = (row[high] - row[low]) / 2
        # 300 draws give a standard deviation to within 4 percent, the two methods
        # differ by terms of order 1/n: a fifth in all.
        assert half == pytest.approx(1.96 * values.std(), rel=0.2)
    assert (rows.xs(RECENCY, level="model")["auc_gain"] == 0).all()


def test_a_customer_seen_twice_is_one_witness(scores):
    """The same customers and outcomes at two cutoffs tell no more than at one."""
    one = scores[scores["cutoff"] == TESTED[0]]
    twice = pd.concat([one, one.assign(cutoff=pd.Timestamp("2025-01-01"))])
    others = one.assign(
        cutoff=pd.Timestamp("2025-01-01"), customer_id="other " + one["customer_id"]
    )
    alone = judge(one)
    assert judge(twice) == alone.replace("1 cutoff)", "2 cutoffs)")
    assert judge(pd.concat([one, others])) != judge(twice)


def make_scores(rng, n, strength, rule_strength):
    churn = rng.integers(0, 2, n)
    ids = [f"c{i}" for i in range(n)]
    made = {"Model": strength, RECENCY: rule_strength, BASE: 0.0}
    return pd.concat(
        pd.DataFrame(
            {
                "cutoff": pd.Timestamp("2024-01-01"),
                "customer_id": ids,
                "churn": churn,
                "model": name,
                "score": strength * churn + rng.normal(size=n),
            }
        )
        for name, strength in made.items()
    )


@pytest.mark.parametrize(
    ("strength", "rule_strength", "words"),
    [
        (2.0, 0.5, "Model ranks better than days since last purchase: AUC 0."),
        (0.5, 2.0, "Model ranks worse than days since last purchase: AUC 0."),
        (1.0, 1.0, "Model does not clearly beat days since last purchase: AUC 0."),
    ],
)
def test_the_verdict_says_whether_the_rule_is_beaten(strength, rule_strength, words):
    scores = make_scores(np.random.default_rng(1), 300, strength, rule_strength)
    assert judge(scores).startswith(words)


def test_the_verdict_is_wrong_about_equals_five_times_in_a_hundred():
    rng = np.random.default_rng(2)
    wrong = sum(
        "does not clearly" not in judge(make_scores(rng, 150, 1.0, 1.0))
        for _ in range(100)
    )
    # Five are expected with a standard error of 2.2; four of them.
    assert wrong <= 5 + 9


def test_the_verdict_speaks_of_money_and_of_what_cannot_be_judged(table, scores):
    verdict = table.attrs["verdict"]
    assert "LogisticChurnClassifier" in verdict
    assert "(95 % interval" in verdict
    assert "3 cutoffs" in verdict
    assert "a customer against" in verdict
    quiet = scores.assign(churn=0)
    assert "no verdict" in judge(quiet)
    no_sales = scores[scores["model"] != RECENCY]
    assert "base rate: AUC" in judge(no_sales)


def test_tested_customers_are_not_trained_on_where_asked(shop, witness):
    pipe = make_pipe(witness)
    table = pipe.backtest(shop, TESTED, train_cutoffs=TRAIN, customer_folds=4)
    assert len(witness.diary) == 4 * len(TESTED)
    everyone = pipe.backtest_scores(shop, TESTED, train_cutoffs=TRAIN)
    for trained, asked in witness.diary[: 4 * len(TESTED)]:
        known = set(trained.get_level_values("customer_id"))
        assert not known & set(asked.get_level_values("customer_id"))
        assert known
    # Everyone is tested once, and the scores of this classifier need no training.
    grouped = pipe.backtest_scores(shop, TESTED, train_cutoffs=TRAIN, customer_folds=4)
    is_own = grouped["model"] == "Witness"
    names = ["cutoff", "customer_id", "churn", "model", "score"]
    assert_frame_equal(
        grouped.loc[is_own, names], everyone.loc[is_own, names], check_exact=True
    )
    # Stayers are trained on too, not only those who were gone by the tested cutoff.
    assert grouped.loc[grouped["model"] == BASE, "score"].max() < 0.9
    assert set(table["model"]) == {"Witness", RECENCY, BASE}
    # Each group's own base rate ranks nobody.
    assert (table.loc[table["model"] == BASE, "auc"] == 0.5).all()
    rates = grouped.loc[grouped["model"] == BASE, "probability"]
    assert rates.min() < rates.max()


def test_groups_do_not_depend_on_the_order_of_rows(company, declare_sales):
    sales = company.transactions
    found = [
        make_pipe().backtest(
            declare_sales(one), TESTED[0], train_cutoffs=TRAIN, customer_folds=3
        )
        for one in (sales, sales.sample(frac=1, random_state=1))
    ]
    assert_frame_equal(*found)


@pytest.mark.parametrize("folds", [1, 0, 2.5])
def test_the_number_of_groups_is_checked(shop, folds):
    with pytest.raises(SchemaError, match="customer_folds must be a whole number"):
        make_pipe().backtest(shop, TESTED, train_cutoffs=TRAIN, customer_folds=folds)


class Boaster(ClassifierMixin, BaseEstimator):
    """Ranks as the logistic model does, and exaggerates."""

    def fit(self, X, y):
        self.model_ = LogisticChurnClassifier().fit(X, y)
        self.classes_ = self.model_.classes_
        self.fitted_to_ = X.index
        return self

    def predict_proba(self, X):
        odds = np.exp(4 * self.model_.decision_function(X) + 3)
        return np.column_stack([1 / (1 + odds), odds / (1 + odds)])

    def predict(self, X):
        return self.classes_[(self.predict_proba(X)[:, 1] > 0.5).astype(int)]


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_calibration_on_the_latest_snapshot_mends_probabilities(shop, method):
    options = {"train_cutoffs": TRAIN}
    plain = make_pipe(Boaster()).backtest(shop, TESTED, **options)
    calibrated = make_pipe(Boaster(), calibration=method).backtest(
        shop, TESTED, **options
    )
    brier = [
        one.loc[one["model"] == "Boaster", "brier"].mean()
        for one in (plain, calibrated)
    ]
    assert brier[1] < 0.9 * brier[0]


def test_the_classifier_learns_only_from_what_was_closed_by_the_calibrating_one(shop):
    cutoffs = ["2023-10-01", "2023-12-20", "2024-01-01"]
    pipe = make_pipe(Boaster(), calibration="sigmoid").fit(shop, cutoffs)
    trained = pipe.classifier_.fitted_to_.get_level_values("cutoff").unique()
    # The window of 20 December is still open on 1 January.
    assert trained.tolist() == [pd.Timestamp("2023-10-01")]
    proba = pipe.predict_proba(shop, TESTED[0])
    X = pipe.features_.transform(shop, TESTED[0])
    assert len(proba) <= len(X)
    found = pipe.predict(shop, TESTED[0])
    assert (found["churn_probability"] == proba[:, 1]).all()


def test_calibrated_reasons_and_order_are_those_of_the_classifier(shop):
    pipe = make_pipe(calibration="sigmoid").fit(shop, TRAIN)
    found = pipe.predict(shop, TESTED[0], n_reasons=1)
    assert found["reason_1"].notna().any()
    ids = found["customer_id"].tolist()
    X = pipe.features_.transform(shop, TESTED[0]).loc[ids]
    raw = pipe.classifier_.predict_proba(X)[:, 1]
    assert (np.argsort(raw) == np.argsort(found["churn_probability"])).all()
    assert pipe.calibrated_ is not pipe.classifier_
    assert make_pipe().fit(shop, TRAIN).calibrated_.__class__ is LogisticChurnClassifier


def test_calibration_needs_an_earlier_closed_snapshot_and_both_outcomes(shop):
    with pytest.raises(SchemaError, match="calibration must be one of"):
        make_pipe(calibration="magic").fit(shop, TRAIN)
    pipe = make_pipe(calibration="sigmoid")
    with pytest.raises(NotEnoughHistoryError, match="needs a snapshot whose label win"):
        pipe.fit(shop, ["2024-01-01", "2024-02-01"])
    rare = ChurnPipeline(
        features=RFM(),
        label=Inactivity("200D", active_within="20D"),
        classifier=LogisticChurnClassifier(),
        calibration="isotonic",
    )
    with pytest.raises(NotEnoughHistoryError, match="needs 10 customers of each outco"):
        rare.fit(shop, ["2023-08-01", "2024-03-01"])
