"""The exceptions that ctadata raises; all of them derive from `CTADataError`.

::

    CTADataError                 .path, .code, and one sentence that says what to do
    ├── ServiceUnreachable       no connection, or 5xx after all retries; names the host
    │   └── ServiceTimeout       connected, but no response in time
    ├── AuthenticationError      the token is refused: 401, or a redirect to a login page
    │   ├── NoToken              no token is set
    │   ├── InvalidToken         the value that is set cannot be a token; it is not sent
    │   └── MissingScope         the token is valid, but not for this service
    ├── StorageException         the storage refuses the request; older notebooks catch this name
    │   ├── NotFound
    │   ├── AlreadyExists
    │   ├── AccessDenied
    │   │   └── CertificateNeeded  the service has no usable certificate of the user
    │   └── InvalidPath          a path that cannot be requested, such as one with '..'
    ├── TransferError            .failures: one error for each file of a directory that failed
    │   ├── IntegrityError       the received bytes are not the listed file
    │   ├── TransferCancelled
    │   └── NoSpace              the local disk is full
    ├── LocalFileError           the local disk refuses: permission, read-only, I/O error
    └── CertificateError         .findings: what is wrong with the certificate
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from ._printable import MESSAGE, is_clean, printable
from ._secrets import TOKEN_VARIABLE

if TYPE_CHECKING:
    from typing_extensions import Self

    from .certificates.messages import Finding

__all__ = [
    "AccessDenied",
    "AlreadyExists",
    "AuthenticationError",
    "CTADataError",
    "CertificateError",
    "CertificateNeeded",
    "IntegrityError",
    "InvalidPath",
    "InvalidToken",
    "LocalFileError",
    "MissingScope",
    "NoSpace",
    "NoToken",
    "NotFound",
    "ServiceTimeout",
    "ServiceUnreachable",
    "StorageException",
    "TransferCancelled",
    "TransferError",
]


# What to do about a token that is missing, refused or unusable.
NEW_TOKEN = "take a new token from the hub's control panel (Token) and set " + TOKEN_VARIABLE


class CTADataError(Exception):
    """Base class of all ctadata errors.

    Parameters
    ----------
    message : str
        One sentence for people: what happened and what to do about it. Invisible characters are
        escaped, secrets are removed, and very long text is shortened.
    path : str, optional
        The remote or local path that the error is about, unchanged.

    Attributes
    ----------
    code : str
        A stable name of the kind of error, for programs.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, path: str | None = None) -> None:
        super().__init__(printable(str(message), MESSAGE))
        self.path = path

    def caused_by(self, error: BaseException) -> Self:
        """Return this error with `error` as its cause, if a traceback may show that one.

        Raise it outside of the `except` block, which would add the cause as its context.
        """
        self.__cause__ = error if is_clean(error) else None
        return self


class ServiceUnreachable(CTADataError):
    """The service cannot be reached, or says that it is down."""

    code = "service-unreachable"


class ServiceTimeout(ServiceUnreachable):
    """The service does not respond in time."""

    code = "service-timeout"


class AuthenticationError(CTADataError):
    """The service refuses the token."""

    code = "token-refused"
    REFUSED = "{host} refuses the hub token: " + NEW_TOKEN

    @classmethod
    def login_page(cls, path: str) -> Self:
        """Return the error for an HTML page in place of a file."""
        return cls(
            f"The service sends a page instead of {path!r}, which it does for expired tokens: "
            f"{NEW_TOKEN}",
            path=path,
        )


class NoToken(AuthenticationError):
    """No token is set."""

    code = "no-token"

    @classmethod
    def missing(cls, path: str | None = None) -> Self:
        """Return the error for a request that needs a token."""
        return cls(f"There is no hub token: {NEW_TOKEN}", path=path)


class InvalidToken(AuthenticationError):
    """The value that is set cannot be a token; the message does not repeat it."""

    code = "token-invalid"


class MissingScope(AuthenticationError):
    """The token is valid, but not for this service."""

    code = "token-scope"


class StorageException(CTADataError):
    """The storage refuses the request."""

    code = "storage-error"


class NotFound(StorageException):
    """There is nothing at this path."""

    code = "not-found"


class AlreadyExists(StorageException):
    """There is something at this path already."""

    code = "already-exists"

    @classmethod
    def directory(cls, path: str) -> Self:
        """Return the error for a file to be written at the path of a directory."""
        return cls(f"{path!r} is a directory; name the file to write", path=path)


class AccessDenied(StorageException):
    """The user is not allowed to do this."""

    code = "access-denied"


class CertificateNeeded(AccessDenied):
    """The service has no usable certificate of the user, and cannot access the storage."""

    code = "certificate-needed"


class InvalidPath(StorageException):
    """A path that cannot be requested."""

    code = "invalid-path"


class TransferError(CTADataError):
    """A transfer, or some files of a directory's transfer, failed.

    Parameters
    ----------
    message, path : str
        See `CTADataError`.
    failures : sequence of CTADataError, optional
        For a directory: one error, with its path, for each file that failed.
    """

    code = "transfer-failed"

    def __init__(
        self,
        message: str,
        *,
        path: str | None = None,
        failures: Sequence[CTADataError] = (),
    ) -> None:
        super().__init__(message, path=path)
        self.failures = list(failures)


class IntegrityError(TransferError):
    """The received bytes are not the listed file."""

    code = "integrity-error"

    @classmethod
    def wrong_size(cls, path: str, received: int | None, listed: int | None) -> Self:
        """Return the error for a file of another size than listed; None received means more."""
        size = "More bytes" if received is None else f"{received} bytes"
        return cls(
            f"{size} were received for {path!r} where the storage lists {listed}; try again",
            path=path,
        )


class TransferCancelled(TransferError):
    """The transfer was cancelled."""

    code = "cancelled"


class NoSpace(TransferError):
    """The local disk is full."""

    code = "no-space"


class LocalFileError(CTADataError):
    """The local disk or the operating system refused something; ``path`` is the local file.

    Examples are a denied permission, a read-only disk, too many open files, an I/O error.
    """

    code = "local-file"


class CertificateError(CTADataError):
    """A certificate is not usable, or was refused.

    Parameters
    ----------
    message : str
        See `CTADataError`; never contains a part of the certificate.
    path : str, optional
        The file that the certificate was read from.
    findings : sequence of ctadata.certificates.Finding, optional
        The problems found, the worst first: level, code, sentence.
    """

    code = "certificate-error"

    def __init__(
        self, message: str, *, path: str | None = None, findings: Sequence[Finding] = ()
    ) -> None:
        super().__init__(message, path=path)
        self.findings = list(findings)
