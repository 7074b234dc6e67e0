"""What people answer over WhatsApp: buttons, reasons, wishes for silence, texts for support; pace, and sending again."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from patungan.contracts import whatsapp as contract
from patungan.kernel.errors import InvalidInput
from patungan.kernel.identity import Role
from tests.alone import Alone, alone
from tests.house import Servers

from .test_whatsapp import phone, row, until

APP_SECRET = "app-secret-of-the-tests"
SEND = {"provider": "whatsapp", "operation": "send_message"}


@pytest.fixture(scope="module")
async def service(servers: Servers, template: str) -> AsyncIterator[Alone]:
    async with alone(
        "whatsapp",
        servers,
        template,
        {
            "WHATSAPP_API_TOKEN": "whatsapp-tests",
            "WHATSAPP_APP_SECRET": APP_SECRET,
            "WHATSAPP_MESSAGES_PER_SECOND": "5",
        },
        {
            "whatsapp_api_token": "whatsapp-tests",
            "whatsapp_app_secret": APP_SECRET,
            "whatsapp_callback_url": "{service}/api/whatsapp/webhook",
            "whatsapp_step_delay": 600,
        },
        {"WHATSAPP_API_URL": "/whatsapp"},
        worker=True,
    ) as started:
        yield started


def order(to: str, *payloads: str, key: str | None = None) -> contract.SendTemplate:
    return contract.SendTemplate(
        phone=to,
        template="purchase_order",
        language="id",
        parameters=["PO-20261123-ABCDE", "M 22", "30 November 2026"],
        dedupe_key=key or f"po:{uuid4()}",
        buttons=[contract.ReplyButton(payload=each, asks_reason=each.startswith("reject")) for each in payloads],
    )


async def sent(service: Alone, to: str) -> tuple[UUID, str, str, dict[str, Any]]:
    """An order with buttons that reached the factory: its id, its two payloads, and what the sandbox has."""
    confirm, reject = f"confirm:{uuid4().hex}", f"reject:{uuid4().hex}"
    queued = await service.context.call(contract.queue_message, order(to, confirm, reject))
    await until(service, queued.message_id, status="sent")
    (message,) = await service.messages(to)
    assert message["replies"] == [confirm, reject]
    assert confirm not in message["text"]
    return queued.message_id, confirm, reject, message


async def act(service: Alone, path: str, body: dict[str, Any]) -> dict[str, Any]:
    response = await service.client.post(f"{service.sandbox_url}/_sandbox/{path}", json=body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + 20
    while not await holds():
        assert time.monotonic() < deadline, "it did not come about in time"
        await asyncio.sleep(0.05)


async def events(service: Alone, kind: str, **wanted: str) -> list[dict[str, Any]]:
    rows = await service.context.db.fetch("select payload from events where type = $1 order by position", kind)
    bodies = [json.loads(each["payload"]) for each in rows]
    return [each for each in bodies if all(each[name] == value for name, value in wanted.items())]


async def inbound(service: Alone, **params: Any) -> list[dict[str, Any]]:
    response = await service.client.get(
        f"{service.url}/api/whatsapp/inbound-messages", params=params, headers=service.signed_in(Role.ADMIN)
    )
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["items"]
    return items


async def tell(service: Alone, message: dict[str, Any], secret: str = APP_SECRET) -> int:
    value = {"messaging_product": "whatsapp", "messages": [message]}
    body = json.dumps({"entry": [{"changes": [{"field": "messages", "value": value}]}]}).encode()
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    response = await service.client.post(
        f"{service.url}/api/whatsapp/webhook", content=body, headers={"X-Hub-Signature-256": f"sha256={digest}"}
    )
    return response.status_code


def pressed(sender: str, payload: str, **other: Any) -> dict[str, Any]:
    return {
        "from": sender.lstrip("+"),
        "id": f"wamid.{uuid4()}",
        "timestamp": str(int(time.time())),
        "type": "button",
        "button": {"text": "Konfirmasi", "payload": payload},
        **other,
    }


async def test_a_pressed_button_is_told_once(service: Alone) -> None:
    to = phone()
    message_id, confirm, _reject, message = await sent(service, to)
    await act(service, f"messages/{message['id']}/press", {"button": 0})

    async def told() -> bool:
        return len(await events(service, "whatsapp.button_pressed", payload=confirm)) == 1

    await eventually(told)
    (event,) = await events(service, "whatsapp.button_pressed", payload=confirm)
    assert event["message_id"] == str(message_id)
    (kept,) = await inbound(service, phone=to)
    assert (kept["kind"], kept["outcome"], kept["message_id"]) == ("button", "answer", str(message_id))
    again = pressed(to, confirm)
    assert await asyncio.gather(*(tell(service, again) for _ in range(4))) == [200] * 4
    assert len(await events(service, "whatsapp.button_pressed", payload=confirm)) == 2
    assert await tell(service, pressed(to, confirm), "another secret") == 403
    assert len(await events(service, "whatsapp.button_pressed", payload=confirm)) == 2


async def test_a_button_counts_only_from_the_number_that_it_went_to(service: Alone) -> None:
    to, stranger = phone(), phone()
    _id, confirm, _reject, _message = await sent(service, to)
    for message in (pressed(stranger, confirm), pressed(to, "confirm:guessed"), pressed("15551234567", confirm)):
        assert await tell(service, message) == 200
    assert await events(service, "whatsapp.button_pressed", payload=confirm) == []
    assert [each["outcome"] for each in await inbound(service, phone=stranger)] == ["unknown_button"]
    interactive = {
        **pressed(to, ""),
        "type": "interactive",
        "interactive": {"type": "button_reply", "button_reply": {"id": confirm, "title": "Konfirmasi"}},
    }
    del interactive["button"]
    assert await tell(service, interactive) == 200
    assert len(await events(service, "whatsapp.button_pressed", payload=confirm)) == 1


async def test_a_rejection_asks_for_its_reason(service: Alone) -> None:
    to = phone()
    _id, confirm, reject, message = await sent(service, to)
    await act(service, f"messages/{message['id']}/press", {"button": 1})

    async def asked() -> bool:
        return "alasan penolakan" in (await service.messages(to))[0]["text"]

    await eventually(asked)
    await act(service, "whatsapp/inbound", {"phone": to, "text": "Bahan baku\nhabis"})

    async def given() -> bool:
        return [each["reason"] for each in await events(service, "whatsapp.reason_given", payload=reject)] == [
            "Bahan baku, habis"
        ]

    await eventually(given)
    await act(service, "whatsapp/inbound", {"phone": to, "text": "Halo, ada orang?"})

    async def kept() -> bool:
        return [each["outcome"] for each in await inbound(service, phone=to)] == ["free", "reason", "answer"]

    await eventually(kept)
    assert len(await events(service, "whatsapp.reason_given", payload=reject)) == 1
    (free,) = await inbound(service, phone=to, outcome="free", handled="false")
    assert (free["text"], free["phone"]) == ("Halo, ada orang?", f"{to[:6]}{'*' * (len(to) - 9)}{to[-3:]}")
    path = f"{service.url}/api/whatsapp/inbound-messages/{free['id']}/handled"
    first, second = [
        await service.client.post(path, headers={**service.signed_in(Role.ADMIN), "Idempotency-Key": str(uuid4())})
        for _ in range(2)
    ]
    assert first.json()["handled_by"] == second.json()["handled_by"] is not None
    assert await inbound(service, phone=to, outcome="free", handled="false") == []

    # Who confirms after all is asked for no reason any more, and one that comes a day late is only a text.
    assert await tell(service, pressed(to, reject)) == 200
    assert await tell(service, pressed(to, confirm)) == 200
    await act(service, "whatsapp/inbound", {"phone": to, "text": "Sudah kami mulai"})
    assert await tell(service, pressed(to, reject)) == 200
    service.later(hours=25)
    await act(service, "whatsapp/inbound", {"phone": to, "text": "Terlambat"})

    async def late() -> bool:
        return len(await inbound(service, phone=to, outcome="free")) == 3

    await eventually(late)
    assert len(await events(service, "whatsapp.reason_given", payload=reject)) == 1


async def test_who_wants_no_messages_gets_none_but_codes(service: Alone) -> None:
    to = phone()
    await act(service, "whatsapp/inbound", {"phone": to, "text": " Berhenti. "})

    async def out() -> bool:
        return [each["outcome"] for each in await inbound(service, phone=to)] == ["opt_out"]

    await eventually(out)
    queued = await service.context.call(contract.queue_message, order(to, key=f"po:{to}"))
    found = await until(service, queued.message_id, status="failed")
    assert (found["failure"], await service.messages(to)) == ("opted out", [])
    (failed,) = await events(service, "whatsapp.message_failed", dedupe_key=f"po:{to}")
    assert (failed["failure"], failed["template"]) == ("opted out", "purchase_order")
    code = contract.SendTemplate(phone=to, template="otp", language="id", parameters=["135790"], dedupe_key=f"otp:{to}")
    assert (await service.context.call(contract.send_now, code)).status == "sent"
    await act(service, "whatsapp/inbound", {"phone": to, "text": "MULAI"})

    async def wanted() -> bool:
        return [each["outcome"] for each in await inbound(service, phone=to, outcome="opt_in")] == ["opt_in"]

    await eventually(wanted)
    path = f"{service.url}/api/whatsapp/messages/{queued.message_id}/resend"
    headers = {**service.signed_in(Role.ADMIN), "Idempotency-Key": str(uuid4())}
    answers = [await service.client.post(path, headers=headers) for _ in range(2)]
    assert [each.status_code for each in answers] == [202, 202]
    await until(service, queued.message_id, status="sent")
    assert len(await service.messages(to)) == 2
    refused = await service.client.post(path, headers={**headers, "Idempotency-Key": str(uuid4())})
    assert (refused.status_code, refused.json()["code"]) == (409, "message_not_resendable")
    unknown = await service.client.post(
        f"{service.url}/api/whatsapp/messages/{uuid4()}/resend", headers={**headers, "Idempotency-Key": str(uuid4())}
    )
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")


async def test_a_limit_of_one_receiver_holds_up_no_other(service: Alone) -> None:
    crowded, free = phone(), phone()
    await service.faults({**SEND, "action": "fail", "status": 400, "error_code": "131056", "times": 1})
    held = await service.context.call(contract.queue_message, order(crowded))
    found = await until(service, held.message_id, attempts=1, claimed_until=None)
    assert (found["status"], found["error_code"]) == ("queued", "131056")
    other = await service.context.call(contract.queue_message, order(free))
    await until(service, other.message_id, status="sent")
    service.later(seconds=30)
    await until(service, held.message_id, status="sent")
    await service.faults()


async def test_a_limit_of_ours_pauses_everything_as_long_as_whatsapp_asks(service: Alone) -> None:
    first, second = phone(), phone()
    limit = {**SEND, "action": "fail", "status": 429, "error_code": "130429", "retry_after": 120, "times": 1}
    await service.faults(limit)
    held = await service.context.call(contract.queue_message, order(first))
    await until(service, held.message_id, attempts=1, claimed_until=None)
    other = await service.context.call(contract.queue_message, order(second))
    found = await until(service, other.message_id, attempts=0, claimed_until=None)
    await asyncio.sleep(1.5)
    found = await row(service, other.message_id)
    assert (found["status"], found["attempts"]) == ("queued", 0)
    service.later(seconds=200)
    for each in (held, other):
        await until(service, each.message_id, status="sent")
    await service.faults()


async def test_messages_go_out_at_the_pace_that_is_set(service: Alone) -> None:
    to = [phone() for _ in range(12)]
    queued = await asyncio.gather(*(service.context.call(contract.queue_message, order(each)) for each in to))
    for each in queued:
        await until(service, each.message_id, status="sent")
    sent_at = sorted([(await row(service, each.message_id))["sent_at"] for each in queued])
    # Twelve at five a second: the last goes out in the third second at the earliest.
    assert (sent_at[-1] - sent_at[0]).total_seconds() > 1.0


async def test_states_by_hand_move_forward_only(service: Alone) -> None:
    to = phone()
    message_id, _confirm, _reject, message = await sent(service, to)
    for status in ("read", "delivered", "sent"):
        await act(service, f"messages/{message['id']}/status", {"status": status})
    found = await until(service, message_id, status="read")

    async def delivered() -> bool:
        return (await row(service, message_id))["delivered_at"] is not None

    await eventually(delivered)
    assert (await row(service, message_id))["status"] == "read"
    assert found["read_at"] is not None


async def test_buttons_that_are_refused(service: Alone) -> None:
    for payloads in (("a",), ("a", "b", "c"), ("a", "a"), ("a", "x" * 129), ("a", "")):
        with pytest.raises(InvalidInput) as caught:
            await service.context.call(contract.queue_message, order(phone(), *payloads))
        assert caught.value.field == "buttons"
    free = contract.SendTemplate(
        phone=phone(), template="reason_request", language="id", parameters=[], dedupe_key=f"x:{uuid4()}"
    )
    with pytest.raises(contract.UnknownTemplate):
        await service.context.call(contract.queue_message, free)


async def test_the_support_desk_is_for_administrators(service: Alone) -> None:
    for method, path in (
        ("GET", "inbound-messages"),
        ("POST", f"inbound-messages/{uuid4()}/handled"),
        ("POST", f"messages/{uuid4()}/resend"),
    ):
        address = f"{service.url}/api/whatsapp/{path}"
        assert (await service.client.request(method, address)).status_code == 401
        for role in (Role.CUSTOMER, Role.FACTORY_OWNER, Role.SELLER, Role.OFFICE_STAFF):
            refused = await service.client.request(method, address, headers=service.signed_in(role))
            assert refused.status_code == 403
    headers = service.signed_in(Role.ADMIN)
    missing = await service.client.post(f"{service.url}/api/whatsapp/messages/{uuid4()}/resend", headers=headers)
    assert missing.json()["code"] == "idempotency_key_required"
    unknown = await service.client.post(
        f"{service.url}/api/whatsapp/inbound-messages/{uuid4()}/handled",
        headers={**headers, "Idempotency-Key": str(uuid4())},
    )
    assert unknown.status_code == 404
