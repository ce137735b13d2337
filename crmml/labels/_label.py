"""What labels have in common: a window after the cutoff that must be over."""

from typing import Any, ClassVar

import pandas as pd
import pyarrow as pa
import sqlglot.expressions as exp
from sklearn.base import BaseEstimator

from crmml._utils._durations import MICROSECOND, Duration, check_duration
from crmml.exceptions import LeakageError, SchemaError
from crmml.tables import CustomerTables
from crmml.tables._coerce import as_tables
from crmml.tables._spine import Spine, build_spine, read_spine
from crmml.tables._stays import leave_out_unknown, records_purchases


class WindowLabel(BaseEstimator):
    """A label read in [cutoff + gap, cutoff + gap + horizon).

    Subclasses implement ``_query``; those where silence tells who is gone, also
    ``active_horizon``; those that tell something else than who is gone, ``name``.
    """

    name: ClassVar[str] = "churn"
    """The name of the result; ``churn`` is 1 for customers who are gone."""
    horizon: Duration
    gap: Duration

    @property
    def active_horizon(self) -> pd.Timedelta | None:
        """How recently a customer must have bought to be one who can still leave.

        None where the tables themselves say who has left.
        """
        return None

    @property
    def window(self) -> tuple[pd.Timedelta, pd.Timedelta]:
        """Start and end of the label window after the cutoff."""
        gap = check_duration(self.gap, "gap", allow_zero=True)
        return gap, gap + check_duration(self.horizon, "horizon")

    def transform(
        self, tables: Any, cutoffs: Any = None, *, spine: Any = None
    ) -> pd.Series:
        """Read the label of each customer at each cutoff.

        Parameters
        ----------
        tables : CustomerTables, Transactions or frame
            The data.
        cutoffs : str, datetime or list of them, optional
            The instants we pretend it is; rows are those of
            :func:`crmml.tables.make_spine`.
        spine : frame, optional
            Rows to label instead: columns ``customer_id`` and ``cutoff``, each pair
            once. Give either `cutoffs` or `spine`.

        Returns
        -------
        pandas.Series of shape (n_rows,)
            Named ``churn``, or as the class says, indexed by customer_id (one cutoff)
            or by (cutoff, customer_id), in the spine's order.

        Raises
        ------
        LeakageError
            If a label window ends after ``tables.observed_until``.
        SchemaError
            If the tables lack what the label needs, or the spine cannot be used.
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
        return self._read(tables, rows)

    def _read(
        self, tables: CustomerTables, rows: Spine, *, known_before: int | None = None
    ) -> pd.Series:
        """Read the label of each row of the spine.

        Purchases known at or after `known_before`, in microseconds, count as if they
        had not been: whoever learned from labels then could not see them.
        """
        self._check_closed(tables, rows)
        query: exp.Query = self._query(tables, rows.cutoffs)
        if known_before is not None and records_purchases(tables):
            query = leave_out_unknown(query, tables, known_before)
        with tables.engine.lend("spine", rows.rows):
            values = tables.engine.run(query)[self.name]
        labels: pd.Series = values.to_pandas(types_mapper=_nullable(values)).rename(
            self.name
        )
        return labels.set_axis(rows.to_index(tables))

    def _query(self, tables: CustomerTables, cutoffs: list[int]) -> exp.Select:
        """Select the label for each row of the table ``spine``, in its order."""
        raise NotImplementedError

    def _check_closed(self, tables: CustomerTables, rows: Spine) -> None:
        _, end = self.window
        known = tables.observed_until
        if known is None:
            raise LeakageError(
                "Nobody knows until when the data are complete, so no label window "
                "is over for sure. Say it: CustomerTables(..., observed_until=...)."
            )
        # In microseconds: pandas 2 counts nanoseconds, which end in the year 2262.
        closings = [
            pd.Timestamp(one, unit="us").as_unit("us") + end.as_unit("us")
            for one in rows.cutoffs
        ]
        n_open = sum(closing > known for closing in closings)
        if n_open:
            raise LeakageError(
                f"The label window of {n_open} of {len(closings)} cutoffs is still "
                f"open: the last ends at {closings[-1]}, and the data are known until "
                f"{known}. Choose earlier cutoffs or a shorter "
                "horizon; or say until when the data are complete: "
                "CustomerTables(..., observed_until=...)."
            )


def _nullable(values: Any) -> Any:
    """Plain integers, or pandas' nullable ones where a label is missing."""
    has_gaps = values.null_count and pa.types.is_integer(values.type)
    return (lambda _: pd.Int64Dtype()) if has_gaps else None


def microseconds(duration: pd.Timedelta) -> int:
    """Return a duration in microseconds."""
    return int(duration // MICROSECOND)
