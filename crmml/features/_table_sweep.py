"""Which compiled loop computes which aggregation of a table."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from crmml._utils._blocks import run_in_blocks
from crmml._utils._durations import MICROSECOND
from crmml.features import _sweep as sweep
from crmml.features import _sweep_groups as groups
from crmml.features._arrange import find_largest_total
from crmml.features._declarations import GAP, Aggregation
from crmml.features._event_columns import group_key, known_key, value_key
from crmml.features._expressions import times, wide
from crmml.features._gather import GatheredEvents, Groups
from crmml.features._grains import DAY_LENGTH
from crmml.tables import CustomerTables
from crmml.tables import _sql as sql

_HOW = {
    "count": sweep.COUNT,
    "sum": sweep.SUM,
    "min": sweep.MIN,
    "max": sweep.MAX,
    "last": sweep.LAST,
}
_GROUP_HOW = {
    "distinct": groups.DISTINCT,
    "largest": groups.LARGEST,
    "log_sum": groups.LOG_SUM,
    "taken_back": groups.TAKEN_BACK,
}
_SUMS = {"sum", "largest", "log_sum", "taken_back", "first"}
_ORDER = "order"
_GAP = sql.column(GAP)
_SQUARED_GAP = times(wide(_GAP), wide(_GAP))
_ALL_OF_HISTORY = 2**61
"""A look-back longer than any table's history, in microseconds."""
_LARGEST_TOTAL = 2.0**56
"""Sums beyond are left to SQL; differences and multiples of smaller ones fit 64 bits,
and squares fit the wide numbers of the loops."""


class TableSweep:
    """One table's events, and the rows of the spine that are computed from them.

    Parameters
    ----------
    events : GatheredEvents
        The events.
    wanted : sequence of Aggregation
        What will be asked for.
    tables : CustomerTables
        The tables they come from.
    customer : ndarray of shape (n_rows,)
        Number of each row's customer.
    cutoff : ndarray of shape (n_rows,)
        In microseconds since 1970.
    """

    def __init__(
        self,
        events: GatheredEvents,
        wanted: Sequence[Aggregation],
        tables: CustomerTables,
        customer: NDArray[np.int32],
        cutoff: sweep.Int64s,
    ) -> None:
        self._events = events
        self._tables = tables
        self._cutoff, self._timestamp = cutoff, events.columns["timestamp"]
        self._places = _find_places(events, wanted, customer, cutoff)
        self._phases = np.unique(np.unique(cutoff) % DAY_LENGTH).tolist()
        self._groups: dict[tuple[str | None, int], Groups] = {}
        self._orders: tuple[sweep.Int64s, sweep.Int64s] | None = None
        self._totals: dict[str, float] = {}
        self._totals_until: dict[tuple[str, str, str], sweep.Int64s] = {}

    def aggregate(self, one: Aggregation) -> pa.Array | None:
        """Compute one aggregation for every row, or leave it to SQL by None."""
        if not self._is_known(one) or self._may_overflow(one):
            return None
        is_wide = one.value == _SQUARED_GAP or one.how == "log_sum"
        out = np.empty((1 + is_wide, len(self._cutoff)), np.int64)
        if one.grain.startswith("by_"):
            self._aggregate_groups(one, out)
        elif one.grain == "day":
            days = (DAY_LENGTH, *self._where(one), self._known(one))
            run_in_blocks(sweep.count_days, out.shape[1], *days, out)
        elif one.grain != "row" and self._is_late(one):
            self._aggregate_moving(one, out)
        elif not self._is_late(one) and self._is_running(one):
            self._read_running(one, out)
        elif not self._is_late(one) and one.how in {"min", "max"}:
            values = (*self._place(one), self._value(one))
            run_in_blocks(sweep.find_extremes, out.shape[1], _how(one), *values, out)
        else:
            given = (*self._where(one), self._value(one), self._known(one))
            run_in_blocks(sweep.aggregate, out.shape[1], _how(one), *given, out)
        if is_wide:
            return _to_decimals(out)
        if one.how in {"count", "sum", "distinct", "taken_back"}:
            return pa.array(out[0])
        return pa.array(out[0], mask=out[0] == sweep.MISSING)

    @staticmethod
    def _is_known(one: Aggregation) -> bool:
        """Of gaps, loops know these values."""
        known = (None, _GAP, _SQUARED_GAP)
        return one.grain != "gap" or one.value in known

    def _is_late(self, one: Aggregation) -> bool:
        """Whether its rows may become known after they happened."""
        return known_key(one, self._tables) != "timestamp"

    @staticmethod
    def _is_running(one: Aggregation) -> bool:
        """Whether the first and last event of a window are all one needs to know."""
        if one.how in {"min", "max"}:
            return one.grain == "row" and value_key(one) == "timestamp"
        return one.how in {"count", "sum"} and one.value != _SQUARED_GAP

    def _may_overflow(self, one: Aggregation) -> bool:
        if one.grain == "gap":
            # No gap, and no sum of gaps, is longer than all of history.
            timestamp = self._events.columns["timestamp"]
            span = float(timestamp.max(initial=0)) - float(timestamp.min(initial=0))
            return span >= _LARGEST_TOTAL
        if one.how not in _SUMS:
            return False
        key = value_key(one)
        if key not in self._totals:
            value = self._events.columns[key]
            self._totals[key] = find_largest_total(value, self._events.offsets)
        return self._totals[key] >= _LARGEST_TOTAL

    def _place(self, one: Aggregation) -> tuple[sweep.Places, sweep.Places]:
        """Say from where up to where the events of the window lie, for each row."""
        begin, end = self._places
        return begin[_length(one)], end

    def _where(self, one: Aggregation) -> tuple[object, ...]:
        """Return what all loops over the events of a window take."""
        return *self._place(one), self._cutoff, self._timestamp

    def _known(self, one: Aggregation) -> sweep.Int64s:
        return self._events.columns[known_key(one, self._tables)]

    def _value(self, one: Aggregation) -> sweep.Int64s:
        if one.grain == "row":
            return self._events.columns[value_key(one)]
        if self._orders is None:
            self._orders = self._events.orders(self._group(_ORDER, 0))
        return self._orders[one.grain == "gap"]

    def _group(self, key: str | None, phase: int) -> Groups:
        if (key, phase) not in self._groups:
            self._groups[key, phase] = self._events.groups(key, phase)
        return self._groups[key, phase]

    def _read_running(self, one: Aggregation, out: sweep.Int64s) -> None:
        """Read counts and sums off running totals: they cost the same over any span."""
        where, n = self._place(one), out.shape[1]
        if one.how in {"min", "max"}:
            given = (one.how == "max", *where, self._timestamp)
            run_in_blocks(sweep.read_instants, n, *given, out)
        else:
            run_in_blocks(sweep.read_totals, n, *where, self._running_total(one), out)

    def _running_total(self, one: Aggregation) -> sweep.Int64s:
        """Add up over all events, one customer after the other, beginning with 0."""
        key = (one.grain, value_key(one), one.how)
        if key not in self._totals_until:
            value = self._value(one)
            total = np.empty(len(value) + 1, np.int64)
            sweep.add_up(value, one.how == "count", total)
            self._totals_until[key] = total
        return self._totals_until[key]

    def _aggregate_groups(self, one: Aggregation, out: sweep.Int64s) -> None:
        key, n = group_key(one), out.shape[1]
        value, known = self._events.columns[value_key(one)], self._known(one)
        day, phases = (DAY_LENGTH, self._phases) if key is None else (1, [0])
        for phase in phases:
            group = self._group(key, phase)
            given = (value, known, group.number, group.most, out)
            if one.how == "first":
                loop, where = groups.add_up_first_group, self._where(one)
                run_in_blocks(loop, n, day, phase, *where, *given)
            else:
                how, place = _GROUP_HOW[one.how], (*self._place(one), self._cutoff)
                run_in_blocks(
                    groups.aggregate_groups, n, how, day, phase, *place, *given
                )

    def _aggregate_moving(self, one: Aggregation, out: sweep.Int64s) -> None:
        group, origin = self._group(_ORDER, 0), self._places[0][_ALL_OF_HISTORY]
        run_in_blocks(
            groups.aggregate_moving_orders,
            out.shape[1],
            _how(one),
            one.grain == "order",
            origin,
            *self._where(one),
            self._known(one),
            group.number,
            group.most,
            out,
        )


