"""The order of a chain, missing certificates, and the trusted authorities."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate

from ctadata.certificates import inspect
from ctadata.demo.authority import AUTHORITY, Authority
from ctadata.errors import CertificateError
from tests.support.openssl import openssl_refuses
from tests.support.proxies import ADA, DAY, IDENTITY, NOW, codes, look, to_send

PLAIN = ["no-voms-attributes"]
PEM = Encoding.PEM


@pytest.fixture(scope="module")
def pieces(grid):
    """The parts of a file by letter: two proxies, the key, the user, the root, another user."""
    one = grid.user.delegate()
    two = one.delegate()
    return {
        "2": two.certificate_pem(),
        "k": two.key_pem(),
        "1": one.certificate_pem(),
        "u": grid.user.certificate_pem(),
        "r": grid.authority.pem(),
        "x": Authority.create([("CN", "X")]).issue([("CN", "Bob")]).certificate_pem(),
    }


@pytest.mark.parametrize(
    ("order", "expected", "sent"),
    [
        ("2k1u", PLAIN, "2k1u"),
        ("k21u", PLAIN, "2k1u"),
        ("21uk", PLAIN, "2k1u"),
        ("2k1ur", PLAIN, "2k1ur"),
        ("22k11uu", PLAIN, "2k1u"),
        ("2k1ux", PLAIN, "2k1u"),
        ("2k1xu", PLAIN, "2k1u"),
        ("12ku", [*PLAIN, "wrong-order"], "2k1u"),
        ("u12k", [*PLAIN, "wrong-order"], "2k1u"),
        ("2ku1", [*PLAIN, "wrong-order"], "2k1u"),
        ("2k1ru", [*PLAIN, "wrong-order"], "2k1ur"),
        ("r2k1u", [*PLAIN, "wrong-order"], "2k1ur"),
        ("x2k1u", [*PLAIN, "wrong-order"], "2k1u"),
        ("2k", ["chain-missing", *PLAIN], "2k"),
        ("2k1", ["chain-missing", *PLAIN], "2k1"),
        ("2ku", ["chain-missing", *PLAIN], "2k"),
        ("2kur", ["chain-missing", *PLAIN], "2k"),
        ("2kx", ["chain-missing", *PLAIN], "2k"),
        ("1k2", ["chain-missing", *PLAIN, "wrong-order"], "2k1"),
        ("21u", ["no-private-key", *PLAIN], "21u"),
    ],
)
def test_orders(grid, pieces, order, expected, sent):
    content = b"".join(pieces[letter] for letter in order)
    found = look(content, trusted=[pieces["r"]])
    assert sorted(finding.code for finding in found.findings) == expected
    assert found.identity == IDENTITY
    canonical = b"".join(pieces[letter] for letter in sent).decode()
    assert to_send(content, force=True) == canonical
    complete = "chain-missing" not in expected
    assert (openssl_refuses(canonical.encode(), [pieces["r"]]) == "") == complete


def test_a_bundle_of_authorities_in_the_file(grid):
    bundle = b"".join(Authority.create([("CN", f"{number}")]).pem() for number in range(30))
    proxy = grid.proxy()
    assert codes(proxy.pem() + bundle) == []
    assert to_send(proxy.pem() + bundle) == proxy.pem().decode()
    assert "key-mismatch" in codes(bundle + proxy.pem())


def test_a_key_of_the_one_in_the_middle(grid):
    one = grid.user.delegate()
    two = one.delegate()
    content = two.certificate_pem() + one.key_pem() + two.chain_pem()
    assert codes(content) == ["key-mismatch", *PLAIN]


def test_a_renewed_certificate_of_the_same_name(grid):
    """The certificate that has signed is used, not the other one."""
    renewed = grid.authority.issue(ADA)
    proxy = renewed.delegate()
    for others in ((grid.user, renewed), (renewed, grid.user)):
        content = proxy.certificate_pem() + proxy.key_pem()
        content += b"".join(other.certificate_pem() for other in others)
        assert codes(content) == PLAIN
        assert to_send(content) == proxy.pem().decode()


WAYS = {
    "bytes": lambda pem, directory: pem,
    "a list of bytes": lambda pem, directory: [pem],
    "a path": lambda pem, directory: written(directory / "ca", pem),
    "the path as text": lambda pem, directory: str(written(directory / "ca", pem)),
    "a list of paths": lambda pem, directory: [written(directory / "ca", pem)],
    "a certificate": lambda pem, directory: [load_pem_x509_certificate(pem)],
    "a directory with hashes": lambda pem, directory: hashes(pem, directory),
    "a directory with names": lambda pem, directory: (written(directory / "a.pem", pem).parent,),
}


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def hashes(pem: bytes, directory: Path) -> Path:
    """As in /etc/grid-security/certificates."""
    written(directory / "5ed36419.0", pem)
    written(directory / "5ed36419.r0", b"a list of revoked ones")
    written(directory / "5ed36419.signing_policy", b"access_id_CA X509 '/CN=x'")
    written(directory / "damaged.pem", b"-----BEGIN CERTIFICATE-----")
    written(directory / "none.crt", b"nothing")
    if not (directory / "directory.pem").exists():
        (directory / "directory.pem").mkdir()
        (directory / "broken.0").symlink_to(directory / "missing")
        os.mkfifo(directory / "nobody-writes.pem")
    return directory


@pytest.mark.parametrize("way", WAYS)
def test_known_authorities(grid, tmp_path, way):
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.mkdir()
    wrong.mkdir()
    other = Authority.create([("CN", "Other")])
    content = grid.proxy().pem()
    assert codes(content, trusted=WAYS[way](grid.authority.pem(), right)) == []
    assert codes(content, trusted=WAYS[way](other.pem(), wrong)) == ["unknown-ca"]
    both = WAYS[way](other.pem() + grid.authority.pem(), right)
    assert codes(content, trusted=both) == ([] if way != "a certificate" else ["unknown-ca"])


def test_an_authority_of_the_same_name(grid):
    namesake = Authority.create(AUTHORITY)
    content = grid.proxy().pem()
    assert codes(content, trusted=[namesake.pem()]) == ["unknown-ca"]
    assert codes(content, trusted=[namesake.pem(), grid.authority.pem()]) == []
    assert openssl_refuses(content, [namesake.pem()])
    # The root in the file itself is not trusted.
    content += grid.authority.pem()
    assert codes(content, trusted=[namesake.pem()]) == ["unknown-ca"]
    assert codes(content, trusted=[grid.authority.pem()]) == []


def test_an_authority_that_is_not_valid_now(grid):
    old = Authority.create(not_before=NOW - 9 * DAY, not_after=NOW - DAY)
    content = old.issue(ADA).delegate().pem()
    assert codes(content, trusted=[old.pem()]) == [*PLAIN, "unknown-ca"]
    assert openssl_refuses(content, [old.pem()]) == "certificate has expired"


def test_a_subordinate_authority(grid):
    middle = grid.authority.subordinate([("CN", "Middle")])
    proxy = middle.issue(ADA).delegate()
    for trusted in ([grid.authority.pem()], [middle.pem()]):
        assert codes(proxy.pem(), trusted=trusted) == PLAIN
    short = proxy.certificate_pem() + proxy.key_pem() + proxy.chain[0].public_bytes(PEM)
    assert codes(short, trusted=[middle.pem()]) == PLAIN
    assert codes(short, trusted=[grid.authority.pem()]) == [*PLAIN, "unknown-ca"]


def test_without_the_end_entity_no_authority_is_looked_for(grid):
    proxy = grid.proxy()
    content = proxy.certificate_pem() + proxy.key_pem()
    other = Authority.create([("CN", "Other")])
    assert codes(content, trusted=[other.pem()]) == ["chain-missing"]


@pytest.mark.parametrize(
    "named", [b"", b"nothing", b"-----BEGIN CERTIFICATE-----", "missing", "no\0name", "x" * 5000]
)
def test_authorities_that_cannot_be_read(grid, named):
    with pytest.raises(CertificateError):
        inspect(grid.proxy().pem(), trusted=[named])


def test_a_bundle_with_one_that_cannot_be_read(grid):
    """A bundle has hundreds of certificates; an odd one must not hide the others."""
    damaged = grid.authority.pem().replace(b"MII", b"AAA")
    bundle = damaged + grid.authority.pem()
    assert codes(grid.proxy().pem(), trusted=[bundle]) == []
    with pytest.raises(CertificateError, match="no PEM certificate"):
        inspect(grid.proxy().pem(), trusted=[damaged])


def test_a_directory_that_may_not_be_read(grid, tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(CertificateError, match="Permission denied"):
        inspect(grid.proxy().pem(), trusted=[tmp_path])
