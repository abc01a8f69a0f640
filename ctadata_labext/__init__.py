"""ctadata in JupyterLab: the server extension, and where the built panel lies."""

from __future__ import annotations

from typing import Any

__all__: list[str] = []


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "ctadata"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    # Imported here, so that asking for the panel's place does not start up the server's parts.
    from .app import CTADataExtension

    return [{"module": "ctadata_labext", "app": CTADataExtension}]
