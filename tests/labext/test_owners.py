"""A server with several users: nobody sees, or touches, what another one has begun."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.auth.identity import IdentityProvider, User
from tornado import web

from .described import Api
from .handlers.test_uploads import PIECE, TUS, Tus, announcement, answer, arrived, begin_piece
from .test_access import log_in


class Several(IdentityProvider):
    """Believes who says its name, as a proxy in front of the server would let it be said."""

    def get_user(self, handler: web.RequestHandler) -> User | None:
        name = handler.request.headers.get("X-User")
        # As providers do that know their users by tokens.
        handler._token_authenticated = True  # type: ignore[attr-defined]
        return User(name) if name else None


SEVERAL = {
    "ServerApp": {
        "jpserver_extensions": {"ctadata_labext": True},
        "identity_provider_class": Several,
        "disable_check_xsrf": True,
    }
}

several = pytest.mark.parametrize("jp_server_config", [SEVERAL])


@pytest.fixture
def alice(http_server_client: Any, jp_base_url: str) -> Api:
    return Api(http_server_client, jp_base_url, {"X-User": "alice"})


@pytest.fixture
def bob(http_server_client: Any, jp_base_url: str) -> Api:
    return Api(http_server_client, jp_base_url, {"X-User": "bob"})


@several
async def test_transfers(alice: Api, bob: Api, storage: Path) -> None:
    transfer = await alice.transfer("download", "lst/some-data-dir/small.txt")
    assert [each["id"] for each in await listed(alice)] == [transfer["id"]]
    assert await listed(bob) == []
    path = f"transfers/{transfer['id']}"
    for method, where in (
        ("GET", path),
        ("POST", f"{path}/retry"),
        ("POST", f"{path}/cancel"),
        ("DELETE", path),
    ):
        body = b"" if method == "POST" else None
        assert await bob.error(where, method, body=body) == (404, "not-found")
    assert (await alice.json(path))["state"] == "finished"
    assert (await alice(path, "DELETE")).code == 204


async def listed(api: Api) -> list[dict[str, Any]]:
    return (await api.json("transfers"))["transfers"]


@several
async def test_transfers_after_a_restart(
    alice: Api, bob: Api, storage: Path, extension: Any
) -> None:
    await alice.transfer("download", "lst/some-data-dir/small.txt")
    # Beside it there may be the file that is about to replace it.
    (path,) = Path(extension.data_dir, "transfers").glob("*.json")
    (record,) = json.loads(path.read_bytes())["transfers"]
    assert record["owner"] == "alice"


@several
async def test_uploads(alice: Api, bob: Api, storage: Path, extension: Any) -> None:
    upload_id = await Tus(alice).create(8)
    assert (await Tus(alice).patch(upload_id, 0, b"0123")).code == 204
    assert await Tus(bob).waiting() == []
    path = f"uploads/{upload_id}"
    missing = (404, "no-such-upload")
    assert (await bob(path, "HEAD", headers=TUS)).code == 404
    piece = {**PIECE, "Upload-Offset": "4"}
    assert await bob.error(path, "PATCH", headers=piece, body=b"evil") == missing
    assert await bob.error(path, "DELETE", headers=TUS) == missing
    assert await Tus(alice).offset(upload_id) == 4
    assert (await Tus(alice).patch(upload_id, 4, b"4567")).code == 204
    files = [{"id": upload_id, "path": "run42/a.fits"}]
    order = {"kind": "upload", "name": "run42", "uploads": files, "destination": "results"}
    assert await bob.error("transfers", "POST", json_body=order) == missing
    (transfer,) = (await alice.json("transfers", "POST", json_body=order))["transfers"]
    # Also what belongs to a transfer by now, and an order that comes again.
    assert await bob.error("transfers", "POST", json_body=order) == missing
    assert (await alice.ended(transfer))["state"] == "finished"
    assert await listed(bob) == []


@several
async def test_a_piece_that_comes_is_not_cut_by_another_user(
    alice: Api, bob: Api, storage: Path, extension: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ctadata_labext.handlers.uploads.SILENCE", 0.0)
    upload_id = await Tus(alice).create(8)
    stream = await begin_piece(alice, upload_id, 0, 8, b"0123")
    await arrived(extension, upload_id)
    path = f"uploads/{upload_id}"
    assert (await bob(path, "HEAD", headers=TUS)).code == 404
    assert (await bob(path, "DELETE", headers=TUS)).code == 404
    piece = {**PIECE, "Upload-Offset": "4"}
    assert (await bob(path, "PATCH", headers=piece, body=b"evil")).code == 404
    await stream.write(b"4567")
    assert (await answer(stream)).startswith("HTTP/1.1 204 ")
    stream.close()


@several
async def test_archives(alice: Api, bob: Api, storage: Path) -> None:
    body = {"paths": ["lst/some-data-dir/small.txt"]}
    planned = await alice.json("archives", "POST", json_body=body)
    assert (await bob(f"archives/{planned['id']}")).code == 404
    assert (await alice(f"archives/{planned['id']}")).code == 200


async def test_one_user_in_several_browsers(
    api: Api,
    storage: Path,
    http_server_client: Any,
    jp_base_url: str,
    jp_auth_header: dict[str, str],
) -> None:
    """Jupyter's own providers give each login another name; it is the same person."""
    await api("uploads", "POST", headers=announcement(4), body=b"")
    browser = await log_in(http_server_client, jp_base_url, jp_auth_header)
    headers = {**browser.headers(X_XSRFToken=browser.xsrf)}
    await api("uploads", "POST", headers={**headers, **announcement(4)}, body=b"", anonymous=True)
    for seen in ({}, headers):
        answer = await api("uploads", headers=seen, anonymous=bool(seen))
        assert len(json.loads(answer.body)["uploads"]) == 2
