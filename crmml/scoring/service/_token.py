"""Who may ask: whoever knows the token."""

import hmac
import re

from crmml.exceptions import SchemaError
from crmml.scoring.service._framework import HTTPBearer, HTTPConnection, HTTPException

SHORTEST = 16


def check_token(token: str) -> str:
    """Refuse a token that is easily guessed or cannot be sent.

    Parameters
    ----------
    token : str
        The token.

    Returns
    -------
    str
        The same.

    Raises
    ------
    SchemaError
        If it is short, or has blanks or characters other than ASCII.
    """
    if not isinstance(token, str) or not re.fullmatch(r"[!-~]*", token):
        raise SchemaError("token must be text of visible ASCII characters, no blanks.")
    if len(token) < SHORTEST:
        raise SchemaError(
            f"token must have at least {SHORTEST} characters, got {len(token)}. Make "
            "one: python -c 'import secrets; print(secrets.token_urlsafe())'"
        )
    return token


class TokenCheck(HTTPBearer):
    """Let requests pass that bring the token, in a time that tells nothing of it.

    Parameters
    ----------
    token : str
        The token.
    """

    def __init__(self, token: str) -> None:
        super().__init__(scheme_name="Token", description="The token of this service.")
        self._token = check_token(token).encode("ascii")

    async def __call__(self, request: HTTPConnection) -> None:
        """Check a request.

        Parameters
        ----------
        request : HTTPConnection
            The request.

        Raises
        ------
        HTTPException
            If it brings no token, or another one (401).
        """
        given = request.headers.getlist("authorization")
        scheme, _, token = (given[0] if len(given) == 1 else "").partition(" ")
        is_known = hmac.compare_digest(token.encode("latin-1"), self._token)
        if scheme.lower() != "bearer" or not is_known:
            raise HTTPException(
                401,
                "Send the token of this service: Authorization: Bearer TOKEN.",
                {"WWW-Authenticate": "Bearer"},
            )
