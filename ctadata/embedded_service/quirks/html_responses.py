"""Responses as the real services send them: error pages, and plain text as ``text/html``."""

from __future__ import annotations

import json
from http import HTTPStatus

from ..wsgi import Response

_HTML = "text/html; charset=utf-8"


def page(status: int, **headers: str) -> Response:
    """Return an error page; underscores in the names of headers stand for hyphens."""
    phrase = HTTPStatus(status).phrase
    description = HTTPStatus(status).description or phrase
    text = (
        f"<!doctype html>\n<html lang=en>\n<title>{status} {phrase}</title>\n"
        f"<h1>{phrase}</h1>\n<p>{description}</p>\n"
    )
    return html(status, text, **headers)


def html(status: int, text: str, reason: str = "", **headers: str) -> Response:
    """Return any text with the content type of HTML."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, text.encode(), {"Content-Type": _HTML} | named, reason)


def sorted_json(content: object, status: int = HTTPStatus.OK) -> Response:
    """Return JSON in Flask's format."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":")) + "\n"
    return Response(status, text.encode(), {"Content-Type": "application/json"})


def unsendable() -> Response:
    """Return the rest of a response whose head has characters outside latin-1."""
    return Response(HTTPStatus.INTERNAL_SERVER_ERROR, b"", {"Content-Type": "text/plain"})
