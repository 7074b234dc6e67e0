"""Every message that was sent, by WhatsApp or SMS, as its receiver would read it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal

import msgspec
import phonenumbers

from patungan.sandbox.clock import iso
from patungan.sandbox.context import Sandbox

SCHEMA: Final = """
create table if not exists messages (
    id integer primary key autoincrement,
    channel text not null check (channel in ('whatsapp', 'sms')),
    provider text not null,
    provider_id text not null unique,
    phone text not null,
    sender text,
    template text,
    language text,
    parameters text not null default '[]',
    text text not null,
    status text not null,
    error_code integer,
    details text not null default '{}',
    due integer,
    created integer not null
) strict;
create index if not exists messages_phone on messages (phone, id);
create index if not exists messages_due on messages (provider, due) where due is not null;
"""

CODE: Final = re.compile(r"(?<![\w.,+/-])\d{6}(?![\w/-]|[.,]\d)")
"""A one-time password: six digits that are no part of an amount, a telephone number or a code."""

Channel = Literal["whatsapp", "sms"]


class _Parameter(msgspec.Struct):
    payload: str | None = None


class _Component(msgspec.Struct):
    sub_type: str | None = None
    index: str | int | None = None
    parameters: list[_Parameter] = []


class _Details(msgspec.Struct):
    components: list[_Component] = []


class Message(msgspec.Struct, kw_only=True):
    """A message as stored; ``due`` is when its status next changes."""

    id: int
    channel: Channel
    provider: str
    provider_id: str
    phone: str
    sender: str | None
    template: str | None
    language: str | None
    parameters: str
    text: str
    status: str
    error_code: int | None
    details: str
    due: int | None
    created: int

    @property
    def replies(self) -> list[str]:
        """What the message's quick-reply buttons send back, in their order."""
        details = msgspec.json.decode(self.details, type=_Details)
        buttons = [each for each in details.components if each.sub_type == "quick_reply"]
        return [
            parameter.payload
            for each in sorted(buttons, key=lambda button: int(button.index or 0))
            for parameter in each.parameters
            if parameter.payload
        ]

    @property
    def code(self) -> str | None:
        """The one-time password in the text, if there is one."""
        found = CODE.search(self.text)
        return found.group() if found else None


def international(number: str, *, region: str | None = None) -> str | None:
    """A telephone number as ``+6281234567890``; None when it can be none. Without a region it needs its country code."""
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def store(
    sandbox: Sandbox,
    *,
    channel: Channel,
    provider: str,
    provider_id: str,
    phone: str,
    text: str,
    status: str,
    sender: str | None = None,
    template: str | None = None,
    language: str | None = None,
    parameters: Sequence[str] = (),
    details: dict[str, object] | None = None,
    due: int | None = None,
) -> None:
    sandbox.store.execute(
        "insert into messages (channel, provider, provider_id, phone, sender, template, language, parameters, text,"
        " status, details, due, created) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *(channel, provider, provider_id, phone, sender, template, language),
        msgspec.json.encode(list(parameters)).decode(),
        *(text, status, msgspec.json.encode(details or {}).decode(), due, sandbox.now()),
    )


def find(sandbox: Sandbox, provider_id: str) -> Message | None:
    return sandbox.store.one(Message, "select * from messages where provider_id = ?", provider_id)


def numbered(sandbox: Sandbox, number: int) -> Message | None:
    return sandbox.store.one(Message, "select * from messages where id = ?", number)


def move(sandbox: Sandbox, message: Message, status: str, *, due: int | None, error_code: int | None = None) -> Message:
    """Give a message its next status; returns it as it is now."""
    sandbox.store.execute(
        "update messages set status = ?, due = ?, error_code = ? where id = ?", status, due, error_code, message.id
    )
    return msgspec.structs.replace(message, status=status, due=due, error_code=error_code)


def due(sandbox: Sandbox, provider: str, limit: int = 200) -> list[Message]:
    """Messages whose status changes now."""
    return sandbox.store.all(
        Message,
        "select * from messages where provider = ? and due <= ? order by due, id limit ?",
        *(provider, sandbox.now(), limit),
    )


def recent(
    sandbox: Sandbox, *, phone: str | None = None, channel: str | None = None, after: int = 0, limit: int = 100
) -> list[Message]:
    """Newest first, those with a number above ``after``; the telephone number in any of its spellings."""
    wanted = None if phone is None else international(phone, region="ID") or phone
    return sandbox.store.all(
        Message,
        "select * from messages where (?1 is null or phone = ?1) and (?2 is null or channel = ?2) and id > ?3"
        " order by id desc limit ?4",
        *(wanted, channel, after, limit),
    )


def rendered(message: Message) -> dict[str, object]:
    return {
        "id": message.id,
        "channel": message.channel,
        "provider": message.provider,
        "provider_id": message.provider_id,
        "phone": message.phone,
        "sender": message.sender,
        "template": message.template,
        "language": message.language,
        "parameters": msgspec.json.decode(message.parameters),
        "text": message.text,
        "code": message.code,
        "replies": message.replies,
        "status": message.status,
        "error_code": message.error_code,
        "created": iso(message.created),
    }
