"""The Xendit client against the sandbox, over HTTP: money in, back and out, callbacks, repeats and faults."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import httpx
import pytest

from patungan.providers.errors import ProviderOutcomeUnknown, ProviderRefused, ProviderUnavailable
from patungan.providers.xendit import (
    InvoiceCallback,
    InvoiceRequest,
    InvoiceStatus,
    PayoutAccount,
    PayoutCallback,
    PayoutRequest,
    PayoutStatus,
    RefundCallback,
    RefundReason,
    RefundRequest,
    RefundStatus,
    Xendit,
    parse_callback,
    verify_callback_token,
    verify_signature,
)
from patungan.sandbox.serving import running_sandbox
from patungan.sandbox.settings import SandboxSettings

if TYPE_CHECKING:
    from tests.providers.conftest import FaultyServer, ManualTime

KEY = "xnd_development_providers"
TOKEN, HMAC_SECRET = "token-of-the-dashboard", "secret-of-the-relay"
C = TypeVar("C")


@dataclass
class Bench:
    """A running sandbox, our client of it, and the receiver of its callbacks."""

    xendit: Xendit
    control: httpx.AsyncClient
    receiver: FaultyServer

    async def pay(self, invoice_id: str, method: str = "EWALLET") -> None:
        answer = await self.control.post(f"/xendit/_sandbox/invoices/{invoice_id}/pay", json={"payment_method": method})
        answer.raise_for_status()

    async def fault(self, operation: str, action: str, **more: object) -> None:
        rule = {"provider": "xendit", "operation": operation, "action": action, "times": 1, **more}
        (await self.control.post("/_sandbox/faults", json=rule)).raise_for_status()

    async def callback(self, number: int, kind: type[C]) -> C:
        """The callback of that number, from 1, proven by token and signature."""
        async with asyncio.timeout(5):
            while len(self.receiver.received) < number:
                await asyncio.sleep(0.01)
        received = self.receiver.received[number - 1]
        assert verify_callback_token(TOKEN, received.headers["x-callback-token"])
        assert verify_signature(HMAC_SECRET, received.body, received.headers["x-callback-signature"])
        callback = parse_callback(received.body)
        assert isinstance(callback, kind)
        return callback


@asynccontextmanager
async def bench_with(receiver: FaultyServer, time: ManualTime, *, rate_limit: int = 60_000) -> AsyncIterator[Bench]:
    settings = SandboxSettings(
        xendit_secret_key=KEY,
        xendit_webhook_token=TOKEN,
        xendit_webhook_hmac_secret=HMAC_SECRET,
        xendit_rate_limit=rate_limit,
        payment_callback_url=receiver.url,
        refund_callback_url=receiver.url,
        disbursement_callback_url=receiver.url,
        opening_balance=1_000_000,
        refund_delay=0.0,
        payout_delay=0.0,
        payout_reversal_delay=0.0,
    )
    async with (
        running_sandbox(settings) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as control,
        Xendit(KEY, time.pacing(), base_url=f"{url}/xendit") as xendit,
    ):
        yield Bench(xendit, control, receiver)


@pytest.fixture
async def bench(server: FaultyServer, time: ManualTime) -> AsyncIterator[Bench]:
    async with bench_with(server, time) as running:
        yield running


def payout_request(account_number: str = "1234567890", amount: int = 97_500) -> PayoutRequest:
    account = PayoutAccount(account_number=account_number, account_holder_name="Sari")
    return PayoutRequest(reference_id="WD-7", channel_code="ID_BCA", account=account, amount=amount)


async def test_an_invoice_is_paid_and_told(bench: Bench) -> None:
    request = InvoiceRequest(external_id="PAY-7", amount=185_000, duration_seconds=900, description="Beras")
    created = await bench.xendit.create_invoice(request)
    assert (created.external_id, created.amount, created.status) == ("PAY-7", 185_000, InvoiceStatus.PENDING)
    assert created.created is not None
    assert (created.expiry_date - created.created).total_seconds() == 900

    bench.receiver.answer(200, {})
    await bench.pay(created.id)
    told = await bench.callback(1, InvoiceCallback)

    assert (told.id, told.external_id, told.status) == (created.id, "PAY-7", InvoiceStatus.PAID)
    assert (told.amount, told.paid_amount, told.payment_method) == (185_000, 185_000, "EWALLET")
    paid = await bench.xendit.get_invoice(created.id)
    assert (paid.status, paid.paid_amount, paid.paid_at) == (InvoiceStatus.PAID, 185_000, told.paid_at)
    assert [found.id for found in await bench.xendit.find_invoices("PAY-7")] == [created.id]
    assert await bench.xendit.find_invoices("PAY-8") == []


async def test_an_invoice_is_expired_once_and_told(bench: Bench) -> None:
    created = await bench.xendit.create_invoice(InvoiceRequest(external_id="PAY-7", amount=185_000))
    bench.receiver.answer(200, {})
    assert (await bench.xendit.expire_invoice(created.id)).status is InvoiceStatus.EXPIRED
    assert (await bench.callback(1, InvoiceCallback)).dedupe_key == f"invoice:{created.id}:EXPIRED"


async def test_refusals_carry_xendits_codes(bench: Bench, time: ManualTime) -> None:
    with pytest.raises(ProviderRefused) as caught:
        await bench.xendit.get_invoice("67417c0fe1b2c3d4e5f60718")
    assert (caught.value.status, caught.value.code) == (404, "INVOICE_NOT_FOUND_ERROR")
    with pytest.raises(ProviderRefused) as caught:
        await bench.xendit.create_invoice(InvoiceRequest(external_id="PAY-7", amount=185_000, payer_email="nobody"))
    assert (caught.value.status, caught.value.code) == (400, "EMAIL_FORMAT_ERROR")
    stranger = Xendit("xnd_other", time.pacing(), base_url=f"{bench.control.base_url}/xendit")
    with pytest.raises(ProviderRefused) as caught:
        await stranger.get_balance()
    assert (caught.value.status, caught.value.code) == (401, "INVALID_API_KEY")
    await stranger.aclose()


async def test_a_refund_goes_back_once_for_its_key(bench: Bench) -> None:
    bench.receiver.answer(200, {})
    bench.receiver.answer(200, {})
    invoice = await bench.xendit.create_invoice(InvoiceRequest(external_id="PAY-7", amount=100_000))
    await bench.pay(invoice.id)
    await bench.callback(1, InvoiceCallback)
    request = RefundRequest(
        reference_id="REF-7", amount=30_000, reason=RefundReason.CANCELLATION, invoice_id=invoice.id
    )

    first = await bench.xendit.create_refund(request, idempotency_key="refund-7")
    again = await bench.xendit.create_refund(request, idempotency_key="refund-7")
    told = await bench.callback(2, RefundCallback)

    assert (first.status, first.amount, first.invoice_id) == (RefundStatus.PENDING, 30_000, invoice.id)
    assert again.id == first.id
    assert (told.event, told.refund.id, told.refund.status) == ("refund.succeeded", first.id, RefundStatus.SUCCEEDED)
    assert (await bench.xendit.get_refund(first.id)).status is RefundStatus.SUCCEEDED
    assert [(refund.id, refund.amount) for refund in await bench.xendit.list_refunds(invoice.id)] == [
        (first.id, 30_000)
    ]


async def test_all_pages_of_refunds_are_listed(bench: Bench) -> None:
    for _ in range(13):
        bench.receiver.answer(200, {})
    invoice = await bench.xendit.create_invoice(InvoiceRequest(external_id="PAY-7", amount=100_000))
    await bench.pay(invoice.id)
    made = {
        (
            await bench.xendit.create_refund(
                RefundRequest(
                    reference_id=f"REF-{number}",
                    amount=1_000,
                    reason=RefundReason.OTHERS,
                    invoice_id=invoice.id,
                ),
                idempotency_key=f"refund-{number}",
            )
        ).id
        for number in range(12)
    }
    listed = await bench.xendit.list_refunds(invoice.id)
    assert len(listed) == 12
    assert {refund.id for refund in listed} == made
    await bench.callback(13, RefundCallback)


async def test_a_payout_is_sent_and_told(bench: Bench) -> None:
    bench.receiver.answer(200, {})
    sent = await bench.xendit.create_payout(payout_request(), idempotency_key="payout-7")
    assert (sent.status, sent.amount, sent.channel_code) == (PayoutStatus.ACCEPTED, 97_500, "ID_BCA")

    told = await bench.callback(1, PayoutCallback)

    assert (told.event, told.payout.id, told.payout.status) == ("payout.succeeded", sent.id, PayoutStatus.SUCCEEDED)
    assert (await bench.xendit.get_payout(sent.id)).status is PayoutStatus.SUCCEEDED
    assert await bench.xendit.get_balance() == 1_000_000 - 97_500


@pytest.mark.parametrize(
    ("account_number", "failure_code"),
    [
        ("999999", "REJECTED_BY_CHANNEL"),
        ("123456", "TEMPORARY_TRANSFER_ERROR"),
        ("121212", "INVALID_DESTINATION"),
    ],
)
async def test_a_payout_that_fails_says_why(bench: Bench, account_number: str, failure_code: str) -> None:
    bench.receiver.answer(200, {})
    await bench.xendit.create_payout(payout_request(account_number), idempotency_key="payout-7")
    told = await bench.callback(1, PayoutCallback)
    assert (told.event, told.payout.status, told.payout.failure_code) == (
        "payout.failed",
        PayoutStatus.FAILED,
        failure_code,
    )
    assert await bench.xendit.get_balance() == 1_000_000


async def test_a_payout_comes_back(bench: Bench) -> None:
    bench.receiver.answer(200, {})
    bench.receiver.answer(200, {})
    await bench.xendit.create_payout(payout_request("654321"), idempotency_key="payout-7")
    assert (await bench.callback(1, PayoutCallback)).payout.status is PayoutStatus.SUCCEEDED
    assert (await bench.callback(2, PayoutCallback)).payout.status is PayoutStatus.REVERSED


async def test_another_payout_under_a_known_key_is_never_taken_for_not_sent(bench: Bench) -> None:
    bench.receiver.answer(200, {})
    first = await bench.xendit.create_payout(payout_request(), idempotency_key="payout-7")
    with pytest.raises(ProviderOutcomeUnknown) as caught:
        await bench.xendit.create_payout(payout_request(amount=97_501), idempotency_key="payout-7")
    assert (caught.value.status, caught.value.code) == (409, "DUPLICATE_ERROR")
    assert [(found.id, found.amount) for found in await bench.xendit.find_payouts("WD-7")] == [(first.id, 97_500)]
    await bench.callback(1, PayoutCallback)


@pytest.mark.parametrize("action", ["timeout_before", "timeout_after", "fail"])
async def test_a_payout_whose_answer_is_lost_is_sent_once(bench: Bench, time: ManualTime, action: str) -> None:
    bench.receiver.answer(200, {})
    await bench.fault("create_payout", action)

    sent = await bench.xendit.create_payout(payout_request(), idempotency_key="payout-7")

    assert [found.id for found in await bench.xendit.find_payouts("WD-7")] == [sent.id]
    assert time.naps == [0.5]
    await bench.callback(1, PayoutCallback)
    assert await bench.xendit.get_balance() == 1_000_000 - 97_500


@pytest.mark.parametrize(("action", "made"), [("timeout_before", 0), ("timeout_after", 1)])
async def test_an_invoice_whose_answer_is_lost_is_asked_for(bench: Bench, action: str, made: int) -> None:
    await bench.fault("create_invoice", action)
    with pytest.raises(ProviderOutcomeUnknown) as caught:
        await bench.xendit.create_invoice(InvoiceRequest(external_id="PAY-7", amount=185_000))
    assert caught.value.status == 504
    assert len(await bench.xendit.find_invoices("PAY-7")) == made


async def test_the_limit_a_minute_is_told(server: FaultyServer, time: ManualTime) -> None:
    async with bench_with(server, time, rate_limit=1) as bench:
        await bench.xendit.get_balance()
        with pytest.raises(ProviderUnavailable) as caught:
            await bench.xendit.get_balance()
    assert caught.value.retry_after is not None
    assert 50 < caught.value.retry_after <= 60
    assert time.naps == []
