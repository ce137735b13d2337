"""What every feature builder can do; a builder itself only declares."""

from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from crmml._utils._extras import import_extra
from crmml.exceptions import SchemaError
from crmml.features._compute import compute_features
from crmml.features._declarations import Declarations, Feature
from crmml.features._explain import FeaturePlan, explain_features
from crmml.features._outside import OutsideMixin
from crmml.tables import CustomerTables
from crmml.tables._coerce import as_tables
from crmml.tables._instants import check_cutoffs
from crmml.tables._spine import Spine, build_spine, read_spine

_CONTAINERS = ("pandas", "polars", "arrow")


class PointInTimeBuilder(OutsideMixin, BaseEstimator):
    """Turn event tables into one row of features per customer and cutoff.

    Subclasses implement ``declare``. They run no query: the declarations of all
    builders are compiled together, into one scan for each event table.
    """

    def declare(self, ask: Declarations) -> list[Feature]:
        """Say which aggregations are needed and which features come of them."""
        raise NotImplementedError

    def learn(self, tables: CustomerTables, before: int) -> None:
        """Learn what ``declare`` needs to know; most builders need nothing.

        Parameters
        ----------
        tables : CustomerTables
            The data.
        before : int
            The earliest cutoff, in microseconds since 1970: only what was known
            before it may be learned from.
        """

    def fit(self, tables: Any, cutoffs: Any) -> Self:
        """Check that the tables hold what is needed, and learn what must be learned.

        Parameters
        ----------
        tables : CustomerTables, Transactions or frame
            The data; a frame must name its columns by their roles.
        cutoffs : str, datetime or list of them
            The instants at which features will be wanted. What is learned, such as
            which categories there are, is learned from events before the earliest.

        Returns
        -------
        self
            With ``feature_names_out_``.

        Raises
        ------
        SchemaError
            If a table or column that a feature needs was not declared.
        NotEnoughHistoryError
            If the data do not reach around a cutoff.
        """
        tables = as_tables(tables)
        self.learn(tables, check_cutoffs(cutoffs, tables)[0])
        return self._learn_names(tables)

    def transform(self, tables: Any, cutoffs: Any = None, *, spine: Any = None) -> Any:
        """Compute the features as of each cutoff, from earlier events alone.

        Parameters
        ----------
        tables : CustomerTables, Transactions or frame
            The data.
        cutoffs : str, datetime or list of them, optional
            The instants we pretend it is; rows are those of
            :func:`crmml.tables.make_spine`.
        spine : frame, optional
            Rows to compute instead: columns ``customer_id`` and ``cutoff``, each pair
            once. Give either `cutoffs` or `spine`.

        Returns
        -------
        frame of shape (n_rows, n_features)
            pandas, indexed by customer_id (one cutoff) or by (cutoff, customer_id);
            after ``set_output``, Polars or Arrow with these as leading columns. Rows
            are those of the spine, in its order; counts and sums without events are 0,
            other features are missing.

        Raises
        ------
        SchemaError
            If the tables lack what a fitted feature needs, or the spine cannot be
            used.
        NotEnoughHistoryError
            If the data do not reach around a cutoff.
        """
        tables = as_tables(tables)
        if (cutoffs is None) == (spine is None):
            raise SchemaError("Give either cutoffs or spine.")
        if spine is None:
            rows = build_spine(tables, cutoffs)
        else:
            rows = read_spine(spine, tables)
        features, asked = self._declare_fitted(tables)
        result = compute_features(features, asked, tables, rows)
        return self._in_container(result, features, rows, tables)

    def fit_transform(
        self, tables: Any, cutoffs: Any = None, *, spine: Any = None
    ) -> Any:
        """Fit, then compute the features; see :meth:`transform`."""
        tables = as_tables(tables)
        if spine is None:
            self.fit(tables, cutoffs)
        else:
            self.learn(tables, read_spine(spine, tables).cutoffs[0])
            self._learn_names(tables)
        return self.transform(tables, cutoffs, spine=spine)

    def explain(self, tables: Any, cutoffs: Any) -> FeaturePlan:
        """Show how the features would be computed: scans, buckets, paths, SQL.

        Only the rows of the result are counted, and what must be learned is, where
        this is not fitted yet.

        Parameters
        ----------
        tables : CustomerTables, Transactions or frame
            The data.
        cutoffs : str, datetime or list of them
            The instants we pretend it is.

        Returns
        -------
        FeaturePlan
            The plan; print it. Its attributes are ``features``, ``cutoffs``,
            ``n_rows``, ``method``, ``reason``, ``scans``, ``aggregations``, ``edges``,
            ``dialect`` and ``sql``.

        Raises
        ------
        SchemaError
            If the tables lack what a feature needs.
        NotEnoughHistoryError
            If the data do not reach around a cutoff.

        Examples
        --------
        >>> import pandas as pd
        >>> from crmml.features import RFM
        >>> sales = pd.DataFrame(
        ...     {
        ...         "customer_id": [1, 1],
        ...         "timestamp": ["2024-01-01", "2024-03-01"],
        ...         "amount": [10.0, 5.5],
        ...     }
        ... )
        >>> RFM(windows="30D").explain(sales, ["2024-02-01", "2024-03-01"])
        FeaturePlan: 3 features, 2 rows of customers at 2 cutoffs
        aggregated by SQL: fewer than 100,000 rows
        transactions, read once: customer_id, timestamp, amount
          5 buckets, edges from 2024-01-02 00:00:00 to 2024-03-01 00:00:00
          combined from buckets
            max of timestamp
            count of orders, last 30d
            sum of amount, last 30d
        in SQL (duckdb): see .sql
        """
        tables = as_tables(tables)
        fitted = self
        if not hasattr(self, "feature_names_out_"):
            fitted = clone(self).fit(tables, cutoffs)
        features, asked = fitted._declare_fitted(tables)
        spine = build_spine(tables, cutoffs)
        return explain_features(features, asked, tables, spine)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the names of the columns that ``transform`` gives.

        Parameters
        ----------
        input_features : None
            Ignored; there for scikit-learn.

        Returns
        -------
        ndarray of shape (n_features,)
            The names.
        """
        check_is_fitted(self, "feature_names_out_")
        return np.asarray(self.feature_names_out_, dtype=object)

    def set_output(self, *, transform: str | None = None) -> Self:
        """Choose what ``transform`` returns.

        Parameters
        ----------
        transform : {"pandas", "polars", "arrow"}, optional
            The kind of table; None leaves it as it is.

        Returns
        -------
        self
            The builder.

        Raises
        ------
        SchemaError
            If it is none of these.
        """
        if transform is not None and transform not in (*_CONTAINERS, "default"):
            raise SchemaError(
                f"transform must be one of {_CONTAINERS}, got {transform!r}."
            )
        if transform is not None:
            # The name under which scikit-learn's clone carries it along.
            self._sklearn_output_config = {"transform": transform}
        return self

    def _learn_names(self, tables: CustomerTables) -> Self:
        features = self.declare(Declarations(tables))
        names = [feature.name for feature in features]
        taken = [name for name in names if name in {"customer_id", "cutoff"}]
        if taken:
            raise SchemaError(
                f"A feature cannot be called {taken[0]!r}, which names the rows of "
                "every result. Rename the column or the feature."
            )
        self.feature_names_out_ = names
        return self

    def _declare_fitted(
        self, tables: CustomerTables
    ) -> tuple[list[Feature], Declarations]:
        """Declare the features of ``fit``, whatever else these tables would allow."""
        check_is_fitted(self, "feature_names_out_")
        asked = Declarations(tables)
        by_name = {feature.name: feature for feature in self.declare(asked)}
        missing = [name for name in self.feature_names_out_ if name not in by_name]
        if missing:
            raise SchemaError(
                f"The features {missing} were fitted, and these tables do not hold "
                "what they need. Give the tables and columns that fit was given."
            )
        return [by_name[name] for name in self.feature_names_out_], asked

    def _in_container(
        self,
        result: pa.Table,
        features: list[Feature],
        rows: Spine,
        tables: CustomerTables,
    ) -> Any:
        config = getattr(self, "_sklearn_output_config", {})
        container = config.get("transform", "pandas")
        if container in {"pandas", "default"}:
            return _to_pandas(result, features).set_index(rows.to_index(tables))
        cutoff = rows.rows["cutoff"].cast(
            pa.timestamp("us", tz="UTC" if tables.is_aware else None)
        )
        keys = {"customer_id": rows.rows["customer_id"]}
        if not rows.is_single:
            keys = {"cutoff": cutoff, **keys}
        columns = dict(zip(result.column_names, result.columns, strict=True))
        table = pa.table({**keys, **columns})
        if container == "arrow":
            return table
        return import_extra("polars", "polars").from_arrow(table)


def _to_pandas(result: pa.Table, features: list[Feature]) -> pd.DataFrame:
    frame: pd.DataFrame = result.to_pandas()
    return frame.astype(pandas_dtypes(features))


def pandas_dtypes(features: list[Feature]) -> dict[str, Any]:
    """Tell dtypes of features that do not depend on whether values are missing."""
    dtypes: dict[str, Any] = {
        one.name: one.dtype for one in features if one.dtype is not None
    }
    return dtypes | {one.name: "boolean" for one in features if one.kind == "boolean"}
