"""The uploads of an `APIClient`: what a user may say of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import partial
from typing import IO, Any

from . import config
from ._arguments import mapping, text
from ._files import local_path, several
from ._services import JOBS, LocalPath, Services
from .errors import InvalidPath, TransferError
from .storage.paths import check_remote_path, path_text
from .transfers.patterns import FilePatterns
from .transfers.progress import CallbackDispatcher, Cancel, OnNotice, OnProgress, OnResult
from .transfers.progress_bars import watching
from .transfers.target_conflicts import PlannedUpload
from .transfers.upload import Uploads
from .transfers.upload_file import name_of
from .transfers.upload_history import UploadHistory

__all__ = ["ClientUploads"]


class ClientUploads(Services):
    """The uploads of an `APIClient`; all of them can run side by side."""

    def upload_file(
        self,
        local_fn: LocalPath | IO[bytes],
        path: str,
        *,
        into: bool = True,
        skip_existing: bool = False,
        jobs: int = JOBS,
        dry_run: bool = False,
        progress: bool | None = None,
        on_progress: OnProgress | None = None,
        on_result: OnResult | None = None,
        on_notice: OnNotice | None = None,
        cancel: Cancel | None = None,
    ) -> dict[str, Any]:
        """Upload a file into the user's own directory.

        All members of CTAO and all users of the platform can read what is uploaded. A file that
        holds a private key or a certificate is therefore refused.

        Parameters
        ----------
        local_fn : str, path or binary file
            The local file; one that is open is read from where it is.
        path : str
            Relative to the user's own directory, or the whole path from the storage's root where
            it begins with that directory; missing directories are made. With a
            trailing slash, or where it is a directory, what receives the file under its own
            name.
        into : bool, optional
            Whether a directory that is there receives the file; otherwise it is an error.
        skip_existing : bool, optional
            Whether it is left out where it is there already: with the same size and checksum or,
            where the storage has no checksums, uploaded from here and not changed since, neither
            here nor there. What was uploaded is remembered in the data directory.
        jobs, dry_run, progress, on_progress, on_result, on_notice, cancel : optional
            As for `fetch_and_save_file`.

        Returns
        -------
        dict
            ``path`` (from the storage's root), ``status``, and ``total_written`` in bytes.

        Raises
        ------
        IntegrityError
            If what is stored is not what was sent.
        AccessDenied
            If the user may not write.
        AlreadyExists
            If the path is a directory that must not receive it.
        TransferError
            If the file holds a private key or a certificate.
        """
        if isinstance(local_fn, (str, os.PathLike)) or not hasattr(local_fn, "read"):
            opened, name = None, os.fspath(local_path(local_fn))
        else:
            opened, name = local_fn, name_of(local_fn)
        path = path_text(path)
        with watching(
            False if dry_run else progress, on_progress, on_result, on_notice
        ) as dispatcher:
            uploads = self._uploads(
                FilePatterns(), skip_existing, dry_run, jobs, dispatcher, cancel
            )
            return uploads.file(opened, name, path, into=into)

    def upload_dir(
        self,
        local_dir: LocalPath,
        path: str,
        *,
        root: LocalPath | None = None,
        display_path: str | None = None,
        include: str | Iterable[str] = (),
        exclude: str | Iterable[str] = (),
        hidden: bool = False,
        skip_existing: bool = False,
        answers: bool = True,
        jobs: int = JOBS,
        dry_run: bool = False,
        progress: bool | None = None,
        on_progress: OnProgress | None = None,
        on_result: OnResult | None = None,
        on_notice: OnNotice | None = None,
        cancel: Cancel | None = None,
    ) -> list[dict[str, Any]]:
        """Upload all files below a directory into the user's own directory.

        What is uploaded can be read by others. Symbolic links, pipes, sockets and devices below
        the directory, private keys and certificates are therefore left out and, unless `hidden` is
        given, files and directories whose names begin with a dot. So is what becomes such a thing
        during the transfer. That is no error: `on_result` is told of each (state ``left out``);
        without it, one warning is logged. What is named itself is taken in any case, also a link to
        a directory. A hard link cannot be told from the file.

        Parameters
        ----------
        local_dir : str or path
            The local directory.
        path : str
            The remote directory that receives what is in it, relative to the user's own.
        root : str or path, optional
            A directory above `local_dir`; no component of its path below this one may be a link.
        display_path : str, optional
            What errors and results call the directory; by default its path.
        include, exclude : str or iterable of str, optional
            Which files take part, as `FilePatterns` compares them; `include` adds no hidden ones.
        hidden : bool, optional
            Whether hidden files, and what is in hidden directories, are uploaded, too.
        skip_existing : bool, optional
            Whether files are left out that are there already, as for `upload_file`.
        answers : bool, optional
            Whether the answers are returned; for very many files `on_result` needs less memory.
        jobs, dry_run, progress, on_progress, on_result, on_notice, cancel : optional
            As for `fetch_and_save_file`.

        Returns
        -------
        list of dict
            One for each file, as `upload_file` returns it, sorted by path.

        Raises
        ------
        AlreadyExists
            If two files would have the same name in the storage, also where they differ only in
            how accents are encoded (Unicode NFC and NFD); nothing is sent then.
        TransferError
            If some files failed; its ``failures`` name each of them.
        """
        directory = local_path(local_dir)
        if not os.path.isdir(directory):
            raise TransferError(f"{str(directory)!r} is not a directory", path=str(directory))
        globs = FilePatterns(include, exclude)
        with watching(
            False if dry_run else progress, on_progress, on_result, on_notice
        ) as dispatcher:
            uploads = self._uploads(
                globs, skip_existing, dry_run, jobs, dispatcher, cancel, root, answers, hidden
            )
            called = None if display_path is None else text(display_path, "display_path")
            return uploads.directory(directory, path, called)

    def upload_many(
        self,
        local_paths: Iterable[LocalPath],
        path: str,
        *,
        recursive: bool = False,
        include: str | Iterable[str] = (),
        exclude: str | Iterable[str] = (),
        hidden: bool = False,
        skip_existing: bool = False,
        answers: bool = True,
        jobs: int = JOBS,
        dry_run: bool = False,
        progress: bool | None = None,
        on_progress: OnProgress | None = None,
        on_result: OnResult | None = None,
        on_notice: OnNotice | None = None,
        cancel: Cancel | None = None,
    ) -> list[dict[str, Any]]:
        """Upload several files and directories into one directory, each under its own name.

        What is below a directory is treated as by `upload_dir`; what is named here is taken also
        where it is hidden or a link. Private keys and certificates are refused.

        Parameters
        ----------
        local_paths : iterable of str or path
            Files, and directories where `recursive` allows them.
        path : str
            The remote directory that receives them, relative to the user's own.
        recursive : bool, optional
            Whether directories are uploaded.
        include, exclude, hidden, skip_existing : optional
            As for `upload_dir`.
        answers : bool, optional
            Whether the answers are returned; for very many files `on_result` needs less memory.
        jobs, dry_run, progress, on_progress, on_result, on_notice, cancel : optional
            As for `fetch_and_save_file`.

        Returns
        -------
        list of dict
            One for each file, as `upload_file` returns it, sorted by path.

        Raises
        ------
        AlreadyExists
            If two files would have the same name in the storage, also where they differ only in
            how accents are encoded (Unicode NFC and NFD); nothing is sent then.
        TransferError
            If some files failed; its ``failures`` name each of them.
        """
        into = tuple(check_remote_path(path))
        # A path that is named twice is uploaded once.
        placed: dict[tuple[str, str], PlannedUpload] = {}
        for local in map(local_path, several(local_paths, "local_paths")):
            is_directory = os.path.isdir(local)
            if is_directory and not recursive:
                raise TransferError(
                    f"{str(local)!r} is a directory; upload it with recursive=True (put -r)",
                    path=str(local),
                )
            name = os.path.basename(os.path.realpath(local)) if is_directory else local.name
            if not name:
                raise InvalidPath(
                    f"{str(local)!r} has no name under which it could be uploaded", path=str(local)
                )
            one = PlannedUpload(os.fspath(local), (*into, name), is_directory)
            placed.setdefault((os.path.abspath(local), name), one)
        globs = FilePatterns(include, exclude)
        with watching(
            False if dry_run else progress, on_progress, on_result, on_notice
        ) as dispatcher:
            uploads = self._uploads(
                globs, skip_existing, dry_run, jobs, dispatcher, cancel, None, answers, hidden
            )
            return uploads.many(list(placed.values()))

    def upload_files(
        self,
        files: Mapping[str, LocalPath],
        *,
        display_paths: Mapping[str, str] | None = None,
        leave_out: bool = False,
        jobs: int = JOBS,
        progress: bool | None = None,
        on_progress: OnProgress | None = None,
        on_result: OnResult | None = None,
        on_notice: OnNotice | None = None,
        cancel: Cancel | None = None,
    ) -> list[dict[str, Any]]:
        """Upload several files, each to a path of its own.

        Parameters
        ----------
        files : mapping of str to str or path
            The local file for each path, relative to the user's own directory; missing
            directories are made.
        display_paths : mapping of str to str, optional
            What errors call a local file, by its path.
        leave_out : bool, optional
            Whether private keys and certificates are left out, as of a directory, instead of being
            an error.
        jobs, progress, on_progress, on_result, on_notice, cancel : optional
            As for `fetch_and_save_file`.

        Returns
        -------
        list of dict
            One for each file, as `upload_file` returns it, sorted by path.

        Raises
        ------
        AlreadyExists
            If two files would have the same name in the storage, also where they differ only in
            how accents are encoded (Unicode NFC and NFD); nothing is sent then.
        TransferError
            If some files failed; its ``failures`` name each of them.
        """
        placed = [
            PlannedUpload(os.fspath(local_path(local)), tuple(check_remote_path(path)))
            for path, local in mapping(files, "files").items()
        ]
        for one in placed:
            if not one.target:
                raise InvalidPath(f"{one.source!r} is given no name in the storage")
        with watching(progress, on_progress, on_result, on_notice) as dispatcher:
            uploads = self._uploads(FilePatterns(), False, False, jobs, dispatcher, cancel)
            called = None if display_paths is None else mapping(display_paths, "display_paths")
            return uploads.many(placed, called, leave_out=leave_out)

    def _uploads(
        self,
        globs: FilePatterns,
        skip_existing: bool,
        dry_run: bool,
        jobs: int,
        dispatcher: CallbackDispatcher,
        cancel: Cancel | None,
        root: LocalPath | None = None,
        answers: bool = True,
        hidden: bool = False,
    ) -> Uploads:
        return Uploads(
            self._service,
            self._current_token(),
            sent=UploadHistory(partial(config.data_directory, self.data_dir), self._service.url),
            root=local_path(root) if root is not None else None,
            hidden=hidden,
            globs=globs,
            skip_existing=skip_existing,
            dry_run=dry_run,
            answers=answers,
            jobs=jobs,
            dispatcher=dispatcher,
            cancel=cancel,
        )
