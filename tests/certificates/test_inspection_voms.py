"""VOMS attributes in `ctadata.certificates.inspect`."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ctadata.demo.voms_server import VOMSServer
from tests.support.proxies import DAY, HOUR, NOW, Grid, codes, look

FQANS = ("/cta/Role=NULL/Capability=NULL", "/cta/lst/Role=production/Capability=NULL")


@pytest.mark.parametrize("kind", ["rfc3820", "legacy", "gt3-draft"])
@pytest.mark.parametrize("fqans", [FQANS, FQANS[::-1], FQANS[:1]])
def test_attributes(grid, kind, fqans):
    proxy = grid.proxy(kind, attributes=grid.voms.attributes(grid.user, fqans))
    found = look(proxy.pem())
    assert (found.vo, found.fqans) == ("cta", fqans)
    assert "no-voms-attributes" not in codes(proxy.pem())


def test_another_organisation(grid):
    server = VOMSServer(grid.voms.credential, vo="vo.cta.in2p3.fr", address="voms.x.org:15000")
    attributes = server.attributes(grid.user, ["/vo.cta.in2p3.fr"])
    found = look(grid.proxy(attributes=attributes).pem())
    assert (found.vo, found.fqans) == ("vo.cta.in2p3.fr", ("/vo.cta.in2p3.fr",))


@pytest.mark.parametrize("key_type", ["ec", "rsa"])
def test_signed_by_any_key(key_type):
    grid = Grid.create(key_type=key_type)
    found = look(grid.proxy().pem(), trusted=[grid.authority.pem()])
    assert (found.findings, found.vo) == ([], "cta")


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (-HOUR, 6 * HOUR, []),
        (-HOUR, HOUR, []),
        (-HOUR, HOUR / 2, ["expires-within-hour"]),
        (timedelta(), 6 * HOUR, []),
        (-HOUR, timedelta(), ["expires-within-hour"]),
        (-HOUR, -timedelta(seconds=1), ["voms-expired"]),
        (-DAY, -HOUR, ["voms-expired"]),
        (timedelta(seconds=1), 6 * HOUR, ["voms-expired"]),
        (-HOUR, 30 * DAY, []),
    ],
)
def test_times(grid, start, end, expected):
    """Only the attributes have expired; the proxy is still valid."""
    before, after = NOW + start, NOW + end
    attributes = grid.voms.attributes(grid.user, not_before=before, not_after=after)
    ends = NOW + 12 * HOUR
    proxy = grid.proxy(attributes=attributes, not_after=ends)
    found = look(proxy.pem())
    assert [finding.code for finding in found.findings] == expected
    assert not found.blocked
    assert found.not_before == max(before, proxy.certificate.not_valid_before_utc)
    assert found.not_after == min(after, ends)


def test_attributes_do_not_make_a_proxy_longer_or_shorter_than_7_days(grid):
    attributes = grid.voms.attributes(grid.user, not_after=NOW + DAY)
    proxy = grid.proxy(attributes=attributes, not_after=NOW + 8 * DAY)
    assert codes(proxy.pem()) == ["longer-than-7-days"]
    assert look(proxy.pem()).not_after == NOW + DAY


def test_attributes_of_the_first_of_two_proxies(grid):
    attributes = grid.voms.attributes(grid.user, FQANS, not_after=NOW + 2 * HOUR)
    found = look(grid.proxy(attributes=attributes).delegate().pem())
    assert (found.findings, found.vo, found.fqans) == ([], "cta", FQANS)
    assert found.not_after == NOW + 2 * HOUR


def test_the_last_attributes_count(grid):
    later = grid.voms.attributes(grid.user, FQANS[1:])
    found = look(grid.proxy().delegate(attributes=later).pem())
    assert found.fqans == FQANS[1:]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content.replace(b"\x18\x0f20", b"\x18\x0fxx"),
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[: len(content) // 2],
        lambda content: b"\x30\x00",
        lambda content: b"\x30\x02\x30\x00",
        lambda content: content.replace(b"\x30\x82", b"\x31\x82", 3),
        lambda content: b"\x30\x80" * 2000,
    ],
)
def test_damaged_attributes(grid, damage):
    proxy = grid.proxy(attributes=damage(grid.voms.attributes(grid.user)))
    found = look(proxy.pem())
    assert [finding.code for finding in found.findings] == ["no-voms-attributes"]
    assert (found.vo, found.fqans) == (None, ())


def test_names_that_are_not_utf_8(grid):
    attributes = grid.voms.attributes(grid.user).replace(b"/cta/Role=NULL", b"\xff" * 14)
    found = look(grid.proxy(attributes=attributes).pem())
    assert (found.findings, found.vo) == ([], "cta")
    assert found.fqans == ("\N{REPLACEMENT CHARACTER}" * 14 + "/Capability=NULL",)


def test_an_organisation_only_in_the_names(grid):
    server = VOMSServer(grid.voms.credential, vo="", address="")
    attributes = server.attributes(grid.user, ["/lst/Role=NULL"])
    assert look(grid.proxy(attributes=attributes).pem()).vo == "lst"


@pytest.mark.parametrize("odd", ["\x1b[31m", "\N{RIGHT-TO-LEFT OVERRIDE}", "\n", "\0"])
def test_what_cannot_be_printed_is_not_passed_on(grid, odd):
    server = VOMSServer(grid.voms.credential, vo=f"c{odd}ta")
    attributes = server.attributes(grid.user, [f"/cta/{odd}x"])
    found = look(grid.proxy(attributes=attributes).pem())
    assert found.vo.isprintable()
    assert all(fqan.isprintable() for fqan in found.fqans)
    assert found.fqans[0].startswith("/cta/")


def test_attributes_in_an_end_entity(grid):
    assert codes(grid.end_entity(-HOUR, DAY).pem()) == ["no-voms-attributes", "not-a-proxy"]
