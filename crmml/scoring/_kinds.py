"""The closed table of what a model file may hold: kinds, and how they are stored."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import sklearn

from crmml.exceptions import ModelFileError

State = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """One class that may be stored.

    Attributes
    ----------
    cls : type
        The class; instances of subclasses are another kind.
    left_out : frozenset of str
        Attributes that are not stored, since they describe single customers.
    may_be_missing : frozenset of str
        Attributes that may hold NaN or infinity. Parameters may, too.
    check : callable, optional
        Refuses a loaded object whose parts do not fit together, which compiled code
        would not notice.
    get_state, build : callable, optional
        Turn an object into a dictionary and back. Default: its attributes.
    """

    cls: type[Any]
    left_out: frozenset[str] = frozenset()
    may_be_missing: frozenset[str] = frozenset()
    check: Callable[[Any], None] | None = None
    get_state: Callable[[Any], State] | None = None
    build: Callable[[State], Any] | None = None

    @property
    def is_foreign(self) -> bool:
        """Whether the class belongs to scikit-learn, whose attributes change."""
        return self.cls.__module__.startswith("sklearn.") and self.build is None

    def state_of(self, item: Any) -> State:
        """Return what is stored of an object.

        Parameters
        ----------
        item : object
            An instance of the class.

        Returns
        -------
        dict of str to object
            Its attributes, in the order of their names.
        """
        if self.get_state is not None:
            return self.get_state(item)
        state = item.__getstate__() or {}
        left_out = self.left_out | {"_sklearn_version"}
        return {name: state[name] for name in sorted(state) if name not in left_out}

    def make(self, state: State, parameters: frozenset[str]) -> Any:
        """Return an object in this state; no ``__init__`` runs.

        Parameters
        ----------
        state : dict of str to object
            As ``state_of`` gave it.
        parameters : frozenset of str
            Names of the parameters of the class, if it is an estimator.

        Returns
        -------
        object
            An instance of the class.

        Raises
        ------
        ModelFileError
            If the state would shadow a method or holds an attribute that the class
            cannot have, or parts do not fit together.
        """
        if self.build is not None:
            return self.build(state)
        for name in state:
            _check_attribute(self.cls, name)
            if not self._may_have(name, parameters):
                raise ModelFileError(
                    f"The file stores an attribute that a {self.cls.__name__} of this "
                    "crmml does not have. It was made by a newer crmml, or by "
                    "something else."
                )
        item = object.__new__(self.cls)
        if self.is_foreign:
            # Versions are compared once for the file, not object by object.
            state = {**state, "_sklearn_version": sklearn.__version__}
        if hasattr(item, "__setstate__"):
            item.__setstate__(state)
        else:
            item.__dict__.update(state)
        if self.check is not None:
            self.check(item)
        return item

    def _may_have(self, name: str, parameters: frozenset[str]) -> bool:
        """Tell whether an instance may have this attribute, by how they are named."""
        if is_dataclass(self.cls):
            return name in {field.name for field in fields(self.cls)}
        if self.is_foreign or not hasattr(self.cls, "get_params"):
            return True
        # An estimator has parameters, what it learned, and what is private to it.
        return name in parameters or name.startswith("_") or name.endswith("_")


def _check_attribute(cls: type, name: str) -> None:
    """Let a state hold data only: nothing that stands for a method."""
    found = inspect.getattr_static(cls, name, None)
    is_code = callable(found) or hasattr(type(found), "__get__")
    if not name.isidentifier() or name.startswith("__") or is_code:
        raise ModelFileError(
            f"The file stores an attribute of {cls.__name__} that would take the place "
            "of its code. It was not written by crmml.scoring.save."
        )


def invert(kinds: Mapping[str, Kind]) -> dict[type, str]:
    """Return the name of the kind of each class."""
    return {kind.cls: name for name, kind in kinds.items()}
