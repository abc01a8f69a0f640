"""What schemathesis has to be taught: media types, and a format, of the descriptions."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import schemathesis
import yaml
from hypothesis import strategies as st


@schemathesis.serializer("application/offset+octet-stream", "application/octet-stream")
def as_bytes(ctx: schemathesis.SerializationContext, value: Any) -> bytes:
    """Send what is generated as it is."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@schemathesis.deserializer("application/x-ndjson")
def last_line(ctx: schemathesis.DeserializationContext, response: schemathesis.Response) -> Any:
    """Return the last object; the tests of the handlers look at all of them."""
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
# Those that tests.conftest makes are found.
real = st.sampled_from(["lst/some-data-dir", "lst/some-data-dir/small.txt", "lst/odd"])
schemathesis.openapi.format("remote-path", real | st.text(min_size=1, max_size=20))
# One that the services take, or at least some text.
proxy = Path(os.environ["CTADATA_TEST_PROXY"]).read_text()
schemathesis.openapi.format("proxy-certificate", st.just(proxy) | st.text(max_size=20))


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Send the number that a link has taken from a body as a header's text."""
    for name, value in case.headers.items():
        if isinstance(value, int):
            case.headers[name] = str(value)
