from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest

from ..described import Api
from ..tiny_service import Gate, TinyService, cut

DIRECTORY = "lst/some-data-dir"


def tree(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


def config(**traits: Any) -> dict[str, Any]:
    return {
        "ServerApp": {"jpserver_extensions": {"ctadata_labext": True}},
        "CTADataExtension": traits,
    }


async def reached(gate: Gate) -> None:
    assert await asyncio.get_running_loop().run_in_executor(None, gate.reached.acquire, True, 20)


async def test_a_file_and_a_directory(api: Api, storage: Path, jp_root_dir: Path) -> None:
    (jp_root_dir / "folder").mkdir()
    transfers = await api.start("download", f"{DIRECTORY}/small.txt", DIRECTORY, to="folder")
    assert [transfer["target"] for transfer in transfers] == [
        "folder/small.txt", "folder/some-data-dir",
    ]  # fmt: skip
    file, directory = [await api.ended(transfer) for transfer in transfers]
    assert (file["state"], directory["state"]) == ("finished", "finished")
    assert (file["kind"], file["source"]) == ("download", f"{DIRECTORY}/small.txt")
    assert (file["bytes_done"], file["bytes_total"], file["files_total"]) == (5, 5, 1)
    assert file["rate"] is None
    assert file["failures"] == []
    expected = tree(storage / DIRECTORY)
    assert directory["files_done"] == directory["files_total"] == len(expected)
    assert directory["bytes_done"] == sum(map(len, expected.values()))
    assert tree(jp_root_dir / "folder/some-data-dir") == expected
    assert (jp_root_dir / "folder/small.txt").read_bytes() == b"small"
    assert {path.name for path in (jp_root_dir / "folder").iterdir()} == {
        "small.txt", "some-data-dir",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["two words", "h#x", "50%", "%41", "?a&b", "Übermaß λόγος"])
async def test_odd_names_there_and_back(
    api: Api, storage: Path, jp_root_dir: Path, name: str
) -> None:
    (storage / "lst" / name).write_bytes(name.encode())
    assert (await api.transfer("download", f"lst/{name}"))["state"] == "finished"
    assert (jp_root_dir / name).read_bytes() == name.encode()
    uploaded = await api.transfer("upload", name, to="back")
    assert uploaded["state"] == "finished", uploaded
    assert uploaded["target"] == f"lst/users/alice/back/{name}"
    assert (storage / uploaded["target"]).read_bytes() == name.encode()


async def test_a_file_that_is_gone_is_not_replaced_by_another_one(
    api: Api, storage: Path, jp_root_dir: Path
) -> None:
    """Its name is what an href of another file would be."""
    (storage / "lst/a b").write_text("another")
    (jp_root_dir / "a b").write_text("mine")
    transfer = await api.transfer("download", "lst/a%20b", overwrite=True)
    assert (transfer["state"], transfer["error"]["code"]) == ("failed", "not-found")
    assert "did you mean 'lst/a b'?" in transfer["error"]["message"]
    assert {path.name: path.read_text() for path in jp_root_dir.iterdir()} == {"a b": "mine"}


async def test_an_upload_does_not_go_into_a_directory_of_its_name(
    api: Api, storage: Path, jp_root_dir: Path
) -> None:
    directory = storage / "lst/users/alice/x"
    directory.mkdir(parents=True)
    (directory / "x").write_text("precious")
    (jp_root_dir / "x").write_text("new")
    transfer = await api.transfer("upload", "x")
    assert (transfer["state"], transfer["error"]["code"]) == ("failed", "already-exists")
    assert (directory / "x").read_text() == "precious"


async def test_what_exists_is_not_overwritten_unasked(
    api: Api, storage: Path, jp_root_dir: Path
) -> None:
    (jp_root_dir / "small.txt").write_bytes(b"mine")
    (jp_root_dir / "some-data-dir").mkdir()
    paths = [f"{DIRECTORY}/small.txt", f"{DIRECTORY}/empty", DIRECTORY]
    response = await api.order("download", *paths)
    assert response.code == 409
    refused = json.loads(response.body)
    assert refused["code"] == "already-exists"
    assert refused["paths"] == ["small.txt", "some-data-dir"]
    assert (await api.json("transfers"))["transfers"] == []
    assert (jp_root_dir / "small.txt").read_bytes() == b"mine"
    assert not (jp_root_dir / "empty").exists()
    for transfer in await api.start("download", *paths, overwrite=True):
        assert (await api.ended(transfer))["state"] == "finished"
    assert (jp_root_dir / "small.txt").read_bytes() == b"small"
    assert tree(jp_root_dir / "some-data-dir") == tree(storage / DIRECTORY)


async def test_cancel_midway(api: Api, tiny: TinyService, jp_root_dir: Path) -> None:
    gate = Gate()
    tiny.misbehave["fetch"] = gate
    tiny.files["lst/file"] = bytes(20_000_000)
    (transfer,) = await api.start("download", "lst/file")
    await reached(gate)
    while transfer["bytes_done"] == 0:
        transfer = await api.json(f"transfers/{transfer['id']}")
    assert (transfer["state"], transfer["bytes_total"]) == ("running", 20_000_000)
    assert await api.error(f"transfers/{transfer['id']}", "DELETE") == (409, "not-ended")
    cancelling = await api.json(f"transfers/{transfer['id']}/cancel", "POST")
    assert cancelling["state"] == "cancelling"
    # The service stays silent meanwhile.
    asked = time.monotonic()
    cancelled = await api.ended(cancelling)
    assert time.monotonic() - asked < 1.5
    assert cancelled["state"] == "cancelled"
    assert cancelled["bytes_done"] < 20_000_000
    assert not (jp_root_dir / "file").exists()
    gate.open.set()
    del tiny.misbehave["fetch"]
    # Once more, over what has been left of it.
    assert (await api.transfer("download", "lst/file"))["state"] == "finished"
    assert tree(jp_root_dir) == {"file": tiny.files["lst/file"]}


async def test_totals_grow_while_a_directory_is_downloaded(
    api: Api, tiny: TinyService, jp_root_dir: Path
) -> None:
    gate = Gate()
    tiny.misbehave["fetch"] = gate
    tiny.files = {f"lst/d/{n}": bytes(10) for n in range(3)}
    (transfer,) = await api.start("download", "lst/d")
    await reached(gate)
    while transfer["files_total"] != 3:
        transfer = await api.json(f"transfers/{transfer['id']}")
    assert (transfer["bytes_total"], transfer["files_done"]) == (30, 0)
    assert transfer["counting"]
    gate.open.set()
    finished = await api.ended(transfer)
    assert (finished["state"], finished["counting"]) == ("finished", False)
    # What is there already is done, too.
    again = await api.transfer("download", "lst/d", overwrite=True)
    assert (again["state"], again["files_done"], again["bytes_done"]) == ("finished", 3, 30)
    assert tiny.requests.count(("fetch", "lst/d/0")) == 1


async def test_ended_ones_are_forgotten_on_request(api: Api, storage: Path) -> None:
    transfer = await api.transfer("download", f"{DIRECTORY}/small.txt")
    assert (await api.json(f"transfers/{transfer['id']}")) == transfer
    assert (await api.json("transfers"))["transfers"] == [transfer]
    assert (await api.json(f"transfers/{transfer['id']}/cancel", "POST")) == transfer
    assert (await api.json("transfers"))["transfers"] == [transfer]
    assert (await api(f"transfers/{transfer['id']}", "DELETE")).code == 204
    assert await api.error(f"transfers/{transfer['id']}/cancel", "POST") == (404, "not-found")
    assert await api.error(f"transfers/{transfer['id']}") == (404, "not-found")
    assert await api.error(f"transfers/{transfer['id']}", "DELETE") == (404, "not-found")
    assert (await api.json("transfers"))["transfers"] == []


@pytest.mark.parametrize(
    "jp_server_config", [config(max_transfers=2, max_queued_transfers=1, max_ended_transfers=2)]
)
async def test_few_run_some_wait_and_the_rest_is_refused(api: Api, tiny: TinyService) -> None:
    gate = Gate()
    tiny.misbehave["fetch"] = gate
    tiny.files = {f"lst/{n}": bytes(10) for n in range(4)}
    assert (await api.order("download", *tiny.files)).code == 429
    transfers = await api.start("download", "lst/0", "lst/1", "lst/2")
    await reached(gate)
    await reached(gate)
    states = [transfer["state"] for transfer in (await api.json("transfers"))["transfers"]]
    assert states == ["running", "running", "queued"]
    response = await api.order("download", "lst/3")
    assert (response.code, json.loads(response.body)["code"]) == (429, "too-many-transfers")
    queued = await api.json(f"transfers/{transfers[2]['id']}/cancel", "POST")
    assert queued["state"] == "cancelled"
    gate.open.set()
    while len(remembered := (await api.json("transfers"))["transfers"]) > 2:
        pass
    assert {transfer["state"] for transfer in remembered} <= {"finished", "cancelled", "running"}
    for transfer in remembered:
        await api.ended(transfer)


async def test_one_target_one_transfer(api: Api, tiny: TinyService) -> None:
    gate = Gate()
    tiny.misbehave["fetch"] = gate
    tiny.files = {"lst/a/file": bytes(10), "lst/b/file": bytes(10)}
    (transfer,) = await api.start("download", "lst/a/file")
    await reached(gate)
    response = await api.order("download", "lst/b/file", overwrite=True)
    assert response.code == 409
    assert json.loads(response.body)["paths"] == ["file"]
    both = await api.order("download", "lst/a/file", "lst/b/file", to="other")
    # No paths: to replace what is there would be no help.
    assert (both.code, "paths" in json.loads(both.body)) == (409, False)
    gate.open.set()
    assert (await api.ended(transfer))["state"] == "finished"


@pytest.mark.parametrize("kind", ["download", "upload"])
async def test_two_of_one_order_that_would_meet(
    api: Api, storage: Path, jp_root_dir: Path, kind: str
) -> None:
    for name in ("q1/s.txt", "q2/s.txt"):
        for root in (storage, jp_root_dir):
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_text(name)
    body = {"kind": kind, "paths": ["q1/s.txt", "q2/s.txt"], "destination": "y"}
    response = await api("transfers", "POST", json_body=body)
    answer = json.loads(response.body)
    assert (response.code, answer["code"]) == (409, "already-exists")
    assert "'q1/s.txt' and 'q2/s.txt' would both be" in answer["message"]
    assert json.loads((await api("transfers")).body) == {"transfers": []}


@pytest.mark.parametrize("kind", ["download", "upload"])
async def test_a_transfer_says_why_it_waits(
    api: Api, tiny: TinyService, jp_root_dir: Path, kind: str
) -> None:
    (jp_root_dir / "up").write_bytes(b"up")
    tiny.files["lst/x"] = b"x"
    times = []

    def busy(answer: Any, name: str) -> None:
        times.append(name)
        answer.reply(503, b"", "text/plain", **{"Retry-After": "1"})

    tiny.misbehave["list"] = busy
    path = "lst/x" if kind == "download" else "up"
    (transfer,) = await api.start(kind, path)
    notices = set()
    while not notices:
        notices |= {transfer["notice"]} - {None}
        await asyncio.sleep(0.02)
        transfer = await api.json(f"transfers/{transfer['id']}")
    assert notices == {"trying again (2 of 4) in 1 s: 503 Service Unavailable"}
    await api.json(f"transfers/{transfer['id']}/cancel", "POST")
    assert (await api.ended(transfer))["notice"] is None


async def test_failures(api: Api, tiny: TinyService, jp_root_dir: Path) -> None:
    tiny.files = {"lst/d/good": b"good", "lst/d/short": bytes(1000), "lst/file": bytes(1000)}
    missing = await api.transfer("download", "lst/nothing")
    assert (missing["state"], missing["error"]["code"]) == ("failed", "not-found")

    def some(answer: Any, name: str) -> None:
        if name.endswith("good"):
            answer.reply(200, b"good", "application/octet-stream")
        else:
            cut(answer, name)

    tiny.misbehave["fetch"] = some
    broken = await api.transfer("download", "lst/file")
    assert broken["state"] == "failed"
    assert broken["error"]["code"] == "transfer-failed"
    partly = await api.transfer("download", "lst/d")
    assert (partly["state"], partly["error"]["code"]) == ("failed", "transfer-failed")
    assert [failure["path"] for failure in partly["failures"]] == ["lst/d/short"]
    assert (partly["files_done"], partly["files_total"]) == (1, 2)
    assert tree(jp_root_dir) == {"d/good": b"good"}


async def test_an_expired_token(
    api: Api, storage: Path, monkeypatch: pytest.MonkeyPatch, jp_root_dir: Path
) -> None:
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "expired")
    refused = await api.transfer("download", f"{DIRECTORY}/small.txt")
    assert (refused["state"], refused["error"]["code"]) == ("failed", "token-refused")
    assert "expired" not in refused["error"]["message"]
    assert list(jp_root_dir.iterdir()) == []


