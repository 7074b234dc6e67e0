"""Whatsapp with its worker against the sandbox: messages at once and queued, WhatsApp's faults, and its callbacks."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from patungan.contracts import whatsapp as contract
from patungan.kernel.errors import InvalidInput, Problem, Unavailable
from patungan.kernel.identity import Role
from tests.alone import Alone, alone
from tests.house import Servers

APP_SECRET = "app-secret-of-the-tests"
VERIFY_TOKEN = "verify-token-of-the-tests"
_numbers = itertools.count(1)

REFUSED_FOR_NOW = {"provider": "whatsapp", "operation": "send_message", "action": "fail", "status": 400}
DOWN = {**REFUSED_FOR_NOW, "error_code": "131016"}
EXPIRED_TOKEN = {**REFUSED_FOR_NOW, "status": 401, "error_code": "190"}
UNKNOWN_TEMPLATE = {**REFUSED_FOR_NOW, "status": 404, "error_code": "132001"}
NO_ANSWER = {"provider": "whatsapp", "operation": "send_message", "action": "timeout_before"}
LOST_ANSWER = {"provider": "whatsapp", "operation": "send_message", "action": "timeout_after"}
COUNTING = {"provider": "whatsapp", "operation": "send_message", "action": "delay", "probability": 0}


@pytest.fixture(scope="module")
async def service(servers: Servers, template: str) -> AsyncIterator[Alone]:
    async with alone(
        "whatsapp",
        servers,
        template,
        {
            "WHATSAPP_API_TOKEN": "whatsapp-tests",
            "WHATSAPP_PHONE_NUMBER_ID": "106540352242922",
            "WHATSAPP_APP_SECRET": APP_SECRET,
            "WHATSAPP_VERIFY_TOKEN": VERIFY_TOKEN,
        },
        {
            "whatsapp_api_token": "whatsapp-tests",
            "whatsapp_app_secret": APP_SECRET,
            "whatsapp_callback_url": "{service}/api/whatsapp/webhook",
            "whatsapp_step_delay": 0.05,
        },
        {"WHATSAPP_API_URL": "/whatsapp"},
        worker=True,
    ) as started:
        yield started


@pytest.fixture(autouse=True)
async def fair_weather(service: Alone) -> AsyncIterator[None]:
    """Each test begins without faults and with a closed circuit."""
    yield
    await service.faults()
    service.later(minutes=1)
    await service.context.call(contract.send_now, otp(phone()))


def phone(ending: str = "") -> str:
    return f"+62813{next(_numbers):05d}{ending or '2707'}"


def otp(to: str, code: str = "135790", key: str | None = None) -> contract.SendTemplate:
    return contract.SendTemplate(
        phone=to, template="otp", language="id", parameters=[code], dedupe_key=key or f"otp:{uuid4()}"
    )


def order(to: str, key: str | None = None) -> contract.SendTemplate:
    return contract.SendTemplate(
        phone=to,
        template="purchase_order",
        language="id",
        parameters=["PO-20261123-ABCDE", "M 22\nXL 7", "30 November 2026"],
        dedupe_key=key or f"po:{uuid4()}",
    )


async def row(service: Alone, message_id: UUID) -> dict[str, Any]:
    connection = await service.owner()
    try:
        found = await connection.fetchrow("select * from whatsapp.messages where id = $1", message_id)
        assert found is not None
        return dict(found)
    finally:
        await connection.close()


async def count(service: Alone) -> int:
    connection = await service.owner()
    try:
        return int(await connection.fetchval("select count(*) from whatsapp.messages"))
    finally:
        await connection.close()


async def until(service: Alone, message_id: UUID, **expected: Any) -> dict[str, Any]:
    """The message's row once it has these values."""
    deadline = time.monotonic() + 15
    while True:
        found = await row(service, message_id)
        if all(found[name] == value for name, value in expected.items()):
            return found
        assert time.monotonic() < deadline, (expected, found)
        await asyncio.sleep(0.03)


