"""Errors that reach a caller: one base with a stable code and a status, rendered as RFC 9457 problem+json at the edge."""

from __future__ import annotations

from typing import Any, ClassVar

_BY_CODE: dict[str, type[Problem]] = {}


class Problem(Exception):
    """A business error: something the caller asked for cannot be done, and nothing changed.

    Subclasses name a stable ``code`` and the HTTP ``status``; ``field`` names the input at fault.
    """

    code: ClassVar[str] = "problem"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, detail: str = "", *, field: str | None = None, **data: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.field = field
        self.data = data

    def __init_subclass__(cls) -> None:
        known = _BY_CODE.get(cls.code)
        if known is not None and known.__qualname__ != cls.__qualname__:
            raise TypeError(f"the error code {cls.code!r} is already {known.__qualname__}'s")
        _BY_CODE[cls.code] = cls

    def document(self) -> dict[str, Any]:
        """The problem+json document of RFC 9457."""
        body: dict[str, Any] = {
            "type": f"/docs/problems#{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        if self.field is not None:
            body["field"] = self.field
        return {**body, **({"data": self.data} if self.data else {})}


def problem_from(document: dict[str, Any]) -> Problem | None:
    """The error that a problem+json document stands for, or None for an unknown code."""
    cls = _BY_CODE.get(str(document.get("code")))
    if cls is None:
        return None
    return cls(str(document.get("detail", "")), field=document.get("field"), **document.get("data", {}))


def known_problems() -> dict[str, type[Problem]]:
    """Every declared error by code, for the documentation and its test."""
    return dict(_BY_CODE)


class InvalidInput(Problem):
    code, status, title = "invalid_input", 400, "The input is not valid"


class IdempotencyKeyRequired(Problem):
    code, status, title = "idempotency_key_required", 400, "This request needs an Idempotency-Key header"


class IdempotencyKeyReused(Problem):
    code, status, title = "idempotency_key_reused", 409, "This idempotency key was used with another input"


class IdempotencyAnswerLost(Problem):
    code, status, title = (
        "idempotency_answer_lost",
        409,
        "This was carried out before, but its answer is lost: look at the result",
    )


class Unauthenticated(Problem):
    code, status, title = "unauthenticated", 401, "Sign in first"


class TokenExpired(Problem):
    code, status, title = "token_expired", 401, "The token has expired"


class Forbidden(Problem):
    code, status, title = "forbidden", 403, "This is not open to you"


class NotFound(Problem):
    code, status, title = "not_found", 404, "There is nothing here"


class MethodNotAllowed(Problem):
    code, status, title = "method_not_allowed", 405, "This path does not take that method"


class Conflict(Problem):
    code, status, title = "conflict", 409, "The present state does not allow this"


class PayloadTooLarge(Problem):
    code, status, title = "payload_too_large", 413, "The request body is too large"


class ImageRefused(Problem):
    code, status, title = "image_refused", 400, "This is no picture that can be shown"


class RateLimited(Problem):
    code, status, title = "rate_limited", 429, "Too many requests"


class InternalError(Problem):
    code, status, title = "internal_error", 500, "Something went wrong on our side"


class Unavailable(Problem):
    """An operational failure of this moment: the database or a peer does not answer. Nothing changed; try again."""

    code, status, title = "service_unavailable", 503, "The service is not available at the moment"


class RemoteCallError(Unavailable):
    """A call to another service failed without an answer: it may have happened. Only retry-safe operations are retried."""

    code, title = "remote_call_failed", "Another service did not answer in time"


class CallInsideTransaction(AssertionError):
    """A bug: a network call inside a database transaction would hold its locks as long as the peer pleases."""
