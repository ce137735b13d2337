"""Copies of customer tables with another future, for tests that look for leaks."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import sqlglot.expressions as exp
from numpy.typing import NDArray

from crmml._utils._durations import DAY, MICROSECOND
from crmml.tables import CustomerTables
from crmml.tables import _sql as sql
from crmml.tables._attributes import Attribute
from crmml.tables._ids import narrow_ids
from crmml.tables._prepare import LARGEST_NUMBER, MILLIONTHS
from crmml.tables._table import Kind, Table

Edit: TypeAlias = Callable[[str, pd.DataFrame], pd.DataFrame]

_EVENT_TIMES = frozenset({"timestamp", "recorded_at"})
_SPAN = 400 * DAY // MICROSECOND
"""How far from the cutoff events are moved or added."""
_LARGEST = LARGEST_NUMBER / 10 * MILLIONTHS
"""Added numbers stay within what tables take."""


def copy_tables(
    tables: CustomerTables, edit: Edit, attributes: Sequence[Attribute] = ()
) -> CustomerTables:
    """Build the same tables over edited rows, whatever the rows came from.

    Parameters
    ----------
    tables : CustomerTables
        The tables.
    edit : callable
        Takes a table's name and its rows, as columns of Arrow dtypes by role with
        instants in microseconds and numbers in millionths, and returns other rows.
    attributes : sequence of Attribute
        Columns of customers that play no role and are copied too, by their aliases.

    Returns
    -------
    CustomerTables
        Over frames of the user's kind that hold these columns alone, under the user's
        names, with the same ``observed_until``. Rows without an id are left out.
    """
    copies: dict[str, Any] = {}
    for name, columns in tables.columns.items():
        query = exp.select(*[sql.column(role, name) for role in columns])
        query = query.from_(sql.table(name))
        own = attributes if name == "customers" else ()
        query = query.select(*[sql.column(one.alias, one.view) for one in own])
        for view in dict.fromkeys(one.view for one in own):
            query = query.join(sql.table(view), using=["customer_id"])
        found = tables.engine.run(query)
        arrays = {role: found[role] for role in found.column_names}
        arrays["customer_id"] = narrow_ids(arrays["customer_id"])
        rows = pa.table(arrays)
        edited = edit(name, rows.to_pandas(types_mapper=pd.ArrowDtype))
        back = pa.Table.from_pandas(edited, schema=rows.schema, preserve_index=False)
        copies[name] = _declare(tables, name, back, own)
    end = tables.observed_until
    if end is not None and tables.is_aware:
        end = end.tz_localize("UTC")
    return CustomerTables(**copies, observed_until=end)


def _declare(
    tables: CustomerTables, name: str, rows: pa.Table, attributes: Sequence[Attribute]
) -> Table:
    """Wrap rows as the user's table of this name was."""
    table = tables.table(name)
    names = table.roles
    if len(set(names.values())) < len(names):
        # One column plays two roles, which differ after the edit.
        names = {role: role for role in names}
    arrays = {
        names[role]: _to_user(rows[role], column.kind, bool(tables.is_aware))
        for role, column in tables.columns[name].items()
    }
    for one in attributes:
        kind = _kind_of(one)
        arrays[one.name] = _to_user(rows[one.alias], kind, bool(tables.is_aware))
    data = _like(table.data, pa.table(arrays))
    fields: dict[str, Any] = {"data": data, "encoding": "utf-8", **names}
    return replace(table, **fields)


def _kind_of(attribute: Attribute) -> Kind:
    """Kind of an attribute; its numbers are no millionths."""
    if attribute.kind == "date":
        return "instant"
    return "double" if attribute.kind == "number" else attribute.kind


def _to_user(values: pa.ChunkedArray, kind: str, is_aware: bool) -> pa.ChunkedArray:
    if kind == "instant":
        return values.cast(pa.timestamp("us", tz="UTC" if is_aware else None))
    if kind == "number":
        return pc.divide(values.cast(pa.float64(), safe=False), float(MILLIONTHS))
    return values


def _like(data: Any, rows: pa.Table) -> Any:
    """Return rows in the library that the user's frame is of, else as Arrow."""
    frame = nw.from_native(data, eager_only=True, pass_through=True)
    if not isinstance(frame, nw.DataFrame) or frame.implementation.is_pyarrow():
        return rows
    if frame.implementation.is_pandas():
        # Integers beside missing values would become floats, and ids lose digits.
        return rows.to_pandas(integer_object_nulls=True)
    return nw.from_arrow(rows, backend=frame.implementation).to_native()


