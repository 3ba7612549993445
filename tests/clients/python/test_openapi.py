"""schemathesis makes calls out of the description, good ones and bad ones, and holds the answers against it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from server import BIN, Server

HERE = Path(__file__).parent
SETTINGS = {
    "REGISTRATION": "open",
    "LIMITS__LOGIN": "100000/1s",
    "LIMITS__LOGIN_ADDRESS": "100000/1s",
}

# The run would mean little if it had been refused everywhere. Random values are nobody's password and no
# link's secret, so not all can be done.
LEAST_DONE = 18


def calls(server: Server) -> dict[str, bool]:
    """All calls, and whether each needs an access token."""
    paths = server.ask("GET", "/openapi.json")[1]["paths"]
    every = [(f"{method.upper()} {path}", call) for path, item in paths.items() for method, call in item.items()]
    return {label: "security" in call for label, call in every}


@pytest.mark.parametrize(("role", "seconds"), [("administrator", 60), ("anonymous", 20)])
def test_no_answer_differs_from_the_description(role: str, seconds: int) -> None:
    with Server(**SETTINGS) as server:
        # Somebody to look at and to act on.
        server.add_user("bob@example.com")
        report = server.folder / "done.json"
        env = {
            "TESTED_URL": server.url,
            "TESTED_BIN": BIN,
            "TESTED_FOLDER": str(server.folder),
            "TESTED_REPORT": str(report),
            "TESTED_ROLE": role,
            "SCHEMATHESIS_HOOKS": str(HERE / "openapi_hooks.py"),
        }
        command = [Path(sys.executable).parent / "schemathesis", "--config-file", HERE / "schemathesis.toml", "run"]
        command += [f"{server.url}/openapi.json", "--mode", "all", "--max-time", str(seconds)]
        ran = subprocess.run(
            command, env=os.environ | env, cwd=server.folder, capture_output=True, text=True, timeout=seconds + 120
        )
        assert ran.returncode == 0, ran.stdout[-20_000:] + ran.stderr[-2000:]
        done = set(json.loads(report.read_text()))
        if role == "anonymous":
            assert not [label for label, guarded in calls(server).items() if guarded and label in done]
        else:
            assert {label for label in calls(server) if label.startswith("GET ")} <= done
            assert len(done) >= LEAST_DONE, done
        log = (server.folder / "log").read_text()
        assert "request failed" not in log, log[-4000:]
