"""The HTML page: escaped, self-contained, written whole."""

import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from crmml.reporting import HtmlPage
from crmml.reporting._page_tables import format_cell


def make_page():
    page = HtmlPage("Segments")
    figure = Figure(figsize=(1, 1))
    figure.subplots().plot([0, 1], [0, 1])
    page.add_heading("A & B")
    page.add_text("<script>alert(1)</script>")
    page.add_table(pd.DataFrame({"顾客": ["<b>"], "share": [0.256]}), {"share": ".0%"})
    page.add_figure(figure, 'A "line"')
    return page


def test_text_headings_cells_and_captions_are_escaped():
    text = make_page().to_html()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text
    assert "<h2>A &amp; B</h2>" in text
    assert '<th scope="row" class="short">&lt;b&gt;</th>' in text
    assert 'alt="A &quot;line&quot;"' in text


def test_no_text_steers_a_terminal_or_turns_a_line():
    evil = "\x00\x1b[2J\u202e\ud800茶"
    page = HtmlPage(evil)
    for add in (page.add_heading, page.add_text, lambda one: page.add_list([one])):
        add(evil)
    cells = pd.Series([evil], dtype=object)
    table = pd.DataFrame({"name": cells})
    page.add_table(table, labels={"name": evil}, caption=evil)
    text = page.to_html()
    assert text.count(r"\u0000\u001b[2J\u202e\ud800茶") == 8
    assert not set(evil) & set(text) - set("[2J茶")
    text.encode("utf-8")


def test_page_refers_to_nothing_outside_itself():
    text = make_page().to_html()
    assert re.findall(r'(?:src|href)="(?!data:|#)', text) == []
    assert "://" not in text


def test_table_keeps_order_and_formats():
    text = make_page().to_html()
    assert text.index("顾客") < text.index("share")
    assert '<td class="number" data-value="0.256">26%</td>' in text


@pytest.mark.parametrize(
    ("value", "spec", "written"),
    [
        (1234567, None, "1,234,567"),
        (np.float64(0.5), None, "0.5"),
        (2.0, None, "2"),
        (0.123456, ".1%", "12.3%"),
        (float("nan"), ".1%", "–"),
        (None, None, "–"),
        ("007", None, "007"),
        (True, None, "True"),
    ],
)
def test_cells_are_written_for_people(value, spec, written):
    assert format_cell(value, spec) == written


def test_save_replaces_the_old_page_and_leaves_nothing_else(tmp_path):
    target = tmp_path / "report.html"
    target.write_text("old")
    make_page().save(target)
    assert target.read_text(encoding="utf-8") == make_page().to_html()
    assert list(tmp_path.iterdir()) == [target]


def test_a_failed_save_keeps_the_old_page(tmp_path, monkeypatch):
    target = tmp_path / "report.html"
    target.write_text("old")
    page = make_page()

    def fail(self):
        raise OSError("no space left")

    monkeypatch.setattr(HtmlPage, "to_html", fail)
    with pytest.raises(OSError, match="no space"):
        page.save(target)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_page_names_itself_in_a_short_line():
    page = HtmlPage("x" * 10_000)
    page.add_text("secret")
    assert repr(page).endswith("n_parts=1)")
    assert "secret" not in repr(page)
    assert len(repr(page)) < 300
