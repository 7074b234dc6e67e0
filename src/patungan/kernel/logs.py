"""Structured logs, one JSON line an event, with the request's id and without secrets or personal data."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

SENSITIVE_KEYS = re.compile(
    r"pass(word|wd)?|secret|token|otp|api_?key|authorization|cookie|phone|email|address|account_number|nik|npwp|recipient"
)
SENSITIVE_VALUES = re.compile(
    r"(\+62|\b62|\b0)8\d{7,11}\b|xnd_[a-z]+_\w+|eyJ[\w-]+\.[\w-]+\.[\w-]+|[\w.+-]+@[\w-]+\.\w+|://[^/\s:@]+:[^/\s@]+@"
)


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace secrets and personal data in a log event, by key and by the look of the value."""
    for key, value in event.items():
        if SENSITIVE_KEYS.search(key.lower()) and value is not None and not isinstance(value, bool):
            event[key] = "***"
        elif isinstance(value, str):
            event[key] = SENSITIVE_VALUES.sub("***", value)
    return event


def configure(level: str = "info") -> None:
    """Send structlog and the standard library's log to standard output as JSON lines."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("httpx", "httpcore", "_granian", "granian.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("dbos").setLevel(logging.ERROR)


def logger(service: str) -> structlog.stdlib.BoundLogger:
    """A logger whose every line names the service as the guide does."""
    bound: structlog.stdlib.BoundLogger = structlog.get_logger().bind(service=f"{service}-service")
    return bound
