"""Options of commands that say how patient they are with the service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from .._services import MAX_TIMEOUT
from ..api import APIClient
from ..http.client import READ_TIMEOUT, RETRIES

__all__ = ["patience_options", "patient_client"]

Command = TypeVar("Command", bound=Callable[..., Any])


def patience_options(command: Command) -> Command:
    """Give a command the options that `patient_client` takes."""
    for option in (
        click.option(
            "--retries",
            metavar="N",
            type=click.IntRange(0),
            default=RETRIES,
            show_default=True,
            help="How often what failed in passing is tried again.",
        ),
        click.option(
            "--timeout",
            metavar="SECONDS",
            type=click.FloatRange(0, MAX_TIMEOUT, min_open=True),
            default=READ_TIMEOUT,
            show_default=True,
            help="How long the service may stay silent before it is tried again.",
        ),
    ):
        command = option(command)
    return command


def patient_client(options: dict[str, Any]) -> APIClient:
    """Return a client as the options of a command want it, and take them out of `options`."""
    return APIClient(timeout=options.pop("timeout"), retries=options.pop("retries"))
