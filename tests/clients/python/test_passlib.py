"""passlib, which much of Python stores passwords with, takes our hashes, and we take its."""

import unicodedata

import pytest
from passlib.hash import bcrypt, bcrypt_sha256
from server import Server

COST = 10
PASSWORDS = [
    "correct horse battery",
    "Grüße aus Köln 東京 🔑",
    # As some keyboards type it: composed when it is stored.
    unicodedata.normalize("NFD", "déjà vu à l'été"),
    "seventy-two bytes are what bcrypt itself reads of any password, no more" + "!" * 130,
]
NAMES = ["ann", "bob", "cem", "dot"]
OURS = f"$bcrypt-sha256$v=2,t=2b,r={COST}$"


@pytest.fixture(scope="module")
def server():
    # A cost of 10: the scratch database is filled by hashing, and every sign-in hashes.
    with Server(LIMITS__LOGIN_ADDRESS="100000/1s") as server:
        yield server


def stored(server: Server, email: str) -> str:
    with server.database() as database:
        return database.execute("SELECT password FROM users WHERE email = ?", [email]).fetchone()[0]


def store(server: Server, hashes: dict[str, str], cost: int) -> None:
    """Puts hashes of another system into the database, as an import would."""
    for email in hashes:
        server.add_user(email)
    server.stop()
    with server.database() as database:
        for email, hash in hashes.items():
            changed = database.execute(
                "UPDATE users SET password = ?, password_cost = ? WHERE email = ?", [hash, cost, email]
            )
            assert changed.rowcount == 1
    database.close()
    server.start()


def test_passlib_verifies_what_the_server_stored(server: Server) -> None:
    for name, password in zip(NAMES, PASSWORDS):
        email = f"{name}@stored.example"
        server.add_user(email, password)
        hash = stored(server, email)
        assert hash.startswith(OURS)
        assert bcrypt_sha256.identify(hash)
        assert bcrypt_sha256.verify(unicodedata.normalize("NFC", password), hash)
        assert not bcrypt_sha256.verify(password + "x", hash)
        assert server.sign_in(email, password)[0] == 200


def test_the_server_verifies_what_passlib_stored(server: Server) -> None:
    hashes = {}
    for name, password in zip(NAMES, PASSWORDS):
        composed = unicodedata.normalize("NFC", password)
        hashes[f"{name}@passlib.example"] = bcrypt_sha256.using(rounds=COST).hash(composed)
    store(server, hashes, COST)
    for email, password in zip(hashes, PASSWORDS):
        assert server.sign_in(email, password + "x")[0] == 401
        assert server.sign_in(email, password)[0] == 200
        assert stored(server, email) == hashes[email], "a hash of our form and cost stays"


@pytest.mark.parametrize("ident", ["2a", "2b", "2y"])
def test_plain_bcrypt_verifies_and_is_replaced_at_the_sign_in(server: Server, ident: str) -> None:
    password, email = "correct horse battery", f"plain-{ident}@example.com"
    hash = bcrypt.using(rounds=4, ident=ident).hash(password)
    assert hash.startswith(f"${ident}$04$")
    store(server, {email: hash}, 4)
    assert server.sign_in(email, password + "x")[0] == 401
    assert stored(server, email) == hash, "a failure replaces nothing"
    assert server.sign_in(email, password)[0] == 200
    better = stored(server, email)
    assert better.startswith(OURS)
    assert bcrypt_sha256.verify(password, better)
    assert server.sign_in(email, password)[0] == 200
    assert stored(server, email) == better


def test_a_lower_cost_is_raised_at_the_sign_in(server: Server) -> None:
    password, email = "correct horse battery", "cheap@example.com"
    store(server, {email: bcrypt_sha256.using(rounds=5).hash(password)}, 5)
    assert server.sign_in(email, password)[0] == 200
    better = stored(server, email)
    assert better.startswith(OURS)
    assert bcrypt_sha256.verify(password, better)


def test_a_password_that_bcrypt_cut_keeps_its_hash(server: Server) -> None:
    password, email = "x" * 80, "long@example.com"
    hash = bcrypt.using(rounds=4).hash(password)
    store(server, {email: hash}, 4)
    assert server.sign_in(email, "x" * 71)[0] == 401
    assert server.sign_in(email, "x" * 72)[0] == 200, "as it was where the hash comes from"
    assert server.sign_in(email, password)[0] == 200
    assert stored(server, email) == hash, "nobody knows which of the passwords with these 72 bytes was meant"
