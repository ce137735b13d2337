"""The model card as a page that may load and run nothing."""

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Any

from crmml.scoring._card_page import make_model_card
from crmml.scoring.service._framework import HTMLResponse

_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


def make_card_page(manifest: Mapping[str, Any], language: str) -> HTMLResponse:
    """Write the card of a model as a response.

    Parameters
    ----------
    manifest : mapping of str to object
        What the model's file says.
    language : {"en", "zh"}
        The language.

    Returns
    -------
    HTMLResponse
        A page that shows text, its own style and nothing else.
    """
    page = make_model_card(dict(manifest), form="html", language=language)
    styles = " ".join(map(_hash, _STYLE.findall(page)))
    policy = (
        f"default-src 'none'; style-src {styles}; img-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )
    headers = {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"}
    return HTMLResponse(page, headers=headers)


def _hash(style: str) -> str:
    digest = hashlib.sha256(style.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
