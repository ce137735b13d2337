"""How many products and categories a customer buys, and how evenly."""

from collections.abc import Sequence

import pandas as pd
import sqlglot.expressions as exp

from crmml._utils._arguments import check_count
from crmml.features._builder import PointInTimeBuilder
from crmml.features._declarations import Declarations, Feature
from crmml.features._expressions import (
    is_positive,
    larger,
    minus,
    ratio_or_null,
    times,
    when,
    wide,
)
from crmml.features._vocabulary import equals, learn_largest
from crmml.features._windows import Windows, check_windows, suffix
from crmml.tables import CustomerTables
from crmml.tables import _sql as sql
from crmml.tables._prepare import MILLIONTHS


class ProductMix(PointInTimeBuilder):
    """Distinct products and categories, their entropy, and shares of categories.

    Purchases are lines with a positive amount; without amounts, all lines. For each
    window w, over the purchases in [cutoff - w, cutoff):

    - ``n_products``: number of distinct products, if the table has ``product_id``;

    and, if it has ``category``, where p_i is the share of category i in the customer's
    spend (without amounts, in the number of lines) on purchases with a category:

    - ``n_categories``: number of distinct categories;
    - ``category_entropy`` = - sum of p_i ln p_i, in nats: 0 for a single category, ln k
      for k categories of equal share;
    - ``top_category_share``: the largest p_i;
    - ``category_share_of_<category>``: p_i of each of the categories that `fit` found
      largest.

    Entropy and shares are missing where nothing with a category was bought. The
    window's name comes before the category's: ``category_share_90d_of_tea``.

    Parameters
    ----------
    windows : duration or list of durations, default=None
        Look-back lengths; None is all of history.
    n_categories : int, default=5
        For how many of the largest categories there are shares, at most.

    Attributes
    ----------
    categories_ : list of str or int
        These categories, the largest first; empty if the table has none.
    feature_names_out_ : list of str
        Names of the features.

    Raises
    ------
    SchemaError
        If the transactions have neither product_id nor category, or `n_categories` is
        no whole number of 1 or more.

    See Also
    --------
    RFM : How much, without what.

    Notes
    -----
    Categories are learned from the purchases of all customers that were known before
    the earliest cutoff given to `fit`, by their spend; of two equal ones, the first in
    order comes first. Distinct things cannot be added up over time: these features
    are found cutoff by cutoff, and cost more than counts and sums.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmml.features import ProductMix
    >>> sales = pd.DataFrame(
    ...     {
    ...         "customer_id": 1,
    ...         "timestamp": pd.date_range("2024-01-01", periods=4),
    ...         "product_id": ["green", "black", "cup", "pot"],
    ...         "category": ["tea", "tea", "china", "china"],
    ...         "amount": [4.0, 4.0, 2.0, 20.0],
    ...     }
    ... )
    >>> ProductMix().fit_transform(sales, cutoffs="2024-01-04").round(2).T
    customer_id                1
    n_products               3.0
    n_categories             2.0
    category_entropy         0.5
    top_category_share       0.8
    category_share_of_tea    0.8
    category_share_of_china  0.2
    """

    categories_: Sequence[str | int]

    def __init__(self, *, windows: Windows = None, n_categories: int = 5) -> None:
        self.windows = windows
        self.n_categories = n_categories

    def learn(self, tables: CustomerTables, before: int) -> None:
        """Find the largest categories among purchases known before an instant."""
        n_categories = check_count(self.n_categories, "n_categories")
        roles = tables.table("transactions").roles
        self.categories_ = []
        if "category" in roles:
            weight = _spend() if "amount" in roles else None
            self.categories_ = learn_largest(
                tables, "transactions", "category", n_categories, before, weight
            )

    def declare(self, ask: Declarations) -> list[Feature]:
        """Say which aggregations are needed and which features come of them."""
        has_amount = ask.has("transactions", "amount")
        # A line weighs a million, so that rounding x ln x does not show.
        weight = _spend() if has_amount else sql.number(MILLIONTHS)
        has_category = ask.has("transactions", "category")
        features = []
        for window in check_windows(self.windows):
            if ask.has("transactions", "product_id") or not has_category:
                n = ask.aggregate(
                    *("transactions", "distinct", weight),
                    grain="by_product_id",
                    window=window,
                )
                name = f"n_products{suffix(window)}"
                features.append(Feature(name, n, kind="integer"))
            if has_category:
                features += self._categories(ask, window, weight)
        return features

    def _categories(
        self, ask: Declarations, window: pd.Timedelta | None, weight: exp.Expr
    ) -> list[Feature]:
        end, category = suffix(window), sql.column("category")
        n, largest, log_sum = (
            ask.aggregate(
                "transactions", how, weight, grain="by_category", window=window
            )
            for how in ("distinct", "largest", "log_sum")
        )
        has_category = category.is_(exp.null()).not_()
        whole = ask.aggregate(
            "transactions", "sum", when(has_category, weight), window=window
        )
        features = [
            Feature(f"n_categories{end}", n, kind="integer"),
            Feature(f"category_entropy{end}", _entropy(n, whole, log_sum)),
            Feature(f"top_category_share{end}", ratio_or_null(largest, whole)),
        ]
        for one in self.categories_:
            part = ask.aggregate(
                *("transactions", "sum", when(equals("category", one), weight)),
                window=window,
            )
            name = f"category_share{end}_of_{one}"
            features.append(Feature(name, ratio_or_null(part, whole)))
        return features


def _spend() -> exp.Expr:
    """Return the amount of a purchase, null for a return."""
    amount = sql.column("amount")
    return when(is_positive(amount), amount)


def _entropy(n: exp.Expr, whole: exp.Expr, log_sum: exp.Expr) -> exp.Expr:
    """Ln X - (sum of x ln x) / X, where X is the sum of x; 0 for a single one."""
    logarithm = exp.Ln(this=sql.as_double(when(is_positive(whole), whole)))
    mean = ratio_or_null(log_sum, times(wide(whole), sql.number(MILLIONTHS)))
    entropy = larger(minus(logarithm, mean), sql.number(0))
    is_single = exp.EQ(this=n.copy(), expression=sql.number(1))
    return exp.case().when(is_single, sql.number(0)).when(is_positive(whole), entropy)
