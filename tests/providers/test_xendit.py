"""The Xendit client, byte by byte: paths, headers, bodies and answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from patungan.providers.errors import ProviderOutcomeUnknown, ProviderRefused, ProviderUnavailable
from patungan.providers.http import Pacing
from patungan.providers.xendit import (
    Invoice,
    InvoiceCustomer,
    InvoiceItem,
    InvoiceRequest,
    InvoiceStatus,
    PayoutAccount,
    PayoutRequest,
    PayoutStatus,
    Refund,
    RefundReason,
    RefundRequest,
    RefundStatus,
    Xendit,
)

if TYPE_CHECKING:
    from tests.providers.conftest import FaultyServer

INVOICE = {
    "id": "67417c0fe1b2c3d4e5f60718",
    "external_id": "PAY-7",
    "status": "PENDING",
    "amount": 185000,
    "currency": "IDR",
    "invoice_url": "https://checkout.example/67417c0f",
    "expiry_date": "2026-11-24T02:32:50.912Z",
    "created": "2026-11-23T02:32:50.912Z",
    "updated": "2026-11-23T02:32:50.912Z",
    "payer_email": "budi@example.com",
    "available_banks": [{"bank_code": "BCA"}],
}
PAYOUT = {
    "id": "disb-1",
    "reference_id": "WD-7",
    "channel_code": "ID_BCA",
    "channel_properties": {"account_number": "1234567890", "account_holder_name": "Budi"},
    "amount": 97500,
    "currency": "IDR",
    "status": "ACCEPTED",
}
REFUND_REQUEST = RefundRequest(
    reference_id="REF-7", amount=50_000, reason=RefundReason.CANCELLATION, invoice_id="67417c0f"
)
PAYOUT_REQUEST = PayoutRequest(
    reference_id="WD-7",
    channel_code="ID_BCA",
    account=PayoutAccount(account_number="1234567890", account_holder_name="Budi"),
    amount=97_500,
)


@pytest.fixture
def xendit(server: FaultyServer, pacing: Pacing) -> Xendit:
    return Xendit("xnd_development_key", pacing, base_url=f"{server.url}/xendit")


async def test_an_invoice_is_asked_for_in_full(server: FaultyServer, xendit: Xendit) -> None:
    server.answer(200, INVOICE)

    invoice = await xendit.create_invoice(
        InvoiceRequest(
            external_id="PAY-7",
            amount=185_000,
            duration_seconds=900,
            customer=InvoiceCustomer(given_names="Budi", mobile_number="+6281234567890"),
            items=(InvoiceItem(name="Beras 5 kg", price=92_500, quantity=2),),
        )
    )

    assert invoice == Invoice(
        id="67417c0fe1b2c3d4e5f60718",
        external_id="PAY-7",
        status=InvoiceStatus.PENDING,
        amount=185_000,
        invoice_url="https://checkout.example/67417c0f",
        expiry_date=datetime(2026, 11, 24, 2, 32, 50, 912_000, UTC),
        created=datetime(2026, 11, 23, 2, 32, 50, 912_000, UTC),
        updated=datetime(2026, 11, 23, 2, 32, 50, 912_000, UTC),
    )
    (request,) = server.received
    assert (request.method, request.path) == ("POST", "/xendit/v2/invoices")
    assert request.headers["authorization"] == "Basic eG5kX2RldmVsb3BtZW50X2tleTo="
    assert request.json == {
        "external_id": "PAY-7",
        "amount": 185000,
        "invoice_duration": 900,
        "customer": {"given_names": "Budi", "mobile_number": "+6281234567890"},
        "items": [{"name": "Beras 5 kg", "price": 92500, "quantity": 2}],
        "currency": "IDR",
    }


async def test_an_invoice_is_never_created_twice_by_itself(server: FaultyServer, xendit: Xendit) -> None:
    server.drop()
    with pytest.raises(ProviderOutcomeUnknown):
        await xendit.create_invoice(InvoiceRequest(external_id="PAY-7", amount=185_000))
    assert len(server.received) == 1


async def test_invoices_are_read_found_and_expired(server: FaultyServer, xendit: Xendit) -> None:
    server.answer(200, INVOICE | {"status": "PAID", "paid_amount": 185000, "paid_at": "2026-11-23T03:10:11.120Z"})
    paid = await xendit.get_invoice("67417c0f/../x")
    assert (paid.status, paid.paid_amount) == (InvoiceStatus.PAID, 185_000)
    assert paid.paid_at == datetime(2026, 11, 23, 3, 10, 11, 120_000, UTC)

    server.answer(200, [INVOICE])
    assert [invoice.id for invoice in await xendit.find_invoices("PAY-7")] == ["67417c0fe1b2c3d4e5f60718"]

    server.answer(200, INVOICE | {"status": "EXPIRED"})
    assert (await xendit.expire_invoice("67417c0f")).status is InvoiceStatus.EXPIRED

    assert [(request.method, request.path, request.query) for request in server.received] == [
        ("GET", "/xendit/v2/invoices/67417c0f%2F..%2Fx", {}),
        ("GET", "/xendit/v2/invoices", {"external_id": "PAY-7"}),
        ("POST", "/xendit/invoices/67417c0f/expire!", {}),
    ]


async def test_a_state_of_tomorrow_is_unknown_and_no_failure(server: FaultyServer, xendit: Xendit) -> None:
    server.answer(200, INVOICE | {"status": "PARTIALLY_PAID"})
    assert (await xendit.get_invoice("67417c0f")).status is InvoiceStatus.UNKNOWN


async def test_a_refund_carries_its_key_on_every_attempt(server: FaultyServer, xendit: Xendit) -> None:
    server.drop()
    server.answer(200, {"id": "rfd-1", "invoice_id": "67417c0f", "amount": 50000, "status": "PENDING"})

    refund = await xendit.create_refund(REFUND_REQUEST, idempotency_key="refund-REF-7")

    assert refund == Refund(id="rfd-1", invoice_id="67417c0f", amount=50_000, status=RefundStatus.PENDING)
    assert [request.headers["idempotency-key"] for request in server.received] == ["refund-REF-7"] * 2
    assert server.received[0].body == server.received[1].body
    assert (server.received[0].path, server.received[0].json) == (
        "/xendit/refunds",
        {
            "reference_id": "REF-7",
            "amount": 50000,
            "reason": "CANCELLATION",
            "invoice_id": "67417c0f",
            "currency": "IDR",
        },
    )


async def test_refunds_are_read_and_listed_over_all_pages(server: FaultyServer, xendit: Xendit) -> None:
    def refund(number: int) -> dict[str, object]:
        return {"id": f"rfd-{number}", "amount": number, "status": "SUCCEEDED"}

    server.answer(200, refund(9))
    assert (await xendit.get_refund("rfd-9")).amount == 9
    server.answer(200, {"data": [refund(3), refund(2)], "has_more": True})
    server.answer(200, {"data": [refund(1)], "has_more": False})
    assert [found.id for found in await xendit.list_refunds("inv-1")] == ["rfd-3", "rfd-2", "rfd-1"]
    assert [request.query for request in server.received] == [
        {},
        {"invoice_id": "inv-1"},
        {"invoice_id": "inv-1", "after_id": "rfd-2"},
    ]


async def test_pages_that_repeat_themselves_end(server: FaultyServer, xendit: Xendit) -> None:
    page = {"data": [{"id": "rfd-1", "amount": 1, "status": "SUCCEEDED"}], "has_more": True}
    server.answer(200, page)
    server.answer(200, page)
    with pytest.raises(ProviderUnavailable, match="its pages repeat themselves"):
        await xendit.list_refunds("inv-1")


async def test_a_payout_is_sent_once_by_its_key(server: FaultyServer, xendit: Xendit) -> None:
    server.answer(200, PAYOUT)

    payout = await xendit.create_payout(PAYOUT_REQUEST, idempotency_key="payout-WD-7")

    assert (payout.id, payout.status, payout.amount) == ("disb-1", PayoutStatus.ACCEPTED, 97_500)
    assert "1234567890" not in repr(payout) + repr(PAYOUT_REQUEST)
    (request,) = server.received
    assert (request.path, request.headers["idempotency-key"]) == ("/xendit/v2/payouts", "payout-WD-7")
    assert request.json == {
        "reference_id": "WD-7",
        "channel_code": "ID_BCA",
        "channel_properties": {"account_number": "1234567890", "account_holder_name": "Budi"},
        "amount": 97500,
        "currency": "IDR",
    }


async def test_payouts_are_read_and_found(server: FaultyServer, xendit: Xendit) -> None:
    server.answer(200, PAYOUT | {"status": "FAILED", "failure_code": "INVALID_DESTINATION"})
    failed = await xendit.get_payout("disb-1")
    assert (failed.status, failed.failure_code) == (PayoutStatus.FAILED, "INVALID_DESTINATION")
    server.answer(200, {"data": [], "has_more": False, "links": []})
    assert await xendit.find_payouts("WD-7") == []
    assert server.received[1].query == {"reference_id": "WD-7"}


async def test_a_key_too_long_for_xendit_is_not_sent(xendit: Xendit) -> None:
    for key in ("", "k" * 101):
        with pytest.raises(ValueError, match="1 to 100 characters"):
            await xendit.create_payout(PAYOUT_REQUEST, idempotency_key=key)


async def test_the_balance_is_rupiah(server: FaultyServer, xendit: Xendit) -> None:
    server.answer(200, {"balance": 1241231})
    assert await xendit.get_balance() == 1_241_231
    assert server.received[0].query == {"account_type": "CASH", "currency": "IDR"}


async def test_errors_carry_xendits_code_under_either_name_of_the_message(server: FaultyServer, xendit: Xendit) -> None:
    server.answer(404, {"error_code": "INVOICE_NOT_FOUND_ERROR", "message": "no such invoice"})
    with pytest.raises(ProviderRefused) as caught:
        await xendit.get_invoice("x")
    assert (caught.value.code, caught.value.reason) == ("INVOICE_NOT_FOUND_ERROR", "no such invoice")
    server.answer(401, {"error_code": "INVALID_API_KEY", "error_message": "bad key"})
    with pytest.raises(ProviderRefused) as caught:
        await xendit.get_balance()
    assert (caught.value.code, caught.value.reason) == ("INVALID_API_KEY", "bad key")


async def test_a_sub_account_is_named_in_its_header(server: FaultyServer, pacing: Pacing) -> None:
    server.answer(200, {"balance": 0})
    async with Xendit("key", pacing, base_url=server.url, for_user_id="sub-1") as xendit:
        await xendit.get_balance()
    assert server.received[0].headers["for-user-id"] == "sub-1"
