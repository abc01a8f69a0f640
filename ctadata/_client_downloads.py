"""The downloads of an `APIClient`: what a user may say of them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ._files import local_path, several, split_below
from ._services import JOBS, LocalPath, Services
from .storage.path_lookup import meant
from .storage.paths import check_remote_path
from .transfers.download import Downloads, Request
from .transfers.download_file import DownloadOptions
from .transfers.patterns import FilePatterns
from .transfers.progress import CallbackDispatcher, Cancel, OnNotice, OnProgress, OnResult
from .transfers.progress_bars import watching

__all__ = ["ClientDownloads"]


class ClientDownloads(Services):
    """The downloads of an `APIClient`; all of them can run side by side."""

    def fetch_and_save_file(
        self,
        path: str,
        save_to_fn: LocalPath | None = None,
        *,
        chunk_size: int | None = None,
        overwrite: str = "update",
        streams: int | None = None,
        checksum: bool = True,
        jobs: int = JOBS,
        dry_run: bool = False,
        progress: bool | None = None,
        on_progress: OnProgress | None = None,
        on_result: OnResult | None = None,
        on_notice: OnNotice | None = None,
        cancel: Cancel | None = None,
    ) -> int:
        """Download a file.

        It is written under a temporary name and gets its own, and the remote date, only when it
        is whole: its size is compared with the listing's, and its checksum with the storage's
        where that offers one. A file of more than 8 MiB that was interrupted is resumed by the
        next call.

        Parameters
        ----------
        path : str
            A file, relative to the storage's root.
        save_to_fn : str or path, optional
            The local file, or with a trailing slash the directory that receives it; by default
            the same name in the working directory.
        chunk_size : int, optional
            Bytes that the service gathers before it sends them on.
        overwrite : {"update", "never", "fail", "skip", "replace"}, optional
            What is done where there is a local file of that name. ``update`` leaves it alone if
            its size and date are the remote ones, and otherwise replaces it when the new one is
            whole; ``never`` leaves it alone likewise, and otherwise raises `AlreadyExists`;
            ``skip`` leaves it alone; ``fail`` raises `AlreadyExists`; ``replace``
            downloads it in any case, and replaces links and read-only files too.
        streams : int, optional
            Streams of one large file; by default one, and more where they make it faster.
        checksum : bool, optional
            Whether the storage is asked for the file's checksum.
        jobs : int, optional
            Files, and streams of large files, at a time: 1 to 64.
        dry_run : bool, optional
            Whether nothing is transferred, but `on_result` told what would be.
        progress : bool, optional
            Whether progress bars are shown; by default in a terminal and in a notebook, unless
            one of the callbacks is given.
        on_progress : callable, optional
            Called with the path, the bytes done, the bytes in all (or None), and the state:
            ``waiting``, ``running``, and at the end ``finished``, ``skipped``, ``failed`` or
            ``cancelled``.
        on_result : callable, optional
            Called with a `ctadata.transfers.progress.Result` at the end of each file. What a
            callback raises ends the transfer and is raised.
        on_notice : callable, optional
            Called with the path and a sentence while the transfer waits before it tries again,
            such as ``trying again (2 of 4) in 5 s: no data for 60 s``, and with the path and None
            once it goes on.
        cancel : threading.Event or callable, optional
            Once it is set, or returns True, the transfer stops.

        Returns
        -------
        int
            The file's size in bytes, also where it was there already.

        Raises
        ------
        NotFound
            If there is nothing at this path.
        AlreadyExists
            If the local name is taken by something that must not be replaced.
        IntegrityError
            If the bytes that came are not the file.
        TransferCancelled
            If it was cancelled.
        """
        root, name = _target(save_to_fn)
        request = Request(meant(self._service, path), root, name=name)
        options = DownloadOptions(overwrite, streams, checksum, self._block_size(chunk_size))
        with watching(
            False if dry_run else progress, on_progress, on_result, on_notice
        ) as dispatcher:
            return self._downloads(options, FilePatterns(), dry_run, jobs, dispatcher, cancel).run(
                [request]
            )

    def fetch_and_save_file_or_dir(
        self,
        path: str,
        recursive: bool = False,
        *,
        dest: LocalPath | None = None,
        root: LocalPath | None = None,
        include: str | Iterable[str] = (),
        exclude: str | Iterable[str] = (),
        hidden: bool = True,
        overwrite: str = "update",
        streams: int | None = None,
        checksum: bool = True,
        jobs: int = JOBS,
        dry_run: bool = False,
        progress: bool | None = None,
        on_progress: OnProgress | None = None,
        on_result: OnResult | None = None,
        on_notice: OnNotice | None = None,
        cancel: Cancel | None = None,
    ) -> int:
        """Download a file, or a directory with all that is below it.

        Parameters
        ----------
        path : str
            A file or directory, relative to the storage's root.
        recursive : bool, optional
            Whether a directory is downloaded.
        dest : str or path, optional
            The local directory that receives the file or directory under its own name. By
            default the working directory, where a directory keeps its whole remote path.
        root : str or path, optional
            A directory that `dest` must lie below; no link below it is followed.
        include, exclude : str or iterable of str, optional
            Which files of a directory take part, as `FilePatterns` compares them.
        hidden : bool, optional
            Whether files and directories below a directory are downloaded whose names begin with a
            dot; of what is left out `on_result` is told. Programs obey such files where they find
            them (``.git/config``, ``.envrc``).
        overwrite, streams, checksum, jobs, dry_run, progress : optional
            As for `fetch_and_save_file`.
        on_progress, on_result, on_notice, cancel : optional
            As for `fetch_and_save_file`.

        Returns
        -------
        int
            The bytes of all files that are there now.

        Raises
        ------
        TransferError
            If some files of a directory failed; its ``failures`` name each of them.
        """
        base, parts = local_path(dest if dest is not None else "."), tuple[str, ...]()
        if root is not None:
            root = local_path(root)
            base, parts = root, split_below(base, root)
        source = meant(self._service, path)
        request = Request(source, base, parts, recursive=recursive, whole_path=dest is None)
        options = DownloadOptions(overwrite, streams, checksum, self._block_size())
        globs = FilePatterns(include, exclude)
        with watching(
            False if dry_run else progress, on_progress, on_result, on_notice
        ) as dispatcher:
            downloads = self._downloads(options, globs, dry_run, jobs, dispatcher, cancel, hidden)
            return downloads.run([request])

    def fetch_many(
        self,
        paths: Iterable[str],
        dest: LocalPath | None = None,
        *,
        recursive: bool = False,
        include: str | Iterable[str] = (),
        exclude: str | Iterable[str] = (),
        overwrite: str = "update",
        streams: int | None = None,
        checksum: bool = True,
        jobs: int = JOBS,
        dry_run: bool = False,
        progress: bool | None = None,
        on_progress: OnProgress | None = None,
        on_result: OnResult | None = None,
        on_notice: OnNotice | None = None,
        cancel: Cancel | None = None,
    ) -> list[Path]:
        """Download several files, such as some entries of a listing.

        Parameters
        ----------
        paths : iterable of str
            Files, and directories where `recursive` allows them; an `Entry` of a file is not
            asked for again.
        dest : str or path, optional
            The local directory that receives each of them under its own name. By default the
            working directory, where a directory keeps its whole remote path.
        recursive : bool, optional
            Whether directories are downloaded.
        include, exclude : str or iterable of str, optional
            Which files of a directory take part, as `FilePatterns` compares them.
        overwrite, streams, checksum, jobs, dry_run, progress : optional
            As for `fetch_and_save_file`.
        on_progress, on_result, on_notice, cancel : optional
            As for `fetch_and_save_file`.

        Returns
        -------
        list of Path
            The local path of each of `paths`.

        Raises
        ------
        TransferError
            If some files failed; its ``failures`` name each of them.
        AlreadyExists
            If two of them would have the same local path; nothing is transferred then.
        """
        paths = [meant(self._service, path) for path in several(paths, "paths")]
        base = local_path(dest if dest is not None else ".")
        # A path that is named twice is downloaded once.
        keys = [tuple(check_remote_path(path)) for path in paths]
        sources = dict(zip(keys, paths, strict=True))
        requests = [
            Request(path, base, recursive=recursive, whole_path=dest is None)
            for path in sources.values()
        ]
        options = DownloadOptions(overwrite, streams, checksum, self._block_size())
        globs = FilePatterns(include, exclude)
        with watching(
            False if dry_run else progress, on_progress, on_result, on_notice
        ) as dispatcher:
            downloads = self._downloads(options, globs, dry_run, jobs, dispatcher, cancel)
            downloads.run(requests)
        locals_ = dict(zip(sources, downloads.local_paths(), strict=True))
        return [locals_[key] for key in keys]

    def _downloads(
        self,
        options: DownloadOptions,
        globs: FilePatterns,
        dry_run: bool,
        jobs: int,
        dispatcher: CallbackDispatcher,
        cancel: Cancel | None,
        hidden: bool = True,
    ) -> Downloads:
        return Downloads(
            self._service,
            options,
            globs=globs,
            hidden=hidden,
            dry_run=dry_run,
            jobs=jobs,
            dispatcher=dispatcher,
            cancel=cancel,
        )


def _target(save_to_fn: LocalPath | None) -> tuple[Path, str | None]:
    """Return the directory that receives a file, and its name where that is given."""
    if save_to_fn is None:
        return Path(), None
    target = local_path(save_to_fn)
    if os.path.basename(os.fspath(save_to_fn)) in {"", ".", ".."}:
        return target, None
    return target.parent, target.name
