"""The contract of payment: payments of session participants and of orders, their escrow, its release, refunds."""

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


class RefundParticipants(Message, frozen=True):
    """Refunds some paid participants of a session in full out of its escrow, which is not released yet; once each.

    ``reason`` is a refund_reason of DOMAIN.md 2. Who has not paid, or was refunded before, is passed over.
    """

    session_id: UUID
    participant_ids: list[UUID]
    reason: str


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


class OrderAllocation(Message, frozen=True):
    """What a payment holds for one of its orders, in rupiah."""

    order_id: UUID
    order_number: str
    product_amount: Rupiah
    shipping_amount: Rupiah
    fee_amount: Rupiah

    @property
    def total(self) -> Rupiah:
        """What the buyer pays for the order."""
        return Rupiah(self.product_amount + self.shipping_amount + self.fee_amount)


class CreateOrderPayments(Message, frozen=True):
    """Creates the payment of one checkout over its orders; one that exists already is answered as it stands.

    ``wallet_amount`` is held in the buyer's wallet first, the rest invoiced; with nothing left it is paid at once. Raises
    InvalidInput, OrderIsBeingPaid, and wallet's InsufficientBalance, after which this checkout's payment has failed.
    """

    checkout_id: UUID
    user_id: UUID
    description: str
    orders: list[OrderAllocation]
    expires_at: datetime
    wallet_amount: Rupiah = Rupiah(0)

    @property
    def total(self) -> Rupiah:
        """What the buyer pays."""
        return Rupiah(sum(each.total for each in self.orders))


class OrderPaymentSummary(Message, frozen=True):
    """``status`` as of PaymentSummary; ``total`` = ``wallet_amount`` + ``xendit_amount``, in rupiah."""

    id: UUID
    code: str
    checkout_id: UUID
    order_ids: list[UUID]
    status: str
    total: Rupiah
    wallet_amount: Rupiah
    xendit_amount: Rupiah
    expires_at: datetime


class OrderPaymentSummaries(Message, frozen=True):
    payments: list[OrderPaymentSummary]


class GetOrderPayments(Message, frozen=True):
    """Asks for the payments of orders, newest first; an order that was never to be paid is left out."""

    order_ids: list[UUID]


class CancelOrderPayments(Message, frozen=True):
    """Ends unpaid payments of checkouts; one that is paid already stays, and its status in the answer says so."""

    checkout_ids: list[UUID]


class ReleaseOrderEscrow(Message, frozen=True):
    """Releases a delivered order's escrow in one journal; the parts must add up to what is held.

    ``seller_revenue`` and ``warehouse_revenue`` are product value before commission; a seller's part names the seller.
    Raises EscrowMismatch, and RefundUndecided while a refund of the order waits for a decision.
    """

    order_id: UUID
    seller_id: UUID | None
    seller_revenue: Rupiah
    warehouse_revenue: Rupiah
    shipping: Rupiah
    fee: Rupiah


class OrderReleased(Message, frozen=True):
    """How an order's escrow was divided, in rupiah."""

    order_id: UUID
    total: Rupiah
    seller: Rupiah
    warehouse: Rupiah
    commission: Rupiah
    courier: Rupiah
    fee_income: Rupiah


class RefundOrder(Message, frozen=True):
    """Refunds an order in part, or without ``amount`` all that is left of it; once for ``request_id``.

    After its release the platform bears it (``goodwill``) and settlement charges the payee. Raises RefundNotPossible.
    """

    request_id: UUID
    order_id: UUID
    reason: str
    amount: Rupiah | None = None
    note: str = ""


class RefundParticipant(Message, frozen=True):
    """Refunds ``amount`` of what a participant paid for a session whose escrow was released; once for ``request_id``.

    The platform bears it (``goodwill``) and settlement charges the payee. Raises RefundNotPossible.
    """

    request_id: UUID
    participant_id: UUID
    amount: Rupiah
    reason: str
    note: str = ""


class GetCharges(Message, frozen=True):
    """Asks what paying for participants' and direct orders cost us, and whether a refund of theirs is open."""

    participant_ids: list[UUID]
    order_ids: list[UUID]


class Charge(Message, frozen=True):
    """Of a participant's payment or of an order's share of one: the provider's fee, the fee that the buyer paid (rupiah), and
    whether a refund is asked for or on its way. ``id`` is the participant's or the order's."""

    id: UUID
    provider_fee: Rupiah
    collected_fee: Rupiah
    refund_open: bool


class Charges(Message, frozen=True):
    """Those that were never paid are left out."""

    charges: list[Charge]


create_escrow_payments = operation("payment", "create-escrow-payments", CreateEscrowPayments, PaymentSummaries)
close_session_payments = operation("payment", "close-session-payments", CloseSessionPayments, SessionPaid, timeout=60.0)
release_escrow = operation("payment", "release-escrow", ReleaseEscrow, Released, timeout=15.0)
get_payments = operation("payment", "get-payments", GetPayments, PaymentSummaries)
cancel_payments = operation("payment", "cancel-payments", CancelPayments, PaymentSummaries)
refund_participants = operation("payment", "refund-participants", RefundParticipants, RefundsStarted, timeout=30.0)
refund_session = operation("payment", "refund-session", RefundSession, RefundsStarted, timeout=30.0)

get_charges = operation("payment", "get-charges", GetCharges, Charges, timeout=15.0)
create_order_payments = operation(
    "payment", "create-order-payments", CreateOrderPayments, OrderPaymentSummary, timeout=15.0
)
get_order_payments = operation("payment", "get-order-payments", GetOrderPayments, OrderPaymentSummaries)
cancel_order_payments = operation("payment", "cancel-order-payments", CancelOrderPayments, OrderPaymentSummaries)
release_order_escrow = operation("payment", "release-order-escrow", ReleaseOrderEscrow, OrderReleased)
refund_order = operation("payment", "refund-order", RefundOrder, RefundsStarted)
refund_participant = operation("payment", "refund-participant", RefundParticipant, RefundsStarted)


