"""Progress is shown on standard error, and fits the place it is shown in."""

import pytest

from crmml.cli._steps import show_steps


def test_elsewhere_than_on_a_terminal_each_step_is_a_line(capsys):
    with show_steps(2) as steps:
        steps.begin("Reading")
        steps.begin("Writing")
    printed = capsys.readouterr()
    assert printed.err.splitlines() == ["[1/2] Reading", "[2/2] Writing"]
    assert printed.out == ""


def test_a_failure_adds_no_line_of_its_own(capsys):
    def fail():
        with show_steps(2) as steps:
            steps.begin("Reading")
            raise OSError

    with pytest.raises(OSError):  # noqa: PT011  (it has no message)
        fail()
    assert capsys.readouterr().err.splitlines() == ["[1/2] Reading"]


def test_a_terminal_gets_a_bar(capsys, monkeypatch):
    # What rich takes for a terminal.
    monkeypatch.setenv("FORCE_COLOR", "1")
    with show_steps(2) as steps:
        steps.begin("Reading")
        steps.begin("Writing")
    printed = capsys.readouterr()
    assert "Writing" in printed.err
    assert "1/2" in printed.err
    assert printed.out == ""
