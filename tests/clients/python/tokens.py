"""Tokens that others made, to be refused."""

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

NEW_KEY = {
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
    "HS256": lambda: b"k" * 32,
}


def forged(token: str, algorithm: str, **changed: object) -> str:
    """The same claims under the same key's name, signed by a key that nobody knows."""
    claims = jwt.decode(token, options={"verify_signature": False}) | changed
    return jwt.encode(claims, NEW_KEY[algorithm](), algorithm, jwt.get_unverified_header(token))
