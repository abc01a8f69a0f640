"""Small files: all of the bytes come at once, and are written only when they are whole.

There is nothing to resume and nothing to bring side by side, so that a file costs little more
than its request: of thousands of them the rest is what takes the time.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from .._printable import logger_of
from ..errors import IntegrityError
from ..http.errors import StreamInterrupted
from ..storage.download_service import Content, DownloadService
from .checksum import Checksum, Digest, offered
from .local.part_file import PartFile
from .progress import FileProgress
from .remote_file import RemoteFile

if TYPE_CHECKING:
    from ..http.body import Block
    from .local.directories import LocalDirectory

__all__ = ["SMALL", "SmallFileDownload"]

logger = logger_of(__name__)

# Bytes; as much may be in memory for each job.
SMALL = 256 << 10


class SmallFileDownload:
    """A small file whose bytes have come, and are not saved yet.

    Made by `fetch`.
    """

    def __init__(self, remote: RemoteFile, blocks: list[Block], digest: Digest | None) -> None:
        self._remote = remote
        self._blocks = blocks
        self._digest = digest

    @classmethod
    def fetch(
        cls,
        service: DownloadService,
        remote: RemoteFile,
        progress: FileProgress,
        chunk_size: int | None,
    ) -> SmallFileDownload | None:
        """Fetch the bytes of a file, with new tries where that fails.

        Parameters
        ----------
        service : DownloadService
            Where it comes from.
        remote : RemoteFile
            The file.
        progress : FileProgress
            Is told how far it is.
        chunk_size : int, optional
            Bytes that the service gathers before it sends them on.

        Returns
        -------
        SmallFileDownload or None
            None if the file is no longer small.

        Raises
        ------
        IntegrityError
            If what comes is not the file.
        StreamInterrupted
            If it breaks off again and again.
        """
        retrier = service.http.retrier()
        while remote.size <= SMALL:
            try:
                digest = remote.digest(service)
                progress.step(0)
                content = service.fetch(remote.path, chunk_size, remote.wanted)
                digest = digest or offered(content.headers.get("Digest", ""))
                return cls(remote, _whole(content, remote, progress), digest)
            except (StreamInterrupted, IntegrityError) as error:
                logger.info("%s", error)
                progress.step(-progress.done)
                retrier.wait(error)
                if remote.look_again(service):
                    progress.total = remote.size
        return None

    def save(self, folder: LocalDirectory, name: str, *, replace: bool) -> None:
        """Save the file under its name.

        Raises
        ------
        IntegrityError
            If its checksum is not the storage's.
        NoSpace
            If the disk is full.
        AlreadyExists
            If something took the name meanwhile that must not be replaced.
        """
        remote = self._remote
        part = PartFile(
            folder.descriptor, name, display_path=folder.display_path(name), size=remote.size
        )
        try:
            folder.take(name, part.name)
            part.write(0, self._blocks)
            self._check(part)
            part.finish(remote.entry.modified, replace=replace, commit_gate=folder.commit_gate)
        except BaseException:
            part.discard()
            raise

    def _check(self, part: PartFile) -> None:
        if self._digest is None:
            return
        checksum = Checksum(self._digest)
        checksum.feed(0, self._blocks)
        checksum.check(part.descriptor, self._remote.size, self._remote.path)


def _whole(content: Content, remote: RemoteFile, progress: FileProgress) -> list[Block]:
    """Return all blocks of a body that has the size of the file."""
    whole: list[Block] = []
    came = 0
    with contextlib.closing(content.blocks):
        for blocks in content.blocks:
            whole += map(bytes, blocks)
            size = sum(map(len, blocks))
            came += size
            if came > remote.size:
                raise remote.longer()
            progress.step(size)
    if came < remote.size:
        raise remote.other(f"{came} bytes")
    return whole
