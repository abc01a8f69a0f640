"""Job and Transfer: what is to be done, and its progress; both can be saved as JSON."""

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

# Failed files of a directory that are listed.
MAX_FAILURES = 100


@dataclass(frozen=True)
class Job:
    """What a transfer does: JSON, so that a later server can continue it.

    Parameters
    ----------
    kind : str
        ``'download'`` or ``'upload'``.
    source : str
        The path to read: in the storage, or in the workspace.
    target : str
        The path to write: in the workspace, or below the user's directory in the storage.
    files : int, optional
        The number of files, if known in advance.
    options : dict, optional
        Further options for the kind of job.
    again : bool, optional
        Whether it was started before, so that a part may be done.
    """

    kind: Kind
    source: str
    target: str
    files: int | None = None
    options: dict[str, Any] = field(default_factory=dict)
    again: bool = False


@dataclass
class Transfer:
    """A job and its progress; protected by the manager's lock.

    Attributes
    ----------
    cancel : threading.Event
        Set to stop the job, by the user or when the server stops.
    cancelling : bool
        Whether the user has cancelled it.
    error : dict or None
        Its code and message.
    notices : dict
        Maps a file's path to the reason why it waits for a retry, and ``""`` to a notice about the
        whole transfer, which stays after its end. The newest comes last.
    failures : list of dict
        The failed files of a directory: path, code and message.
    owner : str
        The user who started it; empty for the server's owner.
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
        """Set the number of files, if known in advance."""
        if self.amounts.files_total is None:
            self.amounts = self.amounts._replace(files_total=self.job.files)

    @property
    def active(self) -> bool:
        """Whether it is queued or running."""
        return self.state in {"queued", "running"}

    @property
    def resumable(self) -> bool:
        """Whether it has ended without success, and can be run again."""
        lost = self.error is not None and self.error["code"] == UploadsLost.code
        return self.state in {"failed", "cancelled", "interrupted"} and not lost

    def begin(self) -> None:
        """Set it to running."""
        self.state = "running"
        self.progress = Progress(self.job.source, files=self.job.files, before=self.amounts)

    def end(self, error: CTADataError | None) -> None:
        """Set its final state."""
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
        # No file waits for a retry any more.
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
        """Set or clear the reason why a file waits for a retry."""
        self.notices.pop(path, None)
        if text is not None and self.active:
            self.notices[path] = printable(text, MAX_MESSAGE)

    def again(self) -> None:
        """Queue it again."""
        self.state, self.target, self.ended = "queued", "", None
        self.error, self.failures = None, []
        self.notices.clear()
        # The thread of the previous try may still use the old one.
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
        """Return all data that a later server needs."""
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
        """Create it from the record of a server that has ended.

        Parameters
        ----------
        record : mapping
            The return value of `record`.
        last_seen : datetime
            The last sign of life of that server.

        Raises
        ------
        ValueError, TypeError, KeyError
            If it is not such a record.
        """
        job = Job(**record["job"])
        if job.kind not in get_args(Kind) or record["state"] not in get_args(State):
            raise ValueError("invalid kind or state of a transfer")
        owner = record.get("owner", "")
        texts = [record["id"], job.source, job.target, record["target"], owner]
        if not all(isinstance(text, str) for text in texts) or not isinstance(job.options, dict):
            raise TypeError("invalid text in a transfer")
        amounts = Amounts(**record["amounts"])
        if not all(isinstance(amount, (int, type(None))) for amount in (job.files, *amounts)):
            raise TypeError("invalid number in a transfer")
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
            # Earlier versions had only one user.
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
    # Other programs may have changed the file.
    return {
        "code": printable(str(record["code"]), MAX_MESSAGE),
        "message": printable(str(record["message"]), MAX_MESSAGE),
    }


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
