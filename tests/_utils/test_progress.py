"""A bar where somebody is watching, and nothing anywhere else."""

import io
import random
import sys
import threading
from types import ModuleType

import pytest
from rich.console import Console

from crmml._utils import _progress
from crmml._utils._progress import ProgressBar


@pytest.fixture
def screen(monkeypatch):
    """Stand in for the terminal of a person, or for none."""
    written = io.StringIO()

    def make(is_terminal, patience=0.0):
        console = Console(file=written, force_terminal=is_terminal, width=80)
        monkeypatch.setattr("rich.console.Console", lambda **_: console)
        monkeypatch.setattr(_progress, "_has_reader", lambda: is_terminal)
        monkeypatch.setattr(_progress, "_PATIENCE", patience)
        return written

    return make


def work(title="Working", **parameters):
    with ProgressBar(title, total=3, **parameters) as bar:
        for _ in range(3):
            bar.advance()


def test_a_person_sees_a_bar(screen):
    written = screen(is_terminal=True)
    work()
    assert "Working" in written.getvalue()
    assert "3/3" in written.getvalue()


def test_a_batch_job_sees_nothing(screen):
    written = screen(is_terminal=False)
    work()
    assert written.getvalue() == ""


def test_quick_work_shows_nothing(screen):
    written = screen(is_terminal=True, patience=60.0)
    work()
    assert written.getvalue() == ""


def test_it_can_be_switched_off(screen):
    written = screen(is_terminal=True)
    work(shown=False)
    assert written.getvalue() == ""


def test_other_threads_show_nothing(screen):
    written = screen(is_terminal=True)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert written.getvalue() == ""


def test_the_bar_ends_with_an_error(screen):
    screen(is_terminal=True)
    bar = ProgressBar("Working", total=0)
    with pytest.raises(ZeroDivisionError):
        divide(bar)
    assert not bar._bar.live.is_started


def divide(bar):
    with bar:
        bar.advance()
        1 / bar._total


def test_a_bar_draws_no_random_numbers_of_the_user(screen):
    screen(is_terminal=True)
    before = random.getstate()
    work()
    assert random.getstate() == before


@pytest.mark.parametrize("has_widgets", [True, False])
def test_a_notebook_gets_a_bar_where_it_can_be_drawn(monkeypatch, has_widgets):
    monkeypatch.setitem(sys.modules, "ipykernel", ModuleType("ipykernel"))
    monkeypatch.setattr(_progress, "find_spec", lambda name: has_widgets or None)
    assert _progress._has_reader() is has_widgets
