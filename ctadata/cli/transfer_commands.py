"""The commands ``get`` and ``put``."""

from __future__ import annotations

import os
from typing import Any

import click

from .._files import local_path
from ..api import APIClient
from ..config import MAX_JOBS
from ..transfers.local.overwrite import OVERWRITE
from .options import LocalPath, transfer_options, with_client
from .summary import Summary

__all__ = ["get", "put"]


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "-o",
    "--output",
    metavar="DEST",
    help="The directory to download to; for a single file, also its new name.",
)
@transfer_options
@with_client
@click.option(
    "--overwrite",
    type=click.Choice(OVERWRITE),
    default="update",
    show_default=True,
    help="What to do if the local file exists. update: keep it if it has the size and date of the "
    "remote file, else replace it; never: keep it likewise, else fail; skip: always keep it; "
    "fail: keep it and fail; replace: always download it again.",
)
@click.option(
    "--streams",
    metavar="N",
    type=click.IntRange(1, MAX_JOBS),
    help="Connections for each large file; by default one, and more if the network limits each.",
)
@click.option(
    "--no-checksum", is_flag=True, help="Do not verify the checksums that the storage has."
)
def get(
    client: APIClient,
    paths: tuple[str, ...],
    output: str | None,
    recursive: bool,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    overwrite: str,
    no_checksum: bool,
    as_json: bool,
    quiet: bool,
    dry_run: bool,
    **options: Any,
) -> None:
    """Download files and, with -r, directories.

    Without -o, files are saved in the working directory, and a directory under its whole path
    there. A file gets its name only when it is complete. After an interruption, the same command
    resumes the download.

    A GLOB is matched against the name of each file or, if it contains a slash, against the path
    below the downloaded directory; * matches slashes too: '*.h5', 'muons/*'. A GLOB that ends in
    a slash applies to directories: 'muons/'. Files named on the command line are always
    downloaded.

    With --json, each finished file is a line on stdout: an object with path, local, size (bytes),
    state (finished, skipped, failed, planned) and error (null, or an object with code and
    message).

    \b
    Example:
      ctadata get -r lst/DL1/20241114/v0.1/tailcut84 -o data/ --include '*.h5'
    """
    resumes = overwrite in {"update", "never", "skip"}
    hint = "Downloaded data are kept; to resume, run the same command again" + (
        "." if resumes else " with --overwrite update."
    )
    is_new_name = (
        output is not None
        and len(paths) == 1
        and not (recursive or output.endswith("/") or os.path.isdir(local_path(output)))
    )
    options.update(overwrite=overwrite, checksum=not no_checksum, dry_run=dry_run)
    with Summary("download", hint, as_json=as_json, quiet=quiet, dry_run=dry_run) as summary:
        options.update(on_result=summary.on_result, progress=summary.bars)
        if is_new_name:
            client.fetch_and_save_file(paths[0], output, **options)
        else:
            client.fetch_many(
                paths, output, recursive=recursive, include=include, exclude=exclude, **options
            )


@click.command()
@click.argument("local", nargs=-1, required=True, type=LocalPath(exists=True), metavar="LOCAL...")
@click.argument("remote")
@transfer_options
@with_client
@click.option(
    "--hidden",
    is_flag=True,
    help="In directories, upload hidden files and directories too. Links, pipes, sockets, devices "
    "and private keys are always left out.",
)
@click.option(
    "--skip-existing",
    is_flag=True,
    help="Skip files that the storage already has with the same size and checksum; if it has no "
    "checksums, files that were uploaded from here and have not changed since.",
)
def put(
    client: APIClient,
    local: tuple[str, ...],
    remote: str,
    recursive: bool,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    hidden: bool,
    as_json: bool,
    quiet: bool,
    dry_run: bool,
    **options: Any,
) -> None:
    """Upload files and, with -r, directories.

    REMOTE is relative to your home directory in the storage. For one file it is the new name or,
    with a trailing slash or if it is a directory, the directory that receives the file. For one
    directory, it receives the content of that directory; for several files and directories, each
    under its own name. The paths of the uploaded files are printed.

    All members of CTAO and all users of the platform can read what you upload. In directories,
    hidden files and directories are therefore left out unless --hidden is given, links are never
    followed, and private keys and certificates are never sent; the summary gives their number.
    What is named on the command line is uploaded even if it is hidden or a link; a private key
    or a certificate is refused.

    A GLOB is matched against the name of each file or, if it contains a slash, against the path
    below the uploaded directory; * matches slashes too: '*.h5', 'muons/*'. A GLOB that ends in a
    slash applies to directories: 'muons/'. --include does not add hidden files.

    With --json, each file is a line on stdout instead: an object with path, local, size (bytes),
    state (finished, skipped, failed, planned, left out) and error (null, or an object with code
    and message). A file that was left out also has kind, such as hidden file, hidden directory,
    link or private key.

    \b
    Example:
      ctadata put latest-file-list filelists/
      ctadata put -r results notes.txt 2024-11/ --exclude 'tests/'
    """
    for path in local:
        if os.path.isdir(path) and not recursive:
            raise click.UsageError(f"{path!r} is a directory; upload it with -r")
    hint = "Uploaded files are kept; to continue, run the same command again" + (
        "." if options["skip_existing"] else " with --skip-existing."
    )
    options.update(dry_run=dry_run)
    # Results are reported as they arrive; a list of all answers would only take memory.
    of_many: dict[str, Any] = {
        "include": include, "exclude": exclude, "hidden": hidden, "answers": False,
    }  # fmt: skip
    with Summary(
        "upload", hint, as_json=as_json, quiet=quiet, dry_run=dry_run, paths=True
    ) as summary:
        options.update(on_result=summary.on_result, progress=summary.bars)
        if len(local) > 1:
            client.upload_many(local, remote, recursive=recursive, **of_many, **options)
        elif os.path.isdir(local[0]):
            client.upload_dir(local[0], remote, **of_many, **options)
        else:
            client.upload_file(local[0], remote, **options)