async def test_upload_a_file_and_a_folder(api: Api, storage: Path, jp_root_dir: Path) -> None:
    (jp_root_dir / "results/deep").mkdir(parents=True)
    (jp_root_dir / "results/a.txt").write_bytes(b"a" * 3_000_000)
    (jp_root_dir / "results/deep/b.txt").write_bytes(b"b")
    transfers = await api.start("upload", "results/a.txt", "results", to="2024/run 1")
    assert [transfer["target"] for transfer in transfers] == [
        "2024/run 1/a.txt",
        "2024/run 1/results",
    ]
    file, folder = [await api.ended(transfer) for transfer in transfers]
    assert (file["state"], folder["state"]) == ("finished", "finished")
    assert file["target"] == "lst/users/alice/2024/run 1/a.txt"
    assert folder["target"] == "lst/users/alice/2024/run 1/results"
    assert file["bytes_done"] == file["bytes_total"] == 3_000_000
    assert (file["files_done"], folder["files_done"]) == (1, 2)
    assert (storage / file["target"]).read_bytes() == b"a" * 3_000_000
    assert tree(storage / folder["target"]) == tree(jp_root_dir / "results")


@pytest.fixture
def workspace(jp_root_dir: Path, tmp_path: Path) -> Path:
    """A workspace with everything in it that must not be touched."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(b"secret")
    (jp_root_dir / "out").symlink_to(outside)
    (jp_root_dir / "out-file").symlink_to(outside / "file")
    (jp_root_dir / ".hidden").mkdir()
    (jp_root_dir / ".hidden/file").write_bytes(b"secret")
    (jp_root_dir / "to-hidden").symlink_to(".hidden")
    (jp_root_dir / "plain").write_bytes(b"plain")
    os.mkfifo(jp_root_dir / "pipe")
    return jp_root_dir


FOLDERS = ["..", "../outside", "a/../../outside", "/tmp", "out", "out/new", ".hidden", "a/.new",
           "to-hidden", "a//b", "./a", "plain", "nul\0", "\ud800"]  # fmt: skip


@pytest.mark.parametrize("folder", FOLDERS)
async def test_no_download_to_a_place_outside_of_the_workspace(
    api: Api, tiny: TinyService, workspace: Path, tmp_path: Path, folder: str
) -> None:
    tiny.files["lst/file"] = b"hostile"
    before = tree(tmp_path / "outside"), tree(workspace)
    response = await api.order("download", "lst/file", to=folder, overwrite=True)
    assert (response.code, json.loads(response.body)["code"]) == (400, "invalid-path")
    assert (tree(tmp_path / "outside"), tree(workspace)) == before
    assert (await api.json("transfers"))["transfers"] == []


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "..",
        "lst/..",
        "../../etc/passwd",
        "lst//a",
        "lst/.",
        "lst\\a",
        "lst/a\nb",
        "lst/.bashrc",
    ],
)
async def test_no_download_of_such_paths(api: Api, tiny: TinyService, path: str) -> None:
    response = await api.order("download", path)
    assert (response.code, json.loads(response.body)["code"]) == (400, "invalid-path")
    assert tiny.requests == []


@pytest.mark.parametrize(
    ("path", "status"),
    [("../outside/file", 400), ("/etc/passwd", 400), ("out/file", 400), ("out-file", 400),
     (".hidden/file", 400), ("to-hidden/file", 400), ("pipe", 400), ("to-hidden", 400),
     ("out", 400), ("", 400), ("plain/file", 400), ("missing", 404), ("missing/file", 404),
     ("x" * 300, 400)],
)  # fmt: skip
async def test_no_upload_from_outside_of_the_workspace(
    api: Api, tiny: TinyService, workspace: Path, path: str, status: int
) -> None:
    response = await api.order("upload", path)
    assert response.code == status
    assert tiny.requests == []


@pytest.mark.parametrize("destination", ["..", "../bob", "a/../../bob", "a//b", "a\\b", "a\0"])
async def test_no_upload_to_such_a_place(
    api: Api, tiny: TinyService, workspace: Path, destination: str
) -> None:
    response = await api.order("upload", "plain", to=destination)
    assert (response.code, json.loads(response.body)["code"]) == (400, "invalid-path")
    assert tiny.requests == []


async def test_a_link_in_place_of_the_target_is_not_followed(
    api: Api, storage: Path, workspace: Path, tmp_path: Path
) -> None:
    (workspace / "small.txt").symlink_to(tmp_path / "outside/file")
    (workspace / "some-data-dir").symlink_to(tmp_path / "outside")
    for path in (f"{DIRECTORY}/small.txt", DIRECTORY):
        transfer = await api.transfer("download", path, overwrite=True)
        assert transfer["state"] == "failed"
        assert {each["code"] for each in transfer["failures"] or [transfer["error"]]} == {
            "already-exists"
        }
    assert tree(tmp_path / "outside") == {"file": b"secret"}


async def test_a_link_inside_of_the_workspace_is_its_target(
    api: Api, storage: Path, jp_root_dir: Path
) -> None:
    (jp_root_dir / "real").mkdir()
    (jp_root_dir / "link").symlink_to("real")
    transfer = await api.transfer("download", f"{DIRECTORY}/small.txt", to="link")
    assert (transfer["state"], transfer["target"]) == ("finished", "real/small.txt")
    assert (jp_root_dir / "real/small.txt").read_bytes() == b"small"


@pytest.mark.parametrize(
    ("jp_server_config", "allow_hidden"),
    [
        (
            {
                "ServerApp": {"jpserver_extensions": {"ctadata_labext": True}},
                "ContentsManager": {"allow_hidden": allow_hidden},
            },
            allow_hidden,
        )
        for allow_hidden in (False, True)
    ],
)
async def test_hidden_files_in_a_folder(
    api: Api, storage: Path, workspace: Path, allow_hidden: bool
) -> None:
    """Git, shells and Jupyter obey such files where they find them, and nobody sees them."""
    folder = storage / DIRECTORY / "project"
    hidden = {".git/config", ".bashrc", "sub/.envrc", "sub/.ssh/authorized_keys"}
    for name in hidden | {"file"}:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"hostile")
    (workspace / "project").mkdir()
    (workspace / "project/.bashrc").write_bytes(b"mine")
    transfer = await api.transfer("download", f"{DIRECTORY}/project", overwrite=True)
    assert (transfer["state"], transfer["failures"]) == ("finished", [])
    there = set(tree(workspace / "project"))
    if allow_hidden:
        assert there == hidden | {"file"}
        assert transfer["notice"] is None
    else:
        assert there == {"file", ".bashrc"}
        assert (workspace / "project/.bashrc").read_bytes() == b"mine"
        assert transfer["notice"] == "2 hidden directories and 2 hidden files left out"
    assert transfer["files_done"] == transfer["files_total"] == (5 if allow_hidden else 1)


@pytest.mark.parametrize(
    "jp_server_config",
    [
        {
            "ServerApp": {"jpserver_extensions": {"ctadata_labext": True}},
            "ContentsManager": {"allow_hidden": True},
        }
    ],
)
async def test_hidden_folders_where_the_server_allows_them(
    api: Api, storage: Path, workspace: Path
) -> None:
    transfer = await api.transfer("download", f"{DIRECTORY}/small.txt", to=".hidden")
    assert transfer["state"] == "finished"
    assert (workspace / ".hidden/small.txt").read_bytes() == b"small"


@pytest.mark.parametrize(
    "order",
    [
        b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"kind": "download"}',
        b'{"kind": "download", "paths": []}', b'{"kind": "download", "paths": "lst"}',
        b'{"kind": "download", "paths": [1]}', b'{"kind": "sideways", "paths": ["a"]}',
        b'{"paths": ["a"]}', b'{"kind": ["download"], "paths": ["a"]}',
        b'{"kind": "download", "paths": ["a"], "destination": 1}',
        b'{"kind": "download", "paths": ["a"], "overwrite": "yes"}',
    ],
)  # fmt: skip
async def test_orders_that_are_none(api: Api, tiny: TinyService, order: bytes) -> None:
    assert await api.error("transfers", "POST", body=order) == (400, "bad-request")
    assert tiny.requests == []


@pytest.mark.parametrize("transfer_id", ["0" * 32, "abc"])
async def test_unknown_ids(api: Api, transfer_id: str) -> None:
    assert await api.error(f"transfers/{transfer_id}") == (404, "not-found")
    assert await api.error(f"transfers/{transfer_id}", "DELETE") == (404, "not-found")


async def test_one_line_in_the_log_for_the_start_and_one_for_the_end(
    api: Api, storage: Path, extension: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = os.environ["JUPYTERHUB_API_TOKEN"]
    transfer = await api.transfer("download", f"{DIRECTORY}/small.txt")
    assert await asyncio.to_thread(extension.services.transfers.shutdown, 10)
    lines = [
        record.getMessage()
        for record in caplog.records
        if record.levelno == logging.INFO and transfer["id"] in record.getMessage()
    ]
    assert len(lines) == 2
    assert all(f"{DIRECTORY}/small.txt" in line for line in lines)
    assert token not in caplog.text


async def test_a_server_that_stops_interrupts_its_transfers(
    api: Api, tiny: TinyService, extension: Any, jp_root_dir: Path
) -> None:
    gate = Gate()
    tiny.misbehave["fetch"] = gate
    tiny.files["lst/file"] = bytes(20_000_000)
    (transfer,) = await api.start("download", "lst/file")
    await reached(gate)
    assert extension.current_activity() == 1
    stopping = asyncio.ensure_future(extension.stop_extension())
    cancelled = extension.services.transfers._transfers[transfer["id"]].cancel
    assert await asyncio.get_running_loop().run_in_executor(None, cancelled.wait, 20)
    await stopping
    gate.open.set()
    interrupted = await api.json(f"transfers/{transfer['id']}")
    assert (interrupted["state"], interrupted["error"]["code"]) == ("interrupted", "interrupted")
    assert not (jp_root_dir / "file").exists()


async def test_a_whole_path_as_the_destination(api: Api, storage: Path, jp_root_dir: Path) -> None:
    """As the panel's box for paths has it: it is not nested in the user's home directory."""
    (jp_root_dir / "d").mkdir()
    (jp_root_dir / "d/a").write_bytes(b"a")
    own = "lst/users/alice"
    for path, target in (("d/a", f"{own}/run/a"), ("d", f"{own}/run/d")):
        ended = await api.transfer("upload", path, to=f"{own}/run")
        assert (ended["state"], ended["target"]) == ("finished", target)
    assert (
        (storage / own / "run/a").read_bytes() == (storage / own / "run/d/a").read_bytes() == b"a"
    )
    assert not (storage / own / "lst").exists()


async def test_errors_name_the_file_of_the_workspace(
    api: Api, storage: Path, jp_root_dir: Path
) -> None:
    (jp_root_dir / "d").mkdir()
    (jp_root_dir / "d/a").write_bytes(b"a")
    (storage / "lst/users/alice/taken").mkdir(parents=True)
    (storage / "lst/users/alice/x").write_bytes(b"")
    failed = await api.transfer("upload", "d/a", to="x")
    assert failed["state"] == "failed"
    assert "lst/users/alice/x" in failed["error"]["message"]
    # Not the number of a descriptor.
    assert not re.search(r"'[0-9]+'", failed["error"]["message"])
