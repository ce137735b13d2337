"""Instants, fractions and tables of results as plain numbers and text."""

import datetime
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from crmml.exceptions import ModelFileError
from crmml.scoring._checks import require
from crmml.scoring._kinds import Kind, State

_UNITS = ("s", "ms", "us", "ns")
_LABELLED = ("str", "string", "object", "boolean", "Int64", "Float64")
"""Types of columns that are stored value by value; numpy's are arrays."""
_MOST_ROWS = 1_000_000
"""Of a table without columns, whose index is written in three numbers."""


def _timestamp_state(item: pd.Timestamp) -> State:
    if item.tzinfo is not None:
        # The instant is what counts, and every zone has it.
        item = item.tz_convert("UTC")
    value = int(item.tz_localize(None).to_numpy().view("i8"))
    return {"value": value, "unit": item.unit, "is_utc": item.tzinfo is not None}


def _build_timestamp(state: State) -> pd.Timestamp:
    zone = "UTC" if state["is_utc"] else None
    found = pd.Timestamp(state["value"], unit=_unit(state)).as_unit(_unit(state))
    return found if zone is None else found.tz_localize(zone)


def _timedelta_state(item: pd.Timedelta) -> State:
    return {"value": int(item.to_numpy().view("i8")), "unit": item.unit}


def _build_timedelta(state: State) -> pd.Timedelta:
    unit = _unit(state)
    return pd.Timedelta(state["value"], unit=unit).as_unit(unit)


def _unit(state: State) -> str:
    unit = state["unit"]
    if unit not in _UNITS:
        raise ModelFileError("A stored instant has a unit that pandas does not know.")
    return str(unit)


def _duration_state(item: datetime.timedelta) -> State:
    return {"days": item.days, "seconds": item.seconds, "us": item.microseconds}


def _build_duration(state: State) -> datetime.timedelta:
    return datetime.timedelta(state["days"], state["seconds"], state["us"])


def _fraction_state(item: Fraction) -> State:
    return {"above": item.numerator, "below": item.denominator}


def _build_fraction(state: State) -> Fraction:
    return Fraction(state["above"], state["below"])


def _generator_state(item: np.random.RandomState) -> State:
    found: Any = item.get_state(legacy=False)
    return {
        "key": found["state"]["key"],
        "pos": int(found["state"]["pos"]),
        "has_gauss": int(found["has_gauss"]),
        "gauss": float(found["gauss"]),
    }


def _build_generator(state: State) -> np.random.RandomState:
    item = np.random.RandomState(0)
    if not 0 <= state["pos"] <= len(state["key"]):
        raise ModelFileError("A stored random generator stands outside its numbers.")
    item.set_state(
        ("MT19937", state["key"], state["pos"], state["has_gauss"], state["gauss"])
    )
    return item


def _values_state(values: Any) -> State:
    """Store a column or an index: an array, or its values and the name of its type."""
    if isinstance(values.dtype, np.dtype) and values.dtype != object:
        return {"values": values.to_numpy(), "dtype": ""}
    dtype = str(values.dtype)
    if dtype not in _LABELLED:
        raise ModelFileError(
            f"A table in the model has a column of type {dtype}, which a model file "
            "cannot hold."
        )
    return {"values": [None if pd.isna(x) else x for x in values], "dtype": dtype}


def _build_values(state: State) -> Any:
    values, dtype = state["values"], state["dtype"]
    if dtype == "":
        # A single number would be repeated for as many rows as the index says.
        require(isinstance(values, np.ndarray) and values.ndim == 1, "column")
        return values
    if dtype not in _LABELLED:
        raise ModelFileError("A stored table has a column of an unknown type.")
    require(type(values) is list, "column")
    return pd.array(values, dtype=dtype) if dtype != "object" else _objects(values)


def _objects(values: list[Any]) -> Any:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


def _index_state(index: pd.Index) -> State:
    if isinstance(index, pd.MultiIndex):
        raise ModelFileError("A table in the model has an index of several levels.")
    if isinstance(index, pd.RangeIndex):
        return {"range": [index.start, index.stop, index.step], "name": index.name}
    return {**_values_state(index), "name": index.name}


def _build_index(state: State, size: int | None) -> pd.Index:
    """Build the index of this many values, or of a table without any."""
    if "range" in state:
        start, stop, step = state["range"]
        index = pd.RangeIndex(start, stop, step, name=state["name"])
        require(size is not None or len(index) <= _MOST_ROWS, "index")
    else:
        index = pd.Index(_build_values(state), name=state["name"])
    require(size is None or len(index) == size, "index")
    return index


def _series_state(item: pd.Series) -> State:
    index = _index_state(item.index)
    return {**_values_state(item), "index": index, "name": item.name}


def _build_series(state: State) -> pd.Series:
    values = _build_values(state)
    index = _build_index(state["index"], len(values))
    return pd.Series(values, index=index, name=state["name"])


def _frame_state(item: pd.DataFrame) -> State:
    columns = [_values_state(item.iloc[:, j]) for j in range(item.shape[1])]
    return {
        "columns": columns,
        "names": _index_state(item.columns),
        "index": _index_state(item.index),
    }


def _build_frame(state: State) -> pd.DataFrame:
    columns = dict(enumerate(map(_build_values, state["columns"])))
    sizes = {len(column) for column in columns.values()}
    require(len(sizes) <= 1, "DataFrame")
    index = _build_index(state["index"], sizes.pop() if sizes else None)
    names = _build_index(state["names"], len(columns))
    return pd.DataFrame(columns, index=index).set_axis(names, axis=1)


PLAIN_KINDS = {
    "Timestamp": Kind(pd.Timestamp, get_state=_timestamp_state, build=_build_timestamp),
    "Timedelta": Kind(pd.Timedelta, get_state=_timedelta_state, build=_build_timedelta),
    "duration": Kind(
        datetime.timedelta, get_state=_duration_state, build=_build_duration
    ),
    "Fraction": Kind(Fraction, get_state=_fraction_state, build=_build_fraction),
    "RandomState": Kind(
        np.random.RandomState, get_state=_generator_state, build=_build_generator
    ),
    "Series": Kind(pd.Series, get_state=_series_state, build=_build_series),
    "DataFrame": Kind(pd.DataFrame, get_state=_frame_state, build=_build_frame),
}
