"""The commands ``get`` and ``put``: parse, call the client, print."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

from .._files import local_path
from .options import patience_options, patient_client
from .summary import Summary

__all__ = ["LocalPath", "get", "put"]

Command = TypeVar("Command", bound=Callable[..., Any])


class LocalPath(click.Path):
    """A local path, of which a leading ``~`` is expanded where the shell has not done so."""

    def convert(self, value: Any, parameter: click.Parameter | None, context: Any) -> Any:
        """Return the path, if it is as wanted."""
        return super().convert(os.fspath(local_path(value)), parameter, context)


def _options_of_both(command: Command) -> Command:
    """Give a command the options that all transfers have."""
    for option in reversed(
        [
            click.option("-r", "--recursive", is_flag=True, help="Transfer directories too."),
            click.option(
                "-j",
                "--jobs",
                type=click.IntRange(1, 64),
                default=8,
                show_default=True,
                help="Files at a time.",
            ),
            click.option(
                "--include",
                metavar="GLOB",
                multiple=True,
                help="Of directories, transfer only files that match.",
            ),
            click.option(
                "--exclude",
                metavar="GLOB",
                multiple=True,
                help="Of directories, leave out what matches, whatever --include says.",
            ),
            click.option(
                "--dry-run",
                is_flag=True,
                help="Transfer nothing; print the files' number and size.",
            ),
            click.option(
                "--json", "as_json", is_flag=True, help="Print a JSON object for each file."
            ),
            click.option(
                "-q", "--quiet", is_flag=True, help="No bars and no summary, only errors."
            ),
        ]
    ):
        command = option(command)
    return command


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "-o",
    "--output",
    metavar="DEST",
    help="A directory that receives them; for one file, its new name.",
)
@_options_of_both
@patience_options
@click.option(
    "--overwrite",
    type=click.Choice(["update", "never", "skip", "fail", "replace"]),
    default="update",
    show_default=True,
    help="What becomes of a local file that exists. update: it is left alone if it has the size "
    "and date of the remote one, else replaced; never: likewise, but else an error; skip: left "
    "alone in any case; fail: left alone, and an error; replace: fetched anew in any case.",
)
@click.option(
    "--streams",
    metavar="N",
    type=click.IntRange(1, 64),
    help="Streams for each large file; by default one, and more where the network holds one back.",
)
@click.option(
    "--no-checksum", is_flag=True, help="Do not compare with the checksums that the storage has."
)
def get(
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

    Without -o, files come into the working directory, and a directory comes with its
    whole path below it. A file has its name only when it is whole. After an interruption
    the same command goes on where it was.

    A GLOB is compared with the name of each file, and one that has a slash in it with the
    path below the directory that is downloaded, where * matches slashes, too: '*.h5',
    'muons/*'. One that ends in a slash is about directories: 'muons/'. Files that are
    named on the command line always come.

    With --json, each file is a line on stdout when it ends: an object with path, local,
    size (bytes), state (finished, skipped, failed, planned) and error (null, or an object
    with code and message).

    \b
    Example:
      ctadata get -r lst/DL1/20241114/v0.1/tailcut84 -o data/ --include '*.h5'
    """
    go_on = "What has come is kept: run the same command again" + (
        ", and it goes on."
        if overwrite in {"update", "never", "skip"}
        else " with --overwrite update, and it goes on."
    )
    one_name = (
        output is not None
        and len(paths) == 1
        and not (recursive or output.endswith("/") or os.path.isdir(local_path(output)))
    )
    client = patient_client(options)
    options.update(overwrite=overwrite, checksum=not no_checksum, dry_run=dry_run)
    with Summary("download", go_on, as_json=as_json, quiet=quiet, dry_run=dry_run) as summary:
        options.update(on_result=summary.on_result, progress=summary.bars)
        if one_name:
            client.fetch_and_save_file(paths[0], output, **options)
        else:
            client.fetch_many(
                paths, output, recursive=recursive, include=include, exclude=exclude, **options
            )


@click.command()
@click.argument("local", nargs=-1, required=True, type=LocalPath(exists=True), metavar="LOCAL...")
@click.argument("remote")
@_options_of_both
@patience_options
@click.option(
    "--hidden",
    is_flag=True,
    help="Of directories, transfer hidden files and directories, too. Links, pipes, sockets, "
    "devices and private keys in them are left out in any case.",
)
@click.option(
    "--skip-existing",
    is_flag=True,
    help="Leave out what is there already, with the same size and checksum; where the storage "
    "has no checksums, what was uploaded from here and has not changed since.",
)
def put(
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

    REMOTE is relative to your own directory in the storage. For one file it is the new
    name or, with a trailing slash or where it is a directory, what receives the file; for
    one directory, what receives all that is in it; for several, the directory that receives
    each under its own name. The paths of the uploaded files are printed.

    All members of CTAO and all users of the platform can read what you upload. Of
    directories, hidden files and directories are therefore left out unless --hidden is
    given, links are never followed, and private keys and certificates never sent; the
    summary says how many. What is named on the command line is uploaded also where it is
    hidden or a link; a private key or a certificate is refused.

    A GLOB is compared with the name of each file, and one that has a slash in it with the
    path below the directory that is uploaded, where * matches slashes, too: '*.h5',
    'muons/*'. One that ends in a slash is about directories: 'muons/'. --include does not
    add hidden files.

    With --json, each file is a line on stdout instead: an object with path, local, size
    (bytes), state (finished, skipped, failed, planned, left out) and error (null, or an
    object with code and message). One that was left out also has kind, such as hidden file,
    hidden directory, link or private key.

    \b
    Example:
      ctadata put latest-file-list filelists/
      ctadata put -r results notes.txt 2024-11/ --exclude 'tests/'
    """
    for path in local:
        if os.path.isdir(path) and not recursive:
            raise click.UsageError(f"{path!r} is a directory; upload it with -r")
    go_on = "What is uploaded stays: run the same command again" + (
        ", and it goes on."
        if options["skip_existing"]
        else " with --skip-existing, and it goes on with the rest."
    )
    client = patient_client(options)
    options.update(dry_run=dry_run)
    # Each file is told when it ends: all answers in the end would only take memory.
    of_many: dict[str, Any] = {
        "include": include, "exclude": exclude, "hidden": hidden, "answers": False,
    }  # fmt: skip
    with Summary(
        "upload", go_on, as_json=as_json, quiet=quiet, dry_run=dry_run, paths=True
    ) as summary:
        options.update(on_result=summary.on_result, progress=summary.bars)
        if len(local) > 1:
            client.upload_many(local, remote, recursive=recursive, **of_many, **options)
        elif os.path.isdir(local[0]):
            client.upload_dir(local[0], remote, **of_many, **options)
        else:
            client.upload_file(local[0], remote, **options)
