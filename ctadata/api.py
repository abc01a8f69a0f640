"""APIClient: one method for each thing that a user does with the services."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ClassVar

from . import _own_directory, config
from ._http import Http
from ._local import split_below
from ._paths import local_name
from ._protocol import DownloadService
from .certificates import CertificateService, read_certificate
from .entries import Entry
from .errors import (
    CertificateError,
    CTADataError,
    StorageException,
    TransferError,
)
from .transfers.download import Downloads, checked, file_size
from .transfers.progress import OnProgress
from .transfers.upload import Uploads, open_source

if TYPE_CHECKING:
    from .webdav import Client

__all__ = ["APIClient", "CTADataError", "CertificateError", "StorageException"]

LocalPath = str | os.PathLike[str]


class APIClient:
    """The data of one download service, as the holder of one token sees them.

    It is cheap to make and can be used from several threads at once.

    Parameters
    ----------
    downloadservice, certificateservice : str, optional
        The services' addresses; else the class attribute, else ``CTADS_URL`` and
        ``CTACS_URL`` of the environment, else the public platform.
    token : str, optional
        The hub token; else the class attribute, else ``JUPYTERHUB_API_TOKEN``.
    chunk_size : int, optional
        Bytes that the service gathers before it sends them on.
    timeout : float, optional
        Seconds that the service may stay silent before it counts as stalled.

    Attributes
    ----------
    downloadservice, certificateservice, token, chunk_size
        Can be assigned, on the class for all clients or on one client. What is None is read
        from the environment at each call.
    """

    downloadservice: ClassVar[str | None] = None
    certificateservice: ClassVar[str | None] = None
    token: ClassVar[str | None] = None
    chunk_size: ClassVar[int | None] = None

    def __init__(
        self,
        *,
        downloadservice: str | None = None,
        certificateservice: str | None = None,
        token: str | None = None,
        chunk_size: int | None = None,
        timeout: float | None = None,
        retries: int = 3,
    ) -> None:
        given = {
            "downloadservice": downloadservice,
            "certificateservice": certificateservice,
            "token": token,
            "chunk_size": chunk_size,
        }
        # Set on the instance, over the class attributes, and only where something was given.
        self.__dict__.update({name: value for name, value in given.items() if value is not None})
        self._http = Http(self._current_token, timeout=timeout, retries=retries)

    @property
    def downloadservice_url(self) -> str:
        """The download service's address in force, with trailing slash."""
        return config.downloadservice_url(self.downloadservice)

    @property
    def own_directory(self) -> str | None:
        """The directory that the user may write to, where the service has told it already."""
        return _own_directory.known(self._service, self._current_token())

    def health(self) -> str:
        """Ask the download service whether it is up; needs no token.

        Returns
        -------
        str
            What it says of itself.

        Raises
        ------
        ServiceUnreachable
            If it does not answer.
        """
        return self._service.health()

    def list_dir(self, path: str = "") -> list[Entry]:
        """List a directory.

        Parameters
        ----------
        path : str, optional
            A directory, or a file, relative to the storage's root.

        Returns
        -------
        list of Entry
            What is in the directory, or the one file. The directory itself is not in it.

        Raises
        ------
        NotFound
            If there is nothing at this path.
        """
        listing = self._service.listing(path)
        return listing.children if listing.own.is_directory else [listing.own]

    def stat(self, path: str) -> Entry:
        """Return what the storage says of one path.

        Parameters
        ----------
        path : str
            A file or a directory.

        Raises
        ------
        NotFound
            If there is nothing at this path.
        """
        return self._service.listing(path).own

    def iter_bytes(
        self, path: str, start: int = 0, stop: int | None = None, *, entry: Entry | None = None
    ) -> Iterator[bytes]:
        """Read a file, or a part of it, without saving it.

        Parameters
        ----------
        path : str
            A file.
        start, stop : int, optional
            The bytes ``[start, stop)``; by default all of them.
        entry : Entry, optional
            What `stat` said of it, which saves asking again.

        Yields
        ------
        bytes
            Blocks of up to 1 MiB.

        Raises
        ------
        IntegrityError
            If fewer or more bytes come than were asked for.
        """
        size = file_size(entry if entry is not None else self.stat(path))
        end = size if stop is None else min(stop, size)
        if start == 0 and end == size:
            yield from checked(self._service.fetch(path, self.chunk_size), path, size)
        else:
            yield from self._service.read_range(path, start, end)

    def fetch_and_save_file(
        self,
        path: str,
        save_to_fn: LocalPath | None = None,
        *,
        chunk_size: int | None = None,
        overwrite: bool = True,
        on_progress: OnProgress | None = None,
        cancel: threading.Event | None = None,
    ) -> int:
        """Download a file.

        It is written under a temporary name and gets its own only when as many bytes have
        come as the listing announced.

        Parameters
        ----------
        path : str
            A file, relative to the storage's root.
        save_to_fn : str or path, optional
            The local file; by default the same name in the working directory.
        chunk_size : int, optional
            Bytes that the service gathers before it sends them on.
        overwrite : bool, optional
            Whether a local file of that name is replaced.
        on_progress : callable, optional
            Called with the path, the bytes done, the bytes in all, and the state.
        cancel : threading.Event, optional
            Once set, the transfer stops.

        Returns
        -------
        int
            The file's size in bytes.

        Raises
        ------
        NotFound
            If there is nothing at this path.
        AlreadyExists
            If the local name is taken by something that must not be replaced.
        IntegrityError
            If the bytes that came are not the file.
        """
        entry = self.stat(path)
        target = Path(save_to_fn if save_to_fn is not None else local_name(entry.name, path))
        downloads = Downloads(
            self._service,
            chunk_size=chunk_size or self.chunk_size,
            overwrite=overwrite,
            on_progress=on_progress,
            cancel=cancel,
        )
        return downloads.file(entry, target.parent, (), target.name)

    def fetch_and_save_file_or_dir(
        self,
        path: str,
        recursive: bool = False,
        *,
        dest: LocalPath | None = None,
        root: LocalPath | None = None,
        overwrite: bool = True,
        on_progress: OnProgress | None = None,
        cancel: threading.Event | None = None,
    ) -> int:
        """Download a file, or a directory with all that is below it.

        Parameters
        ----------
        path : str
            A file or directory, relative to the storage's root.
        recursive : bool, optional
            Whether a directory is downloaded.
        dest : str or path, optional
            The local directory that receives the file or directory under its own name. By
            default the working directory, where a directory keeps its whole remote path.
        root : str or path, optional
            A directory that `dest` must lie below; no link below it is followed.
        overwrite, on_progress, cancel : optional
            As for `fetch_and_save_file`.

        Returns
        -------
        int
            The bytes written.

        Raises
        ------
        TransferError
            If some files of a directory failed; its ``failures`` name each of them.
        """
        listing = self._service.listing(path)
        entry = listing.own
        base, parts = Path(dest if dest is not None else "."), tuple[str, ...]()
        if root is not None:
            base, parts = Path(root), split_below(base, Path(root))
        downloads = Downloads(
            self._service,
            chunk_size=self.chunk_size,
            overwrite=overwrite,
            on_progress=on_progress,
            cancel=cancel,
        )
        if not (entry.is_directory and recursive):
            return downloads.file(entry, base, parts, local_name(entry.name, path))
        remote = entry.path.split("/") if entry.path else []
        names = remote if dest is None else remote[-1:]
        return downloads.tree(
            listing, base, [*parts, *(local_name(name, entry.path) for name in names)]
        )

    def upload_file(
        self,
        local_fn: LocalPath | IO[bytes],
        path: str,
        *,
        on_progress: OnProgress | None = None,
        cancel: threading.Event | None = None,
    ) -> dict[str, Any]:
        """Upload a file into the user's own directory.

        All members of CTAO and all users of the platform can read what is uploaded.

        Parameters
        ----------
        local_fn : str, path or binary file
            The local file.
        path : str
            Relative to the user's own directory; missing directories are made. With a
            trailing slash, the directory that receives the file under its own name.
        on_progress, cancel : optional
            As for `fetch_and_save_file`.

        Returns
        -------
        dict
            ``path`` (from the storage's root), ``status``, and ``total_written`` in bytes.

        Raises
        ------
        IntegrityError
            If what is stored is not what was sent.
        AccessDenied
            If the user may not write.
        """
        uploads = Uploads(self._service, self._current_token(), on_progress, cancel)
        if isinstance(local_fn, (str, os.PathLike)):
            with open_source(local_fn) as source:
                return uploads.file(source, os.fspath(local_fn), path)
        return uploads.file(local_fn, local_fn.name, path)

    def upload_dir(
        self,
        local_dir: LocalPath,
        path: str,
        *,
        root: LocalPath | None = None,
        on_progress: OnProgress | None = None,
        cancel: threading.Event | None = None,
    ) -> list[dict[str, Any]]:
        """Upload all files below a directory into the user's own directory.

        Parameters
        ----------
        local_dir : str or path
            The local directory.
        path : str
            The remote directory that receives what is in it, relative to the user's own.
        root : str or path, optional
            Links to files outside of this directory are not followed.
        on_progress, cancel : optional
            As for `fetch_and_save_file`.

        Returns
        -------
        list of dict
            One for each file, as `upload_file` returns it.

        Raises
        ------
        TransferError
            If some files failed; its ``failures`` name each of them.
        """
        directory = Path(local_dir)
        if not directory.is_dir():
            raise TransferError(f"{str(directory)!r} is not a directory", path=str(directory))
        uploads = Uploads(self._service, self._current_token(), on_progress, cancel)
        return uploads.tree(directory, path, Path(root).resolve() if root is not None else None)

    def webdav4_client(self) -> Client:
        """Return a `webdav4.client.Client` for the service.

        Returns
        -------
        ctadata.webdav.Client
            With the service's address, and the token, read at each request.
        """
        from .webdav import Client

        return Client(self._service, self._current_token)

    def upload_certificate(
        self, certificate_file: LocalPath, certificate_key: str = "cta"
    ) -> dict[str, Any]:
        """Delegate a proxy certificate of one's own to the certificate service.

        Parameters
        ----------
        certificate_file : str or path
            A file with the certificate and its chain in PEM form.
        certificate_key : str, optional
            What it is for: ``cta``, ``lst``, ``arc``.

        Returns
        -------
        dict
            ``message`` and ``validity``, the time (RFC 1123, UTC) of its end.

        Raises
        ------
        CertificateError
            If the file holds none, or the service refuses it.
        """
        return self.upload_personal_certificate(certificate_file, certificate_key)

    def upload_personal_certificate(
        self, certificate_file: LocalPath, certificate_key: str, user: str | None = None
    ) -> dict[str, Any]:
        """Delegate a user's proxy certificate to the certificate service.

        Parameters
        ----------
        certificate_file : str or path
            A file with the certificate and its chain in PEM form.
        certificate_key : str
            What it is for: ``cta``, ``lst``, ``arc``.
        user : str, optional
            Another user's name, for administrators.

        Returns
        -------
        dict
            ``message`` and ``validity``, the time (RFC 1123, UTC) of its end.

        Raises
        ------
        CertificateError
            If the file holds none, or the service refuses it.
        """
        certificate = read_certificate(certificate_file)
        return self._certificates.store(certificate, certificate_key, user)

    def upload_shared_certificate(self, certificate_file: LocalPath) -> dict[str, Any]:
        """Store the certificate that all users share; for administrators.

        Parameters
        ----------
        certificate_file : str or path
            A file with the certificate and its chain in PEM form.

        Returns
        -------
        dict
            ``message`` and ``certificateUploaded``.

        Raises
        ------
        CertificateError
            If the file holds none, or the service refuses it.
        """
        return self._certificates.store_shared(read_certificate(certificate_file))

    @property
    def _service(self) -> DownloadService:
        return DownloadService(self._http, self.downloadservice_url)

    @property
    def _certificates(self) -> CertificateService:
        url = config.certificateservice_url(self.certificateservice, self.downloadservice)
        return CertificateService(self._http, url)

    def _current_token(self) -> str | None:
        return config.token(self.token)
