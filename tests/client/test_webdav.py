from __future__ import annotations

import pytest

import ctadata
from ctadata import errors
from tests.conftest import ODD_NAMES

from .conftest import sends


def test_listing_from_the_root(service_env):
    client = ctadata.webdav4_client()
    assert sorted(client.ls("/", detail=False)) == ["cta", "lst"]
    assert sorted(entry["name"] for entry in client.ls("lst/some-data-dir")) == [
        "lst/some-data-dir/deep",
        "lst/some-data-dir/empty",
        "lst/some-data-dir/small.txt",
    ]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names(service_env, work, name):
    client = ctadata.webdav4_client()
    assert f"lst/odd/{name}" in client.ls("lst/odd", detail=False)
    assert client.info(f"lst/odd/{name}")["content_length"] == len(name.encode())
    client.download_file(f"lst/odd/{name}", "copy")
    assert (work / "copy").read_text() == name


def test_uploads_relative_to_the_own_directory(service_env, work):
    (work / "example.txt").write_text("example")
    client = ctadata.webdav4_client()
    client.uploadFile("example.txt", "remote/deep/example.txt")
    client.upload_file("example.txt", "lst/users/alice/beside.txt")
    client.upload_file("example.txt", "/lst/users/alice/beside.txt", overwrite=True)
    listed = client.ls("lst/users/alice", detail=False)
    assert sorted(listed) == ["lst/users/alice/beside.txt", "lst/users/alice/remote"]
    assert client.info("lst/users/alice/remote/deep/example.txt")["content_length"] == 7


@pytest.mark.parametrize("path", ["/cta/x.txt", "lst/some-data-dir/x.txt", "/x.txt"])
def test_a_path_outside_gets_the_services_refusal(service_env, work, path):
    (work / "example.txt").write_text("example")
    with pytest.raises(errors.AccessDenied, match="Missing rights to write"):
        ctadata.webdav4_client().uploadFile("example.txt", path)


def test_redirects_are_not_followed(scripted):
    scripted.on("PROPFIND", "webdav", sends(b"", 302, Location=f"{scripted.url}elsewhere"))
    with pytest.raises(errors.ServiceUnreachable, match="redirect, where no token is sent"):
        ctadata.webdav4_client().ls("/")
    assert [path for _, path in scripted.requests] == ["/services/downloadservice/webdav"]


def test_the_token_is_needed_and_refused_in_clear_words(service_env, monkeypatch):
    client = ctadata.webdav4_client()
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "wrong")
    with pytest.raises(errors.AuthenticationError, match="refuses the hub token"):
        client.ls("/")
    monkeypatch.delenv("JUPYTERHUB_API_TOKEN")
    with pytest.raises(errors.NoToken):
        client.ls("/")
