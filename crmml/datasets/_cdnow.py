"""CDNOW: the purchases on which buy-till-you-die models are compared."""

import pandas as pd

from crmml._utils._extras import find_packaged_file


def load_cdnow(*, sample: bool = False) -> pd.DataFrame:
    """Load the CDNOW purchases: 23,570 customers of an online music shop, 1997-98.

    Everyone in it bought for the first time in the first quarter of 1997; the record
    goes on to the end of June 1998.

    Parameters
    ----------
    sample : bool, default=False
        False: the master file. True: the one-in-ten sample of 2,357 customers that the
        literature fits its models to.

    Returns
    -------
    pandas.DataFrame of shape (69659, 4), or (6919, 5) for the sample
        One row per purchase: ``customer_id`` (text of five digits, the same in both
        files), ``date`` (a day), ``number_of_cds``, ``dollar_value``; the sample also
        has ``sample_id`` (text of four digits).

    Raises
    ------
    MissingExtraError
        If the ``demo`` extra is not installed.

    Notes
    -----
    Real data, shared by Fader and Hardie for research and teaching. A customer may
    have several rows on one day, and 80 rows of the master file are worth 0 dollars.
    Read from the package Lifetimes 0.11.3 (licence MIT).

    References
    ----------
    Fader, P. S., Hardie, B. G. S. and Lee, K. L. (2005), "Counting your customers the
    easy way: an alternative to the Pareto/NBD model", Marketing Science 24(2).
    https://doi.org/10.1287/mksc.1040.0098

    Examples
    --------
    >>> from crmml.datasets import load_cdnow
    >>> purchases = load_cdnow()
    >>> len(purchases), purchases["customer_id"].nunique()
    (69659, 23570)
    >>> purchases["customer_id"].iloc[0]
    '00001'
    """
    names = ["customer_id", "date", "number_of_cds", "dollar_value"]
    if sample:
        names.insert(1, "sample_id")
    file = "CDNOW_sample.txt" if sample else "CDNOW_master.txt"
    frame = pd.read_csv(
        find_packaged_file("lifetimes", f"datasets/{file}", extra="demo"),
        sep=r"\s+",
        names=names,
        # Only the master file begins with a line of names.
        skiprows=0 if sample else 1,
        dtype={"customer_id": str, "sample_id": str, "date": str},
    )
    frame["date"] = pd.to_datetime(frame["date"], format="%Y%m%d")
    return frame
