"""Around every request: one line of log, one count, headers, and no traceback."""

import json
import logging
import time
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

from crmml.scoring.service._framework import (
    ASGIApp,
    ClientDisconnect,
    JSONResponse,
    Message,
    Receive,
    Scope,
    Send,
)
from crmml.scoring.service._metrics import Metrics

LOGGER = logging.getLogger("crmml.scoring.service")
N_RECORDS = "crmml.n_records"
"""Where a handler notes in the scope how many customers it has scored."""
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_GONE = 499
"""Noted for a client that has not waited for its answer."""


class Gate:
    """Middleware that logs and counts; it writes nothing of what was asked.

    Parameters
    ----------
    app : ASGI application
        What answers.
    metrics : Metrics
        Where to count.
    model : str
        Hash of the model, for lines and headers.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics, model: str) -> None:
        self._app = app
        self._metrics = metrics
        self._model = model
        self._headers = [
            (b"x-content-type-options", b"nosniff"),
            (b"cache-control", b"no-store"),
            (b"x-model-sha256", model.encode("ascii")),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status, fault = time.perf_counter(), 0, None

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {
                    **message,
                    "headers": [*message.get("headers", ()), *self._headers],
                }
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        except ClientDisconnect:
            status = status or _GONE
        except Exception as error:  # noqa: BLE001 - a fault of ours ends one request
            fault = _say_where(error)
            if not status:
                answer = JSONResponse({"detail": "The service failed."}, 500)
                await answer(scope, receive, send_on)
        self._note(scope, status, time.perf_counter() - started, fault)

    def _note(
        self, scope: Scope, status: int, seconds: float, fault: str | None
    ) -> None:
        # The route, not the path that was asked for: that may name a customer.
        path = getattr(scope.get("route"), "path", "other")
        n_records = scope.get(N_RECORDS, 0) if status == 200 else 0
        self._metrics.count(path, status, seconds, n_records)
        level = logging.ERROR if status >= 500 or fault else logging.INFO
        if not LOGGER.isEnabledFor(level):
            return
        method = scope["method"] if scope["method"] in _METHODS else "other"
        line: dict[str, Any] = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "event": "request",
            "method": method,
            "path": path,
            "status": status,
            "ms": round(1_000 * seconds, 3),
            "n_records": n_records,
            "model": self._model,
            **({"fault": fault} if fault else {}),
        }
        LOGGER.log(level, "%s", json.dumps(line))


def _say_where(error: Exception) -> str:
    """Name the kind of an error and its line; the message may hold data."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    file = PurePath(trace.tb_frame.f_code.co_filename).name
    return f"{type(error).__name__} at {file}:{trace.tb_lineno}"
