"""Sending: what WhatsApp takes, refuses at once or cannot deliver, and the service window that free texts need."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Annotated, Final

import msgspec

from patungan.sandbox import messages
from patungan.sandbox.callbacks import Callback
from patungan.sandbox.context import Sandbox
from patungan.sandbox.messages import Message
from patungan.sandbox.settings import SandboxSettings
from patungan.sandbox.whatsapp import templates
from patungan.sandbox.whatsapp.errors import TITLES, GraphError
from patungan.sandbox.whatsapp.templates import Component

SCHEMA: Final = """
create table if not exists whatsapp_windows (
    phone text primary key,
    last_inbound integer not null
) strict;
"""

SERVICE_WINDOW: Final = 24 * 3600 * 1000
UNDELIVERABLE_ENDING: Final = "0000"
"""A number that ends so has no WhatsApp: refused at once with 131026."""
LATE_FAILURE_ENDING: Final = "0001"
"""A number that ends so is accepted, and fails with 131026 by webhook."""
BUSINESS_ACCOUNT: Final = "100000000000001"
DISPLAY_NUMBER: Final = "6281100003900"

STATUSES: Final = ("sent", "delivered", "read", "failed")
NEXT_STATUS: Final = {"accepted": "sent", "sent": "delivered", "delivered": "read"}


class TextBody(msgspec.Struct):
    body: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
    preview_url: bool = False


class Language(msgspec.Struct):
    code: str


class TemplateMessage(msgspec.Struct):
    name: str
    language: Language
    components: list[Component] = []


class SendMessage(msgspec.Struct, kw_only=True):
    messaging_product: str
    to: str
    type: str = "text"
    recipient_type: str = "individual"
    text: TextBody | None = None
    template: TemplateMessage | None = None
    biz_opaque_callback_data: str | None = None


class Inbound(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a receiver answers: a text, or the button of a message (``context`` is that message's id)."""

    phone: str
    text: str | None = None
    button_text: str | None = None
    button_payload: str | None = None
    interactive: bool = False
    """Whether the button is one of an interactive message instead of a template's quick reply."""
    context: str | None = None
    phone_number_id: str = "1"


def send(sandbox: Sandbox, phone_number_id: str, wanted: SendMessage) -> dict[str, object]:
    """Take a message for delivery; raises GraphError with WhatsApp's codes."""
    if wanted.messaging_product != "whatsapp":
        raise GraphError(400, 100, "messaging_product must be whatsapp")
    phone = messages.international(f"+{wanted.to.lstrip('+')}")
    if phone is None:
        raise GraphError(400, 131009, f"{wanted.to} is not a telephone number with its country code")
    text, parameters = _content(sandbox, phone, wanted)
    if phone.endswith(UNDELIVERABLE_ENDING):
        raise GraphError(400, 131026, "The receiver is not on WhatsApp, or can not be reached there")
    message_id = f"wamid.{base64.b64encode(secrets.token_bytes(30)).decode()}"
    messages.store(
        sandbox,
        channel="whatsapp",
        provider="whatsapp",
        provider_id=message_id,
        phone=phone,
        sender=phone_number_id,
        template=wanted.template.name if wanted.template else None,
        language=wanted.template.language.code if wanted.template else None,
        parameters=parameters,
        text=text,
        status="accepted",
        details={
            "biz_opaque_callback_data": wanted.biz_opaque_callback_data,
            "components": msgspec.to_builtins(wanted.template.components) if wanted.template else [],
        },
        due=_next_step(sandbox),
    )
    accepted: dict[str, object] = {"id": message_id}
    if wanted.template is not None:
        accepted["message_status"] = "accepted"
    contact = {"input": wanted.to, "wa_id": phone.lstrip("+")}
    return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [accepted]}


def _content(sandbox: Sandbox, phone: str, wanted: SendMessage) -> tuple[str, list[str]]:
    match wanted.type:
        case "template" if wanted.template is not None:
            template = wanted.template
            text = templates.filled(sandbox, template.name, template.language.code, template.components)
            return text, [
                parameter.shown
                for component in template.components
                if component.type.lower() == "body"
                for parameter in component.parameters
            ]
        case "text" if wanted.text is not None:
            opened = sandbox.store.number("select last_inbound from whatsapp_windows where phone = ?", phone)
            if opened <= sandbox.now() - SERVICE_WINDOW:
                raise GraphError(400, 131047, "More than 24 hours have passed since the receiver last wrote")
            return wanted.text.body, []
        case "template" | "text":
            raise GraphError(400, 131008, f"The parameter {wanted.type} is required")
        case _:
            raise GraphError(400, 131051, f"The sandbox does not send messages of the type {wanted.type}")


def _next_step(sandbox: Sandbox) -> int:
    return sandbox.now() + round(sandbox.settings.whatsapp_step_delay * 1000)


