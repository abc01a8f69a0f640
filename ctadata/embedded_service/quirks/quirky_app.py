"""The WSGI application with the defects: routes as Flask finds them, behind a hub."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

from ..._printable import logger_of
from ..app import CERTIFICATES, DOWNLOADS
from ..served_directory import ServedDirectory
from ..webdav_endpoint import METHODS
from ..wsgi import (
    Answer,
    Environ,
    Refusal,
    Request,
    RequestBody,
    Response,
    StartResponse,
    raw_path,
)
from .backend import Storage
from .html_pages import html, page, sorted_json
from .in_place_directory import InPlaceDirectory
from .quirky_certificates import Certificates
from .quirky_files import Downloads

_logger = logger_of(__name__)

_LOGIN = "/hub/login"
_READ = frozenset({"GET", "HEAD"})
_READ_OR_POST = frozenset({"GET", "HEAD", "POST"})
_POST = frozenset({"POST"})
Handler = Callable[[Request, str], Response]


@dataclass(frozen=True)
class Route:
    """What answers an endpoint; `below` what answers the paths below it."""

    methods: frozenset[str]
    handler: Handler
    below: Handler | None = None
    public: frozenset[str] = frozenset()


class Application:
    """Both services behind a hub's proxy.

    Parameters
    ----------
    tree : Tree
        What is served.
    token : str
        The token that everything needs but the health pages.
    user : str
        Whose token it is.
    certificates : Certificates
        The certificate service's endpoints.
    """

    def __init__(
        self, tree: ServedDirectory, token: str, user: str, certificates: Certificates
    ) -> None:
        downloads = Downloads(Storage(InPlaceDirectory(tree.root)), user, DOWNLOADS)
        self._token = token.encode()
        self._routes = {
            DOWNLOADS: {
                "": Route(_READ, downloads.page),
                "list": Route(_READ_OR_POST, downloads.list, downloads.list),
                "fetch": Route(_READ_OR_POST, downloads.fetch, downloads.fetch),
                "upload": Route(_POST, downloads.upload_nothing, downloads.upload),
                "webdav": Route(METHODS, downloads.webdav, downloads.webdav),
                "health": Route(_READ, downloads.health, public=_READ),
                "storage-status": Route(_READ, downloads.storage_status, public=_READ),
            },
            CERTIFICATES: {
                "": Route(_READ, certificates.page),
                "certificate": Route(_READ_OR_POST, certificates.certificate, public=_READ),
                "main-certificate": Route(_POST, certificates.main_certificate),
                "shared-certificate-status": Route(_READ, certificates.shared_status, public=_READ),
                "health": Route(_READ, certificates.health, public=_READ),
            },
        }

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        response = self._response(environ)
        if environ["REQUEST_METHOD"] == "HEAD":
            response = response.without_body()
        return Answer(response, start_response, environ["wsgi.input"])

    def _response(self, environ: Environ) -> Response:
        try:
            return self._answer(Request.from_environ(environ, RequestBody.take(environ)))
        except Refusal as refusal:
            return refusal.response
        except Exception:
            _logger.exception("%s %s failed", environ["REQUEST_METHOD"], raw_path(environ))
            return page(HTTPStatus.INTERNAL_SERVER_ERROR)

    def _answer(self, request: Request) -> Response:
        # Decoded once, by the server.
        path = request.environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
        prefix = next((p for p in self._routes if f"{path}/".startswith(f"{p}/")), None)
        if prefix is None:
            return self._hub(request)
        endpoint, slash, below = path[len(prefix) + 1 :].partition("/")
        route = self._routes[prefix].get(endpoint)
        if route is None or (slash and route.below is None):
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
        if request.method not in route.public and not self._may_ask(request):
            return _login(request, json=prefix == DOWNLOADS)
        handler = route.below if slash and route.below else route.handler
        return handler(request, below)

    def _may_ask(self, request: Request) -> bool:
        """Tell whether the token is right; one in the query comes first."""
        scheme, _, bearer = (request.header("Authorization") or "").partition(" ")
        token = request.argument("token") or (bearer if scheme == "Bearer" else "")
        return hmac.compare_digest(token.encode("latin-1"), self._token)

    @staticmethod
    def _hub(request: Request) -> Response:
        """Answer what is of neither service as a hub does."""
        if request.method not in _READ:
            text = "<!DOCTYPE HTML><title>JupyterHub</title>403 : '_xsrf' argument missing"
            return html(HTTPStatus.FORBIDDEN, text)
        if request.raw_path.startswith(_LOGIN):
            return html(HTTPStatus.OK, "<!DOCTYPE HTML><title>JupyterHub</title>Sign in")
        path = _quoted(request.raw_path)
        location = f"{_LOGIN}?next={quote(path)}" if path.startswith("/hub/") else f"/hub{path}"
        return html(HTTPStatus.FOUND, "", Location=location)


def _login(request: Request, *, json: bool) -> Response:
    """Answer a request without the token: as JSON if it is asked for, else by the login page."""
    if json and (request.header("Content-Type") or "").lower() == "application/json":
        message = {"message": "Invalid or missing Bearer token"}
        return sorted_json(message, HTTPStatus.UNAUTHORIZED)
    # The path only: the query may hold a token.
    location = f"{_LOGIN}?next={quote(_quoted(request.raw_path))}"
    text = f'<!doctype html>\n<title>Redirecting...</title>\n<a href="{location}">Login</a>\n'
    return html(HTTPStatus.FOUND, text, Location=location)


def _moved(request: Request, path: str) -> Response:
    host = request.header("Host") or "localhost"
    return page(HTTPStatus.PERMANENT_REDIRECT, Location=f"http://{host}{quote(path)}")


def _quoted(path: str) -> str:
    return quote(path.encode("latin-1"), safe="/%")
