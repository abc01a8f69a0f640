"""Authentication by token, and the answers to requests without it."""

from __future__ import annotations

import hmac
from http import HTTPStatus
from urllib.parse import quote

from .wsgi import Request, Response, json_response

LOGIN = "/hub/login"
NO_TOKEN = {"message": "Invalid or missing Bearer token"}


def bearer_token(request: Request) -> str | None:
    """Return the token of the Authorization header, if there is one."""
    scheme, _, token = (request.header("Authorization") or "").partition(" ")
    return token if scheme == "Bearer" else None


class Authentication:
    """Checks the one accepted token."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    def refusal(self, request: Request, *, certificates: bool) -> Response | None:
        """Return the answer to a request without the token; None if it has the token.

        As behind a hub (docs/protocol.md, "Credentials"): a JSON request gets a JSON error, any
        other is redirected to the login page. The certificate service (`certificates`) always
        redirects wrong tokens. Clients before 0.5 send ``?token=``.
        """
        tokens = (bearer_token(request), request.argument("token"))
        given = [token.encode("latin-1") for token in tokens if token is not None]
        if any(hmac.compare_digest(token, self._token) for token in given):
            return None
        if request.header("Content-Type") == "application/json" and not (certificates and given):
            return json_response(HTTPStatus.UNAUTHORIZED, NO_TOKEN)
        # Only the path: the query may contain a token.
        location = f"{LOGIN}?next={quote(request.quoted_path)}"
        return Response(HTTPStatus.FOUND, headers={"Location": location})
