"""Uploads are public: private keys and certificates are never among them."""

from __future__ import annotations

import codecs
import io
import json
import os
import textwrap

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from cryptography.x509 import load_pem_x509_certificate

from ctadata import APIClient
from ctadata.cli.main import cli
from ctadata.errors import TransferError
from ctadata.transfers.local.credentials import credential_in
from ctadata.transfers.transfer_totals import TransferTotals
from ctadata.transfers.upload_file import BLOCK
from tests.support.proxies import Grid

from .storage import OWN

RSA = rsa.generate_private_key(65537, 2048)
ED25519 = ed25519.Ed25519PrivateKey.generate()
EC = ec.generate_private_key(ec.SECP384R1())
DSA = dsa.generate_private_key(2048)
LOCK = BestAvailableEncryption(b"secret")
PEM, DER = Encoding.PEM, Encoding.DER
OLDER, PKCS8, SSH = PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8, PrivateFormat.OpenSSH
GRID = Grid.create()
PROXY = GRID.proxy()
# What openssl writes before a key that it takes out of a PKCS#12 file.
BAG = b"Bag Attributes\n    localKeyID: 01 02\nKey Attributes: <No Attributes>\n"
PUTTY = b"PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: a key\n"
# As GnuPG exports one.
PGP = (
    b"-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\n\n"
    b"lQOYBGNlaXQBCADJ3kL0vQ1a8fJ8cTyk\n-----END PGP PRIVATE KEY BLOCK-----\n"
)
KEYS = {
    "pkcs1": RSA.private_bytes(PEM, OLDER, NoEncryption()),
    "encrypted-pkcs1": RSA.private_bytes(PEM, OLDER, LOCK),
    "pkcs8": RSA.private_bytes(PEM, PKCS8, NoEncryption()),
    "encrypted-pkcs8": RSA.private_bytes(PEM, PKCS8, LOCK),
    "ed25519": ED25519.private_bytes(PEM, PKCS8, NoEncryption()),
    "openssh": ED25519.private_bytes(PEM, SSH, NoEncryption()),
    "pkcs1-der": RSA.private_bytes(DER, OLDER, NoEncryption()),
    "pkcs8-der": RSA.private_bytes(DER, PKCS8, NoEncryption()),
    "ed25519-der": ED25519.private_bytes(DER, PKCS8, NoEncryption()),
    "encrypted-pkcs8-der": RSA.private_bytes(DER, PKCS8, LOCK),
    "ec-der": EC.private_bytes(DER, OLDER, NoEncryption()),
    "dsa-der": DSA.private_bytes(DER, PKCS8, NoEncryption()),
    "pkcs12": serialize_key_and_certificates(b"x", RSA, None, None, LOCK),
    "pgp": PGP,
    "putty": PUTTY,
    "proxy": PROXY.pem(),
    "key-after-certificates": PROXY.certificate_pem() + PROXY.chain_pem() + PROXY.key_pem(),
    "bag": BAG + PROXY.key_pem(),
    "late": b"# comment\n" * 50_000 + PROXY.key_pem(),
    "windows": PROXY.key_pem().replace(b"\n", b"\r\n"),
    "indented": textwrap.indent(PROXY.key_pem().decode(), "    ").encode(),
    "utf-8-sig": PROXY.key_pem().decode().encode("utf-8-sig"),
    "utf-16-le": PROXY.key_pem().decode().encode("utf-16-le"),
    "utf-32": PROXY.key_pem().decode().encode("utf-32"),
    "comment": textwrap.indent(PROXY.key_pem().decode(), "# ").encode(),
    "string": b'"' + b'\\n"\n  "'.join(PROXY.key_pem().splitlines()) + b'"',
    "utf-16": PROXY.key_pem().decode().encode("utf-16"),
    "json": json.dumps({"private_key": PROXY.key_pem().decode()}).encode(),
}  # fmt: skip
OTHERS = {
    "empty": b"",
    "public-key": RSA.public_key().public_bytes(PEM, PublicFormat.SubjectPublicKeyInfo),
    "ssh-public-key": ED25519.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
    "documentation": b"A key begins with `-----BEGIN PRIVATE KEY-----`; so does a file:\n\n"
    b"    -----BEGIN RSA PRIVATE KEY-----\n    MIIE...\n    -----END RSA PRIVATE KEY-----\n",
    "program": b'if text.startswith("-----BEGIN PRIVATE KEY-----"): return "private_key_of_user"',
    "certificate-in-a-text": b"# Mozilla's authorities\n" + PROXY.certificate_pem(),
    "fits": b"SIMPLE  =                    T".ljust(2880),
    "hdf5": b"\x89HDF\r\n\x1a\n" + bytes(4096),
    "a number": b"0" * 4096,
    "other asn.1": b"\x30\x82\x01\x00\x02\x01\x01" + bytes(250),
}


@pytest.mark.parametrize("name", KEYS)
def test_a_private_key_is_known_by_its_content(name):
    assert credential_in(KEYS[name]) == "private key"


def test_a_certificate_is_known_by_its_content():
    text = b"Certificate:\n    Data:\n        Version: 3 (0x2)\n"
    names = b"subject=CN = a user\nissuer=CN = an authority\n"
    for before in (b"", b"\r\n", BAG, text, names, codecs.BOM_UTF8):
        certificates = before + PROXY.certificate_pem() + PROXY.chain_pem()
        assert credential_in(certificates) == "certificate"
    der = load_pem_x509_certificate(PROXY.certificate_pem()).public_bytes(DER)
    assert credential_in(der) == "certificate"


