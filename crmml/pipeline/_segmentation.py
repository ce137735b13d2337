"""From tables to segments at any cutoff."""

from collections.abc import Sequence
from typing import Any, Self

import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from crmml.exceptions import SchemaError
from crmml.features._builder import PointInTimeBuilder
from crmml.segmentation import compute_migration_matrix, compute_segment_profile
from crmml.tables._coerce import as_tables
from crmml.tables._instants import is_single
from crmml.tables._spine import build_spine


class SegmentationPipeline(BaseEstimator):
    """Group customers from tables, and follow the groups through time.

    Features are computed as of each cutoff from earlier events. What the segmenter
    learns in ``fit`` is applied unchanged to later snapshots, so that a segment means
    the same at every date.

    Parameters
    ----------
    features : FeatureSet or feature builder
        What to know about a customer.
    segmenter : estimator
        A segmenter of :mod:`crmml.segmentation`, or any estimator whose ``predict``
        returns one label for each row of a frame.

    Attributes
    ----------
    features_ : FeatureSet or feature builder
        The fitted features.
    segmenter_ : estimator
        The fitted segmenter.
    n_customers_ : int
        Rows of the snapshots it learned from.

    See Also
    --------
    crmml.segmentation.KMeansSegmenter : Segments from any numbers.
    crmml.segmentation.RFMSegmenter : Named segments.

    Examples
    --------
    >>> from crmml.datasets import make_customers
    >>> from crmml.features import RFM
    >>> from crmml.pipeline import SegmentationPipeline
    >>> from crmml.segmentation import RFMSegmenter
    >>> tables = make_customers(500, random_state=0).to_tables()
    >>> groups = SegmentationPipeline(features=RFM(), segmenter=RFMSegmenter())
    >>> groups = groups.fit(tables, cutoffs="2024-03-01")
    >>> groups.predict(tables, cutoff="2024-06-01").columns.tolist()
    ['customer_id', 'segment']
    """

    def __init__(self, *, features: PointInTimeBuilder, segmenter: Any) -> None:
        self.features = features
        self.segmenter = segmenter

    def fit(self, tables: Any, cutoffs: Any) -> Self:
        """Learn features and segments from one snapshot or several.

        Parameters
        ----------
        tables : CustomerTables, Transactions or frame
            The data.
        cutoffs : str, datetime or list of them
            The snapshots; the customers of all of them are learned from together.

        Returns
        -------
        self
            The fitted pipeline.

        Raises
        ------
        SchemaError, NotEnoughHistoryError
            If the tables lack what the features need, or do not reach a cutoff.
        """
        self._check_parts()
        tables = as_tables(tables)
        features = clone(self.features).set_output(transform="pandas")
        features.fit(tables, cutoffs)
        X = features.transform(tables, cutoffs)
        self.segmenter_ = clone(self.segmenter).fit(X)
        self.features_ = features
        self.n_customers_ = len(X)
        return self

    def refit(self, tables: Any, cutoffs: Any) -> Self:
        """Learn the segments anew, such that they keep their numbers.

        Features stay as they were learned in ``fit``.

        Parameters
        ----------
        tables : CustomerTables, Transactions or frame
            The data.
        cutoffs : str, datetime or list of them
            The snapshots of today.

        Returns
        -------
        self
            The pipeline.

        Raises
        ------
        SchemaError
            If the segmenter cannot keep numbers, as only
            :class:`~crmml.segmentation.KMeansSegmenter` can; named segments keep their
            names by ``fit`` alone.
        """
        check_is_fitted(self, "segmenter_")
        if not hasattr(self.segmenter_, "refit"):
            raise SchemaError(
                f"{type(self.segmenter_).__name__} has no refit; use fit, which names "
                "segments by the same rules."
            )
        X = self.features_.transform(as_tables(tables), cutoffs)
        self.segmenter_ = clone(self.segmenter).refit(X, self.segmenter_)
        self.n_customers_ = len(X)
        return self

    def predict(
        self, tables: Any, cutoff: Any, *, customers: Sequence[Any] | None = None
    ) -> pd.DataFrame:
        """Assign the customers of a cutoff to the learned segments.

        Parameters
        ----------
        tables : CustomerTables, Transactions or frame
            The data.
        cutoff : str or datetime
            The instant we pretend it is.
        customers : sequence of ids, optional
            Assign these instead, in this order, whether or not they have bought.

        Returns
        -------
        pandas.DataFrame of shape (n_customers, 2)
            Columns ``customer_id`` and ``segment``, ordered by customer_id, or as
            `customers` is.

        Raises
        ------
        SchemaError, NotEnoughHistoryError
            If the tables lack what the features need, or do not reach the cutoff.
        """
        return self._predict_rows(*self._describe(tables, cutoff, customers))

    def profile(self, tables: Any, cutoff: Any, *, value: Any = None) -> pd.DataFrame:
        """Describe the segments of a cutoff.

        Parameters
        ----------
        tables : CustomerTables, Transactions or frame
            The data.
        cutoff : str or datetime
            The instant we pretend it is.
        value : str, optional
            The feature that says what a customer is worth, such as ``"total_spend"``.

        Returns
        -------
        pandas.DataFrame
            As from :func:`crmml.segmentation.compute_segment_profile`.

        Raises
        ------
        SchemaError, NotEnoughHistoryError
            As in :meth:`predict`; also if features hold text.
        """
        _, X = self._describe(tables, cutoff, None)
        return compute_segment_profile(X, self.segmenter_.predict(X), value=value)

    def migrate(
        self,
        tables: Any,
        cutoffs: Any,
        *,
        order: Sequence[Any] | None = None,
        share: bool = False,
    ) -> pd.DataFrame:
        """Count who moved from which segment to which between two cutoffs.

        Parameters
        ----------
        tables : CustomerTables, Transactions or frame
            The data.
        cutoffs : sequence of two str or datetime
            The two dates.
        order : sequence, optional
            The segments in the order of rows and columns.
        share : bool, default=False
            Whether to give shares of the segment before.

        Returns
        -------
        pandas.DataFrame of shape (n_segments, n_segments)
            As from :func:`crmml.segmentation.compute_migration_matrix`.

        Raises
        ------
        SchemaError
            If there are not two cutoffs, or `order` lacks a segment.
        """
        if is_single(cutoffs) or len(cutoffs) != 2:
            raise SchemaError("migrate needs two cutoffs, such as two first of months.")
        before, after = (self.predict(tables, cutoff) for cutoff in cutoffs)
        return compute_migration_matrix(before, after, order=order, share=share)

    def _check_parts(self) -> None:
        if not isinstance(self.features, PointInTimeBuilder):
            raise SchemaError(
                f"features must be a FeatureSet, got {type(self.features).__name__}."
            )
        for method in ("fit", "predict"):
            if not hasattr(self.segmenter, method):
                raise SchemaError(
                    "segmenter must be a segmenter such as KMeansSegmenter(), got "
                    f"{type(self.segmenter).__name__}, which has no {method}."
                )

    def _predict_rows(self, ids: Any, X: pd.DataFrame) -> pd.DataFrame:
        """Assign customers whose features are known."""
        return pd.DataFrame({"customer_id": ids, "segment": self.segmenter_.predict(X)})

    def _describe(
        self, tables: Any, cutoff: Any, customers: Sequence[Any] | None = None
    ) -> tuple["pd.Series[Any]", pd.DataFrame]:
        """Return ids and features of the customers of a cutoff."""
        check_is_fitted(self, "segmenter_")
        tables = as_tables(tables)
        if not is_single(cutoff):
            raise SchemaError("predict takes one cutoff; call it once for each.")
        frame = build_spine(tables, cutoff, customers=customers).to_frame(tables)
        return frame["customer_id"], self.features_.transform(tables, spine=frame)
