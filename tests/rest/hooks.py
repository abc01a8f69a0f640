"""Teach schemathesis the media types and a format of the descriptions."""

from __future__ import annotations

import base64
import json
import os
import re
from pathlib import Path
from typing import Any

import schemathesis
import yaml
from hypothesis import strategies as st

WEBDAV = {"MKCOL", "PROPFIND", "PROPPATCH"}


@schemathesis.serializer("application/offset+octet-stream", "application/octet-stream")
def as_bytes(ctx: schemathesis.SerializationContext, value: Any) -> bytes:
    """Send the generated body unchanged."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@schemathesis.deserializer("application/x-ndjson")
def last_line(ctx: schemathesis.DeserializationContext, response: schemathesis.Response) -> Any:
    """Return the last object; the tests of the handlers check all of them."""
    return json.loads(response.content.splitlines()[-1])


@schemathesis.deserializer("application/yaml")
def from_yaml(ctx: schemathesis.DeserializationContext, response: schemathesis.Response) -> Any:
    return yaml.safe_load(response.content)


def metadata(path: str, destination: str) -> str:
    pairs = {"filename": path, "destination": destination, "fingerprint": path}
    return ",".join(
        f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items()
    )


names = st.text("aZ9 .-_é😀", min_size=1, max_size=20).filter(lambda name: name.strip("."))
schemathesis.openapi.format("tus-metadata", st.builds(metadata, names, st.just("") | names))
# Paths that tests.conftest creates exist.
real = st.sampled_from(["lst/some-data-dir", "lst/some-data-dir/small.txt", "lst/odd"])
schemathesis.openapi.format("remote-path", real | st.text(min_size=1, max_size=20))
# A certificate that the services accept, if the tests have created one, and some text.
proxy = os.environ.get("CTADATA_TEST_PROXY")
certificates = st.just(Path(proxy).read_text()) if proxy else st.nothing()
schemathesis.openapi.format("proxy-certificate", certificates | st.text(max_size=20))


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Send a number that a link took from a body as the text of a header."""
    for name, value in case.headers.items():
        if isinstance(value, int):
            case.headers[name] = str(value)


@schemathesis.hook
def after_call(context: Any, case: Any, response: schemathesis.Response) -> None:
    """Remove the methods of WebDAV, which OpenAPI 3.1 does not support, from ``Allow``."""
    if allow := response.headers.get("allow"):
        methods = re.findall(r"[A-Z]+", ", ".join(allow))
        response.headers["allow"] = [", ".join(each for each in methods if each not in WEBDAV)]
