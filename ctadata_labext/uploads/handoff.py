"""Hands complete uploads to a transfer, which stores them: from the spool to the storage."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ctadata.errors import CTADataError, InvalidPath
from ctadata.storage.home_directory import relative_to_home
from ctadata.storage.paths import check_name_lengths, check_remote_path
from ctadata.transfers.progress import OnNotice, OnProgress, Result
from ctadata.transfers.target_conflicts import PlannedTransfer, refuse_conflicts

from ..errors import BadRequest, NoSuchUpload, UploadsLost
from ..transfers.job import Job
from ..transfers.progress import LeftOutCount

if TYPE_CHECKING:
    from ctadata.api import APIClient

    from .spool import Spool

__all__ = ["checked_name", "discard_uploads", "handoff_job", "store_uploads", "stored_path"]

# What a browser may leave out of a folder, and the maximum number of it.
KINDS_LEFT_OUT = {"hidden file", "hidden directory"}
MAX_LEFT_OUT = 1 << 31


def handoff_job(
    name: str,
    uploads: Sequence[tuple[str, str]],
    destination: str,
    left_out: Mapping[str, int] | None = None,
) -> Job:
    """Plan the transfer of an uploaded file or folder.

    Parameters
    ----------
    name : str
        The name of the file or folder.
    uploads : sequence of (str, str)
        The id of each upload and its path below the destination: `name`, or a path below it.
    destination : str
        The target directory, relative to the user's home directory.
    left_out : mapping of str to int, optional
        How many files and directories the browser has left out, by kind.

    Raises
    ------
    InvalidPath
        If a path is not allowed.
    BadRequest
        If an upload appears twice, or `left_out` is not such a mapping.
    AlreadyExists
        If two files would have the same path in the storage.
    """
    into = check_remote_path(destination)
    checked_name(name)
    files = []
    for upload_id, path in uploads:
        segments = check_remote_path(path)
        if segments[:1] != [name]:
            raise InvalidPath(f"{path!r} is neither {name!r} nor below it", path=path)
        check_name_lengths(segments, path)
        files.append({"id": upload_id, "path": "/".join([*into, *segments])})
    if len({file["id"] for file in files}) < len(files):
        raise BadRequest("Two of the 'uploads' have the same 'id'")
    refuse_conflicts(
        (
            PlannedTransfer(path, tuple(file["path"].split("/")))
            for (_, path), file in zip(uploads, files, strict=True)
        ),
        "uploaded",
    )
    options: dict[str, Any] = {"uploads": files}
    if left_out:
        options["left_out"] = _checked_counts(left_out)
    return Job("upload", name, "/".join([*into, name]), files=len(files), options=options)


def store_uploads(
    client: APIClient,
    spool: Spool,
    job: Job,
    files_at_a_time: int,
    on_progress: OnProgress,
    on_notice: OnNotice,
    cancel: threading.Event,
) -> str | None:
    """Store the uploads, and remove each from the spool once it is stored.

    The others stay in the spool: a retry continues with them.

    Returns
    -------
    str or None
        The path of the file or folder from the storage's root, if known.

    Raises
    ------
    TransferError
        If some files failed.
    UploadsLost
        If the server no longer has some of them; all others are stored.
    """
    ids = {str(file["path"]): str(file["id"]) for file in job.options["uploads"]}
    spool.renew(ids.values())
    renewed = time.monotonic()
    left: dict[str, str] = {}
    display_paths: dict[str, str] = {}
    lost: list[CTADataError] = []
    for path, upload_id in ids.items():
        try:
            upload, is_stored = spool.claimed(upload_id)
        except NoSuchUpload as error:
            lost.append(NoSuchUpload(f"{path!r}: {error}", path=path))
            continue
        if is_stored:
            on_progress(path, upload.size, upload.size, "skipped")
        else:
            left[path] = str(spool.data(upload_id))
            # Errors name the file as the user knows it.
            display_paths[left[path]] = upload.path
    stored = {local: ids[path] for path, local in left.items()}

    def report(path: str, done: int, total: int | None, state: str) -> None:
        nonlocal renewed
        if time.monotonic() - renewed > spool.expiry / 4:
            spool.renew(ids.values())
            renewed = time.monotonic()
        on_progress(path, done, total, state)

    def remove(result: Result) -> None:
        # Files that are left out stay until the transfer has ended: a retry checks them again.
        if result.state == "finished":
            spool.stored(stored[result.local])
        left_out.take(result)

    with LeftOutCount(on_notice, job.options.get("left_out")) as left_out:
        client.upload_files(
            left,
            display_paths=display_paths,
            # A single file is refused instead of being left out.
            leave_out=list(ids) != [job.target],
            jobs=files_at_a_time,
            progress=False,
            on_progress=report,
            on_result=remove,
            on_notice=on_notice,
            cancel=cancel,
        )
    if lost:
        raise UploadsLost(
            f"The server no longer has {len(lost)} of the {len(ids)} files of {job.source!r}: "
            "choose them on your computer again, and upload them",
            path=job.target,
            failures=lost,
        )
    spool.forget(ids.values())
    return stored_path(client, job)


def checked_name(name: str) -> str:
    """Return a name for the storage, after checking it."""
    if check_remote_path(name) != [name]:
        raise InvalidPath(f"{name!r} is not a name; remove the '/'", path=name)
    check_name_lengths([name], name)
    return name


def stored_path(client: APIClient, job: Job) -> str | None:
    """Return the path of an upload from the storage's root, if the user's directory is known."""
    own = client.home_directory
    return "/".join([own, *relative_to_home(own, job.target.split("/"))]) if own else None


def discard_uploads(spool: Spool, job: Job) -> None:
    """Remove the uploads of a transfer that the user has removed from the list."""
    spool.forget(str(file["id"]) for file in job.options.get("uploads", ()))


def _checked_counts(left_out: Mapping[str, int]) -> dict[str, int]:
    for kind, count in left_out.items():
        if kind not in KINDS_LEFT_OUT or type(count) is not int or not 0 < count <= MAX_LEFT_OUT:
            raise BadRequest("'left_out' is not a number of hidden files and of hidden directories")
    return dict(left_out)
