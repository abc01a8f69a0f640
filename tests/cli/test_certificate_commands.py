"""The commands for certificates."""

from __future__ import annotations

import json
import os
import re

import pytest
from click.testing import CliRunner

from ctadata.cli.main import cli
from ctadata.demo.authority import Authority
from ctadata.demo.voms_server import VOMSServer
from tests.support.certificates import alice, authority, proxy, write_proxy

from ..support.scripted import sends

IDENTITY = "/DC=org/DC=ctadata-tests/CN=Alice Ångström"
UTC = r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"


@pytest.fixture
def run():
    def invoke(*arguments):
        return CliRunner().invoke(cli, arguments)

    return invoke


@pytest.fixture(autouse=True)
def found(work, monkeypatch):
    """The path where the grid's tools would store a proxy certificate; there is none yet."""
    monkeypatch.setenv("X509_USER_PROXY", str(work / "x509up"))
    monkeypatch.setenv("X509_CERT_DIR", str(work / "authorities"))
    return work / "x509up"


def write(path, content):
    path.touch(0o600)
    path.write_bytes(content)
    return str(path)


def test_inspect(run, work):
    attributes = VOMSServer.create(authority()).attributes(
        alice(), ["/cta/Role=NULL/Capability=NULL", "/cta/lst/Role=production/Capability=NULL"]
    )
    file = write(work / "file", proxy(attributes=attributes).pem())
    done = run("certificate", "inspect", file)
    assert (done.exit_code, done.stderr) == (0, "")
    shown = dict(re.findall(r"^(\S.*?)  +(.*)$", done.stdout, re.MULTILINE))
    assert shown["Certificate"] == "proxy certificate (RFC 3820)"
    assert shown["Identity"] == IDENTITY
    assert shown["Issued by"] == "/DC=org/DC=ctadata-tests/CN=Test CA"
    assert shown["VO"] == "cta"
    assert shown["Attributes"] == "/cta/Role=NULL/Capability=NULL"
    assert "/cta/lst/Role=production/Capability=NULL" in done.stdout
    assert re.fullmatch(UTC + r" \(11 h 5\d min left\)", shown["Valid until"])
    assert shown["Private key"] == "present"
    assert done.stdout.endswith("It can be delegated.\n")


def test_inspect_what_cannot_be_delegated(run, work):
    done = run("certificate", "inspect", write(work / "file", alice().pem()))
    assert done.exit_code == 1
    assert "Certificate  user certificate, not a proxy" in done.stdout
    assert re.search(r"Valid until  .*\(\d+ d \d+ h left\)", done.stdout)
    assert re.search(
        "^error: This is your long-lived user cert.*voms-proxy-init", done.stdout, re.MULTILINE
    )
    assert "It can be delegated" not in done.output
    done = run("certificate", "inspect", write(work / "file", b"rubbish"))
    assert (done.exit_code, done.stderr) == (1, "")
    assert done.stdout.startswith("error: This is not a certificate in PEM form")


def test_inspect_of_a_file_that_others_can_read(run, found):
    write_proxy(found)
    found.chmod(0o644)
    done = run("certificate", "inspect")
    assert done.exit_code == 0
    assert "It can be delegated, but not from this file" in done.stdout
    assert "chmod 600" in run("certificate", "status").stdout


@pytest.mark.parametrize(
    ("days", "left"), [(-1, "expired"), (0.01, "14 min left"), (2.5, "2 d 11 h left")]
)
def test_inspect_says_how_much_time_is_left(run, work, days, left):
    done = run("certificate", "inspect", write(work / "file", proxy(days).pem()))
    assert f"({left})" in done.stdout


def test_inspect_as_json(run, found):
    write_proxy(found)
    done = run("certificate", "inspect", "--json")
    content = json.loads(done.stdout)
    assert done.exit_code == 0
    assert content["identity"] == IDENTITY
    assert content["kind"] == "rfc3820"
    assert not content["blocked"]
    assert [finding["code"] for finding in content["findings"]] == ["no-voms-attributes"]
    assert "BEGIN" not in done.output
    done = run("certificate", "inspect", "--json", write(found, b""))
    assert done.exit_code == 1
    assert json.loads(done.stdout)["findings"][0]["code"] == "not-pem"


