"""From a model to a tree of plain JSON and one block of numbers."""

import json
import math
import sys
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml.exceptions import ModelFileError
from crmml.scoring._kinds import Kind
from crmml.scoring._table import KINDS, NAMES

DTYPES = "biufUMm"
"""Kinds of numpy types that are stored as they lie in memory; objects one by one."""
_ALIGNED = 8


class Packer:
    """Writes one object; what is met twice is stored once.

    Attributes
    ----------
    arrays : bytearray
        The numbers of all arrays, little-endian, one after the other.
    kinds : set of str
        Names of the kinds that were met.
    """

    def __init__(self) -> None:
        self.arrays = bytearray()
        self.kinds: set[str] = set()
        self._known: dict[int, int] = {}
        # Objects whose ids are known must live on, or their ids are given away.
        self._alive: list[Any] = []

    def pack(self, item: Any, where: str = "", *, finite: bool = False) -> Any:
        """Return the node of an object.

        Parameters
        ----------
        item : object
            What is stored.
        where : str, default=""
            Its place in the model, for messages; made of attributes' names alone.
        finite : bool, default=False
            Whether NaN and infinity are refused.

        Returns
        -------
        object
            Something that JSON can hold.

        Raises
        ------
        ModelFileError
            If the object, or anything in it, is of no kind in the closed table.
        """
        if item is None or type(item) in {bool, str, int}:
            return item
        if isinstance(item, (float, np.ndarray, np.generic)):
            return self._pack_numbers(item, where, finite)
        if type(item) in {list, tuple, set, frozenset, dict}:
            return self._pack_container(item, where, finite)
        if type(item) is slice:
            bounds = (item.start, item.stop, item.step)
            return {"is": "slice", "items": [self.pack(one, where) for one in bounds]}
        if isinstance(item, type) and issubclass(item, np.generic):
            return {"is": "type", "name": np.dtype(item).str}
        if isinstance(item, np.dtype):
            return {"is": "dtype", "name": item.str}
        name = NAMES.get(type(item))
        if name is None or item is pd.NaT:
            raise _refusal(item, where)
        return self._pack_object(item, name, where, finite)

    def _pack_numbers(self, item: Any, where: str, finite: bool) -> Any:
        if finite and not is_finite(item):
            raise ModelFileError(
                f"{where.lstrip('.')} holds numbers that are not finite, so that what "
                "the model says would not be. Fit it again, and look at the data."
            )
        if type(item) is float:
            return item if math.isfinite(item) else {"is": "float", "value": str(item)}
        if isinstance(item, np.generic):
            array = np.asarray(item)
            self._check_dtype(array, where)
            value = _little(array).tobytes().hex()
            return {"is": "scalar", "dtype": _little(array).dtype.str, "value": value}
        if type(item) is not np.ndarray:
            raise _refusal(item, where)
        if item.dtype == object:
            items = [self.pack(one, f"{where}[...]") for one in item.ravel().tolist()]
            return {"is": "objects", "items": items, "shape": list(item.shape)}
        self._check_dtype(item, where)
        return self._pack_array(_little(item))

    def _check_dtype(self, array: NDArray[Any], where: str) -> None:
        if array.dtype.kind not in DTYPES or array.dtype.itemsize == 0:
            raise ModelFileError(
                f"{where.lstrip('.')} is an array of type {array.dtype}, which a model "
                "file cannot hold."
            )

    def _pack_array(self, array: NDArray[Any]) -> dict[str, Any]:
        # A product of matrices may depend on how they lie in memory.
        flags = array.flags
        order = "F" if flags.f_contiguous and not flags.c_contiguous else "C"
        self.arrays += bytes(-len(self.arrays) % _ALIGNED)
        node = {
            "is": "array",
            "dtype": array.dtype.str,
            "shape": list(array.shape),
            "order": order,
            "at": len(self.arrays),
        }
        self.arrays += array.tobytes(order)  # type: ignore[arg-type] # "C" or "F"
        return node

    def _pack_container(self, item: Any, where: str, finite: bool) -> Any:
        inside = f"{where}[...]"
        if isinstance(item, dict):
            pairs = [
                [self.pack(key, inside), self.pack(value, inside, finite=finite)]
                for key, value in item.items()
            ]
            return {"is": "dict", "items": pairs}
        found = [self.pack(one, inside, finite=finite) for one in item]
        if isinstance(item, list):
            return found
        if isinstance(item, (set, frozenset)):
            # A set has no order of its own that every process would agree on.
            found.sort(key=json.dumps)
        return {"is": type(item).__name__, "items": found}

    def _pack_object(self, item: Any, name: str, where: str, finite: bool) -> Any:
        if id(item) in self._known:
            return {"is": "same", "as": self._known[id(item)]}
        kind = KINDS[name]
        self.kinds.add(name)
        state = kind.state_of(item)
        node = {
            "is": "object",
            "kind": name,
            "state": {
                key: self.pack(
                    value,
                    f"{where}.{key}" if kind.build is None else where,
                    finite=must_be_finite(kind, key, finite, parameters_of(type(item))),
                )
                for key, value in state.items()
            },
        }
        self._known[id(item)] = len(self._known)
        self._alive.append(item)
        return node


def must_be_finite(
    kind: Kind, name: str, finite: bool, parameters: frozenset[str]
) -> bool:
    """Tell whether an attribute must hold finite numbers only.

    Parameters
    ----------
    kind : Kind
        What holds it.
    name : str
        Its name.
    finite : bool
        Whether the object itself stands where numbers must be finite.
    parameters : frozenset of str
        Names of the parameters of the object, which may be anything.

    Returns
    -------
    bool
        Fitted numbers of crmml must be; tables of results need not.
    """
    if kind.cls is pd.DataFrame or kind.is_foreign:
        return False
    if kind.build is not None:
        return finite
    return name not in parameters and name not in kind.may_be_missing


def is_finite(item: Any) -> bool:
    """Tell whether a number, or all of an array, is finite; text is."""
    array = np.asarray(item)
    return array.dtype.kind not in "fc" or bool(np.isfinite(array).all())


def parameters_of(cls: type[Any]) -> frozenset[str]:
    """Return the names of an estimator's parameters; other classes have none."""
    found = getattr(cls, "_get_param_names", None)
    return frozenset() if found is None else frozenset(found())


def _little(array: NDArray[Any]) -> NDArray[Any]:
    if sys.byteorder == "little" and array.dtype.isnative:
        return array
    return array.astype(array.dtype.newbyteorder("<"))


def _refusal(item: Any, where: str) -> ModelFileError:
    cls = type(item)
    place = where.lstrip(".") or "The model"
    return ModelFileError(
        f"{place} is of type {cls.__module__}.{cls.__qualname__}, which is not on the "
        "list of types that a model file may hold. Use a classifier of crmml or one "
        "of those of scikit-learn that docs/scoring.md lists; or, if only you will "
        "ever read the file, joblib.dump(model, path) and load(path, "
        "allow_pickle=True)."
    )
