"""The Graph API's error body, and reading a request into its declared shape."""

from __future__ import annotations

import secrets
from typing import Any, Final, TypeVar

import msgspec
from litestar import Request, Response

Shape = TypeVar("Shape")

TITLES: Final = {
    0: "Authentication Error",
    100: "Invalid parameter",
    190: "Invalid OAuth access token - Cannot parse access token",
    131000: "Something went wrong",
    131008: "Required parameter is missing",
    131009: "Parameter value is not valid",
    131026: "Message undeliverable",
    131047: "Re-engagement message",
    131051: "Unsupported message type",
    132000: "Number of parameters does not match the expected number of params",
    132001: "Template name does not exist in the translation",
}


class GraphError(Exception):
    """An answer other than success; clients are advised to go by ``code`` and ``details``."""

    def __init__(self, status: int, code: int, details: str) -> None:
        super().__init__(details)
        self.status = status
        self.code = code
        self.details = details


def _body(code: int, details: str) -> dict[str, object]:
    title = TITLES.get(code, TITLES[131000])
    return {
        "error": {
            "message": f"(#{code}) {title}",
            "type": "OAuthException",
            "code": code,
            "error_data": {"messaging_product": "whatsapp", "details": details},
            "fbtrace_id": f"A{secrets.token_urlsafe(16)}",
        }
    }


def error_body(_: int, error_code: str | None, message: str) -> bytes:
    return msgspec.json.encode(_body(int(error_code or 131000), message))


def answer_error(_: Request[Any, Any, Any], error: GraphError) -> Response[dict[str, object]]:
    return Response(_body(error.code, error.details), status_code=error.status)


async def read_json(request: Request[Any, Any, Any], shape: type[Shape]) -> Shape:
    """The request's body in its declared shape; raises 131008 for a missing field, 131009 for a bad value."""
    try:
        return msgspec.json.decode(await request.body(), type=shape)
    except msgspec.DecodeError as error:
        raise GraphError(400, 131008 if "missing required" in str(error) else 131009, str(error)) from error
