import jwt
import pytest
from doorward_stub import Stub


def verify(token: str, door: Stub) -> dict:
    """What your API does with a token."""
    key = jwt.PyJWKClient(door.jwks).get_signing_key_from_jwt(token)
    required = ["exp", "sub"]
    claims = jwt.decode(
        token, key, algorithms=["ES256"], issuer=door.issuer, audience="doorward", options={"require": required}
    )
    if jwt.get_unverified_header(token).get("typ") != "at+jwt":
        raise jwt.InvalidTokenError("not an access token")
    return claims


def test_good_tokens_get_in(doorward: Stub) -> None:
    assert verify(doorward.token(user="bob@example.com"), doorward)["email"] == "bob@example.com"


@pytest.mark.parametrize("flaw", ["expired", "not_yet", "wrong_issuer", "wrong_audience", "alg_none", "bad_signature"])
def test_no_others_do(doorward: Stub, flaw: str) -> None:
    with pytest.raises(jwt.PyJWTError):
        verify(doorward.token(user="bob@example.com", flaw=flaw), doorward)
