"""Work is not lost because nobody reads what is printed meanwhile."""

import subprocess
import sys


def test_a_reader_who_leaves_does_not_end_the_work(tmp_path):
    code = (
        "from pathlib import Path; from crmml.cli._console import PatientConsole\n"
        "console = PatientConsole()\n"
        "for i in range(50_000): console.print('a line of a table', i)\n"
        f"Path({str(tmp_path / 'done')!r}).write_text('yes')"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    child.stdout.readline()
    child.stdout.close()
    child.wait()
    assert (tmp_path / "done").read_text() == "yes"
