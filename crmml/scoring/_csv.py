"""CSV that a spreadsheet may open: text that it would run as a formula is quoted."""

import os
import re
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crmml.exceptions import SchemaError

# What a spreadsheet takes for a formula, also in full width; and the quote itself, so
# that it can be taken off again without doubt.
_STARTS = "^['=+\\-@\\t\\r\\n＝＋－＠]"
_RISKY = re.compile(_STARTS).match


def protect_text(rows: pa.Table) -> pa.Table:
    """Put an apostrophe before text that a spreadsheet would run.

    Parameters
    ----------
    rows : pyarrow.Table
        Rows to write; numbers and instants stay as they are.

    Returns
    -------
    pyarrow.Table
        The same, with text protected; names of columns are not, see `protect_names`.
    """
    for place, field in enumerate(rows.schema):
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            column = rows.column(place)
            quoted = pc.binary_join_element_wise(
                pa.scalar("'", field.type), column, pa.scalar("", field.type)
            )
            is_risky = pc.match_substring_regex(column, _STARTS)
            rows = rows.set_column(place, field, pc.if_else(is_risky, quoted, column))
    return rows


def protect_names(schema: pa.Schema) -> pa.Schema:
    """Put an apostrophe before names of columns that a spreadsheet would run.

    Parameters
    ----------
    schema : pyarrow.Schema
        The columns to write.

    Returns
    -------
    pyarrow.Schema
        The same under names that are safe.
    """
    return pa.schema(
        [
            field.with_name(f"'{field.name}" if _RISKY(field.name) else field.name)
            for field in schema
        ]
    )


def read_scores(path: str | os.PathLike[str]) -> pd.DataFrame:
    r"""Read a file of scores, with texts as they were before they were written.

    Parameters
    ----------
    path : str or path
        What :func:`crmml.scoring.score` wrote: ``.parquet``, ``.csv``, or a folder.

    Returns
    -------
    pandas.DataFrame
        The scores. From CSV, ``customer_id`` is text, since a CSV file knows no types;
        columns whose values are all numbers are numbers.

    Raises
    ------
    SchemaError
        If the name ends in neither.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "scores.csv"
    >>> _ = path.write_text("customer_id,churn_probability\n'=007,0.25\n")
    >>> read_scores(path)
      customer_id  churn_probability
    0        =007               0.25
    """
    suffix = Path(path).suffix.lower()
    if suffix == ".parquet" or Path(path).is_dir():
        return pd.read_parquet(path)
    if suffix != ".csv":
        raise SchemaError(
            f"path={str(path)!r} must end in .parquet or .csv, or be a folder."
        )
    read = pd.read_csv(path, encoding="utf-8-sig", dtype=str, keep_default_na=False)
    restored = {name: _restore(read[name], name) for name in read}
    return pd.DataFrame(restored).rename(columns=lambda name: name.removeprefix("'"))


def _restore(column: pd.Series, name: str) -> pd.Series:
    if name != "customer_id":
        numbers = pd.to_numeric(column.replace("", None), errors="coerce")
        if numbers.notna().sum() == (column != "").sum():
            return numbers
    return column.where(~column.str.startswith("'"), column.str[1:])
