"""The README does what it says."""

import doctest
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", "README.zh-CN.md"]


@pytest.mark.parametrize("page", PAGES)
def test_every_example_runs_and_prints_what_stands_there(page):
    result = doctest.testfile(
        str(ROOT / page),
        module_relative=False,
        encoding="utf-8",
        optionflags=doctest.NORMALIZE_WHITESPACE,
    )
    assert result.attempted > 10
    assert result.failed == 0


@pytest.mark.parametrize("page", PAGES)
def test_readme_names_every_public_subpackage(page):
    subpackages = {
        path.parent.name
        for path in (ROOT / "crmml").glob("*/__init__.py")
        if not path.parent.name.startswith("_") and path.parent.name != "cli"
    }
    text = (ROOT / page).read_text(encoding="utf-8")
    named = set(re.findall(r"`crmml\.(\w+)`", text))
    assert named == subpackages


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert links
    assert [link for link in links if not (ROOT / link).is_file()] == []


@pytest.mark.parametrize("page", PAGES)
def test_figures_beside_peers_are_those_of_the_benchmarks(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    figures = re.findall(r"([A-Za-z]{5,})[^|;,，；\d]*? ([\d.]+) (?:x|倍)", text)
    results = (ROOT / "docs/benchmark_results.md").read_text(encoding="utf-8")
    assert len(figures) == 16
    for peer, ratio in figures:
        rows = [row for row in results.splitlines() if peer.lower() in row.lower()]
        assert any(f"| {ratio} |" in row for row in rows), (peer, ratio)


def test_the_oldest_versions_tested_are_the_floors_stated():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    # Benchmarks compare with current peers, and developers use current tools.
    extras = project["optional-dependencies"]
    needed = [*project["dependencies"]]
    for name in extras.keys() - {"bench", "dev", "docs"}:
        needed += extras[name]
    stated = dict(
        re.findall(r"^([\w-]+)(?:\[\w+\])?>=([\d.]+)", "\n".join(needed), re.M)
    )
    pinned = dict(
        re.findall(r"^([\w-]+)==([\d.]+)$", (ROOT / ".ci/oldest.txt").read_text(), re.M)
    )

    def release(version):
        parts = [int(part) for part in version.split(".")]
        return parts + [0] * (3 - len(parts))

    # matplotlib 3.9 calls names that a newer pyparsing warns about.
    only_indirect = {"pyparsing"}
    assert set(stated) == set(pinned) - only_indirect
    for name in set(pinned) - only_indirect:
        assert release(pinned[name]) == release(stated[name]), name


def test_both_languages_give_the_same_commands():
    commands = [
        re.findall(r"^    (pip .+)$", (ROOT / page).read_text("utf-8"), re.M)
        for page in PAGES
    ]
    assert len(commands[0]) == 2
    assert commands[0] == commands[1]
