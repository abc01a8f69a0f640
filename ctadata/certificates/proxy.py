"""What is known of a certificate that somebody wants to delegate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..errors import CertificateError
from .messages import NEVER_FORCED, Finding

if TYPE_CHECKING:
    from .certificate import Kind

__all__ = ["NOT_SENT", "ProxyCertificate", "iso"]

#: How the error begins that keeps a certificate from being sent.
NOT_SENT = "It was not sent."


@dataclass(frozen=True)
class ProxyCertificate:
    """What a file holds that is to be delegated as a proxy certificate; nothing of the file itself.

    Attributes
    ----------
    subject, issuer : str or None
        The certificate's and its issuer's name, in the grid's slash form; None, as all that
        follows, where no certificate could be read.
    authority : str or None
        Who has issued the certificate of the end entity.
    identity : str or None
        The name of the end entity, that is the person, for whom it speaks.
    kind : {'rfc3820', 'legacy', 'gt3-draft', 'end-entity', 'ca'} or None
        Which kind of certificate it is.
    limited : bool
        Whether it is a limited proxy.
    not_before, not_after : datetime or None
        When all of it is valid, in UTC: the whole chain and the VOMS attributes.
    vo : str or None
        The virtual organisation of the VOMS attributes.
    fqans : tuple of str
        The fully qualified attribute names: groups and roles.
    key_present : bool
        Whether there is a private key in the file.
    fingerprint : str or None
        SHA-256 of the certificate, in hexadecimal digits.
    findings : list of Finding
        What is to be known about it, the worst first.
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
        """Whether a finding keeps it from being sent."""
        return any(found.level == "block" for found in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Return what is known of it as JSON has it, with times of ISO 8601; never its content."""
        return {
            "subject": self.subject,
            "issuer": self.issuer,
            "authority": self.authority,
            "identity": self.identity,
            "kind": self.kind,
            "limited": self.limited,
            "not_before": self.not_before and iso(self.not_before),
            "not_after": self.not_after and iso(self.not_after),
            "vo": self.vo,
            "fqans": list(self.fqans),
            "key_present": self.key_present,
            "fingerprint": self.fingerprint,
            "blocked": self.blocked,
            "findings": [found._asdict() for found in self.findings],
        }

    def check_sendable(self, *, force: bool = False) -> None:
        """Raise unless it may be sent.

        Parameters
        ----------
        force : bool, optional
            Whether blocking findings are no reason, but for those that may give away a long-lived
            key.

        Raises
        ------
        CertificateError
            If a finding forbids it; its ``findings`` say which.
        """
        against = [
            found
            for found in self.findings
            if found.level == "block" and (not force or found.code in NEVER_FORCED)
        ]
        if against:
            raise CertificateError(
                " ".join([NOT_SENT, *(found.sentence for found in against)]),
                findings=self.findings,
            )


def iso(moment: datetime) -> str:
    """Return a time in UTC as ISO 8601 writes it, in whole seconds."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
