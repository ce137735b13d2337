"""What must fit together in a loaded object before compiled code may use it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmml.exceptions import ModelFileError
from crmml.models._design import NO_CODE
from crmml.models._encoder import FIRST_CATEGORY, MOST_CATEGORIES

_MOST_STAGES = 1_000
"""Of a rhythm of purchases; compiled code makes room for them and counts through."""


def require(fits: bool, cls: str) -> None:
    """Refuse an object whose parts do not fit together.

    Parameters
    ----------
    fits : bool
        Whether they do.
    cls : str
        Its class, for the message.

    Raises
    ------
    ModelFileError
        If they do not.
    """
    if not fits:
        raise ModelFileError(
            f"The parts of a stored {cls} do not fit together: the file is damaged or "
            "was made by something else than crmml.scoring.save. Get it again."
        )


def is_row(values: Any, kinds: str, size: int | None = None) -> bool:
    """Tell whether this is an array of one dimension, of these kinds of numbers."""
    return (
        isinstance(values, np.ndarray)
        and values.ndim == 1
        and values.dtype.kind in kinds
        and (size is None or len(values) == size)
    )


def is_tree(left: Any, right: Any) -> bool:
    """Tell whether children make a binary tree from node 0, -1 marking leaves.

    No node has two parents and the root has none, so no walk from it comes back.
    """
    if not is_row(left, "i") or not is_row(right, "i", len(left)) or not len(left):
        return False
    # Native code takes any other negative number for the place of a node.
    is_leaf = left == -1
    if not np.array_equal(is_leaf, right == -1):
        return False
    children = np.concatenate([left[~is_leaf], right[~is_leaf]])
    return bool(
        (children > 0).all()
        and (children < len(left)).all()
        and len(np.unique(children)) == len(children)
    )


def are_places(values: Any, size: int) -> bool:
    """Tell whether these are positions in something of this size."""
    return is_row(values, "iu") and bool(((values >= 0) & (values < size)).all())


def check_split_tree(item: Any) -> None:
    """Check the bare splits of a tree."""
    size = len(item.left)
    fits = is_tree(item.left, item.right) and is_row(item.feature, "i", size)
    require(
        fits and is_row(item.weight, "f", size) and is_row(item.value, "f", size),
        "SplitTree",
    )


def check_flat_design(item: Any) -> None:
    """Check that every column has a feature and a code."""
    fits = is_row(item.features, "i") and is_row(item.codes, "i", len(item.features))
    fits = fits and bool((item.features >= 0).all() and (item.codes >= NO_CODE).all())
    most = FIRST_CATEGORY + MOST_CATEGORIES
    require(fits and bool((item.codes < most).all()), "FlatDesign")


def check_decision_tree(item: Any) -> None:
    """Check that the tree asks about the columns that are looked for."""
    if not hasattr(item, "tree_"):
        return
    require(item.tree_.n_features == item.n_features_in_, type(item).__name__)


def check_forest(item: Any) -> None:
    """Check that all trees ask about the columns that are looked for."""
    if not hasattr(item, "estimators_"):
        return
    wanted = {item.n_features_in_}
    found = {tree.n_features_in_ for tree in item.estimators_}
    require(found == wanted, type(item).__name__)


def check_sklearn_kmeans(item: Any) -> None:
    """Check the shape of the centres."""
    if not hasattr(item, "cluster_centers_"):
        return
    centers = item.cluster_centers_
    fits = isinstance(centers, np.ndarray) and centers.ndim == 2
    require(fits and centers.shape[1] == item.n_features_in_, "KMeans")


def check_trie(item: Any) -> None:
    """Check that parents come before their children."""
    size = len(item.counts)
    fits = is_row(item.parents, "i", size) and is_row(item.items, "i", size)
    fits = fits and bool((item.parents < np.arange(size)).all())
    require(fits and bool((item.parents >= -1).all()), "ItemsetTrie")


def check_mined(item: Any) -> None:
    """Check that itemsets hold items that there are."""
    size = len(item.items)
    fits = are_places(item.trie.items, size) and are_places(item.always, size)
    if fits and item.kind != "all":
        # Larger itemsets are looked for by their smaller ones, without end if missing.
        fits = _holds_all_smaller(item.trie.to_codes())
    require(fits, "MinedItemsets")


def _holds_all_smaller(codes: NDArray[np.int32]) -> bool:
    """Tell whether itemsets differ, and each is there without any one of its items."""
    known = {row.tobytes() for row in codes}
    lengths = (codes >= 0).sum(axis=1)
    for j in range(codes.shape[1]):
        larger = codes[(codes[:, j] >= 0) & (lengths > 1)]
        smaller = np.full_like(larger, -1)
        smaller[:, :-1] = np.delete(larger, j, axis=1)
        if not all(row.tobytes() in known for row in smaller):
            return False
    return len(known) == len(codes)


def check_learned_rules(item: Any) -> None:
    """Check that rules are of itemsets that there are."""
    n_itemsets, n_rules = len(item.mined), len(item.rules.counts)
    sides = (item.rules.antecedents, item.rules.consequents)
    fits = all(are_places(side, n_itemsets) and len(side) == n_rules for side in sides)
    fits = fits and (item.p_values is None or is_row(item.p_values, "f", n_rules))
    require(fits, "LearnedRules")


def check_scaler(item: Any) -> None:
    """Check that every column has its numbers."""
    if not hasattr(item, "scale_"):
        return
    size = item.n_features_in_
    numbers = (item.lower_, item.upper_, item.unit_, item.center_, item.scale_)
    flags = (item.logged_, item.ignored_)
    fits = all(is_row(row, "f", size) for row in numbers)
    require(fits and all(is_row(row, "b", size) for row in flags), "SkewScaler")


def check_segmenter(item: Any) -> None:
    """Check that centres have as many numbers and categories as customers."""
    if not hasattr(item, "scaled_centers_"):
        return
    centers, modes = item.scaled_centers_, item.cluster_categories_
    size = len(item.segment_numbers_)
    fits = all(
        isinstance(part, np.ndarray) and part.ndim == 2 for part in (centers, modes)
    )
    fits = fits and centers.shape == (size, item.scaler_.n_features_in_)
    fits = fits and modes.shape == (size, len(item.categories_))
    fits = fits and centers.dtype == np.float64
    known = all(
        isinstance(own, np.ndarray) and own.dtype == object for own in item.categories_
    )
    fits = fits and known and size > 0
    fits = fits and all(
        set(modes[:, j]) <= set(own) for j, own in enumerate(item.categories_)
    )
    require(fits, "KMeansSegmenter")


def check_purchase_model(item: Any) -> None:
    """Check that the parameters are those of the model, and positive."""
    if not hasattr(item, "params_"):
        return
    numbers = item.params_.to_numpy()
    fits, n_positive = is_row(numbers, "f"), len(numbers)
    if hasattr(item, "_layout"):
        # Coefficients of covariates come after the parameters, of either sign.
        names = item._layout().all_names
        fits, n_positive = fits and list(item.params_.index) == names, len(item._names)
    n_stages = getattr(item, "k_", 1)
    fits = fits and type(n_stages) is int and 1 <= n_stages <= _MOST_STAGES
    require(fits and bool((numbers[:n_positive] > 0).all()), type(item).__name__)


def check_sequences(item: Any) -> None:
    """Check that sequential rules are of items that there are."""
    rules, n_items = item.rules, len(item.items)
    size = len(rules.consequents)
    before = rules.antecedents
    fits = are_places(rules.consequents, n_items) and before.ndim == 2
    fits = fits and len(before) == size and before.dtype.kind == "i"
    fits = fits and bool(((before >= -1) & (before < n_items)).all())
    fits = fits and rules.counts.shape == (4, size) and rules.gaps.shape == (3, size)
    require(fits, "LearnedSequences")
