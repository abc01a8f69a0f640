"""The findings about a certificate to be delegated, each with a sentence that gives the remedy."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, NamedTuple

__all__ = [
    "LEVELS",
    "LONGEST_VALIDITY",
    "MAX_BYTES",
    "NEVER_FORCED",
    "NEW_PROXY",
    "Finding",
    "Level",
    "finding",
]

Level = Literal["block", "warn", "info"]
LEVELS: tuple[Level, ...] = ("block", "warn", "info")

LONGEST_VALIDITY = timedelta(days=7)
"""The limit of the certificate service (docs/protocol.md, "Certificate service")."""

MAX_BYTES = 64 << 10
"""Limit on the file size; a proxy certificate with its whole chain has about 20 kB."""

COMMAND = "voms-proxy-init --rfc --voms cta"
NEW_PROXY = f"create a proxy certificate with '{COMMAND}' and use the file that it prints"
_AGAIN = f"create a new one with '{COMMAND}'"
_COPY_AGAIN = f"copy the whole file again, or {_AGAIN}"

# Files with a possibly long-lived key, or that cannot be read, are never sent, even with force.
NEVER_FORCED = frozenset(
    {
        "too-big", "not-pem", "der-not-pem", "pkcs12", "no-certificate", "encrypted-key", "bad-key",
        "key-mismatch", "ca-certificate", "long-lived-user-certificate",
    }
)  # fmt: skip


class Finding(NamedTuple):
    """A problem with a certificate, or another remark about it.

    Attributes
    ----------
    level : {'block', 'warn', 'info'}
        Whether it prevents sending the certificate.
    code : str
        A stable name, for programs.
    sentence : str
        The problem and its remedy; never a part of the certificate.
    """

    level: Level
    code: str
    sentence: str


_LEVELS: dict[str, Level] = {
    "not-a-proxy": "warn",
    "expires-within-hour": "warn",
    "voms-expired": "warn",
    "unknown-ca": "warn",
    "no-voms-attributes": "info",
}

# By code; a variant of a code follows a slash.
_SENTENCES = {
    "too-big": "This file is larger than 64 KiB, too large for a proxy certificate: "
    f"{NEW_PROXY}.",
    "not-pem": "This is not a certificate in PEM form (text with a line "
    f"'-----BEGIN CERTIFICATE-----'): {NEW_PROXY}.",
    "not-pem/empty": f"This file is empty: {NEW_PROXY}.",
    "not-pem/damaged": f"Part of this file is damaged or cut off: {_COPY_AGAIN}.",
    "der-not-pem": f"This file is in binary (DER) form, but PEM is required: {NEW_PROXY}.",
    "pkcs12": "This is a PKCS#12 file (.p12, .pfx) with your long-lived certificate, which you "
    f"must not share: extract it to ~/.globus on your own machine, then {NEW_PROXY}.",
    "no-certificate": f"There is no certificate in this file: {NEW_PROXY}.",
    "no-certificate/damaged": f"A certificate in this file cannot be read: {_COPY_AGAIN}.",
    "no-private-key": "There is no private key in this file, and the service needs one: "
    f"{NEW_PROXY}.",
    "encrypted-key": "The private key in this file is protected by a password, which indicates a "
    f"long-lived certificate: do not share it, but {NEW_PROXY}.",
    "bad-key": f"The private key in this file cannot be read: {_COPY_AGAIN}.",
    "several-keys": "There are several private keys in this file, but a proxy certificate has only "
    f"one: {NEW_PROXY}.",
    "key-mismatch": "The private key in this file belongs to a different certificate: "
    f"{NEW_PROXY}.",
    "wrong-order": "The certificates in this file are in the wrong order: the proxy certificate "
    f"must come first, and each must be followed by the one that signed it; {NEW_PROXY}.",
    "chain-missing": "The certificate that signed this proxy certificate is missing from the file: "
    f"use the complete file that voms-proxy-init created, or {_AGAIN}.",
    "bad-signature": "A signature in this file is not valid: a certificate was changed, or the "
    f"certificates do not belong together; {_AGAIN}.",
    "bad-signature/issuer": "A certificate in this file was signed by one that is not allowed to "
    f"sign it: {NEW_PROXY}.",
    "bad-signature/depth": "This proxy certificate was made from one that does not allow further "
    f"proxies: {_AGAIN}.",
    "bad-signature/extension": "A certificate in this file has extensions that are unknown or not "
    f"allowed: {_AGAIN}.",
    "bad-signature/name": "The name of this proxy certificate is not derived from the name of the "
    f"certificate that signed it, as RFC 3820 requires: {_AGAIN}.",
    "legacy-proxy": "This proxy certificate is of an older kind than RFC 3820, which the service "
    f"does not accept: {_AGAIN}.",
    "ca-certificate": "This is the certificate of a certificate authority, not your own: "
    f"{NEW_PROXY}.",
    "expired": f"It has expired: {_AGAIN}.",
    "not-yet-valid": "It is not valid yet: wait until it is, or check the clock of the machine "
    f"that created it and {_AGAIN}.",
    "longer-than-7-days": "It is valid for longer than 7 days, which the service does not accept: "
    f"create one with a shorter validity with '{COMMAND} --valid 24:00'.",
    "long-lived-user-certificate": "This is your long-lived user certificate, not a proxy, and "
    f"you must not share its key: {NEW_PROXY}.",
    "not-a-proxy": "This is a user certificate, not a proxy certificate. It is short-lived, so you "
    f"may use it, but it is better to {NEW_PROXY}.",
    "expires-within-hour": f"It expires in less than an hour: {_AGAIN}.",
    "voms-expired": "Its VOMS attributes are not valid at present, so the storage may deny access: "
    f"{_AGAIN}.",
    "unknown-ca": "It was not issued by a certificate authority that is known on this machine: if "
    "the service refuses it, ask the platform's support which authorities it accepts.",
    "no-voms-attributes": "It has no VOMS attributes (groups and roles in your VO), so the storage "
    f"may grant you fewer rights; to add them, use '{COMMAND}'.",
}  # fmt: skip


def finding(code: str, variant: str = "") -> Finding:
    """Return the finding of a code, with the sentence of a variant if one is given."""
    sentence = _SENTENCES[f"{code}/{variant}" if variant else code]
    return Finding(_LEVELS.get(code, "block"), code, sentence)
