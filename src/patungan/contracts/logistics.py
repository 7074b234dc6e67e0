"""The contract of logistics: what a parcel costs, and where booked ones are."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from patungan.kernel.contract import Message, event, operation
from patungan.kernel.errors import Problem
from patungan.kernel.money import Rupiah


class QuoteRates(Message, frozen=True):
    """Asks what a parcel costs; weight in grams, dimensions in centimetres, value in rupiah, all of the whole parcel."""

    origin_postal_code: str
    destination_postal_code: str
    weight_grams: int
    length_cm: int
    width_cm: int
    height_cm: int
    value: Rupiah


class Rate(Message, frozen=True):
    """An offer; ``service`` names it in a join (``jne:reg``). ``estimated`` marks the flat fallback when no courier answers."""

    service: str
    courier: str
    name: str
    price: Rupiah
    min_days: int
    max_days: int
    estimated: bool = False


class Rates(Message, frozen=True):
    """Offers, cheapest first; none where we do not deliver (the service area's rules)."""

    rates: list[Rate]


quote_rates = operation("logistics", "quote-rates", QuoteRates, Rates, timeout=8.0)


class CourierServiceUnknown(Problem):
    code, status, title = "courier_service_unknown", 400, "No courier offers this service for that place"


class ShipmentNotFound(Problem):
    code, status, title = "shipment_not_found", 404, "There is no such shipment"


class ShipmentExists(Problem):
    code, status, title = "shipment_exists", 409, "This order has a shipment already"


class ShipmentRefused(Problem):
    """What a shipment does not allow as it stands; ``data.allowed`` names the statuses that it may take."""

    code, status, title = "shipment_refused", 409, "The shipment does not allow this as it stands"


class OrderNotShippable(Problem):
    code, status, title = "order_not_shippable", 409, "An order in this status has nothing to ship"


class CourierUnknown(Problem):
    code, status, title = "courier_unknown", 404, "There is no such courier"


class CourierTaken(Problem):
    code, status, title = "courier_taken", 409, "There is a courier of this code already"


class CourierRefused(Problem):
    """The courier itself said no; ``detail`` is its own reason, without personal data."""

    code, status, title = "courier_refused", 409, "The courier refused this"


class CourierSilent(Problem):
    """Whether the courier did it is not known; asking again is safe."""

    code, status, title = "courier_silent", 503, "The courier does not answer at the moment"


class CaseNotFound(Problem):
    code, status, title = "shipment_case_not_found", 404, "There is no such case"


class CaseClosed(Problem):
    code, status, title = "shipment_case_closed", 409, "This case was closed already"


class PickupNotFound(Problem):
    code, status, title = "pickup_not_found", 404, "There is no such pick-up"


class PickupRefused(Problem):
    code, status, title = "pickup_refused", 409, "The pick-up does not allow this as it stands"


class LogisticsWebhookRefused(Problem):
    code, status, title = "logistics_webhook_refused", 401, "This callback bears no proof of its courier"


@event("logistics", "shipment.created")
class ShipmentCreated(Message, frozen=True):
    """A courier took the order for a parcel, or a factory's goods are on their way (``purchase_order_id``).

    ``again`` marks a parcel that follows one which failed, was lost or came back.
    """

    shipment_id: UUID
    order_id: UUID | None
    order_number: str
    user_id: UUID | None
    factory_id: UUID
    purchase_order_id: UUID | None
    courier: str
    service: str
    waybill: str
    again: bool
    occurred_at: datetime


@event("logistics", "shipment.status_changed")
class ShipmentStatusChanged(Message, frozen=True):
    """A parcel moved on; ``was`` is where it was before, ``occurred_at`` when it happened by the courier's clock.

    ``reason`` says of a failed one why: cancelled, refused, lost or failed.
    """

    shipment_id: UUID
    order_id: UUID | None
    order_number: str
    user_id: UUID | None
    factory_id: UUID
    purchase_order_id: UUID | None
    courier: str
    waybill: str
    was: str
    status: str
    reason: str
    occurred_at: datetime
