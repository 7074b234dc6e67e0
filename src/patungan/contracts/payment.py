"""The contract of payment: escrow payments of session participants, their release, their refund."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from patungan.kernel.contract import Message, event, operation
from patungan.kernel.errors import Problem
from patungan.kernel.money import Rupiah


class EscrowPayment(Message, frozen=True):
    """A payment that a participant owes, in rupiah: ``product_amount`` + ``leg1_amount`` + ``leg2_amount`` + ``fee_amount``."""

    participant_id: UUID
    session_id: UUID
    user_id: UUID
    description: str
    product_amount: Rupiah
    leg1_amount: Rupiah
    leg2_amount: Rupiah
    fee_amount: Rupiah
    expires_at: datetime

    @property
    def total(self) -> Rupiah:
        """What the buyer pays."""
        return Rupiah(self.product_amount + self.leg1_amount + self.leg2_amount + self.fee_amount)


class CreateEscrowPayments(Message, frozen=True):
    """Creates the payments of a batch of joins; one that exists already is answered as it stands."""

    payments: list[EscrowPayment]


class PaymentSummary(Message, frozen=True):
    """``status`` is pending, processing, paid, failed, expired or refunded; ``total`` in rupiah."""

    id: UUID
    code: str
    participant_id: UUID
    status: str
    total: Rupiah
    expires_at: datetime


class PaymentSummaries(Message, frozen=True):
    payments: list[PaymentSummary]


class CloseSessionPayments(Message, frozen=True):
    """Ends paying for a session: open invoices are expired at the provider, whose answer (expired, or paid already)
    decides; what is paid afterwards is late and goes back by itself."""

    session_id: UUID


class SessionPaid(Message, frozen=True):
    """What was paid in time, once paying has ended: number of payments and their sum in rupiah."""

    session_id: UUID
    paid_count: int
    paid_amount: Rupiah


class ReleaseEscrow(Message, frozen=True):
    """Releases a succeeded session's escrow in one journal (DOMAIN.md 6.2); the parts must add up to what is held.

    ``cashback`` goes on to wallets; ``factory_revenue`` and ``warehouse_revenue`` are product value at the final price of
    goods made anew and of goods from the warehouse's stock, before commission.
    """

    session_id: UUID
    factory_id: UUID
    cashback: Rupiah
    factory_revenue: Rupiah
    warehouse_revenue: Rupiah
    leg1: Rupiah
    leg2: Rupiah
    fee: Rupiah


class Released(Message, frozen=True):
    """How the escrow was divided, in rupiah."""

    session_id: UUID
    total: Rupiah
    cashback: Rupiah
    factory: Rupiah
    warehouse: Rupiah
    commission: Rupiah
    courier: Rupiah
    fee_income: Rupiah


class RefundSession(Message, frozen=True):
    """Refunds the paid participants of a session in full, a batch at a time; a second request changes nothing.

    ``reason`` is a refund_reason of DOMAIN.md 2; ``after`` is the ``last`` of the answer before. From the first request on
    what is paid for the session goes back.
    """

    session_id: UUID
    reason: str
    after: UUID | None = None


class RefundsStarted(Message, frozen=True):
    """All refunds of the session so far, and where to go on; ``last`` is None when all are there."""

    count: int
    amount: Rupiah
    last: UUID | None = None


class GetPayments(Message, frozen=True):
    """Asks for payments by participant; those without one are left out of the answer."""

    participant_ids: list[UUID]


class CancelPayments(Message, frozen=True):
    """Ends unpaid payments whose buyers left; one that is paid already stays, and its status in the answer says so."""

    participant_ids: list[UUID]


create_escrow_payments = operation("payment", "create-escrow-payments", CreateEscrowPayments, PaymentSummaries)
close_session_payments = operation("payment", "close-session-payments", CloseSessionPayments, SessionPaid, timeout=60.0)
release_escrow = operation("payment", "release-escrow", ReleaseEscrow, Released, timeout=15.0)
get_payments = operation("payment", "get-payments", GetPayments, PaymentSummaries)
cancel_payments = operation("payment", "cancel-payments", CancelPayments, PaymentSummaries)
refund_session = operation("payment", "refund-session", RefundSession, RefundsStarted, timeout=30.0)


class PaymentNotFound(Problem):
    code, status, title = "payment_not_found", 404, "There is no such payment"


class PaymentClosed(Problem):
    code, status, title = "payment_closed", 409, "This payment can no longer be made"


class RefundNotFound(Problem):
    code, status, title = "refund_not_found", 404, "There is no such refund"


class RefundRetryRefused(Problem):
    code, status, title = "refund_retry_refused", 409, "Only a failed refund can be tried again"


class WebhookRefused(Problem):
    code, status, title = "webhook_refused", 401, "The webhook's signature or token is not right"


class EscrowMismatch(Problem):
    code, status, title = "escrow_mismatch", 409, "The parts do not add up to what the escrow holds"


class _PaymentEvent(Message, frozen=True):
    payment_id: UUID
    code: str
    participant_id: UUID
    session_id: UUID
    user_id: UUID
    amount: Rupiah


@event("payment", "payment.created")
class PaymentCreated(_PaymentEvent, frozen=True):
    pass


@event("payment", "payment.paid")
class PaymentPaid(_PaymentEvent, frozen=True):
    paid_at: datetime


@event("payment", "payment.expired")
class PaymentExpired(_PaymentEvent, frozen=True):
    pass


@event("payment", "payment.late_paid")
class PaymentLatePaid(_PaymentEvent, frozen=True):
    """Paid after it could count; the money goes back by itself."""


@event("payment", "payment.mismatch")
class PaymentMismatch(_PaymentEvent, frozen=True):
    """Another amount was paid than was asked; ``amount`` is what was asked, ``paid_amount`` what came."""

    paid_amount: Rupiah


class _RefundEvent(Message, frozen=True):
    refund_id: UUID
    code: str
    payment_id: UUID
    participant_id: UUID
    session_id: UUID
    user_id: UUID
    amount: Rupiah
    reason: str


@event("payment", "refund.requested")
class RefundRequested(_RefundEvent, frozen=True):
    pass


@event("payment", "refund.completed")
class RefundCompleted(_RefundEvent, frozen=True):
    destination: str
    """``source`` (card, e-wallet) or ``wallet``."""


@event("payment", "refund.failed")
class RefundFailed(_RefundEvent, frozen=True):
    detail: str


@event("payment", "escrow.released")
class EscrowReleased(Message, frozen=True):
    session_id: UUID
    total: Rupiah
