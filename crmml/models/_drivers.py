"""Global drivers: which features move the risk most, over a whole batch."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from crmml.exceptions import SchemaError
from crmml.models._base import BaseChurnClassifier
from crmml.models._columns import NUMBER, Columns
from crmml.models._reason_words import Words, read_words
from crmml.models._reasons import plain_values

# From here on a number is said to act in one direction.
_CLEAR = 0.5
# A value that fewer customers have is not named.
_SMALLEST_SHARE = 0.01


def compute_drivers(
    model: Any,
    X: Any,
    *,
    language: str = "en",
    names: Mapping[str, str] | None = None,
    templates: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    r"""Rank the features by how much they move the risk of the customers in a batch.

    The importance of feature j is its mean absolute contribution,

    .. math:: I_j = \frac1n \sum_{i=1}^{n} |\phi_{ij}|,

    where :math:`\phi_{ij}` is what it adds to the log-odds of customer i.

    Parameters
    ----------
    model : churn classifier
        A fitted classifier of :mod:`crmml.models`.
    X : dataframe or array-like of shape (n_samples, n_features)
        The batch, as for ``model.contributions``.
    language : {"en", "zh"}, default="en"
        The language of the words in the table.
    names : mapping of str to str, default=None
        Readable names by feature; the others keep their own. A "%" at the end marks a
        fraction, as in ``explain``.
    templates : mapping of str to str, default=None
        Words in place of "high", "low", "mixed", "yes", "no" and "unknown".

    Returns
    -------
    DataFrame of shape (n_features, 7)
        The strongest feature first, with the columns

        - ``feature`` and ``name``: as the model calls it, and as people do;
        - ``mean_abs_contribution``: the importance, in log-odds;
        - ``share``: the same as a fraction of the sum over all features;
        - ``direction``: for a number, correlation of its rank with its contribution:
          1 where the risk rises along it, -1 where it falls, near 0 where it bends;
          missing for text, for what has two values, and where it cannot be told;
        - ``raises`` and ``lowers``: which values raise and lower the risk most. For a
          number "high values" and "low values", where the direction is 0.5 or more
          either way, else "mixed"; otherwise the value with the largest (smallest)
          mean contribution among those of at least one customer in a hundred.

    Raises
    ------
    SchemaError
        If the model is no classifier of crmml, or the words cannot be read.

    See Also
    --------
    crmml.plotting.plot_drivers : The picture.

    Notes
    -----
    Drivers describe what the model uses, which need not be what makes customers leave.
    Features that tell the same story share the credit.

    Examples
    --------
    Of 100 monthly contracts 60 left, of 100 yearly ones 20.

    >>> import pandas as pd
    >>> from crmml.models import LogisticChurnClassifier, compute_drivers
    >>> X = pd.DataFrame({"contract": ["monthly"] * 100 + ["yearly"] * 100})
    >>> y = [1] * 60 + [0] * 40 + [1] * 20 + [0] * 80
    >>> model = LogisticChurnClassifier(C=1e6).fit(X, y)
    >>> drivers = compute_drivers(model, X)
    >>> drivers[["name", "mean_abs_contribution", "share", "raises", "lowers"]].round(3)
           name  mean_abs_contribution  share   raises  lowers
    0  contract                  0.896    1.0  monthly  yearly
    """
    words = read_words(language, names, templates)
    if not isinstance(model, BaseChurnClassifier):
        raise SchemaError(
            f"model must be a churn classifier of crmml, got {type(model).__name__}: "
            "the drivers are averages of its contributions()."
        )
    contributions = model.contributions(X).drop(columns="base")
    columns = model._read(X)
    values = contributions.to_numpy()
    sizes = np.abs(values).mean(axis=0) if len(values) else np.zeros(values.shape[1])
    total = sizes.sum()
    effects = [
        _effect(words, name, columns, j, values[:, j])
        for j, name in enumerate(contributions.columns)
    ]
    table = pd.DataFrame(
        {
            "feature": contributions.columns,
            "name": [words.name(name) for name in contributions.columns],
            "mean_abs_contribution": sizes,
            "share": sizes / total if total > 0 else sizes,
            "direction": np.array([effect[0] for effect in effects], np.float64),
            "raises": pd.Series([effect[1] for effect in effects], dtype=object),
            "lowers": pd.Series([effect[2] for effect in effects], dtype=object),
        }
    )
    return table.sort_values(
        "mean_abs_contribution", ascending=False, kind="stable", ignore_index=True
    )


def _effect(
    words: Words, name: Any, columns: Columns, j: int, values: NDArray[np.float64]
) -> tuple[float, str | None, str | None]:
    """Direction of a number, and which values raise and lower the risk."""
    if np.abs(values).max(initial=0.0) == 0.0:
        return np.nan, None, None
    if columns.kinds[j] == NUMBER and not _is_flag(columns.arrays[j]):
        direction = _rank_correlation(columns.arrays[j], values)
        high, low = words.templates["high"], words.templates["low"]
        if direction >= _CLEAR:
            return direction, high, low
        if direction <= -_CLEAR:
            return direction, low, high
        mixed = words.templates["mixed"]
        return direction, mixed, mixed
    found = plain_values(columns, j, np.arange(columns.n_rows))
    texts = [words.value(name, value) for value in found]
    groups = pd.Series(values).groupby(texts).agg(["mean", "size"])
    means = groups.loc[groups["size"] >= _SMALLEST_SHARE * columns.n_rows, "mean"]
    return (
        np.nan,
        means.idxmax() if means.max() > 0 else None,
        means.idxmin() if means.min() < 0 else None,
    )


def _is_flag(numbers: NDArray[np.float64]) -> bool:
    """Whether a number has two values at most, such as 0 and 1."""
    return len(np.unique(numbers[~np.isnan(numbers)])) <= 2


def _rank_correlation(
    numbers: NDArray[np.float64], values: NDArray[np.float64]
) -> float:
    """Correlation of a number's rank with its contribution; NaN where it is none."""
    known = ~np.isnan(numbers)
    # Contributions of trees repeat with rounding noise, ranks of which would mislead.
    ranks, heights = rankdata(numbers[known]), values[known]
    if known.sum() < 2 or np.ptp(ranks) == 0.0 or np.ptp(heights) < 1e-12:
        return np.nan
    return float(np.clip(np.corrcoef(ranks, heights)[0, 1], -1.0, 1.0))
