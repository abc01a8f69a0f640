"""APIClient: one method for each thing that a user does with the services."""

from __future__ import annotations

import copy
import os
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

from . import config
from ._arguments import count, mapping, seconds, speed, text
from ._files import LocalPath, local_path, several, split_below
from ._options import ClientOptions, DownloadKeywords, TransferKeywords, accepts
from .certificates.delegations import Delegation, Delegations
from .certificates.service import CertificateService
from .certificates.upload import either_file, store, store_shared
from .entries import Entries, Entry, ManyEntries
from .errors import CertificateError, CTADataError, InvalidPath, StorageException
from .http.client import HTTPClient
from .http.watchdog import Watchdog
from .storage import home_directory
from .storage.download_service import DownloadService
from .storage.listing import FEW, EntrySink, Listing, warn_of_cut
from .storage.path_lookup import resolve_href, suggest_on_not_found
from .storage.paths import check_remote_path, path_text
from .storage.service_state import ServiceState
from .transfers.download import DownloadRequest, downloading, local_target
from .transfers.options import TransferOptions
from .transfers.patterns import FilePatterns
from .transfers.read_blocks import read_blocks
from .transfers.remote_file import file_size
from .transfers.target_conflicts import PlannedTransfer, planned_uploads
from .transfers.upload import Uploads, uploading
from .transfers.upload_history import UploadHistory
from .transfers.walk import walk

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from .storage.webdav_client import Client

__all__ = [
    "APIClient",
    "CTADataError",
    "CertificateError",
    "Entry",
    "LocalPath",
    "StorageException",
    "fetch_and_save_file",
    "fetch_and_save_file_or_dir",
    "fetch_many",
    "list_dir",
    "upload_certificate",
    "upload_dir",
    "upload_file",
    "upload_many",
    "upload_personal_certificate",
    "upload_shared_certificate",
    "webdav4_client",
]

Sink = TypeVar("Sink", bound=EntrySink)


