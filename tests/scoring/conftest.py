"""One small fitted model of every kind, and how it is asked.

Child processes run this file too, so that they ask the same of the loaded models.
"""

import hashlib
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier

from crmml.association import AssociationRules, FrequentItemsets, SequentialRules
from crmml.datasets import load_cdnow, load_diapers_and_beer, make_customers
from crmml.features import (
    RFM,
    BTYDSummary,
    ComplaintRate,
    CustomAggregation,
    FeatureSet,
    Tenure,
)
from crmml.labels import Inactivity
from crmml.models import (
    BetaBinomialModel,
    BetaGeoModel,
    BoostedChurnClassifier,
    GammaGammaModel,
    LifetimeValueRegressor,
    LogisticChurnClassifier,
    LogitLeafChurnClassifier,
    ModifiedBetaGeoModel,
    NeuralChurnClassifier,
    ParetoNBDModel,
    RegularBetaGeoModel,
    ShiftedBetaGeoModel,
    TimeToChurnModel,
    TreeChurnClassifier,
)
from crmml.pipeline import ChurnPipeline, SegmentationPipeline, ValuePipeline
from crmml.segmentation import (
    KMeansSegmenter,
    LifecycleSegmenter,
    ParetoSegmenter,
    RFMSegmenter,
    SkewScaler,
)
from crmml.tables import Transactions

CUTOFF = "2024-06-01"


def make_data():
    """Flat customers and customer tables, the same wherever this runs."""
    rng = np.random.default_rng(0)
    n = 400
    X = pd.DataFrame(
        {
            "tenure": rng.gamma(2, 20, n),
            "n_complaints": rng.integers(0, 5, n),
            "plan": rng.choice(["basic", "专业版", "team"], n),
            "has_app": rng.random(n) > 0.5,
        }
    )
    X.loc[::7, "tenure"] = np.nan
    y = np.where(X["n_complaints"] + rng.normal(size=n) > 2, "left", "stayed")
    tables = make_customers(250, random_state=0).to_tables()
    cds = Transactions(
        load_cdnow(sample=True),
        customer_id="customer_id",
        timestamp="date",
        amount="dollar_value",
    )
    rhythm = pd.DataFrame(
        {
            "days_since_last_purchase": rng.gamma(2, 20, n),
            "n_orders": rng.integers(1, 9, n),
            "mean_gap_days": rng.gamma(5, 5, n),
            "cv_gap": rng.gamma(5, 0.1, n),
            "n_orders_90d": rng.integers(0, 4, n),
            "n_orders_change_90d": rng.integers(-3, 3, n),
        }
    )
    return SimpleNamespace(
        X=X,
        y=y,
        spent=np.where(y == "left", 0, rng.gamma(2, 10, n)),
        life=rng.geometric(0.1, n),
        tables=tables,
        rhythm=rhythm,
        rfm=RFM().fit_transform(tables, CUTOFF),
        summary=BTYDSummary(unit="7D").fit_transform(cds, "1997-10-01"),
        baskets=load_diapers_and_beer(),
        renewals=pd.DataFrame({"n_periods": [1, 2, 3, 4, 5, 6, 7, 7]}),
        gifts=_make_gifts(rng),
        purchases=pd.DataFrame(
            {
                "customer_id": rng.choice(["a", "b", "c", "d", "e"], 60),
                "timestamp": pd.Timestamp("2024-01-01")
                + pd.to_timedelta(rng.integers(0, 200, 60), unit="D"),
                "product_id": rng.choice(["tea", "茶杯", "pot"], 60),
            }
        ),
    )


def _make_gifts(rng):
    buys, leaves = rng.beta(1.2, 0.8, 5_000), rng.beta(0.7, 2.8, 5_000)
    lifetime, year = rng.geometric(leaves) - 1, np.arange(1, 7)
    gift = (rng.random((5_000, 6)) < buys[:, None]) & (year <= lifetime[:, None])
    donors = pd.DataFrame({"frequency": gift.sum(axis=1), "T": 6})
    return donors.assign(recency=(gift * year).max(axis=1))


def fit_models(data):
    """Every estimator of crmml fitted, by name."""
    return {**_fit_frames(data), **_fit_pipelines(data), **_fit_others(data)}