@pytest.mark.parametrize("name", OTHERS)
def test_other_files_are_none(name):
    assert credential_in(OTHERS[name]) is None


@pytest.fixture
def tree(work):
    """A directory with data and with credentials."""
    for name, content in {
        "data.h5": OTHERS["hdf5"], "sub/x509up_u1000": KEYS["proxy"], "id_rsa": KEYS["openssh"],
        "usercert.pem": PROXY.certificate_pem(), ".globus/userkey.pem": KEYS["encrypted-pkcs8"],
    }.items():  # fmt: skip
        path = work / "d" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return work / "d"


def stored(storage):
    return {name.removeprefix(f"{OWN}/") for name in storage.files}


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("hidden", [False, True])
def test_of_a_directory_they_are_left_out(storage, tree, hidden, dry_run):
    found, totals = [], TransferTotals()
    APIClient().upload_dir(
        tree, "d", hidden=hidden, dry_run=dry_run, on_result=found.append, on_progress=totals.record
    )
    assert stored(storage) == (set() if dry_run else {"d/data.h5"})
    kinds = {
        os.path.relpath(result.local, tree): result.kind
        for result in found
        if result.state == "left out"
    }
    assert kinds == {
        "sub/x509up_u1000": "private key", "id_rsa": "private key", "usercert.pem": "certificate",
        **({".globus/userkey.pem": "private key"} if hidden else {".globus": "hidden directory"}),
    }  # fmt: skip
    assert (totals.files_found, totals.files_failed) == (1, 0)


def test_the_command_says_how_many(storage, tree):
    done = CliRunner().invoke(cli, ["put", "-r", "d", "d"])
    assert done.exit_code == 0
    told = (
        "1 certificate, 1 hidden directory and 2 private keys left out "
        "(--hidden includes hidden files)"
    )
    assert done.stderr.splitlines()[0] == told
    done = CliRunner().invoke(cli, ["put", "-r", "--json", "d/sub", "d"])
    assert json.loads(done.stdout)["kind"] == "private key"


@pytest.mark.parametrize("name", ["sub/x509up_u1000", "usercert.pem", ".globus/userkey.pem"])
def test_what_is_named_is_refused(storage, tree, name):
    kind = "certificate" if "cert" in name else "private key"
    local = str(tree / name)
    text = f"{local!r} holds a {kind}, and others can read what is uploaded"
    client = APIClient()
    with pytest.raises(TransferError, match="certificate upload") as caught:
        client.upload_file(local, "x")
    assert str(caught.value).startswith(text)
    assert caught.value.path == local
    with pytest.raises(TransferError, match="1 of the files failed") as caught:
        client.upload_many([local, tree / "data.h5"], "many")
    (failure,) = caught.value.failures
    assert str(failure).startswith(text)
    with pytest.raises(TransferError, match="holds a"):
        client.upload_files({"files/x": local})
    with open(local, "rb") as file, pytest.raises(TransferError, match="holds a"):
        client.upload_file(file, "x")
    with pytest.raises(TransferError, match="'<open file>' holds a"):
        client.upload_file(io.BytesIO((tree / name).read_bytes()), "x")
    done = CliRunner().invoke(cli, ["put", local, "x"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert text in done.stderr
    assert stored(storage) == {"many/data.h5"}


def test_a_pipe_that_gives_one(storage, work):
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as file:
        file.write(KEYS["proxy"])
    with os.fdopen(reading, "rb") as file, pytest.raises(TransferError, match="private key"):
        APIClient().upload_file(file, "x")
    assert stored(storage) == set()


class Drips(io.RawIOBase):
    """A pipe that returns a few bytes at a time."""

    def __init__(self, content):
        self.left = memoryview(content)

    def readable(self):
        return True

    def read(self, size=-1):
        size = min(size, 7) if size >= 0 else len(self.left)
        block, self.left = bytes(self.left[:size]), self.left[size:]
        return block


def test_a_file_that_gives_one_bit_by_bit(storage, work):
    for name in ("proxy", "late"):
        with pytest.raises(TransferError, match="private key"):
            APIClient().upload_file(Drips(KEYS[name]), "x")
    assert stored(storage) == set()
    APIClient().upload_file(Drips(b"data" * 1000), "x")
    assert storage.files[f"{OWN}/x"].content == b"data" * 1000


def test_a_file_that_is_replaced_by_one_after_it_was_found(storage, work):
    """The checked bytes are the bytes that are sent."""
    (work / "d").mkdir()
    (work / "d/file").write_bytes(b"content")
    (work / "key").write_bytes(KEYS["proxy"])
    found = []

    def swap(path, done, total, state):
        if state == "waiting":
            (work / "key").replace(work / "d/file")

    APIClient().upload_dir("d", "d", on_progress=swap, on_result=found.append)
    assert stored(storage) == set()
    assert [(result.state, result.kind) for result in found] == [("left out", "private key")]


def test_it_costs_next_to_nothing():
    """The first block of each file is searched; none of these takes long."""
    for content in (
        b"-----BEGIN " * (BLOCK // 11), b"\n" * BLOCK, b"a:" * (BLOCK // 2),
        b"-----BEGIN PRIVATE KEY-----" * (BLOCK // 27),
        (b"-----BEGIN PRIVATE KEY-----" + b"\n" * 80 + b"a: b\n" * 20) * (BLOCK // 210),
    ):  # fmt: skip
        assert credential_in(content) is None
