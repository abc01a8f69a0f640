"""Options and argument types that several commands share."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

from .._files import local_path
from ..api import APIClient
from ..config import JOBS, MAX_JOBS, MAX_TIMEOUT, RETRIES, TIMEOUT

__all__ = ["JSON_OBJECT", "LocalPath", "transfer_options", "with_client"]

Command = TypeVar("Command", bound=Callable[..., Any])

JSON_OBJECT = click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")


class LocalPath(click.Path):
    """A local path; expands a leading ``~`` that the shell has left."""

    def convert(self, value: Any, parameter: click.Parameter | None, context: Any) -> Any:
        """Return the expanded path after click's own checks."""
        return super().convert(os.fspath(local_path(value)), parameter, context)


def with_client(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command ``--retries`` and ``--timeout``, and pass it a client with these settings."""

    @click.option(
        "--retries",
        metavar="N",
        type=click.IntRange(0),
        default=RETRIES,
        show_default=True,
        help="How often to retry after a temporary failure.",
    )
    @click.option(
        "--timeout",
        metavar="SECONDS",
        type=click.FloatRange(0, MAX_TIMEOUT, min_open=True),
        default=TIMEOUT,
        show_default=True,
        help="How long to wait for the service to send something before retrying.",
    )
    @functools.wraps(command)
    def run(*, retries: int, timeout: float, **options: Any) -> None:
        command(APIClient(retries=retries, timeout=timeout), **options)

    return run


def transfer_options(command: Command) -> Command:
    """Give a command the options that ``get`` and ``put`` have in common."""
    for option in reversed(
        [
            click.option("-r", "--recursive", is_flag=True, help="Transfer directories too."),
            click.option(
                "-j",
                "--jobs",
                type=click.IntRange(1, MAX_JOBS),
                default=JOBS,
                show_default=True,
                help="How many files to transfer at the same time.",
            ),
            click.option(
                "--include",
                metavar="GLOB",
                multiple=True,
                help="In directories, transfer only files that match.",
            ),
            click.option(
                "--exclude",
                metavar="GLOB",
                multiple=True,
                help="In directories, skip what matches; takes precedence over --include.",
            ),
            click.option(
                "--dry-run",
                is_flag=True,
                help="Transfer nothing; print the number and total size of the files.",
            ),
            click.option(
                "--json", "as_json", is_flag=True, help="Print a JSON object for each file."
            ),
            click.option(
                "-q", "--quiet", is_flag=True, help="Print only errors: no bars, no summary."
            ),
        ]
    ):
        command = option(command)
    return command
