"""Fault 28: answers about another path than the requested one; names that decoding confuses."""

from __future__ import annotations

import contextlib

import pytest

import ctadata
from ctadata import APIClient, errors
from ctadata.http.client import HTTPClient
from ctadata.storage import quoting
from ctadata.storage.download_service import DownloadService
from ctadata.storage.service_state import ServiceState
from tests.conftest import TOKEN, serving
from tests.support.scripted import Scripted, sends

# A file that is there, and a new one that a service takes for it if it decodes otherwise.
PAIRS = [
    ("h", "h#x.txt"),
    ("data", "data?v=2"),
    ("data", "data#"),
    ("encA.txt", "enc%41.txt"),
    ("enc%41.txt", "enc%2541.txt"),
    ("a b.txt", "a%20b.txt"),
    ("a+b.txt", "a%2Bb.txt"),
    ("x.txt", "%78.txt"),
    ("a..b.txt", "a%2E%2Eb.txt"),
]


@pytest.fixture
def own(service_env, tmp_path):
    directory = tmp_path / "storage/lst/users/alice"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


@pytest.mark.parametrize(("there", "new"), PAIRS)
@pytest.mark.parametrize("way", ["file", "dir", "many", "files", "webdav4"])
def test_a_new_name_leaves_the_others_alone(own, work, there, new, way):
    (own / "d").mkdir()
    (own / "d" / there).write_text("there")
    (work / "up").mkdir()
    (work / "up" / new).write_text("new")
    client = APIClient()
    if way == "file":
        assert client.upload_file(f"up/{new}", f"d/{new}")["path"] == f"lst/users/alice/d/{new}"
    elif way == "dir":
        client.upload_dir("up", "d")
    elif way == "many":
        client.upload_many([work / "up" / new], "d")
    elif way == "files":
        client.upload_files({f"d/{new}": work / "up" / new})
    else:
        client.webdav4_client().upload_file(f"up/{new}", f"d/{new}")
    assert {p.name: p.read_text() for p in (own / "d").iterdir()} == {there: "there", new: "new"}
    for name, content in ((there, "there"), (new, "new")):
        client.fetch_and_save_file(f"lst/users/alice/d/{name}", "back", overwrite="replace")
        assert (work / "back").read_text() == content


@pytest.mark.parametrize(("there", "new"), PAIRS)
def test_a_new_directory_leaves_the_others_alone(own, work, there, new):
    (own / there).mkdir()
    (work / "f").write_text("new")
    assert APIClient().upload_file("f", f"{new}/")["path"] == f"lst/users/alice/{new}/f"
    assert sorted(p.name for p in own.iterdir()) == sorted([there, new])
    assert list((own / there).iterdir()) == []


def test_what_was_only_looked_for_changes_nothing(own, work):
    """A missing path proves nothing for later uploads of the process."""
    for name in ("h", "run"):
        (own / name).write_text("there")
    client = APIClient()
    for path in ("h#x", "h?x", "h%23", "%68", "run#2/x"):
        with pytest.raises(errors.NotFound):
            client.list_dir(f"lst/users/alice/{path}")
        with pytest.raises(errors.NotFound):
            ctadata.fetch_and_save_file(f"lst/users/alice/{path}")
    (work / "f").write_text("new")
    for name in ("h#x.txt", "run#2"):
        client.upload_file("f", name)
    found = {p.name: p.read_text() for p in own.iterdir()}
    assert found == {"h": "there", "run": "there", "h#x.txt": "new", "run#2": "new"}
    assert list(work.iterdir()) == [work / "f"]


def refused():
    return pytest.raises(errors.CTADataError)


class Once(quoting.Quoting):
    """The state of a client that was misled: names are quoted once."""

    def __init__(self) -> None:
        super().__init__()
        self.times, self.proven = 1, True

    def fits(self, headers, times):
        return True


class Twice(quoting.Quoting):
    """The state of a client that does not see the header: names are quoted twice."""

    def fits(self, headers, times):
        return True


@pytest.fixture(params=["quirky, quoted once", "kind, quoted twice"])
def misled(request, tmp_path, ca_bundle, monkeypatch):
    """A service, and a client whose quoting this service decodes wrongly."""
    service, quoted = request.param.split(", ")
    believed = Once if quoted == "quoted once" else Twice
    monkeypatch.setattr("ctadata.api.ServiceState", lambda: ServiceState(believed()))
    with serving(tmp_path / "storage", ca_bundle, quirks=service == "quirky") as running:
        monkeypatch.setenv("CTADS_URL", running.downloadservice_url)
        monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)
        monkeypatch.setenv("JUPYTERHUB_USER", "alice")
        own = tmp_path / "storage/lst/users/alice"
        own.mkdir(parents=True)
        yield own


@pytest.mark.parametrize(("there", "new"), PAIRS)
@pytest.mark.parametrize("way", ["file", "dir", "webdav4", "mkdir"])
def test_nothing_is_written_with_a_quoting_that_is_wrong(misled, work, there, new, way):
    """Whatever the state of the client: existing files stay as they are."""
    names = {there, new.replace("#", "%23").replace("?", "%3F"), new.replace("%", "%25")} - {new}
    for name in names:
        (misled / name).write_text("there")
    before = {p.name: p.read_bytes() for p in misled.iterdir()}
    (work / "up").mkdir()
    (work / "up" / new).write_text("new")
    client = APIClient(retries=0)
    ways = {
        "file": lambda: client.upload_file(f"up/{new}", new),
        "dir": lambda: client.upload_dir("up", ""),
        "webdav4": lambda: client.webdav4_client().upload_file(f"up/{new}", new, overwrite=True),
        "mkdir": lambda: client.upload_file(f"up/{new}", f"{new}/"),
    }
    # webdav4 does not look whether the name that it has given is there.
    with contextlib.suppress(errors.CTADataError) if way == "webdav4" else refused():
        ways[way]()
    after = {p.name: p.read_bytes() for p in misled.iterdir() if p.is_file()}
    assert {name: after[name] for name in before} == before


class Shared(quoting.Quoting):
    """A state that another thread changes at the worst moment."""

    shared: quoting.Quoting

    def fits(self, headers, times):
        fitting = super().fits(headers, times)
        if fitting:
            # A proxy, which knows nothing of this, has answered the other thread.
            Shared.shared.times = 2
        return fitting


def test_a_new_name_is_quoted_as_its_own_listing_has_proven():
    """What other responses prove meanwhile concerns other requests."""
    Shared.shared = Shared()
    with Scripted() as script:
        script.default = sends(b"", 404, CTAData_Path_Decoding="once")
        service = DownloadService(
            HTTPClient(lambda: TOKEN), script.url, ServiceState(Shared.shared)
        )
        assert service.quoted_for_writing("lst/users/me/a b") == "lst/users/me/a%20b"
