"""CSV files as text, strictly read."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.csv

from crmml.exceptions import SchemaError


class CsvSource:
    """CSV files, read as text: ids keep their zeros and ``NA`` stays a word.

    Only the empty field is missing. A line with too few or too many fields, or bytes
    that do not fit the encoding, are refused.

    Parameters
    ----------
    paths : list of str
        The files; their columns must agree.
    table : str
        The table's name, for messages.
    encoding : str
        Any encoding Python knows. A byte order mark is skipped.
    """

    is_text = True

    def __init__(self, paths: list[str], table: str, encoding: str) -> None:
        self._paths = paths
        self._table = table
        is_utf8 = encoding.lower().replace("_", "-") in {"utf-8", "utf8", "utf-8-sig"}
        # Arrow decodes and checks UTF-8 itself and skips its byte order mark.
        self._encoding = "utf8" if is_utf8 else encoding
        self.pandas_dtypes: dict[str, Any] = {}
        headers = [self._header(path) for path in paths]
        self.columns = headers[0]
        if len(set(self.columns)) < len(self.columns):
            raise SchemaError(f"{table}: {duplicated(self.columns)}")
        for path, header in zip(paths, headers, strict=True):
            if set(header) != set(self.columns):
                raise SchemaError(
                    f"{table}: the header of {Path(path).name} differs from that of "
                    f"{Path(paths[0]).name}. Write the files with the same columns."
                )

    def register(
        self, connection: duckdb.DuckDBPyConnection, view: str, columns: Sequence[str]
    ) -> None:
        """Make `columns` readable in `connection` under the name `view`."""
        parts = [self._read(path, list(columns)) for path in self._paths]
        connection.register(view, pa.concat_tables(parts))

    def _header(self, path: str) -> list[str]:
        try:
            with open(path, encoding=self._encoding, newline="") as file:
                first_line = file.readline().removeprefix("\ufeff")
        except (UnicodeDecodeError, LookupError, OSError) as error:
            raise self._unreadable(path, error) from None
        if not first_line.strip():
            raise SchemaError(f"{self._table}: {Path(path).name} is empty, no header.")
        buffer = pa.BufferReader(first_line.encode("utf-8"))
        return list(pyarrow.csv.read_csv(buffer).column_names)

    def _read(self, path: str, columns: list[str]) -> pa.Table:
        convert = pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(self.columns, pa.string()),
            include_columns=columns,
            null_values=[""],
            strings_can_be_null=True,
        )
        read = pyarrow.csv.ReadOptions(encoding=self._encoding)
        parse = pyarrow.csv.ParseOptions(newlines_in_values=True)
        try:
            return pyarrow.csv.read_csv(
                path, read_options=read, parse_options=parse, convert_options=convert
            )
        except (pa.ArrowInvalid, pa.ArrowKeyError, UnicodeDecodeError) as error:
            raise self._unreadable(path, error) from None

    def _unreadable(self, path: str, error: Exception) -> SchemaError:
        name = Path(path).name
        if isinstance(error, LookupError):
            return SchemaError(
                f"{self._table}: Python knows no encoding {self._encoding!r}; "
                "'utf-8', 'gbk' and 'gb18030' are common."
            )
        if isinstance(error, OSError):
            return SchemaError(f"{self._table}: {name} cannot be opened.")
        if isinstance(error, UnicodeDecodeError) or "UTF8" in str(error):
            return SchemaError(
                f"{self._table}: {name} is not encoded as {self._encoding}. Name the "
                "encoding, for example encoding='gbk'."
            )
        # Arrow's text ends in the offending row, which must not be quoted.
        rule = str(error).split(":")[1].strip() if ":" in str(error) else "bad CSV"
        line = str(error).partition("Row #")[2].partition(":")[0]
        where = f" in line {line}" if line.isdigit() else ""
        return SchemaError(
            f"{self._table}: {name} is not a regular CSV file ({rule}){where}. "
            "Every line needs as many fields as the header; quote fields with commas."
        )


def duplicated(columns: list[str]) -> str:
    """Say which column names stand more than once."""
    twice = sorted({str(name) for name in columns if columns.count(name) > 1})
    return f"columns {twice} appear more than once. Rename or drop them."
