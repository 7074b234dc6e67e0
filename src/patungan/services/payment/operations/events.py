"""Payment's events: those of a session's participant and those of a checkout's orders are types of their own, so that
whoever follows sessions never meets an order."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from patungan.contracts import payment as contract
from patungan.kernel.money import Rupiah
from patungan.services.payment.queries.payments import Payment
from patungan.services.payment.queries.refunds import Refund
from patungan.services.payment.rules import RefundKind


def _session_fields(payment: Payment) -> dict[str, Any]:
    return {
        "payment_id": payment.id,
        "code": payment.code,
        "participant_id": payment.participant_id,
        "session_id": payment.session_id,
        "user_id": payment.user_id,
        "amount": payment.total,
    }


def _order_fields(payment: Payment) -> dict[str, Any]:
    return {
        "payment_id": payment.id,
        "code": payment.code,
        "checkout_id": payment.checkout_id,
        "order_ids": payment.order_ids,
        "user_id": payment.user_id,
        "amount": payment.total,
    }


def created(payment: Payment) -> msgspec.Struct:
    if payment.session_id is not None:
        return contract.PaymentCreated(**_session_fields(payment))
    return contract.OrderPaymentCreated(**_order_fields(payment), expires_at=payment.expires_at)


def paid(payment: Payment, paid_at: datetime) -> msgspec.Struct:
    of_wallet = payment.wallet_amount
    if payment.session_id is not None:
        return contract.PaymentPaid(**_session_fields(payment), paid_at=paid_at, wallet_amount=of_wallet)
    return contract.OrderPaymentPaid(**_order_fields(payment), paid_at=paid_at, wallet_amount=of_wallet)


def ended(payment: Payment) -> msgspec.Struct:
    if payment.session_id is not None:
        return contract.PaymentExpired(**_session_fields(payment))
    return contract.OrderPaymentExpired(**_order_fields(payment))


def late(payment: Payment) -> msgspec.Struct:
    if payment.session_id is not None:
        return contract.PaymentLatePaid(**_session_fields(payment))
    return contract.OrderPaymentLatePaid(**_order_fields(payment))


def mismatch(payment: Payment, paid_amount: int) -> msgspec.Struct:
    came = Rupiah(paid_amount)
    if payment.session_id is not None:
        return contract.PaymentMismatch(**_session_fields(payment), paid_amount=came)
    return contract.OrderPaymentMismatch(**_order_fields(payment), paid_amount=came)


def failed(payment: Payment) -> msgspec.Struct:
    """Only a checkout's payment fails: a participant's falls back to paying all at the provider."""
    return contract.OrderPaymentFailed(**_order_fields(payment))


def _refund_fields(refund: Refund) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "refund_id": refund.id,
        "code": refund.code,
        "payment_id": refund.payment_id,
        "user_id": refund.user_id,
        "amount": refund.amount,
        "reason": refund.reason.value,
        "borne_by": "platform" if refund.kind is RefundKind.GOODWILL else "escrow",
    }
    if refund.session_id is None:
        return fields | {"order_ids": refund.order_ids}
    return fields | {"participant_id": refund.participant_id, "session_id": refund.session_id}


def refund_requested(refund: Refund) -> msgspec.Struct:
    kind = contract.OrderRefundRequested if refund.session_id is None else contract.RefundRequested
    return kind(**_refund_fields(refund))


def refund_completed(refund: Refund) -> msgspec.Struct:
    kind = contract.OrderRefundCompleted if refund.session_id is None else contract.RefundCompleted
    return kind(**_refund_fields(refund), destination=refund.destination.value)


def refund_failed(refund: Refund, detail: str) -> msgspec.Struct:
    kind = contract.OrderRefundFailed if refund.session_id is None else contract.RefundFailed
    return kind(**_refund_fields(refund), detail=detail)