@accepts(ClientOptions)
class APIClient:
    """A client of one download service and its certificate service, for the holder of one token.

    It is cheap to make, and can be used from several threads at once. It remembers what it has
    learned of a service, such as the user's home directory in the storage. Its parameters are
    attributes, too, and can be assigned, on the class for all clients or on one client. What is
    None is read from the environment at each call.

    Parameters
    ----------
    **options
        Those of `ClientOptions`.
    """

    # Not of `ClassVar`: they can be assigned on the class and on one client.
    downloadservice: str | None = None
    certificateservice: str | None = None
    token: str | None = None
    chunk_size: int | None = None
    data_dir: LocalPath | None = None
    timeout: float = config.TIMEOUT
    retries: int = config.RETRIES
    min_speed: float = config.MIN_SPEED
    max_listing_entries: int | None = None
    max_listing_bytes: int | None = None

    def __init__(self, **options: Unpack[ClientOptions]) -> None:
        # By the service's address, which may change between two calls.
        self._states: defaultdict[str, ServiceState] = defaultdict(ServiceState)
        self._watchdog: Watchdog | None = None
        self._assign(options)

    def __reduce__(self) -> str:
        # A token is never pickled. The module's functions are, by the name of their client.
        return "default_client"

    def with_options(self, **options: Unpack[ClientOptions]) -> Self:
        """Return a client with other options, which shares what this one has learned.

        Parameters
        ----------
        **options
            Those of `ClientOptions`; an option that is not given, or None, stays as it is.
        """
        return copy.copy(self)._assign(options) if options else self

    def with_watchdog(self) -> tuple[Self, Watchdog]:
        """Return a client that does the same, and the watchdog that can stop its calls."""
        client, watchdog = copy.copy(self), Watchdog(self.timeout, self.min_speed)
        client._watchdog = watchdog
        return client, watchdog

    @property
    def downloadservice_url(self) -> str:
        """The download service's address in force, with trailing slash."""
        return config.downloadservice_url(self.downloadservice)

    @property
    def certificateservice_url(self) -> str:
        """The certificate service's address in force, with trailing slash."""
        return config.certificateservice_url(self.certificateservice, self.downloadservice)

    @property
    def home_directory(self) -> str | None:
        """The directory in the storage that the user may write to, if it is known already."""
        return home_directory.known(self._service)

    def find_home_directory(self) -> str:
        """Ask for the directory in the storage that the user may write to.

        The service makes it if necessary.

        Returns
        -------
        str
            Relative to the storage's root, for example ``lst/users/alice``.

        Raises
        ------
        AccessDenied
            If the user may write nowhere.
        ServiceTimeout
            If the directory is not found within two minutes.
        """
        return home_directory.find(self._service)

    def health(self) -> str:
        """Ask the download service whether it is up; needs no token.

        Returns
        -------
        str
            Its answer.

        Raises
        ------
        ServiceUnreachable
            If it does not answer.
        """
        return self._service.health()

    @accepts(ClientOptions)
    def list_dir(self, path: str = "", **options: Unpack[ClientOptions]) -> Entries | ManyEntries:
        """List a directory.

        Parameters
        ----------
        path : str, optional
            A directory, or a file, relative to the storage's root.
        **options
            Those of `ClientOptions`.

        Returns
        -------
        Entries
            What is in the directory, or the one file: a list. The directory itself is not in it.
        ManyEntries
            The same, where there are more than 100,000: a sequence that takes little memory.

        Raises
        ------
        NotFound
            If there is nothing at this path.

        Warns
        -----
        UserWarning
            If the directory has more entries than are read (`max_listing_entries`); the result's
            ``truncated`` is True then.
        """
        client = self.with_options(**options)
        listing = client.listing(resolve_href(client._service, path))
        if listing.cut is not None:
            warn_of_cut(listing.cut)
        return listing.children if listing.own.is_directory else Entries([listing.own])

    def listing(self, path: str, few: int = FEW) -> Listing:
        """Return all that the storage says of one path.

        Parameters
        ----------
        path : str
            A file or a directory, relative to the storage's root.
        few : int, optional
            Entries up to which ``children`` are a list; more are a `ManyEntries`.

        Returns
        -------
        Listing
            The entry of the path itself (``own``), its content (``children``), and errors for
            listed names that are invalid (``refused``). If the listing was not read to its end,
            ``cut`` is the error that says so.

        Raises
        ------
        NotFound
            If there is nothing at this path.
        """
        service, path = self._service, path_text(path)
        with suggest_on_not_found(service, path):
            return service.listing(path, count(few, "few", 0))

    def read_listing(
        self, path: str, make_sink: Callable[[], Sink]
    ) -> tuple[Entry, Sink, list[InvalidPath]]:
        """Pass on the entries of a directory while they come; for very long listings.

        Parameters
        ----------
        path : str
            A file or a directory, relative to the storage's root.
        make_sink : callable
            Returns an object whose ``add(raw, entries)`` takes some entries, and the text that
            they are made of, and returns whether it takes more; ``len`` tells how many it has
            taken, and ``cut`` is set to an error if these are not all. Called again if the
            listing breaks off.

        Returns
        -------
        own : Entry
            What the path is itself.
        sink : object
            What `make_sink` has returned.
        refused : list of InvalidPath
            Errors for listed names that are invalid and are never requested.

        Raises
        ------
        NotFound
            If there is nothing at this path.
        """
        service, path = self._service, path_text(path)
        with suggest_on_not_found(service, path):
            return service.read_listing(path, make_sink)

    def walk(
        self,
        path: str = "",
        *,
        maxdepth: int | None = None,
        on_error: Callable[[CTADataError], object] | None = None,
    ) -> Iterator[tuple[str, list[Entry], Sequence[Entry]]]:
        """Walk through a directory and all below it, top down, as `os.walk` and fsspec do.

        Each directory is listed when its turn comes, which is one request for each step. A
        directory that seems to contain itself is entered a few times only. Invalid names are left
        out, with a warning in the log.

        Parameters
        ----------
        path : str, optional
            A directory, or a file, relative to the storage's root.
        maxdepth : int, optional
            How many levels are listed: 1 for the directory itself only. By default all.
        on_error : callable, optional
            Called with the error where a directory below `path` cannot be listed, or is a loop;
            the walk goes on without it. Also called where a listing was not read to its end. By
            default the first error is raised.

        Yields
        ------
        path : str
            A directory, without a trailing slash.
        directories : list of Entry
            The directories in it. What is removed from the list is not walked through.
        files : sequence of Entry
            The files in it. Of a file, the file itself.

        Raises
        ------
        NotFound
            If there is nothing at this path.
        CTADataError
            Why a directory cannot be listed, unless `on_error` is given.

        Warns
        -----
        UserWarning
            If a directory has more entries than are read (`max_listing_entries`), unless
            `on_error` is given.

        Examples
        --------
        The bytes of all HDF5 files, directories of logs left out::

            size = 0
            for path, directories, files in client.walk("lst/DL1"):
                directories[:] = [entry for entry in directories if entry.name != "log"]
                size += sum(entry.size or 0 for entry in files if entry.name.endswith(".h5"))
        """
        if maxdepth is not None:
            maxdepth = count(maxdepth, "maxdepth", 1)
        on_cut = on_error or warn_of_cut
        return walk(
            self._service, path_text(path), maxdepth=maxdepth, on_error=on_error, on_cut=on_cut
        )

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
        service, path = self._service, path_text(path)
        with suggest_on_not_found(service, path):
            return service.stat(path)

    def iter_bytes(
        self, path: str, start: int = 0, stop: int | None = None, *, entry: Entry | None = None
    ) -> Generator[bytes]:
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
        found = entry if entry is not None else self.stat(path)
        if not isinstance(found, Entry):
            raise CTADataError(f"entry={found!r} is no entry of a listing; give what stat returned")
        size = file_size(found)
        start = count(start, "start", 0)
        end = size if stop is None else min(count(stop, "stop", 0), size)
        return read_blocks(self._service, found, start, end, self._block_size())

    @accepts(DownloadKeywords)
    def fetch_and_save_file(
        self,
        path: str,
        save_to_fn: LocalPath | None = None,
        **options: Unpack[DownloadKeywords],
    ) -> int:
        """Download a file.

        It is written under a temporary name, and gets its own name and the remote date when it is
        complete: its size is compared with the listing, and its checksum with the storage's if
        that has one. If a file of more than 8 MiB was interrupted, the next call resumes it.

        Parameters
        ----------
        path : str
            A file, relative to the storage's root.
        save_to_fn : str or path, optional
            The local file, or with a trailing slash the directory that receives it; by default
            the same name in the working directory.
        **options
            Those of `DownloadKeywords`.

        Returns
        -------
        int
            The file's size in bytes, also where it was there already.

        Raises
        ------
        NotFound
            If there is nothing at this path.
        AlreadyExists
            If the local name is taken by something that must not be replaced.
        IntegrityError
            If other bytes than the file's were received.
        TransferCancelled
            If it was cancelled.
        """
        client, transfer = self._for_transfer(options)
        root, name = local_target(save_to_fn)
        request = DownloadRequest(resolve_href(client._service, path), root, name=name)
        with downloading(client._service, transfer) as downloads:
            return downloads.run([request])

    @accepts(DownloadKeywords)
    def fetch_and_save_file_or_dir(
        self,
        path: str,
        recursive: bool = False,
        *,
        dest: LocalPath | None = None,
        root: LocalPath | None = None,
        include: str | Iterable[str] = (),
        exclude: str | Iterable[str] = (),
        hidden: bool = True,
        **options: Unpack[DownloadKeywords],
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
        include, exclude : str or iterable of str, optional
            Patterns of the files of a directory that are downloaded, and of those that are not
            (`ctadata.transfers.patterns.FilePatterns`).
        hidden : bool, optional
            Whether hidden files and directories below a directory are downloaded; `on_result` is
            told of those that are left out. Programs obey such files (``.git/config``, ``.envrc``).
        **options
            Those of `DownloadKeywords`.

        Returns
        -------
        int
            The bytes of all files that are there now.

        Raises
        ------
        TransferError
            If some files of a directory failed; its ``failures`` name each of them.
        """
        client, transfer = self._for_transfer(
            options, patterns=FilePatterns(include, exclude), hidden=hidden
        )
        base, parts = local_path(dest if dest is not None else "."), tuple[str, ...]()
        if root is not None:
            root = local_path(root)
            base, parts = root, split_below(base, root)
        source = resolve_href(client._service, path)
        request = DownloadRequest(source, base, parts, recursive=recursive, whole_path=dest is None)
        with downloading(client._service, transfer) as downloads:
            return downloads.run([request])

    @accepts(DownloadKeywords)
    def fetch_many(
        self,
        paths: Iterable[str],
        dest: LocalPath | None = None,
        *,
        recursive: bool = False,
        include: str | Iterable[str] = (),
        exclude: str | Iterable[str] = (),
        **options: Unpack[DownloadKeywords],
    ) -> list[Path]:
        """Download several files, such as some entries of a listing.

        Parameters
        ----------
        paths : iterable of str
            Files, and directories where `recursive` allows them; an `Entry` of a file is not
            asked for again.
        dest : str or path, optional
            The local directory that receives each of them under its own name. By default the
            working directory, where a directory keeps its whole remote path.
        recursive : bool, optional
            Whether directories are downloaded.
        include, exclude : str or iterable of str, optional
            Patterns of the files of a directory that are downloaded, and of those that are not
            (`ctadata.transfers.patterns.FilePatterns`).
        **options
            Those of `DownloadKeywords`.

        Returns
        -------
        list of Path
            The local path of each of `paths`.

        Raises
        ------
        TransferError
            If some files failed; its ``failures`` name each of them.
        AlreadyExists
            If two of them would have the same local path; nothing is transferred then.
        """
        client, transfer = self._for_transfer(options, patterns=FilePatterns(include, exclude))
        paths = [resolve_href(client._service, path) for path in several(paths, "paths")]
        base = local_path(dest if dest is not None else ".")
        keys = [tuple(check_remote_path(path)) for path in paths]
        # A path that is named twice is downloaded once.
        requests = {
            key: DownloadRequest(path, base, recursive=recursive, whole_path=dest is None)
            for key, path in zip(keys, paths, strict=True)
        }
        with downloading(client._service, transfer) as downloads:
            downloads.run(list(requests.values()))
        saved = dict(zip(requests, downloads.local_paths(), strict=True))
        return [saved[key] for key in keys]

    @accepts(TransferKeywords)
    def upload_file(
        self,
        local_fn: LocalPath | IO[bytes],
        path: str,
        *,
        into: bool = True,
        skip_existing: bool = False,
        **options: Unpack[TransferKeywords],
    ) -> dict[str, Any]:
        """Upload a file into the user's home directory in the storage.

        All members of CTAO and all users of the platform can read what is uploaded. A file that
        holds a private key or a certificate is therefore refused.

        Parameters
        ----------
        local_fn : str, path or binary file
            The local file; one that is open is read from where it is.
        path : str
            Relative to the user's home directory, or from the storage's root if it begins with
            that directory; missing directories are made. With a trailing slash, or if it is a
            directory, it receives the file under its own name.
        into : bool, optional
            Whether an existing directory receives the file; otherwise it is an error.
        skip_existing : bool, optional
            Skip a file that is there already: with the same size and checksum or, where the
            storage has no checksums, uploaded from here and changed on neither side since.
            Uploads are recorded in the data directory.
        **options
            Those of `TransferKeywords`.

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
        AlreadyExists
            If the path is a directory that must not receive it.
        TransferError
            If the file holds a private key or a certificate.
        """
        with self._uploading(options, skip_existing=skip_existing) as uploads:
            return uploads.file(local_fn, path, into=into)

    @accepts(TransferKeywords)
    def upload_dir(
        self,
        local_dir: LocalPath,
        path: str,
        *,
        root: LocalPath | None = None,
        display_path: str | None = None,
        include: str | Iterable[str] = (),
        exclude: str | Iterable[str] = (),
        hidden: bool = False,
        skip_existing: bool = False,
        answers: bool = True,
        **options: Unpack[TransferKeywords],
    ) -> list[dict[str, Any]]:
        """Upload all files below a directory into the user's home directory in the storage.

        Others can read what is uploaded. Symbolic links, pipes, sockets and devices below the
        directory, private keys and certificates are therefore left out and, unless `hidden` is
        given, files and directories whose names begin with a dot. That is no error: `on_result` is
        told of each (state ``left out``); without it, one warning is logged. The directory that is
        named itself is uploaded in any case, also if it is a link. A hard link cannot be told from
        the file.

        Parameters
        ----------
        local_dir : str or path
            The local directory.
        path : str
            The remote directory that receives its content, relative to the home directory.
        root : str or path, optional
            A directory above `local_dir`; no component of its path below this one may be a link.
        display_path : str, optional
            What errors and results call the directory; by default its path.
        include, exclude : str or iterable of str, optional
            Patterns of the files that are uploaded, and of those that are not
            (`ctadata.transfers.patterns.FilePatterns`); `include` adds no hidden ones.
        hidden : bool, optional
            Whether hidden files, and those in hidden directories, are uploaded, too.
        skip_existing : bool, optional
            Skip files that are there already, as `upload_file` does.
        answers : bool, optional
            Whether the answers are returned. For very many files `on_result` needs less memory.
        **options
            Those of `TransferKeywords`.

        Returns
        -------
        list of dict
            One for each file, as `upload_file` returns it, sorted by path.

        Raises
        ------
        AlreadyExists
            If two names would be one in the storage, also if they differ only in how accents are
            encoded (Unicode NFC and NFD); nothing is sent then.
        TransferError
            If some files failed; its ``failures`` name each of them.
        """
        with self._uploading(
            options,
            patterns=FilePatterns(include, exclude),
            hidden=hidden,
            skip_existing=skip_existing,
            answers=answers,
        ) as uploads:
            return uploads.directory(
                local_path(local_dir),
                path,
                root=None if root is None else local_path(root),
                display_path=None if display_path is None else text(display_path, "display_path"),
            )

    @accepts(TransferKeywords)
    def upload_many(
        self,
        local_paths: Iterable[LocalPath],
        path: str,
        *,
        recursive: bool = False,
        include: str | Iterable[str] = (),
        exclude: str | Iterable[str] = (),
        hidden: bool = False,
        skip_existing: bool = False,
        answers: bool = True,
        **options: Unpack[TransferKeywords],
    ) -> list[dict[str, Any]]:
        """Upload several files and directories into one directory, each under its own name.

        Directories are treated as by `upload_dir`; a file that is named here is uploaded also if
        it is hidden or a link. Private keys and certificates are refused.

        Parameters
        ----------
        local_paths : iterable of str or path
            Files, and directories where `recursive` allows them.
        path : str
            The remote directory that receives them, relative to the home directory.
        recursive : bool, optional
            Whether directories are uploaded.
        include, exclude : str or iterable of str, optional
            Patterns of the files of directories, as for `upload_dir`.
        hidden : bool, optional
            Whether hidden files below directories are uploaded, too.
        skip_existing : bool, optional
            Skip files that are there already, as `upload_file` does.
        answers : bool, optional
            Whether the answers are returned. For very many files `on_result` needs less memory.
        **options
            Those of `TransferKeywords`.

        Returns
        -------
        list of dict
            One for each file, as `upload_file` returns it, sorted by path.

        Raises
        ------
        AlreadyExists
            If two names would be one in the storage; nothing is sent then.
        TransferError
            If some files failed; its ``failures`` name each of them.
        """
        planned = planned_uploads(local_paths, path, recursive=recursive)
        with self._uploading(
            options,
            patterns=FilePatterns(include, exclude),
            hidden=hidden,
            skip_existing=skip_existing,
            answers=answers,
        ) as uploads:
            return uploads.many(planned)

    @accepts(TransferKeywords)
    def upload_files(
        self,
        files: Mapping[str, LocalPath],
        *,
        display_paths: Mapping[str, str] | None = None,
        leave_out: bool = False,
        **options: Unpack[TransferKeywords],
    ) -> list[dict[str, Any]]:
        """Upload several files, each to a path of its own.

        Parameters
        ----------
        files : mapping of str to str or path
            The local file for each path, relative to the home directory; missing directories are
            made.
        display_paths : mapping of str to str, optional
            What errors call a local file, by its path.
        leave_out : bool, optional
            Leave out private keys and certificates, as `upload_dir` does, instead of refusing them.
        **options
            Those of `TransferKeywords`.

        Returns
        -------
        list of dict
            One for each file, as `upload_file` returns it, sorted by path.

        Raises
        ------
        AlreadyExists
            If two names would be one in the storage; nothing is sent then.
        TransferError
            If some files failed; its ``failures`` name each of them.
        """
        planned = [
            PlannedTransfer(os.fspath(local_path(local)), tuple(check_remote_path(path)))
            for path, local in mapping(files, "files").items()
        ]
        for one in planned:
            one.check_named()
        called = None if display_paths is None else mapping(display_paths, "display_paths")
        with self._uploading(options) as uploads:
            return uploads.many(planned, called, leave_out=leave_out)

    @accepts(ClientOptions)
    def upload_certificate(
        self,
        file: LocalPath | bytes | None = None,
        certificate_key: str = config.CERTIFICATE_KEY,
        *,
        force: bool = False,
        certificate_file_path: LocalPath | None = None,
        **options: Unpack[ClientOptions],
    ) -> dict[str, Any]:
        """Delegate your own proxy certificate to the certificate service.

        Parameters
        ----------
        file : str, path or bytes, optional
            A file in PEM form with the certificate, its private key and its chain, or the content
            of one; by default that named by ``X509_USER_PROXY``, or ``/tmp/x509up_u<uid>``.
        certificate_key : str, optional
            What it is for: one of ``CTACS_ALLOWED_CERT_KEYS``, by default ``cta``, ``lst``,
            ``arc``.
        force : bool, optional
            Send it in spite of problems that were found, unless it may give away a long-lived key.
        certificate_file_path : str or path, optional
            What earlier releases call `file`.
        **options
            Those of `ClientOptions`.

        Returns
        -------
        dict
            ``message`` and ``validity``, the time (RFC 1123, UTC) of its end, as the service sends
            them.

        Raises
        ------
        CertificateError
            If the file is not regular, not the user's own or readable by others, if
            `ctadata.certificates.inspect` finds problems (``findings``), or if the service does
            not store it.
        """
        file = either_file(file, certificate_file_path)
        client = self.with_options(**options)
        return client.delegate_certificate(file, certificate_key, force=force)[0]

    @accepts(ClientOptions)
    def upload_personal_certificate(
        self,
        file: LocalPath | bytes | None = None,
        certificate_key: str = config.CERTIFICATE_KEY,
        user: str | None = None,
        *,
        force: bool = False,
        certificate_file_path: LocalPath | None = None,
        **options: Unpack[ClientOptions],
    ) -> dict[str, Any]:
        """Delegate a user's proxy certificate to the certificate service.

        Parameters
        ----------
        file : str, path or bytes, optional
            The certificate, as for `upload_certificate`.
        certificate_key : str, optional
            What it is for, as for `upload_certificate`.
        user : str, optional
            Another user's name, for administrators.
        force : bool, optional
            Send it in spite of problems that were found, as for `upload_certificate`.
        certificate_file_path : str or path, optional
            What earlier releases call `file`.
        **options
            Those of `ClientOptions`.

        Returns
        -------
        dict
            As from `upload_certificate`.

        Raises
        ------
        CertificateError
            As from `upload_certificate`.
        """
        file = either_file(file, certificate_file_path)
        client = self.with_options(**options)
        if user is not None and not isinstance(user, str):
            raise CertificateError(f"user={user!r} is no user's name; give a string, or None")
        if user is None:
            return client.delegate_certificate(file, certificate_key, force=force)[0]
        return store(client._certificates, file, certificate_key, user, force=force)[0]

    def delegate_certificate(
        self, file: LocalPath | bytes | None, certificate_key: str, *, force: bool = False
    ) -> tuple[dict[str, Any], Delegation]:
        """Delegate your own proxy certificate, and record that it was delegated.

        Parameters
        ----------
        file, certificate_key, force
            As for `upload_certificate`.

        Returns
        -------
        dict
            As from `upload_certificate`.
        Delegation
            The record: whose certificate, for what, until when.

        Raises
        ------
        CertificateError
            As from `upload_certificate`.
        """
        delegations = self._delegations
        answer, proxy = store(self._certificates, file, certificate_key, force=force)
        delegation = Delegation.from_proxy(proxy, certificate_key, answer["validity"])
        delegations.remember(delegation)
        return answer, delegation

    @accepts(ClientOptions)
    def upload_shared_certificate(
        self,
        file: LocalPath | bytes | None = None,
        *,
        force: bool = False,
        certificate_file_path: LocalPath | None = None,
        **options: Unpack[ClientOptions],
    ) -> dict[str, Any]:
        """Store the certificate that all users share; for administrators.

        Parameters
        ----------
        file : str, path or bytes
            The certificate, as for `upload_certificate`; there is no default.
        force : bool, optional
            Send it in spite of problems that were found, as for `upload_certificate`.
        certificate_file_path : str or path, optional
            What earlier releases call `file`.
        **options
            Those of `ClientOptions`.

        Returns
        -------
        dict
            ``message`` and ``certificateUploaded``.

        Raises
        ------
        CertificateError
            As from `upload_certificate`.
        """
        client = self.with_options(**options)
        file = either_file(file, certificate_file_path)
        return store_shared(client._certificates, file, force=force)

    def delegations(self) -> list[Delegation]:
        """Return the last certificate that was delegated from this account, for each key.

        The certificate service cannot be asked: certificates that were uploaded from elsewhere are
        not among them.
        """
        known = map(self._delegations.known, config.certificate_keys())
        return [delegation for delegation in known if delegation is not None]

    def shared_certificate_status(self) -> tuple[bool, str]:
        """Ask the certificate service for the certificate that all users share.

        Returns
        -------
        bool
            Whether it can be used.
        str
            What the service says of it.
        """
        return self._certificates.shared_status()

    @accepts(ClientOptions)
    def webdav4_client(self, **options: Unpack[ClientOptions]) -> Client:
        """Return a `webdav4.client.Client` for the service.

        Parameters
        ----------
        **options
            Those of `ClientOptions`.

        Returns
        -------
        ctadata.storage.webdav_client.Client
            With the service's address, and the token, read at each request.
        """
        from .storage.webdav_client import Client

        return Client(self.with_options(**options)._service)

    def __copy__(self) -> Self:
        # By `__reduce__`, a copy would be the same object.
        client = object.__new__(type(self))
        vars(client).update(vars(self))
        return client

    def _assign(self, options: Mapping[str, Any]) -> Self:
        """Set the options that are given on this client, over the class attributes."""
        unknown = options.keys() - ClientOptions.__annotations__.keys()
        if unknown:
            raise TypeError(f"got an unexpected keyword argument {min(unknown)!r}")
        vars(self).update({name: value for name, value in options.items() if value is not None})
        # Refused now, and not at the first call.
        self._http(config.DOWNLOADSERVICE_VARIABLE)
        for name in ("max_listing_entries", "max_listing_bytes"):
            if options.get(name) is not None:
                count(options[name], name, 1)
        return self

    def _http(self, variable: str) -> HTTPClient:
        return HTTPClient(
            self._current_token,
            timeout=seconds(self.timeout, "timeout", config.MAX_TIMEOUT),
            retries=count(self.retries, "retries", 0),
            min_speed=speed(self.min_speed, "min_speed"),
            watchdog=self._watchdog,
            variable=variable,
        )

    def _current_token(self) -> str | None:
        return config.token(self.token)

    @property
    def _service(self) -> DownloadService:
        url = self.downloadservice_url
        http = self._http(config.DOWNLOADSERVICE_VARIABLE)
        limits = config.listing_limits(self.max_listing_entries, self.max_listing_bytes)
        return DownloadService(http, url, self._states[url], limits)

    @property
    def _certificates(self) -> CertificateService:
        http = self._http(config.CERTIFICATESERVICE_VARIABLE)
        return CertificateService(http, self.certificateservice_url)

    @property
    def _delegations(self) -> Delegations:
        directory = config.data_directory(self.data_dir) / "certificates"
        return Delegations(directory, self.certificateservice_url)

    def _block_size(self) -> int | None:
        return None if self.chunk_size is None else count(self.chunk_size, "chunk_size", 0)

    def _for_transfer(
        self, options: Mapping[str, Any], **more: Any
    ) -> tuple[Self, TransferOptions]:
        """Take apart what a method was called with: the client's options and the transfer's."""
        names = {field.name for field in fields(TransferOptions)} - {"chunk_size"}
        own = {name: options[name] for name in names & options.keys()}
        client = self.with_options(
            **{name: value for name, value in options.items() if name not in names}
        )
        return client, TransferOptions(chunk_size=client._block_size(), **own, **more)

    def _uploading(
        self, options: Mapping[str, Any], **more: Any
    ) -> AbstractContextManager[Uploads]:
        client, transfer = self._for_transfer(options, **more)
        service = client._service
        history = UploadHistory(partial(config.data_directory, client.data_dir), service.url)
        return uploading(service, transfer, history)


# What the module's functions learn of a service is remembered by this one client.
default_client = APIClient()

list_dir = default_client.list_dir
fetch_and_save_file = default_client.fetch_and_save_file
fetch_and_save_file_or_dir = default_client.fetch_and_save_file_or_dir
fetch_many = default_client.fetch_many
upload_file = default_client.upload_file
upload_dir = default_client.upload_dir
upload_many = default_client.upload_many
upload_certificate = default_client.upload_certificate
upload_personal_certificate = default_client.upload_personal_certificate
upload_shared_certificate = default_client.upload_shared_certificate
webdav4_client = default_client.webdav4_client
