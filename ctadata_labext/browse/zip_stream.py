"""Zip files that are made while they are sent; their length is known before."""

from __future__ import annotations

import io
import struct
import time
from collections.abc import Callable, Generator, Iterable
from typing import NamedTuple
from zipfile import ZIP64_LIMIT, ZIP_FILECOUNT_LIMIT, ZipFile, ZipInfo

from ctadata.storage.dates import seconds_of

__all__ = ["Member", "zip_length", "zip_pieces"]

# The first and the last date in a zip file: local time, in steps of two seconds.
FIRST_DATE = (1980, 1, 1, 0, 0, 0)
LAST_DATE = (2107, 12, 31, 23, 59, 58)
# APPNOTE.TXT 4.3 and 4.5.3: bytes of the structures around the data and at the end.
LOCAL_HEADER = 30
DESCRIPTOR, DESCRIPTOR_64 = 16, 24
CENTRAL_HEADER = 46
EXTRA_HEADER = 4
LOCAL_EXTRA_64 = EXTRA_HEADER + 16
END, END_64 = 22, 56 + 20
# The extra field "UT" of Info-ZIP: the time of modification in UTC, to the second.
TIMESTAMP = struct.Struct("<HHBl")
TIMESTAMP_ID = 0x5455
HAS_MTIME = 1
# The checksum and the sizes follow the data.
SIZES_FOLLOW = 0x08
FILE_MODE = 0o100644
DIRECTORY_MODE = 0o040755
IS_DIRECTORY = 0x10


class Member(NamedTuple):
    """One file or, with a slash at the end of its name, one empty directory of an archive."""

    name: str
    path: str
    size: int
    mtime: str


class _Output(io.RawIOBase):
    """Keeps what a ZipFile writes until it is taken; it cannot be changed afterwards."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._pieces.append(data)
        return len(data)

    def take(self) -> list[bytes]:
        pieces, self._pieces = self._pieces, []
        return pieces


def zip_pieces(
    members: Iterable[Member], fetch: Callable[[Member], Iterable[bytes]]
) -> Generator[bytes, None, None]:
    """Yield a zip file in pieces; each member is fetched when its turn comes.

    Parameters
    ----------
    members : iterable of Member
        What is in it.
    fetch : callable
        Returns the bytes of a member, exactly as many as its `Member.size`.
    """
    output = _Output()
    with ZipFile(output, "w") as archive:
        for member in members:
            with archive.open(_info(member), "w") as file:
                for block in () if member.name.endswith("/") else fetch(member):
                    file.write(block)
                    yield from output.take()
            yield from output.take()
    yield from output.take()


def zip_length(members: Iterable[Member]) -> int:
    """Return how many bytes `zip_pieces` yields."""
    offset = directory = count = 0
    for member in members:
        # `ZipFile.open` and `ZipFile.close` decide in the same way what needs 64 bits.
        large = member.size * 1.05 > ZIP64_LIMIT
        header = len(_info(member).FileHeader(zip64=large))
        wide = 2 * (member.size > ZIP64_LIMIT) + (offset > ZIP64_LIMIT)
        directory += CENTRAL_HEADER + header - LOCAL_HEADER - (LOCAL_EXTRA_64 if large else 0)
        directory += EXTRA_HEADER + 8 * wide if wide else 0
        offset += header + member.size + (DESCRIPTOR_64 if large else DESCRIPTOR)
        count += 1
    needs_64 = count > ZIP_FILECOUNT_LIMIT or offset > ZIP64_LIMIT or directory > ZIP64_LIMIT
    return offset + directory + END + (END_64 if needs_64 else 0)


def _info(member: Member) -> ZipInfo:
    seconds = seconds_of(member.mtime)
    # A member without a date is as old as the archive.
    local = time.localtime(seconds)[:6]
    info = ZipInfo(member.name, min(max(FIRST_DATE, local), LAST_DATE))
    info.file_size = member.size
    info.flag_bits = SIZES_FOLLOW
    if member.name.endswith("/"):
        info.external_attr = DIRECTORY_MODE << 16 | IS_DIRECTORY
    else:
        info.external_attr = FILE_MODE << 16
    if seconds is not None and -(1 << 31) <= seconds < 1 << 31:
        info.extra = TIMESTAMP.pack(TIMESTAMP_ID, TIMESTAMP.size - EXTRA_HEADER, HAS_MTIME, seconds)
    return info