def progress(sandbox: Sandbox) -> None:
    """Move the messages that are under way one status on, each told by webhook."""
    for message in messages.due(sandbox, "whatsapp"):
        with sandbox.store.transaction():
            if message.status == "sent" and message.phone.endswith(LATE_FAILURE_ENDING):
                _announce(sandbox, messages.move(sandbox, message, "failed", due=None, error_code=131026))
                continue
            status = NEXT_STATUS[message.status]
            following = _next_step(sandbox) if status in NEXT_STATUS else None
            _announce(sandbox, messages.move(sandbox, message, status, due=following))


def _announce(sandbox: Sandbox, message: Message) -> None:
    details: dict[str, object] = msgspec.json.decode(message.details)
    status: dict[str, object] = {
        "id": message.provider_id,
        "status": message.status,
        "timestamp": str(sandbox.now() // 1000),
        "recipient_id": message.phone.lstrip("+"),
    }
    if details.get("biz_opaque_callback_data"):
        status["biz_opaque_callback_data"] = details["biz_opaque_callback_data"]
    if message.error_code is not None:
        title = TITLES[message.error_code]
        problem = {"code": message.error_code, "title": title, "message": title, "error_data": {"details": title}}
        status["errors"] = [problem]
    _post(sandbox, f"status.{message.status}", message.provider_id, message.sender or "", {"statuses": [status]})


def receive(sandbox: Sandbox, inbound: Inbound) -> str:
    """A receiver writes back: opens the service window and posts the webhook; returns the new message's id."""
    phone = messages.international(inbound.phone, region="ID")
    if phone is None:
        raise GraphError(400, 131009, f"{inbound.phone} is not a telephone number")
    message_id = f"wamid.{base64.b64encode(secrets.token_bytes(30)).decode()}"
    wa_id = phone.lstrip("+")
    message: dict[str, object] = {"from": wa_id, "id": message_id, "timestamp": str(sandbox.now() // 1000)}
    if inbound.button_text is not None and inbound.interactive:
        reply = {"id": inbound.button_payload or inbound.button_text, "title": inbound.button_text}
        message |= {"type": "interactive", "interactive": {"type": "button_reply", "button_reply": reply}}
    elif inbound.button_text is not None:
        button = {"text": inbound.button_text, "payload": inbound.button_payload or inbound.button_text}
        message |= {"type": "button", "button": button}
    else:
        message |= {"type": "text", "text": {"body": inbound.text or ""}}
    if inbound.context is not None:
        message["context"] = {"from": DISPLAY_NUMBER, "id": inbound.context}
    contact = {"profile": {"name": phone}, "wa_id": wa_id}
    with sandbox.store.transaction():
        sandbox.store.execute(
            "insert into whatsapp_windows (phone, last_inbound) values (?, ?)"
            " on conflict (phone) do update set last_inbound = excluded.last_inbound",
            *(phone, sandbox.now()),
        )
        value: dict[str, object] = {"contacts": [contact], "messages": [message]}
        _post(sandbox, "message.received", message_id, inbound.phone_number_id, value)
    return message_id


def press(sandbox: Sandbox, message: Message, number: int) -> str:
    """The receiver presses a quick-reply button of a message, counted from 0; returns the new message's id.

    Raises GraphError where the message has no such button.
    """
    if not 0 <= number < len(message.replies):
        raise GraphError(400, 131009, f"The message has no button {number}")
    payload = message.replies[number]
    return receive(
        sandbox,
        Inbound(
            phone=message.phone,
            button_text=payload.split(":", 1)[0],
            button_payload=payload,
            context=message.provider_id,
            phone_number_id=message.sender or "1",
        ),
    )


def set_status(sandbox: Sandbox, message: Message, status: str) -> Message:
    """Bring a message to a status by hand, and tell it by webhook; what would follow by itself no longer does."""
    if status not in STATUSES:
        raise GraphError(400, 131009, f"A message is not {status}")
    with sandbox.store.transaction():
        moved = messages.move(sandbox, message, status, due=None, error_code=131026 if status == "failed" else None)
        _announce(sandbox, moved)
    return moved


def _post(sandbox: Sandbox, event: str, object_id: str, phone_number_id: str, value: dict[str, object]) -> None:
    metadata = {"display_phone_number": DISPLAY_NUMBER, "phone_number_id": phone_number_id}
    change = {"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": metadata} | value}
    body = {"object": "whatsapp_business_account", "entry": [{"id": BUSINESS_ACCOUNT, "changes": [change]}]}
    url = sandbox.settings.whatsapp_callback_url
    sandbox.outbox.enqueue("whatsapp", event, object_id, url, msgspec.json.encode(body))


def sign(settings: SandboxSettings, callback: Callback) -> dict[str, str]:
    digest = hmac.new(settings.whatsapp_app_secret.encode(), callback.body, hashlib.sha256).hexdigest()
    return {"x-hub-signature-256": f"sha256={digest}"}
