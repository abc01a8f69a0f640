"""ctadata: browse, download and upload the data of the Cherenkov Telescope Array.

Every function speaks to the download service whose address and token the environment gives at the
time of the call (``CTADS_URL``, ``JUPYTERHUB_API_TOKEN``). They are the methods of one `APIClient`,
and each takes that client's options for one call (``downloadservice=``, ``token=``, ...).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import api, certificates, errors
    from .api import (
        APIClient,
        Entry,
        fetch_and_save_file,
        fetch_and_save_file_or_dir,
        fetch_many,
        list_dir,
        upload_certificate,
        upload_dir,
        upload_file,
        upload_many,
        upload_personal_certificate,
        upload_shared_certificate,
        webdav4_client,
    )

__all__ = [
    "APIClient",
    "Entry",
    "api",
    "certificates",
    "errors",
    "fetch_and_save_file",
    "fetch_and_save_file_or_dir",
    "fetch_many",
    "list_dir",
    "upload_certificate",
    "upload_dir",
    "upload_file",
    "upload_many",
    "upload_personal_certificate",
    "upload_shared_certificate",
    "webdav4_client",
]


def __getattr__(name: str) -> Any:
    """Import what is asked for, so that ``import ctadata`` alone costs next to nothing."""
    from importlib import import_module

    if name in {"api", "certificates", "errors"}:
        return import_module(f".{name}", __name__)
    if name in __all__:
        return getattr(import_module(".api", __name__), name)
    if name == "__version__":
        from importlib.metadata import version

        return version("ctadata")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
