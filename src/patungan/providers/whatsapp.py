"""The WhatsApp Business Cloud API: template and text messages, its errors by code, and its callbacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Self
from urllib.parse import quote

import msgspec

from patungan.providers.errors import ProviderRefused, UnreadableCallback
from patungan.providers.http import Call, Deadlines, Effect, Fault, JsonClient, Observation, Pacing, no_observer
from patungan.providers.messages import Private, Status
from patungan.providers.signatures import same_secret, verify_hmac_sha256

BASE_URL = "https://graph.facebook.com"
API_VERSION = "v23.0"
LONGEST_TEXT = 4096
_SIGNATURE_PREFIX = "sha256="


class Trouble(StrEnum):
    """What an error code means for us; Meta advises to judge by the code, not by the text."""

    AUTHENTICATION = "authentication"
    PERMISSION = "permission"
    RATE_LIMIT = "rate limit"
    BLOCKED = "blocked"
    PARAMETER = "parameter"
    NOT_DELIVERABLE = "not deliverable"
    OUTSIDE_SERVICE_WINDOW = "outside the 24-hour service window"
    WITHHELD = "withheld by WhatsApp or the user"
    RECIPIENT_NOT_ALLOWED = "recipient not allowed"
    ACCOUNT = "account"
    UNAVAILABLE = "unavailable"
    MEDIA = "media"
    TEMPLATE = "template"
    OTHER = "other"


_CODES: dict[Trouble, frozenset[int]] = {
    Trouble.AUTHENTICATION: frozenset({0, 190}),
    Trouble.PERMISSION: frozenset({3, 10, 131005, *range(200, 300)}),
    Trouble.RATE_LIMIT: frozenset({4, 80007, 130429, 131048, 131056, 131064}),
    Trouble.BLOCKED: frozenset({368, 131031, 130497}),
    Trouble.PARAMETER: frozenset({100, 131008, 131009, 131051}),
    Trouble.NOT_DELIVERABLE: frozenset({131026}),
    Trouble.OUTSIDE_SERVICE_WINDOW: frozenset({131047}),
    Trouble.WITHHELD: frozenset({130472, 131049, 131050}),
    Trouble.RECIPIENT_NOT_ALLOWED: frozenset({131021, 131030}),
    Trouble.ACCOUNT: frozenset({131037, 131042, 131045}),
    Trouble.UNAVAILABLE: frozenset({131000, 131016, 131057}),
    Trouble.MEDIA: frozenset({131052, 131053}),
    Trouble.TEMPLATE: frozenset({132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016}),
}
_TROUBLE = {code: trouble for trouble, codes in _CODES.items() for code in codes}


class WhatsAppRefused(ProviderRefused):
    """WhatsApp did not take the message; ``trouble`` groups its many codes."""

    @property
    def trouble(self) -> Trouble:
        return trouble_of(self.code)


class SentMessage(msgspec.Struct, frozen=True, kw_only=True):
    """An accepted message: ``id`` is what the status callbacks name; accepted does not mean delivered."""

    id: str
    message_status: str = "accepted"


class BusinessNumber(msgspec.Struct, frozen=True, kw_only=True):
    """The number we send from, as Meta knows it; a quality of RED comes before a limit or a block."""

    id: str
    display_phone_number: str = ""
    verified_name: str = ""
    quality_rating: str = ""


class MessageState(Status):
    """``delivered`` may be skipped when a message is read at once, and the order of arrival is not kept."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    PLAYED = "played"
    FAILED = "failed"
    UNKNOWN = "unknown"


class MessageStatus(msgspec.Struct, frozen=True, kw_only=True):
    """News of a sent message; ``reference`` is what we gave when sending. The recipient's number is left out."""

    message_id: str
    state: MessageState
    at: datetime
    reference: str = ""
    error_codes: tuple[int, ...] = ()

    @property
    def dedupe_key(self) -> str:
        """The same for every delivery of this news: the message's id with its state."""
        return f"whatsapp:{self.message_id}:{self.state}"

    @property
    def trouble(self) -> Trouble | None:
        """Why a failed message failed, by its first error; None when no error is named."""
        return trouble_of(self.error_codes[0]) if self.error_codes else None


class InboundKind(StrEnum):
    """What somebody sent us; everything but texts and pressed buttons is other."""

    TEXT = "text"
    BUTTON = "button"
    OTHER = "other"


