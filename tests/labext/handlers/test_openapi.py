from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from jupyter_server.extension.application import ExtensionApp
from openapi_spec_validator import OpenAPIV31SpecValidator

import ctadata.errors
import ctadata_labext.errors
from ctadata.errors import CTADataError
from ctadata_labext.app import CTADataExtension
from ctadata_labext.errors import ERRORS_OF_STATUS, INTERNAL_ERROR, STATUS_OF_CODE
from ctadata_labext.handlers.status import DESCRIPTION
from ctadata_labext.routes import ROUTES

from ..described import Api, description

METHODS = {"get", "head", "post", "put", "patch", "delete", "options"}


def test_the_description_is_valid() -> None:
    assert list(OpenAPIV31SpecValidator(description()).iter_errors()) == []


def test_the_description_speaks_of_all_routes_and_methods_and_of_no_others() -> None:
    described: Any = description()["paths"]
    served = {}
    for pattern, handler in ROUTES:
        name = "path" if "(." in pattern else "key" if "certificates" in pattern else "id"
        template = re.sub(r"\(.*\)", f"{{{name}}}", pattern).replace("\\", "")
        served[template] = METHODS & vars(handler).keys()
    assert served == {path: METHODS & item.keys() for path, item in described.items()}


def codes_in(schema: Any) -> set[str]:
    """Return the codes that a response's schema allows beside `Error`, which allows all."""
    if not isinstance(schema, dict):
        return set().union(*map(codes_in, schema)) if isinstance(schema, list) else set()
    code = schema.get("properties", {}).get("code", {})
    own = {*code.get("enum", ()), *([code["const"]] if "const" in code else ())}
    return own.union(*(codes_in(schema.get(key, [])) for key in ("allOf", "anyOf", "oneOf")))


def test_each_status_is_described_with_the_codes_that_it_has() -> None:
    described: Any = description()
    schemas = described["components"]["schemas"]
    of_status: dict[int, set[str]] = {405: {"method-not-allowed"}, 416: {"range"}}
    for code, status in STATUS_OF_CODE.items():
        of_status.setdefault(status, set()).add(code)
    for status, (code, _) in {**ERRORS_OF_STATUS, 500: INTERNAL_ERROR}.items():
        of_status.setdefault(status, set()).add(code)
    # These are states of transfers; no request ends with them.
    states = {"cancelled", "interrupted"}
    assert set(schemas["ErrorCode"]["enum"]) == set().union(*of_status.values()) | states
    seen: set[str] = set()
    for path, item in described["paths"].items():
        for method in METHODS & item.keys():
            responses = item[method]["responses"]
            assert "default" not in responses
            for status, answer in responses.items():
                if int(status) < 400:
                    continue
                if "$ref" in answer:
                    answer = described["components"]["responses"][answer["$ref"].rpartition("/")[2]]
                schema = answer["content"]["application/json"]["schema"]
                names = re.findall("schemas/(TargetsExist)", str(schema))
                codes = codes_in(schema).union(*(codes_in(schemas[name]) for name in names))
                assert codes, (path, method, status)
                assert codes <= of_status[int(status)], (path, method, status)
                seen |= codes
    # Whatever has an address has none of other methods.
    assert seen == set(schemas["ErrorCode"]["enum"]) - states - {"method-not-allowed"}


def test_every_error_has_a_status() -> None:
    classes = [CTADataError]
    for kind in classes:
        classes += kind.__subclasses__()
    # What a transfer that was interrupted says.
    assert {kind.code for kind in classes} - STATUS_OF_CODE.keys() == {"interrupted"}


def test_the_enum_has_the_codes_of_all_errors_and_no_others() -> None:
    modules = ctadata.errors, ctadata_labext.errors
    classes = [vars(module)[name] for module in modules for name in module.__all__]
    codes = {
        kind.code for kind in classes if isinstance(kind, type) and issubclass(kind, CTADataError)
    }
    # What the server refuses before a handler is asked, and a range behind the end of a file.
    others = {code for code, _ in [*ERRORS_OF_STATUS.values(), INTERNAL_ERROR]} | {"range"}
    enum = description()["components"]["schemas"]["ErrorCode"]["enum"]
    assert len(enum) == len(set(enum))
    assert set(enum) == codes | others


def test_the_panel_has_no_codes_of_its_own_that_nobody_gives() -> None:
    _, _, listed = Path("src/api/errors.ts").read_text().partition("type PanelErrorCode =")
    panel = set(re.findall(r"\| '([a-z-]+)'", listed.partition(";")[0]))
    sources = "".join(path.read_text() for path in sorted(Path("src").rglob("*.ts*")))
    given = set(re.findall(r"(?:RequestError\(\s*|\? |: )'([a-z-]+)'", sources))
    assert panel
    assert panel <= given
    assert not panel & {*description()["components"]["schemas"]["ErrorCode"]["enum"]}


async def test_it_is_served(api: Api) -> None:
    response = await api("openapi.yaml")
    assert response.code == 200
    assert response.headers["Content-Type"] == "application/yaml"
    assert response.body == DESCRIPTION.read_bytes()


def test_every_trait_has_a_help() -> None:
    own = CTADataExtension.class_traits(config=True).keys()
    inherited = ExtensionApp.class_traits(config=True).keys()
    helps = {name: CTADataExtension.class_traits()[name].help for name in own - inherited}
    assert helps
    assert [name for name, text in helps.items() if not text.endswith(".")] == []
