"""Start what the UI tests look at; stop all of it on SIGTERM.

The data service with the sample data, and three JupyterLabs: `open`, as galata wants it;
`secured`, with token and XSRF check, below the address of a hub; `tokenless`, like `open` but
without a token for the service. The environment says where (see playwright.config.js); with
CTADATA_UI_QUIRKS=1 the data service has the defects of the real one. On the port
CTADATA_UI_CONTROL, GET / answers once all of it is ready, and POST does what its path says:

/stop, /start
    Stop or start the data service.
/spoil
    Spoil the service's answers; the body is JSON: faults as in gate.py, and the rate.
/kill/NAME
    Kill a JupyterLab and start it again.
/reset/NAME
    Put storage, certificates and a JupyterLab back to where they were before the first test; the
    certificates are as young as they were then.

What all of them write while they run is in `logs`; scan-logs.js looks there at the end.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from gate import Fault, Gate
from state import Rest, Snapshot, empty

from ctadata.demo.authority import Authority, Credential
from ctadata.demo.sample_data import make_sample_data
from ctadata.demo.voms_server import VOMSServer
from ctadata.embedded_service import Service

ROOT = Path(os.environ["CTADATA_UI_ROOT"])
HERE = Path(__file__).parent
LOGS = ROOT / "logs"
TOKEN = os.environ["CTADATA_UI_STORAGE_TOKEN"]
# So large and so slow that it is still being written when a test cancels it, also on a fast
# machine; it takes no space here.
HUGE_FILE = "lst/R0/20241114/LST-1.1.Run11111.0000.fits.fz"
HUGE_SIZE = 4 * 1024**3
HUGE_RATE = 32 * 1024**2


class Storage:
    """The data service, always with the same token, behind a gate at always the same port."""

    def __init__(self, directory: Path, ca_bundle: Path) -> None:
        self._directory = directory
        self._ca_bundle = ca_bundle
        self._service: Service | None = None
        port = int(os.environ["CTADATA_UI_SERVICE"])
        self.gate = Gate(port, [Fault(Path(HUGE_FILE).name, rate=HUGE_RATE)])
        self.start()
        services = f"http://127.0.0.1:{port}/services"
        self.urls = {
            "CTADS_URL": f"{services}/downloadservice/",
            "CTACS_URL": f"{services}/certificateservice/",
        }
        self._snapshot = Snapshot(directory, ROOT / "data-copy", apart=[directory / HUGE_FILE])
        # So that its log has a line, whatever is tested.
        with suppress(urllib.error.HTTPError):
            urllib.request.urlopen(self.urls["CTADS_URL"], timeout=10).close()

    def start(self) -> None:
        if self._service is None:
            service = Service(
                self._directory,
                token=TOKEN,
                user="alice",
                ca_bundle=self._ca_bundle,
                quirks=os.environ.get("CTADATA_UI_QUIRKS") == "1",
            )
            service.start()
            self._service = service
            self.gate.upstream = urlsplit(service.downloadservice_url).port

    def stop(self) -> None:
        if self._service is not None:
            self._service.stop()
            self._service = None

    def reset(self) -> None:
        """Have the first files again, no certificates, and no faults."""
        self.gate.faults = []
        self.gate.rate = 0.0
        # What it was given is gone with it.
        self.stop()
        self._snapshot.restore()
        self.start()


def make_data(directory: Path) -> None:
    """Make the sample data, and what else the tests need."""
    directory.mkdir()
    make_sample_data(directory)
    (directory / "cta/empty").mkdir()
    # As after the first upload.
    (directory / "lst/users/alice").mkdir(parents=True, exist_ok=True)
    (directory / HUGE_FILE).parent.mkdir(parents=True)
    with open(directory / HUGE_FILE, "wb") as file:
        file.truncate(HUGE_SIZE)


class Certificates:
    """The files that the tests hand to the panel, for their owner alone, as they should be."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700)
        self._directory = directory
        self._now = datetime.now(timezone.utc).replace(microsecond=0)
        authority = Authority.create()
        stranger = Authority.create([("DC", "org"), ("CN", "Nobody knows")])
        self._user = self._issue(authority)
        self._voms = VOMSServer.create(authority)
        self.bundle = self._write("authority.pem", authority.pem())
        self._write("user.pem", self._user.pem())
        self._write("stranger.pem", self._issue(stranger).delegate().pem())
        self.found = directory / "found.pem"
        self.renew()

    def renew(self) -> None:
        """Make those anew of which the tests know how long they are still valid."""
        self._now = datetime.now(timezone.utc).replace(microsecond=0)
        good = self._user.delegate(attributes=self._voms.attributes(self._user))
        self._write("good.pem", good.pem())
        self._write("short.pem", self._proxy(minutes=30).pem())
        self._write("found.pem", self._proxy(hours=8).pem())
        self._write("expired.pem", self._proxy(hours=-1).pem())
        encrypted = good.key.private_bytes(
            Encoding.PEM, PrivateFormat.TraditionalOpenSSL, BestAvailableEncryption(b"secret")
        )
        self._write("encrypted.pem", good.certificate_pem() + encrypted + good.chain_pem())
        self._write("large.pem", good.pem() + b"\n" * 100_000)

    def _issue(self, authority: Authority) -> Credential:
        name = [("DC", "org"), ("DC", "ctadata-demo"), ("O", "Observatory"), ("CN", "Ada Lovelace")]
        return authority.issue(name, not_before=self._now - timedelta(days=1))

    def _proxy(self, **left: float) -> Credential:
        begin, end = self._now - timedelta(hours=12), self._now + timedelta(**left)
        return self._user.delegate(not_before=begin, not_after=end)

    def _write(self, name: str, content: bytes) -> Path:
        path = self._directory / name
        path.touch(mode=0o600)
        path.write_bytes(content)
        return path


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
        self._log = LOGS / f"{name}.log"
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
            # What tests delete would fill the trash of whoever runs them.
            "--FileContentsManager.delete_to_trash=False",
            # All that it may ever write is looked through.
            "--ServerApp.log_level=DEBUG",
            *options,
        ]
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("JUPYTERHUB_")}
        self._home = home
        self._settings = Snapshot(home / "settings", home / "settings-copy")
        self._rest = Rest(f"http://127.0.0.1:{port}{base}ctadata", env.get("JUPYTER_TOKEN", ""))
        self._env = {
            **inherited,
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
            "TMPDIR": str(home / "tmp"),
            # Otherwise one of whoever runs the tests may be found.
            "X509_USER_PROXY": str(home / "no-proxy.pem"),
            **storage.urls,
            **env,
        }
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command, env=self._env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        if self._process.stdout:
            take_down(self._process.stdout, self._log)

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

    def reset(self) -> None:
        """Have no transfers and uploads, an empty workspace, and nothing remembered."""
        self._rest.forget_all()
        self._settings.restore()
        for folder in ("workspace", "workspaces", "data/ctadata/certificates"):
            empty(self._home / folder)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        self._process.send_signal(how)
        self._process.wait()