class FutureEditor:
    """Change what was not known at a cutoff, and nothing else.

    Parameters
    ----------
    tables : CustomerTables
        The tables that are edited.
    cutoff : int
        The cutoff in microseconds.
    customers : pyarrow.ChunkedArray
        Ids for whom events are added.
    seed : int
        The same seed makes the same edits.
    attributes : sequence of Attribute
        Columns of customers that play no role and are edited too.
    as_of_today : collection of str
        Those of them, by the user's name, that were not fixed before the cutoff.
    """

    def __init__(
        self,
        tables: CustomerTables,
        cutoff: int,
        customers: pa.ChunkedArray,
        seed: int,
        attributes: Sequence[Attribute] = (),
        as_of_today: Collection[str] = (),
    ) -> None:
        self._kinds = {
            name: {role: column.kind for role, column in columns.items()}
            for name, columns in tables.columns.items()
        }
        for one in attributes:
            self._kinds["customers"][one.alias] = _kind_of(one)
        self._as_of_today = [one.alias for one in attributes if one.name in as_of_today]
        self._cutoff = cutoff
        self._customers = customers
        self._random = np.random.default_rng(seed)

    def delete(self, name: str, rows: pd.DataFrame) -> pd.DataFrame:
        """Drop every row that was not known, and every later instant."""
        kept = rows[self._is_known(name, rows)]
        kept = self._edit_instants(name, kept, lambda n: [None] * n)
        return self._edit_attributes(name, kept, lambda values: [None] * len(values))

    def scramble(self, name: str, rows: pd.DataFrame) -> pd.DataFrame:
        """Give rows that were not known other customers, times and values."""
        rows = self._edit_instants(name, rows, self._draw_later)
        later = np.flatnonzero(~self._is_known(name, rows))
        for role, kind in self._kinds[name].items():
            if role not in _EVENT_TIMES:
                drawn = rows[role].take(self._random.permutation(later))
                if kind == "number":
                    drawn = self._draw_like(drawn, len(drawn))
                rows = _put(rows, role, later, drawn)
        if name == "customers":
            return self._edit_attributes(name, rows, self._random.permutation)
        early = rows["timestamp"].to_numpy()[later] < self._cutoff
        times = np.where(
            early, self._draw_earlier(len(later)), self._draw_later(len(later))
        )
        rows = _put(rows, "timestamp", later, times)
        if "recorded_at" in rows:
            rows = _put(rows, "recorded_at", later, self._draw_later(len(later)))
        return rows

    def add(self, name: str, rows: pd.DataFrame) -> pd.DataFrame:
        """Add rows for every customer, half of them at the very cutoff."""
        rows = self._edit_instants(name, rows, self._draw_later)
        if name == "customers":
            return rows
        n = len(self._customers)
        added = {
            role: self._draw_values(rows[role], kind, n)
            for role, kind in self._kinds[name].items()
        }
        late = self._draw_later(n)
        late[::2] = self._cutoff
        added |= {"customer_id": self._customers, "timestamp": late}
        parts = [added]
        if "recorded_at" in rows:
            added["recorded_at"] = late
            # What happened before the cutoff and was recorded after it.
            parts.append({**added, "timestamp": self._draw_earlier(n)})
        frames = [_like_rows(part, rows) for part in parts]
        return pd.concat([rows, *frames], ignore_index=True)

    def _is_known(self, name: str, rows: pd.DataFrame) -> NDArray[np.bool_]:
        known = np.ones(len(rows), dtype=np.bool_)
        for role in _EVENT_TIMES & set(self._kinds[name]):
            # Who recorded a row never, made it known at no cutoff.
            is_earlier = (rows[role] < self._cutoff).fillna(False)
            known &= is_earlier.to_numpy(dtype=np.bool_)
        return known

    def _edit_instants(
        self, name: str, rows: pd.DataFrame, draw: Callable[[int], Any]
    ) -> pd.DataFrame:
        """Replace instants that had not come yet at the cutoff."""
        for role, kind in self._kinds[name].items():
            if kind == "instant" and role not in _EVENT_TIMES:
                is_open = (rows[role] >= self._cutoff).fillna(True)
                where = np.flatnonzero(is_open.to_numpy(dtype=np.bool_))
                rows = _put(rows, role, where, draw(len(where)))
        return rows

    def _edit_attributes(
        self, name: str, rows: pd.DataFrame, draw: Callable[[Any], Any]
    ) -> pd.DataFrame:
        """Replace attributes that may not have been so at the cutoff."""
        for role in self._as_of_today if name == "customers" else ():
            values = draw(rows[role].array)
            rows = _put(rows, role, np.arange(len(rows)), values)
        return rows

    def _draw_later(self, n: int) -> NDArray[np.int64]:
        return self._cutoff + self._random.integers(0, _SPAN, n)

    def _draw_earlier(self, n: int) -> NDArray[np.int64]:
        return self._cutoff - self._random.integers(1, _SPAN, n)

    def _draw_values(self, given: pd.Series, kind: str, n: int) -> Any:
        if kind == "number":
            return self._draw_like(given, n)
        if kind == "instant":
            return self._draw_later(n)
        known = given.dropna().unique()
        if kind != "key" or not len(known):
            return [None] * n
        return known.take(self._random.integers(0, len(known), n))

    def _draw_like(self, given: pd.Series, n: int) -> NDArray[np.int64]:
        """Numbers of both signs, up to ten times as large as those given."""
        largest = float(given.abs().max()) if given.notna().any() else 0.0
        reach = min(10 * max(largest, MILLIONTHS), _LARGEST)
        return self._random.uniform(-reach, reach, n).astype(np.int64)


def _put(rows: pd.DataFrame, role: str, where: Any, values: Any) -> pd.DataFrame:
    """Return rows with other values of one role at some positions."""
    column = rows[role].reset_index(drop=True).copy()
    column.iloc[where] = pd.array(values, dtype=column.dtype)
    return rows.reset_index(drop=True).assign(**{role: column})


def _like_rows(values: dict[str, Any], rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {role: pd.array(values[role], dtype=rows[role].dtype) for role in rows}
    )
