"""A WebDAV storage on the served directory: WsgiDAV, called within this process."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from io import BytesIO
from itertools import chain
from typing import Any, BinaryIO

from wsgidav.dav_error import (
    HTTP_BAD_REQUEST,
    HTTP_CONFLICT,
    HTTP_FORBIDDEN,
    HTTP_INSUFFICIENT_STORAGE,
    HTTP_INTERNAL_ERROR,
    HTTP_METHOD_NOT_ALLOWED,
    DAVError,
)
from wsgidav.dav_provider import DAVCollection, DAVNonCollection, DAVProvider
from wsgidav.error_printer import ErrorPrinter
from wsgidav.request_resolver import RequestResolver
from wsgidav.wsgidav_app import WsgiDAVApp

from .._local_errors import NO_SPACE
from .served_directory import NOT_PERMITTED, Missing, NewFile, ServedDirectory
from .wsgi import BLOCK_SIZE, Body, Environ, IncompleteBody, Response

_XML_LIMIT = 1024**2


class DAVStorage:
    """The storage; the path `mount` begins every href."""

    def __init__(self, tree: ServedDirectory, mount: str) -> None:
        self._app = WsgiDAVApp(
            {
                "mount_path": mount,
                "provider_mapping": {"/": _Provider(tree)},
                "middleware_stack": [ErrorPrinter, RequestResolver],
                "http_authenticator": {"accept_basic": False, "accept_digest": False},
                "lock_storage": None,
                "property_manager": None,
                "block_size": BLOCK_SIZE,
                "suppress_version_info": True,
                "logging": {"enable": False},
                "verbose": 1,
            }
        )

    def answer(self, environ: Environ, names: list[str], body: Body) -> Response:
        """Answer a request (PEP 3333) for the path `names` below the mount."""
        environ = environ | {
            "SCRIPT_NAME": "",
            "PATH_INFO": "/" + "/".join(names).encode().decode("latin-1"),
            "wsgi.input": body,
            "wsgidav.auth.user_name": "user",
            # The unread rest is discarded later, in constant memory.
            "wsgidav.all_input_read": 1,
        }
        if environ["REQUEST_METHOD"] in ("PROPFIND", "PROPPATCH"):
            xml = body.read_all(_XML_LIMIT)  # WsgiDAV would read it without a limit
            environ |= {"wsgi.input": BytesIO(xml), "CONTENT_LENGTH": str(len(xml))}
        heads: list[tuple[str, list[tuple[str, str]]]] = []
        chunks: Any = self._app(
            environ, lambda status, fields, _=None: heads.append((status, fields))
        )
        first = next(chunks, b"")  # WsgiDAV starts the response with the first chunk
        status, _, reason = heads[0][0].partition(" ")
        blocks: Iterable[bytes] = chain([first], chunks)
        return Response(int(status), blocks, dict(heads[0][1]), reason, close=chunks.close)


class _Provider(DAVProvider):  # type: ignore[misc]
    """Provides WsgiDAV with the resources of the directory."""

    def __init__(self, tree: ServedDirectory) -> None:
        super().__init__()
        self.tree = tree
        self.verbose = 1

    def get_resource_inst(self, path: str, environ: Environ) -> _Collection | _File | None:
        names = _names(path)
        try:
            return self.resource(path, environ, self.tree.stat(names))
        except Missing:
            return None

    def resource(self, path: str, environ: Environ, facts: os.stat_result) -> _Collection | _File:
        kind = _Collection if stat.S_ISDIR(facts.st_mode) else _File
        return kind(path, environ, facts)


class _Properties:
    """The common properties of files and directories."""

    def __init__(self, path: str, environ: Environ, facts: os.stat_result) -> None:
        super().__init__(path, environ)  # type: ignore[call-arg]
        self.facts = facts

    def get_creation_date(self) -> float:
        return self.facts.st_ctime

    def get_last_modified(self) -> float:
        return self.facts.st_mtime

    def get_display_name(self) -> str:
        return _names(self.path)[-1] if _names(self.path) else ""  # type: ignore[attr-defined]


class _Collection(_Properties, DAVCollection):  # type: ignore[misc]
    def get_etag(self) -> None:
        return None

    def get_member_names(self) -> list[str]:
        return [name for name, _ in self.provider.tree.scan(_names(self.path))]

    def get_member(self, name: str) -> _Collection | _File | None:
        path = f"{self.path.rstrip('/')}/{name}"
        member: _Collection | _File | None = self.provider.get_resource_inst(path, self.environ)
        return member

    def get_member_list(self) -> list[_Collection | _File]:
        """Return the members after reading the directory once."""
        path = self.path.rstrip("/")
        return [
            self.provider.resource(f"{path}/{name}", self.environ, facts)
            for name, facts in self.provider.tree.scan(_names(self.path))
        ]

    def create_empty_resource(self, name: str) -> _File:
        """Return the file that PUT is about to write; it is created only when it is complete."""
        return _File(f"{self.path.rstrip('/')}/{name}", self.environ, self.facts)

    def create_collection(self, name: str) -> None:
        try:
            self.provider.tree.make_directory([*_names(self.path), name])
        except FileExistsError:  # a hidden file, or another request was faster
            raise DAVError(HTTP_METHOD_NOT_ALLOWED) from None
        except Missing:
            raise DAVError(HTTP_CONFLICT) from None


class _File(_Properties, DAVNonCollection):  # type: ignore[misc]
    def __init__(self, path: str, environ: Environ, facts: os.stat_result) -> None:
        super().__init__(path, environ, facts)
        self._writing = ExitStack()
        self._sink: _Sink | None = None

    def get_content_length(self) -> int:
        return self.facts.st_size

    def get_etag(self) -> str:
        return _etag(self.facts)

    def support_etag(self) -> bool:
        return True

    def support_ranges(self) -> bool:
        return True

    def get_content(self) -> BinaryIO:
        file: BinaryIO = self.provider.tree.open(_names(self.path))
        if _etag(os.fstat(file.fileno())) != self.get_etag():
            file.close()
            raise DAVError(HTTP_CONFLICT, "the file was replaced in the meantime; try again")
        return file

    def begin_write(self, *, content_type: str | None = None) -> _Sink:
        new_file = self._writing.enter_context(self.provider.tree.new_file(_names(self.path)))
        self._sink = _Sink(new_file)
        return self._sink

    def end_write(self, *, with_errors: bool) -> None:
        with self._writing:
            if with_errors or self._sink is None:
                return
            if self._sink.error is not None:
                raise self._sink.error
            self._sink.new_file.commit()
        self.facts = self.provider.tree.stat(_names(self.path))


class _Sink:
    """Receives the body of a PUT from WsgiDAV.

    Errors are raised only at the end: WsgiDAV would log a traceback for every lost client.
    """

    def __init__(self, new_file: NewFile) -> None:
        self.new_file = new_file
        self.error: DAVError | None = None

    def writelines(self, blocks: Iterator[bytes]) -> None:
        try:
            for block in blocks:
                self.new_file.write(block)
        except IncompleteBody as error:
            self.error = DAVError(HTTP_BAD_REQUEST, str(error))
        except OSError as error:
            self.error = DAVError(_write_status(error))

    def close(self) -> None:
        """Do nothing: `_File.end_write` closes the file."""


def _write_status(error: OSError) -> int:
    if error.errno in NO_SPACE:
        return int(HTTP_INSUFFICIENT_STORAGE)
    if error.errno in NOT_PERMITTED:
        return int(HTTP_FORBIDDEN)
    return int(HTTP_INTERNAL_ERROR)


def _names(path: str) -> list[str]:
    return [name for name in path.split("/") if name]


def _etag(facts: os.stat_result) -> str:
    return f"{facts.st_ino:x}-{facts.st_mtime_ns:x}-{facts.st_size:x}"
