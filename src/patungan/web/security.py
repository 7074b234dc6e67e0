"""Headers that every page carries: no script but our own, no framing, no guessing of types."""

from __future__ import annotations

from litestar.datastructures import MutableScopeHeaders

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}

PAYING = {**POLICY, "form-action": "'self' https: http:"}
"""Of the page that pays: its form is answered by sending the browser on to the payment provider, and browsers hold
``form-action`` against that too."""


def policy_text(policy: dict[str, str]) -> str:
    """A Content-Security-Policy header's value."""
    return "; ".join(f"{directive} {sources}" for directive, sources in policy.items())


HEADERS = {
    "Content-Security-Policy": policy_text(POLICY),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def add_security_headers(headers: MutableScopeHeaders) -> None:
    """Set what is not set already."""
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
