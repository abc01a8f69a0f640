"""The WSGI application with the defects: routed as by Flask, behind a hub."""

from __future__ import annotations

import hmac
import re
from http import HTTPStatus
from urllib.parse import quote

from ..auth import LOGIN, NO_TOKEN, bearer_token
from ..routes import DOWNLOADS, READ, find_prefix
from ..served_directory import ServedDirectory
from ..wsgi import Request, Response, WSGIApplication
from .backend import Backend
from .html_responses import html, page, sorted_json
from .in_place_directory import InPlaceDirectory
from .quirky_certificates import QuirkyCertificateEndpoints
from .quirky_files import QuirkyFileEndpoints
from .quirky_routes import quirky_routes


class QuirkyApplication(WSGIApplication):
    """The download and the certificate service behind a hub's proxy."""

    def __init__(
        self, tree: ServedDirectory, token: str, user: str, certificates: QuirkyCertificateEndpoints
    ) -> None:
        backend = Backend(InPlaceDirectory(tree.root))
        self._token = token.encode()
        self._routes = quirky_routes(QuirkyFileEndpoints(backend, user, DOWNLOADS), certificates)

    def internal_error(self) -> Response:
        """Return the response after an unexpected exception."""
        return page(HTTPStatus.INTERNAL_SERVER_ERROR)

    def answer(self, request: Request) -> Response:
        """Route a request, then authenticate it."""
        # Decoded once, by the server.
        path = request.environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
        prefix = find_prefix(self._routes, path)
        if prefix is None:
            return self._hub(request)
        endpoint, slash, below = path[len(prefix) + 1 :].partition("/")
        route = self._routes[prefix].get(endpoint)
        handler = (route.below if slash else route.handler) if route else None
        if route is None or handler is None:
            return page(HTTPStatus.NOT_FOUND)
        if (slash and not below.strip("/")) or re.search(r"[\0-\x1f\x7f]", below):
            return page(HTTPStatus.NOT_FOUND)
        if request.method not in route.methods:
            allow = ", ".join(sorted(route.methods | {"OPTIONS"}))
            if request.method == "OPTIONS":
                return html(HTTPStatus.OK, "", Allow=allow)
            return page(HTTPStatus.METHOD_NOT_ALLOWED, Allow=allow)
        if path == prefix:
            return _moved(request, f"{prefix}/")
        if below.startswith("/"):
            return _moved(request, f"{prefix}/{endpoint}/{below.lstrip('/')}")
        if request.method not in route.public and not self._has_token(request):
            return _login(request, json=prefix == DOWNLOADS)
        return handler(request, below)

    def _has_token(self, request: Request) -> bool:
        """Whether the token is right; one in the query takes precedence."""
        token = request.argument("token") or bearer_token(request) or ""
        return hmac.compare_digest(token.encode("latin-1"), self._token)

    @staticmethod
    def _hub(request: Request) -> Response:
        """Answer like a hub what is for neither service."""
        if request.method not in READ:
            text = "<!DOCTYPE HTML><title>JupyterHub</title>403 : '_xsrf' argument missing"
            return html(HTTPStatus.FORBIDDEN, text)
        if request.raw_path.startswith(LOGIN):
            return html(HTTPStatus.OK, "<!DOCTYPE HTML><title>JupyterHub</title>Sign in")
        path = request.quoted_path
        location = f"{LOGIN}?next={quote(path)}" if path.startswith("/hub/") else f"/hub{path}"
        return html(HTTPStatus.FOUND, "", Location=location)


def _login(request: Request, *, json: bool) -> Response:
    """Answer a request without the token: with JSON if it is JSON, else with the login page."""
    if json and (request.header("Content-Type") or "").lower() == "application/json":
        return sorted_json(NO_TOKEN, HTTPStatus.UNAUTHORIZED)
    # Only the path: the query may contain a token.
    location = f"{LOGIN}?next={quote(request.quoted_path)}"
    text = f'<!doctype html>\n<title>Redirecting...</title>\n<a href="{location}">Login</a>\n'
    return html(HTTPStatus.FOUND, text, Location=location)


def _moved(request: Request, path: str) -> Response:
    host = request.header("Host") or "localhost"
    return page(HTTPStatus.PERMANENT_REDIRECT, Location=f"http://{host}{quote(path)}")
