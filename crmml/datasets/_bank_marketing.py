"""Bank marketing: whom to call about a deposit."""

import pandas as pd

from crmml._utils._extras import find_packaged_file


def load_bank_marketing() -> tuple[pd.DataFrame, pd.Series]:
    """Load the bank marketing data: 45,211 clients called about a term deposit.

    Returns
    -------
    X : pandas.DataFrame of shape (45211, 15)
        Six numbers, such as ``age`` (years), ``balance`` (yearly mean, euros),
        ``campaign`` (calls in this campaign) and ``pdays`` (days since the last
        earlier campaign, -1 for none), and nine text columns, in which the word
        "unknown" stands for a missing value.
    y : pandas.Series of shape (45211,)
        1 for the 5,289 clients who subscribed, else 0.

    Raises
    ------
    MissingExtraError
        If the ``demo`` extra is not installed.

    Notes
    -----
    Real data of a Portuguese bank, May 2008 to November 2010, in order of the calls
    (``day`` and ``month``, but no year). The column ``duration`` of the file, how long
    the call took, is left out: it is known when the answer is, and gives it away.
    ``campaign`` counts the call itself. The package has no costs in the file; its own
    cost model prices a missed subscriber by the balance.

    Data: Creative Commons Attribution 4.0 (UCI). Read from the package empulse 0.13.1
    (licence MIT).

    References
    ----------
    Moro, S., Rita, P. and Cortez, P. (2014), "Bank Marketing", UCI Machine Learning
    Repository. https://doi.org/10.24432/C5K306

    Examples
    --------
    >>> from crmml.datasets import load_bank_marketing
    >>> X, y = load_bank_marketing()
    >>> X.shape, int(y.sum())
    ((45211, 15), 5289)
    """
    path = find_packaged_file(
        "empulse", "datasets/data/bankmarketing.csv.gz", extra="demo"
    )
    frame = pd.read_csv(path, sep=";", keep_default_na=False)
    subscribed = (frame["y"] == "yes").astype("int64").rename("subscribed")
    return frame.drop(columns=["duration", "y"]), subscribed
