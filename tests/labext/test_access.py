"""Who may ask: nobody without a login, nobody without authorisation, no page of another origin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.auth import Authorizer, decorator
from tornado import routing, web
from tornado.httputil import HTTPHeaders

import ctadata_labext
from ctadata_labext.handlers.base import CTADataHandler
from ctadata_labext.routes import ROUTES

from .described import Api
from .tiny_service import TinyService

METHODS = [method.lower() for method in web.RequestHandler.SUPPORTED_METHODS]


class RefuseAll(Authorizer):
    """Refuses everything, and remembers what it was asked for."""

    asked: list[tuple[str, str]] = []  # noqa: RUF012

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        self.asked.append((action, resource))
        return False


def routes(router: routing.RuleRouter) -> Iterator[tuple[str, type[web.RequestHandler]]]:
    for rule in router.rules:
        if isinstance(rule.target, routing.RuleRouter):
            yield from routes(rule.target)
        elif isinstance(rule.target, type) and hasattr(rule.matcher, "regex"):
            yield rule.matcher.regex.pattern, rule.target


def own_routes(jp_web_app: Any) -> list[tuple[str, type[web.RequestHandler]]]:
    own = [route for route in routes(jp_web_app.default_router) if "/ctadata/" in route[0]]
    assert len(own) == len(ROUTES)
    return own


def example(pattern: str) -> str:
    """Return an address that a route's pattern matches."""
    address = re.sub(r"\([^)]*\)", "abc" * 10 + "de", pattern.rstrip("$")).replace("\\", "")
    assert re.fullmatch(pattern, address)
    return address


async def test_nothing_is_answered_to_the_anonymous(
    jp_web_app: Any, http_server_client: Any, tiny: TinyService
) -> None:
    for pattern, _ in own_routes(jp_web_app):
        for method in METHODS:
            response = await http_server_client.fetch(
                example(pattern),
                method=method.upper(),
                raise_error=False,
                follow_redirects=False,
                allow_nonstandard_methods=True,
            )
            to_login = response.code == 302 and "/login" in response.headers["Location"]
            assert response.code == 403 or to_login, (method, pattern)
    assert tiny.requests == []


def test_every_method_is_decorated_in_its_own_class(jp_web_app: Any) -> None:
    for _, handler in own_routes(jp_web_app):
        assert issubclass(handler, CTADataHandler)
        assert handler.auth_resource == "ctadata"
        defined = [method for method in METHODS if method in vars(handler)]
        assert defined
        for method in defined:
            authenticated = vars(handler)[method]
            assert authenticated.__code__.co_filename == web.__file__
            authorized = authenticated.__wrapped__
            assert authorized.__code__.co_filename == decorator.__file__
            assert authorized.__wrapped__.__qualname__ == f"{handler.__name__}.{method}"
        for base in handler.__mro__[1:]:
            if base.__module__.startswith("ctadata_labext"):
                assert vars(base).keys().isdisjoint(METHODS)


@pytest.mark.parametrize(
    "jp_server_config",
    [
        {
            "ServerApp": {
                "jpserver_extensions": {"ctadata_labext": True},
                "authorizer_class": RefuseAll,
            }
        }
    ],
)
async def test_everything_asks_the_authoriser(
    jp_web_app: Any, http_server_client: Any, jp_auth_header: dict[str, str], tiny: TinyService
) -> None:
    for pattern, handler in own_routes(jp_web_app):
        for method in METHODS:
            if method not in vars(handler):
                continue
            RefuseAll.asked.clear()
            response = await http_server_client.fetch(
                example(pattern),
                method=method.upper(),
                headers=jp_auth_header,
                raise_error=False,
                allow_nonstandard_methods=True,
            )
            assert response.code == 403
            assert (b'"forbidden"' in response.body) == (method != "head")
            action = "read" if method in {"get", "head", "options"} else "write"
            assert RefuseAll.asked == [(action, "ctadata")]
    assert tiny.requests == []


async def test_other_methods_do_not_exist(api: Api) -> None:
    for path in ("status", "resources/lst", "files/lst/a", "transfers", "openapi.yaml"):
        assert await api.error(path, "PUT", body=b"") == (405, "method-not-allowed")


class Browser:
    """A browser that logged in with the token in the address, and keeps cookies."""

    def __init__(self, client: Any, base_url: str) -> None:
        self._client = client
        self._base_url = base_url
        self.cookies: dict[str, str] = {}

    async def log_in(self, token: str) -> None:
        # The first page that it sees gives it the XSRF token, the token in the address the login.
        for query in ("", f"?token={token}"):
            response = await self._client.fetch(
                f"{self._base_url}login{query}", follow_redirects=False, raise_error=False
            )
            for header in response.headers.get_list("Set-Cookie"):
                for name, morsel in SimpleCookie(header).items():
                    self.cookies[name] = morsel.value
        assert {"_xsrf"} < self.cookies.keys()

    def headers(self, **more: str) -> HTTPHeaders:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return HTTPHeaders({"Cookie": cookies, **{k.replace("_", "-"): v for k, v in more.items()}})

    @property
    def xsrf(self) -> str:
        return self.cookies["_xsrf"]


