"""The embedded service on cheroot: start, stop, and `ctadata serve`."""

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
from . import quirks as quirky
from .app import CERTIFICATES, DOWNLOADS, Application
from .certificate_endpoints import Certificates
from .certificate_store import CertificateStore
from .connection import Connection
from .rights import user_directory_name
from .served_directory import ServedDirectory

_THREADS = 24
_MORE_THREADS = 8
_MOST_THREADS = 128
# Connections on which nothing, or a part of a head, has come.
_MOST_WAITING = 256
_TIMEOUT = 60
# Of the real service: whoever pauses for longer is cut off.
_QUIRKY_THREADS = 10
_QUIRKY_TIMEOUT = 10
# Linger for no time: the connection is reset when it is closed (socket(7)).
_RESET = struct.pack("ii", 1, 0)
_logger = logger_of(__name__)


class Service:
    """Serves a directory as the download and certificate services do; a context manager.

    Parameters
    ----------
    directory : str or Path
        What is served. Nothing outside it can be reached, through links neither.
    host : str
        The address to listen at.
    port : int
        The port; 0 takes a free one.
    token : str, optional
        The token that requests need; made by chance where it is not given.
    user : str, optional
        Whose token it is; the current user where it is not given.
    ca_bundle : str or Path, optional
        The certificate authorities that are trusted: a PEM file, or a directory of them. By default
        ``$X509_CERT_DIR``, else /etc/grid-security/certificates; without any of them certificates
        are refused.
    certificates : str or Path, optional
        Where certificates are kept, for this user alone to read; by default in a temporary
        directory, until the end.
    service_token : str, optional
        What a download service shows to be given certificates; by default made by chance.
    admin : bool
        Whether the user may upload certificates for others, and the one that all share.
    quirks : bool
        Whether to have all the defects of the data centre's own services, for tests.

    Attributes
    ----------
    token, user, service_token : str
        As given or made.

    Raises
    ------
    CTADataError
        When the directory cannot be served, or there are no authorities in `ca_bundle`.
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
        # A client could not send a token that is not one.
        own = secrets.token_urlsafe(24) if token is None else token and config.token(token)
        if not own or service_token == "":
            raise CTADataError("The token must not be empty.")
        self.token = own
        self.service_token = service_token or secrets.token_urlsafe(24)
        self.user = user or _current_user()
        try:
            tree = ServedDirectory(local_path(directory))
        except OSError as error:
            raise CTADataError(
                f"{directory} cannot be served: {error.strerror}.", path=str(directory)
            ) from error
        self._store = CertificateStore(_kept_outside(tree.root, certificates))
        owner = (self.user, self._store, _bundle(ca_bundle), self.service_token, admin)
        if quirks:
            self._server = _Server(
                (host, port),
                quirky.Application(tree, self.token, self.user, quirky.Certificates(*owner)),
                threads=_QUIRKY_THREADS,
                timeout=_QUIRKY_TIMEOUT,
            )
        else:
            self._server = _Server(
                (host, port), Application(tree, self.token, self.user, Certificates(*owner))
            )
        self._thread = threading.Thread(target=self._server.serve, name="ctadata service")

    def start(self) -> None:
        """Begin to serve, in threads; return when connections are accepted.

        Raises
        ------
        CTADataError
            When the address cannot be listened at, or certificates not be kept.
        """
        self._store.open()
        host, port = self._server.bind_addr[:2]
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            # Tried out first: where cheroot fails it leaks a socket, and buries the reason.
            socket.create_server((host, port), family=family).close()
            self._server.prepare()
        except OSError as error:
            self._store.close()
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise CTADataError(f"Cannot listen at {host}, port {port}: {reason}.") from error
        self._thread.start()

    def stop(self) -> None:
        """End all connections; unfinished uploads leave nothing behind."""
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
        """Address of the download service, with trailing slash."""
        return f"{self._origin}{DOWNLOADS}/"

    @property
    def certificateservice_url(self) -> str:
        """Address of the certificate service, with trailing slash."""
        return f"{self._origin}{CERTIFICATES}/"

    @property
    def _origin(self) -> str:
        host, port = self._server.bind_addr[:2]
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(directory: str | Path, **options: Any) -> None:
    """Serve until SIGTERM or SIGINT.

    Prints one line when it is ready, with both addresses and the token.

    Parameters
    ----------
    directory, **options
        As of `Service`.

    Raises
    ------
    CTADataError
        When the directory cannot be served or the address not be listened at.
    """
    ends = {signal.SIGINT, signal.SIGTERM}
    # Threads inherit the mask: a handler would have to wait until one of them lets the main thread
    # know, which does not always happen.
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
    """cheroot's server, with room for several streams beside listings."""

    ConnectionClass = Connection
    keep_alive_conn_limit = 100
    expiration_interval = 0.1  # also how long the end takes

    def __init__(
        self,
        address: tuple[str, int],
        application: Application | quirky.Application,
        *,
        threads: int = _THREADS,
        timeout: int = _TIMEOUT,
    ) -> None:
        super().__init__(
            address,
            application,
            numthreads=threads,
            max=_MOST_THREADS,
            server_name="ctadata",
            request_queue_size=128,
            timeout=timeout,
            shutdown_timeout=2,
        )
        self._lock = threading.Lock()
        self._busy: set[socket.socket] = set()
        # Those without a request, the oldest first.
        self._waiting: dict[Connection, None] = {}
        # Threads that wait for a body; as many more may work.
        self._receiving = 0
        self._growing = threading.Lock()
        self._stopping = False

    def process_conn(self, conn: Connection) -> None:
        """Give a connection to a thread if there is a request, and wait for one if not."""
        try:
            ready = conn.advance()
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
            if len(self._waiting) > _MOST_WAITING:
                del self._waiting[oldest]
                with suppress(OSError):  # the client was quicker
                    # The selector sees its end then, and closes it.
                    oldest.socket.shutdown(socket.SHUT_RDWR)
        self.put_conn(conn)

    def forget(self, conn: Connection) -> None:
        """Know that a connection does not wait for a request any more."""
        with self._lock:
            self._waiting.pop(conn, None)

    @contextmanager
    def receiving(self) -> Iterator[None]:
        """Let others work while a thread waits for a body, which may never come."""
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
                self.requests.grow(min(room, _MORE_THREADS))

    def stop(self) -> None:
        with self._growing:
            # Then cheroot ends all threads that there are.
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
        """Break off what is being sent or received; the threads then clean up behind them."""
        with self._lock:
            for connection in self._busy:
                with suppress(OSError):  # the client was quicker
                    # A client that is sending, and waits for room, would not hear of a mere end.
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                    connection.shutdown(socket.SHUT_RDWR)

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        """Log; cheroot would write to stderr."""
        _logger.log(level, msg, exc_info=traceback)


def _current_user() -> str:
    try:
        return user_directory_name(getpass.getuser())
    except (KeyError, OSError):  # a user id without a name, as in containers
        return "user"


def _bundle(given: str | Path | None) -> Path | None:
    if given is None:
        return default_authorities_path()
    given = local_path(given)
    try:
        load_authorities(given)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "there is no certificate in it"
        raise CTADataError(
            f"{given} cannot be the bundle of certificate authorities: {reason}.", path=str(given)
        ) from error
    return given


def _kept_outside(root: Path, given: str | Path | None) -> Path | None:
    """Return the directory for certificates, which must not be served."""
    if given is None:
        return None
    directory = local_path(given).absolute()
    if directory.resolve().is_relative_to(root):
        raise CTADataError(
            f"{given} is part of what is served: choose another directory for certificates.",
            path=str(given),
        )
    return directory
