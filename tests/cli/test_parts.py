"""Parts of a configuration: only what a key takes can be made, or is suggested."""

import pytest

from crmml.cli._parts import make_part
from crmml.exceptions import SchemaError


@pytest.mark.parametrize(
    ("key", "there_are"),
    [
        (
            "classifier",
            "BoostedChurnClassifier, LogisticChurnClassifier, "
            "LogitLeafChurnClassifier, NeuralChurnClassifier, TreeChurnClassifier",
        ),
        ("label", "ContractEnd, Inactivity"),
        (
            "segmenter",
            "KMeansSegmenter, LifecycleSegmenter, ParetoSegmenter, RFMSegmenter",
        ),
        (
            "purchases",
            "BetaBinomialModel, BetaGeoModel, ModifiedBetaGeoModel, ParetoNBDModel, "
            "RegularBetaGeoModel",
        ),
        ("spend", "GammaGammaModel"),
    ],
)
@pytest.mark.parametrize("kind", ["Typo", "NumberRange", "FeatureSet", "RFM"])
def test_only_classes_of_the_kind_are_made_or_suggested(key, there_are, kind):
    with pytest.raises(SchemaError) as refused:
        make_part(kind, key)
    assert str(refused.value) == f"{key}: no {kind!r}; there are {there_are}."


def test_features_are_builders_and_no_sets_of_them():
    with pytest.raises(SchemaError, match="no 'FeatureSet'; there are RFM, Activity"):
        make_part("FeatureSet", "features")
