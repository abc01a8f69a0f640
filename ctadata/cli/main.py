"""The command group ``ctadata`` (also ``cta-data``), and the commands without their own module."""

from __future__ import annotations

import contextlib
import importlib
import logging
import sys
import warnings
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import click

from .._printable import printable, printable_record
from ..api import APIClient
from ..entries import Entry
from ..errors import AuthenticationError, CTADataError, ServiceUnreachable
from ..storage.listing import ListingCut
from ..transfers.progress_bars import is_terminal
from .certificate_commands import UPLOAD_COMMANDS, certificate
from .formats import aligned
from .options import LocalPath, with_client
from .output import echo, echo_json, prepare, say, silence
from .summary import INTERRUPTED
from .transfer_commands import get, put

__all__ = ["cli", "main"]


class _Group(click.Group):
    """A command group that prints errors as one line with a remedy, never as a traceback."""

    def main(self, *args: Any, **options: Any) -> Any:
        prepare()
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _show_warning  # type: ignore[assignment]
                return super().main(*args, **options)
        except OSError as error:
            # A help text or an error could not be printed.
            silence(sys.stdout)
            say(f"Error: {error.strerror or error}", err=True)
            sys.exit(1)

    def make_context(self, *args: Any, **options: Any) -> click.Context:
        with _clean_errors():
            return super().make_context(*args, **options)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with _clean_errors():
                return super().invoke(ctx)
        except CTADataError as error:
            raise click.ClickException(str(error)) from error
        except BrokenPipeError:
            # The reader of a pipe, such as head, has closed it.
            ctx.exit(0)
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)


def _show_warning(message: Warning | str, *place: Any) -> None:
    """Print a warning without its place in the source."""
    say(f"Warning: {message}", err=True)


@contextlib.contextmanager
def _clean_errors() -> Iterator[None]:
    """Make error messages printable, because they repeat the arguments."""
    try:
        yield
    except click.UsageError as error:
        said = cleaned = error.format_message()
        if error.ctx and said == error.ctx.get_help():
            raise
        if isinstance(error, click.NoSuchOption):
            bare = error.option_name.lstrip("-")
            # A secret that follows dashes would not be recognized.
            cleaned = said if bare == printable(bare) else "There is no such option"
        cleaned = printable(cleaned)
        if cleaned == said:
            raise
        raise click.UsageError(cleaned, error.ctx) from None


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-v", "--verbose", count=True, help="Log each step; twice: each request.")
@click.version_option(package_name="ctadata")
def cli(verbose: int) -> None:
    """Browse, download and upload the data of the Cherenkov Telescope Array.

    The service and your token are taken from the environment: CTADS_URL, and
    JUPYTERHUB_API_TOKEN from the hub's control panel. On the platform both are set.

    \b
    Example:
      ctadata list -l cta/DL1
    """
    level = {0: logging.WARNING, 1: logging.INFO}.get(verbose, logging.DEBUG)
    logging.basicConfig(format="%(levelname)s: %(message)s")
    for handler in logging.getLogger().handlers:
        # For the records of other libraries.
        handler.addFilter(printable_record)
    # Only our own loggers: other libraries would log whole requests and a line for each retry.
    logging.getLogger("ctadata").setLevel(level)
    logging.getLogger("urllib3").setLevel(logging.WARNING if verbose else logging.ERROR)


@cli.command("list")
@click.argument("path", default="")
@click.option("-l", "--long", is_flag=True, help="Show exact sizes (bytes) and times (UTC).")
@click.option("-R", "--recursive", is_flag=True, help="List subdirectories too.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object on each line.")
@with_client
def list_(client: APIClient, path: str, long: bool, recursive: bool, as_json: bool) -> None:
    """List a directory of the storage, by default its root.

    In a pipe, each line is a path. Invisible characters, and those that change how others are
    displayed, are escaped as in \\x1b or \\u202e; --json has the exact names.

    At most 1,000,000 entries of a directory are listed (CTADATA_MAX_LISTING_ENTRIES); if it has
    more, a message on stderr says so, and the exit status is 1.

    \b
    Example:
      ctadata list -l lst/DL1/20241114/v0.1/tailcut84
    """
    failures = 0

    def report(error: CTADataError) -> None:
        if isinstance(error, (AuthenticationError, ServiceUnreachable)):
            # The next request would fail in the same way.
            raise error
        nonlocal failures
        failures += 1
        say(f"{error.path}: {error}" if error.path else str(error), err=True)

    cut = None
    entries: Iterable[Entry]
    if recursive:
        steps = client.walk(path, on_error=report)
        entries = chain.from_iterable(chain(below, files) for _, below, files in steps)
    else:
        with warnings.catch_warnings():
            # Reported as a failure, after the entries.
            warnings.simplefilter("ignore", ListingCut)
            listed = client.list_dir(path)
        cut, entries = listed.cut, listed
    if as_json:
        for entry in entries:
            echo_json(entry.to_dict())
    else:
        for line in aligned(entries, long) if long or is_terminal(sys.stdout) else entries:
            echo(line)
    if cut is not None:
        report(cut)
    if failures:
        sys.exit(1)


for command in (get, put, certificate, *UPLOAD_COMMANDS):
    cli.add_command(command)


@cli.command()
@click.argument("directory", type=LocalPath(exists=True, file_okay=False, path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=0, help="Port to listen on; by default a free one.")
@click.option("--token", help="The token that clients must send; by default a new one.")
@click.option("--user", help="The user whose directory is writable; by default you.")
@click.option(
    "--ca-bundle",
    type=LocalPath(exists=True, path_type=Path),
    help="The trusted certificate authorities: a PEM file, or a directory of PEM files;"
    " by default $X509_CERT_DIR, else /etc/grid-security/certificates.",
)
@click.option(
    "--certificates",
    type=LocalPath(file_okay=False, path_type=Path),
    help="Keep uploaded certificates in this directory; by default they are deleted at the end.",
)
@click.option("--admin", is_flag=True, help="Let the user upload certificates for others too.")
@click.option(
    "--quirks",
    is_flag=True,
    help="Reproduce the defects of the data centre's own services, to test clients.",
)
def serve(directory: Path, **options: Any) -> None:
    """Serve DIRECTORY like the platform's services, for tests and trials.

    Prints the settings that a client needs, and runs until Ctrl-C.

    \b
    Example:
      ctadata serve ~/data --port 5000
    """
    service = _import("ctadata.embedded_service", extra="service")
    service.serve(directory, **options)


@cli.command()
@click.option(
    "--data",
    type=LocalPath(exists=True, file_okay=False, path_type=Path),
    help="Serve this directory instead of sample data.",
)
@click.option(
    "--workspace",
    type=LocalPath(file_okay=False, path_type=Path),
    help="Start JupyterLab in this directory, and keep it; by default in a temporary one.",
)
@click.option("--port", default=0, help="JupyterLab's port; by default a free one.")
@click.option("--browser/--no-browser", default=True, help="Whether to open a browser.")
def demo(data: Path | None, workspace: Path | None, port: int, browser: bool) -> None:
    """Start JupyterLab with the CTA panel and sample data, without a hub.

    Ctrl-C stops everything.

    \b
    Example:
      ctadata demo --data ~/data --no-browser
    """
    module = _import("ctadata.demo.jupyterlab", extra="demo")
    sys.exit(module.run(data, workspace, port, browser))


def _import(name: str, extra: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise click.ClickException(
            f"{error.name} is not installed: pip install 'ctadata[{extra}]'"
        ) from error


def main() -> None:
    """Run the command line."""
    cli()
