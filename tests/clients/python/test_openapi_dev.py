"""The same for the calls of the development stub: whatever they are told, they answer as described."""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

from server import BIN

HERE = Path(__file__).parent
SECONDS = 25


def test_no_answer_of_the_stub_differs_from_the_description(tmp_path: Path) -> None:
    command = [BIN, "serve", "--dev", "--listen", "127.0.0.1:0"]
    log = (tmp_path / "log").open("wb")
    stub = subprocess.Popen(command, cwd=tmp_path, env={}, stdout=subprocess.PIPE, stderr=log)
    try:
        url = json.loads(stub.stdout.readline())["url"]
        command = [Path(sys.executable).parent / "schemathesis", "--config-file", HERE / "schemathesis.toml", "run"]
        command += [f"{url}/openapi.json", "--mode", "all", "--max-time", str(SECONDS)]
        # A fault is there to make answers differ.
        command += ["--include-path-regex", "^/dev/", "--exclude-operation-id", "addFault"]
        ran = subprocess.run(command, env=os.environ, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS + 60)
        assert ran.returncode == 0, ran.stdout[-20_000:] + ran.stderr[-2000:]
        with urllib.request.urlopen(f"{url}/dev/state") as state:
            assert len(json.load(state)["users"]) == 3
    finally:
        stub.terminate()
        assert stub.wait(timeout=30) == 0
    assert "request failed" not in (tmp_path / "log").read_text()
