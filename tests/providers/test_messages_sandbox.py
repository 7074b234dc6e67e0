"""WhatsApp and SMS against the sandbox, over HTTP: sent, refused, and the signed news of what became of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import httpx
import pytest

from patungan.providers.errors import ProviderOutcomeUnknown, ProviderRefused
from patungan.providers.sms import SentSms, SmsState, SmsStatus, Twilio, Zenziva, parse_twilio_status
from patungan.providers.sms import verify_twilio_signature as verify_twilio
from patungan.providers.whatsapp import (
    MessageState,
    MessageStatus,
    Trouble,
    WhatsApp,
    WhatsAppRefused,
    parse_statuses,
    verify_signature,
)
from patungan.sandbox.serving import running_sandbox
from patungan.sandbox.settings import SandboxSettings

if TYPE_CHECKING:
    from tests.providers.conftest import FaultyServer, ManualTime, Received

TOKEN, APP_SECRET, SMS_KEY = "token-of-meta", "secret-of-the-app", "key-of-the-texts"
TO = "+6281234567890"


@pytest.fixture
async def sandbox(server: FaultyServer) -> AsyncIterator[str]:
    settings = SandboxSettings(
        whatsapp_api_token=TOKEN,
        whatsapp_app_secret=APP_SECRET,
        whatsapp_callback_url=server.url,
        whatsapp_step_delay=0.0,
        sms_api_key=SMS_KEY,
    )
    async with running_sandbox(settings) as url:
        yield url


@pytest.fixture
async def whatsapp(sandbox: str, time: ManualTime) -> AsyncIterator[WhatsApp]:
    async with WhatsApp(TOKEN, "1055", time.pacing(), base_url=f"{sandbox}/whatsapp") as client:
        yield client


async def callbacks(server: FaultyServer, count: int) -> list[Received]:
    async with asyncio.timeout(5):
        while len(server.received) < count:
            await asyncio.sleep(0.01)
    return server.received


async def news(server: FaultyServer, count: int) -> list[MessageStatus]:
    found: list[MessageStatus] = []
    for received in await callbacks(server, count):
        assert verify_signature(APP_SECRET, received.body, received.headers["x-hub-signature-256"])
        found += parse_statuses(received.body)
    return found


async def test_a_template_goes_out_and_its_way_is_told(server: FaultyServer, whatsapp: WhatsApp) -> None:
    for _ in range(3):
        server.answer(200, {})
    sent = await whatsapp.send_template(TO, "order_paid", "id", ["Sari", "Rp 185.000"], button="ord-7", reference="m-1")
    told = await news(server, 3)
    assert [(status.message_id, status.state, status.reference) for status in told] == [
        (sent.id, MessageState.SENT, "m-1"),
        (sent.id, MessageState.DELIVERED, "m-1"),
        (sent.id, MessageState.READ, "m-1"),
    ]


async def test_a_message_that_fails_later_says_why(server: FaultyServer, whatsapp: WhatsApp) -> None:
    for _ in range(2):
        server.answer(200, {})
    await whatsapp.send_template("+628123450001", "order_paid", "id", ["Sari"])
    told = await news(server, 2)
    assert [(status.state, status.trouble) for status in told] == [
        (MessageState.SENT, None),
        (MessageState.FAILED, Trouble.NOT_DELIVERABLE),
    ]


async def test_whatsapp_refuses_with_its_codes(sandbox: str, whatsapp: WhatsApp, time: ManualTime) -> None:
    with pytest.raises(WhatsAppRefused) as caught:
        await whatsapp.send_text(TO, "Halo")
    assert (caught.value.code, caught.value.trouble) == ("131047", Trouble.OUTSIDE_SERVICE_WINDOW)
    with pytest.raises(WhatsAppRefused) as caught:
        await whatsapp.send_template("+628123450000", "order_paid", "id")
    assert (caught.value.code, caught.value.trouble) == ("131026", Trouble.NOT_DELIVERABLE)
    async with WhatsApp("wrong", "1055", time.pacing(), base_url=f"{sandbox}/whatsapp") as stranger:
        with pytest.raises(WhatsAppRefused) as caught:
            await stranger.get_number()
    assert (caught.value.status, caught.value.trouble) == (401, Trouble.AUTHENTICATION)


async def test_our_number_answers_for_itself(whatsapp: WhatsApp) -> None:
    number = await whatsapp.get_number()
    assert (number.id, number.quality_rating) == ("1055", "GREEN")


async def test_a_message_whose_answer_is_lost_is_not_sent_again(
    sandbox: str, server: FaultyServer, whatsapp: WhatsApp
) -> None:
    for _ in range(3):
        server.answer(200, {})
    async with httpx.AsyncClient(base_url=sandbox, trust_env=False) as control:
        rule = {"provider": "whatsapp", "operation": "send_message", "action": "timeout_after", "times": 1}
        (await control.post("/_sandbox/faults", json=rule)).raise_for_status()
    with pytest.raises(ProviderOutcomeUnknown):
        await whatsapp.send_template(TO, "order_paid", "id", ["Sari"], reference="m-1")
    told = await news(server, 3)
    assert {status.reference for status in told} == {"m-1"}
    assert len({status.message_id for status in told}) == 1


async def test_twilio_sends_and_tells(sandbox: str, server: FaultyServer, time: ManualTime) -> None:
    server.answer(200, {})
    server.answer(200, {})
    address = f"{server.url}/sms"
    twilio = Twilio("AC1", SMS_KEY, "+15005550006", time.pacing(), status_callback=address, base_url=f"{sandbox}/sms")
    sent = await twilio.send(TO, "Kode Anda 123456")
    assert (sent.state, sent.segments) == (SmsState.QUEUED, 1)

    received = await callbacks(server, 2)
    assert [parse_twilio_status(each.form) for each in received] == [
        SmsStatus(id=sent.id, state=SmsState.SENT),
        SmsStatus(id=sent.id, state=SmsState.DELIVERED),
    ]
    for each in received:
        assert verify_twilio(SMS_KEY, address, each.form, each.headers["x-twilio-signature"])
        assert not verify_twilio("other", address, each.form, each.headers["x-twilio-signature"])

    with pytest.raises(ProviderRefused) as caught:
        await twilio.send("12", "x")
    assert (caught.value.status, caught.value.code) == (400, "21211")
    await twilio.aclose()


async def test_zenziva_sends_or_says_no(sandbox: str, time: ManualTime) -> None:
    zenziva = Zenziva("user", SMS_KEY, time.pacing(), base_url=f"{sandbox}/sms")
    sent = await zenziva.send(TO, "Kode Anda 123456")
    assert sent == SentSms(id=sent.id, state=SmsState.ACCEPTED)
    assert sent.id.isdigit()
    await zenziva.aclose()

    stranger = Zenziva("user", "wrong", time.pacing(), base_url=f"{sandbox}/sms")
    with pytest.raises(ProviderRefused) as caught:
        await stranger.send(TO, "x")
    assert (caught.value.status, caught.value.code) == (200, "0")
    await stranger.aclose()