async def log_in(client: Any, base_url: str, auth: dict[str, str]) -> Browser:
    browser = Browser(client, base_url)
    await browser.log_in(auth["Authorization"].removeprefix("token "))
    return browser


async def test_a_download_by_get_needs_the_xsrf_token(
    api: Api,
    storage: Path,
    http_server_client: Any,
    jp_base_url: str,
    jp_auth_header: dict[str, str],
) -> None:
    browser = await log_in(http_server_client, jp_base_url, jp_auth_header)
    other = await log_in(http_server_client, jp_base_url, jp_auth_header)
    assert browser.xsrf != other.xsrf
    path = "files/lst/some-data-dir/small.txt"

    async def get(query: str = "", **headers: str) -> int:
        response = await api(path + query, anonymous=True, headers=browser.headers(**headers))
        assert (response.code == 200) == (response.body == b"small")
        return response.code

    assert await get(f"?_xsrf={browser.xsrf}") == 200
    assert await get(X_XSRFToken=browser.xsrf) == 200
    assert await get() == 403
    assert await get("?_xsrf=") == 403
    assert await get("?_xsrf=wrong") == 403
    assert await get(f"?_xsrf={other.xsrf}") == 403
    assert await get(Referer="https://evil.example/") == 403


async def test_what_changes_something_needs_the_xsrf_token(
    api: Api,
    storage: Path,
    http_server_client: Any,
    jp_base_url: str,
    jp_auth_header: dict[str, str],
) -> None:
    browser = await log_in(http_server_client, jp_base_url, jp_auth_header)
    other = await log_in(http_server_client, jp_base_url, jp_auth_header)
    order = {"kind": "download", "paths": ["lst/some-data-dir/small.txt"]}

    async def post(**headers: str) -> int:
        response = await api(
            "transfers",
            "POST",
            json_body=order,
            anonymous=True,
            headers=browser.headers(**headers),
        )
        return response.code

    assert await post() == 403
    assert await post(X_XSRFToken=other.xsrf) == 403
    assert await post(Referer="https://evil.example/") == 403
    assert (await api.json("transfers"))["transfers"] == []
    assert await post(X_XSRFToken=browser.xsrf) == 202
    (transfer,) = (await api.json("transfers"))["transfers"]
    await api.ended(transfer)
    gone = await api(
        f"transfers/{transfer['id']}", "DELETE", anonymous=True, headers=browser.headers()
    )
    assert gone.code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_pages_of_other_origins_get_nothing_without_an_origin(
    api: Api,
    storage: Path,
    http_server_client: Any,
    jp_web_app: Any,
    jp_base_url: str,
    jp_auth_header: dict[str, str],
    site: str,
) -> None:
    """Images, frames, scripts and links have no ``Origin``; pages can suppress the ``Referer``."""
    browser = await log_in(http_server_client, jp_base_url, jp_auth_header)

    async def get(address: str, **headers: str) -> int:
        response = await http_server_client.fetch(
            f"{address}?_xsrf={browser.xsrf}&pattern=a",
            headers=browser.headers(**headers),
            raise_error=False,
        )
        assert response.headers["Cache-Control"] == "no-store"
        return response.code

    for pattern, handler in own_routes(jp_web_app):
        if "get" in vars(handler):
            address = example(pattern)
            assert await get(address, Sec_Fetch_Site="same-origin") != 403
            assert await get(address, Sec_Fetch_Site="none") != 403
            assert await get(address, Sec_Fetch_Site=site) == 403
            assert await get(address, Sec_Fetch_Site=site, Referer="https://evil.example/") == 403
    # Who knows the token may ask from anywhere.
    assert (await api("status", headers={"Sec-Fetch-Site": site})).code == 200


async def test_a_token_in_an_address_is_not_logged(
    api: Api, jp_base_url: str, jp_auth_header: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    token = jp_auth_header["Authorization"].removeprefix("token ")
    caplog.set_level("DEBUG")
    for path in (
        f"search/?pattern=%ff&token={token}",
        f"resources/%ff?token={token}",
        f"status?token=%ff{token}",
        f"nothing?_xsrf={token}",
    ):
        response = await api.raw(path, anonymous=True)
        assert response.code >= 400
        assert token.encode() not in response.body
    refused = await api.raw("totals", "POST", anonymous=True, body="{}")
    assert refused.code == 403
    said = [record.getMessage() for record in caplog.records]
    assert [text for text in said if token in text] == []
    assert [text for text in said if "/ctadata/totals: HTTP 403" in text]


def test_where_the_panel_and_the_server_find_the_extension() -> None:
    assert ctadata_labext._jupyter_labextension_paths() == [
        {"src": "labextension", "dest": "ctadata"}
    ]
    (point,) = ctadata_labext._jupyter_server_extension_points()
    assert point["module"] == "ctadata_labext"
    enabled = Path(__file__).parents[2] / "jupyter-config/server-config/ctadata_labext.json"
    assert '"ctadata_labext": true' in enabled.read_text()
