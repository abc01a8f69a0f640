"""The planned uploads of one call; refuses sources that would have the same target."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable
from typing import NamedTuple
from unicodedata import normalize as unicode_normalize

from .._files import local_path, several
from ..errors import AlreadyExists, CTADataError, InvalidPath, TransferError
from ..storage.paths import check_remote_path
from .local.upload_tree import DIRECTORY, FILE, Item, LeftOut, UploadTree
from .patterns import FilePatterns

__all__ = [
    "PlannedTransfer",
    "nameless",
    "normalized",
    "planned_uploads",
    "refuse_conflicts",
    "refuse_equivalent_names",
]

_REMEDY = "nothing was transferred: choose different directories or names"


class PlannedTransfer(NamedTuple):
    """A source and its target.

    Attributes
    ----------
    source : str
        The path to read, with ``/`` between its segments.
    target : tuple of str
        The segments of the path to write.
    directory : bool
        Whether the source is a directory.
    """

    source: str
    target: tuple[str, ...]
    directory: bool = False

    def check_named(self) -> None:
        """Raise `InvalidPath` if this is a file without a name in the storage."""
        if not (self.target or self.directory):
            raise InvalidPath(f"{self.source!r} is given no name in the storage", path=self.source)


def nameless(local: str) -> InvalidPath:
    """Return the error for a local file or directory without a usable name of its own."""
    return InvalidPath(f"{local!r} has no name under which it could be uploaded", path=local)


def planned_uploads(
    local_paths: Iterable[str | os.PathLike[str]], path: str, *, recursive: bool
) -> list[PlannedTransfer]:
    """Return uploads of files and directories into one directory, each under its own name.

    Parameters
    ----------
    local_paths : iterable of str or path
        The files and directories; one that is given twice is uploaded once.
    path : str
        The remote directory that receives them.
    recursive : bool
        Whether directories are allowed.

    Raises
    ------
    InvalidPath
        If one of them has no name, or one that is not allowed in the storage.
    TransferError
        If one is a directory and `recursive` is false.
    """
    into = tuple(check_remote_path(path))
    planned: dict[tuple[str, str], PlannedTransfer] = {}
    for local in map(local_path, several(local_paths, "local_paths")):
        is_directory = os.path.isdir(local)
        if is_directory and not recursive:
            raise TransferError(
                f"{str(local)!r} is a directory; upload it with recursive=True (put -r)",
                path=str(local),
            )
        name = os.path.basename(os.path.realpath(local)) if is_directory else local.name
        if not name:
            raise nameless(str(local))
        one = PlannedTransfer(os.fspath(local), (*into, name), is_directory)
        planned.setdefault((os.path.abspath(local), name), one)
    return list(planned.values())


def normalized(name: str) -> str:
    """Return the form that all names share which a storage may take for the same.

    Such names differ only in how their accents are composed (Unicode NFC and NFD). They look
    alike, and some storages and many disks store them as one file. Names that differ in case are
    different in the storage.
    """
    return name if name.isascii() else unicode_normalize("NFC", name)


def refuse_conflicts(
    planned: Iterable[PlannedTransfer], what: str, normalize: Callable[[str], str] = normalized
) -> None:
    """Raise if two sources have the same target, or if one target lies inside another.

    Parameters
    ----------
    planned : iterable of PlannedTransfer
        The sources of one call.
    what : str
        What is done with them, for the error: ``uploaded`` or ``saved``.
    normalize : callable, optional
        Returns the form that all names of one file share.

    Raises
    ------
    AlreadyExists
        Names both sources and the target.
    """
    taken: dict[tuple[str, ...], PlannedTransfer] = {}
    for one in planned:
        other = taken.setdefault(tuple(map(normalize, one.target)), one)
        if other is not one:
            raise AlreadyExists(
                f"{other.source!r} and {one.source!r} would both be {what} as "
                f"{_display_path(one.target)!r}; {_REMEDY}",
                path=one.source,
            )
    for key, one in taken.items():
        for depth in range(len(key)):
            above = taken.get(key[:depth])
            # A file that is given in addition to its directory has the same target either way.
            if above is None or (
                above.directory
                and one.source == "/".join(filter(None, [above.source, *one.target[depth:]]))
            ):
                continue
            raise AlreadyExists(
                f"{one.source!r} would be {what} as {_display_path(one.target)!r}, inside of "
                f"{_display_path(above.target)!r}, which is to be {above.source!r}; {_REMEDY}",
                path=one.source,
            )


def _display_path(target: tuple[str, ...]) -> str:
    return os.path.join(*target) if target else "."


def refuse_equivalent_names(
    tree: UploadTree, patterns: FilePatterns, check: Callable[[], None]
) -> None:
    """Raise `AlreadyExists` if two names in one directory of a tree may be one in the storage.

    `check` raises if the work has been stopped.
    """
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        check()
        above = waiting.pop()
        items: list[Item] = []
        # An unreadable directory is reported when it is uploaded.
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
            other = taken.setdefault(normalized(name), name)
            if other != name:
                display_path = tree.display_path(below)
                raise AlreadyExists(
                    f"{tree.display_path((*above, other))!r} and {display_path!r} differ only in "
                    "how their accents are encoded, and may become one file in the storage; "
                    "nothing was transferred: rename one of them",
                    path=display_path,
                )