def _fit_frames(data):
    X, y = data.X, data.y
    classifiers = {
        "logistic": LogisticChurnClassifier(),
        "linear": LogisticChurnClassifier(linear=True, monotonic={"n_complaints": 1}),
        "tree": TreeChurnClassifier(random_state=0),
        "net": NeuralChurnClassifier(n_nets=2, n_steps=100),
        "boosted": BoostedChurnClassifier(n_estimators=20, n_jobs=1),
        "seeded": BoostedChurnClassifier(
            n_estimators=5, random_state=np.random.RandomState(3)
        ),
        "leaf": LogitLeafChurnClassifier(),
    }
    with_money = LifetimeValueRegressor(n_estimators=20)
    return {
        **{name: one.fit(X, y) for name, one in classifiers.items()},
        "arrays": LogisticChurnClassifier().fit(X[["tenure"]].to_numpy(), y == "left"),
        "regressor": with_money.fit(X, data.spent),
        "segments": KMeansSegmenter(3, categorical=["plan"]).fit(
            X[["tenure", "n_complaints", "plan"]]
        ),
        "chosen": KMeansSegmenter(k_range=(2, 3), n_init=1).fit(data.rfm),
        "scaler": SkewScaler().fit(X[["tenure"]]),
        "rfm": RFMSegmenter().fit(data.rfm),
        "pareto": ParetoSegmenter().fit(data.rfm[["total_spend"]]),
        "lifecycle": LifecycleSegmenter().fit(data.rhythm),
        "lives": TimeToChurnModel(period=1).fit(
            X[["plan", "has_app"]], data.life, y == "left"
        ),
        "cox": TimeToChurnModel(period=1, hazard="cox").fit(
            X[["plan", "n_complaints"]], data.life, y == "left"
        ),
    }


def _fit_pipelines(data):
    classifiers = {
        "churn": (LogisticChurnClassifier(), None),
        "sigmoid": (BoostedChurnClassifier(n_estimators=10), "sigmoid"),
        "isotonic": (TreeChurnClassifier(), "isotonic"),
        "temperature": (BoostedChurnClassifier(n_estimators=10), "temperature"),
        "regression": (_fill(StandardScaler(), LogisticRegression()), None),
        "forest": (_fill(MinMaxScaler(), RandomForestClassifier(5)), None),
        "extra": (_fill(OneHotEncoder(handle_unknown="ignore"), _extra()), None),
        "bayes": (_fill(RobustScaler(), GaussianNB()), None),
        "dummy": (DummyClassifier(), None),
        "one tree": (DecisionTreeClassifier(max_depth=3), None),
        "columns": (
            make_pipeline(
                make_column_transformer(
                    (QuantileTransformer(n_quantiles=5), ["total_spend"]),
                    (_fill(OrdinalEncoder(**_NEW)), ["n_orders"]),
                ),
                ExtraTreeClassifier(max_depth=3),
            ),
            None,
        ),
    }
    features = FeatureSet(
        [
            RFM(),
            Tenure(),
            ComplaintRate(prior_weight="30D"),
            CustomAggregation(
                "n_large", table="transactions", how="count", where="amount > 50"
            ),
        ]
    )
    fitted = {
        name: ChurnPipeline(
            features=features,
            label=Inactivity("60D"),
            classifier=classifier,
            calibration=calibration,
        ).fit(data.tables, ["2024-01-01", "2024-03-01"])
        for name, (classifier, calibration) in classifiers.items()
    }
    value = ValuePipeline(purchases=BetaGeoModel(unit="7D"), spend=GammaGammaModel())
    pipelines = {
        "groups": RFMSegmenter(),
        "clusters": KMeansSegmenter(3),
        "foreign": _fill(StandardScaler(), KMeans(3, n_init=1, random_state=0)),
    }
    return {
        **fitted,
        "value": value.fit(data.tables, CUTOFF),
        **{
            name: SegmentationPipeline(features=RFM(), segmenter=one).fit(
                data.tables, "2024-03-01"
            )
            for name, one in pipelines.items()
        },
    }


_NEW = {"handle_unknown": "use_encoded_value", "unknown_value": -1}


def _fill(*steps):
    return make_pipeline(SimpleImputer(), *steps)


def _extra():
    return ExtraTreesClassifier(5, max_depth=4)


