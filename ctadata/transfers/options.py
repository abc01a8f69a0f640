"""The options of a transfer."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..config import JOBS
from .patterns import FilePatterns
from .progress import Cancel, OnNotice, OnProgress, OnResult

__all__ = ["TransferOptions"]


@dataclass(frozen=True, kw_only=True)
class TransferOptions:
    """The options that callers of `APIClient` can set for a transfer, and their defaults.

    Attributes
    ----------
    patterns : FilePatterns
        The files of a directory that are transferred.
    hidden : bool
        Whether hidden files and directories in a directory are transferred.
    skip_existing : bool
        Whether uploads skip files that the storage has already.
    answers : bool
        Whether the answers to uploads are kept.
    overwrite, streams, checksum
        See `ctadata._options.DownloadKeywords`.
    chunk_size : int or None
        Bytes that the service collects before it forwards them.
    jobs, dry_run, progress, on_progress, on_result, on_notice, cancel
        See `ctadata._options.TransferKeywords`.
    """

    patterns: FilePatterns = field(default_factory=FilePatterns)
    hidden: bool = True
    skip_existing: bool = False
    answers: bool = True
    overwrite: str = "update"
    streams: int | None = None
    checksum: bool = True
    chunk_size: int | None = None
    jobs: int = JOBS
    dry_run: bool = False
    progress: bool | None = None
    on_progress: OnProgress | None = None
    on_result: OnResult | None = None
    on_notice: OnNotice | None = None
    cancel: Cancel | None = None
