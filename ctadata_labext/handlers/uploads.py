"""``ctadata/uploads``: files from the user's computer, received with tus 1.0.0.

They may come in pieces of any size, over several connections and across restarts of the server.
A complete upload is then passed to a transfer (`ctadata_labext.uploads.handoff`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import authorized
from jupyter_server.auth.utils import HTTP_METHOD_TO_AUTH_ACTION
from jupyter_server.utils import url_path_join
from tornado import web

from ctadata.errors import CTADataError

from ..errors import BadRequest, TooLarge
from ..owners import may_access, owner_of
from ..uploads import tus_headers
from ..uploads.spool_files import Upload
from ..uploads.writer import UploadWriter
from .base import CTADataHandler

if TYPE_CHECKING:
    from tornado.http1connection import HTTP1Connection

__all__ = ["UploadHandler", "UploadsHandler"]

# Seconds without data after which another request may take over an upload: most likely it comes
# from the same sender, whose connection was lost.
SILENCE = 5.0
# Bytes of a refused body that are read and dropped: a browser that is still sending does not see
# the answer if the connection is closed at once.
MAX_DROPPED = 16 << 20

P = ParamSpec("P")
T = TypeVar("T")


class TusHandler(CTADataHandler):
    """Base of the upload handlers: all checks are made before the body is read."""

    _refusal: CTADataError | None = None
    _writer: UploadWriter | None = None

    def set_default_headers(self) -> None:
        """Send the version of tus, with errors too."""
        super().set_default_headers()
        self.set_header("Tus-Resumable", tus_headers.VERSION)
        self.set_header("Tus-Version", tus_headers.VERSION)

    async def prepare(self) -> None:  # type: ignore[override]
        """Check the request before any of the body is read."""
        headers = self.request.headers
        await super().prepare()
        # The decorators of the methods run only after the body was read.
        method = str(self.request.method)
        action = HTTP_METHOD_TO_AUTH_ACTION[method]
        allowed = self.authorizer.is_authorized(self, self.current_user, action, self.auth_resource)
        if not await ensure_async(allowed):
            raise web.HTTPError(403)
        try:
            if method not in {"GET", "OPTIONS"}:
                tus_headers.check_version(headers)
            if method in {"POST", "PATCH"}:
                await self.begin(tus_headers.body_length(headers))
        except CTADataError as error:
            if not self._answers_after_the_body():
                raise
            self._refusal = error

    async def begin(self, length: int | None) -> None:
        """Prepare for a body of `length` bytes, None if unknown; raise an error to refuse it."""

    async def receive(self, upload_id: str, offset: int, length: int | None) -> None:
        """Prepare to add the body to an upload."""
        tus_headers.check_content_type(self.request.headers)
        piece = await self.on_disk(self.services.spool.append, upload_id, offset, owner_of(self))
        left = piece.upload.size - offset
        try:
            _check_length(length, left, piece.upload.path)
        except TooLarge:
            piece.close()
            raise
        connection = cast("HTTP1Connection", self.request.connection)
        connection.set_max_body_size(left)
        services = self.services
        self._writer = UploadWriter(
            piece,
            connection,
            services.upload_pool,
            services.upload_writers,
            services.upload_timeout,
        )

    async def data_received(self, chunk: bytes) -> None:
        """Store a piece of the body, or drop it if the body is refused."""
        if self._writer is None or self._refusal is not None:
            return
        try:
            await self._writer.receive(chunk)
        except CTADataError as error:
            self._refusal = error
            if not self._answers_after_the_body():
                self.send_error(500, exc_info=sys.exc_info())

    async def body_written(self) -> None:
        """Wait until the body is on the disk; raise the error if it was refused or cannot be."""
        writer = self._writer
        if writer is not None:
            await writer.close()
        if self._refusal is not None:
            raise self._refusal

    def on_connection_close(self) -> None:
        """Keep the data received so far."""
        super().on_connection_close()
        if self._writer is not None:
            # Data that could not be written are lost; the next HEAD tells the offset.
            self._writer.close().add_done_callback(lambda task: task.exception())

    async def take_over(self, upload_id: str, silence: float) -> None:
        """Stop another request that adds to an upload if it sends no more data."""
        writer = self.services.upload_writers.get(upload_id)
        if writer is None or not may_access(owner_of(self), writer.piece.upload.owner):
            return
        if writer.has_ended(silence):
            await writer.disconnect()

    async def on_disk(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a call of the spool in the upload threads, which never wait for a service."""
        return await self.run_in(self.services.upload_pool, call, *args, **kwargs)

    def set_progress_headers(self, upload: Upload) -> None:
        """Send an upload's offset, and when it expires."""
        self.set_header("Upload-Offset", str(upload.offset))
        self.set_header("Upload-Expires", tus_headers.http_date(upload.expires))

    def _answers_after_the_body(self) -> bool:
        try:
            length = tus_headers.body_length(self.request.headers)
        except BadRequest:
            return False
        return length is not None and 0 < length <= MAX_DROPPED


