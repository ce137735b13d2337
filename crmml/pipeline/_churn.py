"""From tables to a list of leavers with reasons."""

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from crmml.exceptions import SchemaError
from crmml.features import describe_features
from crmml.features._builder import PointInTimeBuilder
from crmml.labels._check_history import require_history
from crmml.labels._label import WindowLabel
from crmml.pipeline._out_of_time import OutOfTimeMixin
from crmml.pipeline._panel import check_parts, check_trainable, make_panel
from crmml.pipeline._ranking import rank_customers, spread_reasons
from crmml.pipeline._training import fit_classifier
from crmml.tables._coerce import as_tables
from crmml.tables._instants import is_single
from crmml.tables._spine import build_spine


class ChurnPipeline(OutOfTimeMixin, BaseEstimator):
    """Predict who will leave, from tables, with reasons.

    Features are computed as of each cutoff from earlier events, labels from the window
    after it, and the classifier learns from customers who could still leave at the
    cutoff: those who had not ended their contract, or, where silence is the sign,
    bought recently.

    Parameters
    ----------
    features : FeatureSet or feature builder
        What to know about a customer.
    label : Inactivity or ContractEnd
        What it means to leave.
    classifier : estimator
        A classifier of :mod:`crmml.models`, or any of scikit-learn with
        ``predict_proba``; reasons need ``explain``.
    calibration : {"sigmoid", "isotonic", "temperature"}, default=None
        Keep the latest training snapshot to calibrate probabilities on, by this method
        of :class:`sklearn.calibration.CalibratedClassifierCV`; the classifier learns
        from the snapshots whose label windows had closed by then. None: it learns from
        all, and its own probabilities stand.

    Attributes
    ----------
    features_ : FeatureSet or feature builder
        The fitted features.
    classifier_ : estimator
        The fitted classifier, which gives the reasons.
    calibrated_ : estimator
        What gives the probabilities: ``classifier_`` itself, or calibrated.
    cutoffs_ : list of pandas.Timestamp
        The training snapshots.
    base_rate_ : float
        Share of leavers in the training snapshots.
    n_customers_ : int
        Rows of the training snapshots.
    n_unlabelled_ : int
        Rows left out of training because the customer left between the cutoff and the
        label window.

    See Also
    --------
    crmml.evaluation.CutoffSplit : Which snapshots a test may learn from.

    Examples
    --------
    >>> from crmml.datasets import make_customers
    >>> from crmml.features import RFM, FeatureSet, Tenure
    >>> from crmml.labels import Inactivity
    >>> from crmml.models import LogisticChurnClassifier
    >>> from crmml.pipeline import ChurnPipeline
    >>> tables = make_customers(500, random_state=0).to_tables()
    >>> churn = ChurnPipeline(
    ...     features=FeatureSet([RFM(), Tenure()]),
    ...     label=Inactivity("60D"),
    ...     classifier=LogisticChurnClassifier(),
    ... )
    >>> churn = churn.fit(tables, cutoffs=["2024-01-01", "2024-03-01"])
    >>> leavers = churn.predict(tables, cutoff="2024-06-01", n_reasons=1)
    >>> leavers.columns.tolist()
    ['customer_id', 'churn_probability', 'decile', 'reason_1']
    """

    def __init__(
        self,
        *,
        features: PointInTimeBuilder,
        label: WindowLabel,
        classifier: Any,
        calibration: str | None = None,
    ) -> None:
        self.features = features
        self.label = label
        self.classifier = classifier
        self.calibration = calibration

    def fit(self, tables: Any, cutoffs: Any) -> Self:
        """Learn from snapshots whose label windows are over.

        Parameters
        ----------
        tables : CustomerTables, Transactions or frame
            The data.
        cutoffs : str, datetime or list of them
            The training snapshots.

        Returns
        -------
        self
            The fitted pipeline.

        Raises
        ------
        LeakageError
            If a label window is still open.
        NotEnoughHistoryError
            If the data do not reach around a cutoff, hold one outcome only, or, where
            silence is the sign, begin less than a horizon before a cutoff; or no
            snapshot is left to calibrate on.
        SchemaError
            If the tables lack what features or label need.
        """
        check_parts(self.features, self.label, self.classifier)
        tables = as_tables(tables)
        features = clone(self.features).set_output(transform="pandas")
        features.fit(tables, cutoffs)
        panel = make_panel(tables, cutoffs, features, self.label)
        check_trainable(panel.y, self.label)
        require_history(tables, self.label, cutoffs)
        self.classifier_, self.calibrated_ = fit_classifier(
            self.classifier,
            panel.X,
            panel.y,
            panel.cutoffs,
            label=self.label,
            calibration=self.calibration,
        )
        self.features_ = features
        self.cutoffs_ = sorted(panel.cutoffs.unique())
        self.base_rate_ = float(panel.y.mean())
        self.n_customers_ = len(panel.y)
        self.n_unlabelled_ = panel.n_unlabelled
        return self

    def predict(
        self,
        tables: Any,
        cutoff: Any,
        *,
        customers: Sequence[Any] | None = None,
        n_reasons: int = 3,
        language: str = "en",
        names: Mapping[str, str] | None = None,
        templates: Mapping[str, str] | None = None,
    ) -> pd.DataFrame:
        """Score the customers who could still leave at a cutoff.

        Parameters
        ----------
        tables : CustomerTables, Transactions or frame
            The data.
        cutoff : str or datetime
            The instant we pretend it is.
        customers : sequence of ids, optional
            Score these instead, in this order, whether or not they are active.
        n_reasons : int, default=3
            How many reasons to give; 0 for none.
        language : {"en", "zh"}, default="en"
            The language of the reasons, English or Chinese.
        names : mapping of str to str, optional
            Readable names of features, where
            :func:`crmml.features.describe_features` has none or you know better.
        templates : mapping of str to str, optional
            Sentences of your own for the reasons, as in the classifier's ``explain``.

        Returns
        -------
        pandas.DataFrame of shape (n_customers, 3 + n_reasons)
            Columns ``customer_id``; ``churn_probability``; ``decile``, 1 for the
            tenth of these customers most at risk, equal probabilities in one decile;
            ``reason_1`` and so on, missing where fewer features raise the risk.
            Rows are ordered by customer_id, or as `customers` is; the most at risk
            are ``result.nlargest(10, "churn_probability")``.

        Raises
        ------
        SchemaError, NotEnoughHistoryError
            If the tables lack what the features need, or do not reach the cutoff.
        """
        check_n_reasons(n_reasons)
        ids, X = self._describe(tables, cutoff, customers)
        return self._predict_rows(
            ids,
            X,
            n_reasons=n_reasons,
            language=language,
            names=names,
            templates=templates,
        )

    def predict_proba(
        self, tables: Any, cutoff: Any, *, customers: Sequence[Any] | None = None
    ) -> NDArray[np.float64]:
        """Return probabilities alone.

        Parameters
        ----------
        tables : CustomerTables, Transactions or frame
            The data.
        cutoff : str or datetime
            The instant we pretend it is.
        customers : sequence of ids, optional
            Score these instead, in this order.

        Returns
        -------
        ndarray of shape (n_customers, 2)
            Probability of staying and of leaving, rows as in :meth:`predict`.

        Raises
        ------
        SchemaError, NotEnoughHistoryError
            If the tables lack what the features need, or do not reach the cutoff.
        """
        return self._predict_probability(self._describe(tables, cutoff, customers)[1])

    def _describe(
        self, tables: Any, cutoff: Any, customers: Sequence[Any] | None = None
    ) -> tuple[pd.Series, pd.DataFrame]:
        """Return ids and features of the customers that are scored."""
        check_is_fitted(self, "classifier_")
        tables = as_tables(tables)
        if not is_single(cutoff):
            raise SchemaError("predict takes one cutoff; call it once for each.")
        within = None if customers is not None else self.label.active_horizon
        spine = build_spine(tables, cutoff, customers=customers, active_within=within)
        frame = spine.to_frame(tables)
        return frame["customer_id"], self.features_.transform(tables, spine=frame)

    def _predict_probability(self, X: pd.DataFrame) -> NDArray[np.float64]:
        if not len(X):
            # scikit-learn refuses to predict for nobody.
            return np.empty((0, 2))
        return np.asarray(self.calibrated_.predict_proba(X), np.float64)

    def _predict_rows(
        self,
        ids: Any,
        X: pd.DataFrame,
        *,
        n_reasons: int,
        language: str = "en",
        names: Mapping[str, str] | None = None,
        templates: Mapping[str, str] | None = None,
    ) -> pd.DataFrame:
        """Say of customers whose features are known what :meth:`predict` says."""
        result = rank_customers(ids, self._predict_probability(X)[:, 1])
        if n_reasons and hasattr(self.classifier_, "explain"):
            names = {**describe_features(X.columns, language), **(names or {})}
            explain = self.classifier_.explain
            wording = {"language": language, "names": names, "templates": templates}
            reasons = explain(X, n_reasons=n_reasons, **wording) if len(X) else None
            result = result.join(spread_reasons(reasons, len(X), n_reasons))
        return result


def check_n_reasons(n_reasons: Any) -> None:
    """Refuse what is no number of reasons."""
    if not isinstance(n_reasons, Integral) or n_reasons < 0:
        raise SchemaError(
            f"n_reasons must be a whole number of at least 0, got {n_reasons!r}."
        )
