"""The test of what this library promises, for the features of its users."""

from collections.abc import Collection
from copy import deepcopy
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from sklearn.base import clone

from crmml._utils._arguments import check_count
from crmml._utils._frames import join_texts
from crmml.exceptions import LeakageError, SchemaError
from crmml.features._builder import PointInTimeBuilder
from crmml.features._declarations import Declarations
from crmml.pipeline._churn import ChurnPipeline
from crmml.pipeline._edited_tables import FutureEditor, copy_tables
from crmml.pipeline._value import ValuePipeline
from crmml.tables import CustomerTables
from crmml.tables._coerce import as_tables
from crmml.tables._instants import is_single
from crmml.tables._names import list_names
from crmml.tables._spine import build_spine


def assert_no_leakage(
    pipeline_or_features: Any, tables: Any, cutoff: Any, *, random_state: int = 0
) -> None:
    """Change the future and see whether a feature moves.

    Features are computed as of the cutoff from the tables, and from three copies of
    them in which another future happened: all rows that were not known at the cutoff
    are deleted, are scrambled (other customers, times and values), or others are added
    for every customer, half of them at the very cutoff. Not known are rows at or after
    the cutoff and, where ``recorded_at`` is declared, rows recorded at or after it or
    never. In every copy the instants that had not come yet at the cutoff, such as
    ``left_at`` and ``resolved_at``, are others too, or none; and so are the columns of
    the customers table that a feature reads and does not declare as fixed, for they
    show customers as they are today. No feature may tell.

    Parameters
    ----------
    pipeline_or_features : ChurnPipeline, ValuePipeline, FeatureSet or builder
        What is tested. Features are fitted anew to each copy, so that learning from
        the future is found as well; of a fitted pipeline or builder, predictions or
        features as fitted are compared too. Of a value pipeline the summary of
        purchases that its models read is tested, with its covariates.
    tables : CustomerTables, Transactions or frame
        The data; they are not changed.
    cutoff : str or datetime
        The instant we pretend it is. There should be events after it, and customers
        who could still leave.
    random_state : int, default=0
        Seed of the edits.

    Raises
    ------
    LeakageError
        If features or predictions move; it names them all, and the edits that moved
        them.
    SchemaError
        If something else is given, or the tables lack what the features need.
    NotEnoughHistoryError
        If the data do not reach around the cutoff.

    See Also
    --------
    crmml.evaluation.find_leaks : Columns that predict too well, where there are no
        tables to edit.

    Notes
    -----
    What this cannot see: a column of the customers table that is declared as fixed at
    sign-up and is not (number of orders so far, current segment, discount since
    complaining). It holds the future without an instant to tell it by, and your word
    for it is all there is. Record changes as events.

    The copies hold, in memory, the columns that were declared or are asked for in
    ``declare``, as by :class:`crmml.features.CustomerAttributes`. Builders must not
    read others, and tables larger than memory are to be tested on a part of the
    customers. Numbers count as moved beyond a relative difference of 1e-9, more than
    the rounding of sums in another order.

    Examples
    --------
    >>> from crmml.datasets import make_customers
    >>> from crmml.features import RFM, ComplaintRate, FeatureSet
    >>> from crmml.pipeline import assert_no_leakage
    >>> tables = make_customers(100, random_state=0).to_tables()
    >>> assert_no_leakage(FeatureSet([RFM(), ComplaintRate()]), tables, "2024-01-01")
    """
    seed = check_count(random_state, "random_state", least=0)
    kinds = (ChurnPipeline, ValuePipeline, PointInTimeBuilder)
    if not isinstance(pipeline_or_features, kinds):
        kind = type(pipeline_or_features).__name__
        raise SchemaError(
            "pipeline_or_features must be a ChurnPipeline, a ValuePipeline, a "
            f"FeatureSet or a feature builder, got {kind}."
        )
    if not is_single(cutoff):
        raise SchemaError("assert_no_leakage takes one cutoff; call it once for each.")
    tables = as_tables(tables)
    spine = build_spine(tables, cutoff)
    asked = _ask(pipeline_or_features, tables, cutoff)
    attributes = list(asked.columns.values())
    who = spine.rows["customer_id"]
    editor = FutureEditor(
        tables, spine.cutoffs[0], who, seed, attributes, asked.as_of_today
    )
    edits = {"deleted": editor.delete, "scrambled": editor.scramble}
    edits["added"] = editor.add
    kept = copy_tables(tables, _keep, attributes)
    before = _compute(pipeline_or_features, kept, cutoff)
    moved: dict[str, list[str]] = {}
    for edit, change in edits.items():
        copy = copy_tables(tables, change, attributes)
        for name in _find_moved(before, _compute(pipeline_or_features, copy, cutoff)):
            moved.setdefault(name, []).append(edit)
    if moved:
        n_all = len({name for frame in before for name in frame})
        named = [f"{name!r} ({', '.join(edits)})" for name, edits in moved.items()]
        raise LeakageError(
            f"{len(moved)} of {n_all} features and scores at {cutoff} move when what "
            f"was not known yet is deleted, scrambled or added: {join_texts(named)}. "
            "Read only what lies before the cutoff: aggregate(..., visible_from=...) "
            "for a second instant, attribute(...) for one of customers, "
            f"learn(..., before) in fit.{_say_today(asked.as_of_today)}"
        )


