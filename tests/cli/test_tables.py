"""Tables on a terminal: whole words, no markup, no index."""

import io

import pandas as pd
from rich.console import Console

from crmml.cli._tables import print_heading, print_table


def show(table, formats=None, width=80):
    console = Console(file=io.StringIO(), width=width)
    print_table(console, table, formats)
    return console.file.getvalue()


def test_every_cell_is_printed_in_its_format():
    table = pd.DataFrame(
        {"n_customers": [1200, 7], "share": [0.25, None]}, index=[8, 9]
    )
    lines = [line.split() for line in show(table, {"share": ".0%"}).splitlines()]
    assert lines == [["n", "customers", "share"], ["1,200", "25%"], ["7", "–"]]


def test_words_are_not_broken_in_a_narrow_place():
    names = ["Hibernating", "Potential loyalists", "Champions"]
    shares = {f"customer_share_{letter}": 1 for letter in "abcd"}
    table = pd.DataFrame({"segment": names} | shares)
    # The longest words and the gaps between five columns need just so much.
    least = len("Hibernating") + 4 * len("customer") + 4 * 2
    printed = show(table, width=least)
    assert "…" not in printed
    assert {"Hibernating", "loyalists", "customer"} <= set(printed.split())
    assert max(map(len, printed.splitlines())) <= least
    # Where not even the words fit, no column is lost.
    assert len(show(table, width=20).splitlines()[-1].split()) == 5


def test_square_brackets_are_no_markup():
    assert "[red]tea[/red]" in show(pd.DataFrame({"[bold]": ["[red]tea[/red]"]}))
    console = Console(file=io.StringIO(), width=40)
    print_heading(console, "[red]Tea")
    assert "[red]Tea" in console.file.getvalue()


def test_a_table_without_rows_has_its_header():
    assert show(pd.DataFrame({"a": []})).split() == ["a"]


def test_no_character_is_cropped_where_room_is_short():
    texts = ["counted as orders; drop them if nothing was bought", "kept; check unit"]
    table = pd.DataFrame(
        {
            "column": ["sales_value", "transaction_timestamp"],
            "n_rows": [11_246, 1],
            "finding": ["amount of zero", "day without any event"],
            "advice": texts,
        }
    )
    for width in range(50, 121, 5):
        printed = show(table, width=width)
        assert max(map(len, printed.splitlines())) <= width
        letters = sorted("".join(printed.split()))
        cells = ["".join(map(str, row)) for row in table.to_numpy()]
        header = "columnnrowsfindingadvice"
        expected = header + "".join(cells).replace("11246", "11,246")
        assert letters == sorted("".join(expected.split())), width
