"""Walks through the storage: top down, lazily; directories that seem to contain themselves end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from ..entries import Entry, ManyEntries
from ..errors import CTADataError, StorageException
from ..storage.download_service import DownloadService
from ..storage.listing import Listing
from ..storage.path_lookup import resolve_href, suggest_on_not_found

__all__ = ["FEW", "Ancestors", "LoopDetector", "Step", "walk"]

MAX_DEPTH = 64
# How often a directory may list the same as one above it: on one path, and in the whole walk.
REPETITIONS = 3
MAX_REPEATED = 100
# Entries up to which a listing is a list; a longer one stays compressed.
FEW = 10_000

#: The fingerprints of the listings of the directories above.
Ancestors: TypeAlias = tuple[int, ...]
#: A directory, the directories in it, and the files in it.
Step: TypeAlias = tuple[str, list[Entry], Sequence[Entry]]


class LoopDetector:
    """Finds the loops in one walk through the storage; threads may share it."""

    def __init__(self) -> None:
        self._known: set[int] = set()
        self._repeated: Counter[int] = Counter()

    def check_for_loop(self, listing: Listing, ancestors: Ancestors) -> Ancestors:
        """Return the ancestors of what is in a directory, given its own.

        Raises
        ------
        StorageException
            If it lists the same as several directories above it, or lies too deep.
        """
        path, fingerprint = listing.own.path, listing.fingerprint
        if len(ancestors) > MAX_DEPTH:
            raise StorageException(
                f"{path!r} is more than {MAX_DEPTH} levels deep; is there a loop in the "
                "storage? Choose its directories by themselves",
                path=path,
            )
        # Directories that were made together may list the same; a known loop is entered no more.
        repeated = ancestors.count(fingerprint)
        if repeated:
            self._repeated[fingerprint] += 1
        if repeated >= REPETITIONS or self._repeated[fingerprint] > MAX_REPEATED:
            self._known.add(fingerprint)
        if repeated and fingerprint in self._known:
            raise StorageException(
                f"{path!r} lists the same as a directory above it; it is a loop in the storage "
                "and left out",
                path=path,
            )
        return (*ancestors, fingerprint)


def walk(
    service: DownloadService,
    path: str,
    *,
    maxdepth: int | None,
    on_error: Callable[[CTADataError], object] | None,
    on_cut: Callable[[StorageException], object],
) -> Iterator[Step]:
    """Yield each directory with what is in it; see `APIClient.walk`.

    `on_cut` is called where a listing was not read to its end.
    """
    loops = LoopDetector()
    # For each level, the directories that wait to be listed, and their ancestors.
    levels: list[tuple[Iterator[str], Ancestors]] = [(iter([resolve_href(service, path)]), ())]
    while levels:
        waiting, ancestors = levels[-1]
        directory = next(waiting, None)
        if directory is None:
            levels.pop()
            continue
        try:
            with suggest_on_not_found(service, directory):
                listing = service.listing(directory, FEW)
            below = loops.check_for_loop(listing, ancestors)
        except CTADataError as error:
            if on_error is None or not ancestors:
                raise
            on_error(error)
            continue
        if listing.cut is not None:
            on_cut(listing.cut)
        directories, files = _split(listing)
        yield listing.own.path, directories, files
        del listing, files
        if maxdepth is None or len(levels) < maxdepth:
            levels.append((iter(directories), below))


def _split(listing: Listing) -> tuple[list[Entry], Sequence[Entry]]:
    """Return the directories and the files in a directory; those of a long one stay compressed."""
    if isinstance(listing.children, ManyEntries):
        return listing.children.split()
    return list(listing.directories), list(listing.files)
