"""Start what the UI tests look at; stop all of it on SIGTERM.

The data service with the sample data, and three JupyterLabs: `open`, as galata wants it;
`secured`, with token and XSRF check, below the address of a hub; `tokenless`, like `open` but
without a token for the service. The environment says where (see playwright.config.js). On the port
CTADATA_UI_CONTROL, GET / answers once all of it is ready, and POST does what its path says:

/stop, /start
    Stop or start the data service.
/spoil
    Spoil the service's answers; the body is JSON: faults as in gate.py, and the rate.
/kill/NAME
    Kill a JupyterLab and start it again.
"""

from __future__ import annotations

import json
import os
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
from urllib.parse import urlsplit

from gate import Fault, Gate

from ctadata.service import Service
from ctadata.service.sample import make_sample_data

ROOT = Path(os.environ["CTADATA_UI_ROOT"])
HERE = Path(__file__).parent
TOKEN = os.environ["CTADATA_UI_STORAGE_TOKEN"]
# So large that it is still being written when a test cancels it; it takes no space here.
HUGE_FILE = "lst/R0/20241114/LST-1.1.Run11111.0000.fits.fz"
HUGE_SIZE = 4 * 1024**3


class Storage:
    """The data service, always with the same token, behind a gate at always the same port."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._service: Service | None = None
        port = int(os.environ["CTADATA_UI_SERVICE"])
        self.gate = Gate(port)
        self.start()
        services = f"http://127.0.0.1:{port}/services"
        self.urls = {
            "CTADS_URL": f"{services}/downloadservice/",
            "CTACS_URL": f"{services}/certificateservice/",
        }

    def start(self) -> None:
        if self._service is None:
            service = Service(self._directory, token=TOKEN, user="alice")
            service.start()
            self._service = service
            self.gate.upstream = urlsplit(service.downloadservice_url).port

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


class Lab:
    """A JupyterLab that keeps all it writes below ROOT."""

    def __init__(
        self, name: str, storage: Storage, *options: str, base: str = "/", **env: str
    ) -> None:
        home = ROOT / name
        settings = home / "settings/@jupyterlab/apputils-extension"
        settings.mkdir(parents=True)
        # Otherwise the first thing in a new user's page is a question.
        (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
        for folder in ("workspace", "config", "data", "runtime", "tmp"):
            (home / folder).mkdir()
        port = os.environ[f"CTADATA_UI_{name.upper()}"]
        self._url = f"http://127.0.0.1:{port}{base}api"
        self._command = [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
            f"--ServerApp.port={port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.base_url={base}",
            f"--ServerApp.root_dir={home / 'workspace'}",
            f"--LabApp.user_settings_dir={home / 'settings'}",
            f"--LabApp.workspaces_dir={home / 'workspaces'}",
            *options,
        ]
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("JUPYTERHUB_")}
        self._env = {
            **inherited,
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
            "TMPDIR": str(home / "tmp"),
            **storage.urls,
            **env,
        }
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, env=self._env)

    def wait(self) -> None:
        """Return when it answers."""
        while True:
            try:
                with urllib.request.urlopen(self._url, timeout=10):
                    return
            except urllib.error.URLError:
                if self._process.poll() is not None:
                    raise SystemExit("JupyterLab did not start") from None
                time.sleep(0.1)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        self._process.send_signal(how)
        self._process.wait()


def control(storage: Storage, labs: dict[str, Lab]) -> ThreadingHTTPServer:
    """Return the server through which the tests do things to the others."""

    def spoil(body: bytes) -> None:
        order = json.loads(body)
        storage.gate.faults = [Fault(**fault) for fault in order.get("faults", [])]
        storage.gate.rate = order.get("rate", 0.0)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            action, _, name = self.path[1:].partition("/")
            if action == "kill":
                labs[name].stop(signal.SIGKILL)
                labs[name].start()
                labs[name].wait()
            else:
                {
                    "stop": lambda _: storage.stop(),
                    "start": lambda _: storage.start(),
                    "spoil": spoil,
                }[action](body)
            self._answer()

        def _answer(self) -> None:
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return ThreadingHTTPServer(("127.0.0.1", int(os.environ["CTADATA_UI_CONTROL"])), Handler)


def main() -> None:
    """Run until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    galata = f"--config={HERE / 'jupyter_server_config.py'}"
    token = {"JUPYTERHUB_API_TOKEN": TOKEN}
    with ExitStack() as stack:
        ROOT.mkdir(mode=0o700)
        stack.callback(shutil.rmtree, ROOT)
        make_data(ROOT / "data")
        storage = Storage(ROOT / "data")
        stack.callback(storage.gate.close)
        stack.callback(storage.stop)
        labs = {
            "open": Lab("open", storage, galata, **token),
            "secured": Lab(
                "secured",
                storage,
                base="/user/ada/",
                JUPYTER_TOKEN=os.environ["CTADATA_UI_TOKEN"],
                **token,
            ),
            "tokenless": Lab("tokenless", storage, galata),
        }
        for lab in labs.values():
            stack.callback(lab.stop)
        for lab in labs.values():
            lab.wait()
        control(storage, labs).serve_forever()


if __name__ == "__main__":
    main()
