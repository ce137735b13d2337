"""The documentation does what it says, and stays complete."""

import doctest
import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# Their code needs a server, a cluster or hours: it is run by tests of its own.
RUN_ELSEWHERE = {"engines.md"}


def name_page(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name_page)
def test_every_example_runs_and_prints_what_stands_there(page):
    result = doctest.testfile(
        str(page),
        module_relative=False,
        encoding="utf-8",
        optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS,
    )
    assert result.failed == 0


@pytest.mark.parametrize("page", PAGES, ids=name_page)
def test_no_python_is_shown_that_is_not_run(page):
    if page.name in RUN_ELSEWHERE:
        return
    text = page.read_text("utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert [block for block in blocks if not block.lstrip().startswith(">>>")] == []


def test_every_page_is_in_the_contents():
    listed = set()
    for page in PAGES:
        for tree in re.findall(
            r"```\{toctree\}\n(.*?)```", page.read_text("utf-8"), re.S
        ):
            names = [line for line in tree.split("\n") if line and line[0] != ":"]
            listed |= {(page.parent / f"{name}.md").resolve() for name in names}
    assert set(PAGES) - listed == {ROOT / "docs/index.md"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_page)
def test_notebooks_are_kept_without_output(path):
    cells = json.loads(path.read_text("utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code
    assert all(not cell["outputs"] for cell in code)
    assert all(cell["execution_count"] is None for cell in code)


def test_every_extra_is_on_the_page_of_installation():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    page = (ROOT / "docs/install.md").read_text("utf-8")
    rows = "".join(re.findall(r"^\|(.+?)\|", page, re.MULTILINE))
    assert set(re.findall(r"`(\w+)`", rows)) == set(project["optional-dependencies"])