def _fit_others(data):
    there = np.array([100.0, 86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1])
    share = np.append(-np.diff(there), there[-1])
    left = [1, 1, 1, 1, 1, 1, 1, 0]
    return {
        "beta-geo": BetaGeoModel(unit="7D").fit(data.summary),
        "modified": ModifiedBetaGeoModel(unit="7D").fit(data.summary),
        "regular": RegularBetaGeoModel(unit="7D").fit(data.summary),
        "covariates": BetaGeoModel(unit="7D", covariates=["来源"]).fit(
            data.summary.assign(来源=np.arange(len(data.summary)) % 2)
        ),
        "pareto-nbd": ParetoNBDModel(unit="7D").fit(data.summary),
        "spend": GammaGammaModel().fit(data.summary),
        "gifts": BetaBinomialModel(unit="365D").fit(data.gifts),
        "renewals": ShiftedBetaGeoModel().fit(
            data.renewals, left, sample_weight=10 * share
        ),
        "rules": AssociationRules(0.2, 0.3).fit(data.baskets),
        "sequences": SequentialRules(0.1, 0.1, max_gap="60D").fit(data.purchases),
        "itemsets": FrequentItemsets(0.2, kind="closed").fit(data.baskets),
    }


def ask(model, data):
    """All that a model says of the data, as a list of tables and arrays."""
    name = type(model).__name__
    if name in _QUESTIONS:
        return _QUESTIONS[name](model, data)
    if hasattr(model, "predict_alive_probability"):
        rows = data.gifts.head(50) if name == "BetaBinomialModel" else data.summary
        rows = rows.assign(来源=np.arange(len(rows)) % 2)
        return [
            model.predict_alive_probability(rows),
            model.predict_expected_purchases(rows, "730D"),
            model.standard_errors_,
        ]
    return _ask_frames(model, data)


_MONEY = {"horizon": "90D", "margin": 0.3, "discount_rate": 0.1}
_QUESTIONS = {
    "ChurnPipeline": lambda model, data: [model.predict(data.tables, CUTOFF)],
    "SegmentationPipeline": lambda model, data: [model.predict(data.tables, CUTOFF)],
    "ValuePipeline": lambda model, data: [model.predict(data.tables, CUTOFF, **_MONEY)],
    "AssociationRules": lambda model, data: [
        model.rules_,
        model.predict([["Diapers"], ["Milk", "Bread"]]),
    ],
    "SequentialRules": lambda model, data: [
        model.rules_,
        model.predict(data.purchases),
    ],
    "FrequentItemsets": lambda model, data: [model.itemsets_],
    "TimeToChurnModel": lambda model, data: [
        model.predict_churn_probability(data.X[list(model.feature_names_in_)], [1, 12])
    ],
    "ShiftedBetaGeoModel": lambda model, data: [
        model.predict_survival([0, 1, 12]),
        model.params_,
    ],
    "GammaGammaModel": lambda model, data: [
        model.predict_expected_spend(data.summary),
        model.standard_errors_,
    ],
}


def _ask_frames(model, data):
    name = type(model).__name__
    if name in {"RFMSegmenter", "ParetoSegmenter", "LifecycleSegmenter"}:
        X = data.rhythm if name == "LifecycleSegmenter" else data.rfm
        return [model.predict(X[list(model.feature_names_in_)])]
    has_names = hasattr(model, "feature_names_in_")
    names = list(model.feature_names_in_) if has_names else ["tenure"]
    names += getattr(model, "categorical", None) or []
    source = data.X if set(names) <= set(data.X) else data.rfm
    X = source[names] if has_names else source[names].to_numpy()
    methods = ("predict_proba", "explain", "contributions", "predict", "transform")
    found = [getattr(model, name) for name in methods if hasattr(model, name)]
    return [method(X) for method in found]


def digest(answers):
    """One hash of answers, which differs if one bit of one number does."""
    found = hashlib.sha256()
    for answer in answers:
        columns = [np.asarray(answer)]
        if isinstance(answer, pd.DataFrame):
            columns = [answer[name].to_numpy() for name in answer.columns]
        for column in columns:
            if column.dtype == object:
                column = np.array([_text(cell) for cell in column.ravel()])
            found.update(np.ascontiguousarray(column).tobytes())
    return found.hexdigest()


def _text(cell):
    return repr(sorted(cell)) if isinstance(cell, frozenset) else repr(cell)


@pytest.fixture(scope="session")
def data():
    return make_data()


@pytest.fixture(scope="session")
def fitted(data):
    return fit_models(data)


@pytest.fixture(scope="session")
def answer_of(data):
    """Hash what a model says of the data."""
    return lambda model: digest(ask(model, data))
