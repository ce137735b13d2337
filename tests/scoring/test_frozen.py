"""Files of every format so far load, and their models say what they said."""

import hashlib
import json
import runpy
from pathlib import Path

import numpy as np
import pytest

from crmml.scoring import load, read_manifest

FOLDER = Path(__file__).with_name("frozen")
SHA256 = {
    "alive": ("ee21d67fc9af6f9144124c2b0325ac3305ddd3bd5d4fc9b7e81bd8e264643cbc"),
    "boosted": ("95dc6cc579bfe9b42a6829c7aee9e87aa91d91b1f35b9a29cbb4bc7cb7e89fb1"),
    "logistic": ("2d6d7b896c0f05315e573ed4d062137151e67cd646be254ee0575abb16e9c66f"),
    "rfm": ("0d906428dafa8755865de8fd7ce13e8b657e573bba6cdaee7ae21deed7ede8a2"),
    "rules": ("b86092ebf8350f59ce45f84b5517841b24d2b79406fd43f62584b72aeab2606d"),
    "segments": ("a49c18b86110bd8354ebe46716a08ffb9bb83e782fea1a1519fd461f355566a9"),
    "tree": ("90fd134c85012ddb9a803ecc682086d63645aae2c2b2e8e3eb3475979dcd56b0"),
}


@pytest.fixture(scope="module")
def shared():
    return runpy.run_path(str(FOLDER / "make_format_1.py"))


@pytest.mark.parametrize("name", SHA256)
def test_frozen_files_are_as_they_were(name):
    data = (FOLDER / f"format_1_{name}.crmml").read_bytes()
    assert hashlib.sha256(data).hexdigest() == SHA256[name]
    assert read_manifest(FOLDER / f"format_1_{name}.crmml")["format"] == 1


def test_frozen_models_say_what_they_said(shared):
    models = {name: load(FOLDER / f"format_1_{name}.crmml") for name in SHA256}
    said = json.loads((FOLDER / "format_1.json").read_text(encoding="utf-8"))
    says = shared["ask"](models)
    assert says.keys() == said.keys() == SHA256.keys()
    for name, answers in said.items():
        if isinstance(answers[0], float):
            # Processors and libraries differ in the last bits.
            np.testing.assert_allclose(says[name], answers, rtol=1e-9)
        else:
            assert says[name] == answers
