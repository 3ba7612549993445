"""Starts the binary that TESTED_BIN names on a scratch folder and a free port."""

import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

BIN = os.environ["TESTED_BIN"]
PASSWORD = "correct horse battery"


class Server:
    """A server for a `with`. Settings are variables without their prefix: `TOKENS__ALGORITHM="EdDSA"`."""

    def __init__(self, offset: int | None = None, **settings: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="doorward-client-"))
        self.env = {"DOORWARD_PASSWORDS__BCRYPT_COST": "10"}
        self.env |= {f"DOORWARD_{name}": value for name, value in settings.items()}
        self.clock = {}
        if offset is not None:
            # Seconds from our clock. The monotonic one, by which timers go, stays as it is.
            self.clock = {"LD_PRELOAD": os.environ["LIBFAKETIME"], "FAKETIME": f"{offset:+d}"}
            self.clock["FAKETIME_DONT_FAKE_MONOTONIC"] = "1"

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def start(self) -> None:
        command = [BIN, "serve", "--data", self.folder, "--listen", "127.0.0.1:0"]
        self.log = open(self.folder / "log", "ab")
        env = self.env | self.clock
        self.process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=self.log, text=True)
        for line in self.process.stdout:
            if line.startswith("listening on "):
                self.url = line.split()[2]
                self.port = int(self.url.rsplit(":", 1)[1])
                self.issuer = f"http://localhost:{self.port}"
                return
        raise RuntimeError((self.folder / "log").read_text())

    def stop(self) -> None:
        self.process.terminate()
        rest, _ = self.process.communicate(timeout=30)
        self.log.close()
        assert self.process.returncode == 0, (rest, (self.folder / "log").read_text())

    def command(self, *args: str, given: str = "") -> str:
        """Runs a command on the same folder."""
        command = [BIN, *args, "--data", self.folder]
        return subprocess.run(command, env=self.env, input=given, text=True, capture_output=True, check=True).stdout

    def add_user(self, email: str, password: str = PASSWORD, role: str = "user") -> None:
        self.command("user", "add", email, "--role", role, "--password-stdin", given=f"{password}\n")

    def ask(self, method: str, path: str, body: object = None, token: str = "") -> tuple[int, dict]:
        """One call: the status and the body."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read() or "{}")
        except urllib.error.HTTPError as refused:
            return refused.code, json.loads(refused.read())

    def sign_in(self, email: str, password: str = PASSWORD) -> tuple[int, dict]:
        return self.ask("POST", "/auth/login", {"email": email, "password": password, "transport": "body"})

    def database(self) -> sqlite3.Connection:
        """The scratch database; write to it only while the server is stopped."""
        return sqlite3.connect(self.folder / "doorward.db")