class InboundMessage(Private, frozen=True, kw_only=True):
    """What somebody wrote to us, or the button of a message of ours that they pressed; ``answers`` is that message's id."""

    id: str
    sender: str
    at: datetime
    kind: InboundKind
    text: str = ""
    payload: str = ""
    answers: str = ""


PAIR_LIMIT = "131056"
"""Too many messages to this one receiver: the others may go on."""


class WhatsApp:
    """Sends messages from one business telephone number.

    Raises WhatsAppRefused, ProviderUnavailable or ProviderOutcomeUnknown. There is no idempotency key: a message whose
    outcome is unknown may arrive twice if it is sent again, and its ``reference`` comes back with its status if it did go out.
    """

    def __init__(
        self,
        access_token: str,
        phone_number_id: str,
        pacing: Pacing,
        *,
        base_url: str = BASE_URL,
        version: str = API_VERSION,
        deadlines: Deadlines | None = None,
        observe: Callable[[Observation], None] = no_observer,
    ) -> None:
        self._number_path = f"/{version}/{quote(phone_number_id, safe='')}"
        self._client = JsonClient(
            "whatsapp",
            base_url,
            pacing,
            read_fault=read_fault,
            refused=WhatsAppRefused,
            headers={"authorization": f"Bearer {access_token}"},
            deadlines=deadlines,
            observe=observe,
        )

    @property
    def client(self) -> JsonClient:
        return self._client

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def get_number(self) -> BusinessNumber:
        """Our number's standing: shows that the token and the connection work, without sending anything."""
        call = Call(operation="get number", method="GET", path=self._number_path, effect=Effect.READ)
        return await self._client.send(call, BusinessNumber)

    async def send_template(
        self,
        to: str,
        template: str,
        language: str,
        body: Sequence[str] = (),
        *,
        button: str = "",
        replies: Sequence[str] = (),
        reference: str = "",
    ) -> SentMessage:
        """Send an approved template to a number such as ``6281234567890``, at any time.

        ``body`` fills its numbered places, ``button`` the end of its first button's address (or the code to copy);
        ``replies`` are what its quick-reply buttons, in their order, send back when they are pressed.
        """
        components: list[dict[str, object]] = []
        if body:
            components.append({"type": "body", "parameters": [_text(value) for value in body]})
        if button:
            components.append({"type": "button", "sub_type": "url", "index": "0", "parameters": [_text(button)]})
        components += [
            {
                "type": "button",
                "sub_type": "quick_reply",
                "index": str(index),
                "parameters": [{"type": "payload", "payload": payload}],
            }
            for index, payload in enumerate(replies)
        ]
        content: dict[str, object] = {"name": template, "language": {"code": language}}
        if components:
            content["components"] = components
        return await self._send("send template", to, reference, "template", content)

    async def send_text(self, to: str, text: str, *, preview_url: bool = False, reference: str = "") -> SentMessage:
        """Send free text of 4,096 characters at most; refused outside 24 hours after the person's last message."""
        if not 1 <= len(text) <= LONGEST_TEXT:
            raise ValueError(f"a WhatsApp text has 1 to {LONGEST_TEXT} characters")
        return await self._send("send text", to, reference, "text", {"body": text, "preview_url": preview_url})

    async def _send(self, operation: str, to: str, reference: str, kind: str, content: object) -> SentMessage:
        message: dict[str, object] = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": to.removeprefix("+"),
            "type": kind,
            kind: content,
        }
        if reference:
            message["biz_opaque_callback_data"] = reference
        path = f"{self._number_path}/messages"
        call = Call(operation=operation, method="POST", path=path, effect=Effect.WRITE, json=message)
        return (await self._client.send(call, _SendAnswer)).messages[0]


def trouble_of(code: int | str) -> Trouble:
    """What an error code means for us, from an answer or from a failed message's status."""
    try:
        return _TROUBLE.get(int(code), Trouble.OTHER)
    except ValueError:
        return Trouble.OTHER


def read_fault(body: bytes) -> Fault:
    """The Graph API's error; its rate limits come with 400 as well as with 429, so the code decides."""
    try:
        error = msgspec.json.decode(body, type=_ErrorBody).error
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Fault()
    details = error.error_data.details if error.error_data else ""
    return Fault(
        code=str(error.code),
        message=f"{error.message} {details}".strip(),
        try_later=trouble_of(error.code) in (Trouble.RATE_LIMIT, Trouble.UNAVAILABLE),
    )


