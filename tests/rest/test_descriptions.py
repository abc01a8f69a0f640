"""Whether both REST interfaces answer as they are described: schemathesis, with all checks."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from yaml import safe_load

from ctadata.embedded_service import app
from ctadata_labext.handlers.status import DESCRIPTION
from tests.conftest import TOKEN, serving
from tests.support.certificates import write_proxy

from ..labext.running import TOKEN as JUPYTER_TOKEN
from ..labext.running import JupyterServer

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SERVICE = Path(app.__file__).with_name("openapi.yaml")
SEED = int(os.environ.get("CTADATA_SCHEMATHESIS_SEED", "1"))
EXAMPLES = os.environ.get("CTADATA_SCHEMATHESIS_EXAMPLES")


class Examiner:
    """Runs schemathesis on what answers at an address.

    Parameters
    ----------
    description : Path
        What should answer.
    config : str
        The file of this directory that says how it is judged.
    work : Path
        Where a proxy certificate is, and dispatcher go.
    """

    def __init__(
        self, description: Path, config: str, url: str, authorization: str, work: Path
    ) -> None:
        self._command = [
            *(sys.executable, "-m", "schemathesis.cli", f"--config-file={HERE / config}"),
            *("run", str(description), f"--url={url}", f"--header=Authorization: {authorization}"),
            *("--no-color", "--continue-on-failure", "--suppress-health-check=all"),
            *("--generation-database=none", "--report=ndjson"),
            *([f"--max-examples={EXAMPLES}"] if EXAMPLES else ()),
        ]
        self._work = work

    def run(self, phases: str, seed: int) -> Counter[str]:
        """Run some phases, and return how often each link was followed to an answer."""
        report = self._work / "report.ndjson"
        done = subprocess.run(
            [
                *self._command,
                f"--phases={phases}",
                f"--seed={seed}",
                f"--report-ndjson-path={report}",
            ],
            cwd=self._work,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "CTADATA_TEST_PROXY": str(self._work / "x509up"),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return followed(report)

    def check(self, links: set[str]) -> None:
        """Run all phases, and make sure that these links are followed.

        Where a server's state lets the same request be answered in another way, schemathesis ends
        the phase that follows links early; it is run again then, as often as it takes.
        """
        self.run("examples,coverage,fuzzing", SEED)
        taken: Counter[str] = Counter()
        for seed in range(SEED, SEED + 10):
            taken += self.run("stateful", seed)
            if links <= taken.keys():
                return
        raise AssertionError(f"not followed: {sorted(links - taken.keys())}")


def followed(report: Path) -> Counter[str]:
    links: Counter[str] = Counter()
    with report.open() as lines:
        for line in lines:
            scenario = json.loads(line).get("ScenarioFinished", {})
            recorder = scenario.get("recorder", {})
            for case, about in recorder.get("cases", {}).items():
                answered = recorder["interactions"].get(case, {}).get("response")
                if about["is_transition_applied"] and answered:
                    _, name, _ = re.split(r" -> (?:\[\d+\] )?", about["transition"]["id"])
                    links[name] += 1
    return links


@pytest.mark.timeout(600)
def test_the_server_extension(
    tmp_path: Path, ca_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "note.txt").write_text("note")
    proxy = tmp_path / "x509up"
    write_proxy(proxy)
    monkeypatch.setenv("X509_USER_PROXY", str(proxy))
    monkeypatch.setenv("X509_CERT_DIR", str(ca_bundle.parent))
    with serving(tmp_path / "storage", ca_bundle) as service:
        monkeypatch.setenv("CTADS_URL", service.downloadservice_url)
        monkeypatch.setenv("JUPYTERHUB_API_TOKEN", service.token)
        monkeypatch.delenv("CTACS_URL", raising=False)
        with JupyterServer(workspace, tmp_path / "home") as server:
            Examiner(
                DESCRIPTION,
                "extension.toml",
                server.url.removesuffix("/ctadata/"),
                f"token {JUPYTER_TOKEN}",
                tmp_path,
            ).check(
                {
                    *("getTransfer", "cancelTransfer", "retryTransfer", "forgetTransfer"),
                    *("getUploadOffset", "continueUpload", "endUpload", "getArchive"),
                    *("getFoundCertificate", "delegateFoundCertificate", "getCertificates"),
                }
            )
        log = server.log.read_text()
    assert "Traceback" not in log, log


@pytest.mark.timeout(600)
def test_the_embedded_service(
    tmp_path: Path, ca_bundle: Path, caplog: pytest.LogCaptureFixture
) -> None:
    proxy = tmp_path / "x509up"
    write_proxy(proxy)
    with serving(tmp_path / "storage", ca_bundle) as service:
        (tmp_path / "storage/lst/users/alice").mkdir()
        Examiner(
            SERVICE,
            "service.toml",
            service.downloadservice_url.removesuffix("/services/downloadservice/"),
            f"Bearer {TOKEN}",
            tmp_path,
        ).check(
            {
                *("getHome", "headHome", "putHome", "fetchHome", "listHome"),
                "getSharedCertificateStatus",
            }
        )
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_the_description_of_the_service_is_valid() -> None:
    assert list(OpenAPIV31SpecValidator(safe_load(SERVICE.read_text())).iter_errors()) == []
