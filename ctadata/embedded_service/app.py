"""The WSGI application: routes, authentication, errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

from .._printable import logger_of
from .auth import Authentication
from .certificate_endpoints import Certificates
from .file_endpoints import Downloads
from .rights import Rights
from .served_directory import ServedDirectory
from .url_paths import DECODING
from .webdav_endpoint import METHODS, WebDAV
from .wsgi import (
    Answer,
    Environ,
    IncompleteBody,
    Refusal,
    Request,
    RequestBody,
    Response,
    StartResponse,
    raw_path,
    text_response,
)

DOWNLOADS = "/services/downloadservice"
CERTIFICATES = "/services/certificateservice"

_logger = logger_of(__name__)

Handler = Callable[[Request, str], Response]
_READ = frozenset({"GET", "HEAD"})
_READ_OR_POST = frozenset({"GET", "HEAD", "POST"})
_POST = frozenset({"POST"})


@dataclass(frozen=True)
class Route:
    """What answers an endpoint.

    Attributes
    ----------
    below : bool
        Whether a path may follow.
    public : frozenset of str
        The methods that need no token.
    """

    handler: Handler
    methods: frozenset[str]
    below: bool = False
    public: frozenset[str] = frozenset()


class Application:
    """Both services behind one door.

    Parameters
    ----------
    tree : Tree
        What is served.
    token : str
        The token that everything needs but the health pages, and what the services ask each other.
    user : str
        Whose token it is.
    certificates : Certificates
        The certificate service's endpoints.
    """

    def __init__(
        self, tree: ServedDirectory, token: str, user: str, certificates: Certificates
    ) -> None:
        rights = Rights(tree, user)
        downloads = Downloads(tree, rights, DOWNLOADS)
        webdav = WebDAV(tree, rights, f"{DOWNLOADS}/webdav")
        self._authentication = Authentication(token)
        self._routes = {
            DOWNLOADS: {
                "": Route(downloads.page, _READ),
                "list": Route(downloads.list, _READ_OR_POST, below=True),
                "fetch": Route(downloads.fetch, _READ_OR_POST, below=True),
                "upload": Route(downloads.upload, _POST, below=True),
                "health": Route(downloads.health, _READ, public=_READ),
                "storage-status": Route(downloads.storage_status, _READ, public=_READ),
                "webdav": Route(webdav.answer, METHODS, below=True),
                "upload-cert": Route(certificates.older_certificate, _POST),
                "upload-main-cert": Route(certificates.main_certificate, _POST),
            },
            CERTIFICATES: {
                "certificate": Route(certificates.certificate, _READ_OR_POST, public=_READ),
                "main-certificate": Route(certificates.main_certificate, _POST),
                "shared-certificate-status": Route(certificates.shared_status, _READ),
                "health": Route(certificates.health, _READ, public=_READ),
            },
        }

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        response = self._response(environ)
        if f"{raw_path(environ)}/".startswith(f"{DOWNLOADS}/"):
            response.headers |= DECODING
        if environ["REQUEST_METHOD"] == "HEAD":
            response = response.without_body()
        return Answer(response, start_response, environ["wsgi.input"])

    def _response(self, environ: Environ) -> Response:
        try:
            request = Request.from_environ(environ, RequestBody.take(environ))
            return self._answer(request)
        except Refusal as refusal:
            return refusal.response
        except IncompleteBody as error:
            return text_response(HTTPStatus.BAD_REQUEST, f"Error: 400 {error}")
        except Exception:
            # The query is not logged: it may hold a token.
            _logger.exception("%s %s failed", environ["REQUEST_METHOD"], raw_path(environ))
            return text_response(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal error")

    def _answer(self, request: Request) -> Response:
        prefix = next((p for p in self._routes if f"{request.raw_path}/".startswith(f"{p}/")), None)
        endpoint, slash, raw = request.raw_path[len(prefix or "") + 1 :].partition("/")
        route = self._routes[prefix].get(endpoint) if prefix else None
        if route is None or request.method not in route.public:
            refusal = self._authentication.refusal(request, certificates=prefix == CERTIFICATES)
            if refusal is not None:
                return refusal
        if "//" in request.raw_path:
            path = quote(request.raw_path.encode("latin-1"), safe="/%")
            return Response(
                HTTPStatus.PERMANENT_REDIRECT, headers={"Location": re.sub("/{2,}", "/", path)}
            )
        if route is None or (slash and not route.below):
            raise Refusal(HTTPStatus.NOT_FOUND, "Error: 404 there is no such page")
        if request.method not in route.methods:
            raise Refusal(
                HTTPStatus.METHOD_NOT_ALLOWED,
                "Error: 405 this method is not allowed here",
                Allow=", ".join(sorted(route.methods)),
            )
        return route.handler(request, raw)
