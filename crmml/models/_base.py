"""What the churn classifiers share: reading data, probabilities, reasons."""

from abc import ABCMeta, abstractmethod
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from crmml._utils._arguments import check_count
from crmml._utils._sklearn import fit_context
from crmml.exceptions import SchemaError
from crmml.models._columns import Columns
from crmml.models._encoder import Encoded, FrameEncoder
from crmml.models._monotonic import check_monotonic
from crmml.models._names import read_batch, read_training
from crmml.models._reason_words import read_words
from crmml.models._reasons import build_reasons
from crmml.models._target import check_classes, read_target, read_weights
from crmml.models._tuning import choose_parameters
from crmml.models._unknown import sum_unknown, tabulate_unknown


class BaseChurnClassifier(ClassifierMixin, BaseEstimator, metaclass=ABCMeta):
    """A binary classifier on mixed frames whose log-odds add up over the features."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "monotonic": [dict, None],
        "tune": ["boolean"],
        "verbose": ["boolean"],
    }
    # Values of parameters that tune=True compares.
    _candidates: ClassVar[list[dict[str, Any]]]
    monotonic: Mapping[str, int] | None
    tune: bool
    verbose: bool

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn who leaves.

        Parameters
        ----------
        X : dataframe or array-like of shape (n_samples, n_features)
            One row a customer. Numbers, booleans, durations (read as days) and text;
            missing values are information. Rare categories of a text count as one, and
            so do, later on, those that were never seen here. A pandas, Polars or
            pyarrow frame is matched by column name later on.
        y : array-like of shape (n_samples,)
            Two classes of any spelling; the second in sorted order (1, True, "Yes")
            means the customer left.
        sample_weight : array-like of shape (n_samples,), default=None
            How many customers a row stands for; a weight of 2 is the row twice, a
            weight of 0 is no row.

        Returns
        -------
        self
            The fitted classifier.

        Raises
        ------
        NotEnoughHistoryError
            If there are fewer than two customers, or one class only; with tuning or
            early stopping also if a class has fewer than two customers.
        SchemaError
            If a column is repeated, infinite, a date or of mixed types, labels are
            missing, there are more than two classes, or `monotonic` names an unknown
            feature, a category or a sign other than 1 and -1.
        """
        names, columns = read_training(self, X, y)
        labels = read_target(y)
        check_consistent_length(X, labels)
        weights = read_weights(sample_weight, X)
        kept = weights > 0
        if not kept.all():
            columns = Columns(
                kinds=columns.kinds,
                arrays=[values[kept] for values in columns.arrays],
                n_rows=int(kept.sum()),
            )
            labels, weights = labels[kept], weights[kept]
        self.classes_ = check_classes(labels)
        self._encoder = FrameEncoder().fit(columns, names, weights)
        self._signs = check_monotonic(self.monotonic, self._encoder)
        churned = (labels == self.classes_[1]).astype(np.float64)
        encoded = self._encoder.encode(columns)
        unknown = sum_unknown(self._encoder, encoded, weights)
        self._unknown_shares = unknown / weights.sum()
        self.tuned_params_: dict[str, Any] = {}
        if self.tune:
            self.tuned_params_ = choose_parameters(
                self, self._candidates, encoded, churned, weights
            )
        settings = {**self.get_params(deep=False), **self.tuned_params_}
        self._learn(encoded, churned, weights, SimpleNamespace(**settings))
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """Tell who is more likely to leave than to stay.

        Parameters
        ----------
        X : dataframe or array-like of shape (n_samples, n_features)
            As in fit; further columns of a frame are ignored.

        Returns
        -------
        ndarray of shape (n_samples,)
            The likelier class, in the spelling of y.
        """
        leaves = self.decision_function(X) > 0
        predicted: NDArray[Any] = self.classes_[leaves.astype(np.int64)]
        return predicted

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Give the probability to stay and to leave.

        Parameters
        ----------
        X : dataframe or array-like of shape (n_samples, n_features)
            As in fit; further columns of a frame are ignored.

        Returns
        -------
        ndarray of shape (n_samples, 2)
            Probabilities in the order of ``classes_``; the second is churn.
        """
        churn = expit(self.decision_function(X))
        return np.column_stack([1.0 - churn, churn])

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Give the log-odds of leaving.

        Parameters
        ----------
        X : dataframe or array-like of shape (n_samples, n_features)
            As in fit; further columns of a frame are ignored.

        Returns
        -------
        ndarray of shape (n_samples,)
            Natural logarithm of the odds; above 0 means more likely than not.
        """
        columns = self._read(X)
        return self._log_odds(self._encoder.encode(columns))

    def contributions(self, X: Any) -> pd.DataFrame:
        """Split each customer's log-odds over the features.

        Parameters
        ----------
        X : dataframe or array-like of shape (n_samples, n_features)
            As in fit; further columns of a frame are ignored.

        Returns
        -------
        DataFrame of shape (n_samples, n_features + 1)
            Log-odds per feature in the order of training, then ``base``, the same in
            all rows; a row's sum is its ``decision_function``. Rows are in the order
            of X, numbered from 0.

        Raises
        ------
        SchemaError
            If a feature is itself called ``base``.
        """
        columns = self._read(X)
        names = self._encoder.names_
        if "base" in names:
            raise SchemaError(
                "A feature is called 'base', which contributions() needs for its own "
                "column. Rename the feature before fit."
            )
        base, values = self._contributions(self._encoder.encode(columns))
        table = pd.DataFrame(values, columns=names)
        table["base"] = base
        return table

    def explain(
        self,
        X: Any,
        n_reasons: int = 3,
        *,
        direction: str = "raises",
        language: str = "en",
        names: Mapping[str, str] | None = None,
        templates: Mapping[str, str] | None = None,
    ) -> pd.DataFrame:
        """Name the features that raise each customer's risk most, in words.

        Parameters
        ----------
        X : dataframe or array-like of shape (n_samples, n_features)
            As in fit; further columns of a frame are ignored.
        n_reasons : int, default=3
            Reasons per customer, at least 1.
        direction : {"raises", "lowers", "both"}, default="raises"
            Whether to name what makes the customer leave, what makes them stay, or
            whichever is stronger.
        language : {"en", "zh"}, default="en"
            The language of the sentences, English or Chinese.
        names : mapping of str to str, default=None
            Readable names of features, for the sentences; the others keep their own.
            A name that ends in "%" marks a fraction, written as a percentage.
        templates : mapping of str to str, default=None
            Sentences in place of the built-in ones: "number" (a known number, beside
            the typical one), "value" (anything else known) and "missing", with
            ``{name}``, ``{value}``, ``{typical}`` and ``{effect}`` in braces; and the
            words "raises", "lowers", "yes" and "no".

        Returns
        -------
        DataFrame of shape (n_samples * n_reasons, 6)
            ``row`` (position in X, from 0), ``rank`` (from 1, strongest first),
            ``feature``, ``value`` (as found, None if missing), ``contribution``
            (log-odds; above 0 raises the risk) and ``reason`` (a sentence). The
            typical value of a number is its median in training. Every customer has
            `n_reasons` rows: where fewer features count, the remaining rows have
            contribution 0 and None for feature, value and reason.

        Raises
        ------
        SchemaError
            If `n_reasons` is not a whole number of at least 1, direction or language
            is another one, or a template refers to something else.
        """
        n_reasons = check_count(n_reasons, "n_reasons")
        words = read_words(language, names, templates)
        columns = self._read(X)
        _, values = self._contributions(self._encoder.encode(columns))
        return build_reasons(
            values, columns, self._encoder, n_reasons, words, direction
        )

    def count_unknown(self, X: Any) -> pd.DataFrame:
        """Count, feature by feature, values the model did not learn.

        They are scored, missing values by what was learned of such and other text as
        rare categories are; many more than in training make scores doubtful.

        Parameters
        ----------
        X : dataframe or array-like of shape (n_samples, n_features)
            As in fit; further columns of a frame are ignored.

        Returns
        -------
        DataFrame of shape (n_features, 5)
            ``feature``, ``n_missing``, ``n_other`` (rows whose text was rare in
            training or never seen), ``training_share_missing`` and
            ``training_share_other`` (of the training customers).
        """
        columns = self._read(X)
        encoded = self._encoder.encode(columns)
        return tabulate_unknown(self._encoder, encoded, self._unknown_shares)

    def _read(self, X: Any) -> Columns:
        check_is_fitted(self)
        return read_batch(self, X, self._encoder.names_)

    @abstractmethod
    def _learn(
        self,
        encoded: Encoded,
        churned: NDArray[np.float64],
        weights: NDArray[np.float64],
        settings: SimpleNamespace,
    ) -> None:
        """Fit to encoded customers; all weights are positive, both classes present.

        Parameters are read from `settings`, where tuned ones have taken the place of
        those of the constructor.
        """

    @abstractmethod
    def _log_odds(self, encoded: Encoded) -> NDArray[np.float64]:
        """Log-odds of leaving, shape (n_samples,)."""

    @abstractmethod
    def _contributions(self, encoded: Encoded) -> tuple[float, NDArray[np.float64]]:
        """Return the base and contributions of shape (n_samples, n_features)."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        return tags
