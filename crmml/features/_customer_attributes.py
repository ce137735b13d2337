"""What the customers table says of a customer, and since when."""

import warnings
from collections.abc import Mapping, Sequence
from typing import TypeAlias, get_args

import sqlglot.expressions as exp

from crmml._utils._frames import find_repeated
from crmml.exceptions import LeakageWarning, SchemaError
from crmml.features._builder import PointInTimeBuilder
from crmml.features._declarations import Declarations, Feature
from crmml.features._expressions import days, minus
from crmml.tables import CustomerTables
from crmml.tables import _sql as sql
from crmml.tables._attributes import Attribute, AttributeKind, open_attributes
from crmml.tables._names import list_names

ColumnNames: TypeAlias = Sequence[str] | Mapping[str, AttributeKind] | None

ACCOUNT_AGE = "account_age_days"


class CustomerAttributes(PointInTimeBuilder):
    """Columns of the customers table, and the age of the account, as of a cutoff.

    - ``account_age_days`` = cutoff - joined_at, in days, if the table declares
      ``joined_at``; missing for who had not joined before the cutoff;
    - ``<column>``: the value as it stands in the table, of columns of text, numbers or
      booleans;
    - ``days_since_<column>`` = cutoff - date, in days, of columns of dates and
      timestamps; missing where the date does not lie before the cutoff, for then it
      was not known yet.

    All are missing for customers who are not in the table. A table of customers holds
    one value a column, that of today, so that you must say which of them were the same
    at every cutoff: only those can be read without knowing the future.

    Parameters
    ----------
    fixed : list of str or dict of str to str, default=None
        Columns that were fixed at sign-up, such as year of birth or channel of
        acquisition. A dictionary also says what to read a column as: "text", "number",
        "boolean" or "date". Default: as the column's type says. Needed for codes that
        are integers and mean categories ("text"), and for CSV files, in which
        everything is text.
    as_of_today : list of str or dict of str to str, default=None
        Columns that may have changed since, such as the current segment. A model that
        is trained on earlier cutoffs learns from what came later; `fit` warns and
        :func:`crmml.pipeline.assert_no_leakage` names them. Sound only where every
        cutoff is the day on which the table was written.

    Attributes
    ----------
    kinds_ : dict of str to str
        What `fit` found each column to hold; other tables must hold the same.
    feature_names_out_ : list of str
        Names of the features, in the order above, of columns as you named them.

    Raises
    ------
    SchemaError
        If there is no table of customers, nothing is named and it declares no
        ``joined_at``, or a column is missing, named twice, declared as a role, of
        another type, or holds what cannot be read.

    Warns
    -----
    LeakageWarning
        If columns are named in `as_of_today`.

    See Also
    --------
    Tenure : Days since sign-up or first purchase, whichever came first.

    Notes
    -----
    Text that is a pandas category comes back as one, with the categories that it has
    in the tables at hand. Columns are found by their exact names, in any language.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.features import CustomerAttributes
    >>> from crmml.tables import Customers, CustomerTables
    >>> people = pd.DataFrame(
    ...     {
    ...         "id": ["a", "b"],
    ...         "since": ["2023-12-31", "2024-01-21"],
    ...         "城市": ["北京", "上海"],
    ...         "born": pd.to_datetime(["1990-01-30", "1970-01-30"]),
    ...     }
    ... )
    >>> tables = CustomerTables(
    ...     customers=Customers(people, customer_id="id", joined_at="since"),
    ...     observed_until="2024-06-01",
    ... )
    >>> CustomerAttributes(fixed=["城市", "born"]).fit_transform(tables, "2024-01-31")
                 account_age_days  城市  days_since_born
    customer_id
    a                        31.0  北京          12419.0
    b                        10.0  上海          19724.0
    """

    def __init__(
        self, fixed: ColumnNames = None, *, as_of_today: ColumnNames = None
    ) -> None:
        self.fixed = fixed
        self.as_of_today = as_of_today

    def learn(self, tables: CustomerTables, before: int) -> None:
        """Find what the columns hold, and warn of those as of today."""
        fixed = _read_names(self.fixed, "fixed")
        today = _read_names(self.as_of_today, "as_of_today")
        both = sorted(fixed.keys() & today.keys())
        if both:
            raise SchemaError(
                f"customers: columns [{list_names(both)}] are named in fixed and in "
                "as_of_today. Name each once."
            )
        has_age = "joined_at" in tables.table("customers").roles
        if not (fixed or today or has_age):
            raise SchemaError(
                "CustomerAttributes needs columns: fixed=[...], or a declared age: "
                "Customers(..., joined_at='...')."
            )
        found = open_attributes(tables, {**fixed, **today})
        self.kinds_ = {name: one.kind for name, one in found.items()}
        if today:
            warnings.warn(
                f"customers: columns [{list_names(list(today))}] are read as they "
                "stand today, whatever the cutoff: their features hold what changed "
                "after it. Name those that were fixed at sign-up in fixed=[...]; drop "
                "the others, or record their changes as events.",
                LeakageWarning,
                stacklevel=3,
            )

    def declare(self, ask: Declarations) -> list[Feature]:
        """Say which columns are needed and which features come of them."""
        features = []
        if ask.has("customers", "joined_at"):
            joined = ask.attribute("joined_at")
            features.append(Feature(ACCOUNT_AGE, days(minus(ask.cutoff, joined))))
        if self.kinds_:
            found = ask.columns_of_customers(self.kinds_, fixed=self.fixed or ())
            features += [_feature(ask, one) for one in found.values()]
        return features


def _read_names(given: ColumnNames, argument: str) -> dict[str, AttributeKind | None]:
    """Return what to read each column as, None where its type shall say."""
    if given is None:
        return {}
    if isinstance(given, Mapping):
        allowed = get_args(AttributeKind)
        wrong = sorted({repr(kind) for kind in given.values() if kind not in allowed})
        if wrong:
            raise SchemaError(
                f"{argument} says what to read columns as: {', '.join(allowed)}; got "
                f"{', '.join(wrong)}."
            )
    is_listed = isinstance(given, (Sequence, Mapping)) and not isinstance(given, str)
    if not is_listed or not all(isinstance(name, str) for name in given):
        raise SchemaError(
            f"{argument} must be a list of names of columns, or a dictionary of them, "
            f"got {type(given).__name__}."
        )
    repeated = find_repeated(list(given))
    if repeated:
        raise SchemaError(f"{argument} repeats [{list_names(repeated)}].")
    kinds = given if isinstance(given, Mapping) else {}
    return {name: kinds.get(name) for name in given}


def _feature(ask: Declarations, one: Attribute) -> Feature:
    column = sql.column(one.alias)
    if one.kind == "date":
        is_known = exp.LT(this=column, expression=ask.cutoff)
        instant = exp.case().when(is_known, column.copy())
        return Feature(f"days_since_{one.name}", days(minus(ask.cutoff, instant)))
    return Feature(one.name, column, one.kind, one.dtype)
