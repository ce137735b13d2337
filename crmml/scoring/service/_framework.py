"""What is used of FastAPI; without the extra, this says how to get it."""

from crmml._utils._extras import import_extra

try:
    from fastapi import Depends, FastAPI, HTTPException, Request, Response
    from fastapi.exceptions import RequestValidationError
    from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
    from fastapi.security import HTTPBearer
    from starlette.requests import ClientDisconnect, HTTPConnection
    from starlette.types import ASGIApp, Message, Receive, Scope, Send
except ImportError:
    import_extra("fastapi", "serve")
    raise

__all__ = [
    "ASGIApp",
    "ClientDisconnect",
    "Depends",
    "FastAPI",
    "HTMLResponse",
    "HTTPBearer",
    "HTTPConnection",
    "HTTPException",
    "JSONResponse",
    "Message",
    "PlainTextResponse",
    "Receive",
    "Request",
    "RequestValidationError",
    "Response",
    "Scope",
    "Send",
]
