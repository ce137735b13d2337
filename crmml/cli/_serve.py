"""crmml serve: a saved model as a web service, until it is told to stop."""

import argparse
import contextlib
import json
import logging
import os
import signal
import socket
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crmml._utils._extras import import_extra
from crmml.cli._arguments import add_model, add_reasons, add_traceback
from crmml.exceptions import SchemaError

_VARIABLE = "CRMML_TOKEN"
_DESCRIPTION = """\
Serve POST /score and /score/batch, GET /health, /model-card, /metrics and
/openapi.json. One process, one line of JSON a request on standard error. SIGINT
and SIGTERM end it after what is being answered, with code 0. Without a token
everyone who reaches the port may ask. Needs the extra 'serve'.
"""
_LAST_PORT = 65_535
_SECONDS_TO_FINISH = 10
"""For requests that are being answered when the service is told to stop."""


def add_serve(commands: Any) -> None:
    """Add the command to those of the program.

    Parameters
    ----------
    commands : argparse subparsers
        Where to.
    """
    serve = commands.add_parser(
        "serve",
        help="answer with scores over HTTP, from a saved model",
        description=_DESCRIPTION,
        epilog="example:\n  crmml serve churn.crmml --port 8080 --reasons 3",
    )
    add_model(serve)
    serve.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen at (default: %(default)s)",
    )
    serve.add_argument(
        "--port",
        type=_read_port,
        default=8000,
        help="port to listen at; 0 for a free one (default: %(default)s)",
    )
    serve.add_argument(
        "--token-file",
        metavar="FILE",
        help="file that holds the token which clients must send (default: the "
        f"environment variable {_VARIABLE})",
    )
    serve.add_argument(
        "--sha256", metavar="HASH", help="refuse a model file with another SHA-256"
    )
    add_reasons(serve)
    add_traceback(serve)
    serve.set_defaults(run=_serve)


def _read_port(text: str) -> int:
    if not text.isdecimal() or int(text) > _LAST_PORT:
        raise argparse.ArgumentTypeError(f"must be a number from 0 to {_LAST_PORT}")
    return int(text)


def _serve(options: argparse.Namespace) -> None:
    uvicorn = import_extra("uvicorn", "serve")
    # Loaded here so that --help does not wait for the numeric libraries.
    from crmml.scoring.service import make_app

    app = make_app(
        options.model,
        token=_read_token(options.token_file),
        sha256=options.sha256,
        n_reasons=options.reasons,
        language=options.language,
    )
    is_v6 = ":" in options.host
    listener = socket.create_server(
        (options.host, options.port),
        family=socket.AF_INET6 if is_v6 else socket.AF_INET,
    )
    _log_lines()
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=_SECONDS_TO_FINISH,
    )
    host, port = listener.getsockname()[:2]
    address = f"http://[{host}]:{port}" if is_v6 else f"http://{host}:{port}"
    logging.getLogger("uvicorn").info("crmml serve listens on %s", address)
    # To be told to stop is how it ends: no failure.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    with listener, contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])


def _read_token(path: str | None) -> str | None:
    """Read the token where other users cannot see it: never from the arguments."""
    if path is not None:
        # What is no ASCII is refused with the token's other faults, and not quoted.
        return Path(path).read_text(encoding="ascii", errors="replace").strip()
    token = os.environ.get(_VARIABLE)
    if token is not None and not token.strip():
        raise SchemaError(
            f"The environment variable {_VARIABLE} is empty. Give it a token, or unset "
            "it to let everyone ask."
        )
    return token and token.strip()


def _log_lines() -> None:
    """Write what the service and its server say as lines of JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    for name in ("crmml.scoring.service", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.INFO)


class _Lines(logging.Formatter):
    """One line of JSON a record; the service's own lines are such already."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        if record.name == "crmml.scoring.service":
            return record.getMessage()
        time = datetime.fromtimestamp(record.created, UTC)
        return json.dumps(
            {
                "time": time.isoformat(timespec="milliseconds"),
                "event": "server",
                "level": record.levelname.lower(),
                "message": record.getMessage(),
            }
        )
