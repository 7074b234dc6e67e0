"""SMS against the sandbox's Twilio: sent once for a key, tried again only where that is safe, and never in the log."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
import structlog

from patungan.contracts import notification as contract
from patungan.kernel.errors import InvalidInput, Unavailable
from tests.alone import Alone, alone
from tests.house import Servers

_numbers = itertools.count(1)
SID = "AC" + "0" * 32

SENDING = {"provider": "sms", "operation": "send_twilio"}
TURNED_AWAY = {**SENDING, "action": "fail", "status": 429, "error_code": "20429"}
EXPIRED_KEY = {**SENDING, "action": "fail", "status": 401, "error_code": "20003"}
NO_MOBILE = {**SENDING, "action": "fail", "status": 400, "error_code": "21614"}
LOST_ANSWER = {**SENDING, "action": "timeout_after"}
SLOW = {**SENDING, "action": "delay", "seconds": 0.5}


def _service(servers: Servers, template: str, **settings: str) -> Any:
    return alone(
        "notification",
        servers,
        template,
        {"SMS_ACCOUNT_SID": SID, "SMS_SENDER": "+6281100003900", **settings},
        {"sms_api_key": "sms-tests"},
        {"SMS_API_URL": "/sms"},
    )


@pytest.fixture(scope="module")
async def service(servers: Servers, template: str) -> AsyncIterator[Alone]:
    async with _service(servers, template, SMS_API_KEY="sms-tests") as started:
        yield started


@pytest.fixture(autouse=True)
async def fair_weather(service: Alone) -> AsyncIterator[None]:
    """Each test begins without faults."""
    yield
    await service.faults()


def phone() -> str:
    return f"+62813{next(_numbers):08d}"


def sms(to: str, key: str | None = None, text: str = "Kode Patungan Anda 135790.") -> contract.SendSms:
    return contract.SendSms(phone=to, text=text, dedupe_key=key or f"otp:{uuid4()}")


async def rows(service: Alone) -> list[dict[str, Any]]:
    connection = await service.owner()
    try:
        return [dict(row) for row in await connection.fetch("select * from notification.deliveries order by id")]
    finally:
        await connection.close()


async def row_of(service: Alone, key: str) -> dict[str, Any]:
    (found,) = [row for row in await rows(service) if row["dedupe_key"] == key]
    return found


async def test_a_text_is_sent_and_its_delivery_kept_without_the_text(service: Alone) -> None:
    to, key = phone(), str(uuid4())
    sent = await service.context.call(contract.send_sms, sms(f"0{to[3:]}", key))
    (message,) = await service.messages(to)
    assert (message["text"], message["sender"], message["channel"]) == (
        "Kode Patungan Anda 135790.",
        "+6281100003900",
        "sms",
    )
    row = await row_of(service, key)
    assert (row["id"], row["recipient"], row["status"], row["attempts"]) == (sent.delivery_id, to, "sent", 1)
    assert (row["channel"], row["provider_id"], row["failure"]) == ("sms", message["provider_id"], None)
    assert row["sent_at"] is not None and row["failed_at"] is None
    assert "135790" not in str(row)


async def test_a_repeat_answers_the_first(service: Alone) -> None:
    to, key = phone(), str(uuid4())
    first = await service.context.call(contract.send_sms, sms(to, key))
    again = await service.context.call(contract.send_sms, sms(to, key, text="Another text"))
    assert again == first
    assert [message["text"] for message in await service.messages(to)] == ["Kode Patungan Anda 135790."]


async def test_ten_requests_at_once_send_one_text(service: Alone) -> None:
    to, key = phone(), str(uuid4())
    await service.faults(SLOW)
    answers = await asyncio.gather(*(service.context.call(contract.send_sms, sms(to, key)) for _ in range(10)))
    assert len({answer.delivery_id for answer in answers}) == 1
    assert len(await service.messages(to)) == 1
    assert (await row_of(service, key))["attempts"] == 1


async def test_what_surely_failed_is_tried_again_under_its_key(service: Alone) -> None:
    to, key = phone(), str(uuid4())
    await service.faults(TURNED_AWAY)
    with pytest.raises(Unavailable):
        await service.context.call(contract.send_sms, sms(to, key))
    row = await row_of(service, key)
    assert (row["status"], row["failure"], row["sent_at"]) == ("failed", "unavailable", None)
    await service.faults()
    sent = await service.context.call(contract.send_sms, sms(to, key))
    row = await row_of(service, key)
    assert (row["id"], row["status"], row["failure"], row["failed_at"]) == (sent.delivery_id, "sent", None, None)
    assert len(await service.messages(to)) == 1


async def test_what_may_have_been_sent_is_not_sent_again(service: Alone) -> None:
    to, key = phone(), str(uuid4())
    await service.faults(LOST_ANSWER)
    with pytest.raises(Unavailable):
        await service.context.call(contract.send_sms, sms(to, key))
    await service.faults()
    with pytest.raises(Unavailable):
        await service.context.call(contract.send_sms, sms(to, key))
    row = await row_of(service, key)
    assert (row["status"], row["failure"], row["attempts"]) == ("failed", "outcome_unknown", 1)
    assert len(await service.messages(to)) == 1


async def test_a_number_that_is_refused_is_the_caller_s_fault_and_a_refused_key_ours(service: Alone) -> None:
    to, first, second = phone(), str(uuid4()), str(uuid4())
    await service.faults(NO_MOBILE)
    with pytest.raises(InvalidInput) as refused:
        await service.context.call(contract.send_sms, sms(to, first))
    assert (refused.value.field, refused.value.status) == ("phone", 400)
    await service.faults(EXPIRED_KEY)
    with pytest.raises(Unavailable):
        await service.context.call(contract.send_sms, sms(to, second))
    first_row, second_row = await row_of(service, first), await row_of(service, second)
    assert (first_row["failure"], first_row["error_code"]) == ("refused_recipient", "21614")
    assert (second_row["failure"], second_row["error_code"]) == ("refused", "20003")
    assert await service.messages(to) == []


async def test_a_process_that_died_in_the_middle_is_waited_for_and_then_replaced(service: Alone) -> None:
    to, key, delivery_id = phone(), str(uuid4()), uuid4()
    connection = await service.owner()
    try:
        await connection.execute(
            "insert into notification.deliveries (id, channel, recipient, dedupe_key, attempts, claimed_until,"
            " created_at) values ($1, 'sms', $2, $3, 1, $4, $4)",
            *(delivery_id, to, key, service.clock.now()),
        )
    finally:
        await connection.close()
    assert (await service.context.call(contract.send_sms, sms(to, key))).delivery_id == delivery_id
    assert ((await row_of(service, key))["attempts"], len(await service.messages(to))) == (2, 1)


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (sms("+6221500100"), "phone"),
        (sms("081234567890123456"), "phone"),
        (sms("+6281399999999", text="  "), "text"),
        (sms("+6281399999999", text="x" * 481), "text"),
        (contract.SendSms(phone="+6281399999999", text="Halo", dedupe_key=""), "dedupe_key"),
        (sms("+6281399999999", key="k" * 201), "dedupe_key"),
    ],
)
async def test_bad_input_is_refused_and_leaves_nothing(service: Alone, request_: Any, field: str) -> None:
    before = len(await rows(service))
    with pytest.raises(InvalidInput) as refused:
        await service.context.call(contract.send_sms, request_)
    assert refused.value.field == field
    assert len(await rows(service)) == before


async def test_numbers_and_texts_are_not_logged(service: Alone) -> None:
    to, failing = phone(), phone()
    with structlog.testing.capture_logs() as logged:
        await service.context.call(contract.send_sms, sms(to))
        await service.faults(EXPIRED_KEY)
        with pytest.raises(Unavailable):
            await service.context.call(contract.send_sms, sms(failing))
    (told,) = [entry for entry in logged if entry["event"] == "SMS not handed over"]
    assert (told["failure"], told["code"], told["log_level"]) == ("refused", "20003", "error")
    assert UUID(told["delivery"])
    for secret in (to[3:], failing[3:], "135790"):
        assert secret not in str(logged)


async def test_without_a_key_nothing_is_sent_and_the_caller_is_told(servers: Servers, template: str) -> None:
    async with _service(servers, template) as keyless:
        key = str(uuid4())
        with pytest.raises(Unavailable):
            await keyless.context.call(contract.send_sms, sms(phone(), key))
        row = await row_of(keyless, key)
        assert (row["status"], row["failure"]) == ("failed", "unavailable")
