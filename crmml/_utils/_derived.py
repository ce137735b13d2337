"""What follows from an object's fields is kept beside them and stored nowhere."""

from dataclasses import fields
from typing import Any


class StoresFields:
    """A frozen dataclass whose cached properties take no part in its state.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from functools import cached_property
    >>> @dataclass(frozen=True)
    ... class Circle(StoresFields):
    ...     radius: float
    ...
    ...     @cached_property
    ...     def area(self):
    ...         return 3.0 * self.radius**2
    >>> circle = Circle(2.0)
    >>> circle.area, circle.__getstate__()
    (12.0, {'radius': 2.0})
    """

    def __getstate__(self: Any) -> dict[str, Any]:
        """Return the fields alone."""
        return {field.name: getattr(self, field.name) for field in fields(self)}
