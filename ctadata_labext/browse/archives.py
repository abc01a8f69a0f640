"""Zip archives of files in the storage: planned first, then created while they are sent."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from ctadata.entries import Entry
from ctadata.errors import CTADataError, NotFound
from ctadata.storage.paths import check_remote_path
from ctadata.transfers.remote_file import file_size

from ..errors import Abandoned, BadRequest, WholeStorage
from .walk import ConcurrentWalk, outermost
from .zip_stream import Member, zip_length, zip_pieces

if TYPE_CHECKING:
    from ctadata.api import APIClient
    from ctadata.storage.listing import Listing

    from ..service_calls import ServiceCalls

__all__ = ["Archive", "Archives", "content", "plan"]

# Members of one archive: they are held in memory until it was sent.
MAX_MEMBERS = 100_000
# Bytes of an archive: files and programs count them with 63 bits.
MAX_LENGTH = (1 << 63) - 1
# Archives, and members of all of them, that are kept, and for how many seconds.
MAX_ARCHIVES = 20
MAX_KEPT_MEMBERS = 200_000
LIFETIME = 600.0
# Characters of a file's date.
MAX_DATE = 64


@dataclass(frozen=True)
class Archive:
    """A planned zip file.

    Attributes
    ----------
    name : str
        The file's name.
    members : sequence of Member
        What will be in it.
    owner : str
        The user who may download it.
    length : int
        The file's length in bytes.
    id : str
        Names it in the REST interface.
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
    """Keeps a few planned archives for some minutes."""

    def __init__(self) -> None:
        self._archives: dict[str, tuple[float, Archive]] = {}

    def add(self, archive: Archive) -> None:
        """Keep an archive; where there are too many, the oldest ones are dropped."""
        self._drop_expired()
        self._archives[archive.id] = time.monotonic() + LIFETIME, archive
        while len(self._archives) > MAX_ARCHIVES or self._members() > MAX_KEPT_MEMBERS:
            del self._archives[next(iter(self._archives))]

    def get(self, archive_id: str, owner: str | None) -> Archive:
        """Return an archive of a user; the server's owner, who is None, can have all.

        Raises
        ------
        NotFound
            If this user has no archive with this id, or it has expired.
        """
        self._drop_expired()
        _, archive = self._archives.get(archive_id, (0.0, None))
        if archive is None or owner not in {None, archive.owner}:
            raise NotFound("There is no such archive any more; choose the files once more")
        return archive

    def _members(self) -> int:
        return sum(len(archive.members) for _, archive in self._archives.values())

    def _drop_expired(self) -> None:
        now = time.monotonic()
        self._archives = {i: kept for i, kept in self._archives.items() if kept[0] > now}


async def plan(
    calls: ServiceCalls, paths: Sequence[str], has_left: Callable[[], bool]
) -> tuple[str, list[Member]]:
    """Return the name of an archive, and what will be in it.

    It has each path under its own name or, where two have the same name, all under whole paths.

    Raises
    ------
    InvalidPath
        If a path cannot be asked for, or is the root.
    BadRequest
        If there are too many members.
    CTADataError
        If not all of them could be listed: an archive without some files would pass for complete.
    Abandoned
        If `has_left` says that the browser has gone.
    """
    name, find = _members_in(paths)
    walk = ConcurrentWalk(calls, paths, find)
    members: list[Member] = []
    async with aclosing(walk.results(MAX_MEMBERS)) as results:
        async for found in results:
            members += found
            if has_left():
                raise Abandoned
            if walk.failures:
                raise walk.failures[0]
            if len(members) > MAX_MEMBERS:
                raise BadRequest(
                    f"These are more than {MAX_MEMBERS} files; choose fewer, or download them "
                    "to the workspace"
                )
    return name, members


def _members_in(paths: Sequence[str]) -> tuple[str, Callable[[Listing], list[Member]]]:
    """Return an archive's name, and a function that returns the members in a listing."""
    chosen = outermost(paths)
    if chosen == [""]:
        raise WholeStorage
    segments = [check_remote_path(path) for path in chosen]
    names = [last for *_, last in segments]
    whole = len(set(names)) < len(names)
    # How many characters of each path are not repeated in the archive.
    above = {path: 0 if whole else len(path) - len(names[n]) for n, path in enumerate(chosen)}
    parents = {tuple(parent) for *parent, _ in segments}
    parent = list(parents.pop()) if len(parents) == 1 else []
    name = names[0] if len(names) == 1 else parent[-1] if parent else "ctadata"

    def find(listing: Listing) -> list[Member]:
        path = listing.own.path
        cut = next(above[top] for top in _upwards(path) if top in above)
        if listing.own.is_directory and not listing.children:
            return [Member(f"{path[cut:]}/", path, 0, "")]
        # One more tells that there are too many.
        return [_member(entry, cut) for entry in islice(listing.files, MAX_MEMBERS + 1)]

    return f"{name}.zip", find


def content(client: APIClient, archive: Archive) -> Generator[bytes, None, None]:
    """Yield an archive's bytes; each file is fetched when its turn comes.

    Raises
    ------
    CTADataError
        What `APIClient.iter_bytes` raises, also where a file has changed since it was planned.
    """

    def fetch(member: Member) -> Iterable[bytes]:
        entry = Entry(member.path, {"size": str(member.size), "mtime": member.mtime})
        try:
            yield from client.iter_bytes(member.path, entry=entry)
        except CTADataError as error:
            # Where an archive breaks off in the middle, only the log can say why.
            error.path = error.path or member.path
            raise

    return zip_pieces(archive.members, fetch)


def _member(entry: Entry, cut: int) -> Member:
    modified = str(entry.get("mtime", ""))
    # A longer text is not a date.
    return Member(entry.path[cut:], entry.path, file_size(entry), modified[:MAX_DATE])


def _upwards(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition("/")[0]
