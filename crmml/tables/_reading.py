"""How each dialect reads instants and text, to what all engines compute with.

Instants become microseconds since 1970 in UTC: those with a time zone by the instant
they mean, those without by what they say. No session's time zone has a part in it.
"""

from collections.abc import Callable

import sqlglot.expressions as exp

from crmml._utils._durations import DAY, MICROSECOND
from crmml.tables import _sql as sql

NAIVE_TYPES = {"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}
AWARE_TYPES = {"TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ", "TIMESTAMPTZ_NS"}

_DAY = DAY // MICROSECOND
_LARGEST_SECOND = exp.Literal.number("9.2e12")
"""Instants up to this size fit a 64-bit integer in microseconds."""


def full_match(value: exp.Expr, pattern: str, dialect: str) -> exp.Expr:
    """Tell whether a text as a whole matches a pattern.

    Parameters
    ----------
    value : sqlglot expression
        The text.
    pattern : str
        A regular expression of characters, classes, groups and counts; digits are
        written as ``[0-9]``, for not all engines stay with these ten.
    dialect : str
        The dialect that it is written for.

    Returns
    -------
    sqlglot expression
        True or false, null where the text is.
    """
    # A dollar sign also matches before a last line feed in some engines.
    end = {"postgres": r"\Z", "redshift": "$", "snowflake": "$"}.get(dialect, r"\z")
    whole = exp.Literal.string(f"^(?:{pattern}){end}")
    return exp.RegexpLike(this=value.copy(), expression=whole)


def text_value(value: exp.Expr, dialect: str) -> exp.Expr:
    """Read text so that it is compared and ordered by its characters' codes."""
    if dialect != "postgres":
        return value
    collation = exp.to_identifier("C", quoted=True)
    return exp.Collate(this=exp.cast(value, "text"), expression=collation)


def microseconds(value: exp.Expr, type_: str, dialect: str) -> exp.Expr:
    """Write the microseconds since 1970 in UTC of an instant.

    Parameters
    ----------
    value : sqlglot expression
        A date or timestamp.
    type_ : str
        Its type, as DuckDB calls it.
    dialect : str
        The dialect that it is written for.

    Returns
    -------
    sqlglot expression
        A 64-bit integer.
    """
    if dialect == "duckdb" and type_.endswith("_NS"):
        nanoseconds = exp.Anonymous(this="epoch_ns", expressions=[value.copy()])
        return _floor_to_microseconds(nanoseconds)
    target = "timestamptz" if type_ in AWARE_TYPES else "timestampntz"
    return _READERS[dialect](value.copy(), target, type_)


def _duckdb(value: exp.Expr, target: str, type_: str) -> exp.Expr:
    return exp.Anonymous(this="epoch_us", expressions=[exp.cast(value, target)])


def _spark(value: exp.Expr, target: str, type_: str) -> exp.Expr:
    if target == "timestamptz":
        return exp.Anonymous(this="UNIX_MICROS", expressions=[value])
    day = exp.cast(value, "date")
    whole = _scaled(exp.Anonymous(this="UNIX_DATE", expressions=[day]), _DAY)
    if type_ == "DATE":
        return whole
    # Differences of timestamps would pass through the session's time zone.
    hours, minutes = (
        _scaled(exp.Anonymous(this=part, expressions=[value.copy()]), length)
        for part, length in (("HOUR", _DAY // 24), ("MINUTE", _DAY // 1_440))
    )
    second = exp.Extract(this=exp.var("SECOND"), expression=value.copy())
    rest = exp.cast(exp.Mul(this=second, expression=sql.number(1_000_000)), "bigint")
    return sql.sum_of(whole, hours, minutes, rest)


def _postgres(value: exp.Expr, target: str, type_: str) -> exp.Expr:
    seconds = exp.Extract(this=exp.var("EPOCH"), expression=value)
    scaled = exp.Mul(this=seconds, expression=sql.number(1_000_000))
    # Infinite instants, and those beyond 64 bits, cannot be read.
    fits = exp.LT(this=exp.Abs(this=seconds.copy()), expression=_LARGEST_SECOND.copy())
    return exp.case().when(fits, exp.cast(scaled, "bigint"))


def _redshift(value: exp.Expr, target: str, type_: str) -> exp.Expr:
    if target == "timestamptz":
        value = exp.AtTimeZone(this=value, zone=exp.Literal.string("UTC"))
    start = exp.cast(exp.Literal.string("1970-01-01"), "timestampntz")
    unit = exp.var("MICROSECOND")
    return exp.Anonymous(this="DATEDIFF", expressions=[unit, start, value])


def _snowflake(value: exp.Expr, target: str, type_: str) -> exp.Expr:
    unit = exp.var("EPOCH_MICROSECOND")
    cast = exp.cast(value, target)
    return exp.Anonymous(this="DATE_PART", expressions=[unit, cast])


def _bigquery(value: exp.Expr, target: str, type_: str) -> exp.Expr:
    cast = exp.cast(value, "timestamptz")
    return exp.Anonymous(this="UNIX_MICROS", expressions=[cast])


def _clickhouse(value: exp.Expr, target: str, type_: str) -> exp.Expr:
    fine = exp.Anonymous(
        this="toDateTime64",
        expressions=[value, sql.number(6), exp.Literal.string("UTC")],
    )
    return exp.Anonymous(this="toUnixTimestamp64Micro", expressions=[fine])


_READERS: dict[str, Callable[[exp.Expr, str, str], exp.Expr]] = {
    "duckdb": _duckdb,
    "spark": _spark,
    "postgres": _postgres,
    "redshift": _redshift,
    "snowflake": _snowflake,
    "bigquery": _bigquery,
    "clickhouse": _clickhouse,
}


def _scaled(value: exp.Expr, factor: int) -> exp.Expr:
    wide = exp.cast(value, "bigint")
    return exp.Mul(this=wide, expression=sql.number(factor))


def _floor_to_microseconds(nanoseconds: exp.Expr) -> exp.Expr:
    """Round down: a cast would round up, and could move an event onto the cutoff."""
    a_microsecond = sql.number(1000)
    rest = exp.Mod(this=nanoseconds.copy(), expression=a_microsecond.copy())
    # Division rounds towards zero, which before 1970 is up.
    is_up = exp.LT(this=rest, expression=sql.number(0))
    return exp.Sub(
        this=exp.IntDiv(this=nanoseconds, expression=a_microsecond),
        expression=exp.case().when(is_up, sql.number(1)).else_(sql.number(0)),
    )