class PaymentNotFound(Problem):
    code, status, title = "payment_not_found", 404, "There is no such payment"


class PaymentClosed(Problem):
    code, status, title = "payment_closed", 409, "This payment can no longer be made"


class OrderIsBeingPaid(Problem):
    code, status, title = "order_is_being_paid", 409, "Another payment of this order can still be made, or is paid"


class WalletPartFixed(Problem):
    code, status, title = "wallet_part_fixed", 409, "The wallet's part of this payment can no longer be chosen"


class NotPaid(Problem):
    code, status, title = "not_paid", 409, "There is a receipt only for what is paid"


class QuarantineNotFound(Problem):
    code, status, title = "quarantine_not_found", 404, "There is no such quarantined money"


class QuarantineDecided(Problem):
    code, status, title = "quarantine_decided", 409, "This money cannot be dealt with in that way"


class RefundNotPossible(Problem):
    code, status, title = "refund_not_possible", 409, "That cannot be refunded"


class RefundUndecided(Problem):
    code, status, title = "refund_undecided", 409, "A refund of this order waits for a decision"


class RefundRequestNotFound(Problem):
    code, status, title = "refund_request_not_found", 404, "There is no such refund request"


class RefundRequestDecided(Problem):
    code, status, title = "refund_request_decided", 409, "This refund request is decided already"


class SecondPersonNeeded(Problem):
    code, status, title = "second_person_needed", 409, "Another person than the first must agree to this refund"


class WebhookEventNotFound(Problem):
    code, status, title = "webhook_event_not_found", 404, "There is no such webhook event"


class WebhookEventDone(Problem):
    code, status, title = "webhook_event_done", 409, "Only an event that was not understood can be processed again"


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
    """``wallet_amount`` of the amount came from the buyer's wallet, where it was held."""

    paid_at: datetime
    wallet_amount: Rupiah = Rupiah(0)


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
    """``borne_by`` is escrow, or platform where the session's escrow was released before."""

    borne_by: str = "escrow"


@event("payment", "refund.completed")
class RefundCompleted(_RefundEvent, frozen=True):
    destination: str
    """``source`` (card, e-wallet) or ``wallet``."""
    borne_by: str = "escrow"


@event("payment", "refund.failed")
class RefundFailed(_RefundEvent, frozen=True):
    detail: str
    borne_by: str = "escrow"


@event("payment", "escrow.released")
class EscrowReleased(Message, frozen=True):
    """``factory_revenue`` is of goods made anew, of which the factory is owed ``factory``, without our commission."""

    session_id: UUID
    total: Rupiah
    factory_id: UUID | None = None
    factory_revenue: Rupiah = Rupiah(0)
    factory: Rupiah = Rupiah(0)
    commission_percent: int = 10


class _OrderPaymentEvent(Message, frozen=True):
    """What the events of an orders' payment say: whose it is, for which orders, and the amount of all, in rupiah."""

    payment_id: UUID
    code: str
    checkout_id: UUID
    order_ids: list[UUID]
    user_id: UUID
    amount: Rupiah


@event("payment", "order_payment.created")
class OrderPaymentCreated(_OrderPaymentEvent, frozen=True):
    expires_at: datetime


@event("payment", "order_payment.paid")
class OrderPaymentPaid(_OrderPaymentEvent, frozen=True):
    """``wallet_amount`` of the amount came from the buyer's wallet, where it was held."""

    paid_at: datetime
    wallet_amount: Rupiah


@event("payment", "order_payment.failed")
class OrderPaymentFailed(_OrderPaymentEvent, frozen=True):
    """The wallet did not hold its part; the orders may be paid by another checkout."""


@event("payment", "order_payment.expired")
class OrderPaymentExpired(_OrderPaymentEvent, frozen=True):
    pass


@event("payment", "order_payment.late_paid")
class OrderPaymentLatePaid(_OrderPaymentEvent, frozen=True):
    """Paid after it could count; the money goes back by itself."""


@event("payment", "order_payment.mismatch")
class OrderPaymentMismatch(_OrderPaymentEvent, frozen=True):
    """Another amount was paid than was asked of the provider; ``paid_amount`` is what came."""

    paid_amount: Rupiah


class _OrderRefundEvent(Message, frozen=True):
    """``order_ids`` is the one order refunded, or all of the payment where money came late, twice or not as asked.
    ``borne_by`` is escrow, or platform where the order's escrow was released before."""

    refund_id: UUID
    code: str
    payment_id: UUID
    order_ids: list[UUID]
    user_id: UUID
    amount: Rupiah
    reason: str
    borne_by: str


@event("payment", "order_refund.requested")
class OrderRefundRequested(_OrderRefundEvent, frozen=True):
    pass


@event("payment", "order_refund.completed")
class OrderRefundCompleted(_OrderRefundEvent, frozen=True):
    destination: str
    """``source`` (card, e-wallet) or ``wallet``."""


@event("payment", "order_refund.failed")
class OrderRefundFailed(_OrderRefundEvent, frozen=True):
    detail: str


@event("payment", "order_escrow.released")
class OrderEscrowReleased(Message, frozen=True):
    """``seller_revenue`` is of a seller's goods, of which the seller is owed ``seller``, without our commission."""

    order_id: UUID
    payment_id: UUID
    total: Rupiah
    seller_id: UUID | None = None
    seller_revenue: Rupiah = Rupiah(0)
    seller: Rupiah = Rupiah(0)
    commission_percent: int = 10
