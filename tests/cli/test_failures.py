"""Failures are said in our words, with the argument that they are about."""

import errno
import os
from argparse import Namespace

import pytest

from crmml.cli import main
from crmml.cli._failures import fail

CUTOFF = ["--cutoff", "2024-12-01"]


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        (["check", "PATH"], "CONFIG"),
        (["explain", "PATH", *CUTOFF], "MODEL"),
        (["monitor", "PATH", *CUTOFF], "MODEL"),
    ],
)
def test_folders_and_missing_files_are_named_with_their_argument(
    arguments, where, tmp_path, capsys
):
    for path, said in (tmp_path, "is a folder"), (tmp_path / "x", "no such file"):
        given = [str(path) if one == "PATH" else one for one in arguments]
        assert main(given) == 3
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"crmml: {where} '{path}'")
        assert said in line
        assert "Errno" not in line


@pytest.mark.parametrize("number", [errno.EACCES, errno.ENOSPC, errno.EIO])
def test_what_the_system_refuses_is_told_without_its_number(number, capsys):
    error = OSError(number, os.strerror(number), "key\x1b.txt")
    given = {"traceback": False, "token_file": "key\x1b.txt"}
    assert fail(error, Namespace(**given)) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("crmml: --token-file 'key\\x1b.txt': ")
    assert "Errno" not in line


def test_want_of_memory_is_a_limit(capsys):
    assert fail(MemoryError(), Namespace(traceback=False)) == 5
    assert "memory" in capsys.readouterr().err
