"""Arguments that several commands take, each told the same way everywhere."""

import argparse
from typing import Any

TABLES = ("transactions", "customers", "complaints", "surveys", "events")
PATHS = (
    "Each is a path or a pattern, such as 'orders/*.parquet', of Parquet or CSV\n"
    "files; or postgresql:SCHEMA.TABLE, in the database whose address is in the\n"
    "environment variable CRMML_DATABASE_URL."
)


def add_config(command: argparse.ArgumentParser) -> None:
    """Add the configuration, and tables to read instead of its own."""
    command.add_argument(
        "config",
        metavar="CONFIG",
        help="configuration in TOML; examples/crm.toml explains it",
    )
    text = f"Read instead of those that CONFIG names, by the same columns.\n{PATHS}"
    tables = command.add_argument_group("tables", text)
    for name in TABLES:
        tables.add_argument(f"--{name}", metavar="PATH")


def add_model(command: argparse.ArgumentParser) -> None:
    """Add a saved model."""
    command.add_argument(
        "model", metavar="MODEL", help="file that crmml train has written"
    )


def add_model_tables(command: argparse.ArgumentParser) -> None:
    """Add the tables that a model reads, by the columns that its file names."""
    text = "Those that the model was trained on, with columns of the same names.\n"
    tables = command.add_argument_group("tables", text + PATHS)
    for name in TABLES:
        tables.add_argument(f"--{name}", metavar="PATH")
    tables.add_argument(
        "--encoding",
        action="append",
        type=_read_encoding,
        default=[],
        metavar="[TABLE=]NAME",
        help="of CSV files: gbk for all tables, transactions=gbk for one; may be "
        "repeated (default: utf-8)",
    )
    tables.add_argument(
        "--observed-until",
        metavar="INSTANT",
        help="until when the data are complete (default: the last event)",
    )


def add_cutoff(command: argparse.ArgumentParser, *, required: bool = True) -> None:
    """Add the instant that results are as of."""
    command.add_argument(
        "--cutoff",
        required=required,
        metavar="INSTANT",
        help="the instant we pretend it is, such as 2024-12-01 or 2024-12-01T06:00; "
        "only what happened before it is read",
    )


def add_reasons(command: argparse.ArgumentParser) -> None:
    """Add how many reasons a score comes with, and their language."""
    command.add_argument(
        "--reasons",
        type=int,
        default=0,
        metavar="N",
        help="how many reasons a customer gets (default: %(default)s)",
    )
    add_language(command, "of the reasons")


def add_language(command: argparse.ArgumentParser, of_what: str) -> None:
    """Add a language."""
    command.add_argument(
        "--language",
        choices=("en", "zh"),
        default="en",
        help=f"{of_what}: English or Chinese (default: %(default)s)",
    )


def add_traceback(command: argparse.ArgumentParser) -> None:
    """Add what every command has last."""
    command.add_argument(
        "--traceback",
        action="store_true",
        help="show where in the program a failure came from",
    )


def _read_encoding(text: str) -> tuple[str | None, str]:
    """Read an encoding: of one table, or of all (None)."""
    table, equals, name = text.rpartition("=")
    if equals and table not in TABLES:
        raise argparse.ArgumentTypeError(
            f"there is no table {table!r}; there are {', '.join(TABLES)}"
        )
    return table or None, name


def choose_encodings(
    chosen: list[tuple[str | None, str]], tables: set[str]
) -> dict[str, str]:
    """Tell the encoding of each table: its own, or else that of all.

    Parameters
    ----------
    chosen : list of (str or None, str)
        What ``--encoding`` was given, in order; of the same the last one counts.
    tables : set of str
        The tables that are read.

    Returns
    -------
    dict of str to str
        Encodings by table.

    Examples
    --------
    >>> choose_encodings([("customers", "utf-8"), (None, "gbk")], {"customers"})
    {'customers': 'utf-8'}
    """
    last: dict[Any, str] = dict(chosen)
    return {name: last.get(name, last.get(None, "utf-8")) for name in tables}
