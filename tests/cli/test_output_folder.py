"""A folder of results appears whole or not at all."""

import pytest

from crmml.cli._output_folder import output_folder
from crmml.exceptions import CrmmlError


def write(path, text):
    with output_folder(str(path), marker="report.html") as folder:
        (folder / "report.html").write_text(text)


def test_results_appear_and_nothing_else_stays(tmp_path):
    write(tmp_path / "out", "new")
    assert [item.name for item in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out" / "report.html").read_text() == "new"


def test_an_earlier_result_is_replaced(tmp_path):
    write(tmp_path / "out", "old")
    (tmp_path / "out" / "stale.parquet").write_text("")
    write(tmp_path / "out", "new")
    assert [item.name for item in (tmp_path / "out").iterdir()] == ["report.html"]
    assert [item.name for item in tmp_path.iterdir()] == ["out"]


def test_a_failure_keeps_the_earlier_result(tmp_path):
    write(tmp_path / "out", "old")

    def write_half():
        with output_folder(str(tmp_path / "out"), marker="report.html") as folder:
            (folder / "report.html").write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert (tmp_path / "out" / "report.html").read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["out"]


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "out").write_text("mine")
    with (
        pytest.raises(CrmmlError, match="not replaced"),
        output_folder(str(tmp_path / "out"), marker="report.html"),
    ):
        pass
    assert (tmp_path / "out").read_text() == "mine"
