"""Who may call: the secret key as Basic user name, and so many requests a minute for each endpoint."""

from __future__ import annotations

import hmac
import time
from typing import Any

from litestar.connection import ASGIConnection
from litestar.datastructures import MutableScopeHeaders
from litestar.handlers import BaseRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from patungan.sandbox.context import Sandbox
from patungan.sandbox.credentials import basic_credentials
from patungan.sandbox.xendit.errors import XenditError, error_body

WINDOW = 60.0


def require_secret_key(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard; raises 401 INVALID_API_KEY."""
    sandbox: Sandbox = connection.app.state.sandbox
    credentials = basic_credentials(connection.headers.get("authorization", ""))
    expected = sandbox.settings.xendit_secret_key.encode()
    if credentials is None or not hmac.compare_digest(credentials[0].encode(), expected):
        raise XenditError(401, "INVALID_API_KEY", "API key format is invalid, or the key is not known")


class RateLimitHeaders(ASGIMiddleware):
    """Xendit's ``Rate-Limit-*`` headers, and 429 beyond the limit; a window of a minute for each endpoint.

    Litestar's own limiter keeps every request's time in a list, which a limit of thousands makes slow.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._windows: dict[str, tuple[float, int]] = {}

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        operation = scope["route_handler"].opt.get("operation")
        if operation is None:
            await next_app(scope, receive, send)
            return
        now = time.monotonic()
        started, used = self._windows.get(operation, (now, 0))
        if now - started >= WINDOW:
            started, used = now, 0
        used += 1
        self._windows[operation] = (started, used)
        headers = {
            "Rate-Limit-Limit": str(self._limit),
            "Rate-Limit-Remaining": str(max(0, self._limit - used)),
            "Rate-Limit-Reset": f"{WINDOW - (now - started):.3f}",
        }

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message.setdefault("headers", [])
                MutableScopeHeaders(message).update(headers)
            await send(message)

        if used > self._limit:
            body = error_body(429, None, "You have sent too many requests, please slow down")
            start = {"type": "http.response.start", "status": 429, "headers": [(b"content-type", b"application/json")]}
            await send_with_headers(start)  # type: ignore[arg-type]
            await send({"type": "http.response.body", "body": body, "more_body": False})
            return
        await next_app(scope, receive, send_with_headers)
