"""Write a small table where scores go."""

from pathlib import Path

import pandas as pd
import pyarrow as pa

from crmml.scoring._targets import open_target


def to_arrow(frame: pd.DataFrame) -> pa.Table:
    """Turn results into columns whose types do not depend on the rows.

    Parameters
    ----------
    frame : pandas.DataFrame
        Numbers and texts.

    Returns
    -------
    pyarrow.Table
        The same; what is no number is text.
    """
    columns = {}
    for name in frame.columns:
        is_text = not pd.api.types.is_numeric_dtype(frame[name])
        kind = pa.string() if is_text else None
        columns[name] = pa.array(frame[name], type=kind, from_pandas=True)
    return pa.table(columns)


def write_table(frame: pd.DataFrame, target: Path) -> None:
    """Write a table to a Parquet or CSV file that appears whole or not at all.

    Parameters
    ----------
    frame : pandas.DataFrame
        Numbers and texts.
    target : pathlib.Path
        As :func:`crmml.scoring._targets.check_target` returned it.
    """
    rows = to_arrow(frame)
    with open_target(target, rows.schema) as write:
        write(rows)
