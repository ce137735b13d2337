"""What crmml raises and warns about; every message names the way out."""

__all__ = [
    "CrmmlError",
    "DataQualityWarning",
    "DegenerateFitError",
    "LeakageError",
    "LeakageWarning",
    "LimitError",
    "MissingExtraError",
    "ModelFileError",
    "NotEnoughHistoryError",
    "SchemaError",
]


class CrmmlError(ValueError):
    """Base of all errors that crmml raises on bad input.

    Messages name the argument or the table and column, the rule, how many rows break
    it and what to do. They never quote an id, a name or any other cell value.
    """


class SchemaError(CrmmlError):
    """A table or frame is not what was declared: columns, types, ids or time zones."""


class LeakageError(CrmmlError):
    """The call would let the future into a feature, a label or an evaluation."""


class LimitError(CrmmlError):
    """The answer would exceed a limit; the message says which one to raise."""


class NotEnoughHistoryError(CrmmlError):
    """The data are sound but too few: customers, classes or days to learn from."""


class DegenerateFitError(CrmmlError):
    """The data do not determine the model; the message names a simpler one, or data."""


class ModelFileError(CrmmlError):
    """A model cannot be stored, or a file is no model that may be loaded."""


class TargetBusyError(CrmmlError):
    """Another run is writing to the same place; wait for it, or name another."""


class MissingExtraError(CrmmlError, ImportError):
    """An optional package is needed; the message gives the command that installs it."""


class DataQualityWarning(UserWarning):
    """Rows were left out or look wrong; the message says how many and why."""


class LeakageWarning(UserWarning):
    """A feature may know what was not known at its cutoff; nobody can tell."""
