"""The messages of ``get`` and ``put``: a line for each file, the failures, and the totals."""

from __future__ import annotations

import logging
import sys
import time
from collections import Counter
from types import TracebackType

from .._printable import logger_of
from ..errors import AuthenticationError, CTADataError, ServiceUnreachable, TransferCancelled
from ..transfers.local.upload_tree import left_out_text
from ..transfers.progress import Result
from ..transfers.progress_bars import is_terminal
from .formats import size_text
from .output import say, say_json

__all__ = ["Summary"]

log = logger_of(__name__)

# The exit status after Ctrl-C: 128 plus the number of the signal.
INTERRUPTED = 130


class Summary:
    """Counts the files of a transfer, reports those that fail, and ends the command.

    A context manager around the transfer: it turns errors into lines on stderr and the exit
    status. It stores nothing about files that did not fail.

    Parameters
    ----------
    verb : str
        The name of the transfer, for a dry run: download or upload.
    hint : str
        How to resume after Ctrl-C.
    as_json : bool
        Whether to print a JSON object for each file on stdout.
    quiet : bool
        Whether to omit the totals.
    dry_run : bool
        Whether nothing is transferred.
    paths : bool, optional
        Whether to print the remote path of each transferred file on stdout.
    """

    def __init__(
        self,
        verb: str,
        hint: str,
        *,
        as_json: bool,
        quiet: bool,
        dry_run: bool,
        paths: bool = False,
    ) -> None:
        self._verb = verb
        self._hint = hint
        self._as_json = as_json
        self._quiet = quiet
        self._dry_run = dry_run
        self._paths = paths and not dry_run and not as_json
        self._files = self._bytes = self._skipped = 0
        self._left_out: Counter[str] = Counter()
        self._reported: set[CTADataError] = set()

    @property
    def bars(self) -> bool:
        """Whether to show progress bars: on a terminal that shows nothing else."""
        if self._quiet or self._dry_run or log.isEnabledFor(logging.INFO):
            return False
        return is_terminal(sys.stderr) and not (self._as_json and is_terminal(sys.stdout))

    def on_result(self, result: Result) -> None:
        """Count and report the result of a file."""
        what = result.kind or f"{result.size} bytes"
        log.info("%s: %s (%s, %s)", result.state, result.path, result.local, what)
        if result.state == "skipped":
            self._skipped += 1
        elif result.kind is not None:
            self._left_out[result.kind] += 1
        elif result.error is None:
            self._files += 1
            self._bytes += result.size or 0
        if result.error is not None and not isinstance(result.error, TransferCancelled):
            # Only Ctrl-C cancels here; it is reported once at the end.
            self._report(result.error, result.path)
        if self._as_json:
            self._print_json(result)
        elif self._paths and result.error is None and result.kind is None:
            say(result.path)

    def __enter__(self) -> Summary:
        self._started = time.monotonic()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, CTADataError):
            for failure in getattr(error, "failures", None) or [error]:
                self._add(failure, ended_all=failure is error)
        if error is None or isinstance(error, (CTADataError, KeyboardInterrupt)):
            self._print_totals()
        if isinstance(error, KeyboardInterrupt):
            say(f"Interrupted. {self._hint}", err=True)
            sys.exit(INTERRUPTED)
        if self._reported:
            sys.exit(1)

    def _add(self, failure: CTADataError, ended_all: bool) -> None:
        """Report a failure that was not the result of a file."""
        if failure in self._reported or isinstance(failure, TransferCancelled):
            return
        # An error that would hit every file is reported without the path of one of them.
        concerns_all = ended_all and isinstance(failure, (AuthenticationError, ServiceUnreachable))
        self._report(failure, None if concerns_all else failure.path)
        if self._as_json and failure.path and not concerns_all:
            self._print_json(Result(failure.path, "", None, "failed", failure))

    def _report(self, error: CTADataError, path: str | None) -> None:
        self._reported.add(error)
        say(f"{path or 'Error'}: {error}", err=True)

    def _print_json(self, result: Result) -> None:
        error = result.error
        content = {
            "path": result.path,
            "local": result.local or None,
            "size": result.size,
            "state": result.state,
            "error": error and {"code": error.code, "message": str(error)},
        }
        if result.kind is not None:
            content["kind"] = result.kind
        say_json(content)

    def _print_totals(self) -> None:
        files = f"{self._files} file{'' if self._files == 1 else 's'}, {size_text(self._bytes)}"
        others = f"{self._skipped} skipped, {len(self._reported)} failed"
        if self._left_out and not self._quiet:
            hidden = any(kind.startswith("hidden") for kind in self._left_out)
            remedy = " (--hidden includes hidden files)" if hidden else ""
            say(f"{left_out_text(self._left_out)} left out{remedy}", err=True)
        if self._dry_run:
            say(f"{files} to {self._verb}; {others}", err=self._as_json)
        elif not self._quiet:
            seconds = time.monotonic() - self._started
            rate = size_text(int(self._bytes / max(seconds, 1e-3)))
            say(f"{files} in {seconds:.1f} s ({rate}/s); {others}", err=True)
