"""Run the embedded service on cheroot: `Service`, and ``ctadata serve``."""

from __future__ import annotations

import getpass
import logging
import os
import secrets
import signal
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from cheroot import wsgi

from .. import config
from .._arguments import refuse_secret
from .._files import local_path
from .._printable import logger_of
from ..certificates.authorities import default_authorities_path, load_authorities
from ..errors import CTADataError
from .app import Application
from .certificate_endpoints import CertificateEndpoints
from .certificate_store import CertificateStore
from .connection import Connection
from .quirks import QuirkyApplication, QuirkyCertificateEndpoints
from .rights import user_directory_name
from .routes import CERTIFICATES, DOWNLOADS
from .served_directory import ServedDirectory
from .wsgi import WSGIApplication

_THREADS = 24
_THREADS_STEP = 8
_MAX_THREADS = 128
# Connections that have not sent a complete head.
_MAX_WAITING = 256
_TIMEOUT = 60
# Those of the real service, which disconnects clients that pause for longer.
_QUIRKY_THREADS = 10
_QUIRKY_TIMEOUT = 10
# A linger time of zero: closing the connection resets it (socket(7)).
_RESET = struct.pack("ii", 1, 0)
_logger = logger_of(__name__)


class Service:
    """Serves a directory like the download and certificate services; a context manager.

    Parameters
    ----------
    directory : str or Path
        The directory to serve. Nothing outside it can be reached, not even through links.
    host : str
        The address to listen on.
    port : int
        The port; 0 selects a free one.
    token : str, optional
        The token that requests need; random by default.
    user : str, optional
        The owner of the token; by default the current user.
    ca_bundle : str or Path, optional
        The trusted certificate authorities: a PEM file, or a directory of PEM files. By default
        ``$X509_CERT_DIR``, else /etc/grid-security/certificates; if there are none, certificates
        are refused.
    certificates : str or Path, optional
        The directory for uploaded certificates, readable only for this user; by default a
        temporary one, which is deleted at the end.
    service_token : str, optional
        The token with which a download service fetches certificates; random by default.
    admin : bool
        Whether the user may upload certificates for others, and the shared certificate.
    quirks : bool
        Whether to reproduce the defects of the data centre's own services, for tests.

    Attributes
    ----------
    token, user, service_token : str
        As given, or the default.

    Raises
    ------
    CTADataError
        If the directory cannot be served, or `ca_bundle` contains no authorities.
    """

    def __init__(
        self,
        directory: str | Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str | None = None,
        user: str | None = None,
        ca_bundle: str | Path | None = None,
        certificates: str | Path | None = None,
        service_token: str | None = None,
        admin: bool = False,
        quirks: bool = False,
    ) -> None:
        refuse_secret(host, CTADataError)
        # config.token refuses a token that no client could send.
        token = secrets.token_urlsafe(24) if token is None else token and config.token(token)
        if not token or service_token == "":
            raise CTADataError("The token must not be empty.")
        self.token = token
        self.service_token = service_token or secrets.token_urlsafe(24)
        self.user = user or _current_user()
        try:
            tree = ServedDirectory(local_path(directory))
        except OSError as error:
            raise CTADataError(
                f"{directory} cannot be served: {error.strerror}.", path=str(directory)
            ) from error
        self._store = CertificateStore(_check_not_served(tree.root, certificates))
        settings = (self.user, self._store, _check_bundle(ca_bundle), self.service_token, admin)
        application: WSGIApplication
        if quirks:
            endpoints = QuirkyCertificateEndpoints(*settings)
            application = QuirkyApplication(tree, self.token, self.user, endpoints)
            threads, timeout = _QUIRKY_THREADS, _QUIRKY_TIMEOUT
        else:
            application = Application(tree, self.token, self.user, CertificateEndpoints(*settings))
            threads, timeout = _THREADS, _TIMEOUT
        self._server = _Server((host, port), application, threads=threads, timeout=timeout)
        self._thread = threading.Thread(target=self._server.serve, name="ctadata service")

    def start(self) -> None:
        """Start serving in threads; return when connections are accepted.

        Raises
        ------
        CTADataError
            If the address or the directory for certificates cannot be used.
        """
        self._store.open()
        host, port = self._server.bind_addr[:2]
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            # Tried here first, because cheroot leaks a socket and hides the reason on failure.
            socket.create_server((host, port), family=family).close()
            self._server.prepare()
        except OSError as error:
            self._store.close()
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise CTADataError(f"Cannot listen on {host}, port {port}: {reason}.") from error
        self._thread.start()

    def stop(self) -> None:
        """End all connections; unfinished uploads leave no files behind."""
        self._server.abort()
        self._server.stop()
        self._thread.join()
        self._store.close()

    def __enter__(self) -> Service:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def downloadservice_url(self) -> str:
        """The URL of the download service, with a trailing slash."""
        return f"{self._origin}{DOWNLOADS}/"

    @property
    def certificateservice_url(self) -> str:
        """The URL of the certificate service, with a trailing slash."""
        return f"{self._origin}{CERTIFICATES}/"

    @property
    def _origin(self) -> str:
        host, port = self._server.bind_addr[:2]
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(directory: str | Path, **options: Any) -> None:
    """Serve until SIGTERM or SIGINT.

    Prints one line with both URLs and the token when it is ready.

    Parameters
    ----------
    directory, **options
        As for `Service`.

    Raises
    ------
    CTADataError
        As from `Service` and `Service.start`.
    """
    ends = {signal.SIGINT, signal.SIGTERM}
    # Threads inherit the mask, so that the signals reach sigwait. A handler would have to wait
    # until another thread wakes the main thread, which does not always happen.
    previous = signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    try:
        with Service(directory, **options) as service:
            print(
                "ctadata service ready:"
                f" CTADS_URL={service.downloadservice_url}"
                f" CTACS_URL={service.certificateservice_url}"
                f" JUPYTERHUB_API_TOKEN={service.token}",
                flush=True,
            )
            signal.sigwait(ends)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, previous)


