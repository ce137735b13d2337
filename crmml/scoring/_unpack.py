"""From the tree of a model file back to the model; everything is checked first."""

import json
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from crmml.exceptions import ModelFileError
from crmml.scoring._kinds import Kind
from crmml.scoring._pack import is_finite, must_be_finite, parameters_of
from crmml.scoring._table import KINDS

Buffer = bytes | bytearray
_DEEPEST = 60
_DTYPE = re.compile(
    r"\|b1|[|<][iu][1248]|<f[248]|<U[1-9]\d{0,5}|<[Mm]8\[(s|ms|us|ns|D)\]"
)
_FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_CONTAINERS = {"tuple": tuple, "set": set, "frozenset": frozenset}
_SEQUENCES = {*_CONTAINERS, "slice", "dict"}


def unpack(tree: Buffer, arrays: Buffer, admit: Callable[[Kind], None]) -> Any:
    """Build the model.

    Parameters
    ----------
    tree : bytes
        JSON as :class:`Packer` made it.
    arrays : bytes
        The numbers of its arrays.
    admit : callable
        Is given the kind of every object before that is built, and may refuse it.

    Returns
    -------
    object
        The model.

    Raises
    ------
    ModelFileError
        If a kind is not in the closed table, or something does not fit together.
    """
    try:
        return _Unpacker(arrays, admit).unpack(json.loads(tree), 0, finite=False)
    except ModelFileError:
        raise
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        MemoryError,
        RecursionError,
        TypeError,
        UnicodeError,
        ValueError,
    ) as error:
        raise ModelFileError(
            "The file does not hold a whole model: "
            f"{type(error).__name__} while it was read. Get the file again, or save "
            "the model again."
        ) from error


class _Unpacker:
    """Reads one tree; remembers objects, to which later nodes may refer."""

    def __init__(self, arrays: Buffer, admit: Callable[[Kind], None]) -> None:
        self._arrays = arrays
        self._admit = admit
        self._n_unread = len(arrays)
        self._known: list[Any] = []

    def unpack(self, node: Any, depth: int, *, finite: bool) -> Any:
        """Return the object of a node, at this depth of the tree."""
        if depth > _DEEPEST:
            raise ModelFileError(f"The file nests more than {_DEEPEST} levels deep.")
        if isinstance(node, list):
            return [self.unpack(one, depth + 1, finite=finite) for one in node]
        if not isinstance(node, dict):
            if finite and not is_finite(node):
                raise _not_finite()
            return node
        tag = node["is"]
        if tag == "object":
            return self._unpack_object(node, depth, finite)
        if tag == "same":
            return self._known[_place(node["as"])]
        if tag in {"type", "dtype"}:
            found = np.dtype(object) if node["name"] == "|O" else _dtype(node["name"])
            return found if tag == "dtype" else found.type
        if tag in _SEQUENCES:
            return self._unpack_container(tag, node["items"], depth, finite)
        return self._unpack_numbers(tag, node, depth, finite)

    def _unpack_container(self, tag: str, items: Any, depth: int, finite: bool) -> Any:
        if tag != "dict":
            found = [self.unpack(one, depth + 1, finite=finite) for one in items]
            return slice(*found) if tag == "slice" else _CONTAINERS[tag](found)
        pairs = [
            (
                self.unpack(key, depth + 1, finite=False),
                self.unpack(value, depth + 1, finite=finite),
            )
            for key, value in items
        ]
        return dict(pairs)

    def _unpack_numbers(
        self, tag: str, node: dict[str, Any], depth: int, finite: bool
    ) -> Any:
        found: Any
        if tag == "float":
            found = _FLOATS[node["value"]]
        elif tag == "scalar":
            data = bytes.fromhex(node["value"])
            (found,) = np.frombuffer(data, dtype=_dtype(node["dtype"]))
        elif tag == "array":
            found = self._unpack_array(node)
        elif tag == "objects":
            items = [self.unpack(one, depth + 1, finite=False) for one in node["items"]]
            found = np.empty(len(items), dtype=object)
            for place, item in enumerate(items):
                # One by one: items that are lists would make further dimensions.
                found[place] = item
            return found.reshape(_shape(node["shape"]))
        else:
            raise ModelFileError("The file holds a node of an unknown form.")
        if finite and not is_finite(found):
            raise _not_finite()
        return found

    def _unpack_array(self, node: dict[str, Any]) -> Any:
        dtype, shape = _dtype(node["dtype"]), _shape(node["shape"])
        start, count = _place(node["at"]), math.prod(shape)
        if start + count * dtype.itemsize > len(self._arrays):
            raise ModelFileError("An array in the file reaches beyond its numbers.")
        # No two arrays share numbers, so that a small file makes a small model.
        self._n_unread -= count * dtype.itemsize
        if self._n_unread < 0:
            raise ModelFileError("Arrays in the file share their numbers.")
        order = {"C": "C", "F": "F"}[node["order"]]
        flat = np.frombuffer(self._arrays, dtype=dtype, count=count, offset=start)
        if dtype.kind == "U":
            # Numbers that stand for no character must not live on.
            flat.tolist()
        array = np.empty(shape, dtype=dtype, order=order)  # type: ignore[call-overload]
        array[...] = flat.reshape(shape, order=order)  # type: ignore[call-overload]
        return array

    def _unpack_object(self, node: dict[str, Any], depth: int, finite: bool) -> Any:
        name = node["kind"]
        kind = KINDS.get(name) if isinstance(name, str) else None
        if kind is None:
            shown = name if isinstance(name, str) and len(name) <= 100 else "(no name)"
            raise ModelFileError(
                f"The file holds an object of the kind {shown!r}, which is not on the "
                "list of kinds that this version of crmml loads. It was made by a "
                "newer crmml, or by something else."
            )
        self._admit(kind)
        parameters = parameters_of(kind.cls)
        state = {
            key: self.unpack(
                value, depth + 1, finite=must_be_finite(kind, key, finite, parameters)
            )
            for key, value in node["state"].items()
        }
        item = kind.make(state, parameters)
        self._known.append(item)
        return item


def _dtype(name: Any) -> np.dtype[Any]:
    if not isinstance(name, str) or not _DTYPE.fullmatch(name):
        raise ModelFileError("An array in the file is of an unknown type.")
    return np.dtype(name)


def _shape(shape: Any) -> tuple[int, ...]:
    if len(shape) > 8:
        raise ModelFileError("An array in the file has too many dimensions.")
    return tuple(_place(size) for size in shape)


def _place(number: Any) -> int:
    if type(number) is not int or number < 0:
        raise ModelFileError("A place in the file is no number of at least 0.")
    return number


def _not_finite() -> ModelFileError:
    return ModelFileError(
        "The file holds numbers that are not finite where the model computes with "
        "them. It is damaged, or was made by something else than crmml.scoring.save."
    )