def take_down(output: IO[bytes], log: Path) -> None:
    """Print what somebody writes, and keep it, until there is no more."""

    def run() -> None:
        with output, open(log, "ab", buffering=0) as file:
            for line in output:
                file.write(line)
                sys.stderr.buffer.write(line)
                sys.stderr.flush()

    threading.Thread(target=run, daemon=True).start()


def control(
    storage: Storage, labs: dict[str, Lab], certificates: Certificates
) -> ThreadingHTTPServer:
    """Return the server through which the tests do things to the others."""

    def spoil(body: bytes) -> None:
        order = json.loads(body)
        storage.gate.faults = [Fault(**fault) for fault in order.get("faults", [])]
        storage.gate.rate = order.get("rate", 0.0)

    def act(action: str, name: str, body: bytes) -> None:
        if action == "kill":
            labs[name].stop(signal.SIGKILL)
            labs[name].start()
            labs[name].wait()
        elif action == "reset":
            # Transfers end before what they read and write is changed.
            labs[name].reset()
            storage.reset()
            certificates.renew()
        elif action == "spoil":
            spoil(body)
        elif action == "stop":
            storage.stop()
        elif action == "start":
            storage.start()
        else:
            raise ValueError(f"No such action: {action}")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            action, _, name = self.path[1:].partition("/")
            try:
                act(action, name, body)
            except Exception as error:
                self._answer(500, repr(error))
                raise
            self._answer()

        def _answer(self, status: int = 204, text: str = "") -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

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
        LOGS.mkdir()
        logging.basicConfig(
            level=logging.DEBUG,
            handlers=[logging.FileHandler(LOGS / "service.log"), logging.StreamHandler()],
        )
        make_data(ROOT / "data")
        certificates = Certificates(ROOT / "certificates")
        storage = Storage(ROOT / "data", certificates.bundle)
        stack.callback(storage.gate.close)
        stack.callback(storage.stop)
        labs = {
            "open": Lab("open", storage, galata, X509_USER_PROXY=str(certificates.found), **token),
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
        control(storage, labs, certificates).serve_forever()


if __name__ == "__main__":
    main()
