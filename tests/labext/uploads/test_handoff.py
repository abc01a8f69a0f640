from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.support.proxies import Grid

from ..described import Api
from ..handlers.test_uploads import Tus

OWN = "lst/users/alice"
MIB = 1 << 20


@pytest.fixture
def tus(api: Api) -> Tus:
    return Tus(api)


async def receive(tus: Tus, files: dict[str, bytes]) -> list[dict[str, str]]:
    """Upload files by tus; return them as an order wants them."""
    uploads = []
    for path, content in files.items():
        upload_id = await tus.create(len(content), path)
        assert (await tus.patch(upload_id, 0, content)).code == 204
        uploads.append({"id": upload_id, "path": path})
    return uploads


async def order(
    api: Api, name: str, uploads: list[dict[str, str]], to: str = "", **more: object
) -> tuple[int, dict[str, Any]]:
    body = {"kind": "upload", "name": name, "uploads": uploads, "destination": to, **more}
    response = await api("transfers", "POST", json_body=body)
    return response.code, json.loads(response.body)


async def transfer(
    api: Api, name: str, uploads: list[dict[str, str]], to: str = "", **more: object
) -> dict[str, Any]:
    status, answer = await order(api, name, uploads, to, **more)
    assert status == 202, answer
    (started,) = answer["transfers"]
    return await api.ended(started)


def spooled(extension: Any) -> list[Path]:
    return sorted(extension.services.spool.data("x").parent.iterdir())


