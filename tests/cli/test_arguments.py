"""Arguments that commands share, and help worth reading."""

import re

import pytest

from crmml.cli import main
from crmml.cli._arguments import choose_encodings
from crmml.cli._main import _make_parser

COMMANDS = {
    *("demo", "check", "train", "backtest", "score", "explain", "segment", "rules"),
    *("value", "report", "monitor", "serve"),
}
SCORE = ["score", "m.crmml", "--cutoff", "2024-12-01", "--out", "x.csv"]


def read_help(capsys, *command):
    with pytest.raises(SystemExit) as stopped:
        main([*command, "--help"])
    assert stopped.value.code == 0
    return capsys.readouterr().out


def test_one_table_can_be_encoded_otherwise_than_all_others():
    options = _make_parser().parse_args(
        [*SCORE, "--encoding", "gbk", "--encoding", "customers=utf-8"]
    )
    assert choose_encodings(options.encoding, {"transactions", "customers"}) == {
        "transactions": "gbk",
        "customers": "utf-8",
    }


def test_encodings_are_utf_8_unless_said_and_the_last_word_counts():
    assert choose_encodings([], {"events"}) == {"events": "utf-8"}
    twice = [("events", "gbk"), ("events", "big5")]
    assert choose_encodings(twice, {"events"}) == {"events": "big5"}


@pytest.mark.parametrize("given", ["orders=gbk", "=gbk"])
def test_an_encoding_of_no_table_is_refused(given, capsys):
    with pytest.raises(SystemExit):
        main([*SCORE, "--encoding", given])
    (line,) = capsys.readouterr().err.splitlines()
    assert "there is no table" in line
    assert "transactions, customers" in line


def test_help_names_every_command_and_every_exit_code(capsys):
    shown = read_help(capsys)
    assert {name for name in COMMANDS if re.search(rf"^    {name} ", shown, re.M)} == (
        COMMANDS
    )
    for code in (0, 2, 3, 4, 5, 130, 143, 10, 11, 12):
        assert re.search(rf"\b{code}\b", shown.split("Exit codes")[1])


@pytest.mark.parametrize("command", sorted(COMMANDS - {"demo"}))
def test_help_fits_a_terminal_and_its_example_is_one(command, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    shown = read_help(capsys, command)
    assert max(map(len, shown.splitlines())) <= 80
    (example,) = re.findall(r"^example:\n  crmml (.*)\Z", shown, re.M | re.S)
    words = example.replace("\\\n", " ").replace("'", "").split()
    assert words[0] == command
    assert callable(_make_parser().parse_args(words).run)
