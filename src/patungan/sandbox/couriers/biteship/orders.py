"""Biteship's orders: booked, read, cancelled."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from patungan.sandbox.context import Sandbox
from patungan.sandbox.couriers import movement, shipments, tariff
from patungan.sandbox.couriers.biteship import places, webhooks
from patungan.sandbox.couriers.biteship.errors import DUPLICATE_REFERENCE, NO_SUCH_ORDER, BiteshipError
from patungan.sandbox.couriers.biteship.places import Coordinate
from patungan.sandbox.couriers.biteship.rates import Item, quoted
from patungan.sandbox.couriers.shipments import Shipment

COURIER_MISSING: Final = 40002001
COURIER_INACTIVE: Final = 40002002
TYPE_MISSING: Final = 40002004
DELIVERY_MISSING: Final = 40002005
DELIVERY_BAD: Final = 40002006
PLACE_MISSING: Final = {"destination": 40002010, "origin": 40002011}
TIME_PASSED: Final = 40002013
PARTY_MISSING: Final = {
    "origin_contact_name": 40002014,
    "origin_contact_phone": 40002015,
    "origin_address": 40002016,
    "destination_contact_name": 40002017,
    "destination_contact_phone": 40002018,
    "destination_address": 40002019,
}
POSTAL_CODE_BAD: Final = 40002020
INVALID: Final = 40002021
NOT_CANCELLABLE: Final = 40002022
"""The last two are the sandbox's own: the published list breaks off at 40002021."""

CANCELLATION_REASONS: Final = {
    "change_courier": ("Ganti kurir", "Change courier"),
    "change_address": ("Ganti alamat", "Change address"),
    "courier_late": ("Kurir terlambat", "The courier is late"),
    "out_of_stock": ("Stok habis", "Out of stock"),
    "others": ("Lainnya", "Others"),
}


class CreateOrder(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The request; what Biteship requires is checked by hand, since each field has its own error code."""

    items: list[Item] = []
    shipper_contact_name: str | None = None
    shipper_contact_phone: str | None = None
    shipper_contact_email: str | None = None
    shipper_organization: str | None = None
    origin_contact_name: str | None = None
    origin_contact_phone: str | None = None
    origin_contact_email: str | None = None
    origin_address: str | None = None
    origin_note: str | None = None
    origin_postal_code: int | str | None = None
    origin_area_id: str | None = None
    origin_coordinate: Coordinate | None = None
    origin_collection_method: str | None = None
    destination_contact_name: str | None = None
    destination_contact_phone: str | None = None
    destination_contact_email: str | None = None
    destination_address: str | None = None
    destination_note: str | None = None
    destination_postal_code: int | str | None = None
    destination_area_id: str | None = None
    destination_coordinate: Coordinate | None = None
    destination_cash_on_delivery: int | None = None
    destination_cash_on_delivery_type: str | None = None
    courier_company: str | None = None
    courier_type: str | None = None
    courier_insurance: int | None = None
    delivery_type: str | None = None
    delivery_date: str | None = None
    delivery_time: str | None = None
    order_note: str | None = None
    reference_id: str | None = None
    metadata: dict[str, object] | None = None
    tags: list[str] | None = None


def create(sandbox: Sandbox, request: CreateOrder) -> Shipment:
    """Book a parcel; raises BiteshipError, for a used reference_id with the earlier order in its details."""
    service = _checked_service(request)
    _check_parties(request)
    _check_delivery(sandbox, request)
    if request.reference_id and (earlier := shipments.by_reference(sandbox, "biteship", request.reference_id)):
        raise BiteshipError(
            DUPLICATE_REFERENCE,
            "The reference_id has been used by another order",
            {"order_id": earlier.id, "waybill_id": earlier.waybill, "reference_id": request.reference_id},
        )
    price = _price(request, service)
    with sandbox.store.transaction():
        shipment = shipments.book(
            sandbox,
            provider="biteship",
            courier=service.courier,
            service=service.code,
            reference=request.reference_id or None,
            price=price,
            kilograms=tariff.chargeable_kg(request.items),
            request=msgspec.to_builtins(request),
        )
        webhooks.announce(sandbox, shipment)
    return shipment


def _checked_service(request: CreateOrder) -> tariff.Service:
    if not request.courier_company:
        raise BiteshipError(COURIER_MISSING, "courier_company is required")
    if request.courier_company.lower() not in tariff.COURIER_NAMES:
        raise BiteshipError(COURIER_INACTIVE, f"The courier {request.courier_company} is not active")
    if not request.courier_type:
        raise BiteshipError(TYPE_MISSING, "courier_type is required")
    service = tariff.service_named(request.courier_company, request.courier_type)
    if service is None:
        raise BiteshipError(INVALID, f"{request.courier_company} has no service {request.courier_type}")
    return service


def _check_parties(request: CreateOrder) -> None:
    for name, code in PARTY_MISSING.items():
        if not getattr(request, name):
            raise BiteshipError(code, f"{name} is required")
    if not request.items:
        raise BiteshipError(INVALID, "items is required")


def _check_delivery(sandbox: Sandbox, request: CreateOrder) -> None:
    if not request.delivery_type:
        raise BiteshipError(DELIVERY_MISSING, "delivery_type is required")
    if request.delivery_type not in ("now", "scheduled", "later"):
        raise BiteshipError(DELIVERY_BAD, "delivery_type must be now or scheduled")
    if request.delivery_type != "now" and request.delivery_date:
        try:
            wanted = datetime.fromisoformat(f"{request.delivery_date}T{request.delivery_time or '23:59'}:00+07:00")
        except ValueError as error:
            raise BiteshipError(DELIVERY_BAD, "delivery_date or delivery_time is not valid") from error
        if wanted < sandbox.clock():
            raise BiteshipError(TIME_PASSED, "The delivery time has passed")


def _price(request: CreateOrder, service: tariff.Service) -> int:
    origin = places.found(
        *(request.origin_area_id, request.origin_postal_code, request.origin_coordinate),
        role="origin",
        codes=(PLACE_MISSING["origin"], POSTAL_CODE_BAD),
    )
    destination = places.found(
        *(request.destination_area_id, request.destination_postal_code, request.destination_coordinate),
        role="destination",
        codes=(PLACE_MISSING["destination"], POSTAL_CODE_BAD),
    )
    quotes = quoted([service], origin, destination, request.items)
    if not quotes:
        raise BiteshipError(INVALID, f"{service.courier} {service.code} does not carry this parcel there")
    return quotes[0].price + tariff.insurance_fee(request.courier_insurance or 0)


def find(sandbox: Sandbox, order_id: str) -> Shipment:
    """Read an order; raises BiteshipError 404."""
    shipment = shipments.find(sandbox, order_id)
    if shipment is None or shipment.provider != "biteship":
        raise BiteshipError(NO_SUCH_ORDER, "Order not found")
    return shipment


def cancel(sandbox: Sandbox, order_id: str, reason_code: str | None) -> Shipment:
    """Call an order off that has not been picked up; raises BiteshipError for any other."""
    shipment = find(sandbox, order_id)
    if reason_code not in CANCELLATION_REASONS:
        raise BiteshipError(INVALID, "cancellation_reason_code is not valid")
    if shipment.status not in shipments.CANCELLABLE:
        raise BiteshipError(NOT_CANCELLABLE, f"An order that is {shipment.status} can not be cancelled")
    return movement.advance(sandbox, shipment, "cancelled")
