"""The body of a request: so many bytes, so long, and strictly JSON."""

import asyncio
import json
from typing import Any, NoReturn

from crmml.scoring.service._framework import HTTPException, Request
from crmml.scoring.service._refusal import Refusal, name_problem

SECONDS = 10
"""In which a body must have come."""


async def read_body(request: Request, max_bytes: int) -> bytes:
    """Read a body, counting what comes and not what was announced.

    Parameters
    ----------
    request : Request
        The request.
    max_bytes : int
        The most that is read.

    Returns
    -------
    bytes
        The body.

    Raises
    ------
    HTTPException
        If it is not sent as JSON (415), is larger (413) or does not come (408).
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" or "content-encoding" in request.headers:
        raise HTTPException(
            415, "Send JSON, not compressed, with Content-Type: application/json."
        )
    chunks, n_bytes = [], 0
    try:
        async with asyncio.timeout(SECONDS):
            async for chunk in request.stream():
                n_bytes += len(chunk)
                if n_bytes > max_bytes:
                    raise HTTPException(
                        413, f"The body has more than {max_bytes} bytes. Send less."
                    )
                chunks.append(chunk)
    except TimeoutError as error:
        raise HTTPException(408, f"No whole body in {SECONDS} seconds.") from error
    return b"".join(chunks)


def parse_body(body: bytes) -> Any:
    """Read JSON as it is defined: no NaN, no key twice, UTF-8.

    Parameters
    ----------
    body : bytes
        The body.

    Returns
    -------
    object
        What it says.

    Raises
    ------
    Refusal
        If it is no such JSON.
    """
    try:
        return json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_take_once,
            parse_constant=_refuse_constant,
        )
    except (RecursionError, ValueError) as error:
        raise Refusal(
            [
                name_problem(
                    ("body",),
                    "json_invalid",
                    "The body is no JSON in UTF-8 that can be read: it is malformed, "
                    "nested too deeply or has numbers of thousands of digits. Send "
                    "one JSON object.",
                )
            ]
        ) from error


def _take_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        message = "An object has a key more than once. Send each key once."
        raise Refusal([name_problem(("body",), "key_repeated", message)])
    return found


def _refuse_constant(_: str) -> NoReturn:
    message = "NaN and Infinity are no JSON. Send null for what is not known."
    raise Refusal([name_problem(("body",), "json_invalid", message)])
