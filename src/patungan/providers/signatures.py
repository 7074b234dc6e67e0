"""Proofs that a callback comes from its provider, all compared in constant time."""

from __future__ import annotations

import hmac
from hashlib import sha256


def same_secret(expected: str, given: str | None) -> bool:
    """Whether a header carries the agreed secret; never true while the secret is not configured."""
    if not expected or given is None:
        return False
    return hmac.compare_digest(expected.encode(), given.encode())


def verify_hmac_sha256(secret: str, raw_body: bytes, signature: str | None) -> bool:
    """Whether ``signature`` is the hexadecimal HMAC-SHA256 of the body as it arrived; never true without a secret."""
    if not secret or signature is None:
        return False
    expected = hmac.new(secret.encode(), raw_body, sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.strip().lower().encode())
