"""The official ``xendit-python`` 7 client, pointed at the sandbox, does its work unchanged."""

from __future__ import annotations

import asyncio

import pytest
import xendit  # type: ignore[import-untyped]
from xendit.apis import BalanceApi, InvoiceApi, PayoutApi, RefundApi  # type: ignore[import-untyped]
from xendit.invoice.model import CreateInvoiceRequest, CustomerObject, InvoiceItem, InvoiceStatus  # type: ignore[import-untyped]
from xendit.payout.model import CreatePayoutRequest, DigitalPayoutChannelProperties  # type: ignore[import-untyped]
from xendit.refund.model import CreateRefund  # type: ignore[import-untyped]

from .conftest import SECRET_KEY, RunningSandbox, until


@pytest.fixture
def official(sandbox: RunningSandbox) -> xendit.ApiClient:
    configuration = xendit.Configuration(host=f"{sandbox.url}/xendit")
    configuration.api_key = SECRET_KEY
    return xendit.ApiClient(configuration)


async def test_invoices_are_created_read_listed_and_expired(official: xendit.ApiClient) -> None:
    api = InvoiceApi(official)
    wanted = CreateInvoiceRequest(
        external_id="PAY-0001",
        amount=185_000.0,
        description="Kopi Gayo 1 kg",
        invoice_duration=3_600.0,
        customer=CustomerObject(given_names="Sari", mobile_number="+6281234567890"),
        items=[InvoiceItem(name="Kopi Gayo 1 kg", price=92_500.0, quantity=2.0)],
        payment_methods=["BCA", "OVO", "QRIS"],
        success_redirect_url="https://example.test/paid",
    )
    created = await asyncio.to_thread(api.create_invoice, wanted)
    assert (created.external_id, created.amount, created.status) == ("PAY-0001", 185_000, InvoiceStatus("PENDING"))
    assert (created.expiry_date - created.created).total_seconds() == 3_600
    assert [str(bank.bank_code) for bank in created.available_banks] == ["BCA"]
    assert [str(wallet.ewallet_type) for wallet in created.available_ewallets] == ["OVO"]
    assert created.should_exclude_credit_card is True
    assert created.customer.given_names == "Sari"

    read = await asyncio.to_thread(api.get_invoice_by_id, created.id)
    assert (read.id, read.items[0].price) == (created.id, 92_500)
    listed = await asyncio.to_thread(api.get_invoices, external_id="PAY-0001", statuses=[InvoiceStatus("PENDING")])
    assert [invoice.id for invoice in listed] == [created.id]
    expired = await asyncio.to_thread(api.expire_invoice, created.id)
    assert expired.status == InvoiceStatus("EXPIRED")
    assert await asyncio.to_thread(api.get_invoices, statuses=[InvoiceStatus("PENDING")]) == []


async def test_a_refusal_is_the_clients_own_exception(official: xendit.ApiClient) -> None:
    with pytest.raises(xendit.XenditSdkException) as refusal:
        await asyncio.to_thread(InvoiceApi(official).get_invoice_by_id, "0" * 24)
    assert (refusal.value.status, refusal.value.errorCode) == ("404", "INVOICE_NOT_FOUND_ERROR")
    official.configuration.api_key = "xnd_development_wrong"
    with pytest.raises(xendit.XenditSdkException) as refusal:
        await asyncio.to_thread(BalanceApi(official).get_balance)
    assert (refusal.value.status, refusal.value.errorCode) == ("401", "INVALID_API_KEY")


async def test_a_paid_invoice_is_refunded(official: xendit.ApiClient, sandbox: RunningSandbox) -> None:
    created = await asyncio.to_thread(
        InvoiceApi(official).create_invoice, CreateInvoiceRequest(external_id="PAY-0002", amount=100_000.0)
    )
    order = {"payment_method": "EWALLET", "payment_channel": "DANA"}
    await sandbox.http.post(f"/xendit/_sandbox/invoices/{created.id}/pay", json=order)
    api = RefundApi(official)
    refund = await asyncio.to_thread(
        api.create_refund,
        idempotency_key="refund-1",
        create_refund=CreateRefund(invoice_id=created.id, amount=40_000.0, reason="REQUESTED_BY_CUSTOMER"),
    )
    assert (refund.amount, refund.status, refund.channel_code) == (40_000, "PENDING", "DANA")

    async def succeeded() -> bool:
        return bool((await asyncio.to_thread(api.get_refund, refund.id)).status == "SUCCEEDED")

    await until(succeeded)
    listed = await asyncio.to_thread(api.get_all_refunds, invoice_id=created.id)
    assert ([each.id for each in listed.data], listed.has_more) == ([refund.id], False)


async def test_money_is_paid_out(official: xendit.ApiClient) -> None:
    api = PayoutApi(official)
    wanted = CreatePayoutRequest(
        reference_id="WD-0001",
        channel_code="ID_BCA",
        channel_properties=DigitalPayoutChannelProperties(account_number="1234567890", account_holder_name="Sari"),
        amount=97_500.0,
        currency="IDR",
    )
    accepted = await asyncio.to_thread(api.create_payout, "key-1", create_payout_request=wanted)
    assert (accepted.status, accepted.amount, accepted.reference_id) == ("ACCEPTED", 97_500, "WD-0001")

    async def succeeded() -> bool:
        return bool((await asyncio.to_thread(api.get_payout_by_id, accepted.id)).status == "SUCCEEDED")

    await until(succeeded)
    listed = await asyncio.to_thread(api.get_payouts, "WD-0001")
    assert [each.id for each in listed.data] == [accepted.id]
    balance = await asyncio.to_thread(BalanceApi(official).get_balance)
    assert balance.balance == 1_000_000 - 97_500
    bca = await asyncio.to_thread(api.get_payout_channels, channel_code="ID_BCA")
    assert [(channel.channel_name, channel.amount_limits.minimum) for channel in bca] == [("BCA", 7_500)]
