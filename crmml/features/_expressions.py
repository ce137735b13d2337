"""The arithmetic of features, from exact integers to the user's units."""

import sqlglot.expressions as exp

from crmml._utils._durations import DAY, MICROSECOND
from crmml.tables import _sql as sql
from crmml.tables._prepare import MILLIONTHS

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
