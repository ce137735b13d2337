"""Reading frequency, recency, T and monetary value; equal customers count as one."""

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml._utils._frames import is_frame
from crmml.exceptions import NotEnoughHistoryError, SchemaError

Floats: TypeAlias = NDArray[np.float64]

_NEVER_BOUGHT = "leave out who never bought: these models begin with the first purchase"
_SHOWN = 5
_MANY = 50_000
_WORTHWHILE = 0.8
"""Equal customers are sought among many where a sample has fewer distinct ones."""


@dataclass(frozen=True)
class PurchaseSummary:
    """What buy-till-you-die models know of each customer; arrays of one length."""

    frequency: Floats
    recency: Floats
    age: Floats
    """``T``: from the first purchase to the cutoff."""
    weight: Floats
    """How many customers a row stands for."""
    covariates: Floats | None = None
    """What else is known of them, of shape (n_customers, n_covariates)."""

    @property
    def n_customers(self) -> float:
        """How many customers there are."""
        return float(self.weight.sum())

    def take(self, rows: NDArray[np.intp]) -> "PurchaseSummary":
        """Keep some rows."""
        return PurchaseSummary(
            self.frequency[rows],
            self.recency[rows],
            self.age[rows],
            self.weight[rows],
            None if self.covariates is None else self.covariates[rows],
        )

    def in_units_of(self, unit: float) -> "PurchaseSummary":
        """Measure times in another unit."""
        return replace(self, recency=self.recency / unit, age=self.age / unit)

    def compressed(self) -> "PurchaseSummary":
        """Let equal customers be one row with their number as its weight.

        Many customers none of whom resemble another stay as they are: looking for
        equals would take longer than it saves.
        """
        n_rows = len(self.age)
        if n_rows > _MANY:
            step = n_rows // _MANY
            some = self.take(np.arange(0, n_rows, step)[:_MANY]).compressed()
            if len(some.age) > _MANY * _WORTHWHILE:
                return self
        frame = pd.DataFrame({"x": self.frequency, "t": self.recency, "T": self.age})
        known = [] if self.covariates is None else list(self.covariates.T)
        for j, column in enumerate(known):
            frame[f"z{j}"] = column
        names = list(frame.columns)
        frame["w"] = self.weight
        found = frame.groupby(names, as_index=False, sort=True)["w"].sum()
        x, t, age, *known, weight = (
            found[name].to_numpy(np.float64) for name in [*names, "w"]
        )
        covariates = np.column_stack(known) if known else None
        return PurchaseSummary(x, t, age, weight, covariates)


def read_summary(X: Any, *, may_be_new: bool = False) -> PurchaseSummary:
    """Read and check the columns ``frequency``, ``recency`` and ``T``.

    Parameters
    ----------
    X : dataframe
        One row a customer; further columns are ignored.
    may_be_new : bool, default=False
        Whether T may be 0.

    Returns
    -------
    PurchaseSummary
        The columns, each customer with weight 1.

    Raises
    ------
    SchemaError
        If a column is missing or its values cannot be.
    """
    columns = read_columns(X, ["frequency", "recency", "T"])
    frequency, recency, age = columns["frequency"], columns["recency"], columns["T"]
    refuse_rows(frequency < 0, "frequency", "is negative", "it counts repeat purchases")
    fractional = frequency != np.floor(frequency)
    refuse_rows(fractional, "frequency", "is no whole number", "it counts purchases")
    if not may_be_new:
        hint = "a customer bought before the cutoff"
        refuse_rows(age <= 0, "T", "is not above zero", hint)
    refuse_rows(age < 0, "T", "is negative", "it counts opportunities after the first")
    refuse_rows(
        recency < 0, "recency", "is negative", "it is the last purchase - first"
    )
    way_out = "recency runs from the first to the last purchase, not to the cutoff"
    # Times divided into weeks may differ in their last digits.
    refuse_rows(recency > age * (1 + 1e-9), "recency", "is above T", way_out)
    recency = np.minimum(recency, age)
    single = (frequency == 0) & (recency > 0)
    refuse_rows(single, "recency", "is above 0 where frequency is 0", way_out)
    return PurchaseSummary(frequency, recency, age, np.ones(len(age)))


