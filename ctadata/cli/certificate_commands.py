"""The group ``certificate``, and the three older commands that upload certificates."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import click

from ..api import APIClient
from ..certificates.authorities import known_authorities
from ..certificates.certificate_files import default_proxy_file, read_file
from ..certificates.inspection import inspect
from ..certificates.messages import Finding
from ..certificates.proxy import NOT_SENT, ProxyCertificate
from ..certificates.service import clean_message
from ..config import CERTIFICATE_KEY, certificate_keys
from ..errors import CertificateError, CTADataError
from .options import JSON_OBJECT, with_client
from .output import echo, echo_json, say

__all__ = ["UPLOAD_COMMANDS", "certificate"]

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
    """Inspect a grid proxy certificate, and delegate it to the platform.

    FILE is by default the one that voms-proxy-init creates: $X509_USER_PROXY, or /tmp/x509up_u
    followed by your user id.

    \b
    Example:
      ctadata certificate upload
    """


@certificate.command("inspect")
@click.argument("file", required=False)
@JSON_OBJECT
def inspect_(file: str | None, as_json: bool) -> None:
    """Describe the certificate in FILE and list its problems; nothing is sent.

    The exit status is 1 if a problem prevents delegating it.

    \b
    Example:
      ctadata certificate inspect /tmp/x509up_u1000
    """
    path = file or default_proxy_file()
    proxy = inspect(path, trusted=known_authorities())
    if as_json:
        echo_json(proxy.to_dict(), indent=2)
    else:
        for line in (*_described(proxy), *_sentences(proxy.findings)):
            echo(line)
        if not proxy.blocked:
            echo(_verdict(path))
    sys.exit(1 if proxy.blocked else 0)


@certificate.command("upload")
@click.argument("file", required=False)
@click.option(
    "--key", default=CERTIFICATE_KEY, show_default=True, help="Its purpose: cta, lst, arc."
)
@click.option(
    "--force", is_flag=True, help="Send it in spite of errors, except for a long-lived key."
)
@with_client
def upload(client: APIClient, file: str | None, key: str, force: bool) -> None:
    """Delegate the proxy certificate in FILE to the certificate service.

    \b
    Example:
      ctadata certificate upload --key lst
    """
    _upload(client.upload_personal_certificate, file, key, force=force)


@certificate.command()
@JSON_OBJECT
@with_client
def status(client: APIClient, as_json: bool) -> None:
    """Show which certificates this account has delegated, and the local proxy certificate.

    The service does not tell which certificates it has, so those that were uploaded from other
    machines are not shown.

    \b
    Example:
      ctadata certificate status
    """
    delegations = {delegation.key: delegation for delegation in client.delegations()}
    path = default_proxy_file()
    proxy, problem = None, ""
    try:
        proxy = inspect(read_file(path, private=True), trusted=known_authorities())
    except CertificateError as error:
        problem = str(error)
    shared = _shared_status(client)
    if as_json:
        content = {
            "service": client.certificateservice_url,
            "keys": certificate_keys(),
            "delegations": [delegation.to_dict() for delegation in delegations.values()],
            "shared": shared,
            "found": {"path": path, "inspection": proxy and proxy.to_dict()},
        }
        echo_json(content, indent=2)
        return
    echo(_line("Service", client.certificateservice_url))
    for key in certificate_keys():
        text = "nothing was delegated from here"
        if delegation := delegations.get(key):
            text = _in_short(delegation.identity, delegation.not_after)
            text += f"; uploaded from here at {_utc(delegation.uploaded_at)}"
        echo(_line(key, text))
    echo(_line("Shared", shared))
    if proxy:
        problem = f"{path}: {_in_short(proxy.identity, proxy.not_after)}"
        problem += "; it cannot be delegated, see 'ctadata certificate inspect'" * proxy.blocked
    echo(_line("Found here", problem))


@click.command("upload-certificate")
@click.argument("file", required=False)
@with_client
def upload_certificate(client: APIClient, file: str | None) -> None:
    """Delegate your proxy certificate; the same as 'ctadata certificate upload'.

    \b
    Example:
      ctadata upload-certificate /tmp/x509up_u1000
    """
    _upload(client.upload_certificate, file)


@click.command("upload-personal-certificate")
@click.argument("file")
@click.argument("key")
@click.option("-u", "--user", help="The user whose certificate it is; for administrators.")
@with_client
def upload_personal_certificate(client: APIClient, file: str, key: str, user: str | None) -> None:
    """Delegate a user's proxy certificate for the purpose KEY: cta, lst, arc.

    \b
    Example:
      ctadata upload-personal-certificate /tmp/x509up_u1000 lst
    """
    _upload(client.upload_personal_certificate, file, key, user)


@click.command("upload-shared-certificate")
@click.argument("file")
@with_client
def upload_shared_certificate(client: APIClient, file: str) -> None:
    """Store the certificate that all users share; for administrators.

    \b
    Example:
      ctadata upload-shared-certificate robot-proxy.pem
    """
    _upload(client.upload_shared_certificate, file)


UPLOAD_COMMANDS = (upload_certificate, upload_personal_certificate, upload_shared_certificate)


def _upload(send: Callable[..., dict[str, Any]], *arguments: Any, **options: Any) -> None:
    """Upload a certificate; print the service's answer, or the problems found before."""
    try:
        answer = send(*arguments, **options)
    except CertificateError as error:
        if not str(error).startswith(NOT_SENT):
            # The service refused it; the client has already logged the findings.
            raise
        for line in _sentences(error.findings):
            say(line, err=True)
        raise CertificateError(f"{error.path!r} was not sent", path=error.path) from error
    validity = answer.get("validity")
    text = clean_message(answer.get("message")) or "Stored"
    echo(text + (f", valid until {validity}" if validity else ""))


def _described(proxy: ProxyCertificate) -> Iterator[str]:
    """Yield the lines that describe a certificate; none if it could not be read."""
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


def _verdict(path: str) -> str:
    """Say whether a valid certificate can be delegated from this file."""
    try:
        read_file(path, private=True)
    except CertificateError as error:
        return f"It can be delegated, but not from this file: {error}"
    return "It can be delegated."


def _shared_status(client: APIClient) -> str:
    try:
        return client.shared_certificate_status()[1]
    except CTADataError as error:
        return f"not known: {error}"


def _sentences(findings: list[Finding]) -> Iterator[str]:
    return (f"{_LEVELS[found.level]}: {found.sentence}" for found in findings)


def _line(name: str, text: str) -> str:
    return f"{name:<{_WIDTH}}{text}"


def _in_short(identity: str | None, not_after: datetime | None) -> str:
    until = f"valid until {_utc(not_after)} ({_left(not_after)})" if not_after else "not readable"
    return f"{identity}, {until}" if identity else until


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def _left(end: datetime) -> str:
    """Return the remaining time in its two largest units."""
    left = end - datetime.now(timezone.utc)
    if left <= timedelta():
        return "expired"
    minutes = left // timedelta(minutes=1)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h left"
    return f"{hours} h {minutes} min left" if hours else f"{minutes} min left"
