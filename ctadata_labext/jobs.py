"""What the transfers do: the client's calls for the paths that the browser has sent."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ctadata._paths import check_remote_path
from ctadata.errors import InvalidPath

from .errors import TargetsExist
from .transfer_manager import Job, OnProgress

if TYPE_CHECKING:
    from ctadata.api import APIClient

    from .workspace import Workspace

__all__ = ["download_jobs", "upload_jobs"]

# Files of one transfer at a time: the server runs several transfers, and the service has
# ten threads for all of its users.
FILES_AT_A_TIME = 4


def download_jobs(
    client: APIClient,
    workspace: Workspace,
    paths: Sequence[str],
    destination: str,
    *,
    overwrite: bool = False,
) -> list[Job]:
    """Plan downloads of files and directories into a folder of the workspace.

    Parameters
    ----------
    client : APIClient
        The client that will do it.
    workspace : Workspace
        The workspace.
    paths : sequence of str
        Remote paths, decoded.
    destination : str
        The folder that receives them, each under its own name; it is made where it is missing.
    overwrite : bool, optional
        Whether what exists there may be replaced.

    Raises
    ------
    InvalidPath
        If a path or the destination may not be used.
    TargetsExist
        If something exists already and may not be replaced.
    """
    directory = workspace.directory(destination)
    jobs, existing = [], []
    for path in paths:
        segments = check_remote_path(path)
        if not segments:
            raise InvalidPath(
                "The whole storage cannot be downloaded; choose a directory", path=path
            )
        local = workspace.child(directory, segments[-1])
        target = workspace.relative(local)
        if os.path.lexists(local):
            existing.append(target)
        source = "/".join(segments)
        run = partial(_download, client, source, directory, workspace.root, overwrite)
        jobs.append(Job("download", source, target, run))
    if existing and not overwrite:
        raise TargetsExist(
            f"{existing[0]!r} exists already"
            + (f", and {len(existing) - 1} more" if existing[1:] else "")
            + "; allow it to be replaced, or choose another folder",
            existing,
        )
    return jobs


def upload_jobs(
    client: APIClient, workspace: Workspace, paths: Sequence[str], destination: str
) -> list[Job]:
    """Plan uploads of files and folders of the workspace.

    Parameters
    ----------
    client : APIClient
        The client that will do it.
    workspace : Workspace
        The workspace.
    paths : sequence of str
        Files and folders, relative to the workspace's root.
    destination : str
        The directory that receives them, each under its own name, relative to the user's
        writable directory.

    Raises
    ------
    InvalidPath
        If a path or the destination may not be used.
    NotFound
        If a file or folder does not exist.
    """
    into = check_remote_path(destination)
    jobs = []
    for path in paths:
        local = workspace.existing(path)
        if local == workspace.root:
            raise InvalidPath("The whole workspace cannot be uploaded; choose a folder", path=path)
        target = "/".join([*into, *check_remote_path(local.name)])
        source = workspace.relative(local)
        if local.is_dir():
            run = partial(_upload_dir, client, workspace, local, target)
            jobs.append(Job("upload", source, target, run))
        else:
            jobs.append(
                Job(
                    "upload",
                    source,
                    target,
                    partial(_upload_file, client, workspace, source, target),
                    files=1,
                )
            )
    return jobs


def _download(
    client: APIClient,
    path: str,
    directory: Path,
    root: Path,
    overwrite: bool,
    on_progress: OnProgress,
    cancel: threading.Event,
) -> None:
    client.fetch_and_save_file_or_dir(
        path,
        recursive=True,
        dest=directory,
        root=root,
        # Whether something is in the way was asked before; what appears since then stays.
        overwrite="update" if overwrite else "fail",
        jobs=FILES_AT_A_TIME,
        progress=False,
        on_progress=on_progress,
        cancel=cancel,
    )


def _upload_file(
    client: APIClient,
    workspace: Workspace,
    path: str,
    target: str,
    on_progress: OnProgress,
    cancel: threading.Event,
) -> str:
    with workspace.open(path) as file:
        answer = client.upload_file(
            file, target, progress=False, on_progress=on_progress, cancel=cancel
        )
    return str(answer["path"])


def _upload_dir(
    client: APIClient,
    workspace: Workspace,
    directory: Path,
    target: str,
    on_progress: OnProgress,
    cancel: threading.Event,
) -> str | None:
    client.upload_dir(
        directory,
        target,
        root=workspace.root,
        jobs=FILES_AT_A_TIME,
        progress=False,
        on_progress=on_progress,
        cancel=cancel,
    )
    own = client.own_directory
    return f"{own}/{target}" if own else None
