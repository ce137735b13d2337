"""What all columns and measures together say of drift."""

import numpy as np
import pandas as pd

from crmml._utils._frames import join_texts
from crmml.evaluation._stability_counts import ORDER, STATUSES, TOO_FEW, say_needed


def conclude(features: pd.DataFrame, performance: pd.DataFrame) -> tuple[str, str]:
    """Give the status and the verdict of all rows together.

    Parameters
    ----------
    features : pandas.DataFrame
        One row for each column: ``feature``, ``n_needed``, ``status``.
    performance : pandas.DataFrame
        One row for each measure: ``measure``, ``n_needed``, ``status``.

    Returns
    -------
    status : str
        The worst of all rows.
    verdict : str
        The same in words.
    """
    statuses = [*features["status"], *performance["status"]]
    status = max(statuses, key=ORDER.index)
    moved, unclear = [], []
    for table, what, name in (
        (features, "columns", "feature"),
        (performance, "measures", "measure"),
    ):
        own = table.loc[table["status"].isin(STATUSES[1:]), name]
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
    return status, f"stable: none of {len(features)} columns moved."
