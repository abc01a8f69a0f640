"""ctadata: browse, download and upload the data of the Cherenkov Telescope Array.

Every function speaks to the download service whose address and token the environment
gives at the time of the call (``CTADS_URL``, ``JUPYTERHUB_API_TOKEN``), and takes
``downloadservice``, ``certificateservice``, ``token``, ``chunk_size``, ``data_dir``, ``timeout``,
``retries``, ``min_speed``, ``max_listing_entries`` and ``max_listing_bytes`` as keywords. They are
the methods of `APIClient`, where their parameters are described.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from . import api, certificates, errors
    from .api import APIClient, LocalPath
    from .entries import Entries, Entry, ManyEntries
    from .storage.webdav_client import Client

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

_CLIENT_OPTIONS = (
    "certificateservice",
    "chunk_size",
    "data_dir",
    "downloadservice",
    "max_listing_bytes",
    "max_listing_entries",
    "min_speed",
    "retries",
    "timeout",
    "token",
)


def list_dir(path: str = "", **options: Any) -> Entries | ManyEntries:
    """List a directory; see `APIClient.list_dir`."""
    return _client(options).list_dir(path, **options)


def fetch_and_save_file(path: str, save_to_fn: LocalPath | None = None, **options: Any) -> int:
    """Download a file and return its size in bytes; see `APIClient.fetch_and_save_file`."""
    return _client(options).fetch_and_save_file(path, save_to_fn, **options)


def fetch_and_save_file_or_dir(path: str, recursive: bool = False, **options: Any) -> int:
    """Download a file or a directory; see `APIClient.fetch_and_save_file_or_dir`."""
    return _client(options).fetch_and_save_file_or_dir(path, recursive, **options)


def fetch_many(paths: Iterable[str], dest: LocalPath | None = None, **options: Any) -> list[Path]:
    """Download several files and return their local paths; see `APIClient.fetch_many`."""
    return _client(options).fetch_many(paths, dest, **options)


def upload_file(local_fn: LocalPath, path: str, **options: Any) -> dict[str, Any]:
    """Upload a file; see `APIClient.upload_file`."""
    return _client(options).upload_file(local_fn, path, **options)


def upload_dir(local_dir: LocalPath, path: str, **options: Any) -> list[dict[str, Any]]:
    """Upload a directory; see `APIClient.upload_dir`."""
    return _client(options).upload_dir(local_dir, path, **options)


def upload_many(
    local_paths: Iterable[LocalPath], path: str, **options: Any
) -> list[dict[str, Any]]:
    """Upload several files into one directory; see `APIClient.upload_many`."""
    return _client(options).upload_many(local_paths, path, **options)


def upload_certificate(
    file: LocalPath | bytes | None = None, certificate_key: str = "cta", **options: Any
) -> dict[str, Any]:
    """Delegate one's own proxy certificate; see `APIClient.upload_certificate`."""
    return _client(options).upload_certificate(file, certificate_key, **options)


def upload_personal_certificate(
    file: LocalPath | bytes | None = None,
    certificate_key: str = "cta",
    user: str | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Delegate a user's proxy certificate; see `APIClient.upload_personal_certificate`."""
    return _client(options).upload_personal_certificate(file, certificate_key, user, **options)


def upload_shared_certificate(
    file: LocalPath | bytes | None = None, **options: Any
) -> dict[str, Any]:
    """Store the shared certificate; see `APIClient.upload_shared_certificate`."""
    return _client(options).upload_shared_certificate(file, **options)


def webdav4_client(**options: Any) -> Client:
    """Return a configured `webdav4.client.Client`; see `APIClient.webdav4_client`."""
    return _client(options).webdav4_client(**options)


def _client(options: dict[str, Any]) -> APIClient:
    """Make a client with those of the options that are its own, and take them out."""
    from .api import APIClient

    own = {name: options.pop(name) for name in _CLIENT_OPTIONS if name in options}
    return APIClient(**own)


def __getattr__(name: str) -> Any:
    """Import what is asked for, so that ``import ctadata`` alone costs next to nothing."""
    from importlib import import_module

    if name in {"api", "certificates", "errors"}:
        return import_module(f".{name}", __name__)
    if name in {"APIClient", "Entry"}:
        module = import_module(".api" if name == "APIClient" else ".entries", __name__)
        return getattr(module, name)
    if name == "__version__":
        from importlib.metadata import version

        return version("ctadata")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
