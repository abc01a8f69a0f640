"""Transfers that are run again, and uploads that get other names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.faults.outcome import files

from ..described import Api
from ..tiny_service import TinyService, cut


@pytest.fixture
def plain(jp_root_dir: Path) -> Path:
    """A file of the workspace."""
    path = jp_root_dir / "plain"
    path.write_bytes(b"plain")
    return path


async def test_retry_goes_on_with_a_directory(
    api: Api, tiny: TinyService, jp_root_dir: Path
) -> None:
    tiny.files = {f"lst/d/{n}": bytes([n]) * 300_000 for n in range(3)}

    def some(answer: Any, name: str) -> None:
        if name.endswith("1"):
            cut(answer, name)
        else:
            answer.reply(200, answer.server.files[name], "application/octet-stream")

    tiny.misbehave["fetch"] = some
    failed = await api.transfer("download", "lst/d")
    assert (failed["state"], failed["resumable"], failed["files_done"]) == ("failed", True, 2)
    del tiny.misbehave["fetch"]
    tiny.requests.clear()
    (jp_root_dir / "d/mine").write_bytes(b"mine")
    queued = await api.json(f"transfers/{failed['id']}/retry", "POST", body=b"")
    assert (queued["id"], queued["created"]) == (failed["id"], failed["created"])
    finished = await api.ended(queued)
    assert (finished["state"], finished["files_done"]) == ("finished", 3)
    assert finished["failures"] == []
    assert [name for endpoint, name in tiny.requests if endpoint == "fetch"] == ["lst/d/1"]
    assert files(jp_root_dir / "d") == {
        "mine": b"mine", **{str(n): bytes([n]) * 300_000 for n in range(3)},
    }  # fmt: skip
    refused = await api.error(f"transfers/{failed['id']}/retry", "POST", body=b"")
    assert refused == (409, "not-resumable")
    assert await api.error(f"transfers/{'0' * 32}/retry", "POST", body=b"") == (404, "not-found")


@pytest.mark.parametrize("overwrite", [False, True])
async def test_retry_replaces_what_came_meanwhile_only_as_ordered(
    api: Api, tiny: TinyService, jp_root_dir: Path, overwrite: bool
) -> None:
    failed = await api.transfer("download", "lst/file", overwrite=overwrite)
    assert failed["state"] == "failed"
    tiny.files["lst/file"] = b"the storage's"
    (jp_root_dir / "file").write_bytes(b"mine")
    again = await api.ended(await api.json(f"transfers/{failed['id']}/retry", "POST", body=b""))
    if overwrite:
        assert again["state"] == "finished"
        assert files(jp_root_dir) == {"file": b"the storage's"}
    else:
        assert (again["state"], again["error"]["code"]) == ("failed", "already-exists")
        assert files(jp_root_dir) == {"file": b"mine"}


async def test_retry_of_an_upload(api: Api, storage: Path, jp_root_dir: Path) -> None:
    (jp_root_dir / "results").mkdir()
    (jp_root_dir / "results/a").write_bytes(b"a")
    (jp_root_dir / "results/odd\\name").write_bytes(b"b")
    failed = await api.transfer("upload", "results", to="run")
    assert (failed["state"], failed["files_done"]) == ("failed", 1)
    (jp_root_dir / "results/odd\\name").rename(jp_root_dir / "results/name")
    stored = (storage / "lst/users/alice/run/results/a").stat().st_mtime_ns
    again = await api.ended(await api.json(f"transfers/{failed['id']}/retry", "POST", body=b""))
    assert (again["state"], again["target"]) == ("finished", "lst/users/alice/run/results")
    assert files(storage / again["target"]) == {"a": b"a", "name": b"b"}
    # What the first try has sent is not sent again,
    assert (storage / again["target"] / "a").stat().st_mtime_ns == stored
    (jp_root_dir / "results/odd\\name").write_bytes(b"c")
    failed = await api.transfer("upload", "results", to="run")
    (jp_root_dir / "results/odd\\name").unlink()
    # unless it has changed since, by however little.
    (jp_root_dir / "results/a").write_bytes(b"A")
    await api.ended(await api.json(f"transfers/{failed['id']}/retry", "POST", body=b""))
    assert files(storage / again["target"]) == {"a": b"A", "name": b"b"}


async def test_the_workspace_may_have_changed_before_a_retry(
    api: Api, tiny: TinyService, plain: Path, jp_root_dir: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(b"secret")
    for kind, path, to in ("download", "lst/file", "place"), ("upload", "plain", ""):
        failed = await api.transfer(kind, path, to=to)
        assert failed["state"] == "failed"
        tiny.files["lst/file"] = b"hostile"
        tiny.requests.clear()
        moved = jp_root_dir / ("place" if kind == "download" else "plain")
        if moved.exists():
            moved.rename(tmp_path / f"moved-{kind}")
        moved.symlink_to(outside)
        again = await api.json(f"transfers/{failed['id']}/retry", "POST", body=b"")
        assert (await api.ended(again))["error"]["code"] == "invalid-path"
        assert tiny.requests == []
    assert files(outside) == {"file": b"secret"}


async def test_uploads_under_other_names(api: Api, storage: Path, jp_root_dir: Path) -> None:
    (jp_root_dir / "a").write_bytes(b"a")
    (jp_root_dir / "folder").mkdir()
    (jp_root_dir / "folder/b").write_bytes(b"b")
    names = ["a (2)", "Übermaß 50%"]
    transfers = await api.start("upload", "a", "folder", to="run", names=names)
    assert [each["target"] for each in transfers] == ["run/a (2)", "run/Übermaß 50%"]
    for transfer in transfers:
        assert (await api.ended(transfer))["state"] == "finished"
    stored = storage / "lst/users/alice/run"
    assert files(stored) == {"a (2)": b"a", "Übermaß 50%/b": b"b"}
    assert (await api.transfer("upload", "a", names=None))["target"] == "lst/users/alice/a"
    clash = await api.order("upload", "a", "folder", names=["same", "same"])
    assert clash.code == 409
    message = json.loads(clash.body)["message"]
    assert "'a' and 'folder' would both be uploaded as 'same'" in message


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../b",
        "a/b",
        "/a",
        "a/",
        "/",
        "a\\b",
        "a\0",
        "a\n",
        "\x85",
        "\ud800",
        "ü" * 128,
    ],
)
async def test_names_that_are_none(api: Api, tiny: TinyService, plain: Path, name: str) -> None:
    response = await api.order("upload", "plain", names=[name])
    assert (response.code, json.loads(response.body)["code"]) == (400, "invalid-path")
    assert tiny.requests == []


@pytest.mark.parametrize("names", ["plain", [], ["a", "b"], [1], [None], [["a"]], {"plain": "a"}])
async def test_names_that_do_not_fit(
    api: Api, tiny: TinyService, plain: Path, names: object
) -> None:
    response = await api.order("upload", "plain", names=names)
    assert (response.code, json.loads(response.body)["code"]) == (400, "bad-request")
    assert tiny.requests == []
