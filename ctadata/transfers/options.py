"""TransferOptions: how the files of one call are transferred."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..config import JOBS
from .patterns import FilePatterns
from .progress import Cancel, OnNotice, OnProgress, OnResult

__all__ = ["TransferOptions"]


@dataclass(frozen=True, kw_only=True)
class TransferOptions:
    """What a caller of `APIClient` may say of a download or an upload, and the defaults.

    Attributes
    ----------
    patterns : FilePatterns
        Which files of a directory take part.
    hidden : bool
        Whether hidden files and directories below a directory take part.
    skip_existing : bool
        Whether files are not uploaded that are in the storage already.
    answers : bool
        Whether the answers to uploads are kept.
    overwrite, streams, checksum
        As `ctadata._options.DownloadKeywords` describes them.
    chunk_size : int or None
        Bytes that the service gathers before it sends them on.
    jobs, dry_run, progress, on_progress, on_result, on_notice, cancel
        As `ctadata._options.TransferKeywords` describes them.
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
