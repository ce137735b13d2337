"""Whether today's customers are still those that the model knows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from crmml._utils._frames import join_texts
from crmml._utils._shown import show_verdict
from crmml.evaluation._columns import open_frame
from crmml.evaluation._drift_verdict import conclude
from crmml.evaluation._performance_drift import compare_performance, tabulate_measures
from crmml.evaluation._stability import compare_columns
from crmml.evaluation._stability_counts import FALSE_ALARM, ORDER, Stability
from crmml.evaluation._validation import (
    Bools,
    Floats,
    check_labels_and_scores,
    check_scores,
)
from crmml.exceptions import NotEnoughHistoryError, SchemaError


@dataclass(frozen=True, repr=False)
class DriftReport:
    """What has changed between two samples of customers.

    Attributes
    ----------
    status : str
        ``"stable"``, ``"too few rows"``, ``"moderate"`` or ``"large"``: the worst of
        all rows.
    verdict : str
        The same in words, with the columns and measures that moved.
    features : pandas.DataFrame
        One row for each column, and for the score, the most moved first:

        - ``feature``; ``kind``: number, category, score or empty;
        - ``psi``: population stability index, missing values in a bin of their own;
          ``psi_by_chance``: what it stays below if nothing has changed;
        - ``missing_reference``, ``missing_current``: shares of missing values;
        - ``n_new``, ``new_share``: categories that the reference does not have, and
          the share of current rows in them;
        - ``n_needed``: how many current rows could tell a large shift from chance,
          infinite if the reference is too small;
        - ``status``, and ``reason`` in words.
    performance : pandas.DataFrame
        One row for each measure, where labels were given, else none: ``measure``,
        ``reference``, ``current``, ``difference`` with its 95 percent interval
        ``low`` to ``high``, ``n_needed``, ``status`` and ``reason`` as above.

    See Also
    --------
    drift_report : Makes one.
    """

    status: str
    verdict: str
    features: pd.DataFrame
    performance: pd.DataFrame

    def __repr__(self) -> str:
        """Say the verdict; the tables are attributes."""
        return f"DriftReport: {self.verdict}"

    def _repr_html_(self) -> str:
        return show_verdict(self.verdict, self.features)


def drift_report(
    reference: Any,
    current: Any,
    *,
    reference_score: Any = None,
    current_score: Any = None,
    reference_y: Any = None,
    current_y: Any = None,
    pos_label: Any = None,
) -> DriftReport:
    r"""Compare the customers of today with those that a model was trained on.

    For each column, and for the scores, the population stability index

    .. math:: \text{PSI} = \sum_b (q_b - p_b) \ln (q_b / p_b)

    compares the shares p of the reference and q of today in bins b: tenths of the
    reference for numbers, categories with at least 1 percent of the reference, all
    others together, and one bin for missing values.

    Parameters
    ----------
    reference, current : dataframe or array of shape (n_samples, n_features)
        Features then and now (pandas, Polars, pyarrow or numpy): numbers, text,
        categories, booleans, dates. Further columns of `current` are not looked at.
    reference_score, current_score : array-like of shape (n_samples,), default=None
        What a model said of these customers; both or none.
    reference_y, current_y : array-like of shape (n_samples,), default=None
        What they did, once it is known; both or none, and only with scores.
    pos_label : object, default=None
        The label of a customer who left, where labels are not 0 and 1, -1 and 1, or
        booleans.

    Returns
    -------
    DriftReport
        Status, verdict, and tables of columns and measures.

    Raises
    ------
    SchemaError
        If tables, scores or labels are not as above, or `current` lacks a column.
    NotEnoughHistoryError
        If a table has no row.

    See Also
    --------
    crmml.plotting.plot_drift : The picture.

    Notes
    -----
    A column is moderately or largely moved if

    - its PSI reaches 0.10 or 0.25 (Siddiqi 2006), and more than chance would reach;
    - its share of missing values changes by 0.05 or 0.20, beyond chance;
    - 0.01 or 0.10 of today's rows are in new categories, beyond what rare categories
      explain;
    - it turned from numbers into categories or back (always large).

    A column that has not moved, but where chance alone reaches a PSI of 0.25, has too
    few rows to tell; its reason says how many are needed. In a column of ids new ones
    are expected; its reason says so.

    Chance is limited to one false alarm in a hundred reports, however many columns
    there are (Bonferroni), and to one more by the measures; in small samples a shift
    must therefore be larger to count. A measure is moved if its change is beyond
    chance and reaches a tenth or a quarter of the reference: the base rate and the
    ratio of observed to predicted leavers in either direction, the area under the
    curve above one half downwards, the Brier score upwards. Where chance alone reaches
    a quarter, there are too few rows to tell.

    Drift of a feature says that the model is used on other customers, not that it is
    wrong; only the performance tells.

    References
    ----------
    Siddiqi, N. (2006), *Credit Risk Scorecards*, Wiley.
    Yurdakul, B. and Naranjo, J. (2020), "Statistical properties of the population
    stability index", Journal of Risk Model Validation 14(4).
    https://ideas.repec.org/a/rsk/journ5/7725371.html

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from crmml.evaluation import drift_report
    >>> rng = np.random.default_rng(0)
    >>> then = pd.DataFrame({"age": rng.normal(40, 9, 900), "plan": ["A", "B"] * 450})
    >>> now = then.assign(plan=["A", "C"] * 450)
    >>> report = drift_report(then, now)
    >>> report.verdict
    'large shift: 1 of 2 columns moved (plan).'
    >>> report.features.loc[0, "reason"]
    'PSI 6.79; 50% in 1 new categories'
    """
    pairs = list(_pair_columns(reference, current))
    scores = _check_scores(
        reference_score, current_score, [len(column) for column in pairs[0][1:]]
    )
    false_alarm = FALSE_ALARM / (len(pairs) + (scores is not None))
    rows: list[tuple[Any, ...]] = [
        (name, *compare_columns(then, now, false_alarm=false_alarm))
        for name, then, now in pairs
    ]
    if scores is not None:
        both = (nw.from_native(pd.Series(s), series_only=True) for s in scores)
        found = compare_columns(*both, false_alarm=false_alarm)
        rows.append(("score", *found._replace(kind="score")))
    features = pd.DataFrame(rows, columns=["feature", *Stability._fields])
    order = np.lexsort([-features["psi"], -features["status"].map(ORDER.index)])
    performance = tabulate_measures([])
    labelled = _check_labels(scores, reference_y, current_y, pos_label)
    if labelled is not None:
        performance = compare_performance(*labelled)
    features = features.iloc[order].reset_index(drop=True)
    status, verdict = conclude({"columns": features, "measures": performance})
    return DriftReport(status, verdict, features, performance)


def _pair_columns(
    reference: Any, current: Any
) -> Iterator[tuple[Any, nw.Series[Any], nw.Series[Any]]]:
    then, now = open_frame(reference, "reference"), open_frame(current, "current")
    for name, frame in (("reference", then), ("current", now)):
        if not len(frame) or not frame.columns:
            raise NotEnoughHistoryError(
                f"{name} has {len(frame)} rows and {len(frame.columns)} columns; at "
                "least one of each is needed."
            )
    missing = [name for name in then.columns if name not in now.columns]
    if missing:
        raise SchemaError(
            f"current lacks {len(missing)} of {len(then.columns)} columns of "
            f"reference: {join_texts([repr(name) for name in missing])}."
        )
    where = {name: i for i, name in enumerate(now.columns)}
    columns = list(now.iter_columns())
    for name, column in zip(then.columns, then.iter_columns(), strict=True):
        # By position, for pandas' names need not be text.
        yield name, column, columns[where[name]]


def _check_scores(then: Any, now: Any, sizes: list[int]) -> list[Floats] | None:
    if then is None and now is None:
        return None
    if then is None or now is None:
        raise SchemaError("give reference_score= and current_score=, or neither.")
    found = [check_scores(then, "reference_score"), check_scores(now, "current_score")]
    for name, scores, size in zip(("reference", "current"), found, sizes, strict=True):
        if len(scores) != size:
            raise SchemaError(
                f"{name} has {size} rows and {name}_score has {len(scores)}: pass one "
                "score for each row."
            )
    return found


def _check_labels(
    scores: list[Floats] | None, then: Any, now: Any, pos_label: Any
) -> list[tuple[Bools, Floats]] | None:
    if then is None and now is None:
        return None
    if scores is None or then is None or now is None:
        raise SchemaError(
            "performance needs reference_y=, current_y=, reference_score= and "
            "current_score=; give all four, or no labels."
        )
    return [
        check_labels_and_scores(y, own, pos_label=pos_label)
        for y, own in zip((then, now), scores, strict=True)
    ]
