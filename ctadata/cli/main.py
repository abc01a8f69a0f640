"""The commands ``ctadata`` and ``cta-data``: parse, call the client, print."""

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
from ..entries import Entry
from ..errors import AuthenticationError, CTADataError, ServiceUnreachable
from ..storage.listing import ListingCut
from .certificate_commands import (
    certificate,
    upload_certificate,
    upload_personal_certificate,
    upload_shared_certificate,
)
from .formats import aligned
from .options import patience_options, patient_client
from .output import echo, echo_json, is_terminal, prepare, say, silence
from .summary import INTERRUPTED
from .transfer_commands import LocalPath, get, put

__all__ = ["cli", "main"]


class _Group(click.Group):
    """Shows an error as one line with its remedy, never as a traceback."""

    def main(self, *args: Any, **options: Any) -> Any:
        prepare()
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _show_warning  # type: ignore[assignment]
                return super().main(*args, **options)
        except OSError as error:
            # Not even a help text or an error could be printed.
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
            # The reader of a pipe, such as head, has seen enough; what is left is not printed.
            ctx.exit(0)
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)


def _show_warning(message: Warning | str, *place: Any) -> None:
    """Print a warning without the place in the program that it comes from."""
    say(f"Warning: {message}", err=True)


@contextlib.contextmanager
def _clean_errors() -> Iterator[None]:
    """Let errors in the arguments repeat these as `printable` has them."""
    try:
        yield
    except click.UsageError as error:
        said = cleaned = error.format_message()
        if error.ctx and said == error.ctx.get_help():
            raise
        if isinstance(error, click.NoSuchOption):
            bare = error.option_name.lstrip("-")
            # Behind dashes, a secret would not be known again.
            cleaned = said if bare == printable(bare) else "There is no such option"
        cleaned = printable(cleaned)
        if cleaned == said:
            raise
        raise click.UsageError(cleaned, error.ctx) from None


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-v", "--verbose", count=True, help="Say what is done; twice: each request.")
@click.version_option(package_name="ctadata")
def cli(verbose: int) -> None:
    """Browse, download and upload the data of the Cherenkov Telescope Array.

    The environment says which service is used (CTADS_URL) and who asks
    (JUPYTERHUB_API_TOKEN, from the hub's control panel); on the platform both are set.

    \b
    Example:
      ctadata list -l cta/DL1
    """
    level = {0: logging.WARNING, 1: logging.INFO}.get(verbose, logging.DEBUG)
    logging.basicConfig(format="%(levelname)s: %(message)s")
    for handler in logging.getLogger().handlers:
        # Also what other libraries log.
        handler.addFilter(printable_record)
    # Ours alone: the libraries below would write whole requests, and a line for each new try.
    logging.getLogger("ctadata").setLevel(level)
    logging.getLogger("urllib3").setLevel(logging.WARNING if verbose else logging.ERROR)


@cli.command("list")
@click.argument("path", default="")
@click.option("-l", "--long", is_flag=True, help="Show exact sizes (bytes) and times (UTC).")
@click.option("-R", "--recursive", is_flag=True, help="List what is below directories too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
@patience_options
def list_(path: str, long: bool, recursive: bool, as_json: bool, **options: Any) -> None:
    """List a directory of the storage, by default its root.

    A pipe gets one path per line. Characters that are not seen, or that change how others
    are seen, are printed as in \\x1b or \\u202e; --json has each name as it is.

    Of a directory with more than 1,000,000 entries (CTADATA_MAX_LISTING_ENTRIES) the rest is
    left out; that is said on stderr, and the exit status is 1.

    \b
    Example:
      ctadata list -l lst/DL1/20241114/v0.1/tailcut84
    """
    client = patient_client(options)
    failures = 0

    def tell(error: CTADataError) -> None:
        if isinstance(error, (AuthenticationError, ServiceUnreachable)):
            # The next one would fail in the same way.
            raise error
        nonlocal failures
        failures += 1
        say(f"{error.path}: {error}" if error.path else str(error), err=True)

    cut = None
    entries: Iterable[Entry]
    if recursive:
        steps = client.walk(path, on_error=tell)
        entries = chain.from_iterable(chain(below, files) for _, below, files in steps)
    else:
        with warnings.catch_warnings():
            # Told as a failure, after what was listed.
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
        tell(cut)
    if failures:
        sys.exit(1)


cli.add_command(get)
cli.add_command(put)
cli.add_command(certificate)
cli.add_command(upload_certificate)
cli.add_command(upload_personal_certificate)
cli.add_command(upload_shared_certificate)


@cli.command()
@click.argument("directory", type=LocalPath(exists=True, file_okay=False, path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", default=0, help="Port to listen at; 0 takes a free one.")
@click.option("--token", help="The token that it asks for; by default a new one.")
@click.option("--user", help="Whose directory can be written to; by default yours.")
@click.option(
    "--ca-bundle",
    type=LocalPath(exists=True, path_type=Path),
    help="Trust these certificate authorities, a PEM file or a directory of them;"
    " by default $X509_CERT_DIR, else /etc/grid-security/certificates.",
)
@click.option(
    "--certificates",
    type=LocalPath(file_okay=False, path_type=Path),
    help="Keep certificates in this directory; by default until the end only.",
)
@click.option("--admin", is_flag=True, help="Let the user upload certificates for others, too.")
@click.option(
    "--quirks",
    is_flag=True,
    help="Have all the defects of the data centre's own services, to test clients.",
)
def serve(directory: Path, **options: Any) -> None:
    """Serve DIRECTORY as the platform's services would, to try things out.

    It prints the settings that a client needs, and runs until Ctrl-C.

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
    help="Open JupyterLab in this directory, and keep it.",
)
@click.option("--port", default=0, help="JupyterLab's port; 0 takes a free one.")
@click.option("--browser/--no-browser", default=True, help="Whether to open a browser.")
def demo(data: Path | None, workspace: Path | None, port: int, browser: bool) -> None:
    """Start JupyterLab with the CTA panel on sample data, without any hub.

    Ctrl-C stops all of it.

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
