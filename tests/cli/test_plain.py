"""Nothing in the data commands the terminal."""

import io
import json
import unicodedata

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from crmml._utils._controls import spell_controls
from crmml.cli import main
from crmml.cli._tables import print_heading, print_table
from crmml.datasets import make_customers
from crmml.features import RFM
from crmml.labels import Inactivity
from crmml.models import LogisticChurnClassifier
from crmml.pipeline import ChurnPipeline
from crmml.scoring import save
from crmml.tables import CustomerTables, Transactions

EVIL = "\x1b[2J\x9b1A\u202e\u2066\r茶杯"


def is_harmless(text):
    turning = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    return not any(
        (unicodedata.category(one) in {"Cc", "Cs", "Zl", "Zp"} and one not in "\t\n")
        or unicodedata.bidirectional(one) in turning
        for one in text
    )


@given(st.text(st.characters()))
def test_no_text_is_harmful_and_json_stays_what_it_says(text):
    spelled = spell_controls(text)
    assert is_harmless(spelled)
    if is_harmless(text):
        # But for marks that are no instruction by themselves.
        assert spelled == text or set(text) & set("\u061c\u200e\u200f")
    assert json.loads(spell_controls(json.dumps(text, ensure_ascii=False))) == text


def test_words_of_other_scripts_stay_as_they_are():
    for text in ("茶杯", "می‌خواهم", "👩‍👩‍👧", "क्‍ष", "naïve\tcafé\n"):
        assert spell_controls(text) == text


def test_tables_and_headings_are_harmless():
    console = Console(file=io.StringIO(), width=200)
    print_heading(console, EVIL)
    print_table(console, pd.DataFrame({EVIL: [EVIL]}))
    printed = console.file.getvalue()
    assert is_harmless(printed)
    assert printed.count("\\u001b[2J") == 3


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A folder with a model, and purchases of customers with evil names."""
    folder = tmp_path_factory.mktemp("shop")
    orders = make_customers(300, random_state=1).transactions
    orders["customer_id"] = EVIL + orders["customer_id"].astype(str)
    orders.to_parquet(folder / "orders.parquet")
    churn = ChurnPipeline(
        features=RFM(), label=Inactivity("60D"), classifier=LogisticChurnClassifier()
    )
    roles = {name: name for name in ("customer_id", "timestamp", "amount")}
    tables = CustomerTables(transactions=Transactions(orders, **roles))
    save(churn.fit(tables, "2024-03-01"), folder / "churn.crmml", tables=tables)
    return folder


def test_explain_shows_names_and_does_not_obey_them(shop, capsys):
    arguments = [f"--transactions={shop / 'orders.parquet'}", "--cutoff", "2024-06-01"]
    assert main(["explain", str(shop / "churn.crmml"), *arguments]) == 0
    printed = capsys.readouterr().out
    assert is_harmless(printed)
    assert "\\u001b[2J" in printed
    assert "茶杯" in printed


def test_errors_are_harmless(capsys):
    assert main(["explain", f"{EVIL}.crmml", "--cutoff", "2024-06-01"]) != 0
    assert is_harmless(capsys.readouterr().err)