def stored(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


async def test_a_folder_is_one_transfer(api: Api, tus: Tus, storage: Path, extension: Any) -> None:
    files = {
        "run42/a.fits": os.urandom(3 * MIB),
        "run42/deep/er/ä ö.fits": b"deep",
        "run42/empty": b"",
    }
    uploads = await receive(tus, files)
    ended = await transfer(api, "run42", uploads, "results/2026")
    assert (ended["state"], ended["error"]) == ("finished", None)
    assert (ended["kind"], ended["source"]) == ("upload", "run42")
    assert ended["target"] == f"{OWN}/results/2026/run42"
    assert (ended["files_done"], ended["files_total"]) == (3, 3)
    assert ended["bytes_done"] == ended["bytes_total"] == 3 * MIB + 4
    assert stored(storage / OWN / "results/2026") == files
    assert spooled(extension) == []
    assert await tus.waiting() == []


async def test_what_is_left_out_of_a_folder(
    api: Api, tus: Tus, storage: Path, extension: Any
) -> None:
    """Hidden files by the browser, which tells how many; keys by the server."""
    key = Grid.create().proxy().pem()
    files = {"run42/a.fits": b"a", "run42/x509up_u1000": key, "run42/id_rsa": key}
    uploads = await receive(tus, files)
    left_out = {"hidden file": 3, "hidden directory": 1}
    ended = await transfer(api, "run42", uploads, left_out=left_out)
    assert (ended["state"], ended["failures"]) == ("finished", [])
    assert ended["notice"] == "1 hidden directory, 3 hidden files and 2 private keys left out"
    assert (ended["files_done"], ended["files_total"], ended["bytes_done"]) == (1, 1, 1)
    assert stored(storage / OWN) == {"run42/a.fits": b"a"}
    assert spooled(extension) == []


async def test_a_key_that_was_chosen_by_itself(
    api: Api, tus: Tus, storage: Path, extension: Any
) -> None:
    uploads = await receive(tus, {"userkey.pem": Grid.create().proxy().pem()})
    ended = await transfer(api, "userkey.pem", uploads)
    assert (ended["state"], ended["error"]["code"]) == ("failed", "transfer-failed")
    assert "'userkey.pem' holds a private key" in ended["error"]["message"]
    assert stored(storage / OWN) == {}
    assert (await api(f"transfers/{ended['id']}", "DELETE")).code == 204
    assert spooled(extension) == []


@pytest.mark.parametrize(
    "left_out",
    [
        [], 1, "", {"link": 1}, {"hidden file": 0}, {"hidden file": -1}, {"hidden file": 1.5},
        {"hidden file": True}, {"hidden file": "1"}, {"hidden file": 1 << 40}, {"x": None},
    ],
)  # fmt: skip
async def test_no_numbers_of_what_was_left_out(api: Api, tus: Tus, left_out: object) -> None:
    uploads = await receive(tus, {"run42/a": b"a"})
    status, answer = await order(api, "run42", uploads, left_out=left_out)
    assert (status, answer["code"]) == (400, "bad-request")
    assert "left_out" in answer["message"]
    assert len(await tus.waiting()) == 1


async def test_a_file_under_another_name(api: Api, tus: Tus, storage: Path, extension: Any) -> None:
    (upload,) = await receive(tus, {"a.fits": b"content"})
    ended = await transfer(api, "a (1).fits", [{**upload, "path": "a (1).fits"}])
    assert (ended["state"], ended["target"]) == ("finished", f"{OWN}/a (1).fits")
    assert stored(storage / OWN) == {"a (1).fits": b"content"}
    assert spooled(extension) == []


async def test_what_is_not_there_completely(api: Api, tus: Tus, storage: Path) -> None:
    (whole,) = await receive(tus, {"run42/a": b"content"})
    half = {"id": await tus.create(10, "run42/b"), "path": "run42/b"}
    await tus.patch(half["id"], 0, b"0123")
    status, answer = await order(api, "run42", [whole, half])
    assert (status, answer["code"]) == (409, "upload-conflict")
    assert "run42/b" in answer["message"]
    assert "4 of 10 bytes" in answer["message"]
    status, answer = await order(api, "run42", [whole, {"id": "0" * 32, "path": "run42/c"}])
    assert (status, answer["code"]) == (404, "no-such-upload")
    # None of them belongs to a transfer now.
    assert len(await tus.waiting()) == 2
    assert (await tus.patch(half["id"], 4, b"456789")).code == 204
    assert (await transfer(api, "run42", [whole, half]))["state"] == "finished"


async def test_each_for_one_transfer_only(
    api: Api, tus: Tus, storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads = await receive(tus, {"run42/a": b"a", "run42/b": b"b"})
    token = os.environ["JUPYTERHUB_API_TOKEN"]
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "expired")
    ended = await transfer(api, "run42", uploads)
    assert (ended["state"], ended["error"]["code"]) == ("failed", "token-refused")
    assert ended["resumable"]
    status, answer = await order(api, "run42", uploads, "elsewhere")
    assert (status, answer["code"]) == (409, "upload-conflict")
    assert await tus.waiting() == []
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", token)
    again = await api.ended(await api.json(f"transfers/{ended['id']}/retry", "POST", body=b""))
    assert (again["state"], again["target"]) == ("finished", f"{OWN}/run42")
    assert stored(storage / OWN / "run42") == {"a": b"a", "b": b"b"}


async def test_the_same_order_again_starts_nothing(api: Api, tus: Tus, storage: Path) -> None:
    """The browser orders again when the answer to its order was lost."""
    uploads = await receive(tus, {"run42/a": b"a", "run42/b": b"b"})
    _, first = await order(api, "run42", uploads)
    status, second = await order(api, "run42", uploads)
    assert status == 202
    assert second["transfers"][0]["id"] == first["transfers"][0]["id"]
    ended = await api.ended(first["transfers"][0])
    assert ended["state"] == "finished"
    _, third = await order(api, "run42", uploads)
    assert third["transfers"] == [ended]
    assert len((await api.json("transfers"))["transfers"]) == 1
    assert stored(storage / OWN / "run42") == {"a": b"a", "b": b"b"}


async def test_a_second_try_sends_what_is_missing(
    api: Api, tus: Tus, storage: Path, extension: Any
) -> None:
    uploads = await receive(tus, {"run42/a": b"a" * 100, "run42/b": b"b" * 1000})
    in_the_way = storage / OWN / "run42/b"
    in_the_way.mkdir(parents=True)
    partly = await transfer(api, "run42", uploads)
    assert partly["state"] == "failed"
    assert [failure["path"] for failure in partly["failures"]] == ["run42/b"]
    assert partly["files_done"] == 1
    # Of the first one no byte is left, of the second all are.
    data = [path for path in spooled(extension) if path.suffix == ".data"]
    assert [path.stat().st_size for path in data] == [1000]
    in_the_way.rmdir()
    (storage / OWN / "run42/a").write_bytes(b"changed since")
    again = await api.ended(await api.json(f"transfers/{partly['id']}/retry", "POST", body=b""))
    assert again["state"] == "finished", again
    assert (again["files_done"], again["bytes_done"]) == (2, 1100)
    assert stored(storage / OWN / "run42") == {"a": b"changed since", "b": b"b" * 1000}
    assert spooled(extension) == []


async def test_what_is_forgotten_is_not_kept(
    api: Api, tus: Tus, storage: Path, extension: Any
) -> None:
    uploads = await receive(tus, {"a.fits": b"content"})
    (storage / OWN / "a.fits").mkdir(parents=True)
    ended = await transfer(api, "a.fits", uploads)
    assert (ended["state"], ended["resumable"]) == ("failed", True)
    assert spooled(extension) != []
    assert (await api(f"transfers/{ended['id']}", "DELETE")).code == 204
    assert spooled(extension) == []


async def test_what_has_expired_is_said(
    api: Api, tus: Tus, storage: Path, extension: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads = await receive(tus, {"run42/a": b"a", "run42/b": b"b"})
    token = os.environ["JUPYTERHUB_API_TOKEN"]
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "expired")
    failed = await transfer(api, "run42", uploads)
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", token)
    extension.services.spool.forget([uploads[0]["id"]])
    again = await api.ended(await api.json(f"transfers/{failed['id']}/retry", "POST", body=b""))
    assert again["state"] == "failed"
    assert [failure["path"] for failure in again["failures"]] == ["run42/a"]
    # The file is on the user's computer only: to try again would be of no use.
    assert not again["resumable"]
    assert again["error"]["code"] == "no-such-upload"
    assert "choose them on your computer again" in again["error"]["message"]
    assert "choose the file and upload it again" in again["failures"][0]["message"]
    assert stored(storage / OWN / "run42") == {"b": b"b"}


async def test_nothing_is_kept_from_use_by_a_refused_order(
    api: Api, tus: Tus, storage: Path, extension: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads = await receive(tus, {"a": b"a"})
    monkeypatch.setattr(extension.services.transfers, "_max_active", 0)
    status, answer = await order(api, "a", uploads)
    assert (status, answer["code"]) == (429, "too-many-transfers")
    assert len(await tus.waiting()) == 1


@pytest.mark.parametrize(
    ("name", "path", "to"),
    [
        ("..", "../a", ""),
        ("run42", "run42/../../bob/a", ""),
        ("run42", "elsewhere/a", ""),
        ("run42", "run42x", ""),
        ("run42", "run42//a", ""),
        ("run42", "run42/a\\b", ""),
        ("run42", "run42/a\0", ""),
        ("run42", "run42/" + "x" * 256, ""),
        ("run42", "", ""),
        ("", "run42/a", ""),
        ("a/b", "a/b", ""),
        ("/run42", "run42/a", ""),
        ("run42", "run42/a", "../bob"),
        ("run42", "run42/a", "a//b"),
    ],
)
async def test_hostile_paths(
    api: Api, tus: Tus, storage: Path, name: str, path: str, to: str
) -> None:
    (upload,) = await receive(tus, {"run42/a": b"a"})
    status, answer = await order(api, name, [{**upload, "path": path}], to)
    assert (status, answer["code"]) == (400, "invalid-path")
    assert len(await tus.waiting()) == 1
    assert not (storage / OWN).exists()


@pytest.mark.parametrize(
    "uploads",
    [
        [],
        "abc",
        [1],
        [{"id": "abc"}],
        [{"id": 7, "path": "a"}],
        [{"id": "../x", "path": "a"}],
        [{"id": "abc", "path": "a"}, {"id": "abc", "path": "a/b"}],
    ],
)
async def test_malformed_orders(api: Api, uploads: Any) -> None:
    status, answer = await order(api, "a", uploads)
    assert (status, answer["code"]) == (400, "bad-request")


@pytest.mark.parametrize(
    "paths", [["d/a", "d/a"], ["d/a", "d/a/b"], ["d/\u00e9", "d/e\u0301"], ["d", "d/a"]]
)
async def test_files_that_would_meet_are_refused(api: Api, storage: Path, paths: list[str]) -> None:
    uploads = [{"id": f"{n:032x}", "path": path} for n, path in enumerate(paths)]
    status, answer = await order(api, "d", uploads, "to")
    assert (status, answer["code"]) == (409, "already-exists")
    assert all(repr(path) in answer["message"] for path in paths)
    assert not (storage / OWN / "to").exists()


async def test_errors_name_the_file_as_the_user_knows_it(
    api: Api, tus: Tus, storage: Path, extension: Any
) -> None:
    uploads = await receive(tus, {"run42/good": b"a", "run42/bad": b"b"})
    bad = next(upload for upload in uploads if upload["path"] == "run42/bad")
    data = extension.services.spool.data(bad["id"])
    data.unlink()
    data.mkdir()
    failed = await transfer(api, "run42", uploads)
    assert failed["state"] == "failed"
    (failure,) = failed["failures"]
    assert "'run42/bad' cannot be read: Is a directory" in failure["message"]
    assert bad["id"] not in json.dumps(failed["failures"]) + failed["error"]["message"]
    assert stored(storage / OWN / "run42") == {"good": b"a"}
    data.rmdir()


async def test_a_whole_path_as_the_destination(api: Api, tus: Tus, storage: Path) -> None:
    (upload,) = await receive(tus, {"a": b"a"})
    ended = await transfer(api, "a", [upload], to=OWN)
    assert (ended["state"], ended["target"]) == ("finished", f"{OWN}/a")
    assert stored(storage / OWN) == {"a": b"a"}
