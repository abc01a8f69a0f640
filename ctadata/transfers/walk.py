"""Walks through the storage; loops, where a directory seems to contain itself, are left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from ..entries import Entry
from ..errors import StorageException
from ..storage.listing import Listing

__all__ = ["Ancestors", "LoopDetector", "walk"]

MAX_DEPTH = 64
# How often a directory may list the same as one above it: on one path, and in the whole walk.
REPETITIONS = 3
MAX_REPEATED = 100

#: The fingerprints of the listings of the directories above.
Ancestors = tuple[int, ...]


class LoopDetector:
    """What one walk through the storage knows of loops; threads may share it."""

    def __init__(self) -> None:
        self._known: set[int] = set()
        self._repeated: Counter[int] = Counter()

    def below(self, path: str, ancestors: Ancestors, fingerprint: int) -> Ancestors:
        """Return the ancestors of what is in a directory.

        Parameters
        ----------
        path : str
            The directory.
        ancestors : tuple of int
            Its own.
        fingerprint : int
            That of its listing.

        Raises
        ------
        StorageException
            If it lists the same as several directories above it, or lies too deep.
        """
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
    list_directory: Callable[[str], Listing],
    path: str,
    collect: Callable[[], AbstractContextManager[None]],
) -> Iterator[Entry]:
    """Yield all that is below a directory, each directory before what is in it.

    Parameters
    ----------
    list_directory : callable
        Lists a path.
    path : str
        Where the walk begins; a file is all that is yielded.
    collect : callable
        Returns a context manager that takes the errors of directories that cannot be listed, or
        lets one pass, which ends the walk.

    Raises
    ------
    CTADataError
        If `path` cannot be listed.
    """
    loops = LoopDetector()
    listing = list_directory(path)
    if not listing.own.is_directory:
        yield listing.own
        return
    ancestors = loops.below(listing.own.path, (), listing.fingerprint)
    waiting = [(iter(listing.children), ancestors, listing.cut)]
    while waiting:
        entries, above, cut = waiting[-1]
        entry = next(entries, None)
        if entry is None:
            waiting.pop()
            if cut is not None:
                with collect():
                    raise cut
            continue
        yield entry
        if entry.is_directory:
            with collect():
                listing = list_directory(entry)
                ancestors = loops.below(entry.path, above, listing.fingerprint)
                waiting.append((iter(listing.children), ancestors, listing.cut))
