"""CSV files as text, strictly read."""

import codecs
import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv

from crmml.exceptions import SchemaError
from crmml.tables._names import duplicated


class CsvSource:
    """CSV files, read as text: ids keep their zeros and ``NA`` stays a word.

    Only the empty field is missing. A line with too few or too many fields, a quote
    that is never closed, or bytes that do not fit the encoding, are refused.

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
    home = None
    place = "this process"

    def __init__(self, paths: list[str], table: str, encoding: str) -> None:
        self.paths = paths
        self._table = table
        self._encoding = _check_encoding(encoding, table)
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

    def register(self, target: Any, view: str, columns: Mapping[str, str]) -> None:
        """Make columns readable in the DuckDB connection `target` as `view`."""
        wanted = sorted(set(columns.values()))
        parts = pa.concat_tables([self._read(path, wanted) for path in self.paths])
        arrays = {name: parts[column] for name, column in columns.items()}
        target.register(view, pa.table(arrays))

    def find_damage(self) -> str | None:
        """Say which file is damaged, None if none is: they were read as a whole."""
        return None

    def _header(self, path: str) -> list[str]:
        return next(self._records(path), (0, []))[1] or self._refuse_empty(path)

    def _refuse_empty(self, path: str) -> list[str]:
        raise SchemaError(
            f"{self._table}: {Path(path).name} has no header in its first line."
        )

    def _records(self, path: str) -> Iterator[tuple[int, list[str]]]:
        """Yield each record with the number of the line it ends in; slow but exact."""
        try:
            with open(path, encoding=self._encoding, newline="") as file:
                reader = csv.reader(_without_mark(file), strict=True)
                for record in reader:
                    yield reader.line_num, record
        except UnicodeDecodeError:
            raise self._misencoded(path) from None
        except OSError:
            raise SchemaError(
                f"{self._table}: {Path(path).name} cannot be opened."
            ) from None
        except csv.Error as error:
            raise self._irregular(path, reader.line_num, str(error)) from None

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
            if self._has_odd_quotes(path):
                self._check_records(path)
            return pyarrow.csv.read_csv(
                path, read_options=read, parse_options=parse, convert_options=convert
            )
        except UnicodeDecodeError:
            raise self._misencoded(path) from None
        except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
            if "UTF8" in str(error):
                raise self._misencoded(path) from None
        # Arrow's message quotes the row and does not know its line.
        if not self._check_records(path):
            return pa.table({column: pa.array([], pa.string()) for column in columns})
        raise SchemaError(f"{self._table}: {Path(path).name} is not a CSV file.")

    def _has_odd_quotes(self, path: str) -> bool:
        """Whether a quote may be open at the end: Arrow would swallow the rest."""
        n_quotes = 0
        with open(path, encoding=self._encoding, newline="") as file:
            while chunk := file.read(1 << 22):
                n_quotes += chunk.count('"')
        return n_quotes % 2 == 1

    def _check_records(self, path: str) -> int:
        """Refuse the first line that is not as long as the header, or count them."""
        n_rows = -1
        for line, record in self._records(path):
            n_rows += bool(record)
            if record and len(record) != len(self.columns):
                rule = f"expected {len(self.columns)} fields, got {len(record)}"
                raise self._irregular(path, line, rule)
        return n_rows

    def _irregular(self, path: str, line: int, rule: str) -> SchemaError:
        return SchemaError(
            f"{self._table}: {Path(path).name} is not a regular CSV file in line "
            f"{line}: {rule}. Every line needs as many fields as the header; quote "
            "fields that hold commas or quotes."
        )

    def _misencoded(self, path: str) -> SchemaError:
        return SchemaError(
            f"{self._table}: {Path(path).name} is not encoded as {self._encoding}. "
            "Name the encoding, for example encoding='gbk'."
        )


def _check_encoding(encoding: Any, table: str) -> str:
    """Return Python's name of an encoding, as Arrow knows it too."""
    try:
        name = codecs.lookup(encoding).name
    except (LookupError, TypeError):
        raise SchemaError(
            f"{table}: Python knows no encoding {encoding!r}; 'utf-8', 'gbk' and "
            "'gb18030' are common."
        ) from None
    # Arrow decodes and checks UTF-8 itself and skips its byte order mark.
    return "utf8" if name in {"utf-8", "utf-8-sig"} else name


def _without_mark(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield line if number else line.removeprefix("\ufeff")