async def refusal(service: Alone, operation: Any, request: contract.SendTemplate) -> Problem:
    with pytest.raises(Problem) as caught:
        await service.context.call(operation, request)
    return caught.value


async def test_a_code_is_handed_over_before_the_answer_and_stored_nowhere(service: Alone) -> None:
    to = phone()
    sent = await service.context.call(contract.send_now, otp(to, "424242"))
    assert sent.status == "sent"
    (message,) = await service.messages(to)
    assert (message["template"], message["language"], message["code"]) == ("otp", "id", "424242")
    assert message["sender"] == "106540352242922"
    stored = await row(service, sent.message_id)
    assert (stored["phone"], stored["status"], stored["attempts"]) == (to, "sent", 1)
    assert stored["parameters"] == []
    assert "424242" not in str(stored)


async def test_a_queued_message_is_delivered_and_its_news_arrive(service: Alone) -> None:
    to = phone()
    queued = await service.context.call(contract.queue_message, order(to))
    assert queued.status == "queued"
    found = await until(service, queued.message_id, status="read")
    (message,) = await service.messages(to)
    assert message["parameters"] == ["PO-20261123-ABCDE", "M 22, XL 7", "30 November 2026"]
    assert found["provider_id"] == message["provider_id"]
    assert (found["attempts"], found["failure"], found["next_attempt_at"]) == (1, None, None)
    assert None not in (found["sent_at"], found["delivered_at"], found["read_at"])
    assert found["failed_at"] is None


async def test_a_key_sends_once_however_often_and_at_once_it_is_used(service: Alone) -> None:
    to, key = phone(), f"otp:{uuid4()}"
    answers = await asyncio.gather(*(service.context.call(contract.send_now, otp(to, key=key)) for _ in range(10)))
    assert len({answer.message_id for answer in answers}) == 1
    assert {answer.status for answer in answers} <= {"sent", "delivered", "read"}
    assert len(await service.messages(to)) == 1
    to, key = phone(), f"po:{uuid4()}"
    stored = await asyncio.gather(*(service.context.call(contract.queue_message, order(to, key)) for _ in range(10)))
    assert len({answer.message_id for answer in stored}) == 1
    await until(service, stored[0].message_id, status="read")
    again = await service.context.call(contract.queue_message, order(to, key))
    assert again == contract.SentMessage(message_id=stored[0].message_id, status="read")
    assert len(await service.messages(to)) == 1


async def test_a_number_without_whatsapp_is_undeliverable_and_not_tried_again(service: Alone) -> None:
    to, key = phone("0000"), f"otp:{uuid4()}"
    await service.faults(COUNTING)
    for _ in range(2):
        assert isinstance(await refusal(service, contract.send_now, otp(to, key=key)), contract.Undeliverable)
    assert await service.asked() == [1]
    assert await service.messages(to) == []
    queued = await service.context.call(contract.queue_message, order(to))
    found = await until(service, queued.message_id, status="failed")
    assert (found["failure"], found["error_code"], found["attempts"]) == ("not deliverable", "131026", 1)
    assert found["failed_at"] is not None
    service.later(hours=1)
    await asyncio.sleep(1.3)
    assert await service.asked() == [2]


async def test_a_failure_that_whatsapp_tells_later_is_kept(service: Alone) -> None:
    sent = await service.context.call(contract.send_now, otp(phone("0001")))
    assert sent.status == "sent"
    found = await until(service, sent.message_id, status="failed")
    assert (found["failure"], found["error_code"]) == ("not deliverable", "131026")
    assert found["sent_at"] is not None


async def test_while_whatsapp_is_away_a_code_is_refused_and_the_same_key_may_come_again(service: Alone) -> None:
    to, key = phone(), f"otp:{uuid4()}"
    await service.faults(DOWN)
    problem = await refusal(service, contract.send_now, otp(to, key=key))
    assert type(problem) is Unavailable
    connection = await service.owner()
    stored = await connection.fetchrow("select id, status, failure from whatsapp.messages where dedupe_key = $1", key)
    await connection.close()
    assert stored is not None
    assert (stored["status"], stored["failure"]) == ("failed", "unavailable")
    await service.faults()
    sent = await service.context.call(contract.send_now, otp(to, key=key))
    assert (sent.message_id, sent.status) == (stored["id"], "sent")
    assert (await row(service, sent.message_id))["attempts"] == 2
    assert len(await service.messages(to)) == 1


