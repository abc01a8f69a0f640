"""The files of the spool.

Each upload has two files: ``ID.data``, whose length is the number of received bytes, and a
description, whose name is the state of the upload: ``ID.json`` while it is received or waits,
``ID.sending`` while a transfer has it, and ``ID.stored``, without data, when it is stored.
Renaming decides who has an upload, also between servers that share the directory.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import re
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from ctadata._files import free_space, open_beneath, open_regular, read_json, write_new
from ctadata._local_errors import local_errors
from ctadata.errors import LocalFileError

__all__ = ["RECEIVED", "SENDING", "STORED", "SpoolFiles", "Upload", "UploadInfo", "is_id"]

DATA = ".data"
RECEIVED = ".json"
SENDING = ".sending"
STORED = ".stored"
NEW = ".new"
# Maximum bytes of a description; paths and metadata are much shorter.
MAX_BYTES = 1 << 20
ID = "[0-9a-f]{32}"
OWN_NAME = re.compile(rf"({ID})(?:{DATA}|{RECEIVED}|{SENDING}|{STORED}|{NEW})")
# The errors of file systems without locks.
NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}


@dataclass(frozen=True)
class UploadInfo:
    """The description of an upload, known from the start.

    Parameters
    ----------
    path : str
        Its path below the destination.
    destination : str
        The remote directory, relative to the user's own; may be empty.
    item : str
        The name of the file or folder that was dropped.
    fingerprint : str
        Identifies the file for the browser, to resume it.
    size : int
        Its size in bytes.
    metadata : str
        The ``Upload-Metadata`` header as the browser sent it.
    owner : str
        The user it belongs to; empty for the server's own user.
    """

    path: str
    destination: str
    item: str
    fingerprint: str
    size: int
    metadata: str
    owner: str


@dataclass(frozen=True)
class Upload(UploadInfo):
    """A file that is being received.

    Parameters
    ----------
    id : str
        Its name in the spool, which nobody can guess.
    offset : int
        The number of received bytes.
    expires : float
        When it may be removed if no more bytes arrive, in seconds since the epoch.
    """

    id: str
    offset: int
    expires: float


class SpoolFiles:
    """The directory of received files, which only its owner can enter.

    An upload may be removed `expiry` seconds after its last change.
    """

    def __init__(self, directory: Path, expiry: float) -> None:
        self._directory = directory
        self._expiry = expiry

    def make_directory(self) -> None:
        """Create the directory, and ensure that nobody else can enter it."""
        with local_errors(str(self._directory), "used"):
            os.makedirs(self._directory, mode=0o700, exist_ok=True)
            found = os.stat(self._directory)
        if found.st_uid != os.geteuid():
            raise LocalFileError(
                f"{str(self._directory)!r} belongs to another user; set "
                "CTADataExtension.uploads_directory to a folder of your own"
            )
        if found.st_mode & 0o077:
            os.chmod(self._directory, 0o700)

    def free_space(self) -> int:
        """Return the free bytes on the disk."""
        with open_beneath(self._directory) as directory:
            return free_space(directory)

    def create(self, upload_id: str, info: UploadInfo) -> None:
        """Create an upload; if that fails, nothing remains of it."""
        try:
            write_new(self.data(upload_id), b"")
            # Not by `atomic_write`: what a killed server leaves needs a name of the upload, so that
            # it expires.
            write_new(self._file(upload_id, NEW), json.dumps(asdict(info)).encode())
            self.rename(upload_id, NEW, RECEIVED)
        except BaseException:
            self.remove(upload_id)
            raise

    def read(self, upload_id: str, state: str) -> Upload | None:
        """Return an upload, if it is in this state."""
        if not is_id(upload_id):
            return None
        try:
            info, found = read_json(self._file(upload_id, state), MAX_BYTES)
            changed = found.st_mtime
            offset = info["size"]
            if state != STORED:
                data = self.data(upload_id).stat()
                offset = data.st_size
                changed = max(changed, data.st_mtime)
            # A wrong clock may have dated it far in the future.
            expires = min(changed, time.time()) + self._expiry
            # Earlier versions knew one user only.
            info = {"owner": "", **info}
            return Upload(**info, id=upload_id, offset=offset, expires=max(0.0, expires))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            # After a crash of the machine, a description may be incomplete.
            return None

    def ids(self, state: str) -> list[str]:
        """Return the ids of all uploads in a state."""
        try:
            names = os.listdir(self._directory)
        except FileNotFoundError:
            return []
        return [name.removesuffix(state) for name in names if name.endswith(state)]

    def changes(self) -> dict[str, float]:
        """Return the ids of all uploads, also damaged ones, with the time of the last change."""
        changes: dict[str, float] = {}
        with os.scandir(self._directory) as files:
            for file in files:
                match = OWN_NAME.fullmatch(file.name)
                if match is not None:
                    with contextlib.suppress(FileNotFoundError):
                        changed = file.stat(follow_symlinks=False).st_mtime
                        changes[match[1]] = max(changed, changes.get(match[1], 0.0))
        return changes

    def data(self, upload_id: str) -> Path:
        """Return the path of an upload's data."""
        return self._file(upload_id, DATA)

    def rename(self, upload_id: str, old: str, new: str) -> None:
        """Change the state of an upload, if nobody else has done so."""
        os.rename(self._file(upload_id, old), self._file(upload_id, new))

    def touch(self, upload_id: str, now: float) -> None:
        """Keep an upload of a transfer from expiring."""
        for state in (SENDING, STORED):
            with contextlib.suppress(FileNotFoundError):
                os.utime(self._file(upload_id, state), (now, now))

    def remove(self, upload_id: str) -> None:
        """Remove an upload; its description first."""
        for ending in (RECEIVED, SENDING, STORED, NEW, DATA):
            self._file(upload_id, ending).unlink(missing_ok=True)

    def remove_unlocked(self, upload_id: str) -> bool:
        """Remove an upload unless somebody is writing to it; return whether it is gone."""
        try:
            file = self.open_locked(upload_id)
        except FileNotFoundError:
            file = None
        except OSError:
            return False
        self.remove(upload_id)
        if file is not None:
            os.close(file)
        return True

    def open_locked(self, upload_id: str) -> int:
        """Open an upload's data for writing, and lock it; closing the descriptor unlocks it.

        Raises
        ------
        BlockingIOError
            If somebody else has locked it.
        """
        file = open_regular(self.data(upload_id), os.O_WRONLY)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in NO_LOCKS:
                os.close(file)
                raise
        return file

    def _file(self, upload_id: str, ending: str) -> Path:
        return self._directory / f"{upload_id}{ending}"


def is_id(text: str) -> bool:
    """Return whether a text can be the id of an upload, which is part of its file names."""
    return re.fullmatch(ID, text) is not None
