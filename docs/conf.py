"""How the documentation is built: `sphinx-build -W docs build/docs`.

The environment variable CRMML_GALLERY=none leaves the examples unrun.
"""

import importlib
import inspect
import os
import shutil
import textwrap
import warnings
from pathlib import Path

from sphinx_gallery.scrapers import figure_rst

from crmml import __version__

ROOT = Path(__file__).parents[1]

project = "crmml"
author = "the crmml developers"
copyright = "the crmml developers"
version = release = __version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["gallery/**/*.ipynb", "gallery/**/*.py", "gallery/**/*.zip"]
html_theme = "pydata_sphinx_theme"
html_theme_options = {
    "navigation_with_keys": False,
    "show_toc_level": 1,
    "header_links_before_dropdown": 6,
    "secondary_sidebar_items": ["page-toc"],
    "use_edit_page_button": False,
}
html_static_path = ["_static"]
html_css_files = ["crmml.css"]
html_show_sourcelink = False
html_title = "crmml"
toc_object_entries_show_parents = "hide"
language = "en"

myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
autosummary_generate = True
autodoc_typehints = "none"
# Every reference to crmml leads somewhere; others would need the index of others.
# Attributes stand in the text of their class.
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(?!crmml\.).*"), ("py:attr", ".*")]
# Members are listed by the templates of autosummary.
numpydoc_show_class_members = False
numpydoc_xref_param_type = False


# Examples of which the data are not part of crmml, or that need a server or a cluster,
# are shown, not run; the first are run where ONLINE_RETAIL says where the data are.
NEEDS = ["postgres", "spark", "service", "mlflow", "gbk"]
if "ONLINE_RETAIL" not in os.environ:
    NEEDS.append("online_retail")
CAN_RUN = rf"/plot_(?!.*({'|'.join(NEEDS)}))"


def scrape_pictures(block, block_vars, gallery_conf):
    """Show the pictures that a block of an example has saved."""
    saved = Path(block_vars["src_file"]).parent.glob("*.png")
    shown = []
    for path in sorted(saved, key=lambda path: path.stat().st_mtime_ns):
        shown.append(next(block_vars["image_path_iterator"]))
        shutil.move(path, shown[-1])
    return figure_rst(shown, gallery_conf["src_dir"])


sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": os.environ.get("CRMML_GALLERY", CAN_RUN),
    "within_subsection_order": "FileNameSortKey",
    "download_all_examples": False,
    "remove_config_comments": True,
    "abort_on_example_error": True,
    "show_signature": False,
    "image_scrapers": [scrape_pictures],
    "capture_repr": (),
}
# A progress bar of a thread that has ended is none of the reader's business.
warnings.filterwarnings("ignore", message="Matplotlib is currently using agg")
templates_path = ["_templates"]
suppress_warnings = ["config.cache"]


def write_api_pages():
    """Write one page a subpackage from what it says is public."""
    for path in sorted((ROOT / "crmml").rglob("__init__.py")):
        parts = path.parent.relative_to(ROOT / "crmml").parts
        if not parts or any(part.startswith("_") for part in parts):
            continue
        name = ".".join(parts)
        module = importlib.import_module(f"crmml.{name}")
        more = describe_commands() if name == "cli" else ""
        write_page(name, module, module.__all__, more)
    errors = importlib.import_module("crmml.exceptions")
    own = [name for name, found in vars(errors).items() if inspect.isclass(found)]
    write_page("exceptions", errors, own)


def describe_commands():
    """Write what `crmml COMMAND --help` says, command by command."""
    parser = importlib.import_module("crmml.cli._main")._make_parser()
    # Of argparse there is no public way to the commands of a parser.
    (commands,) = parser._subparsers._group_actions
    os.environ["COLUMNS"] = "88"
    return "\n".join(
        f"crmml {name}\n{'-' * len(f'crmml {name}')}\n\n.. code-block:: text\n\n"
        f"{textwrap.indent(command.format_help(), '   ')}"
        for name, command in commands.choices.items()
    )


def write_page(name, module, public, more=""):
    """List the public names of a module, with the first sentence of each."""
    title = module.__name__
    entries = "\n".join(f"   {one}" for one in public)
    text = (
        f"{title}\n{'=' * len(title)}\n\n{inspect.getdoc(module)}\n\n"
        f".. module:: {title}\n\n"
        f".. autosummary::\n   :toctree: generated\n\n{entries}\n\n{more}"
    )
    page = ROOT / "docs/api" / f"{name}.rst"
    if not page.exists() or page.read_text("utf-8") != text:
        page.write_text(text, encoding="utf-8")


def close_blocks(app, name, source):
    """Leave out the empty line that ends an example for doctest, not for readers."""
    source[0] = source[0].replace("\n\n```\n", "\n```\n")


def setup(app):
    """Write the pages before Sphinx looks for sources."""
    app.connect("config-inited", lambda app, config: write_api_pages())
    app.connect("source-read", close_blocks)