@pytest.mark.parametrize("fault", [DOWN, EXPIRED_TOKEN], ids=["away", "expired token"])
async def test_a_queued_message_waits_out_what_is_not_its_fault(service: Alone, fault: dict[str, Any]) -> None:
    to = phone()
    await service.faults(fault)
    queued = await service.context.call(contract.queue_message, order(to))
    for attempt in (1, 2):
        found = await until(service, queued.message_id, attempts=attempt, claimed_until=None)
        assert (found["status"], found["error_code"] is None) == ("queued", fault is DOWN)
        assert found["next_attempt_at"] > service.clock.now()
        if attempt == 2:
            await service.faults()
        service.later(seconds=30)
    found = await until(service, queued.message_id, status="read")
    assert (found["attempts"], found["error_code"]) == (3, None)
    assert len(await service.messages(to)) == 1


async def test_a_message_that_is_stale_is_given_up(service: Alone) -> None:
    await service.faults(DOWN)
    queued = await service.context.call(contract.queue_message, order(phone()))
    await until(service, queued.message_id, attempts=1, claimed_until=None)
    service.later(hours=24)
    found = await until(service, queued.message_id, status="failed")
    assert (found["failure"], found["attempts"], found["next_attempt_at"]) == ("unavailable", 2, None)


async def test_a_template_that_is_not_registered_fails_at_once(service: Alone) -> None:
    await service.faults(UNKNOWN_TEMPLATE)
    queued = await service.context.call(contract.queue_message, order(phone()))
    found = await until(service, queued.message_id, status="failed")
    assert (found["failure"], found["error_code"], found["attempts"]) == ("template", "132001", 1)


async def test_a_lost_answer_sends_a_code_once_and_its_sender_takes_another_way(service: Alone) -> None:
    to, key = phone(), f"otp:{uuid4()}"
    await service.faults(LOST_ANSWER)
    assert type(await refusal(service, contract.send_now, otp(to, key=key))) is Unavailable
    await service.faults()
    assert len(await service.messages(to)) == 1
    connection = await service.owner()
    message_id = await connection.fetchval("select id from whatsapp.messages where dedupe_key = $1", key)
    await connection.close()
    # WhatsApp's news names our reference: the message did go out.
    found = await until(service, message_id, status="read")
    assert (found["failure"], found["failed_at"]) == (None, None)
    assert found["provider_id"] == (await service.messages(to))[0]["provider_id"]
    sent = await service.context.call(contract.send_now, otp(to, key=key))
    assert sent == contract.SentMessage(message_id=message_id, status="read")
    assert len(await service.messages(to)) == 1


async def test_a_lost_answer_to_a_queued_message_is_made_up_by_its_news(service: Alone) -> None:
    to = phone()
    await service.faults(LOST_ANSWER)
    queued = await service.context.call(contract.queue_message, order(to))
    found = await until(service, queued.message_id, status="read")
    assert (found["attempts"], found["unknown_outcomes"], found["next_attempt_at"]) == (1, 1, None)
    service.later(minutes=10)
    await asyncio.sleep(1.3)
    assert len(await service.messages(to)) == 1


async def test_three_unknown_outcomes_are_enough(service: Alone) -> None:
    to = phone()
    await service.faults(NO_ANSWER)
    queued = await service.context.call(contract.queue_message, order(to))
    for attempt in (1, 2):
        found = await until(service, queued.message_id, unknown_outcomes=attempt, claimed_until=None)
        assert found["status"] == "queued"
        service.later(seconds=100)
    found = await until(service, queued.message_id, status="failed")
    assert (found["failure"], found["attempts"]) == ("outcome unknown", 3)
    assert await service.messages(to) == []


