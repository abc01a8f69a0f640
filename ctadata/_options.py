"""Keyword arguments that several public functions take: types, defaults and descriptions, once."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypedDict, TypeVar

from ._files import LocalPath
from .transfers.options import TransferOptions
from .transfers.progress import Cancel, OnNotice, OnProgress, OnResult

__all__ = ["ClientOptions", "DownloadKeywords", "TransferKeywords", "accepts"]

Accepting = TypeVar("Accepting", bound=Callable[..., Any])


class ClientOptions(TypedDict, total=False):
    """How the services are reached; each function takes these for one call, too.

    Parameters
    ----------
    downloadservice, certificateservice : str, optional
        The services' addresses; by default ``CTADS_URL`` and ``CTACS_URL`` of the environment, or
        else the public platform.
    token : str, optional
        The hub token; by default ``JUPYTERHUB_API_TOKEN`` of the environment.
    chunk_size : int, optional
        Bytes that the service gathers before it sends them on.
    data_dir : str or path, optional
        Where uploads and delegations are recorded; by default ``CTADATA_DATA_DIR`` of the
        environment, or else ``ctadata`` in Jupyter's data directory.
    timeout : float, optional
        Seconds without an answer after which the service counts as stalled; by default 60.
    retries : int, optional
        How often something that failed in passing is tried again since the last progress; by
        default 3.
    min_speed : float, optional
        Bytes per second, over `timeout`, below which a transfer counts as stalled; by default
        1024.
    max_listing_entries : int, optional
        Entries of a directory that are read, the rest being cut off; by default
        ``CTADATA_MAX_LISTING_ENTRIES`` of the environment, or else 1,000,000.
    max_listing_bytes : int, optional
        Bytes of a listing that are read; by default ``CTADATA_MAX_LISTING_BYTES`` of the
        environment, or else 512 MiB.
    """

    downloadservice: str | None
    certificateservice: str | None
    token: str | None
    chunk_size: int | None
    data_dir: LocalPath | None
    timeout: float | None
    retries: int | None
    min_speed: float | None
    max_listing_entries: int | None
    max_listing_bytes: int | None


class TransferKeywords(ClientOptions, total=False):
    """How files are transferred, in either direction.

    Parameters
    ----------
    jobs : int, optional
        Files, and streams of large files, at a time: 1 to 64.
    dry_run : bool, optional
        Transfer nothing, but tell `on_result` what would be transferred.
    progress : bool, optional
        Whether progress bars are shown; by default in a terminal and in a notebook, unless
        `on_progress` or `on_result` is given.
    on_progress : callable, optional
        Called with the path, the bytes done, the bytes in all (or None), and the state:
        ``waiting``, ``running``, and at the end ``finished``, ``skipped``, ``failed`` or
        ``cancelled``.
    on_result : callable, optional
        Called with a `ctadata.transfers.progress.Result` at the end of each file. An exception
        that a callback raises ends the transfer and is raised.
    on_notice : callable, optional
        Called with the path and a sentence while the transfer waits before it tries again, such
        as ``trying again (2 of 4) in 5 s: no data for 60 s``, and with the path and None once it
        resumes.
    cancel : threading.Event or callable, optional
        Once it is set, or returns True, the transfer stops.
    """

    jobs: int
    dry_run: bool
    progress: bool | None
    on_progress: OnProgress | None
    on_result: OnResult | None
    on_notice: OnNotice | None
    cancel: Cancel | None


class DownloadKeywords(TransferKeywords, total=False):
    """How files are downloaded.

    Parameters
    ----------
    overwrite : {"update", "never", "fail", "skip", "replace"}, optional
        What to do where a local file of that name exists. ``update`` leaves it alone if it has
        the size and date of the remote one, and otherwise replaces it once the new one is
        complete; ``never`` leaves it alone likewise, and otherwise raises `AlreadyExists`;
        ``skip`` leaves it alone; ``fail`` raises `AlreadyExists`; ``replace`` downloads it in any
        case, and replaces links and read-only files too.
    streams : int, optional
        Streams of one large file; by default one, and more where they make it faster.
    checksum : bool, optional
        Whether the storage is asked for the file's checksum.
    """

    overwrite: str
    streams: int | None
    checksum: bool


def accepts(options: type[Any]) -> Callable[[Accepting], Accepting]:
    """Let ``help()``, ``?`` and Shift-Tab show each keyword in place of ``**options``.

    Parameters
    ----------
    options : type
        The typed dictionary that the annotation of ``**options`` names, for type checkers.

    Returns
    -------
    callable
        Completes the signature and the docstring of a method or a class.
    """
    defaults = {field.name: field.default for field in fields(TransferOptions)}
    annotations: dict[str, Any] = {}
    described = ""
    # Bases first: a TypedDict has its bases' keys, but does not know its bases.
    for kind in (ClientOptions, TransferKeywords, DownloadKeywords):
        if kind.__annotations__.keys() <= options.__annotations__.keys():
            types = kind.__annotations__.items()
            annotations = {n: t for n, t in types if n not in annotations} | annotations
            described = _parameters(kind) + described

    def complete(accepting: Accepting) -> Accepting:
        signature = inspect.signature(accepting)
        own = [shown for shown in signature.parameters.values() if shown.kind != shown.VAR_KEYWORD]
        keywords = [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=defaults.get(name),
                annotation=annotation.__forward_arg__,
            )
            for name, annotation in annotations.items()
        ]
        accepting.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=[*own, *keywords]
        )
        if accepting.__doc__:  # python -OO has none
            text = inspect.cleandoc(accepting.__doc__)
            accepting.__doc__ = re.sub(r"\*\*options\n +.*\n", lambda _: described, text)
        return accepting

    return complete


def _parameters(options: type[Any]) -> str:
    text = inspect.cleandoc(options.__doc__ or "")
    return text.partition("----------\n")[2] + "\n"
