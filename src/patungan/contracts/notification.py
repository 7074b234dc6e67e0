"""The contract of notification: SMS as a fallback for codes. In-app notifications are written from other services' events."""

from __future__ import annotations

from uuid import UUID

from patungan.kernel.contract import Message, operation


class SendSms(Message, frozen=True):
    """A text message; ``dedupe_key`` makes a second request answer the first one."""

    phone: str
    text: str
    dedupe_key: str


class SentSms(Message, frozen=True):
    delivery_id: UUID


send_sms = operation("notification", "send-sms", SendSms, SentSms, timeout=8.0)