async def test_a_message_whose_process_died_is_sent_by_another(service: Alone) -> None:
    to = phone()
    await service.faults(DOWN)
    queued = await service.context.call(contract.queue_message, order(to))
    await until(service, queued.message_id, attempts=1, claimed_until=None)
    connection = await service.owner()
    claimed_until = service.clock.now() + timedelta(seconds=15)
    await connection.execute(
        "update whatsapp.messages set claimed_until = $2, next_attempt_at = $3 where id = $1",
        queued.message_id,
        claimed_until,
        service.clock.now(),
    )
    await connection.close()
    await service.faults()
    await until(service, queued.message_id, next_attempt_at=None)
    assert await service.messages(to) == []
    service.later(seconds=15)
    await until(service, queued.message_id, status="read")
    assert len(await service.messages(to)) == 1


async def test_a_message_of_an_earlier_template_fails_and_does_not_wait_for_ever(service: Alone) -> None:
    to = phone()
    await service.faults(DOWN)
    queued = await service.context.call(contract.queue_message, order(to))
    await until(service, queued.message_id, attempts=1, claimed_until=None)
    connection = await service.owner()
    await connection.execute(
        "update whatsapp.messages set parameters = parameters[:2] where id = $1", queued.message_id
    )
    await connection.close()
    await service.faults()
    service.later(minutes=1)
    found = await until(service, queued.message_id, status="failed")
    assert (found["failure"], found["attempts"]) == ("template changed", 2)
    assert await service.messages(to) == []


async def test_codes_whose_process_died_do_not_stay_queued(service: Alone) -> None:
    begun = [await service.context.call(contract.send_now, otp(phone())) for _ in range(3)]
    for sent in begun:
        await until(service, sent.message_id, status="read")
    never, cut_off, under_way = [sent.message_id for sent in begun]
    connection = await service.owner()
    for message_id, attempts, claimed in ((never, 0, None), (cut_off, 1, -1), (under_way, 1, 3600)):
        await connection.execute(
            "update whatsapp.messages set status = 'queued', attempts = $2, claimed_until = $3 where id = $1",
            message_id,
            attempts,
            None if claimed is None else service.clock.now() + timedelta(seconds=60 + claimed),
        )
    await connection.close()
    service.later(seconds=60)
    assert (await until(service, never, status="failed"))["failure"] == "unavailable"
    assert (await until(service, cut_off, status="failed"))["failure"] == "outcome unknown"
    assert (await row(service, under_way))["status"] == "queued"
    service.later(hours=1)
    assert (await until(service, under_way, status="failed"))["failure"] == "outcome unknown"


async def test_what_cannot_be_sent_is_refused_and_not_stored(service: Alone) -> None:
    before = await count(service)
    good = order(phone())
    bad: list[tuple[contract.SendTemplate, str, str]] = [
        (contract.SendTemplate(**{**_fields(good), "phone": "+14155550100"}), "invalid_input", "phone"),
        (contract.SendTemplate(**{**_fields(good), "template": "greeting"}), "unknown_template", "template"),
        (contract.SendTemplate(**{**_fields(good), "language": "jv"}), "unknown_template", "language"),
        (contract.SendTemplate(**{**_fields(good), "parameters": ["PO-1"]}), "invalid_input", "parameters"),
        (contract.SendTemplate(**{**_fields(good), "dedupe_key": ""}), "invalid_input", "dedupe_key"),
        (contract.SendTemplate(**{**_fields(good), "dedupe_key": "x" * 201}), "invalid_input", "dedupe_key"),
    ]
    for request, code, field in bad:
        for operation in (contract.send_now, contract.queue_message):
            problem = await refusal(service, operation, request)
            assert (problem.code, problem.field) == (code, field)
    problem = await refusal(service, contract.queue_message, otp(phone()))
    assert (type(problem), problem.field) == (InvalidInput, "template")
    assert await count(service) == before


