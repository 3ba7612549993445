"""The development stub of doorward for pytest.

Made by `doorward dev helper python`; put it beside your tests, and in conftest.py write
`from doorward_stub import doorward, doorward_process`. Needs nothing but pytest and Python 3.10. DOORWARD names
the binary, if it isn't on the PATH. Each worker of pytest-xdist gets a stub of its own.
"""

import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest


class Refused(Exception):
    """An answer that is no success: its status, and the members of the refusal."""

    def __init__(self, status: int, problem: dict) -> None:
        super().__init__(f"{status} {problem.get('detail', '')}")
        self.status, self.problem = status, problem


class Stub:
    def __init__(self, binary: str = os.environ.get("DOORWARD", "doorward"), *args: str) -> None:
        # It ends with standard input, and so with this process, however that ends.
        command = [binary, "serve", "--dev", "--with-stdin", "--listen", "127.0.0.1:0", *args]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{' '.join(command)} ended with {self.process.wait()}")
        ready = json.loads(line)
        self.url, self.issuer, self.jwks = ready["url"], ready["issuer"], ready["jwks"]

    def call(self, method: str, path: str, body: object = None) -> dict:
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(asked) as answer:
                return json.loads(answer.read() or "{}")
        except urllib.error.HTTPError as refused:
            raise Refused(refused.code, json.loads(refused.read() or "{}")) from None

    def token(self, **wish: object) -> str:
        """An access token: user=…, claims={…}, flaw=…, algorithm=…"""
        return self.call("POST", "/dev/token", wish)["token"]

    def session(self, user: str) -> dict:
        """Signs somebody in: accessToken, refreshToken, user."""
        return self.call("POST", "/dev/session", {"user": user, "transport": "body"})

    def clock(self, **change: object) -> dict:
        """advance="16m", set="2030-01-31T12:00:00Z", freeze=True, release=True"""
        return self.call("POST", "/dev/clock", change)

    def reset(self) -> None:
        self.call("POST", "/dev/reset", {})

    def stop(self) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=10)


@pytest.fixture(scope="session")
def doorward_process() -> Iterator[Stub]:
    stub = Stub()
    yield stub
    stub.stop()


@pytest.fixture
def doorward(doorward_process: Stub) -> Stub:
    """The stub, as at its start."""
    doorward_process.reset()
    return doorward_process