def answer_challenge(query: Mapping[str, str], verify_token: str) -> str | None:
    """What to answer, with 200, to Meta's verification of the callback's address; None means 403."""
    if query.get("hub.mode") != "subscribe" or not same_secret(verify_token, query.get("hub.verify_token")):
        return None
    return query.get("hub.challenge")


def verify_signature(app_secret: str, raw_body: bytes, header: str | None) -> bool:
    """Whether ``X-Hub-Signature-256`` is ``sha256=`` and the hex HMAC-SHA256 of the raw body by the app's secret."""
    if header is None or not header.startswith(_SIGNATURE_PREFIX):
        return False
    return verify_hmac_sha256(app_secret, raw_body, header.removeprefix(_SIGNATURE_PREFIX))


def parse_statuses(raw: bytes) -> list[MessageStatus]:
    """The news of our messages in a callback; none where it brings messages of other people. Raises UnreadableCallback."""
    try:
        callback = msgspec.json.decode(raw, type=_Callback, strict=False)
    except msgspec.DecodeError:
        raise UnreadableCallback("the callback is not one of WhatsApp's") from None
    return [
        MessageStatus(
            message_id=status.id,
            state=status.status,
            at=datetime.fromtimestamp(status.timestamp, UTC),
            reference=status.biz_opaque_callback_data,
            error_codes=tuple(error.code for error in status.errors),
        )
        for entry in callback.entry
        for change in entry.changes
        if change.field == "messages"
        for status in change.value.statuses
    ]


def parse_inbound(raw: bytes) -> list[InboundMessage]:
    """What people sent us in a callback. Raises UnreadableCallback."""
    try:
        callback = msgspec.json.decode(raw, type=_Callback, strict=False)
    except msgspec.DecodeError:
        raise UnreadableCallback("the callback is not one of WhatsApp's") from None
    return [
        _inbound(message)
        for entry in callback.entry
        for change in entry.changes
        if change.field == "messages"
        for message in change.value.messages
    ]


def _inbound(message: _Inbound) -> InboundMessage:
    kind, text, payload = InboundKind.OTHER, "", ""
    if message.text is not None:
        kind, text = InboundKind.TEXT, message.text.body
    elif message.button is not None:
        kind, text, payload = InboundKind.BUTTON, message.button.text, message.button.payload
    elif message.interactive is not None and message.interactive.button_reply is not None:
        pressed = message.interactive.button_reply
        kind, text, payload = InboundKind.BUTTON, pressed.title, pressed.id
    return InboundMessage(
        id=message.id,
        sender=f"+{message.sender.lstrip('+')}",
        at=datetime.fromtimestamp(message.timestamp, UTC),
        kind=kind,
        text=text,
        payload=payload,
        answers=message.context.id if message.context is not None else "",
    )


def _text(value: str) -> dict[str, str]:
    return {"type": "text", "text": value}


class _SendAnswer(msgspec.Struct, frozen=True):
    messages: Annotated[tuple[SentMessage, ...], msgspec.Meta(min_length=1)]


class _ErrorData(msgspec.Struct, frozen=True):
    details: str = ""


class _Error(msgspec.Struct, frozen=True):
    code: int
    message: str = ""
    error_data: _ErrorData | None = None


class _ErrorBody(msgspec.Struct, frozen=True):
    error: _Error


class _StatusError(msgspec.Struct, frozen=True):
    code: int


class _Status(Private, frozen=True):
    id: str
    status: MessageState
    timestamp: int
    biz_opaque_callback_data: str = ""
    errors: tuple[_StatusError, ...] = ()


class _TextBody(Private, frozen=True):
    body: str = ""


class _Button(Private, frozen=True):
    text: str = ""
    payload: str = ""


class _ButtonReply(Private, frozen=True):
    id: str = ""
    title: str = ""


class _Interactive(Private, frozen=True):
    button_reply: _ButtonReply | None = None


class _Answered(msgspec.Struct, frozen=True):
    id: str = ""


class _Inbound(Private, frozen=True):
    id: str
    timestamp: int
    sender: str = msgspec.field(name="from")
    text: _TextBody | None = None
    button: _Button | None = None
    interactive: _Interactive | None = None
    context: _Answered | None = None


class _Value(Private, frozen=True):
    statuses: tuple[_Status, ...] = ()
    messages: tuple[_Inbound, ...] = ()


class _Change(msgspec.Struct, frozen=True):
    field: str
    value: _Value


class _Entry(msgspec.Struct, frozen=True):
    changes: tuple[_Change, ...] = ()


class _Callback(msgspec.Struct, frozen=True):
    entry: tuple[_Entry, ...] = ()
