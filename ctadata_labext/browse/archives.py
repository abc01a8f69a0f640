"""Zip files of what is in the storage: planned first, then made while they are sent."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from ctadata.entries import Entry
from ctadata.errors import CTADataError, InvalidPath, NotFound
from ctadata.storage.paths import check_remote_path
from ctadata.transfers.remote_file import file_size

from ..errors import BadRequest
from .walk import distinct
from .zip_stream import Member, zip_length, zip_pieces

if TYPE_CHECKING:
    from ctadata.api import APIClient
    from ctadata.storage.listing import Listing

__all__ = ["MAX_MEMBERS", "Archive", "Archives", "content", "members_of"]

# Members that one archive may have: what is known of each is held until it was sent.
MAX_MEMBERS = 100_000
# Bytes of an archive: what files and programs count with 63 bits.
MAX_LENGTH = (1 << 63) - 1
# Archives, and members of all of them, that are remembered, and for how many seconds.
MAX_ARCHIVES = 20
MAX_REMEMBERED = 200_000
LIFETIME = 600.0
# Characters of a file's date.
MAX_DATE = 64


@dataclass(frozen=True)
class Archive:
    """What will be in a zip file.

    Attributes
    ----------
    name : str
        Its own name.
    members : sequence of Member
        What will be in it.
    owner : str
        The user who may have it.
    length : int
        Its length in bytes.
    id : str
        What it is asked for with.
    """

    name: str
    members: Sequence[Member]
    owner: str
    length: int = field(init=False)
    id: str = field(init=False, default_factory=lambda: secrets.token_hex(16))

    def __post_init__(self) -> None:
        length = zip_length(self.members)
        if length > MAX_LENGTH:
            raise BadRequest(
                "These files are larger than any zip file can be; choose fewer of them"
            )
        object.__setattr__(self, "length", length)

    @property
    def files(self) -> int:
        """The number of files in it."""
        return sum(not member.name.endswith("/") for member in self.members)


class Archives:
    """Remembers a few archives for some minutes."""

    def __init__(self) -> None:
        self._archives: dict[str, tuple[float, Archive]] = {}

    def add(self, archive: Archive) -> None:
        """Remember an archive; the oldest ones are forgotten where there are too many."""
        self._forget()
        self._archives[archive.id] = time.monotonic() + LIFETIME, archive
        while len(self._archives) > MAX_ARCHIVES or self._members() > MAX_REMEMBERED:
            del self._archives[next(iter(self._archives))]

    def get(self, archive_id: str, owner: str | None) -> Archive:
        """Return an archive.

        Parameters
        ----------
        archive_id : str
            Its id.
        owner : str or None
            Who asks for it; None for the server's owner.

        Raises
        ------
        NotFound
            If there is none of this id for this user, or it was too long ago.
        """
        self._forget()
        _, archive = self._archives.get(archive_id, (0.0, None))
        if archive is None or owner not in {None, archive.owner}:
            raise NotFound("There is no such archive any more; choose the files once more")
        return archive

    def _members(self) -> int:
        return sum(len(archive.members) for _, archive in self._archives.values())

    def _forget(self) -> None:
        now = time.monotonic()
        self._archives = {i: kept for i, kept in self._archives.items() if kept[0] > now}


def members_of(paths: Sequence[str]) -> tuple[str, Callable[[Listing], list[Member]]]:
    """Plan an archive.

    Parameters
    ----------
    paths : sequence of str
        Files and directories; each is found in the archive under its own name or, where two have
        the same, all under their whole paths.

    Returns
    -------
    name : str
        The archive's name.
    look : callable
        Returns the members that a listing adds; a `Walk` can look with it. It raises what
        `ctadata.transfers.remote_file.file_size` raises.

    Raises
    ------
    InvalidPath
        If a path cannot be asked for, or is the root.
    """
    chosen = distinct(paths)
    if chosen == [""]:
        raise InvalidPath("The whole storage cannot be downloaded; choose a directory")
    segments = [check_remote_path(path) for path in chosen]
    names = [last for *_, last in segments]
    whole = len(set(names)) < len(names)
    # What of a path is not repeated in the archive.
    above = {path: 0 if whole else len(path) - len(names[n]) for n, path in enumerate(chosen)}
    parents = {tuple(parent) for *parent, _ in segments}
    parent = list(parents.pop()) if len(parents) == 1 else []
    name = names[0] if len(names) == 1 else parent[-1] if parent else "ctadata"

    def look(listing: Listing) -> list[Member]:
        path = listing.own.path
        cut = next(above[top] for top in _upwards(path) if top in above)
        if not listing.own.is_directory:
            return [_member(listing.own, cut)]
        if not listing.children:
            return [Member(f"{path[cut:]}/", path, 0, "")]
        files = (entry for entry in listing.children if not entry.is_directory)
        # One more tells that there are too many.
        return [_member(entry, cut) for entry in islice(files, MAX_MEMBERS + 1)]

    return f"{name}.zip", look


def content(client: APIClient, archive: Archive) -> Generator[bytes, None, None]:
    """Return an archive's bytes; each file is fetched when it is its turn.

    Raises
    ------
    CTADataError
        What `APIClient.iter_bytes` raises, such as for a file that is not the one of the plan.
    """

    def fetched(member: Member) -> Iterable[bytes]:
        entry = Entry(member.path, {"size": str(member.size), "mtime": member.mtime})
        try:
            yield from client.iter_bytes(member.path, entry=entry)
        except CTADataError as error:
            # What breaks off in the middle of an archive can only be told in the log.
            error.path = error.path or member.path
            raise

    return zip_pieces(archive.members, fetched)


def _member(entry: Entry, cut: int) -> Member:
    modified = str(entry.get("mtime", ""))
    # What is longer is no date.
    return Member(entry.path[cut:], entry.path, file_size(entry), modified[:MAX_DATE])


def _upwards(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition("/")[0]