class _Server(wsgi.Server):
    """cheroot's server, with more threads while some of them stream."""

    ConnectionClass = Connection
    keep_alive_conn_limit = 100
    expiration_interval = 0.1  # also the time that stopping takes

    def __init__(
        self,
        address: tuple[str, int],
        application: WSGIApplication,
        *,
        threads: int,
        timeout: int,
    ) -> None:
        super().__init__(
            address,
            application,
            numthreads=threads,
            max=_MAX_THREADS,
            server_name="ctadata",
            request_queue_size=128,
            timeout=timeout,
            shutdown_timeout=2,
        )
        self._lock = threading.Lock()
        self._busy: set[socket.socket] = set()
        # Connections without a request, the oldest first.
        self._waiting: dict[Connection, None] = {}
        # Threads that wait for a body; the same number may be added.
        self._receiving = 0
        self._growing = threading.Lock()
        self._stopping = False

    def process_conn(self, conn: Connection) -> None:
        """Pass a connection with a request to a thread; else wait for its request."""
        try:
            ready = conn.poll()
        except (EOFError, OSError):
            conn.close()
            return
        if ready:
            self.forget(conn)
            super().process_conn(conn)
            self._make_room()
            return
        with self._lock:
            self._waiting.setdefault(conn)
            oldest = next(iter(self._waiting))
            if len(self._waiting) > _MAX_WAITING:
                del self._waiting[oldest]
                with suppress(OSError):  # the client was faster
                    # The selector then sees its end and closes it.
                    oldest.socket.shutdown(socket.SHUT_RDWR)
        self.put_conn(conn)

    def forget(self, conn: Connection) -> None:
        """Remove a connection that no longer waits for a request."""
        with self._lock:
            self._waiting.pop(conn, None)

    @contextmanager
    def receiving(self) -> Iterator[None]:
        """Allow another thread while this one waits for a body, which may never come."""
        with self._lock:
            self._receiving += 1
        self._make_room()
        try:
            yield
        finally:
            with self._lock:
                self._receiving -= 1

    def _make_room(self) -> None:
        if self.requests.qsize <= self.requests.idle:
            return
        with self._growing:
            room = self.numthreads - (len(self._busy) - self._receiving)
            if room > 0 and not self._stopping:
                self.requests.grow(min(room, _THREADS_STEP))

    def stop(self) -> None:
        with self._growing:
            # cheroot ends the threads that exist now, so none may be added.
            self._stopping = True
        super().stop()

    @contextmanager
    def busy_with(self, connection: socket.socket) -> Iterator[None]:
        with self._lock:
            self._busy.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._busy.discard(connection)

    def abort(self) -> None:
        """Abort all transfers; their threads then clean up."""
        with self._lock:
            for connection in self._busy:
                with suppress(OSError):  # the client was faster
                    # A client that is blocked in sending would not notice a mere shutdown.
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                    connection.shutdown(socket.SHUT_RDWR)

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        """Log a message, which cheroot would write to stderr."""
        _logger.log(level, msg, exc_info=traceback)


def _current_user() -> str:
    try:
        return user_directory_name(getpass.getuser())
    except (KeyError, OSError):  # a user id without a name, as in containers
        return "user"


def _check_bundle(given: str | Path | None) -> Path | None:
    if given is None:
        return default_authorities_path()
    given = local_path(given)
    try:
        load_authorities(given)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it contains no certificate"
        raise CTADataError(
            f"{given} is not a bundle of certificate authorities: {reason}.", path=str(given)
        ) from error
    return given


def _check_not_served(root: Path, given: str | Path | None) -> Path | None:
    """Return the directory for certificates, which must be outside the served directory."""
    if given is None:
        return None
    directory = local_path(given).absolute()
    if directory.resolve().is_relative_to(root):
        raise CTADataError(
            f"{given} is inside the served directory: choose another directory for certificates.",
            path=str(given),
        )
    return directory
