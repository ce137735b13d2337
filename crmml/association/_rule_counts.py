"""Rules counted in baskets other than those they were learned from."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from crmml.association._baskets import EncodedBaskets
from crmml.association._itemsets import Itemsets
from crmml.association._other_counts import count_itemsets
from crmml.association._rules import Rules
from crmml.association._subset_index import SubsetIndex

Counter = Callable[[EncodedBaskets], NDArray[np.int64]]


def prepare_counter(rules: Rules, itemsets: Itemsets) -> Counter:
    """Find out which itemsets must be counted to count the rules.

    Parameters
    ----------
    rules : Rules
        The rules.
    itemsets : Itemsets
        The itemsets they were made from.

    Returns
    -------
    callable
        Takes baskets in the codes of the itemsets, and returns an ndarray of int64 of
        shape (3, n_rules): the baskets with the antecedents, with the consequents, and
        with both.
    """
    index = SubsetIndex(itemsets.codes)
    both = index.keys[rules.antecedents] + index.keys[rules.consequents]
    positions = np.concatenate([rules.antecedents, rules.consequents, index.find(both)])
    needed, places = np.unique(positions, return_inverse=True)
    rows = itemsets.codes[needed]

    def count(baskets: EncodedBaskets) -> NDArray[np.int64]:
        return count_itemsets(rows, baskets)[places].reshape(3, -1)

    return count
