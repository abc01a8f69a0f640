"""The names of temporary files, which say whose they are."""

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

# Bytes of a character of UTF-8: names are cut between two of them.
LONGEST_CHARACTER = 4
_TEMPORARY = re.compile(rf"(.*){PROCESS}\.[a-z-]+", re.DOTALL)


def journal_name(name: str) -> str:
    """Return the name of the journal of a file."""
    return _shortened(f".{name}", JOURNAL)


def has_journal(directory: int, name: str) -> bool:
    """Whether there is a journal of a file, by this process or another one."""
    try:
        os.stat(journal_name(name), dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def temporary_name(name: str, ending: str) -> str:
    """Return a name that nobody else takes, and that says which process has taken it."""
    return _shortened(
        name, f".{ProcessOwner.host()}-{os.getpid()}-{random.getrandbits(32):08x}{ending}"
    )


def is_part_of(part: str, name: str) -> bool:
    """Whether `part` is a temporary name of the file `name`."""
    match = _TEMPORARY.fullmatch(part)
    return (
        match is not None and part.endswith(PART) and part == _shortened(name, part[match.end(1) :])
    )


def name_of_dead(temporary: str) -> str | None:
    """Return whose temporary name this is, where the process that took it has died for sure."""
    match = _TEMPORARY.fullmatch(temporary)
    if match is None or ProcessOwner.may_live(match[2], int(match[3])):
        return None
    return match[1]


def is_cut(temporary: str) -> bool:
    """Whether a temporary name may have only the beginning of its file's name."""
    return len(os.fsencode(temporary)) > MAX_NAME_BYTES - LONGEST_CHARACTER


def _shortened(name: str, ending: str) -> str:
    # The user may have names that are not UTF-8.
    raw = os.fsencode(name)
    room = MAX_NAME_BYTES - len(ending)
    # Of the name as much as fits: cut between characters, not within one.
    return (name if len(raw) <= room else raw[:room].decode(errors="ignore")) + ending
