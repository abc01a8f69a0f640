"""The result that every fault must have: a whole file or none, and nothing requested twice."""

from __future__ import annotations

import re
from pathlib import Path

from ctadata import errors

from .storage import MIB, Storage

# Bytes that one break may cost: a block in transfer, the verification of the beginning, the heads
# of the responses, and the listings.
PER_BREAK = MIB + 4096 + 8192


def leftovers(directory: Path) -> list[str]:
    """Return the names of the files that an unfinished transfer left below a directory."""
    return sorted(
        path.name
        for path in directory.rglob("*")
        if path.name.endswith((".part", ".ctadata-journal")) or ".part" in path.suffixes
    )


def files(directory: Path) -> dict[str, bytes]:
    """Return all files below a directory."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def assert_resumed(storage: Storage, name: str, breaks: int = 1) -> None:
    """Bytes that arrived before the breaks were not sent again."""
    size = len(storage.files[name].content)
    sent = storage.sent(name)
    assert size <= sent <= size + breaks * PER_BREAK, f"{sent - size} bytes came twice"


def assert_closed_ranges(storage: Storage, name: str) -> None:
    """Only closed ranges were requested, none larger than the service can hold."""
    for served in storage.asked("webdav", name):
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", served.range or "")
        assert asked, served.range
        assert int(asked[2]) - int(asked[1]) < 16 * MIB


def assert_says(error: BaseException, *words: str) -> None:
    """The error is a ctadata error, and its one sentence matches these expressions."""
    assert isinstance(error, errors.CTADataError)
    text = str(error)
    for word in words:
        assert re.search(word, text), text
    assert "\n" not in text
    assert "Traceback" not in text
