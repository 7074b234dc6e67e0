"""The contract of whatsapp: messages by approved template, at once or queued."""

from __future__ import annotations

from uuid import UUID

from patungan.kernel.contract import Message, operation
from patungan.kernel.errors import Problem


class SendTemplate(Message, frozen=True):
    """A message by template. ``dedupe_key`` makes a second request answer the first message.

    ``template`` is one of otp, purchase_order, session_success, pickup; ``parameters`` fill it in order.
    """

    phone: str
    template: str
    language: str
    parameters: list[str]
    dedupe_key: str


class SentMessage(Message, frozen=True):
    """A stored message; ``status`` is queued, sent, delivered, read or failed."""

    message_id: UUID
    status: str


send_now = operation("whatsapp", "send-now", SendTemplate, SentMessage, timeout=8.0)
"""Hands the message to WhatsApp before answering, for codes that somebody waits for; raises Undeliverable."""

queue_message = operation("whatsapp", "queue-message", SendTemplate, SentMessage)
"""Stores the message; it is sent with retries. For everything that nobody waits for."""


class Undeliverable(Problem):
    code, status, title = "message_undeliverable", 409, "WhatsApp cannot deliver to this number"


class UnknownTemplate(Problem):
    code, status, title = "unknown_template", 400, "There is no such message template"
