"""Would these segments come back? Each is judged on bootstrap samples."""

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.metrics import adjusted_rand_score
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from crmml._utils._arguments import check_count
from crmml._utils._frames import is_frame
from crmml._utils._sklearn import safe_indexing
from crmml.exceptions import CrmmlError
from crmml.segmentation._alignment import Codes, pair_segments

# Steinley's words for values of the adjusted Rand index.
_VERDICTS = ((0.9, "excellent"), (0.8, "good"), (0.65, "moderate"), (-np.inf, "poor"))


def compute_segment_stability(
    segmenter: Any,
    X: Any,
    *,
    n_resamples: int = 20,
    max_rows: int = 20_000,
    random_state: Any = 0,
) -> pd.DataFrame:
    r"""Judge for every segment whether it would be found again.

    The segmenter is fitted anew to bootstrap samples of the customers. Each time, its
    segments are paired with the present ones, so that most customers stay, and for each
    segment two divisions of all customers are compared, into members and others:

    - ``adjusted_rand``, the share of pairs of customers on which the divisions agree,
      beyond chance: 1 for the same members, 0 for chance;
    - ``jaccard``, the members of both among the members of either.

    Parameters
    ----------
    segmenter : estimator
        A fitted segmenter with ``predict``, such as :class:`KMeansSegmenter`. It is not
        changed. A number of segments that it chose itself is kept.
    X : dataframe or array-like of shape (n_customers, n_features)
        The customers to judge it on, usually those of ``fit``.
    n_resamples : int, default=20
        Number of bootstrap samples.
    max_rows : int, default=20000
        Of more customers, so many are drawn first.
    random_state : int, RandomState or None, default=0
        Seed of the draws.

    Returns
    -------
    pandas.DataFrame
        One row per segment, in order of label: segment, n_customers (of those drawn),
        adjusted_rand and jaccard (means over samples), lowest (the lowest adjusted
        Rand) and verdict: excellent from 0.9, good from 0.8, moderate from 0.65, poor
        below. ``attrs["adjusted_rand"]`` is that of all segments together.

    Raises
    ------
    SchemaError
        If `n_resamples` or `max_rows` is below 1.
    NotFittedError
        If the segmenter is not fitted.

    Notes
    -----
    Publish names of segments that are good or better; a poor one is an accident of the
    customers who happen to be in the table. The order of the rows changes nothing.

    References
    ----------
    .. [1] D. Steinley, "Properties of the Hubert-Arabie adjusted Rand index", 2004,
       doi:10.1037/1082-989X.9.3.386.
    .. [2] C. Hennig, "Cluster-wise assessment of cluster stability", 2007,
       doi:10.1016/j.csda.2006.11.025.

    Examples
    --------
    Two groups far apart come back every time:

    >>> import pandas as pd
    >>> from crmml.segmentation import KMeansSegmenter, compute_segment_stability
    >>> features = pd.DataFrame({"n_orders": [1, 2, 3, 2, 50, 51, 52, 53, 1, 3]})
    >>> segmenter = KMeansSegmenter(2).fit(features)
    >>> table = compute_segment_stability(segmenter, features)
    >>> table[["segment", "n_customers", "adjusted_rand", "verdict"]]
       segment  n_customers  adjusted_rand    verdict
    0        0            6            1.0  excellent
    1        1            4            1.0  excellent
    """
    n_resamples = check_count(n_resamples, "n_resamples")
    max_rows = check_count(max_rows, "max_rows")
    check_is_fitted(segmenter)
    rng = check_random_state(random_state)
    rows = _order_rows(X)
    if len(rows) > max_rows:
        rows = rows[rng.choice(len(rows), max_rows, replace=False)]
    sample = safe_indexing(X, rows)
    labels, present = np.unique(segmenter.predict(sample), return_inverse=True)
    template = _fix_number(segmenter)
    found = []
    for _ in range(n_resamples):
        drawn = safe_indexing(X, rows[rng.randint(len(rows), size=len(rows))])
        try:
            again = clone(template).fit(drawn).predict(sample)
        except CrmmlError:  # Too few distinct customers were drawn for the segments.
            again = np.zeros(len(rows), dtype=np.int64)
        found.append(_compare(present, np.unique(again, return_inverse=True)[1]))
    return _summarise(labels, present, found)


def _order_rows(X: Any) -> NDArray[np.int64]:
    """Order rows by their values alone, though as if at random."""
    if is_frame(X):
        frame = nw.from_native(X, eager_only=True).to_pandas()
    else:
        frame = pd.DataFrame(np.asarray(X))
    hashes = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    return np.argsort(hashes, kind="stable").astype(np.int64)


def _fix_number(segmenter: Any) -> Any:
    template = clone(segmenter)
    if "n_clusters" in template.get_params(deep=False):
        template.set_params(n_clusters=segmenter.n_clusters_)
    return template


def _compare(present: Codes, again: Codes) -> tuple[float, list[tuple[float, float]]]:
    """Return the agreement on all segments, and on each: adjusted Rand and Jaccard."""
    n_present = int(present.max()) + 1
    pairs = pair_segments(present, again, n_present, int(again.max()) + 1)
    counterpart = {old: new for new, old in pairs.items()}
    each = []
    for segment in range(n_present):
        members = present == segment
        others = again == counterpart.get(segment, -1)
        union = np.count_nonzero(members | others)
        each.append(
            (
                float(adjusted_rand_score(members, others)),
                float(np.count_nonzero(members & others) / union),
            )
        )
    return float(adjusted_rand_score(present, again)), each


def _summarise(
    labels: NDArray[Any],
    present: Codes,
    found: list[tuple[float, list[tuple[float, float]]]],
) -> pd.DataFrame:
    # Shape (n_resamples, n_segments, 2).
    values = np.array([each for _, each in found])
    rand = values[:, :, 0].mean(axis=0).round(6)
    verdicts = [
        next(word for least, word in _VERDICTS if value >= least) for value in rand
    ]
    result = pd.DataFrame(
        {
            "segment": labels,
            "n_customers": np.bincount(present, minlength=len(labels)),
            "adjusted_rand": rand,
            "jaccard": values[:, :, 1].mean(axis=0).round(6),
            "lowest": values[:, :, 0].min(axis=0).round(6),
            "verdict": verdicts,
        }
    )
    result.attrs["adjusted_rand"] = round(float(np.mean([a for a, _ in found])), 6)
    return result
