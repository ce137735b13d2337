"""A file appears whole or not at all, whatever stops the writer."""

import os
import signal
import stat
import subprocess
import sys
import time

import pytest

from crmml._utils._atomic import whole_file


def test_a_failure_keeps_the_older_file_and_leaves_nothing(tmp_path):
    target = tmp_path / "out.txt"
    target.write_text("old")

    def write_half():
        with whole_file(target) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert target.read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["out.txt"]


def test_what_is_unfinished_is_hidden_and_private(tmp_path):
    with whole_file(tmp_path / "out.txt") as temporary:
        assert temporary.name.startswith(".out.txt-")
        assert stat.S_IMODE(temporary.stat().st_mode) == 0o600
        assert not (tmp_path / "out.txt").exists()


def test_a_finished_file_has_the_usual_permissions(tmp_path):
    with whole_file(tmp_path / "out.txt") as temporary:
        temporary.write_text("new")
    (tmp_path / "plain.txt").write_text("new")
    modes = {item.stat().st_mode for item in tmp_path.iterdir()}
    assert len(modes) == 1


def test_a_link_is_replaced_and_not_written_through(tmp_path):
    precious = tmp_path / "precious.txt"
    precious.write_text("mine")
    (tmp_path / "out.txt").symlink_to(precious)
    with whole_file(tmp_path / "out.txt") as temporary:
        temporary.write_text("new")
    assert precious.read_text() == "mine"
    assert not (tmp_path / "out.txt").is_symlink()


def test_a_missing_folder_is_said_before_anything_is_written(tmp_path):
    with pytest.raises(FileNotFoundError), whole_file(tmp_path / "no" / "out.txt"):
        pytest.fail("the block must not run")


@pytest.mark.skipif(os.name == "nt", reason="signals as Unix knows them")
def test_a_killed_writer_leaves_the_old_file_or_the_new(tmp_path):
    """At six moments of a loop that writes one of two contents after the other."""
    target = tmp_path / "out.txt"
    program = """
import sys
from crmml._utils._atomic import whole_file
print("ready", flush=True)
while True:
    for letter in "ab":
        with whole_file(sys.argv[1]) as temporary:
            temporary.write_text(letter * 100_000)
"""
    for pause in (0.0, 0.01, 0.02, 0.05, 0.07, 0.1):
        command = [sys.executable, "-c", program, str(target)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            writer.stdout.readline()
            time.sleep(pause)
            writer.send_signal(signal.SIGKILL)
        if target.exists():
            text = target.read_text()
            assert text in {"a" * 100_000, "b" * 100_000}
