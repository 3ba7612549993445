"""What schemathesis is told about doorward: how an administrator signs in.

Some calls void the very token that they are made with, others disable or rename the administrator. So a
token that was refused is thrown away, and where nobody can sign in there is a new administrator.
"""

import atexit
import json
import os
import subprocess
import threading
from collections import Counter

import requests
import schemathesis

URL = os.environ["TESTED_URL"]
PASSWORD = "correct horse battery"

administrators = 0
token = None
signing_in = threading.Lock()
done = Counter()


def add_administrator() -> str:
    """By the command line, beside the running server."""
    global administrators
    administrators += 1
    email = f"root{administrators}@example.com"
    command = [os.environ["TESTED_BIN"], "user", "add", email, "--role", "admin", "--password-stdin"]
    command += ["--data", os.environ["TESTED_FOLDER"]]
    # Nothing of our own environment: what there begins with DOORWARD_ would be a setting.
    ran = subprocess.run(command, env={}, input=f"{PASSWORD}\n", text=True, capture_output=True)
    if ran.returncode != 0:
        raise RuntimeError(f"no administrator was added: {ran.stderr}")
    return email


def sign_in() -> str:
    for email in (f"root{administrators}@example.com", None):
        body = {"email": email or add_administrator(), "password": PASSWORD, "transport": "body"}
        answer = requests.post(f"{URL}/auth/login", json=body, timeout=30)
        if answer.status_code == 200 and answer.json()["user"]["role"] == "admin":
            return answer.json()["accessToken"]
    raise RuntimeError(f"no administrator can sign in: {answer.status_code} {answer.text}")


class Administrator:
    def get(self, case, context):
        global token
        # schemathesis has more threads than one.
        with signing_in:
            token = token or sign_in()
            return token

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


if os.environ["TESTED_ROLE"] == "administrator":
    schemathesis.auth(refresh_interval=None)(Administrator)


@schemathesis.hook
def after_call(context, case, response):
    global token
    if response.status_code in (401, 403):
        token = None
    if response.status_code < 300:
        done[case.operation.label] += 1


@atexit.register
def report():
    """How often each call was not only made but done."""
    with open(os.environ["TESTED_REPORT"], "w") as file:
        json.dump(done, file)
