"""The download service's own endpoints: /list, /fetch, /upload, /health (docs/protocol.md)."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from email.utils import formatdate
from http import HTTPStatus
from typing import BinaryIO
from urllib.parse import quote

from .._files import NO_SPACE
from .rights import Rights
from .served_directory import NOT_PERMITTED, Missing, ServedDirectory
from .url_paths import decode_path, encode_path
from .wsgi import BLOCK_SIZE, Refusal, Request, Response, json_response, text_response


class Downloads:
    """The endpoints, as methods that take a request and the raw path below the endpoint.

    Parameters
    ----------
    tree : Tree
        What is served.
    rights : Rights
        Where uploads go.
    prefix : str
        The path of the service.
    """

    def __init__(self, tree: ServedDirectory, rights: Rights, prefix: str) -> None:
        self._tree = tree
        self._rights = rights
        self._prefix = prefix

    def health(self, request: Request, raw: str) -> Response:
        """Answer that the service runs."""
        return text_response(HTTPStatus.OK, "OK - the download service is running")

    def storage_status(self, request: Request, raw: str) -> Response:
        """Answer whether the directory can be read."""
        try:
            self._tree.scan(())
        except (Missing, OSError):
            return text_response(HTTPStatus.INTERNAL_SERVER_ERROR, "the storage cannot be read")
        return text_response(HTTPStatus.OK, "OK - the storage is readable")

    def page(self, request: Request, raw: str) -> Response:
        """Answer with the page for people."""
        page = b"<!DOCTYPE html><title>ctadata</title><p>The embedded data service of ctadata.</p>"
        return Response(HTTPStatus.OK, page, {"Content-Type": "text/html; charset=utf-8"})

    def list(self, request: Request, raw: str) -> Response:
        """Answer with a directory and what is in it, or with a single file."""
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
            raise Refusal(HTTPStatus.FORBIDDEN, "Access denied") from None
        return json_response(HTTPStatus.OK, content)

    def fetch(self, request: Request, raw: str) -> Response:
        """Stream a file; ranges and lengths are left to WebDAV, as by the real service."""
        names = decode_path(raw)
        try:
            file = self._tree.open(names)
        except Missing:
            raise _not_found(names) from None
        except IsADirectoryError:
            raise Refusal(HTTPStatus.BAD_REQUEST, "Error: 400 this is a directory") from None
        except PermissionError:
            raise Refusal(HTTPStatus.FORBIDDEN, "Access denied") from None
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Disposition": _attachment(names[-1]),
        }
        blocks = _blocks(file, _block_size(request))
        return Response(HTTPStatus.OK, blocks, headers, close=file.close)

    def upload(self, request: Request, raw: str) -> Response:
        """Store the body below the user's own directory, under its name only when it is whole."""
        below = decode_path(raw)
        if not below:
            raise Refusal(HTTPStatus.NOT_FOUND, "Error: 404 the upload needs a name")
        names = [*self._rights.home_directory(), *below]
        try:
            self._rights.make_directory(names[:3])
            with self._tree.new_file(names) as new_file:
                while block := request.body.read():
                    new_file.write(block)
                replaced = new_file.commit()
        except Missing:
            raise Refusal(HTTPStatus.CONFLICT, "Error: 409 the parent is missing") from None
        except IsADirectoryError:
            raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "Error: 405 this is a directory") from None
        except OSError as error:
            raise _write_refusal(error) from error
        if replaced:
            return Response(HTTPStatus.NO_CONTENT)
        return json_response(
            HTTPStatus.OK,
            {"path": "/".join(names), "status": "uploaded", "total_written": new_file.size},
        )


def _entry(names: Sequence[str], facts: os.stat_result, base: str) -> dict[str, str]:
    """Return one entry of a listing: the size is a string, a directory has none."""
    href = encode_path(names)
    if stat.S_ISDIR(facts.st_mode):
        href += "/" if names else ""
        entry = {"href": href, "type": "directory"}
    else:
        entry = {"href": href, "type": "file", "size": str(facts.st_size)}
    return entry | {"mtime": formatdate(facts.st_mtime, usegmt=True), "url": base + href}


def _not_found(names: Sequence[str]) -> Refusal:
    return Refusal(HTTPStatus.NOT_FOUND, f"Error: 404 {'/'.join(names)} was not found")


def _write_refusal(error: OSError) -> Refusal:
    if error.errno in NOT_PERMITTED:
        reason = "Missing rights to upload files"
        return Refusal(HTTPStatus.FORBIDDEN, "Access denied", reason=reason)
    if error.errno in NO_SPACE:
        return Refusal(HTTPStatus.INSUFFICIENT_STORAGE, "Error: 507 the storage is full")
    if error.errno == errno.ENAMETOOLONG:
        return Refusal(HTTPStatus.BAD_REQUEST, "Error: 400 the name is too long")
    raise error


def _block_size(request: Request) -> int:
    """Return the bytes to send at a time: what was asked for, as far as memory stays small."""
    try:
        asked = int(request.argument("chunk_size") or 0)
    except ValueError:
        asked = 0
    return min(asked, BLOCK_SIZE) if asked > 0 else BLOCK_SIZE


def _blocks(file: BinaryIO, size: int) -> Iterator[bytes]:
    left = os.fstat(file.fileno()).st_size
    while left:
        block = file.read(min(size, left))
        if not block:
            # Without a length, only a broken stream tells the client that this is not all.
            raise OSError(errno.EIO, "the file became shorter while it was sent")
        left -= len(block)
        yield block


def _attachment(name: str) -> str:
    """Return a Content-Disposition that any name fits in (RFC 6266, section 4.3)."""
    if name.isascii() and name.replace(".", "").replace("-", "").replace("_", "").isalnum():
        return f"attachment; filename={name}"
    plain = "".join(c if c.isascii() and c not in '"\\%' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
