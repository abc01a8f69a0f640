"""Downloads small files: each is held in memory and written only when it is complete.

Nothing is resumed and there is one stream only, so that a file costs little more than its request.
With thousands of files, everything beside the requests is what takes the time.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from .._printable import logger_of
from ..errors import IntegrityError
from ..http.errors import StreamInterrupted
from ..storage.download_service import DownloadService
from ..storage.responses import Content
from .checksum import Checksum, Digest, parse_digest
from .local.part_file import PartFile
from .progress import FileProgress
from .remote_file import FileChanged, RemoteFile

if TYPE_CHECKING:
    from ..http.body import Block
    from .local.directories import LocalDirectory

__all__ = ["SMALL", "SmallFileDownload"]

logger = logger_of(__name__)

# Bytes; each job may hold so many in memory.
SMALL = 256 << 10


class SmallFileDownload:
    """A small file that has been received but not saved; made by `fetch`."""

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
        """Fetch the bytes of a file, with retries; return None if it is no longer small.

        Raises
        ------
        IntegrityError
            If the received bytes are not the file.
        StreamInterrupted
            If the stream is interrupted again and again.
        """
        retrier = service.http.retrier()
        while remote.size <= SMALL:
            try:
                digest = remote.digest(service)
                progress.step(0)
                content = service.fetch(remote.path, chunk_size, remote.digest_headers)
                digest = digest or parse_digest(content.headers.get("Digest", ""))
                return cls(remote, _whole(content, remote, progress), digest)
            except (StreamInterrupted, IntegrityError) as error:
                logger.info("%s", error)
                progress.step(-progress.done)
                retrier.wait(error)
                if remote.refresh(service):
                    progress.total = remote.size
        return None

    def save(self, folder: LocalDirectory, name: str, *, replace: bool) -> None:
        """Save the file under its name; raises as `PartFile` and `Checksum.check` do."""
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
    """Return the blocks of a body, which must have the size of the file."""
    whole: list[Block] = []
    received = 0
    with contextlib.closing(content.blocks):
        for blocks in content.blocks:
            whole += map(bytes, blocks)
            size = sum(map(len, blocks))
            received += size
            if received > remote.size:
                raise FileChanged.wrong_size(remote.path, None, remote.size)
            progress.step(size)
    if received < remote.size:
        raise IntegrityError.wrong_size(remote.path, received, remote.size)
    return whole
