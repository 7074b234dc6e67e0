"""Addresses that open a private file for a while: signed over the file, the reader's leave, and the end of it."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

LINK_LASTS = timedelta(minutes=5)
"""Long enough to open what one was just shown, short enough to be of no use in a history or a log."""


def signed_link(secret: str, path: str, now: datetime, lasts: timedelta = LINK_LASTS) -> str:
    """The path with its end and its signature (HMAC-SHA256)."""
    expires = int((now + lasts).timestamp())
    return f"{path}?expires={expires}&signature={_signature(secret, path, expires)}"


def link_holds(secret: str, path: str, expires: int, signature: str, now: datetime) -> bool:
    """Whether a link was made here for this path and has not ended."""
    genuine = hmac.compare_digest(_signature(secret, path, expires).encode(), signature.encode())
    return genuine and now.timestamp() <= expires


def _signature(secret: str, path: str, expires: int) -> str:
    key = hmac.digest(secret.encode(), b"links to private files", "sha256")
    return hmac.new(key, f"GET\n{path}\n{expires}".encode(), hashlib.sha256).hexdigest()
