"""The contract of group buying: its sessions as facts that others act on."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from patungan.contracts.payment import EscrowPayment
from patungan.kernel.contract import Message, event
from patungan.kernel.errors import Problem
from patungan.kernel.money import Rupiah


class SessionNotFound(Problem):
    code, status, title = "session_not_found", 404, "There is no such session"


class SessionNotOpen(Problem):
    code, status, title = "session_not_open", 409, "This session takes no joins now"


class SessionNotStarted(Problem):
    code, status, title = "session_not_started", 409, "This session has not started yet"


class SessionEnded(Problem):
    code, status, title = "session_ended", 409, "This session has ended"


class SessionStatusRefused(Problem):
    code, status, title = "session_status_refused", 409, "The session's status cannot change that way"


class SessionHasBuyers(Problem):
    code, status, title = "session_has_buyers", 409, "This session has buyers already"


class TiersOutOfOrder(Problem):
    code, status, title = (
        "tiers_out_of_order",
        400,
        "Tier prices must not rise from 25 to 100 per cent, nor exceed the price",
    )


class QuantityRefused(Problem):
    """``data.available`` tells how many units may be joined now."""

    code, status, title = "quantity_refused", 409, "That many units cannot be joined now"


class TooManyHolds(Problem):
    code, status, title = "too_many_holds", 409, "Pay or leave your open reservations first"


class BuyerLimitReached(Problem):
    """``data.available`` tells how many units this buyer may still take."""

    code, status, title = "buyer_limit_reached", 409, "That is more than one buyer may take in this session"


class ReservationLapsed(Problem):
    code, status, title = "reservation_lapsed", 409, "This reservation has lapsed or was left"


class VariantRequired(Problem):
    code, status, title = "variant_required", 400, "Choose a variant"


class ParticipantNotFound(Problem):
    code, status, title = "participant_not_found", 404, "You have no such reservation"


class AlreadyPaid(Problem):
    code, status, title = "already_paid", 409, "A paid reservation cannot be left"


class _SessionEvent(Message, frozen=True):
    session_id: UUID
    code: str
    product_id: UUID
    product_name: str
    factory_id: UUID


@event("group-buying", "session.opened")
class SessionOpened(_SessionEvent, frozen=True):
    ends_at: datetime


@event("group-buying", "session.tier_changed")
class SessionTierChanged(_SessionEvent, frozen=True):
    tier: int
    paid_quantity: int


@event("group-buying", "session.moq_reached")
class SessionMoqReached(_SessionEvent, frozen=True):
    paid_quantity: int


@event("group-buying", "session.expiring")
class SessionExpiring(_SessionEvent, frozen=True):
    ends_at: datetime


@event("group-buying", "session.platform_filled")
class SessionPlatformFilled(_SessionEvent, frozen=True):
    quantity: int


@event("group-buying", "session.pending_stock")
class SessionPendingStock(_SessionEvent, frozen=True):
    purchase_order_code: str


@event("group-buying", "session.stock_received")
class SessionStockReceived(_SessionEvent, frozen=True):
    pass


@event("group-buying", "session.succeeded")
class SessionSucceeded(_SessionEvent, frozen=True):
    tier: int
    paid_quantity: int


@event("group-buying", "session.failed")
class SessionFailed(_SessionEvent, frozen=True):
    pass


@event("group-buying", "session.cancelled")
class SessionCancelled(_SessionEvent, frozen=True):
    reason: str


@event("group-buying", "participants.joined")
class ParticipantsJoined(Message, frozen=True):
    """A batch of accepted joins. Payment makes the payments from this, should the direct call not have arrived."""

    payments: list[EscrowPayment]


@event("group-buying", "participant.released")
class ParticipantReleased(Message, frozen=True):
    """An unpaid reservation lapsed or was left; its payment can no longer be made."""

    participant_id: UUID
    session_id: UUID
    user_id: UUID


class _ParticipantEvent(_SessionEvent, frozen=True):
    participant_id: UUID
    user_id: UUID
    quantity: int


@event("group-buying", "participant.waiting_for_stock")
class ParticipantWaitingForStock(_ParticipantEvent, frozen=True):
    """The session succeeded in numbers and waits for goods from the factory."""


@event("group-buying", "participant.confirmed")
class ParticipantConfirmed(_ParticipantEvent, frozen=True):
    """The session succeeded for this participant; ``cashback`` in rupiah."""

    tier: int
    unit_price: Rupiah
    cashback: Rupiah


@event("group-buying", "participant.refunded")
class ParticipantRefunded(_ParticipantEvent, frozen=True):
    """The session was cancelled, or goods for this participant will not come; the whole payment goes back."""

    reason: str


@event("group-buying", "participant.expiring")
class ParticipantExpiring(_ParticipantEvent, frozen=True):
    """The session ends in a few minutes."""

    ends_at: datetime
