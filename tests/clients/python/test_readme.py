"""What the README tells people to paste works."""

import json
import os
import re
import subprocess
from pathlib import Path

import jwt
import pytest
from server import BIN, Server
from tokens import forged

README = Path(__file__).parents[3] / "README.md"
EMAIL = "ann@example.com"
LIFE = 15 * 60


def snippet(name: str, address: str) -> str:
    """The code between `<!-- NAME -->` and `<!-- /NAME -->`, with the server's address put in."""
    block = re.search(rf"<!-- {name} -->\n\n```\w*\n(.*?)```\n\n<!-- /{name} -->", README.read_text(), re.DOTALL)
    assert block, f"README.md has no block {name}"
    return block[1].replace("http://localhost:8484", address)


def test_the_first_minute_works_when_it_is_pasted(tmp_path: Path) -> None:
    with Server() as server:
        binary = server.folder / "target" / "release" / "doorward"
        binary.parent.mkdir(parents=True)
        binary.symlink_to(BIN)
        script = snippet("first-minute", server.issuer)
        env = {"PATH": os.environ["PATH"]} | server.env
        ran = subprocess.run(["bash", "-eu"], input=script, env=env, cwd=server.folder, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        made, me, bob, out, refused, ended = map(json.loads, ran.stdout.splitlines())
        assert (made["user"]["email"], made["user"]["role"]) == (EMAIL, "admin")
        assert "refreshToken" not in made, "it is in the cookie alone"
        assert (me["email"], me["role"]) == (EMAIL, "admin")
        assert (bob["user"]["email"], bob["user"]["role"]) == ("bob@example.com", "user")
        assert bob["refreshToken"].count(".") == 2
        assert out["sessions"] == 1
        assert refused["code"] == "invalid_access_token"
        assert (ended["code"], ended["reason"]) == ("session_ended", "logged_out_everywhere")


def test_the_backup_works_when_it_is_pasted() -> None:
    with Server() as server:
        binary = server.folder / "target" / "release" / "doorward"
        binary.parent.mkdir(parents=True)
        binary.symlink_to(BIN)
        env = {"PATH": os.environ["PATH"]} | server.env

        def paste(name: str) -> str:
            script = snippet(name, server.issuer)
            ran = subprocess.run(
                ["bash", "-eu"], input=script, env=env, cwd=server.folder, capture_output=True, text=True
            )
            assert ran.returncode == 0, ran.stderr
            return ran.stdout

        before = signed_in(server)
        assert "1 user and 1 live session" in paste("backup")
        server.add_user("bob@example.com")
        server.stop()
        assert "good: a backup of " in paste("restore")
        server.start()
        assert server.sign_in(EMAIL)[0] == 200
        assert server.sign_in("bob@example.com")[0] == 401, "he came after the backup"
        status, refused = server.ask("POST", "/auth/refresh", {"refreshToken": before["refreshToken"]})
        assert (status, refused["code"], refused["reason"]) == (401, "session_ended", "restored")
        assert server.ask("GET", "/auth/me", token=before["accessToken"])[0] == 401


def load_check(server: Server):
    space: dict = {}
    exec(snippet("check-python", server.issuer), space)  # noqa: S102
    return space["check"]


def signed_in(server: Server) -> dict:
    server.add_user(EMAIL)
    status, answer = server.sign_in(EMAIL)
    assert status == 200
    return answer


def test_the_snippet_takes_access_tokens_of_this_server_and_nothing_else() -> None:
    with Server() as server:
        answer = signed_in(server)
        check, token = load_check(server), answer["accessToken"]
        assert check(token)["sub"] == answer["user"]["id"]
        for other in (forged(token, "ES256"), answer["refreshToken"], token + "x", "nonsense", ""):
            with pytest.raises(jwt.PyJWTError):
                check(other)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("TOKENS__AUDIENCE", "other"),
        ("TOKENS__ISSUER", "https://evil.example"),
        ("TOKENS__ALGORITHM", "RS256"),
    ],
)
def test_the_snippet_refuses_what_is_not_pinned(setting: str, value: str) -> None:
    with Server(**{setting: value}) as server:
        with pytest.raises(jwt.PyJWTError):
            load_check(server)(signed_in(server)["accessToken"])


@pytest.mark.parametrize(("late", "taken"), [(20, True), (40, False)])
def test_the_snippet_allows_half_a_minute_between_the_clocks(late: int, taken: bool) -> None:
    with Server(offset=-(LIFE + late)) as server:
        check, token = load_check(server), signed_in(server)["accessToken"]
        if taken:
            assert check(token)["email"] == EMAIL
        else:
            with pytest.raises(jwt.ExpiredSignatureError):
                check(token)
