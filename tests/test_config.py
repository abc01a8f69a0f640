from __future__ import annotations

from pathlib import Path

import pytest
from jupyter_core.paths import jupyter_data_dir

from ctadata import config
from ctadata.errors import CTADataError


@pytest.mark.parametrize(
    ("given", "url"),
    [
        (
            "https://hub.example/services/downloadservice/",
            "https://hub.example/services/downloadservice/",
        ),
        (
            "https://hub.example/services/downloadservice",
            "https://hub.example/services/downloadservice/",
        ),
        ("hub.example/services/downloadservice", "https://hub.example/services/downloadservice/"),
        (
            "localhost:5000/services/downloadservice",
            "http://localhost:5000/services/downloadservice/",
        ),
        ("127.0.0.1:5000", "http://127.0.0.1:5000/"),
        ("[::1]:5000/x", "http://[::1]:5000/x/"),
        ("http://hub:5000/services/downloadservice/", "http://hub:5000/services/downloadservice/"),
    ],
)
def test_download_service_url_is_completed(given, url, monkeypatch):
    monkeypatch.setenv("CTADS_URL", given)
    assert config.downloadservice_url() == url


def test_default_is_the_platform(monkeypatch):
    monkeypatch.delenv("CTADS_URL", raising=False)
    assert config.downloadservice_url() == config.DEFAULT_DOWNLOADSERVICE


@pytest.mark.parametrize("given", ["ftp://hub.example/", "https://", "https://h/?token=secret"])
def test_what_is_no_service_is_refused_without_its_query(given, monkeypatch):
    monkeypatch.setenv("CTADS_URL", given)
    with pytest.raises(CTADataError, match="set CTADS_URL") as caught:
        config.downloadservice_url()
    assert "secret" not in str(caught.value)


def test_credentials_in_the_address_are_refused_without_showing_them():
    with pytest.raises(CTADataError, match="only a token") as caught:
        config.downloadservice_url("https://me:secret@hub.example/")
    assert "secret" not in str(caught.value)


def test_certificate_service_is_the_sibling_unless_it_is_set(monkeypatch):
    monkeypatch.setenv("CTADS_URL", "https://hub.example/services/downloadservice")
    monkeypatch.delenv("CTACS_URL", raising=False)
    assert config.certificateservice_url() == "https://hub.example/services/certificateservice/"
    monkeypatch.setenv("CTACS_URL", "other.example/certs")
    assert config.certificateservice_url() == "https://other.example/certs/"
    # A download service that the caller names has its own sibling.
    sibling = config.certificateservice_url(downloadservice="localhost:1/services/downloadservice")
    assert sibling == "http://localhost:1/services/certificateservice/"


def test_token_is_read_at_each_call(monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "one\n")
    assert config.token() == "one"
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "two")
    assert config.token() == "two"
    assert config.token("given") == "given"
    monkeypatch.delenv("JUPYTERHUB_API_TOKEN")
    assert config.token() is None


@pytest.mark.parametrize(
    ("given", "keys"),
    [
        (None, ["cta", "lst", "arc"]),
        ("", ["cta", "lst", "arc"]),
        (" , ", ["cta", "lst", "arc"]),
        ("dirac, cta,,dirac ", ["dirac", "cta"]),
    ],
)
def test_certificate_keys(given, keys, monkeypatch):
    if given is None:
        monkeypatch.delenv("CTACS_ALLOWED_CERT_KEYS", raising=False)
    else:
        monkeypatch.setenv("CTACS_ALLOWED_CERT_KEYS", given)
    assert config.certificate_keys() == keys


def test_the_data_directory_is_in_that_of_jupyter(monkeypatch, tmp_path):
    for variable in ("JUPYTER_DATA_DIR", "XDG_DATA_HOME"):
        monkeypatch.delenv(variable, raising=False)
    assert config.data_directory() == Path(jupyter_data_dir()) / "ctadata"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    assert config.data_directory() == Path(jupyter_data_dir()) / "ctadata"
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    assert config.data_directory() == Path(jupyter_data_dir()) / "ctadata"
    monkeypatch.setenv("CTADATA_DATA_DIR", str(tmp_path / "own"))
    assert config.data_directory() == tmp_path / "own"
    assert config.data_directory(tmp_path / "given") == tmp_path / "given"
