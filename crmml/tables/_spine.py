"""Which customers there were at each cutoff: the rows of every feature and label."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from crmml._utils._durations import Duration, check_duration, say_duration
from crmml.exceptions import NotEnoughHistoryError, SchemaError
from crmml.tables._customer_tables import CustomerTables
from crmml.tables._ids import narrow_ids
from crmml.tables._instants import check_cutoffs, is_single, to_microseconds
from crmml.tables._roster import check_roster_ids, read_roster
from crmml.tables._stays import spine_query, stays_query

_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Spine:
    """Rows of customer and cutoff, in the order that results keep."""

    ids: pa.Array
    """The customers, each once, in ascending order."""
    customer: NDArray[np.int32]
    """Each row's customer, by place in `ids`."""
    cutoff: NDArray[np.int64]
    """Each row's cutoff in microseconds."""
    cutoffs: list[int]
    """The distinct cutoffs, ascending."""
    is_single: bool
    """Whether the caller named one cutoff rather than a list."""

    @cached_property
    def rows(self) -> pa.Table:
        """Columns ``position``, ``customer_id`` and ``cutoff`` in microseconds."""
        return pa.table(
            {
                "position": np.arange(len(self.cutoff)),
                "customer_id": self.ids.take(pa.array(self.customer)),
                "cutoff": self.cutoff,
            }
        )

    def to_frame(self, tables: CustomerTables) -> pd.DataFrame:
        """Return the rows as a frame with ids in the user's type."""
        ids = self._restore_ids(tables).take(self.customer).reset_index(drop=True)
        cutoff = self._as_instants(self.cutoff, tables)
        return pd.DataFrame({"customer_id": ids, "cutoff": cutoff})

    def to_index(self, tables: CustomerTables) -> pd.Index:
        """Return customer_id, or (cutoff, customer_id) where several were asked for."""
        ids = self._restore_ids(tables)
        if self.is_single:
            return pd.Index(ids.take(self.customer), name="customer_id")
        # By place, which spares pandas to look for what is equal.
        return pd.MultiIndex(
            levels=[self._as_instants(self.cutoffs, tables), pd.Index(ids)],
            codes=[np.searchsorted(self.cutoffs, self.cutoff), self.customer],
            names=["cutoff", "customer_id"],
        )

    def _restore_ids(self, tables: CustomerTables) -> pd.Series:
        return tables.restore_ids(pa.chunked_array([self.ids]))

    @staticmethod
    def _as_instants(microseconds: Any, tables: CustomerTables) -> pd.DatetimeIndex:
        instants = np.asarray(microseconds, np.int64).view("datetime64[us]")
        return pd.DatetimeIndex(instants, tz="UTC" if tables.is_aware else None)


def make_spine(
    tables: CustomerTables,
    cutoffs: Any,
    *,
    customers: Sequence[Any] | None = None,
    active_within: Duration | None = None,
) -> pd.DataFrame:
    """List the customers there were at each cutoff.

    A customer counts at a cutoff who had joined or bought before it and had not left
    before it: ``min(joined_at, first purchase) < cutoff <= left_at``. Who leaves at the
    very cutoff still counts: the label window begins then.

    Parameters
    ----------
    tables : CustomerTables
        The data.
    cutoffs : str, datetime or list of them
        The instants we pretend it is.
    customers : sequence of ids, optional
        A roster, taken as it stands: each id once per cutoff, in this order, whether
        or not there are events. Default: everyone who counts by the rule above.
    active_within : duration, optional
        Keep only customers with a purchase in ``[cutoff - active_within, cutoff)``.
        Not applied to a roster.

    Returns
    -------
    pandas.DataFrame of shape (n_rows, 2)
        Columns ``customer_id`` and ``cutoff``, ordered by cutoff and id, or as the
        roster is.

    Raises
    ------
    SchemaError
        If cutoffs or roster cannot be read, or the roster repeats an id.
    NotEnoughHistoryError
        If the data do not reach around a cutoff, or nobody counts.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.tables import CustomerTables, Transactions, make_spine
    >>> sales = pd.DataFrame(
    ...     {"id": ["a", "b", "a"], "day": ["2024-01-01", "2024-02-01", "2024-03-01"]}
    ... )
    >>> tables = CustomerTables(
    ...     transactions=Transactions(sales, customer_id="id", timestamp="day")
    ... )
    >>> make_spine(tables, ["2024-01-15", "2024-02-15"])
      customer_id     cutoff
    0           a 2024-01-15
    1           a 2024-02-15
    2           b 2024-02-15
    """
    spine = build_spine(
        tables, cutoffs, customers=customers, active_within=active_within
    )
    return spine.to_frame(tables)


