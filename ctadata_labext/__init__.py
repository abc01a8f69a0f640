"""The JupyterLab panel's server extension, and the location of the built panel."""

from __future__ import annotations

from typing import Any

__all__: list[str] = []


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "ctadata"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    # Imported here: to find the panel, JupyterLab need not import the server extension.
    from .app import CTADataExtension

    return [{"module": "ctadata_labext", "app": CTADataExtension}]
