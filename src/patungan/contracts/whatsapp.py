"""The contract of whatsapp: messages by approved template, at once or queued, and what their receivers answer."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel.contract import Message, event, operation
from patungan.kernel.errors import Problem


class ReplyButton(Message, frozen=True):
    """A button of a message: ``payload``, which nobody can guess, comes back when its receiver presses it.

    ``asks_reason``: whoever presses it is asked why, and the next text that they write is the reason.
    """

    payload: str
    asks_reason: bool = False


class SendTemplate(Message, frozen=True):
    """A message by template. ``dedupe_key`` makes a second request answer the first message.

    ``template`` is one of otp, purchase_order, purchase_order_reminder, session_success, pickup; ``parameters`` fill it
    in order, ``buttons`` go with its buttons in order.
    """

    phone: str
    template: str
    language: str
    parameters: list[str]
    dedupe_key: str
    buttons: list[ReplyButton] = msgspec.field(default_factory=list)


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


class MessageNotResendable(Problem):
    code, status, title = "message_not_resendable", 409, "Only a queued message that failed can be sent again"


class UnknownTemplate(Problem):
    code, status, title = "unknown_template", 400, "There is no such message template"


@event("whatsapp", "whatsapp.button_pressed")
class ButtonPressed(Message, frozen=True):
    """The receiver of a message pressed its button, from the number that the message was sent to."""

    message_id: UUID
    payload: str
    pressed_at: datetime


@event("whatsapp", "whatsapp.reason_given")
class ReasonGiven(Message, frozen=True):
    """Who pressed a button that asks for a reason wrote one."""

    payload: str
    reason: str
    given_at: datetime


@event("whatsapp", "whatsapp.message_failed")
class MessageFailed(Message, frozen=True):
    """A queued message will not arrive, unless it is sent again by hand."""

    message_id: UUID
    template: str
    dedupe_key: str
    failure: str
