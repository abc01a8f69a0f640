"""The WSGI application: authentication, routing, errors."""

from __future__ import annotations

import re
from http import HTTPStatus

from .auth import Authentication
from .certificate_endpoints import CertificateEndpoints
from .file_endpoints import FileEndpoints
from .rights import Rights
from .routes import CERTIFICATES, DOWNLOADS, embedded_routes, find_prefix
from .served_directory import ServedDirectory
from .url_paths import DECODING
from .webdav_endpoint import WebDAVEndpoint
from .wsgi import (
    Environ,
    HTTPError,
    IncompleteBody,
    Request,
    Response,
    WSGIApplication,
    raw_path,
    text_response,
)


class Application(WSGIApplication):
    """The download and the certificate service.

    Every request needs the user's `token`, except those for the health pages and those of the
    download service to the certificate service.
    """

    def __init__(
        self, tree: ServedDirectory, token: str, user: str, certificates: CertificateEndpoints
    ) -> None:
        rights = Rights(tree, user)
        self._authentication = Authentication(token)
        self._routes = embedded_routes(
            FileEndpoints(tree, rights, DOWNLOADS),
            WebDAVEndpoint(tree, rights, f"{DOWNLOADS}/webdav"),
            certificates,
        )

    def respond(self, environ: Environ) -> Response:
        """Return the response to a request, with the header that describes the quoting."""
        response = super().respond(environ)
        if f"{raw_path(environ)}/".startswith(f"{DOWNLOADS}/"):
            response.headers |= DECODING
        return response

    def answer(self, request: Request) -> Response:
        """Authenticate and route a request."""
        try:
            return self._route(request)
        except IncompleteBody as error:
            raise HTTPError(HTTPStatus.BAD_REQUEST, f"Error: 400 {error}") from error

    def internal_error(self) -> Response:
        """Return the response after an unexpected exception."""
        return text_response(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal error")

    def _route(self, request: Request) -> Response:
        prefix = find_prefix(self._routes, request.raw_path)
        endpoint, slash, raw = request.raw_path[len(prefix or "") + 1 :].partition("/")
        route = self._routes[prefix].get(endpoint) if prefix else None
        if route is None or request.method not in route.public:
            refusal = self._authentication.refusal(request, certificates=prefix == CERTIFICATES)
            if refusal is not None:
                return refusal
        if "//" in request.raw_path:
            location = re.sub("/{2,}", "/", request.quoted_path)
            return Response(HTTPStatus.PERMANENT_REDIRECT, headers={"Location": location})
        handler = (route.below if slash else route.handler) if route else None
        if route is None or handler is None:
            raise HTTPError(HTTPStatus.NOT_FOUND, "Error: 404 there is no such page")
        if request.method not in route.methods:
            raise HTTPError(
                HTTPStatus.METHOD_NOT_ALLOWED,
                "Error: 405 this method is not allowed here",
                Allow=", ".join(sorted(route.methods)),
            )
        return handler(request, raw)
