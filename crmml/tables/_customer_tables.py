"""All tables of a company, checked together and ready to be asked."""

from collections.abc import Mapping
from os import PathLike
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from crmml._utils._shown import ShownInParts
from crmml.exceptions import SchemaError
from crmml.tables._attributes import Attribute
from crmml.tables._check import Extent, check_rows
from crmml.tables._choose_engine import choose_engines
from crmml.tables._complaints import Complaints
from crmml.tables._customers import Customers
from crmml.tables._engine import Engine
from crmml.tables._events import Events
from crmml.tables._ids import common_id_type, restore_ids
from crmml.tables._instants import to_microseconds
from crmml.tables._prepare import Column, prepare
from crmml.tables._quality import compute_quality
from crmml.tables._surveys import Surveys
from crmml.tables._table import Table
from crmml.tables._transactions import Transactions
from crmml.tables._views import CanonicalViews


class CustomerTables(ShownInParts):
    """A company's customer tables behind one door.

    Construction opens the tables and checks them: columns exist and hold what their
    role needs, ids are of one type, instants are all with or all without a time zone.
    Instants with a time zone are converted to UTC, those without are taken as they are,
    to the microsecond. The data are read, never changed.

    Parameters
    ----------
    transactions : Transactions, optional
        What customers bought.
    customers : Customers, optional
        Who they are, each in one row.
    complaints : Complaints, optional
        What they complained about.
    surveys : Surveys, optional
        What they answered.
    events : Events, optional
        What else they did.
    observed_until : str or datetime, optional
        The instant until which the data are complete. It bounds every cutoff and every
        label. Default: the last event of any table.
    memory_limit : str, optional
        The most memory that DuckDB may take in this process: a number of at least 1
        and a unit, MB, GB or TB (thousands of bytes) or MiB, GiB or TiB (of 1,024),
        such as ``"4GB"``. What it sorts and groups beyond that is written to disk.
        Results, and tables that are in memory already, come on top. Default: DuckDB's,
        four fifths of the machine's memory.
    spill_directory : str or path, optional
        The folder for what does not fit in memory; it is empty again afterwards.
        Default: that of the system for temporary files.

    Attributes
    ----------
    observed_until : pandas.Timestamp or None
        The instant until which the data are complete, in UTC and without a time zone;
        None when no table has events.

    Raises
    ------
    SchemaError
        If a table is not what was declared; the message names table, column, rule and
        how many rows break it. Or if a limit is none, or is given where all tables
        lie outside this process.
    LimitError
        From all that reads the tables, if DuckDB needs more memory than it may take.

    Warns
    -----
    DataQualityWarning
        If rows without a customer id are left out.

    See Also
    --------
    make_spine : Which customers there were at a cutoff.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.tables import CustomerTables, Transactions
    >>> sales = pd.DataFrame(
    ...     {"id": ["007", "7"], "day": ["2024-05-01", "2024-05-03"], "eur": [9.5, 3.0]}
    ... )
    >>> tables = CustomerTables(
    ...     transactions=Transactions(
    ...         sales, customer_id="id", timestamp="day", amount="eur"
    ...     )
    ... )
    >>> tables.observed_until
    Timestamp('2024-05-03 00:00:00')
    """

    def __init__(
        self,
        *,
        transactions: Transactions | None = None,
        customers: Customers | None = None,
        complaints: Complaints | None = None,
        surveys: Surveys | None = None,
        events: Events | None = None,
        observed_until: Any = None,
        memory_limit: str | None = None,
        spill_directory: str | PathLike[str] | None = None,
    ) -> None:
        self.transactions = transactions
        self.customers = customers
        self.complaints = complaints
        self.surveys = surveys
        self.events = events
        self._declared = _check_kinds(
            {
                Transactions: transactions,
                Customers: customers,
                Complaints: complaints,
                Surveys: surveys,
                Events: events,
            }
        )
        sources = {name: table.source for name, table in self._declared.items()}
        self.engine, self.readers = choose_engines(
            sources, memory_limit, spill_directory
        )
        self.columns: dict[str, dict[str, Column]] = {}
        self.extents: dict[str, Extent] = {}
        for name, table in self._declared.items():
            self.columns[name], self.extents[name] = _open(table, self.readers[name])
        self.is_aware = self._check_zones()
        id_types = {
            name: columns["customer_id"]
            for name, columns in self.columns.items()
            if self.extents[name].n_rows
        }
        self.id_type = common_id_type(id_types)
        self.views = CanonicalViews(
            self.engine, self.readers, self.id_type or "VARCHAR"
        )
        for name, table in self._declared.items():
            self.views.open(table, self.columns[name])
        self.attributes: dict[Any, dict[str, Attribute]] = {}
        self.is_end_declared = observed_until is not None
        self.observed_until = self._read_observed_until(observed_until)

    def quality(self) -> pd.DataFrame:
        """List what looks wrong in the data, without showing any of them.

        Looked for are tables without rows, rows without an id or with one unknown to
        customers, exact duplicates, missing values, negative amounts and amounts of
        zero, unusually large amounts, instants in the future or before what they must
        follow, and days without any event.

        Returns
        -------
        pandas.DataFrame of shape (n_findings, 6)
            One row for each finding: ``table``, ``column``, ``finding``, ``n_rows``,
            ``share`` of the table's rows (1 where it has none), and what to do
            (``advice``). Empty when nothing was found.

        Notes
        -----
        An amount is unusually large above both Q3 (Q3 / Q1)^3 and 10 Q3, where Q1 and
        Q3 are the quartiles of the positive amounts, if there are 20 or more: three
        interquartile ranges above the upper quartile on the scale of logarithms.

        Of days without any event the finding counts days, and their share of all days
        (in UTC) from the table's first event to its last one that is not in the
        future; only where a day has ten events or more on average, so that chance
        leaves none empty.
        """
        return compute_quality(self)

    def _parts(self) -> tuple[str, dict[str, str]]:
        """Show each table's size and time span, and nobody's data."""
        parts = {}
        for name, extent in self.extents.items():
            span = "" if extent.last is None else f", {extent.first} to {extent.last}"
            parts[name] = f"{extent.n_rows:,} rows{span}"
        return f"CustomerTables, observed until {self.observed_until}", parts

    def __contains__(self, name: object) -> bool:
        """Tell whether the table of this name was given."""
        return name in self._declared

    def table(self, name: str) -> Table:
        """Return a declared table, or say that it is missing.

        Parameters
        ----------
        name : str
            Such as ``"complaints"``.

        Returns
        -------
        Table
            The table.

        Raises
        ------
        SchemaError
            If it was not given.
        """
        if name not in self._declared:
            raise SchemaError(
                f"{name}: this table is needed here and was not given. "
                f"Pass it: CustomerTables(..., {name}={name.capitalize()}(...))."
            )
        return self._declared[name]

    @property
    def event_tables(self) -> list[str]:
        """Names of the given tables that hold events."""
        return [name for name in self._declared if name != "customers"]

    def restore_ids(self, ids: pa.ChunkedArray) -> pd.Series:
        """Turn ids from the engine into the type in which pandas users gave them.

        Parameters
        ----------
        ids : pyarrow.ChunkedArray of shape (n_rows,)
            Ids as the engine returns them.

        Returns
        -------
        pandas.Series of shape (n_rows,)
            The same ids.
        """
        filled = [name for name in self._declared if self.extents[name].n_rows]
        names = sorted(filled, key=lambda name: name != "customers")
        tables = [self._declared[name] for name in names]
        return restore_ids(
            ids,
            [
                table.source.pandas_dtypes.get(table.roles["customer_id"])
                for table in tables
            ],
        )

    def _check_zones(self) -> bool | None:
        aware = {
            f"{name}.{column.name}": column.is_aware
            for name, columns in self.columns.items()
            for column in columns.values()
            if column.is_aware is not None and column.role in self.extents[name].filled
        }
        if len(set(aware.values())) > 1:
            zoned = sorted(name for name, is_aware in aware.items() if is_aware)
            naive = sorted(name for name, is_aware in aware.items() if not is_aware)
            raise SchemaError(
                f"Instants with a time zone ({', '.join(zoned)}) and without "
                f"({', '.join(naive)}) cannot be compared. Convert all to UTC, or "
                "drop the zones of all."
            )
        return next(iter(aware.values()), None)

    def _read_observed_until(self, declared: Any) -> pd.Timestamp | None:
        if declared is not None:
            instant = to_microseconds(declared, "observed_until", self.is_aware)
            return pd.Timestamp(instant, unit="us")
        lasts = [extent.last for extent in self.extents.values()]
        return max((last for last in lasts if last is not None), default=None)


def _open(table: Table, engine: Engine) -> tuple[dict[str, Column], Extent]:
    try:
        columns = prepare(table, engine)
        return columns, check_rows(table, columns, engine)
    except duckdb.ConversionException:
        # The engine's text quotes a cell, so it must not travel with our error.
        raise SchemaError(
            f"{table.name}: an instant lies outside the engine's calendar, which ends "
            "in the year 294246. Look at the timestamps."
        ) from None


def _check_kinds(tables: Mapping[type[Table], Table | None]) -> dict[str, Table]:
    given = {}
    for kind, table in tables.items():
        if table is None:
            continue
        if not isinstance(table, kind):
            raise SchemaError(
                f"{kind.name} must be a {kind.__name__}, got {type(table).__name__}. "
                f"Wrap the data: {kind.__name__}(data, customer_id=...)."
            )
        given[kind.name] = table
    if not given:
        raise SchemaError(
            "CustomerTables needs at least one table, such as "
            "transactions=Transactions(data, customer_id=..., timestamp=...)."
        )
    return given