def build_spine(
    tables: CustomerTables,
    cutoffs: Any,
    *,
    customers: Sequence[Any] | None = None,
    active_within: Duration | None = None,
) -> Spine:
    """Build the rows of :func:`make_spine` without turning them into a frame."""
    instants = check_cutoffs(cutoffs, tables)
    if customers is not None:
        ids = read_roster(customers, tables)
        everyone = pa.chunked_array(ids.chunks * len(instants), ids.type)
        cutoff = pa.array(np.repeat(instants, len(ids)))
        return _encode(everyone, cutoff, instants, is_single(cutoffs))
    within = (
        None
        if active_within is None
        else check_duration(active_within, "active_within")
    )
    if within is None:
        spine = _cross_stays(tables, instants, is_single(cutoffs))
    else:
        rows = tables.engine.run(spine_query(tables, instants, within))
        spine = _encode(
            rows["customer_id"], rows["cutoff"], instants, is_single(cutoffs)
        )
    if not len(spine.cutoff):
        active = (
            "" if within is None else f" and was active within {say_duration(within)}"
        )
        raise NotEnoughHistoryError(
            f"No customer had joined or bought, and not left, before the "
            f"cutoff{active}. Choose later cutoffs, or look at tables.quality()."
        )
    return spine


def read_spine(frame: Any, tables: CustomerTables) -> Spine:
    """Read a spine that the caller has made or changed.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame, pyarrow.Table or Spine
        Columns ``customer_id`` and ``cutoff``; each pair once. A spine is kept.
    tables : CustomerTables
        The data.

    Returns
    -------
    Spine
        Its rows, in its order.

    Raises
    ------
    SchemaError
        If columns are missing, a pair is repeated or missing, or ids are of another
        type than the tables'.
    """
    if isinstance(frame, Spine):
        return frame
    seen = nw.from_native(frame, eager_only=True)
    missing = [name for name in ("customer_id", "cutoff") if name not in seen.columns]
    if missing:
        raise SchemaError(
            f"spine needs columns customer_id and cutoff; {missing} missing. "
            "make_spine(tables, cutoffs) makes one."
        )
    # The few distinct cutoffs are read one by one, the many rows all at once.
    encoded = seen["cutoff"].to_arrow()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    encoded = encoded.dictionary_encode()
    distinct = encoded.dictionary.to_pylist() + [None] * bool(encoded.null_count)
    instants = [to_microseconds(one, "cutoff", tables.is_aware) for one in distinct]
    # An empty spine has an empty result, and any cutoff will do to compute it.
    cutoffs = check_cutoffs(distinct, tables) if distinct else [0]
    rows = pa.table(
        {
            "customer_id": check_roster_ids(seen["customer_id"].to_arrow(), tables),
            "cutoff": pa.array(instants, pa.int64()).take(encoded.indices),
        }
    )
    n_pairs = rows.group_by(["customer_id", "cutoff"]).aggregate([]).num_rows
    if n_pairs < rows.num_rows:
        raise SchemaError(
            f"spine repeats {rows.num_rows - n_pairs} pairs of customer_id and cutoff; "
            "keep each once."
        )
    return _encode(rows["customer_id"], rows["cutoff"], cutoffs, is_single=False)


def _cross_stays(tables: CustomerTables, cutoffs: list[int], is_single: bool) -> Spine:
    """Find who had come and not left by each cutoff."""
    stays = tables.engine.run(stays_query(tables))
    ids = narrow_ids(stays["customer_id"]).combine_chunks()
    order = pc.sort_indices(ids)
    stays = stays.drop_columns("customer_id").take(order)
    since, parts = _to_numpy(stays["since"]), []
    left_at = _to_numpy(stays["left_at"]) if "left_at" in stays.schema.names else None
    for cutoff in cutoffs:
        is_there = since < cutoff
        if left_at is not None:
            is_there &= left_at >= cutoff
        parts.append(np.flatnonzero(is_there).astype(np.int32))
    instants = np.repeat(np.asarray(cutoffs, np.int64), [len(part) for part in parts])
    return Spine(ids.take(order), np.concatenate(parts), instants, cutoffs, is_single)


def _to_numpy(instants: pa.ChunkedArray) -> NDArray[np.int64]:
    found: NDArray[np.int64] = pc.fill_null(instants, _NEVER).to_numpy()
    return found


def _encode(
    ids: pa.ChunkedArray, cutoff: Any, cutoffs: list[int], is_single: bool
) -> Spine:
    """Bring rows of ids and cutoffs to a spine."""
    encoded = narrow_ids(ids).combine_chunks().dictionary_encode()
    order = pc.sort_indices(encoded.dictionary).to_numpy()
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    return Spine(
        encoded.dictionary.take(pa.array(order)),
        place[encoded.indices.to_numpy()],
        pc.cast(cutoff, pa.int64()).to_numpy(),
        cutoffs,
        is_single,
    )
