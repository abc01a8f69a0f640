"""Requests to the extension whose answers are compared with openapi.yaml."""

from __future__ import annotations

import gzip
import json
import re
from functools import cache
from typing import Any
from urllib.parse import quote

import yaml
from jsonschema import Draft202012Validator
from tornado.httpclient import HTTPResponse

from ctadata_labext.handlers.status import DESCRIPTION


@cache
def description() -> dict[str, Any]:
    return yaml.safe_load(DESCRIPTION.read_text())


def quoted(path: str) -> str:
    """Quote a path as the panel does: each segment once."""
    return "/".join(quote(segment, safe="") for segment in path.split("/"))


class Api:
    """The extension, below ``ctadata/``, as a client with Jupyter's token sees it."""

    def __init__(self, client: Any, base_url: str, auth: dict[str, str]) -> None:
        self._client = client
        self._base_url = base_url
        self._auth = auth

    async def __call__(
        self,
        path: str,
        method: str = "GET",
        *,
        json_body: object = None,
        **options: Any,
    ) -> HTTPResponse:
        if json_body is not None:
            options["body"] = json.dumps(json_body)
        response = await self.raw(path, method, **options)
        _check(response, path.partition("?")[0], method)
        return response

    async def raw(
        self,
        path: str,
        method: str = "GET",
        *,
        headers: dict[str, str] | None = None,
        anonymous: bool = False,
        **options: Any,
    ) -> HTTPResponse:
        """Return an answer that need not be described."""
        return await self._client.fetch(
            f"{self._base_url}ctadata/{path}",
            method=method,
            headers={**({} if anonymous else self._auth), **(headers or {})},
            raise_error=False,
            follow_redirects=False,
            allow_nonstandard_methods=True,
            request_timeout=60,
            **options,
        )

    async def json(self, path: str, method: str = "GET", **options: Any) -> Any:
        """Return the content of an answer that is no error."""
        response = await self(path, method, **options)
        assert response.code < 300, response.body
        return json.loads(response.body)

    async def lines(self, path: str, method: str = "GET", **options: Any) -> list[Any]:
        """Return the objects of an answer in lines that is no error."""
        response = await self(path, method, **options)
        assert response.code == 200, response.body
        return [json.loads(line) for line in response.body.splitlines()]

    async def error(self, path: str, method: str = "GET", **options: Any) -> tuple[int, str]:
        """Return the status and the code of an answer that is an error."""
        response = await self(path, method, **options)
        assert response.code >= 400, response.body
        assert b"Traceback" not in response.body
        return response.code, json.loads(response.body)["code"]

    async def order(self, kind: str, *paths: str, to: str = "", **more: Any) -> HTTPResponse:
        """Order transfers, as the panel does."""
        order = {"kind": kind, "paths": paths, "destination": to, **more}
        return await self("transfers", "POST", json_body=order)

    async def start(self, kind: str, *paths: str, to: str = "", **more: Any) -> list[Any]:
        """Order transfers and return them."""
        response = await self.order(kind, *paths, to=to, **more)
        assert response.code == 202, response.body
        return json.loads(response.body)["transfers"]

    async def ended(self, transfer: dict[str, Any]) -> dict[str, Any]:
        """Watch a transfer as the panel does, until it has ended."""
        while transfer["state"] in {"queued", "running", "cancelling"}:
            transfer = await self.json(f"transfers/{transfer['id']}")
        return transfer

    async def transfer(self, kind: str, *paths: str, **more: Any) -> dict[str, Any]:
        """Order one transfer and watch it until it has ended."""
        (transfer,) = await self.start(kind, *paths, **more)
        return await self.ended(transfer)


def _check(response: HTTPResponse, path: str, method: str) -> None:
    described = description()
    item = next(
        item
        for template, item in described["paths"].items()
        if re.fullmatch(
            template.replace("{path}", ".*").replace("{id}", "[^/]+").replace("{key}", "[^/]+"),
            f"/ctadata/{path}",
        )
    )
    if method.lower() not in item:
        assert response.code in {403, 405}
        return
    answer = item[method.lower()]["responses"][str(response.code)]
    if "$ref" in answer:
        answer = described["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    content = answer.get("content")
    if content is None or method == "HEAD":
        assert response.body == b""
        return
    media_type = response.headers["Content-Type"].partition(";")[0]
    assert media_type in content
    if "json" in media_type:
        schema = {**content[media_type]["schema"], "components": described["components"]}
        body = response.body
        if response.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        for text in body.splitlines() if media_type == "application/x-ndjson" else [body]:
            Draft202012Validator(schema).validate(json.loads(text))
