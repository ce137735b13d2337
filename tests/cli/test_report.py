"""``crmml report``: one page of what the configuration has sections for."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from crmml.cli import main
from crmml.datasets import make_customers
from crmml.reporting import HtmlPage

EXAMPLE = Path(__file__).parents[2] / "examples/crm.toml"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("report")
    shop = make_customers(400, random_state=4)
    orders = shop.transactions.assign(product_id="tea")
    orders.loc[::3, "product_id"] = "milk"
    cups = orders[orders["product_id"] == "tea"][::2]
    cups = cups.assign(product_id="cup & <saucer>")
    pd.concat([orders, cups]).to_parquet(path / "orders.parquet")
    shop.customers.to_parquet(path / "customers.parquet")
    shop.complaints.to_parquet(path / "complaints.parquet")
    shutil.copy(EXAMPLE, path / "crm.toml")
    return path


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch):
    """Draw nothing: that is tested with the reports."""
    monkeypatch.setattr(HtmlPage, "add_figure", lambda *_, **__: None)


def report(folder, *arguments, config="crm.toml", out="report.html"):
    given = ["--cutoff", "2024-11-01", "--out", str(folder / out)]
    return main(["report", str(folder / config), *given, *arguments])


def test_all_parts_are_one_page(folder, capsys):
    assert report(folder, "--earlier", "2024-06-01", "--customers-named", "3") == 0
    assert capsys.readouterr().out == f"Written: {folder / 'report.html'}\n"
    page = (folder / "report.html").read_text("utf-8")
    assert page.count("<h1>") == 1
    titles = ["Customers at risk of leaving", "Customer segments", "What is bought"]
    places = [page.index(f"<h2>{title}") for title in titles]
    assert places == sorted(places)
    assert "The 3 customers" not in page  # money is given, so calls are ranked by it
    assert "The 3 calls with the highest expected profit." in page
    assert "Since 2024-06-01" in page
    assert "rules hold in" in page  # orders after the cutoff test them
    assert "cup &amp; &lt;saucer&gt;" in page


def test_one_part_in_chinese(folder):
    assert report(folder, "--kind", "rules", "--language", "zh", out="zh.html") == 0
    page = (folder / "zh.html").read_text("utf-8")
    assert '<html lang="zh-CN">' in page
    assert "<h1>购物篮分析报告</h1>" in page


def test_all_means_what_the_configuration_has(folder):
    text = (folder / "crm.toml").read_text("utf-8")
    head, rules = text[: text.index("[churn]")], text[text.index("[rules]") :]
    (folder / "few.toml").write_text(head + rules, encoding="utf-8")
    assert report(folder, config="few.toml", out="few.html") == 0
    assert "<h1>What is bought together</h1>" in (folder / "few.html").read_text(
        "utf-8"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--kind", "everything"], "invalid choice"),
        (["--customers-named", "-1", "--kind", "churn"], "n_customers"),
        (["--cutoff", "2031-01-01", "--kind", "segments"], "2031-01-01"),
    ],
)
def test_bad_input_is_one_line_and_leaves_the_old_page(
    folder, capsys, arguments, message
):
    (folder / "old.html").write_text("old")
    try:
        code = report(folder, *arguments, out="old.html")
    except SystemExit as end:
        code = end.code
    assert code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert (folder / "old.html").read_text() == "old"


def test_a_configuration_without_parts_and_an_input_as_output_are_refused(
    folder, capsys
):
    text = (folder / "crm.toml").read_text("utf-8")
    (folder / "bare.toml").write_text(text[: text.index("[churn]")], encoding="utf-8")
    assert report(folder, config="bare.toml") == 2
    assert (
        "none of the sections [churn], [segments], [rules]" in capsys.readouterr().err
    )
    data = (folder / "customers.parquet").read_bytes()
    assert report(folder, out="customers.parquet") == 2
    assert (folder / "customers.parquet").read_bytes() == data
