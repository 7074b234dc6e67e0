"""The WhatsApp Cloud API: messages as Meta wants them, errors by code, proofs and news."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from patungan.providers.errors import ProviderOutcomeUnknown, ProviderUnavailable, UnreadableCallback
from patungan.providers.http import Pacing
from patungan.providers.whatsapp import (
    InboundKind,
    MessageState,
    MessageStatus,
    SentMessage,
    Trouble,
    WhatsApp,
    WhatsAppRefused,
    answer_challenge,
    parse_inbound,
    parse_statuses,
    trouble_of,
    verify_signature,
)

if TYPE_CHECKING:
    from tests.providers.conftest import FaultyServer

ACCEPTED = {
    "messaging_product": "whatsapp",
    "contacts": [{"input": "6281234567890", "wa_id": "6281234567890"}],
    "messages": [{"id": "wamid.1", "message_status": "accepted"}],
}


def error(code: int, message: str = "no", details: str = "") -> dict[str, object]:
    return {"error": {"message": message, "type": "OAuthException", "code": code, "error_data": {"details": details}}}


@pytest.fixture
def whatsapp(server: FaultyServer, pacing: Pacing) -> WhatsApp:
    return WhatsApp("token", "1055", pacing, base_url=f"{server.url}/whatsapp")


async def test_a_template_with_body_and_button(server: FaultyServer, whatsapp: WhatsApp) -> None:
    server.answer(200, ACCEPTED)

    sent = await whatsapp.send_template(
        "+6281234567890", "order_paid", "id", ["Sari", "Rp 185.000"], button="ord-7", reference="msg-1"
    )

    assert sent == SentMessage(id="wamid.1", message_status="accepted")
    (request,) = server.received
    assert (request.method, request.path) == ("POST", "/whatsapp/v23.0/1055/messages")
    assert request.headers["authorization"] == "Bearer token"
    assert request.json == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "6281234567890",
        "type": "template",
        "template": {
            "name": "order_paid",
            "language": {"code": "id"},
            "components": [
                {
                    "type": "body",
                    "parameters": [{"type": "text", "text": "Sari"}, {"type": "text", "text": "Rp 185.000"}],
                },
                {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "ord-7"}]},
            ],
        },
        "biz_opaque_callback_data": "msg-1",
    }


async def test_a_template_without_parameters_and_a_text(server: FaultyServer, whatsapp: WhatsApp) -> None:
    server.answer(200, ACCEPTED)
    await whatsapp.send_template("6281234567890", "hello", "id")
    server.answer(200, {"messages": [{"id": "wamid.2"}]})
    assert await whatsapp.send_text("6281234567890", "Halo") == SentMessage(id="wamid.2")

    template, text = (json.loads(request.body) for request in server.received)
    assert template["template"] == {"name": "hello", "language": {"code": "id"}}
    assert "biz_opaque_callback_data" not in template
    assert (text["type"], text["text"]) == ("text", {"body": "Halo", "preview_url": False})


async def test_a_text_has_a_length(whatsapp: WhatsApp) -> None:
    for text in ("", "x" * 4097):
        with pytest.raises(ValueError, match="1 to 4096 characters"):
            await whatsapp.send_text("6281234567890", text)


async def test_a_refusal_is_grouped_by_its_code(server: FaultyServer, whatsapp: WhatsApp) -> None:
    server.answer(400, error(131047, "(#131047) Re-engagement message", "more than 24 hours"))
    with pytest.raises(WhatsAppRefused) as caught:
        await whatsapp.send_text("6281234567890", "Halo")
    assert (caught.value.status, caught.value.code) == (400, "131047")
    assert caught.value.trouble is Trouble.OUTSIDE_SERVICE_WINDOW
    assert caught.value.reason == "(#131047) Re-engagement message more than 24 hours"

    server.answer(400, error(131026))
    with pytest.raises(WhatsAppRefused) as caught:
        await whatsapp.send_text("6281234567890", "Halo")
    assert caught.value.trouble is Trouble.NOT_DELIVERABLE


async def test_rate_limits_are_known_by_code_and_lost_messages_stay_unknown(
    server: FaultyServer, whatsapp: WhatsApp
) -> None:
    for code in (4, 80007, 130429, 131048, 131056, 131064):
        server.answer(400, error(code))
        with pytest.raises(ProviderUnavailable):
            await whatsapp.send_text("6281234567890", "Halo")
    server.answer(500, error(131000))
    with pytest.raises(ProviderOutcomeUnknown):
        await whatsapp.send_text("6281234567890", "Halo")
    server.answer(200, {"messages": []})
    with pytest.raises(ProviderOutcomeUnknown):
        await whatsapp.send_text("6281234567890", "Halo")


def test_codes_have_their_meaning() -> None:
    assert {code: trouble_of(code) for code in (190, 210, 368, 100, 130472, 131030, 131042, 131053, 132001, 999)} == {
        190: Trouble.AUTHENTICATION,
        210: Trouble.PERMISSION,
        368: Trouble.BLOCKED,
        100: Trouble.PARAMETER,
        130472: Trouble.WITHHELD,
        131030: Trouble.RECIPIENT_NOT_ALLOWED,
        131042: Trouble.ACCOUNT,
        131053: Trouble.MEDIA,
        132001: Trouble.TEMPLATE,
        999: Trouble.OTHER,
    }
    assert trouble_of("") is Trouble.OTHER


def test_the_challenge_is_answered_to_the_right_token_only() -> None:
    query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "ours"}
    assert answer_challenge(query, "ours") == "1158201444"
    assert answer_challenge(query, "other") is None
    assert answer_challenge(query | {"hub.verify_token": ""}, "") is None
    assert answer_challenge(query | {"hub.mode": "unsubscribe"}, "ours") is None
    assert answer_challenge({}, "ours") is None


def test_the_signature_needs_its_prefix_and_the_raw_body() -> None:
    body = b'{"object":"whatsapp_business_account"}'
    digest = hmac.new(b"app-secret", body, hashlib.sha256).hexdigest()
    assert verify_signature("app-secret", body, f"sha256={digest}")
    assert not verify_signature("app-secret", body, digest)
    assert not verify_signature("app-secret", body + b" ", f"sha256={digest}")
    assert not verify_signature("app-secret", body, None)
    assert not verify_signature("", body, f"sha256={hmac.new(b'', body, hashlib.sha256).hexdigest()}")


def callback(value: object, field: str = "messages") -> bytes:
    document = {
        "object": "whatsapp_business_account",
        "entry": [{"id": "1", "changes": [{"field": field, "value": value}]}],
    }
    return json.dumps(document).encode()


def test_statuses_become_news() -> None:
    statuses = [
        {"id": "wamid.1", "status": "delivered", "timestamp": "1795402800", "recipient_id": "6281234567890"},
        {
            "id": "wamid.2",
            "status": "failed",
            "timestamp": "1795402801",
            "recipient_id": "6281234567890",
            "biz_opaque_callback_data": "msg-2",
            "errors": [{"code": 131026, "title": "Message undeliverable"}],
        },
        {"id": "wamid.3", "status": "warmed", "timestamp": "1795402802"},
    ]
    news = parse_statuses(callback({"messaging_product": "whatsapp", "metadata": {}, "statuses": statuses}))
    assert news == [
        MessageStatus(message_id="wamid.1", state=MessageState.DELIVERED, at=datetime(2026, 11, 23, 3, 0, tzinfo=UTC)),
        MessageStatus(
            message_id="wamid.2",
            state=MessageState.FAILED,
            at=datetime(2026, 11, 23, 3, 0, 1, tzinfo=UTC),
            reference="msg-2",
            error_codes=(131026,),
        ),
        MessageStatus(message_id="wamid.3", state=MessageState.UNKNOWN, at=datetime(2026, 11, 23, 3, 0, 2, tzinfo=UTC)),
    ]
    assert [status.trouble for status in news] == [None, Trouble.NOT_DELIVERABLE, None]
    assert news[0].dedupe_key == "whatsapp:wamid.1:delivered"


def test_other_news_is_passed_over_and_nonsense_is_an_error() -> None:
    inbound = {
        "messaging_product": "whatsapp",
        "messages": [
            {"from": "62812", "id": "wamid.9", "type": "text", "timestamp": "1764000000", "text": {"body": "halo"}},
            {"from": "62812", "id": "wamid.10", "type": "sticker", "timestamp": "1764000001"},
        ],
    }
    assert parse_statuses(callback(inbound)) == []
    text, sticker = parse_inbound(callback(inbound))
    assert (text.sender, text.id, text.kind, text.text) == ("+62812", "wamid.9", InboundKind.TEXT, "halo")
    assert (sticker.kind, sticker.text, sticker.payload) == (InboundKind.OTHER, "", "")
    assert "halo" not in repr(text)
    assert parse_statuses(callback({"event": "APPROVED"}, field="message_template_status_update")) == []
    for body in (b"", b"[]", callback({"statuses": [{"id": 1}]})):
        with pytest.raises(UnreadableCallback):
            parse_statuses(body)
