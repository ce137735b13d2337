"""Where new Axes come from."""

import sys
from types import ModuleType

import pytest
from matplotlib import pyplot

from crmml.plotting._style import make_axes


@pytest.fixture
def no_figures():
    pyplot.close("all")
    yield
    pyplot.close("all")


def test_a_batch_that_draws_many_pictures_keeps_none(no_figures):
    assert make_axes(None).figure is not None
    assert pyplot.get_fignums() == []


def test_a_notebook_shows_the_figure_of_new_axes(no_figures, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipykernel", ModuleType("ipykernel"))
    ax = make_axes(None)
    assert [pyplot.figure(number) for number in pyplot.get_fignums()] == [ax.figure]


def test_axes_that_are_given_are_used():
    ax = pyplot.Figure().add_subplot()
    assert make_axes(ax) is ax


def test_new_axes_have_the_projection_asked_for(no_figures):
    assert make_axes(None, projection="polar").name == "polar"
