"""People's names as strangers may see them."""

from __future__ import annotations


def masked_name(first: str, last: str) -> str:
    """A buyer's name as strangers may see it: ``S*** W.``"""
    initial = f" {last[0]}." if last else ""
    return f"{first[:1]}***{initial}"
