"""The main job on a real panel: who leaves, which groups there are, what goes together.

The plan stands here: dates, features and models. All else is computed.
"""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from crmml.association import AssociationRules
from crmml.cli._steps import Steps
from crmml.datasets import CompleteJourney, load_complete_journey
from crmml.features import RFM, Activity, FeatureSet, Tenure
from crmml.labels import Inactivity
from crmml.models import (
    BoostedChurnClassifier,
    LogisticChurnClassifier,
    NeuralChurnClassifier,
    TreeChurnClassifier,
)
from crmml.pipeline import ChurnPipeline
from crmml.pipeline._backtest import summarise
from crmml.segmentation import (
    KMeansSegmenter,
    RFMSegmenter,
    compute_segment_map,
    compute_segment_profile,
    compute_typical_members,
)
from crmml.tables import CustomerTables

HORIZON = "28D"
TRAINED = tuple(f"2017-{month:02d}-01" for month in range(4, 10))
TESTED = ("2017-10-01", "2017-11-01", "2017-12-01")
TODAY = "2018-01-01"
CLASSIFIERS = (
    LogisticChurnClassifier,
    TreeChurnClassifier,
    NeuralChurnClassifier,
    BoostedChurnClassifier,
)
RFM_TRIO = ["days_since_last_purchase", "n_orders", "total_spend"]
K_RANGE = (3, 8)
MIN_SUPPORT, MIN_CONFIDENCE = 0.02, 0.5
N_STEPS = 4 + len(CLASSIFIERS)


@dataclass(frozen=True)
class DemoResult:
    """Everything that the demo prints and writes."""

    tables: CustomerTables
    quality: pd.DataFrame
    backtest: pd.DataFrame
    """Measures by cutoff and model."""
    scores: pd.DataFrame
    """Every tested score beside its outcome."""
    best: str
    """The classifier with the highest mean AUC in the backtest."""
    leavers: pd.DataFrame
    segments: pd.DataFrame
    """Each household's segments and RFM scores."""
    profile: pd.DataFrame
    rfm_profile: pd.DataFrame
    segment_map: pd.DataFrame
    choice_of_k: str
    rules: AssociationRules
    n_lines_without_category: int


def compute_demo(steps: Steps) -> DemoResult:
    """Walk the whole road on The Complete Journey.

    Parameters
    ----------
    steps : Steps
        Where progress is shown.

    Returns
    -------
    DemoResult
        The results.

    Raises
    ------
    MissingExtraError
        If the ``demo`` extra is not installed.
    """
    steps.begin("Reading and checking the tables")
    journey = load_complete_journey()
    tables = journey.to_tables()
    quality = tables.quality()
    scores = []
    for kind in CLASSIFIERS:
        steps.begin(f"Testing {kind.__name__} out of time")
        scores.append(_backtest_scores(tables, kind))
    every_score = pd.concat(scores).drop_duplicates(["cutoff", "customer_id", "model"])
    backtest = summarise(every_score)
    steps.begin("Scoring the households of today")
    best = _find_best(backtest)
    leavers = _score_today(tables, best)
    steps.begin("Segmenting households")
    segmentation = _segment(tables)
    steps.begin("Mining rules among product categories")
    lines = _category_lines(journey)
    known = lines.dropna(subset=["product_category"])
    return DemoResult(
        tables=tables,
        quality=quality,
        backtest=backtest,
        scores=every_score,
        best=best,
        leavers=leavers,
        rules=_mine(known),
        n_lines_without_category=len(lines) - len(known),
        **segmentation,
    )


def make_pipeline(kind: Any) -> ChurnPipeline:
    """Build the demo's churn pipeline around a classifier."""
    classifier = kind() if kind is LogisticChurnClassifier else kind(random_state=0)
    return ChurnPipeline(
        features=FeatureSet(
            [RFM(windows=[None, "90D"]), Tenure(), Activity(windows=["30D", "60D"])]
        ),
        label=Inactivity(HORIZON),
        classifier=classifier,
    )


def _backtest_scores(tables: CustomerTables, kind: Any) -> pd.DataFrame:
    return make_pipeline(kind).backtest_scores(tables, TESTED, train_cutoffs=TRAINED)


def _find_best(backtest: pd.DataFrame) -> str:
    mean_auc = backtest.groupby("model")["auc"].mean()
    names = [kind.__name__ for kind in CLASSIFIERS]
    return str(mean_auc[names].idxmax())


def _score_today(tables: CustomerTables, best: str) -> pd.DataFrame:
    kind = next(kind for kind in CLASSIFIERS if kind.__name__ == best)
    pipeline = make_pipeline(kind).fit(tables, [*TRAINED, *TESTED])
    leavers = pipeline.predict(tables, TODAY)
    return leavers.sort_values(
        ["churn_probability", "customer_id"], ascending=[False, True]
    ).reset_index(drop=True)


def _segment(tables: CustomerTables) -> dict[str, Any]:
    features = FeatureSet([RFM(windows=[None, "90D"]), Activity(windows="60D")])
    X = features.fit_transform(tables, TODAY)
    segmenter = KMeansSegmenter(k_range=K_RANGE, random_state=0).fit(X)
    rfm = RFMSegmenter().fit(X[RFM_TRIO])
    segments = pd.DataFrame(
        {
            "customer_id": X.index,
            "segment": segmenter.labels_,
            "rfm_segment": rfm.predict(X[RFM_TRIO]),
        }
    ).join(rfm.transform(X[RFM_TRIO]).reset_index(drop=True))
    return {
        "segments": segments,
        "profile": _profile(X[RFM_TRIO], segments["segment"]),
        "rfm_profile": _profile(X[RFM_TRIO], segments["rfm_segment"]),
        "segment_map": compute_segment_map(X, segmenter.labels_),
        "choice_of_k": segmenter.k_reason_,
    }


def _profile(trio: pd.DataFrame, segments: pd.Series) -> pd.DataFrame:
    """Size, value share and medians of each segment, and its most typical member."""
    profile = compute_segment_profile(trio, segments, value="total_spend")
    typical = compute_typical_members(trio, segments)
    members = pd.Series(typical.index, index=typical["segment"])
    return profile.assign(typical_member=profile["segment"].map(members))


def _category_lines(journey: CompleteJourney) -> pd.DataFrame:
    """Return the order lines with the product's category, where it has one."""
    lines = journey.transactions[["basket_id", "product_id"]]
    products = journey.products[["product_id", "product_category"]]
    return lines.merge(products, on="product_id", how="left")


def _mine(lines: pd.DataFrame) -> AssociationRules:
    rules = AssociationRules(
        min_support=MIN_SUPPORT,
        min_confidence=MIN_CONFIDENCE,
        max_length=3,
        order_column="basket_id",
        item_column="product_category",
    )
    rules.fit(lines)
    return rules