def _fields(request: contract.SendTemplate) -> dict[str, Any]:
    return {name: getattr(request, name) for name in request.__struct_fields__}


async def test_the_webhooks_address_is_confirmed_to_whom_knows_the_token(service: Alone) -> None:
    path = f"{service.url}/api/whatsapp/webhook"
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": VERIFY_TOKEN}
    confirmed = await service.client.get(path, params=asked)
    assert (confirmed.status_code, confirmed.text) == (200, "1158201444")
    assert confirmed.headers["content-type"].startswith("text/plain")
    for wrong in ({**asked, "hub.verify_token": "x"}, {**asked, "hub.mode": "unsubscribe"}, {}):
        refused = await service.client.get(path, params=wrong)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


def news(message_id: str, state: str, at: datetime, **other: Any) -> dict[str, Any]:
    told = {"id": message_id, "status": state, "timestamp": str(int(at.timestamp())), "recipient_id": "62", **other}
    change = {"field": "messages", "value": {"messaging_product": "whatsapp", "statuses": [told]}}
    return {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}


async def tell(service: Alone, body: bytes, secret: str = APP_SECRET) -> tuple[int, dict[str, Any]]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    response = await service.client.post(
        f"{service.url}/api/whatsapp/webhook", content=body, headers={"X-Hub-Signature-256": f"sha256={digest}"}
    )
    return response.status_code, response.json()


async def test_news_count_once_in_any_order_and_only_when_signed(service: Alone) -> None:
    sent = await service.context.call(contract.send_now, otp(phone()))
    await until(service, sent.message_id, status="read")
    connection = await service.owner()
    try:
        provider_id = f"wamid.{uuid4()}"
        await connection.execute(
            "update whatsapp.messages set status = 'sent', delivered_at = null, read_at = null, provider_id = $2"
            " where id = $1",
            sent.message_id,
            provider_id,
        )
    finally:
        await connection.close()
    now = service.clock.now().replace(microsecond=0)
    read = json.dumps(news(provider_id, "read", now)).encode()
    for body, secret in ((read, "another secret"), (read, "")):
        status, answer = await tell(service, body, secret)
        assert (status, answer["code"]) == (403, "forbidden")
    unsigned = await service.client.post(f"{service.url}/api/whatsapp/webhook", content=read)
    assert unsigned.status_code == 403
    assert (await row(service, sent.message_id))["status"] == "sent"

    assert await tell(service, read) == (200, {"known": 1})
    assert (await row(service, sent.message_id))["read_at"] == now
    later = now + timedelta(minutes=1)
    for state in ("delivered", "sent", "read", "failed", "a state of tomorrow"):
        expected = 0 if state == "a state of tomorrow" else 1
        assert await tell(service, json.dumps(news(provider_id, state, later)).encode()) == (200, {"known": expected})
    found = await row(service, sent.message_id)
    assert (found["status"], found["read_at"], found["delivered_at"]) == ("read", now, later)
    assert (found["failure"], found["failed_at"]) == (None, None)


async def test_callbacks_that_are_not_about_our_messages_change_nothing(service: Alone) -> None:
    foreign = news("wamid.unknown", "read", service.clock.now(), biz_opaque_callback_data="not one of ours")
    assert await tell(service, json.dumps(foreign).encode()) == (200, {"known": 0})
    inbound = await service.client.post(
        f"{service.sandbox_url}/_sandbox/whatsapp/inbound", json={"phone": phone(), "text": "halo"}
    )
    assert inbound.status_code == 200
    deadline = time.monotonic() + 10
    while True:
        listed = await service.client.get(
            f"{service.sandbox_url}/_sandbox/callbacks", params={"object_id": inbound.json()["id"]}
        )
        (callback,) = listed.json()["callbacks"]
        if callback["last_status"] is not None:
            break
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    assert callback["last_status"] == 200
    status, answer = await tell(service, b"{")
    assert (status, answer["code"]) == (400, "invalid_input")


