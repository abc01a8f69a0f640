"""The extension's own errors, and what of an error may be shown in the browser."""

from __future__ import annotations

from collections.abc import Sequence

from ctadata._printable import printable
from ctadata.errors import AlreadyExists, CTADataError, NotFound, TransferError

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
    # What is set for this server is wrong: the address of a service or of a proxy.
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

# What Jupyter and tornado refuse themselves; their own texts are not repeated.
ERRORS_OF_STATUS = {
    400: ("bad-request", "The server does not understand this request"),
    403: ("forbidden", "Log in to Jupyter again, or reload the page"),
    404: ("not-found", "There is nothing at this address of the Jupyter server"),
    405: ("method-not-allowed", "This method cannot be used at this address"),
    413: ("too-large", "The request is too large"),
}
INTERNAL_ERROR = ("internal", "Something unexpected went wrong; the server's log says more")

# Characters of an error message that reach the browser; a longer one loses its middle.
MAX_MESSAGE = 600


class BadRequest(CTADataError):
    """The request is not one that the description (openapi.yaml) allows."""

    code = "bad-request"


class NotOffered(CTADataError):
    """There is nothing at an address."""

    code = "not-offered"


class CertificateChanged(CTADataError):
    """A file holds another certificate than the one that was shown."""

    code = "certificate-changed"


class Abandoned(CTADataError, RuntimeError):
    """The browser no longer waits for an answer, or the server ends.

    A RuntimeError too, as executors raise once they take no more calls.
    """

    code = "cancelled"

    def __init__(self) -> None:
        super().__init__("Nobody waits for this answer any more")


class TooManyTransfers(CTADataError):
    """The queue of transfers is full."""

    code = "too-many-transfers"


class TooLarge(CTADataError):
    """A file, or what is sent of it, is larger than it may be."""

    code = "too-large"


class TooManyUploads(CTADataError):
    """There are as many received files as are allowed."""

    code = "too-many-uploads"


class UnsupportedMediaType(CTADataError):
    """The body is not one of the type that is taken there."""

    code = "unsupported-media-type"


class UnsupportedVersion(CTADataError):
    """The request speaks another version of the protocol."""

    code = "unsupported-version"


class NoSuchUpload(NotFound):
    """The server has nothing, or no longer anything, of a file from the user's computer."""

    code = "no-such-upload"


class UploadsLost(TransferError):
    """The server no longer has files that a transfer was to store; to try again is of no use."""

    code = NoSuchUpload.code


class UploadBusy(CTADataError):
    """Another request is sending a piece of the same upload."""

    code = "upload-busy"


class UploadConflict(CTADataError):
    """An upload is not as far as the request takes it to be."""

    code = "upload-conflict"


class Interrupted(CTADataError):
    """The server ended while a transfer was queued or running."""

    code = "interrupted"

    def __init__(self) -> None:
        super().__init__("The Jupyter server ended before this was finished; resume it")


class NotEnded(CTADataError):
    """A transfer that is to be forgotten is queued or running."""

    code = "not-ended"


class NotResumable(CTADataError):
    """Nothing of a transfer is left to be done, or it is being done."""

    code = "not-resumable"


class TargetsExist(AlreadyExists):
    """Some targets exist already, or are being written by another transfer.

    Parameters
    ----------
    message : str
        One sentence for people.
    paths : sequence of str
        Those targets.
    """

    def __init__(self, message: str, paths: Sequence[str]) -> None:
        super().__init__(message, path=paths[0])
        self.paths = list(paths)


def describe(error: CTADataError) -> dict[str, str]:
    """Return what the browser may know of an error.

    Parameters
    ----------
    error : CTADataError
        The error; its message is for people already.

    Returns
    -------
    dict
        ``code`` and ``message``, the latter on one line and of at most `MAX_MESSAGE` characters.
    """
    return {"code": error.code, "message": printable(str(error), MAX_MESSAGE)}
