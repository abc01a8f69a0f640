"""The errors of ctadata, all of them below `CTADataError`.

::

    CTADataError                 .path, .code, and a sentence that says what to do
    ├── ServiceUnreachable       no connection, or 5xx after all retries; names the host
    │   └── ServiceTimeout       it accepted the connection but does not answer in time
    ├── AuthenticationError      the token is refused: 401, or a redirect to a login page
    │   ├── NoToken              there is no token to send
    │   ├── InvalidToken         what is set as the token cannot be one; it is not sent
    │   └── MissingScope         the token is valid, but not for this service
    ├── StorageException         what the storage refused; the name older notebooks catch
    │   ├── NotFound
    │   ├── AlreadyExists
    │   ├── AccessDenied
    │   │   └── CertificateNeeded  the service has no usable certificate of the user
    │   └── InvalidPath          a path that cannot be asked for, such as one with '..'
    ├── TransferError            .failures: the errors of the files of a directory
    │   ├── IntegrityError       the bytes are not the file that the listing announced
    │   ├── TransferCancelled
    │   └── NoSpace
    ├── LocalFileError           the local disk refused something: permission, read-only, I/O error
    └── CertificateError         .findings: what is wrong with the certificate
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from ._printable import MESSAGE, is_clean, printable

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


class CTADataError(Exception):
    """Base of all errors that ctadata raises.

    Parameters
    ----------
    message : str
        One sentence for people: what happened and what to do about it. What is hidden in it or
        secret is written out or left out, and what is very long is shortened.
    path : str, optional
        The remote or local path that it is about, as it is.

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
        """Return this error with its cause, where a traceback may show that one.

        To be raised outside of the `except` block, which would add the cause as its context.
        """
        self.__cause__ = error if is_clean(error) else None
        return self


class ServiceUnreachable(CTADataError):
    """The service cannot be reached, or answers that it is down."""

    code = "service-unreachable"


class ServiceTimeout(ServiceUnreachable):
    """The service does not answer in time."""

    code = "service-timeout"


class AuthenticationError(CTADataError):
    """The service refuses the token."""

    code = "token-refused"


class NoToken(AuthenticationError):
    """There is no token to send."""

    code = "no-token"


class InvalidToken(AuthenticationError):
    """What is set as the token cannot be one; the message does not repeat it."""

    code = "token-invalid"


class MissingScope(AuthenticationError):
    """The token is valid, but may not be used for this service."""

    code = "token-scope"


class StorageException(CTADataError):
    """The storage refuses what was asked of it."""

    code = "storage-error"


class NotFound(StorageException):
    """There is nothing at this path."""

    code = "not-found"


class AlreadyExists(StorageException):
    """There is something at this path already."""

    code = "already-exists"


class AccessDenied(StorageException):
    """The holder of the token may not do this."""

    code = "access-denied"


class CertificateNeeded(AccessDenied):
    """The service has no certificate of the user with which it could ask the storage."""

    code = "certificate-needed"


class InvalidPath(StorageException):
    """A path that cannot be asked for."""

    code = "invalid-path"


class TransferError(CTADataError):
    """A transfer, or some files of a directory's transfer, failed.

    Parameters
    ----------
    message : str
        One sentence for people.
    path : str, optional
        The path that it is about.
    failures : sequence of CTADataError, optional
        Of a directory: one error, with its path, for each file that failed.
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
    """The bytes that came are not the file that was announced."""

    code = "integrity-error"


class TransferCancelled(TransferError):
    """The transfer was cancelled."""

    code = "cancelled"


class NoSpace(TransferError):
    """The disk that should receive the file is full."""

    code = "no-space"


class LocalFileError(CTADataError):
    """The local disk or operating system refused something; ``path`` is the local file.

    For example permission denied, a read-only disk, too many open files, an I/O error.
    """

    code = "local-file"


class CertificateError(CTADataError):
    """A certificate is not usable, or was refused.

    Parameters
    ----------
    message : str
        One sentence for people; never a part of the certificate.
    path : str, optional
        The file that the certificate was read from.
    findings : sequence of ctadata.certificates.Finding, optional
        What is to be known about it, the worst first: level, code, sentence.
    """

    code = "certificate-error"

    def __init__(
        self, message: str, *, path: str | None = None, findings: Sequence[Finding] = ()
    ) -> None:
        super().__init__(message, path=path)
        self.findings = list(findings)
