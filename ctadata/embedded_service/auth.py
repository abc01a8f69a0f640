"""Who may ask: the token, and the answers to requests without it."""

from __future__ import annotations

import hmac
from http import HTTPStatus
from urllib.parse import quote

from .wsgi import Request, Response, json_response

_LOGIN = "/hub/login"


class Authentication:
    """Knows the one token that is accepted.

    Parameters
    ----------
    token : str
        The token.
    """

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    def refusal(self, request: Request, *, certificates: bool) -> Response | None:
        """Return the answer to a request without the token; None where it has it.

        As behind a hub (docs/protocol.md, "Credentials"): JSON is told, anything
        else is sent to the login. `?token=` is what clients before 0.5 send.

        Parameters
        ----------
        request : Request
            The request.
        certificates : bool
            Whether it is for the certificate service, which sends every wrong token to the login.
        """
        given = [
            token.encode("latin-1")
            for token in (self._bearer(request), request.argument("token"))
            if token is not None
        ]
        if any(hmac.compare_digest(token, self._token) for token in given):
            return None
        if request.header("Content-Type") == "application/json" and not (certificates and given):
            return json_response(
                HTTPStatus.UNAUTHORIZED, {"message": "Invalid or missing Bearer token"}
            )
        # The path only: the query may hold a token.
        path = quote(request.raw_path.encode("latin-1"), safe="/%")
        return Response(HTTPStatus.FOUND, headers={"Location": f"{_LOGIN}?next={quote(path)}"})

    @staticmethod
    def _bearer(request: Request) -> str | None:
        scheme, _, token = (request.header("Authorization") or "").partition(" ")
        return token if scheme == "Bearer" else None
