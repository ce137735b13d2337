"""The model card as a page that may load nothing, and run what it brings alone."""

from collections.abc import Mapping
from typing import Any

from crmml.reporting._page_style import POLICY
from crmml.scoring._card_page import make_model_card
from crmml.scoring.service._framework import HTMLResponse

_HEADERS = {
    # The page says the same of itself, but only a header keeps it out of frames.
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


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
        The page.
    """
    page = make_model_card(dict(manifest), form="html", language=language)
    return HTMLResponse(page, headers=_HEADERS)