async def test_administrators_see_messages_with_masked_numbers_and_no_codes(service: Alone) -> None:
    admin = service.signed_in(Role.ADMIN)
    to, refused = "+6281398765432", phone("0000")
    await service.context.call(contract.send_now, otp(to, "867530"))
    queued = await service.context.call(contract.queue_message, order(to))
    await refusal(service, contract.send_now, otp(refused))
    await until(service, queued.message_id, status="read")

    async def listed(**params: Any) -> dict[str, Any]:
        response = await service.client.get(f"{service.url}/api/whatsapp/messages", params=params, headers=admin)
        assert response.status_code == 200, response.text
        assert to not in response.text
        assert "867530" not in response.text
        found: dict[str, Any] = response.json()
        return found

    first = await listed(limit=1, page=2)
    assert (first["page"], first["limit"], len(first["items"])) == (2, 1, 1)
    (item,) = first["items"]
    assert (item["id"], item["phone"]) == (str(queued.message_id), "+62813*****432")
    assert item["text"] == (
        "Pesanan pembelian baru PO-20261123-ABCDE dari Patungan.\nJumlah: M 22, XL 7.\n"
        "Diperlukan paling lambat 30 November 2026.\nMohon jawab dengan tombol di bawah ini atau di portal pabrik."
    )
    failed = await listed(status="failed", template="otp")
    assert {(each["status"], each["template"], each["text"]) for each in failed["items"]} == {("failed", "otp", None)}
    assert failed["items"][0]["failure"] == "not deliverable"
    assert (await listed(template="pickup"))["total"] == 0
    for wrong in ({"limit": 101}, {"page": 0}, {"status": "lost"}):
        response = await service.client.get(f"{service.url}/api/whatsapp/messages", params=wrong, headers=admin)
        assert (response.status_code, response.json()["code"]) == (400, "invalid_input")


async def test_the_desk_is_for_administrators(service: Alone) -> None:
    for path in ("messages", "status", "templates"):
        address = f"{service.url}/api/whatsapp/{path}"
        assert (await service.client.get(address)).status_code == 401
        for role in (Role.CUSTOMER, Role.FACTORY_OWNER, Role.SELLER, Role.OFFICE_STAFF):
            assert (await service.client.get(address, headers=service.signed_in(role))).status_code == 403
    listed = await service.client.get(f"{service.url}/api/whatsapp/templates", headers=service.signed_in(Role.ADMIN))
    items = listed.json()["items"]
    assert {(each["name"], each["language"]) for each in items} == {
        (name, language)
        for name in ("otp", "purchase_order", "purchase_order_reminder", "session_success", "pickup")
        for language in ("id", "en")
    }
    assert next(each for each in items if each["name"] == "otp")["category"] == "AUTHENTICATION"


async def test_the_circuit_opens_and_is_seen(service: Alone) -> None:
    admin = service.signed_in(Role.ADMIN)

    async def standing() -> dict[str, Any]:
        response = await service.client.get(f"{service.url}/api/whatsapp/status", headers=admin)
        found: dict[str, Any] = response.json()
        return found

    before = await standing()
    assert (before["configured"], before["circuit"], before["queued"]) == (True, "closed", 0)
    await service.faults(NO_ANSWER)
    for _ in range(5):
        assert type(await refusal(service, contract.send_now, otp(phone()))) is Unavailable
    after = await standing()
    assert (after["circuit"], after["failed"]) == ("open", before["failed"] + 5)
    assert await service.asked() == [5]
    assert type(await refusal(service, contract.send_now, otp(phone()))) is Unavailable
    assert await service.asked() == [5]
    queued = await service.context.call(contract.queue_message, order(phone()))
    await until(service, queued.message_id, attempts=1, claimed_until=None)
    waiting = await standing()
    assert (waiting["queued"], waiting["oldest_queued_at"] is None) == (1, False)
    await service.faults()
    service.later(minutes=1)
    await until(service, queued.message_id, status="read")
    assert (await standing())["circuit"] == "closed"
