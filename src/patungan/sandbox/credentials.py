"""Reading what a caller proves itself with."""

from __future__ import annotations

import base64
import binascii


def basic_credentials(authorization: str) -> tuple[str, str] | None:
    """User name and password of a Basic header; None for any other header."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user, password
