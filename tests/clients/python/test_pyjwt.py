"""PyJWT checks our access tokens by the key set."""

import base64
import secrets

import jwt
import pytest
from server import Server
from tokens import forged

EMAIL = "ann@example.com"


def signed_in(server: Server) -> str:
    server.add_user(EMAIL)
    status, answer = server.sign_in(EMAIL)
    assert status == 200
    return answer["accessToken"]


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_a_token_verifies_by_the_key_set(algorithm: str) -> None:
    with Server(TOKENS__ALGORITHM=algorithm) as server:
        token = signed_in(server)
        key = jwt.PyJWKClient(f"{server.url}/.well-known/jwks.json").get_signing_key_from_jwt(token)
        pinned = {"algorithms": [algorithm], "issuer": server.issuer, "audience": "doorward", "leeway": 30}
        claims = jwt.decode(token, key, **pinned)
        assert claims["email"] == EMAIL
        assert claims["exp"] - claims["iat"] == 15 * 60
        assert jwt.get_unverified_header(token) == {"typ": "at+jwt", "alg": algorithm, "kid": key.key_id}
        with pytest.raises(jwt.InvalidSignatureError):
            jwt.decode(forged(token, algorithm), key, **pinned)
        with pytest.raises(jwt.InvalidSignatureError):
            jwt.decode(token[:-6] + ("AAAAAA" if token[-6:] != "AAAAAA" else "BBBBBB"), key, **pinned)
        with pytest.raises(jwt.InvalidAudienceError):
            jwt.decode(token, key, **pinned | {"audience": "other"})
        with pytest.raises(jwt.InvalidIssuerError):
            jwt.decode(token, key, **pinned | {"issuer": "https://evil.example"})


def test_a_token_verifies_by_the_shared_secret() -> None:
    secret = secrets.token_bytes(32)
    with Server(TOKENS__ALGORITHM="HS256", TOKENS__HS256_SECRET=base64.b64encode(secret).decode()) as server:
        token = signed_in(server)
        pinned = {"algorithms": ["HS256"], "issuer": server.issuer, "audience": "doorward", "leeway": 30}
        assert jwt.decode(token, secret, **pinned)["email"] == EMAIL
        assert server.ask("GET", "/.well-known/jwks.json") == (200, {"keys": []})
        with pytest.raises(jwt.InvalidSignatureError):
            jwt.decode(forged(token, "HS256"), secret, **pinned)


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256", "HS256"])
def test_the_server_refuses_a_token_that_pyjwt_forged(algorithm: str) -> None:
    secret = base64.b64encode(secrets.token_bytes(32)).decode()
    settings = {"TOKENS__HS256_SECRET": secret} if algorithm == "HS256" else {}
    with Server(TOKENS__ALGORITHM=algorithm, **settings) as server:
        token = signed_in(server)
        assert server.ask("GET", "/auth/me", token=token)[0] == 200
        for bad in (forged(token, algorithm), forged(token, algorithm, role="admin"), token.rsplit(".", 1)[0] + "."):
            status, problem = server.ask("GET", "/auth/me", token=bad)
            assert (status, problem["code"]) == (401, "invalid_access_token")


def test_tokens_of_before_a_change_of_keys_still_verify() -> None:
    with Server(LIMITS__LOGIN_ADDRESS="100000/1s") as server:
        old = signed_in(server)
        keys = jwt.PyJWKClient(f"{server.url}/.well-known/jwks.json", lifespan=3600)
        assert keys.get_signing_key_from_jwt(old)
        server.command("keys", "rotate")
        for _ in range(50):
            new = server.sign_in(EMAIL)[1]["accessToken"]
            if jwt.get_unverified_header(new)["kid"] != jwt.get_unverified_header(old)["kid"]:
                break
        else:
            pytest.fail("the running server took up no new key")
        for token in (old, new):
            key = keys.get_signing_key_from_jwt(token)
            assert jwt.decode(token, key, algorithms=["ES256"], audience="doorward", leeway=30)["email"] == EMAIL
