"""PartFile: a downloaded file under a temporary name, which is renamed when it is complete."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import functools
import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ..._files import free_space, open_regular
from ..._local_errors import NO_SPACE, local_error, local_errors
from ...errors import AlreadyExists, NoSpace, TransferError
from .commit_gate import CommitGate
from .temp_names import PART, temporary_name

if TYPE_CHECKING:
    from ...http.body import Block

__all__ = ["DoesNotFit", "PartFile", "check_space"]

# fdatasync does not wait for the dates; macOS has none.
_sync = getattr(os, "fdatasync", os.fsync)
# Bytes; smaller files arrive at once and reserve no space.
RESERVE = 256 << 10
# Linux and macOS write no more blocks in one call (IOV_MAX).
MOST_BLOCKS = 1024


class DoesNotFit(NoSpace):
    """A file is larger than the free space, but smaller files may fit."""


def check_space(directory: int, size: int, display_path: str) -> None:
    """Raise `NoSpace` if the disk of a directory has less than `size` bytes free."""
    if (available := free_space(directory)) < size:
        raise (DoesNotFit if available > RESERVE else NoSpace)(
            f"{display_path!r} needs {size} bytes, {size - available} more than the disk has "
            "free; make room, or choose another directory",
            path=display_path,
        )


class PartFile:
    """A file under a temporary name until it is complete; several threads may write to it.

    Parameters
    ----------
    directory : int
        Descriptor of the target directory.
    name : str
        Its final name.
    display_path : str
        Its final path, for errors.
    size : int
        Its final size in bytes, reserved on the disk if possible.
    part : str, optional
        The name of an existing part file, to resume it.
    announce : callable, optional
        Called with the temporary name before a new part file is created.

    Raises
    ------
    NoSpace
        If the disk has less than `size` bytes free.
    FileNotFoundError
        If there is no file `part` of this size.
    """

    def __init__(
        self,
        directory: int,
        name: str,
        *,
        display_path: str,
        size: int,
        part: str | None = None,
        announce: Callable[[str], None] | None = None,
    ) -> None:
        self._directory = directory
        self._final = name
        self._display_path = display_path
        self.size = size
        self.descriptor = -1
        if part is not None:
            self.name = part
            self._reopen()
        else:
            self._create(announce)

    def _reopen(self) -> None:
        self.descriptor = open_regular(self.name, os.O_RDWR, directory=self._directory)
        if os.fstat(self.descriptor).st_size != self.size:
            self.close()
            raise FileNotFoundError(errno.ENOENT, "not the part file of this download", self.name)

    def _create(self, announce: Callable[[str], None] | None) -> None:
        if self.size >= RESERVE:
            check_space(self._directory, self.size, self._display_path)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with local_errors(self._display_path):
            while self.descriptor < 0:
                self.name = temporary_name(self._final, PART)
                if announce is not None:
                    announce(self.name)
                # Another thread may have chosen the same name.
                with contextlib.suppress(FileExistsError):
                    self.descriptor = os.open(self.name, flags, 0o666, dir_fd=self._directory)
            try:
                if self.size >= RESERVE:
                    _reserve(self.descriptor, self.size)
            except OSError:
                self.discard()
                raise

    def write(self, offset: int, blocks: Sequence[Block]) -> None:
        """Write consecutive blocks at an offset."""
        with local_errors(self._display_path):
            for first in range(0, len(blocks), MOST_BLOCKS):
                offset += self._write_some(offset, blocks[first : first + MOST_BLOCKS])

    def _write_some(self, offset: int, blocks: Sequence[Block]) -> int:
        size = sum(map(len, blocks))
        written = os.pwritev(self.descriptor, blocks, offset)
        if written < size:
            # A full disk reports it only at the next write.
            view = memoryview(b"".join(blocks))
            while written < size:
                written += os.pwrite(self.descriptor, view[written:], offset + written)
        return size

    def read(self, offset: int, length: int) -> bytes:
        """Read bytes that were written."""
        return os.pread(self.descriptor, length, offset)

    def sync(self) -> None:
        """Wait until the written bytes are on the disk."""
        with local_errors(self._display_path):
            _sync(self.descriptor)

    def finish(
        self, modified: datetime | None, *, replace: bool, commit_gate: CommitGate | None = None
    ) -> None:
        """Rename the file when its bytes are on the disk.

        Parameters
        ----------
        modified : datetime or None
            The modification time to set.
        replace : bool
            Whether an existing file is replaced.
        commit_gate : CommitGate, optional
            Passed before renaming.

        Raises
        ------
        AlreadyExists
            If something else has the name by now and must not be replaced.
        TransferCancelled
            If the gate is closed.
        NoSpace
            If the disk is full.
        TransferError
            If somebody else has removed the part file.
        """
        try:
            if modified is not None:
                os.utime(self.descriptor, (modified.timestamp(), modified.timestamp()))
            os.fsync(self.descriptor)
            # Network file systems may report a full disk only here.
            self.close()
            with (commit_gate or CommitGate()).passing(self._remove):
                self._rename(replace)
        except FileNotFoundError:
            raise TransferError(
                f"{self._display_path!r} was removed while it was written; try again",
                path=self._display_path,
            ) from None
        except FileExistsError:
            raise AlreadyExists(
                f"{self._display_path!r} exists already", path=self._display_path
            ) from None
        except OSError as error:
            raise local_error(error, self._display_path) from error

    def _rename(self, replace: bool) -> None:
        here = {"src_dir_fd": self._directory, "dst_dir_fd": self._directory}
        if replace:
            os.replace(self.name, self._final, **here)
            return
        try:
            os.link(self.name, self._final, **here, follow_symlinks=False)
        except (FileExistsError, FileNotFoundError):
            raise
        except OSError:
            # Some file systems have no links; the name was checked just before.
            os.replace(self.name, self._final, **here)
        else:
            os.unlink(self.name, dir_fd=self._directory)

    def close(self) -> None:
        """Close the file and keep it."""
        descriptor, self.descriptor = self.descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def discard(self) -> None:
        """Close the file and remove it."""
        # A later download tries again to remove it (`remove_leftovers`).
        with contextlib.suppress(OSError):
            self.close()
        self._remove()

    def _remove(self) -> None:
        with contextlib.suppress(OSError):
            os.unlink(self.name, dir_fd=self._directory)


def _reserve(descriptor: int, size: int) -> None:
    """Reserve the space of a file, or only set its length if the disk cannot."""
    allocate = _fallocate()
    # A file system in memory would only be filled twice.
    if allocate is not None and not _in_memory(os.fstat(descriptor).st_dev):
        if allocate(descriptor, 0, 0, size) == 0:
            return
        if (number := ctypes.get_errno()) in NO_SPACE:
            raise OSError(number, os.strerror(number))
    os.truncate(descriptor, size)


@functools.cache
def _fallocate() -> Callable[[int, int, int, int], int] | None:
    """Return Linux' fallocate(2).

    posix_fallocate would write to every block on file systems without this call, such as older
    NFS and Lustre, and take as long as the download.
    """
    if sys.platform != "linux":
        return None
    function = getattr(ctypes.CDLL(None, use_errno=True), "fallocate64", None)
    if function is not None:
        function.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    return function


@functools.cache
def _in_memory(device: int) -> bool:
    number = f"{os.major(device)}:{os.minor(device)}"
    with contextlib.suppress(OSError), open("/proc/self/mountinfo") as mounts:
        for line in mounts:
            # proc(5): the device is the third field, the type the first after a lone dash.
            if line.split()[2] == number:
                return line.partition(" - ")[2].split()[0] in {"tmpfs", "ramfs"}
    return False
