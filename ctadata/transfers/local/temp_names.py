"""The names of temporary files; they name the process that uses the file."""

from __future__ import annotations

import os
import random
import re

from ...storage.paths import JOURNAL, MAX_NAME_BYTES, PART, PROCESS
from .process_owner import ProcessOwner

__all__ = [
    "JOURNAL",
    "PART",
    "has_journal",
    "is_cut",
    "is_part_of",
    "journal_name",
    "name_of_dead",
    "temporary_name",
]

# Bytes of a character in UTF-8; names are cut between characters.
LONGEST_CHARACTER = 4
_TEMPORARY = re.compile(rf"(.*){PROCESS}\.[a-z-]+", re.DOTALL)


def journal_name(name: str) -> str:
    """Return the name of the journal of a file."""
    return _shortened(f".{name}", JOURNAL)


def has_journal(directory: int, name: str) -> bool:
    """Return whether there is a journal of a file, of any process."""
    try:
        os.stat(journal_name(name), dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def temporary_name(name: str, ending: str) -> str:
    """Return a unique name that says which process uses it."""
    return _shortened(
        name, f".{ProcessOwner.host()}-{os.getpid()}-{random.getrandbits(32):08x}{ending}"
    )


def is_part_of(part: str, name: str) -> bool:
    """Return whether `part` is the name of a part file of `name`."""
    match = _TEMPORARY.fullmatch(part)
    return (
        match is not None and part.endswith(PART) and part == _shortened(name, part[match.end(1) :])
    )


def name_of_dead(temporary: str) -> str | None:
    """Return the file that a temporary name belongs to if its process is certainly dead."""
    match = _TEMPORARY.fullmatch(temporary)
    if match is None or ProcessOwner.may_live(match[2], int(match[3])):
        return None
    return match[1]


def is_cut(temporary: str) -> bool:
    """Return whether a temporary name may contain only the beginning of the file's name."""
    return len(os.fsencode(temporary)) > MAX_NAME_BYTES - LONGEST_CHARACTER


def _shortened(name: str, ending: str) -> str:
    # Names chosen by the user need not be valid UTF-8.
    raw = os.fsencode(name)
    room = MAX_NAME_BYTES - len(ending)
    # Cut the name between characters.
    return (name if len(raw) <= room else raw[:room].decode(errors="ignore")) + ending