def _find_places(
    events: GatheredEvents,
    wanted: Sequence[Aggregation],
    customer: NDArray[np.int32],
    cutoff: sweep.Int64s,
) -> tuple[dict[int, sweep.Places], sweep.Places]:
    """Find where each window begins, by its length, and where all of them end."""
    windows = np.unique([_ALL_OF_HISTORY, *map(_length, wanted)])
    timestamp = events.columns["timestamp"]
    kind = np.dtype(np.int32 if len(timestamp) < 2**31 else np.int64)
    begin = np.empty((len(windows), len(cutoff)), kind)
    end = np.empty(len(cutoff), kind)
    given = (windows, customer, cutoff, events.offsets, timestamp)
    run_in_blocks(sweep.find_places, len(cutoff), *given, begin, end)
    return dict(zip(windows.tolist(), begin, strict=True)), end


def _length(one: Aggregation) -> int:
    return _ALL_OF_HISTORY if one.window is None else int(one.window // MICROSECOND)


def _how(one: Aggregation) -> int:
    return sweep.SQUARES if one.value == _SQUARED_GAP else _HOW[one.how]


def _to_decimals(out: sweep.Int64s) -> pa.Array:
    """Turn wide numbers into decimals of 38 digits, which are 128 bits long."""
    high, low = out.view(np.uint64)
    bits = np.empty((out.shape[1], 2), np.uint64)
    bits[:, 0] = (high << np.uint64(sweep.LOW_BITS)) | low
    bits[:, 1] = (out[0] >> (64 - sweep.LOW_BITS)).view(np.uint64)
    present = pa.array(out[0] != sweep.MISSING).buffers()[1]
    buffers = [present, pa.py_buffer(bits)]
    return pa.Array.from_buffers(pa.decimal128(38, 0), out.shape[1], buffers)
