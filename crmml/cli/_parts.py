"""Objects that a configuration names: builders, labels, models, segmenters."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sklearn.base import ClassifierMixin

from crmml import features, labels, models, segmentation
from crmml.exceptions import SchemaError
from crmml.features import FeatureSet
from crmml.features._builder import PointInTimeBuilder
from crmml.labels._label import WindowLabel
from crmml.models import GammaGammaModel
from crmml.models._purchase_model import PurchaseModel

_PARTS: dict[str, tuple[Any, Callable[[Any], bool]]] = {
    "features": (
        features,
        lambda cls: issubclass(cls, PointInTimeBuilder) and cls is not FeatureSet,
    ),
    "label": (labels, lambda cls: getattr(cls, "name", None) == WindowLabel.name),
    "classifier": (models, lambda cls: issubclass(cls, ClassifierMixin)),
    "segmenter": (segmentation, lambda cls: hasattr(cls, "predict")),
    "purchases": (models, lambda cls: issubclass(cls, PurchaseModel)),
    "spend": (models, lambda cls: issubclass(cls, GammaGammaModel)),
}
"""By key: where its classes are, and which of those there it takes."""


def make_part(given: Any, key: str) -> Any:
    """Make the object that a key of the configuration describes.

    Parameters
    ----------
    given : str or mapping
        A name such as ``"RFM"``, or a mapping with ``kind`` and parameters.
    key : {"features", "label", "classifier", "segmenter", "purchases", "spend"}
        The key; nothing but what belongs to it can be made.

    Raises
    ------
    SchemaError
        If there is no such name, or it has no such parameter.

    Examples
    --------
    >>> make_part({"kind": "RFM", "windows": ["90D"]}, "features")
    RFM(windows=['90D'])
    """
    if not isinstance(given, (str, dict)):
        raise SchemaError(f"{key} must be a name, or {{ kind = ..., ... }}.")
    parameters = {"kind": given} if isinstance(given, str) else dict(given)
    kind = str(parameters.pop("kind", None))
    module, fits = _PARTS[key]
    named = {name: getattr(module, name) for name in module.__all__}
    classes = {
        name: one for name, one in named.items() if inspect.isclass(one) and fits(one)
    }
    if kind not in classes:
        raise SchemaError(f"{key}: no {kind!r}; there are {', '.join(classes)}.")
    known = inspect.signature(classes[kind]).parameters
    check_keys(parameters, known, f"{key}, {kind}")
    return make_object(classes[kind], parameters, f"{key}, {kind}")


def make_features(given: Any) -> FeatureSet:
    """Make a set of feature builders of a list of names and mappings.

    Raises
    ------
    SchemaError
        If one cannot be made.
    """
    if not isinstance(given, list) or not given:
        raise SchemaError("features must list builders, such as ['RFM', 'Tenure'].")
    return FeatureSet([make_part(one, "features") for one in given])


def make_object(cls: Any, parameters: dict[str, Any], where: str) -> Any:
    """Make an object, and say which parameters it lacks.

    Raises
    ------
    SchemaError
        If some are not given.
    """
    signature = inspect.signature(cls)
    missing = [
        name
        for name, one in signature.parameters.items()
        if one.default is one.empty and one.kind is not one.VAR_KEYWORD
        if name not in parameters
    ]
    if missing:
        raise SchemaError(f"{where} needs {', '.join(missing)}.")
    return cls(**parameters)


def check_keys(found: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    """Refuse keys that nothing reads, which are mostly misspelt.

    Raises
    ------
    SchemaError
        If there are such keys.
    """
    unknown = sorted(set(found) - set(known))
    if unknown:
        raise SchemaError(
            f"{where} has unknown keys {unknown}; there are {sorted(known)}."
        )
