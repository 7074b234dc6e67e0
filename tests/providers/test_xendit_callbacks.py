"""Xendit's callbacks: proofs, the four shapes, and what must not pass for one of them."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest

from patungan.providers.errors import UnreadableCallback
from patungan.providers.xendit import (
    InvoiceCallback,
    InvoiceStatus,
    PayoutCallback,
    PayoutStatus,
    RefundCallback,
    RefundStatus,
    UnknownCallback,
    parse_callback,
    verify_callback_token,
    verify_signature,
)

INVOICE: dict[str, object] = {
    "id": "67417c0fe1b2c3d4e5f60718",
    "external_id": "ord-20261123-0007",
    "user_id": "5f0000000000000000000001",
    "is_high": False,
    "status": "PAID",
    "merchant_name": "Toko Contoh",
    "amount": 185000,
    "paid_amount": 185000,
    "currency": "IDR",
    "bank_code": "BCA",
    "payment_method": "BANK_TRANSFER",
    "payment_channel": "BCA",
    "payment_destination": "1076612345678",
    "payment_id": "7a1f",
    "payer_email": "budi@example.com",
    "paid_at": "2026-11-23T03:10:11.120Z",
    "created": "2026-11-23T03:00:00.000Z",
    "updated": "2026-11-23T03:10:12.004Z",
}
REFUND = {"id": "rfd-1", "invoice_id": None, "amount": 50000, "status": "SUCCEEDED", "currency": "IDR"}
PAYOUT = {
    "id": "disb-1",
    "reference_id": "WD-7",
    "channel_code": "ID_BCA",
    "amount": 97500,
    "status": "REVERSED",
    "channel_properties": {"account_number": "1234567890"},
}


def raw(document: object) -> bytes:
    return json.dumps(document).encode()


def envelope(event: str, data: object) -> dict[str, object]:
    return {"event": event, "business_id": "b", "created": "2026-11-23T03:00:00Z", "data": data}


def test_the_token_is_compared_and_never_missing() -> None:
    assert verify_callback_token("token", "token")
    assert not verify_callback_token("token", "Token")
    assert not verify_callback_token("token", None)
    assert not verify_callback_token("", "")
    assert not verify_callback_token("token", "tokén")


def test_the_signature_is_over_the_raw_body() -> None:
    body = b'{"amount": 1}'
    signature = hmac.new(b"secret", body, hashlib.sha256).hexdigest()
    assert verify_signature("secret", body, signature)
    assert verify_signature("secret", body, signature.upper())
    assert not verify_signature("secret", b'{"amount":1}', signature)
    assert not verify_signature("secret", body, None)
    assert not verify_signature("secret", body, "")
    assert not verify_signature("", body, hmac.new(b"", body, hashlib.sha256).hexdigest())


def test_a_paid_invoice() -> None:
    callback = parse_callback(raw(INVOICE))
    assert callback == InvoiceCallback(
        id="67417c0fe1b2c3d4e5f60718",
        external_id="ord-20261123-0007",
        status=InvoiceStatus.PAID,
        amount=185_000,
        currency="IDR",
        created=datetime(2026, 11, 23, 3, tzinfo=UTC),
        updated=datetime(2026, 11, 23, 3, 10, 12, 4_000, UTC),
        paid_amount=185_000,
        paid_at=datetime(2026, 11, 23, 3, 10, 11, 120_000, UTC),
        payment_id="7a1f",
        payment_method="BANK_TRANSFER",
        payment_channel="BCA",
    )
    assert isinstance(callback, InvoiceCallback)
    assert callback.dedupe_key == "invoice:67417c0fe1b2c3d4e5f60718:PAID"
    assert "budi" not in repr(callback)


def test_an_expired_invoice_has_no_payment() -> None:
    expired = {name: value for name, value in INVOICE.items() if not name.startswith("pa")} | {"status": "EXPIRED"}
    callback = parse_callback(raw(expired))
    assert isinstance(callback, InvoiceCallback)
    assert (callback.status, callback.paid_amount, callback.paid_at) == (InvoiceStatus.EXPIRED, None, None)


def test_refunds_and_payouts_come_in_envelopes() -> None:
    refund = parse_callback(raw(envelope("refund.succeeded", REFUND)))
    assert isinstance(refund, RefundCallback)
    assert (refund.refund.id, refund.refund.status) == ("rfd-1", RefundStatus.SUCCEEDED)
    assert refund.dedupe_key == "refund:rfd-1:SUCCEEDED"

    payout = parse_callback(raw(envelope("payout.reversed", PAYOUT)))
    assert isinstance(payout, PayoutCallback)
    assert (payout.payout.reference_id, payout.payout.status) == ("WD-7", PayoutStatus.REVERSED)
    assert payout.dedupe_key == "payout:disb-1:REVERSED"


def test_an_envelope_in_an_envelope_is_opened() -> None:
    inner = envelope("refund.failed", REFUND | {"status": "FAILED", "failure_code": "REFUND_FAILED"})
    callback = parse_callback(raw(envelope("refund.failed", inner)))
    assert isinstance(callback, RefundCallback)
    assert callback.refund.failure_code == "REFUND_FAILED"


def test_an_old_disbursement_is_no_invoice() -> None:
    disbursement = {
        "id": "1",
        "external_id": "WD-7",
        "user_id": "u",
        "amount": 97500,
        "bank_code": "BCA",
        "status": "COMPLETED",
        "created": "2026-11-23T03:00:00Z",
        "updated": "2026-11-23T03:00:00Z",
        "disbursement_description": "d",
    }
    assert parse_callback(raw(disbursement)) == UnknownCallback()


def test_other_events_are_unknown_and_no_error() -> None:
    assert parse_callback(raw(envelope("payment_session.completed", {}))) == UnknownCallback(
        event="payment_session.completed"
    )
    assert parse_callback(b"{}") == UnknownCallback()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b'{"id": "1', "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "not a JSON object"),
        (raw(INVOICE | {"amount": 10.5}), "no InvoiceCallback"),
        (raw(INVOICE | {"updated": "yesterday"}), "no InvoiceCallback"),
        (raw(envelope("refund.succeeded", {"id": "rfd-1"})), "no RefundCallback"),
        (raw(envelope("payout.failed", None)), "no PayoutCallback"),
    ],
)
def test_a_broken_callback_is_an_error(body: bytes, reason: str) -> None:
    with pytest.raises(UnreadableCallback, match=reason):
        parse_callback(body)
