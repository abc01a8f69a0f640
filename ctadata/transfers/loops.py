"""Loops in the storage, where a directory seems to hold itself, are recognised and left out."""

from __future__ import annotations

from ..errors import StorageException

__all__ = ["Ancestors", "below"]

MAX_DEPTH = 64
REPETITIONS = 3

#: The fingerprints of the listings of the directories above.
Ancestors = tuple[int, ...]


def below(path: str, ancestors: Ancestors, fingerprint: int) -> Ancestors:
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
    if ancestors.count(fingerprint) >= REPETITIONS:
        raise StorageException(
            f"{path!r} lists the same as {REPETITIONS} directories above it; it is a loop in "
            "the storage and left out",
            path=path,
        )
    return (*ancestors, fingerprint)
