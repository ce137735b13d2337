"""What the documentation points to is there."""

import ast
import importlib
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[1]
MARKDOWN = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
NOTEBOOKS = list((ROOT / "notebooks").glob("*.ipynb"))
SOURCES = [
    path
    for folder in ("crmml", "examples", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
]
WITH_LINKS = sorted([*MARKDOWN, *NOTEBOOKS])
SUBPACKAGES = [path.parent.name for path in (ROOT / "crmml").glob("[a-z]*/__init__.py")]

LINK = re.compile(r"\]\(<?([^)\s>]+)>?(?: \"[^\"]*\")?\)")
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
ADDRESS = re.compile(r"https?://[^\s\"'<>`\])，。、；]+")


def name_file(path):
    return str(path.relative_to(ROOT))


def read_text(path):
    """The text of a page; of a notebook, of its cells."""
    text = path.read_text("utf-8")
    if path.suffix != ".ipynb":
        return text
    cells = json.loads(text)["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells)


def find_anchors(path):
    """What can be linked to on a page: its headings as GitHub and MyST write them."""
    text = FENCED.sub("", read_text(path))
    headings = re.findall(r"^#{1,6} +(.+?) *$", text, re.MULTILINE)
    slugs = [
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in headings
    ]
    return {*slugs, *re.findall(r"^\(([\w-]+)\)=$", text, re.MULTILINE)}


def find_file(page, target):
    """The file that a link leads to; pages of the gallery are made from examples."""
    path = (page.parent / target).resolve()
    gallery = ROOT / "docs/gallery"
    if path == gallery / "index.rst":
        return ROOT / "examples/README.rst"
    if path.parent == gallery and path.suffix == ".rst":
        return ROOT / "examples" / f"{path.stem}.py"
    return path


def find_broken(page):
    broken = []
    for link in LINK.findall(FENCED.sub("", read_text(page))):
        if "://" in link:
            continue
        target, _, anchor = link.partition("#")
        path = find_file(page, target) if target else page
        if not path.is_file() or (anchor and anchor not in find_anchors(path)):
            broken.append(link)
    return broken


@pytest.mark.parametrize("page", WITH_LINKS, ids=name_file)
def test_links_lead_to_files_and_headings(page):
    assert find_broken(page) == []


def test_a_broken_link_would_be_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# What is it?\n[a](#what-is-it) [b](#gone) [c](no.md) [d](page.md)"
    )
    assert find_broken(page) == ["#gone", "no.md"]


ONLY_HTTP = {"brucehardie.com"}
"""Hosts whose pages are served without encryption alone."""


def is_well_formed(address):
    parts = urlsplit(address)
    return (
        parts.scheme == ("http" if parts.netloc in ONLY_HTTP else "https")
        and re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", parts.netloc) is not None
        and address.isascii()
        and "//" not in parts.path
    )


def find_malformed(text):
    # A full stop or comma after an address belongs to the sentence.
    found = [one.rstrip(".,;:)") for one in ADDRESS.findall(text)]
    on_this_machine = re.compile(r"http://(127\.0\.0\.1|localhost)\b")
    wrong = [one for one in found if not is_well_formed(one)]
    return [one for one in wrong if not on_this_machine.match(one)]


@pytest.mark.parametrize("page", WITH_LINKS, ids=name_file)
def test_addresses_are_well_formed_and_secure(page):
    assert find_malformed(read_text(page)) == []


def test_addresses_in_docstrings_are_well_formed_and_secure():
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    malformed = {}
    for path in SOURCES:
        nodes = ast.walk(ast.parse(path.read_text("utf-8")))
        texts = [
            ast.get_docstring(node) or ""
            for node in nodes
            if isinstance(node, documented)
        ]
        malformed[name_file(path)] = find_malformed("\n".join(texts))
    assert {path: found for path, found in malformed.items() if found} == {}


def test_a_malformed_address_would_be_found():
    assert is_well_formed("https://doi.org/10.24432/C5BW33")
    assert not is_well_formed("http://doi.org/10.24432/C5BW33")
    assert not is_well_formed("https://doi")
    assert not is_well_formed("https://doi.org//10.24432")


@pytest.mark.parametrize("page", WITH_LINKS, ids=name_file)
def test_files_that_are_named_are_there(page):
    words = re.findall(r"`([\w./-]+)`", FENCED.sub("", read_text(page)))
    folders = ("benchmarks/", "docs/", "examples/", "notebooks/", "tests/", ".ci/")
    named = [word for word in words if word.startswith(folders)]
    missing = [word for word in named if not (ROOT / word).exists()]
    assert [word for word in missing if not (ROOT / f"{word}.ipynb").exists()] == []


def is_there(name):
    """Whether a dotted name, such as crmml.tables.make_spine, leads to something."""
    first, *rest = name.split(".")
    found = importlib.import_module(first)
    for part in rest:
        if not hasattr(found, part):
            try:
                importlib.import_module(f"{found.__name__}.{part}")
            except (ImportError, AttributeError):
                return False
        found = getattr(found, part)
    return True


@pytest.mark.parametrize("page", WITH_LINKS, ids=name_file)
def test_names_of_crmml_that_are_mentioned_exist(page):
    # Of a changelog, names may be of the past.
    if page.name == "CHANGELOG.md":
        return
    # Loggers have dotted names too, and are no modules.
    words = re.findall(r"(?<!logger )`(crmml(?:\.\w+)+)`", read_text(page))
    assert [word for word in words if not is_there(word)] == []


def find_public():
    modules = [importlib.import_module(f"crmml.{name}") for name in SUBPACKAGES]
    return {name for module in modules for name in module.__all__}


@pytest.mark.parametrize("page", WITH_LINKS, ids=name_file)
def test_functions_that_are_mentioned_can_be_imported(page):
    if page.name == "CHANGELOG.md" or page.name.startswith("migration"):
        return
    verbs = "plot|compute|load|suggest|break_even|convert|adjust"
    text = FENCED.sub("", read_text(page))
    words = re.findall(rf"`((?:{verbs})_\w+)(?:\(.*?\))?`", text)
    methods = {"compute_tracking", "compute_equity"}  # of ValuePipeline
    assert {*words} - find_public() - methods == set()


@pytest.mark.parametrize(
    "path", sorted((ROOT / "examples").glob("*.py")), ids=name_file
)
def test_examples_begin_with_a_title(path):
    lines = ast.get_docstring(ast.parse(path.read_text("utf-8"))).splitlines()
    assert lines[1] == "=" * len(lines[0])
