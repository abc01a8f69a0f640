"""Printing for commands: a failure to print never breaks a transfer."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from typing import TextIO

from .._printable import printable
from ..errors import CTADataError

__all__ = ["echo", "echo_json", "prepare", "say", "say_json", "silence"]


def prepare() -> None:
    r"""Prepare the standard streams, so that printing raises nothing but `OSError`.

    Characters that are not in a stream's encoding are escaped: ``\xe9``, ``\u03bb``. If the shell
    has closed a stream (``>&-``), its descriptor must not be reused for the next file.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None and not _is_open(number):
            # Opened in the wrong direction, so that use fails as on a closed stream; not stderr.
            flags = os.O_WRONLY if name in {"stdin", "stderr"} else os.O_RDONLY
            os.open(os.devnull, flags)
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def echo(line: str) -> None:
    """Print a line of the command's output, made printable.

    Raises
    ------
    BrokenPipeError
        If the reader of a pipe, such as ``head``, has closed it.
    CTADataError
        If printing fails for another reason, such as a full disk.
    """
    _echo(printable(line))


def echo_json(content: object, indent: int | None = None) -> None:
    """Print an object of the command's output as JSON in ASCII, with exact names.

    Raises
    ------
    BrokenPipeError, CTADataError
        As from `echo`.
    """
    _echo(json.dumps(content, indent=indent))


def say(line: str, *, err: bool = False) -> None:
    """Print a message, made printable, above the progress bars; never fails.

    If a stream cannot be written, one message on stderr says so, and it gets nothing more.
    """
    _say(printable(line), err=err)


def say_json(content: object) -> None:
    """Print a message as a JSON object in ASCII, with exact names; never fails."""
    _say(json.dumps(content), err=False)


def _echo(text: str) -> None:
    try:
        _print(text, sys.stdout)
    except BrokenPipeError:
        silence(sys.stdout)
        raise
    except (OSError, ValueError) as error:
        silence(sys.stdout)
        raise CTADataError(f"The output cannot be written: {_reason(error)}") from error


def _say(text: str, *, err: bool) -> None:
    stream = sys.stderr if err else sys.stdout
    try:
        from ..transfers.progress_bars import above_bars

        with above_bars(stream):
            _print(text, stream)
    except BrokenPipeError:
        # The reader has closed the pipe.
        silence(stream)
    except (OSError, ValueError) as error:
        silence(stream)
        if not err:
            say(f"The output cannot be written ({_reason(error)}); continuing without it", err=True)


def _print(text: str, stream: TextIO | None) -> None:
    if stream is not None:
        print(text, file=stream, flush=True)


def silence(stream: TextIO | None) -> None:
    """Discard what is written to a stream from now on, and what is still buffered."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        number = stream.fileno()  # type: ignore[union-attr]
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, number)
        os.close(devnull)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
