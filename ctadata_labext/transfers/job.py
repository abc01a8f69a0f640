"""Job and Transfer: what one is to do, and how far it is; as data, which a file can hold."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any, Literal, get_args

from ctadata._printable import printable
from ctadata.errors import CTADataError, TransferCancelled, TransferError

from ..errors import MAX_MESSAGE, Interrupted, UploadsLost, describe
from .progress import Amounts, Progress

__all__ = ["Job", "Transfer"]

Kind = Literal["download", "upload"]
State = Literal["queued", "running", "finished", "failed", "cancelled", "interrupted"]

# Of the files that failed in a directory, so many are named.
MAX_FAILURES = 100


@dataclass(frozen=True)
class Job:
    """What a transfer is to do: all of it is JSON, so that a later server can do it, too.

    Parameters
    ----------
    kind : str
        ``'download'`` or ``'upload'``.
    source : str
        The path that is read: in the storage, or in the workspace.
    target : str
        The path that is written: in the workspace, or below the user's remote directory.
    files : int, optional
        The number of files, where it is known beforehand.
    options : dict, optional
        What else is to be known by those who do it.
    again : bool, optional
        Whether it was begun before, so that some of it may be done.
    """

    kind: Kind
    source: str
    target: str
    files: int | None = None
    options: dict[str, Any] = field(default_factory=dict)
    again: bool = False


@dataclass
class Transfer:
    """A job and how far it is; the manager's lock watchdogs all of it.

    Attributes
    ----------
    cancel : threading.Event
        Ends the job, because the user or the server wants it.
    cancelling : bool
        Whether it is the user.
    error : dict or None
        Its code and message.
    notices : dict
        By the path of a file, why it waits before it is tried again; by ``""``, what is to be known
        of the whole transfer, also when it has ended. The newest comes last.
    failures : list of dict
        Of a directory, the files that failed: path, code and message.
    owner : str
        Who started it; empty for the server's own user.
    """

    job: Job
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    state: State = "queued"
    target: str = ""
    error: dict[str, str] | None = None
    failures: list[dict[str, str]] = field(default_factory=list)
    cancel: threading.Event = field(default_factory=threading.Event)
    cancelling: bool = False
    created: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    ended: datetime | None = None
    progress: Progress | None = None
    amounts: Amounts = field(default_factory=Amounts)
    notices: dict[str, str] = field(default_factory=dict)
    owner: str = ""

    def __post_init__(self) -> None:
        """Take over what is known beforehand."""
        if self.amounts.files_total is None:
            self.amounts = self.amounts._replace(files_total=self.job.files)

    @property
    def active(self) -> bool:
        """Whether it has not ended."""
        return self.state in {"queued", "running"}

    @property
    def resumable(self) -> bool:
        """Whether it has ended, and something may be left to be done."""
        lost = self.error is not None and self.error["code"] == UploadsLost.code
        return self.state in {"failed", "cancelled", "interrupted"} and not lost

    def begin(self) -> None:
        """Take note that it runs now."""
        self.state = "running"
        self.progress = Progress(self.job.source, files=self.job.files, before=self.amounts)

    def end(self, error: CTADataError | None) -> None:
        """Take note of how it ended."""
        if self.state == "running":
            self.job = replace(self.job, again=True)
        if error is None:
            self.state = "finished"
        elif not isinstance(error, TransferCancelled):
            self.state = "failed"
        elif self.cancelling:
            self.state = "cancelled"
        else:
            self.state, error = "interrupted", Interrupted()
        self.ended = datetime.now(timezone.utc)
        # No file waits any more.
        self.notices = {path: text for path, text in self.notices.items() if not path}
        self.cancelling = False
        self.error = describe(error) if error else None
        failures = error.failures if isinstance(error, TransferError) else []
        self.failures = [
            {"path": failure.path or "", **describe(failure)} for failure in failures[:MAX_FAILURES]
        ]
        if self.progress is not None:
            self.progress.end(complete=error is None)
            self.amounts, self.progress = self.progress.amounts, None

    def notice(self, path: str, text: str | None) -> None:
        """Take note why a file waits, or that it goes on."""
        self.notices.pop(path, None)
        if text is not None and self.active:
            self.notices[path] = printable(text, MAX_MESSAGE)

    def again(self) -> None:
        """Queue it once more."""
        self.state, self.target, self.ended = "queued", "", None
        self.error, self.failures = None, []
        self.notices.clear()
        # The thread of the try before may still look at its own.
        self.cancel = threading.Event()

    def describe(self) -> dict[str, object]:
        """Return it as openapi.yaml's ``Transfer``."""
        progress = self.progress
        return {
            "id": self.id,
            "kind": self.job.kind,
            "source": self.job.source,
            "target": self.target or self.job.target,
            "state": "cancelling" if self.cancelling else self.state,
            **self._current._asdict(),
            "counting": progress is not None and progress.counting,
            "rate": progress.rate() if progress is not None else None,
            "error": self.error,
            "failures": self.failures,
            "notice": next(reversed(self.notices.values()), None),
            "resumable": self.resumable,
            "created": _iso(self.created),
            "ended": _iso(self.ended) if self.ended else None,
        }

    def record(self) -> dict[str, Any]:
        """Return all that a later server needs to know."""
        return {
            "id": self.id,
            "job": dict(vars(self.job)),
            "state": self.state,
            "owner": self.owner,
            "cancelling": self.cancelling,
            "target": self.target,
            "error": self.error,
            "failures": self.failures,
            "amounts": self._current._asdict(),
            "created": self.created.timestamp(),
            "ended": self.ended.timestamp() if self.ended else None,
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any], last_seen: datetime) -> Transfer:
        """Make it of the record of a server that has ended.

        Parameters
        ----------
        record : mapping
            What `record` has returned.
        last_seen : datetime
            When that server was seen for the last time.

        Raises
        ------
        ValueError, TypeError, KeyError
            If it is no such record.
        """
        job = Job(**record["job"])
        if job.kind not in get_args(Kind) or record["state"] not in get_args(State):
            raise ValueError("neither a kind nor a state of a transfer")
        owner = record.get("owner", "")
        texts = [record["id"], job.source, job.target, record["target"], owner]
        if not all(isinstance(text, str) for text in texts) or not isinstance(job.options, dict):
            raise TypeError("not the texts of a transfer")
        amounts = Amounts(**record["amounts"])
        if not all(isinstance(amount, (int, type(None))) for amount in (job.files, *amounts)):
            raise TypeError("not the numbers of a transfer")
        transfer = cls(
            job,
            record["id"],
            record["state"],
            record["target"],
            None if record["error"] is None else _error(record["error"]),
            [{"path": str(failure["path"]), **_error(failure)} for failure in record["failures"]],
            cancelling=bool(record["cancelling"]),
            created=datetime.fromtimestamp(record["created"], timezone.utc),
            amounts=amounts,
            # Earlier versions knew one user only.
            owner=owner,
        )
        if transfer.active:
            transfer.end(TransferCancelled("Cancelled"))
            transfer.ended = max(last_seen, transfer.created)
        else:
            transfer.ended = datetime.fromtimestamp(record["ended"], timezone.utc)
        return transfer

    @property
    def _current(self) -> Amounts:
        return self.progress.amounts if self.progress is not None else self.amounts


def _error(record: Mapping[str, str]) -> dict[str, str]:
    # Somebody else may have written it.
    return {
        "code": printable(str(record["code"]), MAX_MESSAGE),
        "message": printable(str(record["message"]), MAX_MESSAGE),
    }


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
