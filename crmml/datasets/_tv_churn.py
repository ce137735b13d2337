"""TV: churn with the money that each right and wrong decision costs, per customer."""

import pandas as pd

from crmml._utils._extras import find_packaged_file


def load_tv_churn() -> tuple[pd.DataFrame, pd.Series, pd.DataFrame]:
    """Load the churn data of a TV cable provider: 9,379 customers with their costs.

    Returns
    -------
    X : pandas.DataFrame of shape (9379, 46)
        ``x1`` to ``x46``: numbers whose meaning the provider keeps to itself.
    y : pandas.Series of shape (9379,)
        1 for the 449 customers who left, else 0.
    costs : pandas.DataFrame of shape (9379, 4)
        Cost of each decision for each customer, in the provider's currency, which is
        not stated: ``tp_cost`` (an offer to a leaver), ``fp_cost`` (an offer to one who
        stays), ``fn_cost`` (no offer to a leaver), ``tn_cost`` (always 0). They follow
        from the customer's value, and are kept apart so that no model trains on them.

    Raises
    ------
    MissingExtraError
        If the ``demo`` extra is not installed.

    Notes
    -----
    Real, anonymised data of the first half of 2014; the leavers were marked by the
    company. Value, incentive and acceptance rate behind the costs are not part of the
    data. Read from the package empulse 0.13.1 (licence MIT).

    References
    ----------
    Correa Bahnsen, A., Aouada, D. and Ottersten, B. (2015), "A novel cost-sensitive
    framework for customer churn predictive modeling", Decision Analytics 2:5.
    https://doi.org/10.1186/s40165-015-0014-6

    Examples
    --------
    To lose a customer costs sixteen times as much as an offer wasted on a stayer.

    >>> from crmml.datasets import load_tv_churn
    >>> X, y, costs = load_tv_churn()
    >>> X.shape, int(y.sum())
    ((9379, 46), 449)
    >>> costs[["fp_cost", "fn_cost"]].mean().round().tolist()
    [81.0, 1327.0]
    """
    path = find_packaged_file(
        "empulse", "datasets/data/churn_tv_subscriptions.csv.gz", extra="demo"
    )
    frame = pd.read_csv(path)
    costs = {"C_TP": "tp_cost", "C_FP": "fp_cost", "C_FN": "fn_cost", "C_TN": "tn_cost"}
    return (
        frame.drop(columns=["id", "target", *costs]),
        frame["target"].astype("int64").rename("churn"),
        frame[list(costs)].rename(columns=costs),
    )
