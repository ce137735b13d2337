"""Weekday, hour and month of an instant, in whole-number arithmetic.

Functions of dates differ between engines, and some look at the session's time zone.
"""

import sqlglot.expressions as exp

from crmml._utils._durations import DAY, MICROSECOND
from crmml.tables import _sql as sql

_DAY = DAY // MICROSECOND
_FOUR_CENTURIES = 146_097
"""Days after which the calendar repeats; whole weeks, too."""
_LONG_AGO = 7 * _FOUR_CENTURIES * _DAY
"""Added before dividing: engines differ in how they round negative quotients."""
_TO_MARCH = 719_468
"""Days from 1 March of the year 0, after which leap days end a year, to 1970."""
_THURSDAY = 3


def weekday(instant: exp.Expr) -> exp.Expr:
    """Write the day of the week: 0 is Monday, 6 Sunday."""
    return _rest(_sum(_whole_days(instant), _THURSDAY), 7)


def hour(instant: exp.Expr) -> exp.Expr:
    """Write the hour of the day, 0 to 23."""
    return _rest(_quotient(_sum(instant, _LONG_AGO), _DAY // 24), 24)


def month(instant: exp.Expr) -> exp.Expr:
    """Write the month of the year, counted from March: 0 is March, 11 February.

    Four centuries have 146,097 days, a century one leap day less than 25 times four
    years of 1,461 days, and five months from March or August on 153 days.
    """
    day = _rest(_sum(_whole_days(instant), _TO_MARCH), _FOUR_CENTURIES)
    century = _quotient(_sum(_product(day, 4), 3), _FOUR_CENTURIES)
    day = _less(day, _quotient(_product(century, _FOUR_CENTURIES), 4))
    year = _quotient(_sum(_product(day, 4), 3), 1_461)
    day = _less(day, _quotient(_product(year, 1_461), 4))
    return _quotient(_sum(_product(day, 5), 2), 153)


def _whole_days(instant: exp.Expr) -> exp.Expr:
    return _quotient(_sum(instant, _LONG_AGO), _DAY)


def _sum(left: exp.Expr, right: int) -> exp.Expr:
    return exp.Paren(this=exp.Add(this=left.copy(), expression=sql.number(right)))


def _less(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return exp.Paren(this=exp.Sub(this=left.copy(), expression=right))


def _product(left: exp.Expr, right: int) -> exp.Expr:
    return exp.Paren(this=exp.Mul(this=left.copy(), expression=sql.number(right)))


def _quotient(left: exp.Expr, right: int) -> exp.Expr:
    return exp.Paren(this=exp.IntDiv(this=left.copy(), expression=sql.number(right)))


def _rest(left: exp.Expr, right: int) -> exp.Expr:
    return exp.Paren(this=exp.Mod(this=left.copy(), expression=sql.number(right)))
