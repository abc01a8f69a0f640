"""What one call is to upload, and the refusal of sources that would have the same target."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable
from typing import NamedTuple
from unicodedata import normalize

from .._files import local_path, several
from ..errors import AlreadyExists, CTADataError, InvalidPath, TransferError
from ..storage.paths import check_remote_path
from .local.upload_tree import DIRECTORY, FILE, Item, LeftOut, UploadTree
from .patterns import FilePatterns

__all__ = ["PlannedUpload", "planned_uploads", "refuse_folded", "refuse_meeting", "same_name"]


class PlannedUpload(NamedTuple):
    """A source and its target.

    Attributes
    ----------
    source : str
        The path that is read, with ``/`` between its segments.
    target : tuple of str
        The segments of the path that is written.
    directory : bool
        Whether it is a directory.
    """

    source: str
    target: tuple[str, ...]
    directory: bool = False


def planned_uploads(
    local_paths: Iterable[str | os.PathLike[str]], path: str, *, recursive: bool
) -> list[PlannedUpload]:
    """Return uploads of files and directories into one directory, each under its own name.

    Parameters
    ----------
    local_paths : iterable of str or path
        The files and directories; one that is named twice is uploaded once.
    path : str
        The remote directory that receives them.
    recursive : bool
        Whether directories are allowed.

    Raises
    ------
    InvalidPath
        If one of them has no name, or cannot have it in the storage.
    TransferError
        If one is a directory and may not be.
    """
    into = tuple(check_remote_path(path))
    planned: dict[tuple[str, str], PlannedUpload] = {}
    for local in map(local_path, several(local_paths, "local_paths")):
        is_directory = os.path.isdir(local)
        if is_directory and not recursive:
            raise TransferError(
                f"{str(local)!r} is a directory; upload it with recursive=True (put -r)",
                path=str(local),
            )
        name = os.path.basename(os.path.realpath(local)) if is_directory else local.name
        if not name:
            raise InvalidPath(
                f"{str(local)!r} has no name under which it could be uploaded", path=str(local)
            )
        one = PlannedUpload(os.fspath(local), (*into, name), is_directory)
        planned.setdefault((os.path.abspath(local), name), one)
    return list(planned.values())


def same_name(name: str) -> str:
    """Return what names have in common that a storage may take for one.

    Those are names that differ only in how their accents are composed (Unicode's NFC and NFD).
    They look alike, and some storages and many disks store them as one file. Names that differ
    in case are different in the storage.
    """
    return name if name.isascii() else normalize("NFC", name)


def refuse_meeting(
    placed: Iterable[PlannedUpload], what: str, fold: Callable[[str], str] = same_name
) -> None:
    """Raise if two sources have the same target, or if a target lies inside another one.

    Parameters
    ----------
    placed : iterable of PlannedUpload
        The sources of one call.
    what : str
        What is done with them, for the error: ``uploaded`` or ``saved``.
    fold : callable, optional
        Returns what names have in common that mean one file.

    Raises
    ------
    AlreadyExists
        Names both sources and the target.
    """
    taken: dict[tuple[str, ...], PlannedUpload] = {}
    for one in placed:
        other = taken.setdefault(tuple(map(fold, one.target)), one)
        if other is not one:
            raise AlreadyExists(
                f"{other.source!r} and {one.source!r} would both be {what} as "
                f"{_display_path(one.target)!r}; nothing was transferred: choose different "
                "directories or names",
                path=one.source,
            )
    for key, one in taken.items():
        for depth in range(len(key)):
            above = taken.get(key[:depth])
            # A file that is named beside its directory has the same target either way.
            if above is None or (
                above.directory
                and one.source == "/".join(filter(None, [above.source, *one.target[depth:]]))
            ):
                continue
            raise AlreadyExists(
                f"{one.source!r} would be {what} as {_display_path(one.target)!r}, inside of "
                f"{_display_path(above.target)!r}, which is to be {above.source!r}; nothing was "
                "transferred: choose different directories or names",
                path=one.source,
            )


def _display_path(target: tuple[str, ...]) -> str:
    return os.path.join(*target) if target else "."


def refuse_folded(tree: UploadTree, patterns: FilePatterns, check: Callable[[], None]) -> None:
    """Raise if two names in one local directory, or in one below it, may be one in the storage.

    Parameters
    ----------
    tree : UploadTree
        The directory that is uploaded.
    patterns : FilePatterns
        Which files take part.
    check : callable
        Raises once the work is to stop.

    Raises
    ------
    AlreadyExists
        Names both.
    """
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        check()
        above = waiting.pop()
        items: list[Item] = []
        # A directory that cannot be read is reported when it is its turn.
        with contextlib.suppress(CTADataError, LeftOut):
            items = tree.items(above)
        taken: dict[str, str] = {}
        for name, kind in items:
            below = (*above, name)
            if kind == DIRECTORY:
                if patterns.prunes("/".join(below)):
                    continue
                waiting.append(below)
            elif kind != FILE or not patterns.takes("/".join(below)):
                continue
            if name.isascii():
                continue
            other = taken.setdefault(same_name(name), name)
            if other != name:
                display_path = tree.display_path(below)
                raise AlreadyExists(
                    f"{tree.display_path((*above, other))!r} and {display_path!r} differ only in "
                    "how their accents are encoded, and may become one file in the storage; "
                    "nothing was transferred: rename one of them",
                    path=display_path,
                )
