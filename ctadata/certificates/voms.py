"""Read the VOMS attributes of a proxy: an attribute certificate (RFC 5755) in an extension.

Its signature is not verified: the storage decides which VOMS servers it trusts.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import NamedTuple

from asn1crypto import cms

from .._printable import printable
from .asn1 import AttributeCertificates
from .certificate import PARSE_ERRORS, Certificate

__all__ = ["VOMSAttributes", "read_attributes"]

_ATTRIBUTE_CERTIFICATES = "1.3.6.1.4.1.8005.100.100.5"
_FQANS = "1.3.6.1.4.1.8005.100.100.4"


class VOMSAttributes(NamedTuple):
    """Groups and roles in a virtual organisation.

    Attributes
    ----------
    vo : str or None
        The organisation.
    fqans : tuple of str
        Fully qualified attribute names as written in the certificate, the primary one first.
    not_before, not_after : datetime
        Their validity, in UTC.
    """

    vo: str | None
    fqans: tuple[str, ...]
    not_before: datetime
    not_after: datetime


def read_attributes(proxy: Certificate) -> VOMSAttributes | None:
    """Return the VOMS attributes of a proxy certificate; None if it has none that are readable."""
    value = proxy.extensions.get(_ATTRIBUTE_CERTIFICATES)
    if value is None:
        return None
    try:
        read = [
            _read(certificate)
            for sequence in AttributeCertificates.load(value)
            for certificate in sequence
        ]
    except PARSE_ERRORS:
        return None
    if not read:
        return None
    return VOMSAttributes(
        vo=read[0].vo,
        fqans=tuple(fqan for attributes in read for fqan in attributes.fqans),
        not_before=max(attributes.not_before for attributes in read),
        not_after=min(attributes.not_after for attributes in read),
    )


def _read(certificate: cms.AttributeCertificateV2) -> VOMSAttributes:
    information = certificate["ac_info"]
    validity = information["att_cert_validity_period"]
    organisation = ""
    fqans: list[str] = []
    for attribute in information["attributes"]:
        if attribute["type"].dotted != _FQANS:
            continue
        for value in attribute["values"]:
            syntax = cms.IetfAttrSyntax.load(value.dump()).native
            fqans += [_decode(name) for name in syntax["values"]]
            # VOMS writes it as "cta://voms.example.org:15000".
            for authority in syntax["policy_authority"] or ():
                organisation = organisation or _decode(authority).partition("://")[0]
    if not organisation and fqans:
        organisation = fqans[0].split("/")[1]
    return VOMSAttributes(
        organisation or None,
        tuple(fqans),
        validity["not_before_time"].native.astimezone(timezone.utc),
        validity["not_after_time"].native.astimezone(timezone.utc),
    )


def _decode(value: bytes | str) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return printable(text)
