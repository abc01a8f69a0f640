"""The public surface, and what importing it costs."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys

import pytest

import ctadata

HEAVY = [
    "requests", "urllib3", "webdav4", "httpx", "cryptography", "tqdm", "click",
    "jupyter_server", "tornado", "traitlets",
]  # fmt: skip


def test_all_names_what_there_is_and_is_sorted():
    assert ctadata.__all__ == sorted(ctadata.__all__)
    assert all(hasattr(ctadata, name) for name in ctadata.__all__)


def test_errors_have_the_names_that_notebooks_catch():
    assert issubclass(ctadata.api.StorageException, ctadata.errors.CTADataError)
    assert issubclass(ctadata.api.CertificateError, ctadata.errors.CTADataError)


def test_every_function_is_a_method_of_the_client():
    for name in ctadata.__all__:
        if inspect.isfunction(function := getattr(ctadata, name)):
            assert f"`APIClient.{name}`" in function.__doc__
            assert callable(getattr(ctadata.APIClient, name))


def test_importing_loads_nothing_heavy():
    code = f"import ctadata, json, sys; print(json.dumps([m for m in {HEAVY} if m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=30)
    assert json.loads(done.stdout) == []


def test_the_environment_is_read_after_the_import(service, monkeypatch):
    monkeypatch.setenv("CTADS_URL", service.downloadservice_url.removeprefix("http://").rstrip("/"))
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", service.token)
    assert ctadata.list_dir("") == ["cta/", "lst/"]


def test_keywords_go_before_the_environment(service, monkeypatch):
    monkeypatch.setenv("CTADS_URL", "http://127.0.0.1:1/")
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "wrong")
    listed = ctadata.list_dir("", downloadservice=service.downloadservice_url, token=service.token)
    assert listed == ["cta/", "lst/"]


def test_class_attributes_can_be_assigned(service, monkeypatch):
    monkeypatch.delenv("JUPYTERHUB_API_TOKEN", raising=False)
    monkeypatch.setattr(ctadata.APIClient, "downloadservice", service.downloadservice_url)
    monkeypatch.setattr(ctadata.APIClient, "token", service.token)
    assert ctadata.list_dir("") == ["cta/", "lst/"]
    client = ctadata.APIClient()
    client.token = "wrong"
    with pytest.raises(ctadata.errors.AuthenticationError):
        client.list_dir("")
