"""Remote paths: splitting, checking, quoting. Every path that is sent passes through here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePath
from unicodedata import category
from urllib.parse import quote

from .._arguments import refuse_secret
from ..entries import Href
from ..errors import InvalidPath

__all__ = [
    "FORBIDDEN",
    "check_name_lengths",
    "check_remote_path",
    "join_quoted",
    "local_name",
    "path_text",
]

#: Characters that no remote name may have, for use in a set of a regular expression: backslash,
#: control characters (Unicode's Cc), and lone surrogates (Cs), which cannot be sent.
FORBIDDEN = r"\\\x00-\x1f\x7f-\x9f\ud800-\udfff"
# The escapes that `printable` writes for invisible characters.
_WRITTEN_OUT = re.compile(r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")
_forbidden = re.compile(f"[{FORBIDDEN}]")
# The longest name that the usual file systems store (NAME_MAX).
MAX_NAME_BYTES = 255
#: The endings of unfinished downloads: of a journal, and of a part file with its process.
JOURNAL = ".ctadata-journal"
PART = ".part"
PROCESS = r"\.([0-9a-f]{8})-([0-9]{1,10})-[0-9a-f]{8}"
_TEMPORARY = re.compile(rf".*({re.escape(JOURNAL)}|{PROCESS}{re.escape(PART)})", re.DOTALL)


def path_text(path: str | PurePath) -> str:
    """Return a remote path as a string.

    Raises
    ------
    InvalidPath
        If it is neither a string nor a `pathlib` path, or if it is a certificate or token.
    """
    if isinstance(path, PurePath):
        path = path.as_posix()
    if not isinstance(path, str):
        raise InvalidPath(f"{path!r} is not a remote path; give a string such as 'cta/DL1'")
    refuse_secret(path, InvalidPath, remote=True)
    return path


def check_remote_path(path: str) -> list[str]:
    """Split a remote path into its segments, and refuse paths that must not be requested.

    Parameters
    ----------
    path : str
        A decoded path relative to the storage's root; a leading and a trailing slash are
        ignored. An `Href` stands for the path of its entry.

    Returns
    -------
    list of str
        The segments; none for the root.

    Raises
    ------
    InvalidPath
        If a segment is empty, ``.`` or ``..``, or has a backslash or a control character.
    """
    # str(): an Entry splits like a string but should not be passed on as one.
    text = path.path if isinstance(path, Href) else str(path_text(path))
    text = text.removeprefix("/").removesuffix("/")
    segments = text.split("/") if text else []
    for segment in segments:
        if segment in {"", ".", ".."}:
            what = f"the segment {segment!r}" if segment else "'//'"
            raise InvalidPath(
                f"{text!r} has {what}; give a path from the storage's root, such as 'cta/DL1'",
                path=text,
            )
    if found := _forbidden.search(text):
        hint = (
            "; if it was printed so, 'ctadata list --json' and list_dir have the name as it is"
            if _WRITTEN_OUT.search(text)
            else ""
        )
        raise InvalidPath(
            f"{text!r} has the character {found[0]!r}, which no remote name may have{hint}",
            path=text,
        )
    return segments


def join_quoted(segments: list[str], times: int) -> str:
    """Quote each segment, once or twice, and join them (docs/protocol.md, "Quoting")."""
    quoted = [quote(segment, safe="") for segment in segments]
    if times == 2:
        # The service refuses two dots, even within a name such as 'a..b', unless they are quoted.
        quoted = [quote(once.replace("..", "%2E%2E"), safe="") for once in quoted]
    return "/".join(quoted)


def local_name(segment: str, path: str) -> str:
    """Return the local file name of a segment of a remote path.

    Raises
    ------
    InvalidPath
        If no local file can have this name.
    """
    if _is_temporary(segment):
        raise InvalidPath(
            f"{path!r} has the name of an unfinished download of this program; save it under a "
            "name of your own with save_to_fn",
            path=path,
        )
    check_name_lengths([segment], path, "save it under a name of your own with save_to_fn")
    return segment


def check_name_lengths(names: Iterable[str], path: str, remedy: str = "shorten it") -> None:
    """Raise `InvalidPath` if file systems usually do not store one of these segments of a path."""
    if any(len(name.encode()) > MAX_NAME_BYTES for name in names):
        raise InvalidPath(
            f"A name in {path!r} is longer than {MAX_NAME_BYTES} bytes; {remedy}", path=path
        )


def _is_temporary(segment: str) -> bool:
    """Return whether a disk might confuse a name with that of an unfinished download.

    Some disks ignore case, and some ignore invisible marks (Unicode's Cf).
    """
    if not segment.isascii():
        segment = "".join(c for c in segment if category(c) != "Cf")
    return _TEMPORARY.fullmatch(segment.casefold()) is not None