class UploadsHandler(TusHandler):
    """All uploads."""

    _upload_id = ""

    async def begin(self, length: int | None) -> None:
        """Create the upload."""
        info = tus_headers.upload_info(self.request.headers, owner_of(self) or "")
        if length != 0:
            tus_headers.check_content_type(self.request.headers)
            _check_length(length, info.size, info.path)
        upload = await self.on_disk(self.services.spool.create, info)
        self._upload_id = upload.id
        if length != 0:
            await self.receive(upload.id, 0, length)

    @web.authenticated
    @authorized
    async def options(self) -> None:  # type: ignore[override]
        """Send the supported extensions of tus."""
        self.set_header("Tus-Extension", tus_headers.EXTENSIONS)
        if self.services.spool.max_size:
            self.set_header("Tus-Max-Size", str(self.services.spool.max_size))
        self.set_status(204)
        self.finish()

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer the uploads that belong to no transfer yet."""
        uploads = await self.on_disk(self.services.spool.waiting, owner_of(self))
        self.finish({"uploads": [_described(upload) for upload in uploads]})

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Create an upload; the body may be its first piece."""
        await self.body_written()
        upload = await self.on_disk(self.services.spool.get, self._upload_id)
        self.set_progress_headers(upload)
        self.set_header("Location", url_path_join(self.base_url, "ctadata/uploads", upload.id))
        self.set_status(201)
        self.finish(_described(upload))


class UploadHandler(TusHandler):
    """One upload."""

    async def begin(self, length: int | None) -> None:
        """Prepare for a piece."""
        upload_id = self.path_args[0]
        offset = tus_headers.natural_number(self.request.headers, "Upload-Offset")
        await self.take_over(upload_id, SILENCE)
        await self.receive(upload_id, offset, length)

    @web.authenticated
    @authorized
    async def head(self, upload_id: str) -> None:
        """Send its offset."""
        await self.take_over(upload_id, SILENCE)
        upload = await self.on_disk(self.services.spool.get, upload_id, owner_of(self))
        self.set_progress_headers(upload)
        self.set_header("Upload-Length", str(upload.size))
        self.set_header("Upload-Metadata", upload.metadata)
        self.finish()

    @web.authenticated
    @authorized
    async def patch(self, upload_id: str) -> None:
        """Add the body to the upload."""
        await self.body_written()
        self.set_progress_headers(
            await self.on_disk(self.services.spool.get, upload_id, owner_of(self))
        )
        self.set_status(204)
        self.finish()

    @web.authenticated
    @authorized
    async def delete(self, upload_id: str) -> None:
        """Remove it."""
        await self.take_over(upload_id, 0)
        await self.on_disk(self.services.spool.remove, upload_id, owner_of(self))
        self.set_status(204)
        self.finish()


def _described(upload: Upload) -> dict[str, Any]:
    """Return openapi.yaml's ``Upload``."""
    return {
        "id": upload.id,
        "path": upload.path,
        "destination": upload.destination,
        "item": upload.item,
        "fingerprint": upload.fingerprint,
        "size": upload.size,
        "offset": upload.offset,
        "expires": int(upload.expires),
    }


def _check_length(length: int | None, left: int, path: str) -> None:
    if length is not None and length > left:
        raise TooLarge(
            f"Only {left} bytes of {path!r} are missing, but {length} are sent; upload it again",
            path=path,
        )
