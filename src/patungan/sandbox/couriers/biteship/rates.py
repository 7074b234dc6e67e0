"""``POST /v1/rates/couriers``: what each asked courier's services cost between two places."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from patungan.sandbox.couriers import tariff
from patungan.sandbox.couriers.biteship import places
from patungan.sandbox.couriers.biteship.errors import RATES_INVALID, BiteshipError
from patungan.sandbox.couriers.biteship.places import Coordinate, Spot
from patungan.sandbox.couriers.tariff import Quote, Service

COD_PERCENT: Final = 4
"""The sandbox's own share of a cash-on-delivery amount."""

Size = Annotated[float, msgspec.Meta(ge=0)]


class Item(msgspec.Struct, kw_only=True):
    """Goods of one kind: grams, centimetres and rupiah of one piece."""

    name: str
    value: Annotated[int, msgspec.Meta(ge=0)]
    quantity: Annotated[int, msgspec.Meta(ge=1)]
    weight: Annotated[float, msgspec.Meta(gt=0)]
    description: str | None = None
    category: str = "others"
    sku: str | None = None
    length: Size = 0
    width: Size = 0
    height: Size = 0


class RatesRequest(msgspec.Struct, kw_only=True):
    couriers: str
    items: Annotated[list[Item], msgspec.Meta(min_length=1)]
    origin_area_id: str | None = None
    origin_postal_code: int | str | None = None
    origin_latitude: float | None = None
    origin_longitude: float | None = None
    destination_area_id: str | None = None
    destination_postal_code: int | str | None = None
    destination_latitude: float | None = None
    destination_longitude: float | None = None
    courier_insurance: int | None = None
    destination_cash_on_delivery: int | None = None


def answer(request: RatesRequest) -> dict[str, object]:
    """The prices of all asked services that go there; raises BiteshipError for an unknown place or courier."""
    origin = places.found(
        *(request.origin_area_id, request.origin_postal_code),
        _point(request.origin_latitude, request.origin_longitude),
        role="origin",
        codes=(RATES_INVALID, RATES_INVALID),
    )
    destination = places.found(
        *(request.destination_area_id, request.destination_postal_code),
        _point(request.destination_latitude, request.destination_longitude),
        role="destination",
        codes=(RATES_INVALID, RATES_INVALID),
    )
    asked = [code.strip().lower() for code in request.couriers.split(",") if code.strip()]
    unknown = [code for code in asked if code not in tariff.COURIER_NAMES]
    if unknown or not asked:
        raise BiteshipError(RATES_INVALID, f"The couriers {', '.join(unknown) or 'of the request'} are not available")
    services = [service for code in asked for service in tariff.of_courier(code)]
    quotes = quoted(services, origin, destination, request.items)
    return {
        "success": True,
        "object": "courier_pricing",
        "message": "Success to retrieve courier pricing",
        "code": 20001003,
        "origin": places.rendered(origin),
        "destination": places.rendered(destination),
        "pricing": [_priced(quote, request) for quote in quotes],
    }


def _point(latitude: float | None, longitude: float | None) -> Coordinate | None:
    return None if latitude is None or longitude is None else Coordinate(latitude, longitude)


def quoted(services: list[Service], origin: Spot, destination: Spot, items: list[Item]) -> list[Quote]:
    """The quotes of those services that serve this parcel."""
    kilograms = tariff.chargeable_kg(items)
    found: list[Quote] = []
    for service in services:
        distance = places.kilometres(origin, destination, instant=service.instant)
        quote = None if distance is None else tariff.quote(service, distance, kilograms)
        if quote is not None:
            found.append(quote)
    return found


def _priced(quote: Quote, request: RatesRequest) -> dict[str, object]:
    service = quote.service
    insurance = tariff.insurance_fee(request.courier_insurance or 0)
    cash_fee = -(-(request.destination_cash_on_delivery or 0) * COD_PERCENT // 100)
    span = f"{quote.least} - {quote.most}" if quote.least != quote.most else str(quote.least)
    return {
        "available_collection_method": ["pickup"] if service.instant else ["pickup", "drop_off"],
        "available_for_cash_on_delivery": not service.instant,
        "available_for_proof_of_delivery": False,
        "available_for_instant_waybill_id": not service.instant,
        "available_for_insurance": True,
        "company": service.courier,
        "courier_name": service.courier_name,
        "courier_code": service.courier,
        "courier_service_name": service.name,
        "courier_service_code": service.code,
        "currency": "IDR",
        "description": service.description,
        "duration": f"{span} {quote.unit}",
        "shipment_duration_range": span,
        "shipment_duration_unit": quote.unit,
        "service_type": service.service_type,
        "shipping_type": service.shipping_type,
        "shipping_fee": quote.price,
        "shipping_fee_discount": 0,
        "shipping_fee_surcharge": 0,
        "insurance_fee": insurance,
        "cash_on_delivery_fee": cash_fee,
        "price": quote.price + insurance + cash_fee,
        "tax_lines": [],
        "type": service.code,
    }


def listed(service: Service) -> dict[str, object]:
    """A row of ``GET /v1/couriers``."""
    least, most = service.days or tariff.standard_days(0)
    return {
        "available_for_cash_on_delivery": not service.instant,
        "available_for_proof_of_delivery": False,
        "available_for_instant_waybill_id": not service.instant,
        "courier_name": service.courier_name,
        "courier_code": service.courier,
        "courier_service_name": service.name,
        "courier_service_code": service.code,
        "tier": "free",
        "description": service.description,
        "service_type": service.service_type,
        "shipping_type": service.shipping_type,
        "shipment_duration_range": "1 - 3" if service.instant else f"{least} - {most}",
        "shipment_duration_unit": "hours" if service.instant else "days",
    }
