"""Every class that a model file may hold, under a name that moving it does not change.

What is not in this table is refused, when saving and when loading. A class that is
renamed keeps its name here.
"""

from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier
from xgboost import Booster

from crmml import association, features, labels, models, pipeline, segmentation
from crmml._utils._sklearn import (
    CalibratedClassifier,
    SigmoidCalibration,
    TemperatureScaling,
    Tree,
)
from crmml.association._frequent import MinedItemsets
from crmml.association._learned_rules import LearnedRules
from crmml.association._rules import Rules
from crmml.association._sequential_search import SequenceRules
from crmml.association._sequential_table import LearnedSequences
from crmml.association._trie import ItemsetTrie
from crmml.models._additive import AdditiveLogit
from crmml.models._columns import TEXT
from crmml.models._design import FlatDesign
from crmml.models._effects import CategoryTerm, CurveTerm, LineTerm
from crmml.models._encoder import CategoryCodes, FrameEncoder
from crmml.models._grown_tree import GrownTree
from crmml.models._net_inputs import NetInputs
from crmml.models._piecewise_cubic import PiecewiseCubic
from crmml.models._rank_scale import RankScale
from crmml.models._time_to_churn_cox import CoxHazard
from crmml.models._time_to_churn_panel import PanelHazard
from crmml.models._tree_shap import SplitTree
from crmml.scoring import _checks as checks
from crmml.scoring._kinds import Kind, State, invert
from crmml.scoring._plain_kinds import PLAIN_KINDS
from crmml.scoring._trees import booster_state, build_booster, build_tree, tree_state


def _codes_state(item: CategoryCodes) -> State:
    return {"codes": dict(item)}


def _build_codes(state: State) -> CategoryCodes:
    return CategoryCodes(state["codes"])


def _grown_state(item: GrownTree) -> State:
    """Store the bare tree, which any version of scikit-learn reads."""
    return {"design": item.design, "tree": item.classifier.tree_}


def _build_grown(state: State) -> GrownTree:
    design, tree = state["design"], state["tree"]
    n_columns = max(len(design.features), 1)
    checks.require(tree.n_features == n_columns, "GrownTree")
    classifier = DecisionTreeClassifier()
    classifier.tree_ = tree
    return GrownTree(design, classifier)


def _encoder_state(item: FrameEncoder) -> State:
    """Forget what is typical of a text unless it is a category of several customers."""
    state = dict(vars(item))
    state["typical_"] = [
        typical if kind != TEXT or typical in categories else None
        for typical, kind, categories in zip(
            item.typical_, item.kinds_, item.categories_, strict=True
        )
    ]
    return dict(sorted(state.items()))


_ROWS = frozenset({"labels_", "oob_decision_function_"})
"""Attributes with an entry for each customer of training."""
_ERRORS = frozenset({"standard_errors_"})

_ESTIMATORS = {
    kind.cls.__name__: kind
    for kind in (
        Kind(models.LogisticChurnClassifier),
        Kind(models.TreeChurnClassifier),
        Kind(models.NeuralChurnClassifier),
        Kind(models.BoostedChurnClassifier),
        Kind(models.LogitLeafChurnClassifier),
        Kind(models.LifetimeValueRegressor),
        Kind(models.TimeToChurnModel),
        *(
            Kind(cls, may_be_missing=_ERRORS, check=checks.check_purchase_model)
            for cls in (
                models.BetaGeoModel,
                models.ModifiedBetaGeoModel,
                models.ParetoNBDModel,
                models.RegularBetaGeoModel,
                models.BetaBinomialModel,
                models.GammaGammaModel,
                models.ShiftedBetaGeoModel,
            )
        ),
        Kind(
            segmentation.KMeansSegmenter,
            left_out=_ROWS,
            check=checks.check_segmenter,
        ),
        Kind(segmentation.RFMSegmenter),
        Kind(segmentation.ParetoSegmenter),
        Kind(segmentation.LifecycleSegmenter),
        Kind(segmentation.SkewScaler, check=checks.check_scaler),
        Kind(association.AssociationRules),
        Kind(association.FrequentItemsets),
        Kind(association.SequentialRules),
        Kind(pipeline.ChurnPipeline),
        Kind(pipeline.SegmentationPipeline),
        Kind(pipeline.ValuePipeline),
        *(
            Kind(cls)
            for cls in (
                features.Activity,
                features.BTYDSummary,
                features.ComplaintRate,
                features.CustomAggregation,
                features.CustomerAttributes,
                features.Discounts,
                features.FeatureSet,
                features.InterPurchase,
                features.ProductMix,
                features.RFM,
                features.Returns,
                features.Seasonality,
                features.SurveyScores,
                features.Tenure,
                features.Trend,
                features.UsageEvents,
                labels.ContractEnd,
                labels.FutureSpend,
                labels.Inactivity,
                labels.NextPurchase,
            )
        ),
    )
}

