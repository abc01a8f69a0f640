"""What can be wrong with a certificate that somebody wants to delegate, and what to do then."""

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
"""What the certificate service takes at most (docs/protocol.md, "Certificate service")."""

MAX_BYTES = 64 << 10
"""Bytes of a file; a proxy certificate with its whole chain has some 20 kB."""

COMMAND = "voms-proxy-init --rfc --voms cta"
NEW_PROXY = f"make a proxy certificate with '{COMMAND}' and use the file that it names"
_AGAIN = f"make a new one with '{COMMAND}'"

# Where the key may be one that lives for long, or nothing can be made of the file: nobody sends
# that, not even with force.
NEVER_FORCED = frozenset(
    {
        "too-big", "not-pem", "der-not-pem", "pkcs12", "no-certificate", "encrypted-key", "bad-key",
        "key-mismatch", "ca-certificate", "long-lived-user-certificate",
    }
)  # fmt: skip


class Finding(NamedTuple):
    """One thing that is to be known about a certificate.

    Attributes
    ----------
    level : {'block', 'warn', 'info'}
        Whether it keeps the certificate from being sent.
    code : str
        A stable name, for programs.
    sentence : str
        What it is, and what to do about it; never a part of the certificate.
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

# By code; what follows a slash is a variant of the same code.
_SENTENCES = {
    "too-big": f"This file is larger than 64 KiB, which no proxy certificate is: {NEW_PROXY}.",
    "not-pem": "This is not a certificate in PEM form (text with a line "
    f"'-----BEGIN CERTIFICATE-----'): {NEW_PROXY}.",
    "not-pem/empty": f"This file is empty: {NEW_PROXY}.",
    "not-pem/damaged": "A part of this file is damaged or cut off: copy the whole file again, or "
    f"{_AGAIN}.",
    "der-not-pem": f"This file is in binary (DER) form, and PEM is needed: {NEW_PROXY}.",
    "pkcs12": "This is a PKCS#12 file (.p12, .pfx) with your long-lived certificate, which must "
    "not leave your hands: extract it into ~/.globus for yourself, then make a proxy certificate "
    f"with '{COMMAND}' and use the file that it names.",
    "no-certificate": f"There is no certificate in this file: {NEW_PROXY}.",
    "no-certificate/damaged": "A certificate in this file cannot be read: copy the whole file "
    f"again, or {_AGAIN}.",
    "no-private-key": "There is no private key in this file, without which the certificate is of "
    f"no use to the service: {NEW_PROXY}.",
    "encrypted-key": "The private key in this file is protected by a password, as those of "
    f"long-lived certificates are: leave it where it is, and {NEW_PROXY}.",
    "bad-key": "The private key in this file cannot be read: copy the whole file again, or "
    f"{_AGAIN}.",
    "several-keys": "There are several private keys in this file, and a proxy certificate has "
    f"one: {NEW_PROXY}.",
    "key-mismatch": "The private key in this file belongs to another certificate: "
    f"{NEW_PROXY}.",
    "wrong-order": "The certificates in this file are in a wrong order: the proxy certificate has "
    f"to be first and each be followed by the one that signed it; {NEW_PROXY}.",
    "chain-missing": "The certificate that signed this proxy certificate is missing in the file: "
    f"use the whole file that voms-proxy-init has made, or {_AGAIN}.",
    "bad-signature": "A signature in this file is not valid: it was changed or put together from "
    f"parts that do not belong together; {_AGAIN}.",
    "bad-signature/issuer": "A certificate in this file was signed by one that may not sign it: "
    f"{NEW_PROXY}.",
    "bad-signature/depth": "This proxy certificate was made from one that allows no further "
    f"proxies: {_AGAIN}.",
    "bad-signature/extension": "A certificate in this file has extensions that it may not have, or "
    f"that nobody knows: {_AGAIN}.",
    "bad-signature/name": "The name of this proxy certificate does not follow from the name of "
    f"the one that signed it (RFC 3820): {_AGAIN}.",
    "legacy-proxy": "This is a proxy certificate of an older kind than RFC 3820, which the service "
    f"does not take: {_AGAIN}.",
    "ca-certificate": "This is the certificate of a certificate authority, not yours: "
    f"{NEW_PROXY}.",
    "expired": f"It has expired: {_AGAIN}.",
    "not-yet-valid": "It is not valid yet: wait until then, or see whether the clock of the "
    f"machine that made it is right and {_AGAIN}.",
    "longer-than-7-days": "It is valid for longer than 7 days, which the service does not take: "
    f"make one for a shorter time with '{COMMAND} --valid 24:00'.",
    "long-lived-user-certificate": "This is your user certificate with a long life, not a proxy: "
    "its key must not leave your hands. Make a proxy certificate from it with "
    f"'{COMMAND}' and use the file that it names.",
    "not-a-proxy": "This is a user certificate, not a proxy certificate. It is short-lived, so it "
    f"may be used; better {NEW_PROXY}.",
    "expires-within-hour": f"It is valid for less than an hour from now: better {_AGAIN}.",
    "voms-expired": "Its VOMS attributes are not valid at present, so the storage may refuse you: "
    f"{_AGAIN}.",
    "unknown-ca": "It does not come from a certificate authority that is known here: where the "
    "service refuses it, ask the platform's support which authorities it takes.",
    "no-voms-attributes": "It carries no VOMS attributes (groups and roles of your VO), so the "
    f"storage may give you fewer rights; with them: '{COMMAND}'.",
}  # fmt: skip


def finding(code: str, variant: str = "") -> Finding:
    """Return the finding of a code, with the sentence of a variant of it where one is given."""
    sentence = _SENTENCES[f"{code}/{variant}" if variant else code]
    return Finding(_LEVELS.get(code, "block"), code, sentence)
