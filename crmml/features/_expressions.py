"""The arithmetic of features, from exact integers to the user's units."""

import sqlglot.expressions as exp

from crmml._utils._durations import DAY, MICROSECOND
from crmml.tables import _sql as sql
from crmml.tables._prepare import LARGEST_NUMBER, MILLIONTHS

_MICROSECONDS_A_DAY = DAY // MICROSECOND


def days(microseconds: exp.Expr) -> exp.Expr:
    """Turn microseconds into days."""
    return sql.ratio(microseconds, sql.number(_MICROSECONDS_A_DAY))


def units(millionths: exp.Expr) -> exp.Expr:
    """Turn millionths into units, such as cents into money."""
    return sql.ratio(millionths, sql.number(MILLIONTHS))


def minus(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """Subtract."""
    return exp.Paren(this=exp.Sub(this=left.copy(), expression=right.copy()))


def ratio_or_null(numerator: exp.Expr, denominator: exp.Expr) -> exp.Expr:
    """Divide, null where the denominator is zero."""
    return exp.case().when(
        exp.NEQ(this=denominator.copy(), expression=sql.number(0)),
        sql.ratio(numerator.copy(), denominator.copy()),
    )


def smaller(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """Return the smaller of two; where one is null, the other."""
    is_left = exp.or_(
        exp.LTE(this=left.copy(), expression=right.copy()), right.copy().is_(exp.null())
    )
    return exp.case().when(is_left, left.copy()).else_(right.copy())


def larger(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """Return the larger of two; where one is null, the other."""
    is_left = exp.or_(
        exp.GTE(this=left.copy(), expression=right.copy()), right.copy().is_(exp.null())
    )
    return exp.case().when(is_left, left.copy()).else_(right.copy())


def total(*parts: exp.Expr) -> exp.Expr:
    """Add."""
    result = parts[0].copy()
    for part in parts[1:]:
        result = exp.Add(this=result, expression=part.copy())
    return exp.Paren(this=result)


def times(left: exp.Expr, factor: exp.Expr) -> exp.Expr:
    """Multiply."""
    return exp.Paren(this=exp.Mul(this=left.copy(), expression=factor.copy()))


def when(condition: exp.Expr, value: exp.Expr) -> exp.Expr:
    """Return the value where a condition holds, null elsewhere: a filter."""
    return exp.case().when(condition.copy(), value.copy())


def is_positive(value: exp.Expr) -> exp.Expr:
    """Tell whether a value is greater than 0."""
    return exp.GT(this=value.copy(), expression=sql.number(0))


def is_negative(value: exp.Expr) -> exp.Expr:
    """Tell whether a value is less than 0."""
    return exp.LT(this=value.copy(), expression=sql.number(0))


def wide(value: exp.Expr) -> exp.Expr:
    """Give an integer 38 digits, so that squares and products are exact."""
    return exp.cast(value.copy(), "decimal(38, 0)")


_SPAN = 4 * int(LARGEST_NUMBER) * MILLIONTHS + 1
"""How many values a difference of two numbers in millionths can have."""


def code_latest(instant: exp.Expr, value: exp.Expr) -> exp.Expr:
    """Write instant and value as one number: the later, then the larger, is larger."""
    shifted = exp.Add(this=wide(value), expression=sql.number(_SPAN // 2))
    return exp.Add(
        this=exp.Mul(this=wide(instant), expression=sql.number(_SPAN)),
        expression=exp.Paren(this=shifted),
    )


def coded_value(code: exp.Expr) -> exp.Expr:
    """Return the value that was given to :func:`code_latest`."""
    shifted: exp.Expr = code.expression.this
    value: exp.Expr = shifted.this.this
    return value


def read_latest(code: exp.Expr) -> exp.Expr:
    """Read the value from the number that :func:`code_latest` writes."""
    span = sql.number(_SPAN)
    # Twice: engines disagree on the sign of a remainder, before 1970.
    rest = exp.Mod(this=code.copy(), expression=span)
    rest = exp.Mod(this=total(rest, span), expression=span.copy())
    return minus(exp.Paren(this=rest), sql.number(_SPAN // 2))