def test_inspect_knows_the_authorities_of_the_machine(run, found, work):
    write_proxy(found)
    (work / "authorities").mkdir()
    (work / "authorities" / "ca.pem").write_bytes(authority().pem())
    (work / "authorities" / "ca.namespaces").write_text("TO Issuer")
    (work / "authorities" / "broken.0").write_text("nothing")
    assert "authority that is known" not in run("certificate", "inspect").output
    (work / "authorities" / "ca.pem").write_bytes(Authority.create().pem())
    assert (
        "warning: It was not issued by a certificate auth" in run("certificate", "inspect").stdout
    )


def test_upload(run, service_env, found, work):
    write_proxy(found)
    done = run("certificate", "upload")
    assert done.exit_code == 0
    assert re.fullmatch(r"Certificate stored, valid until \w{3}, .* GMT\n", done.stdout)
    assert run("certificate", "upload", "--key", "lst", str(found)).exit_code == 0
    assert run("upload-certificate").exit_code == 0
    assert run("upload-personal-certificate", str(found), "arc").exit_code == 0
    assert run("upload-personal-certificate", str(found), "cta", "-u", "bob").exit_code == 0
    assert run("upload-shared-certificate", str(found)).exit_code == 0
    done = run("certificate", "upload", "--key", "nothing")
    assert (done.exit_code, "one of cta, lst, arc" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    "command",
    [
        ["certificate", "upload", "file"],
        ["certificate", "upload", "file", "--force"],
        ["upload-certificate", "file"],
        ["upload-personal-certificate", "file", "cta", "-u", "bob"],
        ["upload-shared-certificate", "file"],
    ],
)
def test_upload_of_what_must_not_be_sent(run, scripted, work, command):
    write(work / "file", alice().pem())
    done = run(*command)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "error: This is your long-lived user certificate" in done.stderr
    assert done.stderr.endswith("Error: 'file' was not sent\n")
    assert scripted.requests == []


def test_upload_by_force(run, scripted, work):
    answer = b'{"message": "Certificate stored", "validity": ["validity too long", 400]}'
    scripted.answers["POST", "/services/certificateservice/certificate"] = sends(answer)
    write(work / "file", proxy(days=30).pem())
    assert "not sent" in run("certificate", "upload", "file").stderr
    done = run("certificate", "upload", "file", "--force")
    assert done.exit_code == 1
    assert "did not store it: validity too long" in done.stderr


def test_status(run, service_env, found):
    done = run("certificate", "status")
    assert done.exit_code == 0
    assert service_env.certificateservice_url in done.stdout
    assert done.stdout.count("nothing was delegated from here") == 3
    assert "There is no file" in done.stdout
    write_proxy(found)
    run("certificate", "upload", "--key", "lst")
    text = run("certificate", "status").stdout
    assert text.count("nothing was delegated from here") == 2
    until = rf"{IDENTITY}, valid until {UTC} \(.* left\)"
    assert re.search(rf"^lst +{until}; uploaded from here at {UTC}$", text, re.MULTILINE)
    assert re.search(rf"^Found here +{found}: {until}$", text, re.MULTILINE)


def test_status_of_a_proxy_that_cannot_be_delegated(run, service_env, found):
    write(found, proxy(days=-1).pem())
    assert "(expired); it cannot be delegated, see" in run("certificate", "status").stdout


def test_status_as_json(run, service_env, found):
    content = json.loads(run("certificate", "status", "--json").stdout)
    assert content["delegations"] == []
    assert content["found"] == {"path": os.fspath(found), "inspection": None}
    write_proxy(found)
    run("certificate", "upload")
    content = json.loads(run("certificate", "status", "--json").stdout)
    assert content["keys"] == ["cta", "lst", "arc"]
    assert [delegation["key"] for delegation in content["delegations"]] == ["cta"]
    assert content["found"]["inspection"]["identity"] == IDENTITY


def test_status_without_a_service(run, monkeypatch, scripted):
    scripted.default = sends(b"", 302, Location="/hub/login")
    done = run("certificate", "status")
    assert done.exit_code == 0
    assert re.search("^Shared +not known: .* refuses the hub token", done.stdout, re.MULTILINE)
