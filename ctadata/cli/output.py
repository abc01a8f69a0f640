"""What commands print: it never stands in the way of what they do."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from typing import Any, TextIO

from .._printable import printable
from ..errors import CTADataError

__all__ = ["echo", "echo_json", "is_terminal", "prepare", "say", "say_json", "silence"]


def prepare() -> None:
    r"""Make the standard streams such that printing to them raises nothing but `OSError`.

    Characters that their encoding does not have are printed as ``\xe9``, ``\u03bb``. Where the
    shell has closed one (``>&-``), its number must not become that of the next file.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None and not _is_open(number):
            # Reading and writing fail as of a closed one, but for what goes to stderr.
            flags = os.O_WRONLY if name in {"stdin", "stderr"} else os.O_RDONLY
            os.open(os.devnull, flags)
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def echo(line: str) -> None:
    """Print a line of what a command is there to print, as `printable` has it.

    Raises
    ------
    BrokenPipeError
        If the reader of a pipe, such as ``head``, has seen enough.
    CTADataError
        If it cannot be printed for another reason, such as a full disk.
    """
    _echo(printable(line))


def echo_json(content: object, indent: int | None = None) -> None:
    """Print an object of what a command is there to print: all as it is, in ASCII.

    Raises
    ------
    BrokenPipeError, CTADataError
        As from `echo`.
    """
    _echo(json.dumps(content, indent=indent))


def say(line: str, *, err: bool = False) -> None:
    """Print a line about what is done, as `printable` has it, above the bars; never fails.

    A stream that takes no more is told of once, on stderr, and gets nothing more.
    """
    _say(printable(line), err=err)


def say_json(content: object) -> None:
    """Print an object about what is done: all as it is, in ASCII; never fails, as `say`."""
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
        # The reader has seen enough.
        silence(stream)
    except (OSError, ValueError) as error:
        silence(stream)
        if not err:
            say(f"The output cannot be written ({_reason(error)}); the rest goes on", err=True)


def is_terminal(stream: Any) -> bool:
    """Whether somebody sees at once what is written to a stream; not where it is closed."""
    try:
        return stream is not None and bool(stream.isatty())
    except (OSError, ValueError):
        return False


def _print(text: str, stream: TextIO | None) -> None:
    if stream is not None:
        print(text, file=stream, flush=True)


def silence(stream: TextIO | None) -> None:
    """Let go to nowhere what is written from now on, and what is still held back."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        number = stream.fileno()  # type: ignore[union-attr]
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
