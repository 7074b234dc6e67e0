"""Decisions of notification: which status is worth telling, in which language, and what an SMS attempt means. No I/O."""

from __future__ import annotations

import enum
from typing import Literal

import msgspec

Language = Literal["id", "en"]


class NotificationType(enum.StrEnum):
    """Why somebody is told something (DOMAIN.md 3.7), as far as anything is told yet."""

    ORDER_CREATED = "order_created"
    PAYMENT_SUCCESS = "payment_success"
    PAYMENT_FAILED = "payment_failed"
    MOQ_REACHED = "moq_reached"
    GROUP_EXPIRING = "group_expiring"
    GROUP_CONFIRMED = "group_confirmed"
    GROUP_FAILED = "group_failed"
    PRODUCTION_STARTED = "production_started"
    PRODUCTION_COMPLETED = "production_completed"
    READY_FOR_PICKUP = "ready_for_pickup"
    PICKED_UP = "picked_up"
    SHIPPED = "shipped"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERED = "delivered"
    REVIEW_REMINDER = "review_reminder"
    REVIEW_ANSWERED = "review_answered"
    REVIEW_MODERATED = "review_moderated"
    REVIEW_RECEIVED = "review_received"
    STAFF_ASSIGNED = "staff_assigned"
    NEW_FACTORY_ASSIGNED = "new_factory_assigned"
    FACTORY_REJECTED = "factory_rejected"
    FACTORY_MEMBER_JOINED = "factory_member_joined"
    REFUND_INITIATED = "refund_initiated"
    REFUND_COMPLETED = "refund_completed"
    ORDER_CANCELLED = "order_cancelled"
    CASHBACK_CREDITED = "cashback_credited"
    SESSION_OPENED = "session_opened"
    STOCK_LOW = "stock_low"
    PURCHASE_ORDER_ATTENTION = "purchase_order_attention"
    STOCK_CANCELLED = "stock_cancelled"
    PURCHASE_ORDER_CHANGED = "purchase_order_changed"
    FACTORY_VERIFIED = "factory_verified"
    FACTORY_STATUS_CHANGED = "factory_status_changed"
    WITHDRAWAL_REQUESTED = "withdrawal_requested"
    WITHDRAWAL_COMPLETED = "withdrawal_completed"
    WITHDRAWAL_FAILED = "withdrawal_failed"
    SELLER_STATUS_CHANGED = "seller_status_changed"
    SELLER_ORDER_RECEIVED = "seller_order_received"
    COMPLAINT_CHANGED = "complaint_changed"
    SETTLEMENT_SCHEDULED = "settlement_scheduled"
    SETTLEMENT_PAID = "settlement_paid"
    SETTLEMENT_FAILED = "settlement_failed"
    SETTLEMENT_ON_HOLD = "settlement_on_hold"


def preferred_language(accepted: str | None) -> Language:
    """The language of an Accept-Language header's wish; Indonesian where it names neither or both alike."""
    weights: dict[str, float] = {}
    for part in (accepted or "").split(","):
        tag, _, parameters = part.partition(";")
        primary = tag.strip().lower().split("-", 1)[0]
        weights[primary] = max(weights.get(primary, 0.0), _weight(parameters))
    others = weights.get("*", 0.0)
    return "en" if weights.get("en", others) > weights.get("id", others) else "id"


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if 0.0 <= weight <= 1.0 else 0.0


CLAIM_SECONDS = 15
"""Longer than one attempt lasts; after it the process that made the attempt is taken for dead."""
LONGEST_DEDUPE_KEY = 200
LONGEST_SMS = 480
"""Characters; about three billed messages of the GSM alphabet."""


class DeliveryStatus(enum.StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


class Failure(enum.StrEnum):
    """Why an SMS did not go out. Only an unavailable provider surely did nothing, and may be asked again."""

    UNAVAILABLE = "unavailable"
    OUTCOME_UNKNOWN = "outcome_unknown"
    REFUSED_RECIPIENT = "refused_recipient"
    REFUSED = "refused"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The end of one attempt: the provider's id of the message, or a failure with the provider's code."""

    provider_id: str | None = None
    failure: Failure | None = None
    error_code: str | None = None

    @property
    def status(self) -> DeliveryStatus:
        return DeliveryStatus.SENT if self.failure is None else DeliveryStatus.FAILED


# Twilio's codes for a number that is none, cannot be reached, is a landline, or wants no messages.
_OF_THE_RECIPIENT = frozenset({"21211", "21214", "21217", "21219", "21610", "21612", "21614", "21635"})


def refusal(code: str) -> Failure:
    """Whether a refusal is about the number, or about our account or message."""
    return Failure.REFUSED_RECIPIENT if code in _OF_THE_RECIPIENT else Failure.REFUSED
