"""Public docstrings are complete by numpydoc's rules."""

import dataclasses
import importlib
import inspect
import tomllib
from pathlib import Path

import pytest
from numpydoc.validate import validate

ROOT = Path(__file__).parents[1]


def _public_objects():
    for init in sorted((ROOT / "crmml").glob("*/**/__init__.py")):
        package = ".".join(init.parent.relative_to(ROOT).parts)
        if "._" in package:
            continue
        for name in getattr(importlib.import_module(package), "__all__", []):
            thing = getattr(importlib.import_module(package), name)
            yield f"{package}.{name}"
            if inspect.isclass(thing):
                for method in _own_methods(thing):
                    yield f"{package}.{name}.{method}"


def _own_methods(kind):
    """Public methods that no parent has documented."""
    for name, value in vars(kind).items():
        inherited = any(hasattr(parent, name) for parent in kind.__mro__[1:])
        if inspect.isfunction(value) and not name.startswith("_") and not inherited:
            yield name


def _is_record(name):
    """Frozen results document their fields as attributes: nobody constructs them."""
    package, _, attribute = name.rpartition(".")
    if package.count(".") != 1:
        return False
    thing = getattr(importlib.import_module(package), attribute)
    return dataclasses.is_dataclass(thing) and "Attributes\n" in thing.__doc__


def _ignored():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return set(settings["tool"]["numpydoc_validation"]["checks"]) - {"all"}


@pytest.mark.parametrize("name", list(_public_objects()))
def test_docstring_is_complete(name):
    found = [
        f"{code}: {message}"
        for code, message in validate(name)["errors"]
        if code not in _ignored() and not (code == "PR01" and _is_record(name))
    ]
    assert found == []
