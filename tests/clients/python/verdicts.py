"""How PyJWT takes each token of `doorward vectors`, given on standard input: by default, and as the README asks."""

import base64
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import jwt

README = Path(__file__).parents[3] / "README.md"
ALGORITHMS = ["ES256", "EdDSA", "RS256", "HS256"]


def by_default(made: dict, algorithm: str) -> Callable[[str], dict]:
    """The least that takes a good token: PyJWT asks for algorithms, and for an audience where the token has one."""
    keys = {jwk["alg"]: jwt.PyJWK(jwk) for jwk in made["jwks"]["keys"]}
    key = keys.get(algorithm, base64.urlsafe_b64decode(made["hs256Secret"] + "=="))
    return lambda token: jwt.decode(token, key, algorithms=[algorithm], audience=made["audience"])


def pinned(made: dict, algorithm: str) -> Callable[[str], dict]:
    """The snippet of the README, with the algorithm and the key that it is told to pin."""
    code = re.search(r"<!-- check-python -->\n\n```python\n(.*?)```", README.read_text(), re.DOTALL)[1]
    code = code.replace("http://localhost:8484", made["url"]).replace('"ES256"', f'"{algorithm}"')
    space: dict = {"secret": base64.urlsafe_b64decode(made["hs256Secret"] + "==")}
    if algorithm == "HS256":
        code = code.replace("keys.get_signing_key_from_jwt(token)", "secret")
    exec(code, space)  # noqa: S102
    return space["check"]


def took(verify: Callable[[str], dict], token: str) -> bool | str:
    try:
        verify(token)
    except jwt.PyJWTError:
        return False
    except Exception as error:  # noqa: BLE001
        # Not what it says that it raises: whoever catches no more than that answers with a 500.
        return type(error).__name__
    return True


made = json.load(sys.stdin)
json.dump(
    [
        {
            "verifier": "PyJWT",
            "version": jwt.__version__,
            "use": use,
            "name": vector["name"],
            "algorithm": algorithm,
            "took": took(verify, vector["token"]),
        }
        for use, verifier in (("default", by_default), ("pinned", pinned))
        for algorithm in ALGORITHMS
        for verify in [verifier(made, algorithm)]
        for vector in made["vectors"]
        if vector["algorithm"] == algorithm
    ],
    sys.stdout,
)
