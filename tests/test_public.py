"""The public surface, and what importing it costs."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import json
import pickle
import pydoc
import re
import subprocess
import sys

import pytest
from jupyter_client.manager import start_new_kernel

import ctadata
from ctadata._options import ClientOptions
from ctadata.transfers.options import TransferOptions

from .support.scripted import sends

HEAVY = [
    "requests", "urllib3", "webdav4", "httpx", "cryptography", "tqdm", "click",
    "jupyter_server", "tornado", "traitlets",
]  # fmt: skip
FUNCTIONS = [
    "fetch_and_save_file", "fetch_and_save_file_or_dir", "fetch_many", "list_dir",
    "upload_certificate", "upload_dir", "upload_file", "upload_many",
    "upload_personal_certificate", "upload_shared_certificate", "webdav4_client",
]  # fmt: skip
OPTIONS = [*ClientOptions.__annotations__]


def test_all_names_what_there_is_and_is_sorted():
    assert ctadata.__all__ == sorted(ctadata.__all__)
    assert all(hasattr(ctadata, name) for name in ctadata.__all__)


def test_errors_have_the_names_that_notebooks_catch():
    assert issubclass(ctadata.api.StorageException, ctadata.errors.CTADataError)
    assert issubclass(ctadata.api.CertificateError, ctadata.errors.CTADataError)


def test_what_is_exported():
    assert ctadata.__all__ == [
        "APIClient", "Entry", "api", "certificates", "errors", *FUNCTIONS
    ]  # fmt: skip
    assert {name for name in dir(ctadata.APIClient) if not name.startswith("_")} == {
        *FUNCTIONS, *OPTIONS, "certificateservice_url", "delegate_certificate", "delegations",
        "downloadservice_url", "find_home_directory", "health", "home_directory", "iter_bytes",
        "listing", "read_listing", "shared_certificate_status", "stat", "upload_files", "walk",
        "with_options", "with_watchdog",
    }  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_a_method_and_shows_all_its_parameters(name):
    function, method = getattr(ctadata, name), getattr(ctadata.APIClient, name)
    shown = inspect.signature(function)
    assert [*shown.parameters.values()] == [*inspect.signature(method).parameters.values()][1:]
    assert set(OPTIONS) <= shown.parameters.keys()
    for parameter in shown.parameters.values():
        assert parameter.kind in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}
        assert parameter.annotation is not parameter.empty
        # In a line of its own, with its type; each is described.
        assert re.search(
            rf"^([\w*]+, )*{parameter.name}(, \w+)* : ", function.__doc__, re.MULTILINE
        )


def test_a_transfer_has_the_defaults_that_it_shows():
    shown = inspect.signature(ctadata.fetch_many).parameters
    defaults = {field.name: field.default for field in dataclasses.fields(TransferOptions)}
    for name in ("overwrite", "streams", "checksum", "jobs", "dry_run", "progress", "cancel"):
        assert shown[name].default == defaults[name]
    assert (shown["jobs"].default, shown["jobs"].annotation) == (8, "int")


def test_help_and_shift_tab_show_the_whole_description():
    described = inspect.getdoc(ctadata.fetch_many)
    assert "**" not in described
    manager, client = start_new_kernel()
    try:
        client.execute_interactive("import ctadata", timeout=60)
        found = client.inspect("ctadata.fetch_many", reply=True, timeout=60)["content"]["data"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    shift_tab = re.sub(r"\x1b\[[0-9;]*m", "", found["text/plain"])
    helped = pydoc.render_doc(ctadata.fetch_many, renderer=pydoc.plaintext)
    for shown in (helped, shift_tab):
        for part in ("dest: 'LocalPath | None' = None", "jobs: 'int' = 8", "token: 'str | None'"):
            assert part in shown
        for line in described.splitlines():
            assert line in shown


def test_a_function_can_be_pickled_but_no_token():
    assert pickle.loads(pickle.dumps(ctadata.list_dir)) == ctadata.list_dir
    with pytest.raises(pickle.PicklingError):
        pickle.dumps(ctadata.APIClient(token="a-secret-token"))


def test_a_copy_of_a_client_is_a_client_of_its_own():
    client = ctadata.APIClient(token="one")
    copied = copy.copy(client)
    copied.token = "two"
    assert (client.token, copied.token) == ("one", "two")


def test_a_wrong_keyword_is_refused_before_anything_is_done():
    for call in (ctadata.list_dir, ctadata.APIClient, ctadata.fetch_many):
        with pytest.raises(TypeError, match="recursiv"):
            call(*[[]] * (call is ctadata.fetch_many), recursiv=True)


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


def test_all_options_of_a_client_can_be_assigned(scripted, monkeypatch):
    monkeypatch.setattr(ctadata.APIClient, "retries", 0)
    scripted.default = sends(b"busy", 503)
    with pytest.raises(ctadata.errors.ServiceUnreachable):
        ctadata.list_dir("lst")
    assert len(scripted.requests) == 1
    client = ctadata.APIClient()
    client.timeout = -1
    with pytest.raises(ctadata.errors.CTADataError, match="timeout"):
        client.list_dir("lst")


def test_another_client_for_one_call_knows_what_was_learned(service_env, work):
    """The functions of the module are called with options of the client, again and again."""
    (work / "a").write_bytes(b"a")
    client = ctadata.APIClient()
    other = client.with_options(retries=1, timeout=None)
    assert (other.retries, client.retries, other.timeout) == (1, 3, 60)
    client.upload_file("a", "a")
    watched, _ = client.with_watchdog()
    for one in (client, other, watched):
        assert one.home_directory == "lst/users/alice"
    # Another user's token is another user's directory.
    assert client.with_options(token="another").home_directory is None
    assert ctadata.APIClient().home_directory is None
    for options in ({}, {"timeout": 5.0}, {"token": service_env.token}):
        ctadata.upload_file("a", "a", **options)
    assert ctadata.api.default_client.home_directory == "lst/users/alice"


def test_the_home_directory_is_asked_for_once(scripted, work, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_USER", "me")
    scripted.list("lst/users", {"href": "lst/users/", "type": "directory"})
    scripted.on("MKCOL", "webdav/lst/users/me/", sends(b"", 405))
    scripted.list("lst/users/me", {"href": "lst/users/me/", "type": "directory"})
    answer = b'{"path": "lst/users/me/a", "status": "uploaded", "total_written": 1}'
    scripted.on("POST", "upload/a", sends(answer))
    scripted.list("lst/users/me/a", {"href": "lst/users/me/a", "type": "file", "size": "1"})
    (work / "a").write_bytes(b"a")
    for options in ({}, {"timeout": 5.0}, {"token": "another-token"}, {"token": "another-token"}):
        assert ctadata.upload_file("a", "a", **options)["status"] == "uploaded"
    # Once for each of two tokens.
    assert [method for method, _ in scripted.requests].count("MKCOL") == 2
