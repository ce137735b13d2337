"""Export to ONNX, for services that run without Python."""

import os
from pathlib import Path
from typing import Any

from sklearn.calibration import CalibratedClassifierCV
from sklearn.utils.validation import check_is_fitted

import crmml
from crmml._utils._atomic import whole_file
from crmml._utils._sklearn import SigmoidCalibration
from crmml.exceptions import ModelFileError, SchemaError
from crmml.models._base import BaseChurnClassifier
from crmml.pipeline import ChurnPipeline
from crmml.scoring._onnx_graph import Graph
from crmml.scoring._onnx_models import add_log_odds, read_inputs
from crmml.scoring._targets import check_folder


def export_onnx(model: Any, path: str | os.PathLike[str]) -> None:
    """Write a churn model as ONNX: features in, probability to leave out.

    Each feature of use is an input of its own, named as the feature, of shape (n, 1):
    numbers, booleans (0 and 1) and durations (days) in double precision, NaN where
    missing; categories as text, the empty text where missing. The one output,
    ``churn_probability``, has the shape (n, 1) too. There is no predicted class:
    a threshold is a decision about money, and stays with the caller.

    Parameters
    ----------
    model : churn classifier or ChurnPipeline
        A fitted ``LogisticChurnClassifier``, ``TreeChurnClassifier``,
        ``BoostedChurnClassifier`` or ``LogitLeafChurnClassifier``, or a pipeline with
        one of them, whose features are then computed elsewhere; calibrated by
        ``"sigmoid"``, or not.
    path : str or path
        Where the file shall be (``.onnx``). It appears when it is whole.

    Raises
    ------
    MissingExtraError
        If onnx is not installed; the extra ``onnx`` brings it.
    ModelFileError
        If the model is another one, calibrated in another way, or uses nothing that
        ONNX can express.
    SchemaError
        If the name ends otherwise.
    OSError
        If the file cannot be written.

    See Also
    --------
    save : Keeps all of a model, and reads it back.

    Notes
    -----
    Numbers are computed in double precision and agree with ``predict_proba`` to 1e-12,
    except for boosting: XGBoost and ONNX both add leaves in single precision, in
    another order, so that probabilities agree to about 1e-6. Splits fall the same way.

    Examples
    --------
    .. code-block:: python

        export_onnx(churn, "churn.onnx")
        session = onnxruntime.InferenceSession("churn.onnx")
        session.run(None, {"tenure": [[3.0]], "plan": [["basic"]]})
    """
    target = Path(path)
    if target.suffix.lower() != ".onnx":
        raise SchemaError(f"path={str(path)!r} must end in .onnx.")
    check_folder(target)
    classifier, slope, shift = _open(model)
    check_is_fitted(classifier)
    graph = Graph(map(str, classifier._encoder.names_))
    inputs = read_inputs(graph, classifier._encoder)
    log_odds = add_log_odds(graph, classifier, inputs)
    if (slope, shift) != (1.0, 0.0):
        log_odds = graph.add("Mul", log_odds, graph.constant([[slope]]))
        log_odds = graph.add("Add", log_odds, graph.constant([[shift]]))
    made = graph.finish(
        graph.add("Sigmoid", log_odds),
        {
            "crmml": crmml.__version__,
            "kind": type(classifier).__name__,
            "output": "probability to leave; no threshold was applied",
        },
    )
    with whole_file(target) as temporary:
        temporary.write_bytes(made.SerializeToString(deterministic=True))


def _open(model: Any) -> tuple[BaseChurnClassifier, float, float]:
    """Return the classifier, and the line that calibrates its log-odds."""
    if isinstance(model, BaseChurnClassifier):
        return model, 1.0, 0.0
    if not isinstance(model, ChurnPipeline):
        raise ModelFileError(
            "export_onnx takes a churn classifier of crmml.models or a ChurnPipeline, "
            f"got {type(model).__name__}."
        )
    check_is_fitted(model, "classifier_")
    classifier, calibrated = model.classifier_, model.calibrated_
    if not isinstance(classifier, BaseChurnClassifier):
        raise ModelFileError(
            f"The pipeline's classifier is a {type(classifier).__name__}; those of "
            "crmml.models can be written as ONNX."
        )
    if calibrated is classifier:
        return classifier, 1.0, 0.0
    return classifier, *_read_calibration(calibrated)


def _read_calibration(calibrated: CalibratedClassifierCV) -> tuple[float, float]:
    """Read the logistic curve over log-odds that calibrates."""
    parts = calibrated.calibrated_classifiers_
    curves = [curve for one in parts for curve in one.calibrators]
    if len(curves) != 1 or not isinstance(curves[0], SigmoidCalibration):
        raise ModelFileError(
            f"The pipeline is calibrated by {calibrated.method!r}, which cannot be "
            "written as ONNX. Calibrate by 'sigmoid', or export pipeline.classifier_, "
            "whose probabilities are not calibrated."
        )
    return -float(curves[0].a_), -float(curves[0].b_)
