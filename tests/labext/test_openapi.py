from __future__ import annotations

import re
from typing import Any

from described import Api, description
from jupyter_server.extension.application import ExtensionApp
from openapi_spec_validator import OpenAPIV31SpecValidator

from ctadata_labext.app import ROUTES, CTADataExtension
from ctadata_labext.base import STATUS_OF_CODE
from ctadata_labext.openapi import DESCRIPTION

METHODS = {"get", "head", "post", "put", "patch", "delete", "options"}


def test_the_description_is_valid() -> None:
    assert list(OpenAPIV31SpecValidator(description()).iter_errors()) == []


def test_the_description_speaks_of_all_routes_and_methods_and_of_no_others() -> None:
    described: Any = description()["paths"]
    served = {}
    for pattern, handler in ROUTES:
        name = "id" if "0-9a-f" in pattern else "key" if "[^/]" in pattern else "path"
        template = re.sub(r"\(.*\)", f"{{{name}}}", pattern).replace("\\", "")
        served[template] = METHODS & vars(handler).keys()
    assert served == {path: METHODS & item.keys() for path, item in described.items()}


def test_the_description_names_all_codes() -> None:
    text = description()["components"]["responses"]["Error"]["description"]
    # This is a state of a transfer; no request ends with it.
    named = STATUS_OF_CODE.keys() - {"cancelled"}
    assert [code for code in named if f"`{code}`" not in text] == []


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