def _ask(what: Any, tables: CustomerTables, cutoff: Any) -> Declarations:
    """Collect what the features ask for."""
    features = what.features if isinstance(what, ChurnPipeline) else what
    if isinstance(what, ValuePipeline):
        features = _prepare(what, tables, cutoff)._features
    asked = Declarations(tables)
    clone(features).fit(tables, cutoff).declare(asked)
    return asked


def _say_today(columns: Collection[str]) -> str:
    if not columns:
        return ""
    return (
        f" The columns [{list_names(sorted(columns))}] of customers are read as they "
        "are today; say which were fixed at sign-up: CustomerAttributes(fixed=[...])."
    )


def _keep(_: str, rows: pd.DataFrame) -> pd.DataFrame:
    return rows


def _prepare(what: ValuePipeline, tables: CustomerTables, cutoff: Any) -> ValuePipeline:
    """Return an equal pipeline that can sum up purchases, its models not fitted."""
    anew: ValuePipeline = clone(what)
    anew._learn_summary(tables, cutoff)
    return anew


def _compute(what: Any, tables: CustomerTables, cutoff: Any) -> list[pd.DataFrame]:
    """Return all that is compared: features fitted anew, and whatever was fitted."""
    if isinstance(what, ValuePipeline):
        fitted = [what] * hasattr(what, "purchases_")
        ways = [*fitted, _prepare(what, tables, cutoff)]
        return [one._summarise(tables, cutoff) for one in ways]
    frames = []
    features = what
    if isinstance(what, ChurnPipeline):
        features = what.features
        if hasattr(what, "classifier_"):
            scores = what.predict(tables, cutoff, n_reasons=0)
            frames.append(scores.set_index("customer_id")[["churn_probability"]])
    elif hasattr(what, "feature_names_out_"):
        fitted = deepcopy(what).set_output(transform="pandas")
        frames.append(_to_pandas(fitted.transform(tables, cutoff)))
    anew = clone(features).set_output(transform="pandas").fit(tables, cutoff)
    return [*frames, _to_pandas(anew.transform(tables, cutoff))]


def _to_pandas(frame: Any) -> pd.DataFrame:
    if isinstance(frame, pd.DataFrame):
        return frame
    return nw.from_native(frame, eager_only=True).to_pandas()


def _find_moved(before: list[pd.DataFrame], after: list[pd.DataFrame]) -> list[str]:
    """Names of columns that differ, once each, in their order."""
    moved: dict[str, None] = {}
    for old, new in zip(before, after, strict=True):
        has_same_rows = old.index.equals(new.index)
        for name in dict.fromkeys([*old, *new]):
            is_in_both = name in old and name in new
            if not (has_same_rows and is_in_both and _is_equal(old[name], new[name])):
                moved[str(name)] = None
    return list(moved)


def _is_equal(old: pd.Series, new: pd.Series) -> bool:
    if all(pd.api.types.is_numeric_dtype(one.dtype) for one in (old, new)):
        a, b = (one.to_numpy(np.float64, na_value=np.nan) for one in (old, new))
        return bool(np.allclose(a, b, rtol=1e-9, atol=1e-12, equal_nan=True))
    return bool(old.equals(new))
