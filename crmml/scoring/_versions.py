"""Versions of the libraries that scores may depend on."""

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import sklearn
import xgboost

import crmml

# By import, for a library may come from one of several distributions, such as
# xgboost and xgboost-cpu.
_LIBRARIES = {
    "crmml": crmml,
    "duckdb": duckdb,
    "numpy": np,
    "pandas": pd,
    "pyarrow": pa,
    "scikit-learn": sklearn,
    "xgboost": xgboost,
}


def list_versions(*names: str) -> dict[str, str]:
    """List versions by name.

    Parameters
    ----------
    *names : str
        Of libraries. Default: all.

    Returns
    -------
    dict of str to str
        The versions.
    """
    return {name: _LIBRARIES[name].__version__ for name in names or _LIBRARIES}
