"""Biteship's error body and codes, and reading a request into its declared shape."""

from __future__ import annotations

import hmac
from typing import Any, Final, TypeVar

import msgspec
from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from patungan.sandbox.context import Sandbox

Shape = TypeVar("Shape")

AUTHORIZATION_FAILED: Final = 40101001
RATES_INVALID: Final = 40001001
"""The sandbox's own: Biteship's codes for refused rates are not published."""
DUPLICATE_REFERENCE: Final = 40002060
NO_SUCH_ORDER: Final = 40402001
NO_SUCH_TRACKING: Final = 40403001
"""The sandbox's own, after the pattern of the published ones: HTTP status, then product, then number."""


class BiteshipError(Exception):
    """An answer other than success; the HTTP status is the code's first three digits."""

    def __init__(self, code: int, message: str, details: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details


def error_body(status: int, error_code: str | None, message: str) -> bytes:
    code = int(error_code) if error_code else status * 100_000 + 1
    return msgspec.json.encode({"success": False, "error": message, "code": code})


def answer_error(_: Request[Any, Any, Any], error: BiteshipError) -> Response[dict[str, object]]:
    body: dict[str, object] = {"success": False, "error": error.message, "code": error.code}
    if error.details is not None:
        body["details"] = error.details
    return Response(body, status_code=error.code // 100_000)


async def read_json(request: Request[Any, Any, Any], shape: type[Shape], code: int) -> Shape:
    """The request's body in its declared shape; raises BiteshipError with the given code."""
    try:
        return msgspec.json.decode(await request.body(), type=shape)
    except msgspec.DecodeError as error:
        raise BiteshipError(code, str(error)) from error


def require_key(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard; the key stands in ``authorization``, alone or after Bearer. Raises 401."""
    sandbox: Sandbox = connection.app.state.sandbox
    key = connection.headers.get("authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(key.encode(), sandbox.settings.biteship_api_key.encode()):
        raise BiteshipError(AUTHORIZATION_FAILED, "Authorization failed")
