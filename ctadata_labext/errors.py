"""The extension's own errors, their HTTP statuses, and how an error is sent to the browser."""

from __future__ import annotations

from collections.abc import Sequence

from ctadata._printable import printable
from ctadata.errors import AlreadyExists, CTADataError, InvalidPath, NotFound, TransferError

__all__ = [
    "ERRORS_OF_STATUS",
    "INTERNAL_ERROR",
    "MAX_MESSAGE",
    "STATUS_OF_CODE",
    "Abandoned",
    "BadRequest",
    "CertificateChanged",
    "Interrupted",
    "NoSuchUpload",
    "NotEnded",
    "NotOffered",
    "NotResumable",
    "TargetsExist",
    "TooLarge",
    "TooManyTransfers",
    "TooManyUploads",
    "UnsupportedMediaType",
    "UnsupportedVersion",
    "UploadBusy",
    "UploadConflict",
    "UploadsLost",
    "WholeStorage",
    "describe",
]

# Trouble with the service's credentials is 424 (Failed Dependency): 401 and 403 would look as if
# Jupyter's own login had failed.
STATUS_OF_CODE = {
    "bad-request": 400,
    "invalid-path": 400,
    "not-found": 404,
    "no-such-upload": 404,
    "not-offered": 404,
    "already-exists": 409,
    "cancelled": 409,
    "certificate-changed": 409,
    "not-ended": 409,
    "not-resumable": 409,
    "upload-conflict": 409,
    "unsupported-version": 412,
    "too-large": 413,
    "unsupported-media-type": 415,
    "upload-busy": 423,
    "no-token": 424,
    "token-refused": 424,
    "token-invalid": 424,
    "token-scope": 424,
    "access-denied": 424,
    "certificate-needed": 424,
    "certificate-error": 424,
    # This server's configuration is wrong: the URL of a service or of a proxy.
    "error": 424,
    "too-many-transfers": 429,
    "too-many-uploads": 429,
    "service-unreachable": 502,
    "storage-error": 502,
    "transfer-failed": 502,
    "integrity-error": 502,
    "service-timeout": 504,
    "local-file": 507,
    "no-space": 507,
}

# Requests that Jupyter and tornado refuse; their own texts are not sent.
ERRORS_OF_STATUS = {
    400: ("bad-request", "The server does not understand this request"),
    403: ("forbidden", "Log in to Jupyter again, or reload this page"),
    404: ("not-found", "There is nothing at this address of the Jupyter server"),
    405: ("method-not-allowed", "This method cannot be used at this address"),
    413: ("too-large", "The request is too large"),
}
INTERNAL_ERROR = ("internal", "Something unexpected went wrong; the server's log says more")

# Characters of an error message that are sent to the browser; a longer one loses its middle.
MAX_MESSAGE = 600


class BadRequest(CTADataError):
    """The request does not match openapi.yaml."""

    code = "bad-request"


class NotOffered(CTADataError):
    """There is no such address."""

    code = "not-offered"


class WholeStorage(InvalidPath):
    """The storage's root cannot be downloaded."""

    def __init__(self) -> None:
        super().__init__("The whole storage cannot be downloaded; choose a directory", path="")


class CertificateChanged(CTADataError):
    """A file contains a different certificate from the one that was shown."""

    code = "certificate-changed"


class Abandoned(CTADataError, RuntimeError):
    """The browser has gone, or the server is stopping.

    Also a RuntimeError, as executors raise after their shutdown.
    """

    code = "cancelled"

    def __init__(self) -> None:
        super().__init__("The browser no longer waits for this answer")


class TooManyTransfers(CTADataError):
    """The queue of transfers is full."""

    code = "too-many-transfers"


class TooLarge(CTADataError):
    """A file, or a request's body, is too large."""

    code = "too-large"


class TooManyUploads(CTADataError):
    """There are as many unfinished uploads as allowed."""

    code = "too-many-uploads"


class UnsupportedMediaType(CTADataError):
    """The request's body has another content type than required."""

    code = "unsupported-media-type"


class UnsupportedVersion(CTADataError):
    """The request uses another version of tus."""

    code = "unsupported-version"


class NoSuchUpload(NotFound):
    """The server does not have, or no longer has, this upload."""

    code = "no-such-upload"


class UploadsLost(TransferError):
    """The server no longer has files of a transfer; trying again does not help."""

    code = NoSuchUpload.code


class UploadBusy(CTADataError):
    """Another request is sending data for the same upload."""

    code = "upload-busy"


class UploadConflict(CTADataError):
    """An upload has another offset than the request expects."""

    code = "upload-conflict"


class Interrupted(CTADataError):
    """The server ended while a transfer was queued or running."""

    code = "interrupted"

    def __init__(self) -> None:
        super().__init__("The Jupyter server ended before this was finished; resume it")


class NotEnded(CTADataError):
    """A transfer to be removed from the list is queued or running."""

    code = "not-ended"


class NotResumable(CTADataError):
    """A transfer that is to be run again is finished, or has not ended."""

    code = "not-resumable"


class TargetsExist(AlreadyExists):
    """Some targets (`paths`) exist, or are being written by another transfer."""

    def __init__(self, message: str, paths: Sequence[str]) -> None:
        super().__init__(message, path=paths[0])
        self.paths = list(paths)


def describe(error: CTADataError) -> dict[str, str]:
    """Return an error's ``code`` and ``message``, a line of at most `MAX_MESSAGE` characters."""
    return {"code": error.code, "message": printable(str(error), MAX_MESSAGE)}
