"""APIClient: one method for each thing that a user does with the services."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from ._arguments import count
from ._client_certificates import ClientCertificates
from ._client_downloads import ClientDownloads
from ._client_uploads import ClientUploads
from ._services import LocalPath
from .entries import Entries, Entry, ManyEntries
from .errors import CertificateError, CTADataError, InvalidPath, StorageException
from .storage import home_directory
from .storage.listing import FEW, EntrySink, Listing, ListingCut
from .storage.path_lookup import meant, suggesting
from .storage.paths import path_text
from .transfers.read_blocks import read_blocks
from .transfers.remote_file import file_size
from .transfers.walk import walk

if TYPE_CHECKING:
    from .storage.webdav_client import Client

__all__ = ["APIClient", "CTADataError", "CertificateError", "LocalPath", "StorageException"]

Sink = TypeVar("Sink", bound=EntrySink)


class APIClient(ClientDownloads, ClientUploads, ClientCertificates):
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
    data_dir : str or path, optional
        Where it is written down what was delegated; else ``CTADATA_DATA_DIR`` of the environment,
        else ``ctadata`` in Jupyter's data directory.
    timeout : float, optional
        Seconds that the service may stay silent before it counts as stalled; by default 60.
    retries : int, optional
        How often what failed in passing is tried again, since the last progress.
    min_speed : float, optional
        Bytes per second, over `timeout`, below which a transfer counts as stalled; by default
        1024.
    max_listing_entries : int, optional
        Entries of a directory that are read, the rest being cut off; else
        ``CTADATA_MAX_LISTING_ENTRIES`` of the environment, else 1,000,000.
    max_listing_bytes : int, optional
        Bytes of a listing that are read; else ``CTADATA_MAX_LISTING_BYTES``, else 512 MiB.

    Attributes
    ----------
    downloadservice, certificateservice, token, chunk_size, data_dir
        Can be assigned, on the class for all clients or on one client. What is None is read
        from the environment at each call.
    """

    @property
    def home_directory(self) -> str | None:
        """The directory that the user may write to, where the service has told it already."""
        return home_directory.known(self._service, self._current_token())

    def find_home_directory(self) -> str:
        """Return the directory that the user may write to; the service makes it if necessary.

        Returns
        -------
        str
            Relative to the storage's root, for example ``lst/users/alice``.

        Raises
        ------
        AccessDenied
            If the service lets the user write nowhere.
        ServiceTimeout
            If it answers so slowly that the directory is not found within two minutes.
        """
        return home_directory.find(self._service, self._current_token())

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

    def list_dir(self, path: str = "") -> Entries | ManyEntries:
        """List a directory.

        Parameters
        ----------
        path : str, optional
            A directory, or a file, relative to the storage's root.

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
        listing = self.listing(meant(self._service, path))
        if listing.cut is not None:
            _warn(str(listing.cut))
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
            What it is itself (``own``), what is in it (``children``), and what the service
            listed but nobody should ask for (``refused``). If it is too long to be read to its
            end, ``cut`` is the error that says so.

        Raises
        ------
        NotFound
            If there is nothing at this path.
        """
        service, path = self._service, path_text(path)
        with suggesting(service, path):
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
            What the service listed but nobody should ask for.

        Raises
        ------
        NotFound
            If there is nothing at this path.
        """
        service, path = self._service, path_text(path)
        with suggesting(service, path):
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
        directory that seems to contain itself is entered a few times only. Names that nobody
        should ask for are left out, with a warning in the log.

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
        on_cut = on_error or (lambda cut: _warn(str(cut)))
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
        with suggesting(service, path):
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

    def webdav4_client(self) -> Client:
        """Return a `webdav4.client.Client` for the service.

        Returns
        -------
        ctadata.storage.webdav_client.Client
            With the service's address, and the token, read at each request.
        """
        from .storage.webdav_client import Client

        return Client(self._service, self._current_token)


def _warn(text: str) -> None:
    """Warn the caller of this package, each time and not only the first."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_back is not None:
        frame = frame.f_back
        if str(frame.f_globals.get("__package__")).partition(".")[0] != __package__:
            break
    assert frame is not None
    warnings.warn_explicit(text, ListingCut, frame.f_code.co_filename, frame.f_lineno)
