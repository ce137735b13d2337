"""What the five tables have in common: roles and the columns that play them."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import pyarrow as pa
import sqlglot.expressions as exp

from crmml._utils._shown import ShownInParts
from crmml.exceptions import SchemaError
from crmml.tables import _sql as sql
from crmml.tables._choose_engine import open_engine
from crmml.tables._names import list_names
from crmml.tables._sources import Source, open_source

Kind = Literal["id", "key", "instant", "number", "double", "text", "boolean", "any"]
"""What a column must hold; numbers become exact, doubles stay as they are."""


@dataclass(frozen=True, eq=False)
class Table(ShownInParts):
    """Rows of the user's, and the roles that their columns play.

    Subclasses are the public tables. Their fields are roles, and a field's value is the
    name of the user's column.
    """

    name: ClassVar[str]
    """What the table is called in messages and in SQL."""
    kinds: ClassVar[dict[str, Kind]]
    """The kind of value that each role holds."""
    nullable: ClassVar[frozenset[str]] = frozenset()
    """Roles whose values may be missing."""

    data: Any = field(repr=False)
    encoding: str = field(default="utf-8", repr=False, kw_only=True)
    source: Source = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Open the source and check that the named columns exist."""
        source = open_source(self.data, self.name, self.encoding)
        object.__setattr__(self, "source", source)
        for role, column in self.roles.items():
            if not isinstance(column, str):
                raise SchemaError(
                    f"{self.name}: {role} must be the name of a column, "
                    f"got {type(column).__name__}."
                )
        missing = [
            f"{role}={column!r}"
            for role, column in self.roles.items()
            if column not in source.columns
        ]
        if missing:
            raise SchemaError(
                f"{self.name}: no such column for {', '.join(missing)}. "
                f"The table has {list_names(source.columns)}."
            )

    def _parts(self) -> tuple[str, dict[str, str]]:
        return type(self).__name__, self.roles

    @property
    def view(self) -> str:
        """What the engine calls its canonical view."""
        return self.name

    @property
    def roles(self) -> dict[str, str]:
        """The user's column for each declared role."""
        named = {role: getattr(self, role) for role in self.kinds}
        return {role: column for role, column in named.items() if column is not None}

    def to_arrow(self, roles: list[str]) -> pa.Table:
        """Read the columns of some roles, named by role.

        Parameters
        ----------
        roles : list of str
            Declared roles, such as ``["order_id", "product_id"]``.

        Returns
        -------
        pyarrow.Table
            The values as they stand in the user's table, all rows.

        Raises
        ------
        SchemaError
            If a role was not declared.
        """
        columns = {role: self.column_of(role) for role in roles}
        engine = open_engine(self.source)
        engine.register(self.source, self.name, columns)
        query = exp.select(*map(sql.column, columns)).from_(sql.table(self.name))
        return engine.run(query)

    def column_of(self, role: str) -> str:
        """Name the user's column that plays a role, or say that none was declared."""
        if role not in self.roles:
            owner = type(self).__name__
            raise SchemaError(
                f"{self.name}: {role} is needed here and was not declared. "
                f"Name its column: {owner}(..., {role}='...')."
            )
        return self.roles[role]
