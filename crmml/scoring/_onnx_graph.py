"""A graph of ONNX operators under construction, in double precision."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmml._utils._extras import import_extra

OPSET, ML_OPSET = 18, 3
"""Versions of the operators; runtimes from 2023 on have them."""
_IR = 8
OUTPUT = "churn_probability"
"""The name of the one result."""


class Graph:
    """Operators one after the other; values are known by the names of their results.

    Columns have the shape (n, 1), so that they stand beside constants of shape (1, k).

    Parameters
    ----------
    reserved : iterable of str
        Names of inputs, which nothing else may have: an input takes the place of a
        constant of its name.
    """

    def __init__(self, reserved: Iterable[str]) -> None:
        self._reserved = frozenset(reserved)
        self._onnx = import_extra("onnx", "onnx")
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._inputs: list[Any] = []

    def add(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add an operator.

        Parameters
        ----------
        kind : str
            Its name in ONNX.
        *inputs : str
            What it works on.
        domain : str
            Where it is defined; ONNX itself, or "ai.onnx.ml".
        **attributes : object
            Its settings.

        Returns
        -------
        str
            The name of the result.
        """
        name = self._free(f"_{len(self._nodes)}_{kind}")
        make = self._onnx.helper.make_node
        node = make(kind, inputs, [name], name=name, domain=domain, **attributes)
        self._nodes.append(node)
        return name

    def constant(self, values: Any, dtype: Any = np.float64) -> str:
        """Add numbers or texts that never change; scalars stay scalars."""
        name = self._free(f"_c{len(self._constants)}")
        array = np.asarray(values, dtype=dtype)
        make = self._onnx.numpy_helper.from_array
        self._constants.append(make(array, name))
        return name

    def read(self, name: str, *, is_text: bool) -> str:
        """Declare an input of shape (n, 1), and return it."""
        proto = self._onnx.TensorProto
        kind = proto.STRING if is_text else proto.DOUBLE
        make = self._onnx.helper.make_tensor_value_info
        self._inputs.append(make(name, kind, ["n", 1]))
        return name

    def cast(self, value: str, to: str) -> str:
        """Turn into FLOAT, DOUBLE or INT64."""
        return self.add("Cast", value, to=getattr(self._onnx.TensorProto, to))

    def beside(self, columns: Sequence[str]) -> str:
        """Put columns side by side."""
        return columns[0] if len(columns) == 1 else self.add("Concat", *columns, axis=1)

    def look_up(self, table: NDArray[np.float64], places: str) -> str:
        """Take the entries of a table at places of shape (n, 1)."""
        return self.add("Gather", self.constant(table), places)

    def is_missing(self, numbers: str) -> str:
        """Tell where numbers are NaN."""
        return self.add("IsNaN", numbers)

    def count_below(self, numbers: str, edges: NDArray[np.float64]) -> str:
        """Count edges that are at most each number, 0 for NaN; shape (n, 1)."""
        is_above = self.add(
            "GreaterOrEqual", numbers, self.constant(edges.reshape(1, -1))
        )
        axes = self.constant([1], np.int64)
        return self.add("ReduceSum", self.cast(is_above, "INT64"), axes, keepdims=1)

    def limit(self, numbers: str, low: float, high: float) -> str:
        """Replace what is beyond limits by these; NaN stays."""
        for kind, edge in (("Less", low), ("Greater", high)):
            at = self.constant([[edge]])
            numbers = self.add("Where", self.add(kind, numbers, at), at, numbers)
        return numbers

    def finish(self, output: str, notes: dict[str, str]) -> Any:
        """Make the model, and have ONNX check it.

        Parameters
        ----------
        output : str
            The result, of shape (n, 1).
        notes : dict of str to str
            What the file says of itself.

        Returns
        -------
        onnx.ModelProto
            The model; its one result is ``churn_probability``.
        """
        helper, proto = self._onnx.helper, self._onnx.TensorProto
        final = helper.make_node("Identity", [output], [OUTPUT])
        result = helper.make_tensor_value_info(OUTPUT, proto.DOUBLE, ["n", 1])
        graph = helper.make_graph(
            [*self._nodes, final], "churn", self._inputs, [result], self._constants
        )
        versions = (("", OPSET), ("ai.onnx.ml", ML_OPSET))
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid(*one) for one in versions],
            producer_name="crmml",
            ir_version=_IR,
        )
        helper.set_model_props(model, notes)
        self._onnx.checker.check_model(model, full_check=True)
        return model

    def _free(self, name: str) -> str:
        while name in self._reserved:
            name += "_"
        return name
