"""What the commands ``get`` and ``put`` say: of each file, of what failed, and in the end."""

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
from .formats import size_text
from .output import is_terminal, say, say_json

__all__ = ["Summary"]

log = logger_of(__name__)

# The status of a command that Ctrl-C has ended: 128 and the signal's number.
INTERRUPTED = 130


class Summary:
    """Counts the files of a transfer, names those that fail, and ends the command.

    As a context manager around the transfer it turns errors into lines on stderr and the
    exit status. It keeps nothing of the files that did not fail.

    Parameters
    ----------
    verb : str
        What is done to the files, for a dry run.
    go_on : str
        How to go on after Ctrl-C.
    as_json : bool
        Whether each file is an object and a line on stdout.
    quiet : bool
        Whether the sums are not wanted.
    dry_run : bool
        Whether nothing is transferred.
    paths : bool, optional
        Whether the remote path of each file that is there now is a line on stdout.
    """

    def __init__(
        self,
        verb: str,
        go_on: str,
        *,
        as_json: bool,
        quiet: bool,
        dry_run: bool,
        paths: bool = False,
    ) -> None:
        self._verb = verb
        self._go_on = go_on
        self._as_json = as_json
        self._quiet = quiet
        self._dry_run = dry_run
        self._paths = paths and not dry_run and not as_json
        self._files = self._bytes = self._skipped = 0
        self._left_out: Counter[str] = Counter()
        self._told: set[CTADataError] = set()

    @property
    def bars(self) -> bool:
        """Whether bars are shown: where stderr is a terminal that has nothing else to show."""
        full = self._quiet or self._dry_run or log.isEnabledFor(logging.INFO)
        in_the_way = self._as_json and is_terminal(sys.stdout)
        return not full and is_terminal(sys.stderr) and not in_the_way

    def on_result(self, result: Result) -> None:
        """Take what became of a file."""
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
            # Only Ctrl-C cancels here, and is told once.
            self._tell(result.error, result.path)
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
            self._sum_up()
        if isinstance(error, KeyboardInterrupt):
            say(f"Interrupted. {self._go_on}", err=True)
            sys.exit(INTERRUPTED)
        if self._told:
            sys.exit(1)

    def _add(self, failure: CTADataError, ended_all: bool) -> None:
        """Tell a failure that no file's result has told."""
        if failure in self._told or isinstance(failure, TransferCancelled):
            return
        # Where all files would have failed alike, the path of one says nothing.
        alike = ended_all and isinstance(failure, (AuthenticationError, ServiceUnreachable))
        self._tell(failure, None if alike else failure.path)
        if self._as_json and failure.path and not alike:
            self._print_json(Result(failure.path, "", None, "failed", failure))

    def _tell(self, error: CTADataError, path: str | None) -> None:
        self._told.add(error)
        say(f"{path or 'Error'}: {error}", err=True)

    def _print_json(self, result: Result) -> None:
        error = result.error
        told = {
            "path": result.path,
            "local": result.local or None,
            "size": result.size,
            "state": result.state,
            "error": error and {"code": error.code, "message": str(error)},
        }
        if result.kind is not None:
            told["kind"] = result.kind
        say_json(told)

    def _sum_up(self) -> None:
        files = f"{self._files} file{'' if self._files == 1 else 's'}, {size_text(self._bytes)}"
        others = f"{self._skipped} skipped, {len(self._told)} failed"
        if self._left_out and not self._quiet:
            hidden = any(kind.startswith("hidden") for kind in self._left_out)
            remedy = " (--hidden takes hidden ones)" if hidden else ""
            say(f"{left_out_text(self._left_out)} left out{remedy}", err=True)
        if self._dry_run:
            say(f"{files} to {self._verb}; {others}", err=self._as_json)
        elif not self._quiet:
            seconds = time.monotonic() - self._started
            rate = size_text(int(self._bytes / max(seconds, 1e-3)))
            say(f"{files} in {seconds:.1f} s ({rate}/s); {others}", err=True)
