"""What can go wrong with a provider, kept apart by what it means for money: refused, not sent, or unknown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
_LONG_TOKEN = re.compile(r"(?=[\w.-]*\d)[A-Za-z0-9_.-]{20,}")
_LONG_NUMBER = re.compile(r"\+?\d[\d\s.-]{5,}\d")
_NOTHING: Mapping[str, str] = MappingProxyType({})


def without_personal_data(text: str, limit: int = 200) -> str:
    """A provider's text without e-mail addresses, keys, telephone and account numbers, cut to ``limit`` characters."""
    for pattern in (_EMAIL, _LONG_TOKEN, _LONG_NUMBER):
        text = pattern.sub("***", text)
    return text[:limit]


class ProviderError(Exception):
    """A call to a provider failed; never carries request bodies, credentials or personal data.

    The arguments are positional and all kept in ``args``, so that every subclass survives pickling in a workflow.
    """

    def __init__(self, provider: str, operation: str, reason: str, *more: object) -> None:
        super().__init__(provider, operation, reason, *more)
        self.provider = provider
        self.operation = operation
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.provider} {self.operation}: {self.reason}"


class ProviderRefused(ProviderError):
    """The provider answered no: this request changed nothing.

    ``code`` is the provider's own code; ``details`` what the answer names beside it (such as an earlier order).
    """

    def __init__(
        self,
        provider: str,
        operation: str,
        reason: str,
        status: int,
        code: str,
        details: Mapping[str, str] = _NOTHING,
    ) -> None:
        super().__init__(provider, operation, reason, status, code, dict(details))
        self.status = status
        self.code = code
        self.details = dict(details)

    def __str__(self) -> str:
        return f"{self.provider} {self.operation}: refused with {self.status} {self.code}: {self.reason}"


class ProviderUnavailable(ProviderError):
    """The request certainly had no effect: not sent, turned away for now, or only a read; it may be repeated later.

    ``retry_after`` is the provider's wish in seconds, where it gave one; ``code`` its own code, where it answered.
    """

    def __init__(
        self, provider: str, operation: str, reason: str, retry_after: float | None = None, code: str = ""
    ) -> None:
        super().__init__(provider, operation, reason, retry_after, code)
        self.retry_after = retry_after
        self.code = code


class ProviderOutcomeUnknown(ProviderError):
    """The request may have taken effect: ask the provider (by key or reference) before doing anything else.

    ``status`` and ``code`` are those of the answer, where there was one.
    """

    def __init__(self, provider: str, operation: str, reason: str, status: int | None = None, code: str = "") -> None:
        super().__init__(provider, operation, reason, status, code)
        self.status = status
        self.code = code


class UnreadableCallback(ValueError):
    """A provider's callback is not the JSON that its documentation promises."""
