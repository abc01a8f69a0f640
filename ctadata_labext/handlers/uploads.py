"""``ctadata/uploads``: files from the user's own computer, received by tus 1.0.0.

They may come in pieces of any size, over several connections and after a restart of the server.
What has come completely is handed on to a transfer (`transfers`).
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
from ..owners import may_have, owner_of
from ..uploads import tus_headers
from ..uploads.spool_files import Upload
from ..uploads.writer import UploadWriter
from .base import CTADataHandler

if TYPE_CHECKING:
    from tornado.http1connection import HTTP1Connection

__all__ = ["UploadHandler", "UploadsHandler"]

# Seconds of silence after which a sender makes way for another: it has lost its connection, most
# likely, and is that other.
SILENCE = 5.0
# Bytes of a refused body that are read and dropped: to close the connection at once would hide
# the answer from a browser that is still sending.
MAX_DROPPED = 16 << 20

P = ParamSpec("P")
T = TypeVar("T")


class TusHandler(CTADataHandler):
    """What the handlers of uploads share: whatever is to be checked is checked before the body."""

    _refusal: CTADataError | None = None
    _writer: UploadWriter | None = None

    def set_default_headers(self) -> None:
        """Say the version, on errors too."""
        super().set_default_headers()
        self.set_header("Tus-Resumable", tus_headers.VERSION)
        self.set_header("Tus-Version", tus_headers.VERSION)

    async def prepare(self) -> None:  # type: ignore[override]
        """Refuse what is to be refused, before a byte of the body is taken."""
        headers = self.request.headers
        await super().prepare()
        # The decorators of the methods come too late: after the body.
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
        """Make ready for the body.

        Parameters
        ----------
        length : int or None
            Its bytes, None where only its end will tell.

        Raises
        ------
        CTADataError
            If it is not to come.
        """

    async def receive(self, upload_id: str, offset: int, length: int | None) -> None:
        """Make ready to add the body to an upload."""
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
        """Take some of the body, or drop it where it is refused."""
        if self._writer is None or self._refusal is not None:
            return
        try:
            await self._writer.receive(chunk)
        except CTADataError as error:
            self._refusal = error
            if not self._answers_after_the_body():
                self.send_error(500, exc_info=sys.exc_info())

    async def received(self) -> None:
        """Wait until the body is on the disk.

        Raises
        ------
        CTADataError
            If it is not to be there.
        """
        writer = self._writer
        if writer is not None:
            await writer.close()
        if self._refusal is not None:
            raise self._refusal

    def on_connection_close(self) -> None:
        """Keep what has come so far."""
        super().on_connection_close()
        if self._writer is not None:
            # What the disk has not taken is not there; the next HEAD tells.
            self._writer.close().add_done_callback(lambda task: task.exception())

    async def make_way(self, upload_id: str, silence: float) -> None:
        """End another request's piece of an upload if its sender is silent."""
        writer = self.services.upload_writers.get(upload_id)
        if writer is None or not may_have(owner_of(self), writer.piece.upload.owner):
            return
        if writer.has_ended(silence):
            await writer.cut()

    async def on_disk(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a call of the spool, which no listing that hangs may hold up."""
        return await self.run_in(self.services.upload_pool, call, *args, **kwargs)

    def tell(self, upload: Upload) -> None:
        """Say how far an upload is, and until when it is kept."""
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
        """Say what of tus is understood."""
        self.set_header("Tus-Extension", tus_headers.EXTENSIONS)
        if self.services.spool.max_size:
            self.set_header("Tus-Max-Size", str(self.services.spool.max_size))
        self.set_status(204)
        self.finish()

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer the uploads that no transfer has yet."""
        uploads = await self.on_disk(self.services.spool.waiting, owner_of(self))
        self.finish({"uploads": [_described(upload) for upload in uploads]})

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Create an upload, whose first piece may be the body."""
        await self.received()
        upload = await self.on_disk(self.services.spool.get, self._upload_id)
        self.tell(upload)
        self.set_header("Location", url_path_join(self.base_url, "ctadata/uploads", upload.id))
        self.set_status(201)
        self.finish(_described(upload))


class UploadHandler(TusHandler):
    """One upload."""

    async def begin(self, length: int | None) -> None:
        """Make ready for a piece."""
        upload_id = self.path_args[0]
        offset = tus_headers.natural_number(self.request.headers, "Upload-Offset")
        await self.make_way(upload_id, SILENCE)
        await self.receive(upload_id, offset, length)

    @web.authenticated
    @authorized
    async def head(self, upload_id: str) -> None:
        """Say how far it is."""
        await self.make_way(upload_id, SILENCE)
        upload = await self.on_disk(self.services.spool.get, upload_id, owner_of(self))
        self.tell(upload)
        self.set_header("Upload-Length", str(upload.size))
        self.set_header("Upload-Metadata", upload.metadata)
        self.finish()

    @web.authenticated
    @authorized
    async def patch(self, upload_id: str) -> None:
        """Add the body to it."""
        await self.received()
        self.tell(await self.on_disk(self.services.spool.get, upload_id, owner_of(self)))
        self.set_status(204)
        self.finish()

    @web.authenticated
    @authorized
    async def delete(self, upload_id: str) -> None:
        """End it."""
        await self.make_way(upload_id, 0)
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
            f"{left} bytes of {path!r} are missing, but {length} are sent; upload it again",
            path=path,
        )
