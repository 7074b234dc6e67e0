"""Xendit's error body, and reading a request into its declared shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec
from litestar import Request, Response

Shape = TypeVar("Shape")

CODE_OF_STATUS: Final = {
    400: "API_VALIDATION_ERROR",
    401: "INVALID_API_KEY",
    403: "REQUEST_FORBIDDEN_ERROR",
    404: "DATA_NOT_FOUND",
    409: "DUPLICATE_ERROR",
    429: "RATE_LIMIT_EXCEEDED",
}


class FieldProblem(msgspec.Struct):
    """One line of a validation error's ``errors``."""

    path: str
    message: str


class XenditError(Exception):
    """An answer other than success: HTTP status, Xendit's code, and what is wrong with which field."""

    def __init__(self, status: int, error_code: str, message: str, problems: list[FieldProblem] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.error_code = error_code
        self.message = message
        self.problems = problems


def invalid(path: str, message: str) -> XenditError:
    """400 API_VALIDATION_ERROR about one field."""
    return XenditError(400, "API_VALIDATION_ERROR", message, [FieldProblem(path, message)])


def error_body(status: int, error_code: str | None, message: str) -> bytes:
    return msgspec.json.encode(
        {"error_code": error_code or CODE_OF_STATUS.get(status, "SERVER_ERROR"), "message": message}
    )


def answer_error(_: Request[Any, Any, Any], error: XenditError) -> Response[dict[str, object]]:
    body: dict[str, object] = {"error_code": error.error_code, "message": error.message}
    if error.problems:
        body["errors"] = [msgspec.to_builtins(problem) for problem in error.problems]
    return Response(body, status_code=error.status)


async def read_json(request: Request[Any, Any, Any], shape: type[Shape]) -> Shape:
    """The request's body in its declared shape; raises API_VALIDATION_ERROR that names the field."""
    try:
        return msgspec.json.decode(await request.body(), type=shape)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        raise invalid(path.rstrip("`").lstrip(".") or "body", message) from error
    except msgspec.DecodeError as error:
        raise invalid("body", f"The request body is not valid JSON: {error}") from error


def whole_rupiah(path: str, amount: float) -> int:
    """Rupiah have no minor unit: 185000 and 185000.0 are amounts, 185000.5 is not."""
    if amount != int(amount):
        raise invalid(path, f"{path} must be a whole number for IDR")
    return int(amount)


def query_value(request: Request[Any, Any, Any], name: str) -> str | None:
    value: str | None = request.query_params.get(name)
    return value or None


def query_list(request: Request[Any, Any, Any], name: str) -> list[str]:
    """A repeated parameter, or one JSON array or comma list: the official clients use all three."""
    found: list[str] = []
    for text in request.query_params.getall(name, []):
        if text.startswith("["):
            try:
                found += msgspec.json.decode(text, type=list[str])
            except msgspec.DecodeError as error:
                raise invalid(name, f"{name} is not a list of texts") from error
        else:
            found += [part.strip() for part in text.split(",") if part.strip()]
    return found


def query_parsed(request: Request[Any, Any, Any], name: str, parse: Callable[[str], int]) -> int | None:
    """A number or a time of the query string; raises API_VALIDATION_ERROR when it cannot be read."""
    text = query_value(request, name)
    if text is None:
        return None
    try:
        return parse(text)
    except ValueError as error:
        raise invalid(name, f"{name} is not valid: {text}") from error


def query_limit(request: Request[Any, Any, Any], *, default: int = 10, most: int = 100) -> int:
    limit = query_parsed(request, "limit", lambda text: int(float(text)))
    if limit is None:
        return default
    if not 1 <= limit <= most:
        raise invalid("limit", f"limit must be between 1 and {most}")
    return limit