def new_customer(covariates: Floats | None) -> PurchaseSummary:
    """Return somebody who has just bought first."""
    none = np.zeros(1)
    return PurchaseSummary(none, none, none, np.ones(1), covariates)


def read_columns(
    X: Any,
    names: list[str],
    missing_where: NDArray[np.bool_] | None = None,
    hint: str = _NEVER_BOUGHT,
) -> dict[str, Floats]:
    """Read numeric columns by exact name, none of them missing or infinite.

    Parameters
    ----------
    X : dataframe
        One row a customer.
    names : list of str
        The columns.
    missing_where : ndarray of bool of shape (n_customers,), optional
        Rows whose values may be missing; there they are read as 0.
    hint : str, optional
        What to do about missing values elsewhere.

    Returns
    -------
    dict of str to ndarray of shape (n_customers,)
        The columns.

    Raises
    ------
    SchemaError
        If X is no dataframe, a column is not there, is not numeric, or values are
        missing or infinite.
    """
    if not is_frame(X):
        raise SchemaError(
            f"X must be a dataframe with the columns {names}, got {type(X).__name__}. "
            "BTYDSummary in crmml.features makes one."
        )
    frame = nw.from_native(X, eager_only=True)
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise SchemaError(
            f"X has no columns {missing}. BTYDSummary in crmml.features makes them."
        )
    return {
        name: _read_column(frame[name], name, missing_where, hint) for name in names
    }


def check_can_repeat(summary: PurchaseSummary, n_parameters: int) -> None:
    """Check that there is something to learn from.

    Raises
    ------
    NotEnoughHistoryError
        If there are fewer customers than parameters, or nobody bought again.
    """
    if len(summary.frequency) < n_parameters:
        raise NotEnoughHistoryError(
            f"X has {len(summary.frequency)} customers, and the model has "
            f"{n_parameters} parameters. Give more customers."
        )
    if not summary.frequency.any():
        raise NotEnoughHistoryError(
            f"None of {len(summary.frequency)} customers bought again (frequency is 0 "
            "throughout), so nothing tells how often they buy. Take a longer history."
        )


def guess_rate(summary: PurchaseSummary) -> tuple[float, float]:
    """Guess shape and scale of the gamma distribution of purchase rates."""
    mean = float(np.average(summary.frequency, weights=summary.weight))
    age = float(np.average(summary.age, weights=summary.weight))
    shape = 0.5
    return shape, shape * age / mean


def _read_column(
    column: Any, name: str, missing_where: NDArray[np.bool_] | None, hint: str
) -> Floats:
    if not (column.dtype.is_numeric() or column.dtype == nw.Boolean):
        raise SchemaError(f"Column {name!r} must be numeric, is {column.dtype}.")
    values = np.array(column.cast(nw.Float64).to_numpy(), dtype=np.float64)
    if missing_where is not None:
        values[missing_where & np.isnan(values)] = 0.0
    refuse_rows(~np.isfinite(values), name, "is missing or infinite", hint)
    return values


def refuse_rows(bad: NDArray[np.bool_], name: str, what: str, hint: str) -> None:
    """Refuse a column where rows of it break a rule.

    Raises
    ------
    SchemaError
        If there are any, with their number, where the first of them stand, and a hint.
    """
    n_bad = int(bad.sum())
    if n_bad:
        raise SchemaError(
            f"Column {name!r} {what} in {n_bad} of {len(bad)} rows "
            f"({say_positions(bad)}); {hint}."
        )


def say_positions(bad: NDArray[np.bool_]) -> str:
    """Say which rows are meant by where they stand: ids and names stay out of it.

    Examples
    --------
    >>> say_positions(np.array([False, True, True]))
    'row 1, 2, counted from 0'
    """
    rows = np.flatnonzero(bad)
    first = ", ".join(str(row) for row in rows[:_SHOWN])
    more = ", ..." if len(rows) > _SHOWN else ""
    return f"row {first}{more}, counted from 0"
