"""Start what the UI tests look at; stop all of it on SIGTERM.

The data service with the sample data, and three JupyterLabs: `open`, as galata wants it;
`secured`, with token and XSRF check; `tokenless`, like `open` but without a token for the service.
The environment says where (see playwright.config.js). On the port CTADATA_UI_CONTROL, GET / answers
once all of it is ready; POST /stop and POST /start stop and start the data service.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from ctadata.service import Service
from ctadata.service.sample import make_sample_data

ROOT = Path(os.environ["CTADATA_UI_ROOT"])
HERE = Path(__file__).parent
TOKEN = secrets.token_urlsafe(24)
# So large that it is still being written when a test cancels it; it takes no space here.
HUGE_FILE = "lst/R0/20241114/LST-1.1.Run11111.0000.fits.fz"
HUGE_SIZE = 4 * 1024**3


class Storage:
    """The data service: always at the same port, with the same token."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._service: Service | None = None
        self.start()

    def start(self) -> None:
        if self._service is None:
            port = int(os.environ["CTADATA_UI_SERVICE"])
            self._service = Service(self._directory, port=port, token=TOKEN, user="alice")
            self._service.start()
            self.urls = {
                "CTADS_URL": self._service.downloadservice_url,
                "CTACS_URL": self._service.certificateservice_url,
            }

    def stop(self) -> None:
        if self._service is not None:
            self._service.stop()
            self._service = None


def make_data(directory: Path) -> None:
    """Make the sample data, and what else the tests need."""
    directory.mkdir()
    make_sample_data(directory)
    (directory / "cta/empty").mkdir()
    (directory / HUGE_FILE).parent.mkdir(parents=True)
    with open(directory / HUGE_FILE, "wb") as file:
        file.truncate(HUGE_SIZE)


def start_lab(name: str, storage: Storage, *options: str, **env: str) -> subprocess.Popen[bytes]:
    """Start a JupyterLab that keeps all it writes below ROOT."""
    home = ROOT / name
    settings = home / "settings/@jupyterlab/apputils-extension"
    settings.mkdir(parents=True)
    # Otherwise the first thing in a new user's page is a question.
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    for folder in ("workspace", "config", "data", "runtime", "tmp"):
        (home / folder).mkdir()
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("JUPYTERHUB_")}
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
            f"--ServerApp.port={os.environ[f'CTADATA_UI_{name.upper()}']}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={home / 'workspace'}",
            f"--LabApp.user_settings_dir={home / 'settings'}",
            f"--LabApp.workspaces_dir={home / 'workspaces'}",
            *options,
        ],
        env={
            **inherited,
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
            "TMPDIR": str(home / "tmp"),
            **storage.urls,
            **env,
        },
    )


def wait_for(lab: subprocess.Popen[bytes], port: str) -> None:
    """Return when a JupyterLab answers."""
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=10):
                return
        except urllib.error.URLError:
            if lab.poll() is not None:
                raise SystemExit("JupyterLab did not start") from None
            time.sleep(0.1)


def control(storage: Storage) -> ThreadingHTTPServer:
    """Return the server through which the tests stop and start the data service."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            {"/stop": storage.stop, "/start": storage.start}[self.path]()
            self._answer()

        def _answer(self) -> None:
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return ThreadingHTTPServer(("127.0.0.1", int(os.environ["CTADATA_UI_CONTROL"])), Handler)


def stop_lab(lab: subprocess.Popen[bytes]) -> None:
    """Stop a JupyterLab."""
    lab.terminate()
    lab.wait()


def main() -> None:
    """Run until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    galata = f"--config={HERE / 'jupyter_server_config.py'}"
    with ExitStack() as stack:
        ROOT.mkdir(mode=0o700)
        stack.callback(shutil.rmtree, ROOT)
        make_data(ROOT / "data")
        storage = Storage(ROOT / "data")
        stack.callback(storage.stop)
        labs = {
            "open": start_lab("open", storage, galata, JUPYTERHUB_API_TOKEN=TOKEN),
            "secured": start_lab(
                "secured",
                storage,
                JUPYTERHUB_API_TOKEN=TOKEN,
                JUPYTER_TOKEN=os.environ["CTADATA_UI_TOKEN"],
            ),
            "tokenless": start_lab("tokenless", storage, galata),
        }
        for lab in labs.values():
            stack.callback(stop_lab, lab)
        for name, lab in labs.items():
            wait_for(lab, os.environ[f"CTADATA_UI_{name.upper()}"])
        control(storage).serve_forever()


if __name__ == "__main__":
    main()
