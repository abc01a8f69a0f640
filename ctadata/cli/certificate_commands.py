"""The commands ``certificate``: parse, call the client, print."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import click

from ..api import APIClient
from ..certificates.authorities import known_authorities
from ..certificates.certificate_files import default_proxy_file, read_private_file
from ..certificates.inspection import inspect
from ..certificates.messages import Finding
from ..certificates.proxy import NOT_SENT, ProxyCertificate
from ..certificates.service import cleaned
from ..config import certificate_keys
from ..errors import CertificateError, CTADataError
from .options import patience_options, patient_client
from .output import echo, echo_json, say

__all__ = [
    "certificate",
    "upload_certificate",
    "upload_personal_certificate",
    "upload_shared_certificate",
]

_KINDS = {
    "rfc3820": "proxy certificate (RFC 3820)",
    "legacy": "proxy certificate of the oldest kind (Globus 2)",
    "gt3-draft": "proxy certificate of an older kind (Globus 3)",
    "end-entity": "user certificate, not a proxy",
    "ca": "certificate of a certificate authority",
}
_LEVELS = {"block": "error", "warn": "warning", "info": "note"}
_WIDTH = 13


@click.group()
def certificate() -> None:
    """Look at a grid proxy certificate, and delegate it to the platform.

    FILE is by default the one that voms-proxy-init makes: X509_USER_PROXY of the environment, or
    /tmp/x509up_u and your user id.

    \b
    Example:
      ctadata certificate upload
    """


@certificate.command("inspect")
@click.argument("file", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def inspect_(file: str | None, as_json: bool) -> None:
    """Show what FILE is, and what speaks against delegating it; nothing is sent.

    The exit status is 1 where something does.

    \b
    Example:
      ctadata certificate inspect /tmp/x509up_u1000
    """
    path = file or default_proxy_file()
    proxy = inspect(path, trusted=known_authorities())
    if as_json:
        echo_json(proxy.to_dict(), indent=2)
    else:
        for line in _described(proxy):
            echo(line)
        for line in _sentences(proxy.findings):
            echo(line)
        if not proxy.blocked:
            echo(_whether_from(path))
    sys.exit(1 if proxy.blocked else 0)


@certificate.command("upload")
@click.argument("file", required=False)
@click.option("--key", default="cta", show_default=True, help="What it is for: cta, lst, arc.")
@click.option("--force", is_flag=True, help="Send it in spite of errors; never a long-lived key.")
@patience_options
def upload(file: str | None, key: str, force: bool, **options: Any) -> None:
    """Delegate the proxy certificate in FILE to the certificate service.

    \b
    Example:
      ctadata certificate upload --key lst
    """
    _upload(patient_client(options), file, key, force=force)


@certificate.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@patience_options
def status(as_json: bool, **options: Any) -> None:
    """Show what was delegated from here, and whether there is a proxy certificate to delegate.

    The service cannot be asked for what it has of you: what was uploaded from elsewhere is not
    shown.

    \b
    Example:
      ctadata certificate status
    """
    client = patient_client(options)
    known = {delegation.key: delegation for delegation in client.delegations()}
    found: ProxyCertificate | None = None
    path = default_proxy_file()
    try:
        found = inspect(read_private_file(path), trusted=known_authorities())
        here = _in_short(found.identity, found.not_after)
        here += "; it cannot be delegated, see 'ctadata certificate inspect'" * found.blocked
    except CertificateError as error:
        here = str(error)
    shared = _shared(client)
    if as_json:
        content = {
            "service": client.certificateservice_url,
            "keys": certificate_keys(),
            "delegations": [delegation.to_dict() for delegation in known.values()],
            "shared": shared,
            "found": {"path": path, "inspection": found and found.to_dict()},
        }
        echo_json(content, indent=2)
        return
    _echo("Service", client.certificateservice_url)
    for key in certificate_keys():
        if delegation := known.get(key):
            uploaded = _utc(delegation.uploaded_at)
            text = _in_short(delegation.identity, delegation.not_after)
            _echo(key, f"{text}; as uploaded from here at {uploaded}")
        else:
            _echo(key, "nothing was delegated from here")
    _echo("Shared", shared)
    _echo("Found here", f"{path}: {here}" if found else here)


@click.command("upload-certificate")
@click.argument("file", required=False)
@patience_options
def upload_certificate(file: str | None, **options: Any) -> None:
    """Delegate your proxy certificate; the same as 'ctadata certificate upload'.

    \b
    Example:
      ctadata upload-certificate /tmp/x509up_u1000
    """
    _upload(patient_client(options), file, "cta")


@click.command("upload-personal-certificate")
@click.argument("file")
@click.argument("key")
@click.option("-u", "--user", help="Whose certificate it is, for administrators.")
@patience_options
def upload_personal_certificate(file: str, key: str, user: str | None, **options: Any) -> None:
    """Delegate a user's proxy certificate for the purpose KEY: cta, lst, arc.

    \b
    Example:
      ctadata upload-personal-certificate /tmp/x509up_u1000 lst
    """
    _upload(patient_client(options), file, key, user)


@click.command("upload-shared-certificate")
@click.argument("file")
@patience_options
def upload_shared_certificate(file: str, **options: Any) -> None:
    """Store the certificate that all users share; for administrators.

    \b
    Example:
      ctadata upload-shared-certificate robot-proxy.pem
    """
    client = patient_client(options)
    _echo_stored(lambda: client.upload_shared_certificate(file))


def _upload(
    client: APIClient, file: str | None, key: str, user: str | None = None, *, force: bool = False
) -> None:
    _echo_stored(lambda: client.upload_personal_certificate(file, key, user, force=force))


def _described(proxy: ProxyCertificate) -> Iterator[str]:
    """Yield a line for each thing that is known of it."""
    if proxy.kind is None or proxy.not_before is None or proxy.not_after is None:
        return
    kind = _KINDS[proxy.kind] + ", limited" * proxy.limited
    yield _line("Certificate", kind)
    yield _line("Identity", proxy.identity or "-")
    yield _line("Issued by", proxy.authority or proxy.issuer or "-")
    if proxy.vo:
        yield _line("VO", proxy.vo)
    for number, fqan in enumerate(proxy.fqans):
        yield _line("" if number else "Attributes", fqan)
    yield _line("Valid from", _utc(proxy.not_before))
    yield _line("Valid until", f"{_utc(proxy.not_after)} ({_left(proxy.not_after)})")
    yield _line("Private key", "present" if proxy.key_present else "missing")


def _whether_from(path: str) -> str:
    """Say whether a certificate can be delegated as it lies there."""
    try:
        read_private_file(path)
    except CertificateError as error:
        return f"It can be delegated, but not from this file: {error}"
    return "It can be delegated."


def _shared(client: APIClient) -> str:
    try:
        return client.shared_certificate_status()[1]
    except CTADataError as error:
        return f"not known: {error}"


def _echo_stored(upload: Callable[[], dict[str, Any]]) -> None:
    """Upload a certificate and print what the service says, or else what speaks against it."""
    try:
        answer = upload()
    except CertificateError as error:
        if not str(error).startswith(NOT_SENT):
            # The service has refused it; what was found here has been logged.
            raise
        for line in _sentences(error.findings):
            say(line, err=True)
        raise CertificateError(f"{error.path!r} was not sent", path=error.path) from error
    validity = answer.get("validity")
    text = cleaned(answer.get("message")) or "Stored"
    echo(text + (f", valid until {validity}" if validity else ""))


def _sentences(findings: list[Finding]) -> Iterator[str]:
    return (f"{_LEVELS[found.level]}: {found.sentence}" for found in findings)


def _echo(name: str, text: str) -> None:
    echo(_line(name, text))


def _line(name: str, text: str) -> str:
    return f"{name:<{_WIDTH}}{text}"


def _in_short(identity: str | None, not_after: datetime | None) -> str:
    until = f"valid until {_utc(not_after)} ({_left(not_after)})" if not_after else "not readable"
    return f"{identity}, {until}" if identity else until


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def _left(end: datetime) -> str:
    """Return the time until then in its two largest units."""
    left = end - datetime.now(timezone.utc)
    if left <= timedelta():
        return "expired"
    minutes = left // timedelta(minutes=1)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h left"
    return f"{hours} h {minutes} min left" if hours else f"{minutes} min left"
