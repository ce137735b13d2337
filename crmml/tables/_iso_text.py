"""Instants that are written as text, read by whole-number arithmetic alone.

Casts of text to instants differ between engines, some raise an error where others
return null, and some look at the session's time zone.
"""

import sqlglot.expressions as exp

from crmml._utils._durations import DAY, MICROSECOND
from crmml.tables import _sql as sql
from crmml.tables._reading import full_match

ISO_8601 = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?"
    r"(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?"
)
"""The texts that can be read; a time of day only down to nanoseconds."""
WITH_OFFSET = r".*:.*(Z|[+-][0-9]{2}(:?[0-9]{2})?)"

_DAY = DAY // MICROSECOND
_MINUTE = _DAY // 1_440
_DAYS_TO_1970 = 719_468 + 146_097
"""Days from 1 March of the year -400, after which leap days end a year: in front of all
dates, for engines differ in how they round negative quotients."""


def text_to_microseconds(
    text: exp.Expr, is_aware: bool | None, dialect: str
) -> exp.Expr:
    """Write the microseconds since 1970 of ISO 8601 text.

    Parameters
    ----------
    text : sqlglot expression
        The text.
    is_aware : bool or None
        Whether it names an offset from UTC, which then is taken off.
    dialect : str
        The dialect that it is written for.

    Returns
    -------
    sqlglot expression
        A 64-bit integer, cut off after microseconds; null where the text cannot be
        read or names a day or time that there is not.
    """
    if dialect == "duckdb":
        return _by_cast(text, is_aware)
    year, month, day = _digits(text, 1, 4), _digits(text, 6, 2), _digits(text, 9, 2)

    def matches(start: str) -> exp.Expr:
        return full_match(text, f"{start}.*", dialect)

    has_time, has_second = matches(".{13}:"), matches(".{16}:")
    hour, minute = _or_zero(has_time, _digits(text, 12, 2)), _digits(text, 15, 2)
    minute = _or_zero(has_time, minute)
    second = _or_zero(has_second, _digits(text, 18, 2))
    parts = [
        _times(_civil_days(year, month, day), _DAY),
        _times(hour, 60 * _MINUTE),
        _times(minute, _MINUTE),
        _times(second, 1_000_000),
    ]
    for i in range(6):
        is_digit = matches(f".{{19}}[.][0-9]{{{i + 1}}}")
        digit = _or_zero(is_digit, _digits(text, 21 + i, 1))
        parts.append(_times(digit, 10 ** (5 - i)))
    if is_aware:
        parts.append(_times(_minutes_behind(text, dialect), _MINUTE))
    is_real = exp.and_(
        exp.Between(this=month.copy(), low=sql.number(1), high=sql.number(12)),
        exp.GTE(this=day.copy(), expression=sql.number(1)),
        exp.LTE(this=day.copy(), expression=_days_of_month(year, month)),
        exp.or_(
            exp.LT(this=hour.copy(), expression=sql.number(24)),
            # The end of a day is the start of the next.
            full_match(text, ".{11}24:00(:00)?([^:.0-9].*)?", dialect),
        ),
        exp.LT(this=minute.copy(), expression=sql.number(60)),
        exp.LT(this=second.copy(), expression=sql.number(60)),
    )
    # One inside the other: only text of this form can be cut to numbers.
    inner = exp.case().when(is_real, sql.sum_of(*parts))
    return exp.case().when(full_match(text, ISO_8601, dialect), inner)


def _by_cast(text: exp.Expr, is_aware: bool | None) -> exp.Expr:
    target = "timestamptz" if is_aware else "timestamp"
    instant = exp.TryCast(this=text.copy(), to=exp.DataType.build(target))
    value = exp.Anonymous(this="epoch_us", expressions=[instant])
    return exp.case().when(full_match(text, ISO_8601, "duckdb"), value)


def _digits(text: exp.Expr, start: int, length: int) -> exp.Expr:
    part = exp.Substring(
        this=text.copy(), start=sql.number(start), length=sql.number(length)
    )
    return exp.cast(part, "bigint")


def _or_zero(condition: exp.Expr, value: exp.Expr) -> exp.Expr:
    return exp.paren(exp.case().when(condition.copy(), value).else_(sql.number(0)))


def _times(value: exp.Expr, factor: int) -> exp.Expr:
    return exp.Mul(this=exp.paren(value.copy()), expression=sql.number(factor))


def _quotient(value: exp.Expr, divisor: int) -> exp.Expr:
    return exp.paren(
        exp.IntDiv(this=exp.paren(value.copy()), expression=sql.number(divisor))
    )


def _civil_days(year: exp.Expr, month: exp.Expr, day: exp.Expr) -> exp.Expr:
    """Days from 1970: a year of 365 days and its leap days, counted from March."""
    is_early = exp.LTE(this=month.copy(), expression=sql.number(2))
    four_centuries = exp.case().when(is_early, sql.number(399)).else_(sql.number(400))
    year = sql.sum_of(year.copy(), four_centuries)
    shift = exp.case().when(is_early.copy(), sql.number(9)).else_(sql.number(-3))
    from_march = sql.sum_of(month.copy(), shift)
    by_month = sql.sum_of(_times(from_march, 153), sql.number(2))
    return sql.sum_of(
        _times(year, 365),
        _quotient(year, 4),
        exp.Neg(this=_quotient(year, 100)),
        _quotient(year, 400),
        _quotient(by_month, 5),
        day.copy(),
        sql.number(-1 - _DAYS_TO_1970),
    )


def _days_of_month(year: exp.Expr, month: exp.Expr) -> exp.Expr:
    def divides(divisor: int) -> exp.Expr:
        rest = exp.Mod(this=year.copy(), expression=sql.number(divisor))
        return exp.EQ(this=rest, expression=sql.number(0))

    is_leap = exp.or_(exp.and_(divides(4), exp.not_(divides(100))), divides(400))
    february = exp.case().when(is_leap, sql.number(29)).else_(sql.number(28))
    is_february = exp.EQ(this=month.copy(), expression=sql.number(2))
    short = [sql.number(one) for one in (4, 6, 9, 11)]
    return (
        exp.case()
        .when(is_february, february)
        .when(exp.In(this=month.copy(), expressions=short), sql.number(30))
        .else_(sql.number(31))
    )


def _minutes_behind(text: exp.Expr, dialect: str) -> exp.Expr:
    """Minutes to add for UTC: hours and minutes after a sign at the end."""
    length = exp.Length(this=text.copy())
    result = exp.case()
    for sign, factor in (("[+]", -1), ("-", 1)):
        for form, width in (("{2}", 2), ("{4}", 4), ("{2}:[0-9]{2}", 5)):
            ends = full_match(text, f".*:.*{sign}[0-9]{form}", dialect)
            start = exp.paren(exp.Sub(this=length, expression=sql.number(width - 1)))
            hours = _times(_part(text, start), 60 * factor)
            if width == 2:
                result = result.when(ends, hours)
                continue
            start = exp.paren(exp.Sub(this=length.copy(), expression=sql.number(1)))
            minutes = _times(_part(text, start), factor)
            result = result.when(ends, sql.sum_of(hours, minutes))
    return result.else_(sql.number(0))


def _part(text: exp.Expr, start: exp.Expr) -> exp.Expr:
    part = exp.Substring(this=text.copy(), start=start.copy(), length=sql.number(2))
    return exp.cast(part, "bigint")
