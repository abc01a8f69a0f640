"""The description of a certificate that a user wants to delegate."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..errors import CertificateError
from .messages import NEVER_FORCED, Finding

if TYPE_CHECKING:
    from .certificate import Kind

__all__ = ["NOT_SENT", "ProxyCertificate", "iso"]

#: The first words of an error raised before anything is sent.
NOT_SENT = "The certificate was not sent."


@dataclasses.dataclass(frozen=True)
class ProxyCertificate:
    """A description of the proxy certificate in a file; it contains no part of the file itself.

    Attributes
    ----------
    subject, issuer : str or None
        The names of the certificate and its issuer, in the grid's slash form; None, like all that
        follows, if no certificate could be read.
    authority : str or None
        The issuer of the end entity's certificate.
    identity : str or None
        The name of the end entity: the person whom the proxy represents.
    kind : {'rfc3820', 'legacy', 'gt3-draft', 'end-entity', 'ca'} or None
        The kind of certificate.
    limited : bool
        Whether it is a limited proxy.
    not_before, not_after : datetime or None
        The validity of the whole chain and the VOMS attributes together, in UTC.
    vo : str or None
        The virtual organisation of the VOMS attributes.
    fqans : tuple of str
        The fully qualified attribute names: groups and roles.
    key_present : bool
        Whether the file contains a private key.
    fingerprint : str or None
        SHA-256 of the certificate, in hexadecimal digits.
    findings : list of Finding
        The problems found and other remarks, the most serious first.
    """

    findings: list[Finding]
    subject: str | None = None
    issuer: str | None = None
    authority: str | None = None
    identity: str | None = None
    kind: Kind | None = None
    limited: bool = False
    not_before: datetime | None = None
    not_after: datetime | None = None
    vo: str | None = None
    fqans: tuple[str, ...] = ()
    key_present: bool = False
    fingerprint: str | None = None

    @property
    def blocked(self) -> bool:
        """Whether a finding prevents sending it."""
        return any(found.level == "block" for found in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Return the description as a JSON object, with times in ISO 8601."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        del fields["findings"]  # last
        return fields | {
            "not_before": self.not_before and iso(self.not_before),
            "not_after": self.not_after and iso(self.not_after),
            "fqans": list(self.fqans),
            "blocked": self.blocked,
            "findings": [found._asdict() for found in self.findings],
        }

    def check_sendable(self, *, force: bool = False) -> None:
        """Raise an error unless it may be sent.

        Parameters
        ----------
        force : bool, optional
            Whether to ignore blocking findings, except those that may give away a long-lived key.

        Raises
        ------
        CertificateError
            If a finding prevents it; its ``findings`` say which.
        """
        blocking = [
            found
            for found in self.findings
            if found.level == "block" and (not force or found.code in NEVER_FORCED)
        ]
        if blocking:
            raise CertificateError(
                " ".join([NOT_SENT, *(found.sentence for found in blocking)]),
                findings=self.findings,
            )


def iso(moment: datetime) -> str:
    """Return a time in UTC in ISO 8601, in whole seconds."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