_PARTS = {
    "AdditiveLogit": Kind(AdditiveLogit),
    "CategoryCodes": Kind(CategoryCodes, get_state=_codes_state, build=_build_codes),
    "CategoryTerm": Kind(CategoryTerm),
    "CoxHazard": Kind(CoxHazard),
    "CurveTerm": Kind(CurveTerm),
    "FlatDesign": Kind(FlatDesign, check=checks.check_flat_design),
    "FrameEncoder": Kind(FrameEncoder, get_state=_encoder_state),
    "GrownTree": Kind(GrownTree, get_state=_grown_state, build=_build_grown),
    "ItemsetTrie": Kind(ItemsetTrie, check=checks.check_trie),
    "LearnedRules": Kind(LearnedRules, check=checks.check_learned_rules),
    "LearnedSequences": Kind(LearnedSequences, check=checks.check_sequences),
    "LineTerm": Kind(LineTerm),
    "MinedItemsets": Kind(MinedItemsets, check=checks.check_mined),
    "NetInputs": Kind(NetInputs),
    "PanelHazard": Kind(PanelHazard),
    "PiecewiseCubic": Kind(PiecewiseCubic),
    "RankScale": Kind(RankScale),
    "Rules": Kind(Rules),
    "SequenceRules": Kind(SequenceRules),
    "SplitTree": Kind(SplitTree, check=checks.check_split_tree),
}

_FOREIGN = {
    "xgboost.Booster": Kind(Booster, get_state=booster_state, build=build_booster),
    "sklearn.Tree": Kind(Tree, get_state=tree_state, build=build_tree),
    **{
        f"sklearn.{kind.cls.__name__.lstrip('_')}": kind
        for kind in (
            Kind(CalibratedClassifier),
            Kind(CalibratedClassifierCV),
            Kind(ColumnTransformer),
            Kind(DecisionTreeClassifier, check=checks.check_decision_tree),
            Kind(DummyClassifier),
            Kind(ExtraTreeClassifier, check=checks.check_decision_tree),
            Kind(ExtraTreesClassifier, left_out=_ROWS, check=checks.check_forest),
            Kind(FrozenEstimator),
            Kind(GaussianNB),
            Kind(IsotonicRegression),
            Kind(
                KMeans,
                left_out=_ROWS,
                check=checks.check_sklearn_kmeans,
            ),
            Kind(LogisticRegression),
            Kind(MinMaxScaler),
            Kind(OneHotEncoder),
            Kind(OrdinalEncoder),
            Kind(Pipeline),
            Kind(QuantileTransformer),
            Kind(RandomForestClassifier, left_out=_ROWS, check=checks.check_forest),
            Kind(RobustScaler),
            Kind(SigmoidCalibration),
            Kind(SimpleImputer),
            Kind(StandardScaler),
            Kind(TemperatureScaling),
        )
    },
}

KINDS: dict[str, Kind] = {**_ESTIMATORS, **_PARTS, **PLAIN_KINDS, **_FOREIGN}
NAMES: dict[type, str] = invert(KINDS)
MODELS = frozenset(_ESTIMATORS)
"""Kinds that a file may be of; the others are parts."""
