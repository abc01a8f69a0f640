"""The endpoints /list, /fetch, /upload and /health of the download service (docs/protocol.md)."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from email.utils import formatdate
from http import HTTPStatus
from typing import BinaryIO
from urllib.parse import quote

from .._local_errors import NO_SPACE
from .rights import Rights
from .served_directory import NOT_PERMITTED, Missing, ServedDirectory
from .url_paths import decode_path, encode_path
from .wsgi import BLOCK_SIZE, HTTPError, Request, Response, json_response, text_response


class FileEndpoints:
    """The endpoints, as methods that take a request and the raw path below the endpoint.

    `prefix` is the path of the service. Uploads go to the home directory of `rights`.
    """

    def __init__(self, tree: ServedDirectory, rights: Rights, prefix: str) -> None:
        self._tree = tree
        self._rights = rights
        self._prefix = prefix

    def health(self, request: Request, raw: str) -> Response:
        """Answer that the service is running."""
        return text_response(HTTPStatus.OK, "OK - the download service is running")

    def storage_status(self, request: Request, raw: str) -> Response:
        """Answer whether the directory can be read."""
        try:
            self._tree.scan(())
        except (Missing, OSError):
            return text_response(HTTPStatus.INTERNAL_SERVER_ERROR, "the storage cannot be read")
        return text_response(HTTPStatus.OK, "OK - the storage is readable")

    def page(self, request: Request, raw: str) -> Response:
        """Answer with a page for people."""
        page = b"<!DOCTYPE html><title>ctadata</title><p>The embedded data service of ctadata.</p>"
        return Response(HTTPStatus.OK, page, {"Content-Type": "text/html; charset=utf-8"})

    def list(self, request: Request, raw: str) -> Response:
        """Answer with a directory and its entries, or with a single file."""
        names = decode_path(raw)
        base = f"http://{request.header('Host') or 'localhost'}{self._prefix}/list/"
        try:
            facts = self._tree.stat(names)
            content = [_entry(names, facts, base)]
            if stat.S_ISDIR(facts.st_mode):
                content += [_entry([*names, n], f, base) for n, f in self._tree.scan(names)]
        except Missing:
            raise _not_found(names) from None
        except PermissionError:
            raise HTTPError(HTTPStatus.FORBIDDEN, "Access denied") from None
        return json_response(HTTPStatus.OK, content)

    def fetch(self, request: Request, raw: str) -> Response:
        """Stream a file, without range or length like the real service; WebDAV has both."""
        names = decode_path(raw)
        try:
            file = self._tree.open(names)
        except Missing:
            raise _not_found(names) from None
        except IsADirectoryError:
            raise HTTPError(HTTPStatus.BAD_REQUEST, "Error: 400 this is a directory") from None
        except PermissionError:
            raise HTTPError(HTTPStatus.FORBIDDEN, "Access denied") from None
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Disposition": _attachment(names[-1]),
        }
        blocks = _blocks(file, _block_size(request))
        return Response(HTTPStatus.OK, blocks, headers, close=file.close)

    def upload(self, request: Request, raw: str) -> Response:
        """Store the body in the home directory; it gets its name only when it is complete."""
        below = decode_path(raw)
        if not below:
            raise HTTPError(HTTPStatus.NOT_FOUND, "Error: 404 the upload needs a name")
        names = [*self._rights.home_directory(), *below]
        try:
            self._rights.make_directory(names[:3])
            with self._tree.new_file(names) as new_file:
                while block := request.body.read():
                    new_file.write(block)
                replaced = new_file.commit()
        except Missing:
            raise HTTPError(HTTPStatus.CONFLICT, "Error: 409 the parent is missing") from None
        except IsADirectoryError:
            raise HTTPError(
                HTTPStatus.METHOD_NOT_ALLOWED, "Error: 405 this is a directory"
            ) from None
        except OSError as error:
            raise _write_refusal(error) from error
        if replaced:
            return Response(HTTPStatus.NO_CONTENT)
        return json_response(
            HTTPStatus.OK,
            {"path": "/".join(names), "status": "uploaded", "total_written": new_file.size},
        )


def _entry(names: Sequence[str], facts: os.stat_result, base: str) -> dict[str, str]:
    """Return an entry of a listing; the size is a string, and directories have none."""
    href = encode_path(names)
    if stat.S_ISDIR(facts.st_mode):
        href += "/" if names else ""
        entry = {"href": href, "type": "directory"}
    else:
        entry = {"href": href, "type": "file", "size": str(facts.st_size)}
    return entry | {"mtime": formatdate(facts.st_mtime, usegmt=True), "url": base + href}


def _not_found(names: Sequence[str]) -> HTTPError:
    return HTTPError(HTTPStatus.NOT_FOUND, f"Error: 404 {'/'.join(names)} was not found")


def _write_refusal(error: OSError) -> HTTPError:
    if error.errno in NOT_PERMITTED:
        reason = "Missing rights to upload files"
        return HTTPError(HTTPStatus.FORBIDDEN, "Access denied", reason=reason)
    if error.errno in NO_SPACE:
        return HTTPError(HTTPStatus.INSUFFICIENT_STORAGE, "Error: 507 the storage is full")
    if error.errno == errno.ENAMETOOLONG:
        return HTTPError(HTTPStatus.BAD_REQUEST, "Error: 400 the name is too long")
    raise error


def _block_size(request: Request) -> int:
    """Return the block size: as requested, up to a limit that keeps memory small."""
    try:
        requested = int(request.argument("chunk_size") or 0)
    except ValueError:
        requested = 0
    return min(requested, BLOCK_SIZE) if requested > 0 else BLOCK_SIZE


def _blocks(file: BinaryIO, size: int) -> Iterator[bytes]:
    left = os.fstat(file.fileno()).st_size
    while left:
        block = file.read(min(size, left))
        if not block:
            # There is no length, so only a broken stream shows that the file is incomplete.
            raise OSError(errno.EIO, "the file was truncated while it was being sent")
        left -= len(block)
        yield block


def _attachment(name: str) -> str:
    """Return a Content-Disposition for any name (RFC 6266, section 4.3)."""
    if name.isascii() and name.replace(".", "").replace("-", "").replace("_", "").isalnum():
        return f"attachment; filename={name}"
    plain = "".join(c if c.isascii() and c not in '"\\%' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
