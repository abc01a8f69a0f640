"""Plans the jobs of an order, and runs a job with the client."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ctadata.entries import Href
from ctadata.errors import InvalidPath
from ctadata.storage.paths import check_remote_path
from ctadata.transfers.progress import OnNotice, OnProgress
from ctadata.transfers.target_conflicts import PlannedTransfer, refuse_conflicts

from ..errors import TargetsExist, WholeStorage
from ..uploads.handoff import checked_name, store_uploads, stored_path
from .job import Job
from .progress import LeftOutCount

if TYPE_CHECKING:
    from ctadata.api import APIClient

    from ..uploads.spool import Spool
    from ..workspace import Workspace

__all__ = ["download_jobs", "run_job", "upload_jobs"]

# Parallel files of one transfer: the server runs several transfers, and the service has ten threads
# for all users.
FILES_AT_A_TIME = 4


def download_jobs(
    workspace: Workspace, paths: Sequence[str], destination: str, *, overwrite: bool = False
) -> list[Job]:
    """Plan downloads of files and directories into a folder of the workspace.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    paths : sequence of str
        Paths in the storage, decoded.
    destination : str
        The target folder; it is created if it does not exist. Each path keeps its name.
    overwrite : bool, optional
        Whether existing files may be replaced.

    Raises
    ------
    InvalidPath
        If a path or the destination is not allowed.
    TargetsExist
        If a target exists and may not be replaced.
    AlreadyExists
        If two of the paths would have the same target.
    """
    directory = workspace.directory(destination)
    jobs, existing = [], []
    for path in paths:
        segments = check_remote_path(path)
        if not segments:
            raise WholeStorage
        local = workspace.child(directory, segments[-1])
        target = workspace.relative(local)
        if os.path.lexists(local):
            existing.append(target)
        options = {"overwrite": overwrite}
        jobs.append(Job("download", "/".join(segments), target, options=options))
    refuse_conflicts(
        (PlannedTransfer(job.source, tuple(job.target.split("/"))) for job in jobs), "saved", str
    )
    if existing and not overwrite:
        raise TargetsExist(
            f"{existing[0]!r} exists already"
            + (f", and {len(existing) - 1} more" if existing[1:] else "")
            + "; allow it to be replaced, or choose another folder",
            existing,
        )
    return jobs


def upload_jobs(
    workspace: Workspace,
    paths: Sequence[str],
    destination: str,
    names: Sequence[str] | None = None,
) -> list[Job]:
    """Plan uploads of files and folders of the workspace.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    paths : sequence of str
        Files and folders, relative to the workspace's root.
    destination : str
        The target directory, relative to the user's home directory.
    names : sequence of str, optional
        The name of each in the storage; by default its own.

    Raises
    ------
    InvalidPath
        If a path, a name or the destination is not allowed.
    NotFound
        If a file or folder does not exist.
    AlreadyExists
        If two of the paths would have the same target.
    """
    into = check_remote_path(destination)
    jobs = []
    for number, path in enumerate(paths):
        local = workspace.existing(path)
        if local == workspace.root:
            raise InvalidPath("The whole workspace cannot be uploaded; choose a folder", path=path)
        name = checked_name(local.name if names is None else names[number])
        jobs.append(
            Job(
                "upload",
                workspace.relative(local),
                "/".join([*into, name]),
                files=None if local.is_dir() else 1,
            )
        )
    refuse_conflicts(
        (PlannedTransfer(job.source, tuple(job.target.split("/"))) for job in jobs), "uploaded"
    )
    return jobs


def run_job(
    client: APIClient,
    workspace_now: Callable[[], Workspace],
    spool: Spool,
    job: Job,
    on_progress: OnProgress,
    on_notice: OnNotice,
    cancel: threading.Event,
) -> str | None:
    """Run a job in the calling thread.

    The job may come from a file: its paths are checked again, in the workspace as configured now.

    Returns
    -------
    str or None
        The final target, if it differs from the planned one.

    Raises
    ------
    CTADataError
        If it fails.
    TransferCancelled
        If `cancel` is set.
    """
    workspace = workspace_now()
    if job.kind == "download":
        return _download(client, workspace, job, on_progress, on_notice, cancel)
    if "uploads" in job.options:
        return store_uploads(client, spool, job, FILES_AT_A_TIME, on_progress, on_notice, cancel)
    local = workspace.existing(job.source)
    if workspace.relative(local) != job.source:
        # The planned path had no links.
        raise InvalidPath(
            f"A part of {job.source!r} has become a link; choose its target instead",
            path=job.source,
        )
    if local.is_dir():
        with LeftOutCount(on_notice) as left_out:
            client.upload_dir(
                local,
                job.target,
                root=workspace.root,
                display_path=job.source,
                skip_existing=job.again,
                jobs=FILES_AT_A_TIME,
                progress=False,
                on_progress=on_progress,
                on_result=left_out.take,
                on_notice=on_notice,
                cancel=cancel,
            )
        return stored_path(client, job)
    with workspace.open(job.source) as file:
        answer = client.upload_file(
            file,
            job.target,
            into=False,
            progress=False,
            on_progress=on_progress,
            on_notice=on_notice,
            cancel=cancel,
        )
    return str(answer["path"])


def _download(
    client: APIClient,
    workspace: Workspace,
    job: Job,
    on_progress: OnProgress,
    on_notice: OnNotice,
    cancel: threading.Event,
) -> str:
    directory = workspace.directory(job.target.rpartition("/")[0])
    local = workspace.child(directory, check_remote_path(job.source)[-1])
    with LeftOutCount(on_notice) as left_out:
        client.fetch_and_save_file_or_dir(
            # Exactly this path: if it is gone, no similar one is used instead.
            Href(job.source, job.source),
            recursive=True,
            dest=directory,
            root=workspace.root,
            hidden=workspace.allow_hidden,
            # Existing targets were refused before the first try; files created since then stay.
            overwrite="update" if job.options.get("overwrite") else "never",
            jobs=FILES_AT_A_TIME,
            progress=False,
            on_progress=on_progress,
            on_result=left_out.take,
            on_notice=on_notice,
            cancel=cancel,
        )
    return workspace.relative(local)
