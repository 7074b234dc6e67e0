"""Orders and trackings as Biteship answers them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Final

import msgspec

from patungan.sandbox.couriers.biteship.orders import CreateOrder
from patungan.sandbox.couriers.shipments import NOTES, Shipment

JAKARTA: Final = timezone(timedelta(hours=7))


def _time(at: int) -> str:
    """``2021-03-16T18:17:00+07:00``"""
    return datetime.fromtimestamp(at / 1000, JAKARTA).isoformat(timespec="seconds")


def order(shipment: Shipment, message: str) -> dict[str, object]:
    request = msgspec.json.decode(shipment.request, type=CreateOrder)
    return {
        "success": True,
        "message": message,
        "object": "order",
        "id": shipment.id,
        "draft_order_id": None,
        "short_id": shipment.id[-6:].upper(),
        "shipper": {
            "name": request.shipper_contact_name or request.origin_contact_name,
            "email": request.shipper_contact_email,
            "phone": request.shipper_contact_phone or request.origin_contact_phone,
            "organization": request.shipper_organization,
        },
        "origin": {
            "contact_name": request.origin_contact_name,
            "contact_phone": request.origin_contact_phone,
            "coordinate": _coordinate(request.origin_coordinate),
            "address": request.origin_address,
            "note": request.origin_note,
            "postal_code": request.origin_postal_code,
        },
        "destination": {
            "contact_name": request.destination_contact_name,
            "contact_phone": request.destination_contact_phone,
            "coordinate": _coordinate(request.destination_coordinate),
            "address": request.destination_address,
            "note": request.destination_note,
            "postal_code": request.destination_postal_code,
            "proof_of_delivery": {"use": False, "fee": 0, "note": None, "link": None},
            "cash_on_delivery": {
                "id": None,
                "amount": request.destination_cash_on_delivery or 0,
                "amount_currency": "IDR",
                "fee": 0,
                "fee_currency": "IDR",
                "note": None,
                "type": request.destination_cash_on_delivery_type,
            },
        },
        "courier": _courier(shipment, request),
        "delivery": {
            "datetime": _time(shipment.created),
            "note": None,
            "type": request.delivery_type,
            "distance": None,
            "distance_unit": "kilometer",
        },
        "reference_id": shipment.reference,
        "invoice_id": None,
        "items": [msgspec.to_builtins(item) for item in request.items],
        "extra": {},
        "currency": "IDR",
        "tax_lines": [],
        "price": shipment.price,
        "metadata": request.metadata or {},
        "tags": request.tags or [],
        "note": request.order_note,
        "status": shipment.status,
    }


def _coordinate(point: msgspec.Struct | None) -> object:
    return None if point is None else msgspec.to_builtins(point)


def _courier(shipment: Shipment, request: CreateOrder) -> dict[str, object]:
    return {
        "tracking_id": shipment.tracking_id,
        "waybill_id": shipment.waybill,
        "company": shipment.courier,
        "type": shipment.service,
        "driver_name": None,
        "driver_phone": None,
        "driver_photo_url": None,
        "driver_plate_number": None,
        "link": None,
        "insurance": {
            "amount": request.courier_insurance or 0,
            "amount_currency": "IDR",
            "fee": 0,
            "fee_currency": "IDR",
            "note": None,
        },
        "routing_code": None,
        "history": history(shipment),
        "shipment_fee": shipment.price,
    }


def history(shipment: Shipment) -> list[dict[str, object]]:
    return [
        {
            "service_type": shipment.service,
            "status": step.status,
            "note": NOTES[step.status],
            "updated_at": _time(step.at),
        }
        for step in shipment.way
    ]


def tracking(shipment: Shipment) -> dict[str, object]:
    """``messsage`` is spelt as in Biteship's own sample; ``message`` is there too, as its typed clients expect."""
    parties = msgspec.json.decode(shipment.request, type=dict[str, object])
    text = "Successfully get tracking info"
    return {
        "success": True,
        "messsage": text,
        "message": text,
        "object": "tracking",
        "id": shipment.tracking_id,
        "waybill_id": shipment.waybill,
        "courier": {
            "company": shipment.courier,
            "driver_name": None,
            "driver_phone": None,
            "driver_photo_url": None,
            "driver_plate_number": None,
        },
        "origin": {"contact_name": parties.get("origin_contact_name"), "address": parties.get("origin_address")},
        "destination": {
            "contact_name": parties.get("destination_contact_name"),
            "address": parties.get("destination_address"),
        },
        "history": history(shipment),
        "link": None,
        "order_id": shipment.id if shipment.provider == "biteship" else None,
        "status": shipment.status,
    }
