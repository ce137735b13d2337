"""The two stages of an aggregation: per bucket of time, then over buckets."""

import sqlglot.expressions as exp

from crmml.features._declarations import GAP, Aggregation

_STAGES: dict[str, type[exp.AggFunc]] = {
    "count": exp.Count,
    "sum": exp.Sum,
    "min": exp.Min,
    "max": exp.Max,
    "last": exp.Max,
}


def first_stage(one: Aggregation, value: exp.Expr | None = None) -> exp.Expr:
    """Aggregate events, or the given value of them."""
    if value is None:
        value = exp.Star() if one.value is None else one.value.copy()
        if one.grain == "gap" and one.value is None:
            value = exp.column(GAP, quoted=True)
    return _STAGES[one.how](this=value)


def second_stage(one: Aggregation, value: exp.Expr) -> exp.Expr:
    """Combine what the first stage found: counts are added up."""
    return exp.Sum(this=value) if one.how == "count" else _STAGES[one.how](this=value)
