"""What all columns and measures together say of drift."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from crmml._utils._frames import join_texts
from crmml.evaluation._stability_counts import ORDER, STATUSES, TOO_FEW, say_needed


def conclude(tables: Mapping[str, pd.DataFrame]) -> tuple[str, str]:
    """Give the status and the verdict of all rows together.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        By what its rows are, such as "columns": a table whose first column names
        them, with ``n_needed`` and ``status``. The first has a row at least.

    Returns
    -------
    status : str
        The worst of all rows.
    verdict : str
        The same in words.
    """
    statuses = [one for table in tables.values() for one in table["status"]]
    status = max(statuses, key=ORDER.index)
    moved, unclear = [], []
    for what, table in tables.items():
        own = table.loc[table["status"].isin(STATUSES[1:])].iloc[:, 0]
        if len(own):
            listed = join_texts([str(one) for one in own])
            moved.append(f"{len(own)} of {len(table)} {what} moved ({listed})")
        few = table.loc[table["status"] == TOO_FEW, "n_needed"].to_numpy(np.float64)
        if len(few):
            # What serves all that can be served.
            most = max(few[np.isfinite(few)], default=np.inf)
            text = f"too few rows to tell in {len(few)} of {len(table)} {what}"
            unclear.append(f"{text} ({say_needed(most)})")
    if moved:
        return status, f"{status} shift: {'; '.join([*moved, *unclear])}."
    if unclear:
        return status, f"{'; '.join(unclear)}; none is seen to have moved."
    what, table = next(iter(tables.items()))
    return status, f"stable: none of {len(table)} {what} moved."
