"""Biteship, an aggregator: many Indonesian couriers behind one key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import quote

import msgspec

from patungan.providers.couriers.courier import (
    Booking,
    BookRequest,
    Consignment,
    Contact,
    Item,
    Place,
    PlaceNotServed,
    Rate,
    RateRequest,
    Tracking,
    TrackingEvent,
    cheapest_first,
)
from patungan.providers.couriers.status import biteship_status
from patungan.providers.couriers.times import days
from patungan.providers.errors import ProviderOutcomeUnknown, ProviderRefused
from patungan.providers.http import Call, Deadlines, Effect, Fault, JsonClient, Observation, Pacing, no_observer
from patungan.providers.messages import Private

BASE_URL = "https://api.biteship.com"
DEFAULT_COURIERS = ("jne", "jnt", "sicepat")
OTHER_REASON = "others"


class Biteship:
    """Rates, orders and tracking over Biteship; an order's ``reference`` is refused a second time, which makes booking safe.

    The key decides between the test and the live account.
    """

    name = "biteship"

    def __init__(
        self,
        api_key: str,
        pacing: Pacing,
        *,
        couriers: Sequence[str] = DEFAULT_COURIERS,
        base_url: str = BASE_URL,
        deadlines: Deadlines | None = None,
        observe: Callable[[Observation], None] = no_observer,
    ) -> None:
        self._couriers = tuple(couriers)
        self.client = JsonClient(
            self.name,
            base_url,
            pacing,
            read_fault=read_fault,
            headers={"authorization": api_key},
            deadlines=deadlines,
            observe=observe,
        )

    async def aclose(self) -> None:
        await self.client.aclose()

    async def rates(self, request: RateRequest) -> list[Rate]:
        body = {
            **_rate_place("origin", request.origin),
            **_rate_place("destination", request.destination),
            "couriers": ",".join(request.couriers or self._couriers),
            "items": [_item(item) for item in request.items],
        }
        call = Call(operation="rates", method="POST", path="/v1/rates/couriers", effect=Effect.READ, json=body)
        answer = await self.client.send(call, _Rates)
        self._check(call, answer)
        return cheapest_first([_rate(price) for price in answer.pricing])

    async def book(self, request: BookRequest) -> Booking:
        """Order the carriage. A reference that was booked before gives that earlier booking, not a second parcel."""
        body: dict[str, object] = {
            **_party("origin", request.sender),
            **_party("destination", request.recipient),
            "shipper_contact_name": request.sender.name,
            "shipper_contact_phone": request.sender.phone,
            "courier_company": request.courier,
            "courier_type": request.service,
            "delivery_type": "now",
            "reference_id": request.reference,
            "items": [_item(item) for item in request.items],
        }
        if request.insured_value:
            body["courier_insurance"] = request.insured_value
        if request.note:
            body["order_note"] = request.note
        call = Call(operation="book", method="POST", path="/v1/orders", effect=Effect.WRITE, json=body)
        try:
            order = await self.client.send(call, _Order)
        except ProviderRefused as refused:
            earlier = refused.details.get("order_id")
            if not earlier:
                raise
            return await self.get_booking(earlier)
        self._check(call, order)
        if not order.id:
            raise ProviderOutcomeUnknown(self.name, call.operation, "the answer names no order", 200)
        return order.booking()

    async def get_booking(self, order_id: str) -> Booking:
        """One order as Biteship holds it."""
        call = Call(
            operation="get order", method="GET", path=f"/v1/orders/{quote(order_id, safe='')}", effect=Effect.READ
        )
        order = await self.client.send(call, _Order)
        self._check(call, order)
        return order.booking()

    async def track(self, consignment: Consignment) -> Tracking:
        """By our own order's tracking id where there is one (free of charge), else by waybill and courier."""
        if consignment.tracking_id:
            path = f"/v1/trackings/{quote(consignment.tracking_id, safe='')}"
        else:
            waybill, courier = quote(consignment.waybill, safe=""), quote(consignment.courier, safe="")
            path = f"/v1/trackings/{waybill}/couriers/{courier}"
        call = Call(operation="track", method="GET", path=path, effect=Effect.READ)
        answer = await self.client.send(call, _TrackingAnswer)
        self._check(call, answer)
        return answer.tracking(consignment)

    async def cancel(self, consignment: Consignment, reason: str) -> None:
        """Call off an order; refused once it is picked up."""
        call = Call(
            operation="cancel",
            method="POST",
            path=f"/v1/orders/{quote(consignment.order_id, safe='')}/cancel",
            effect=Effect.WRITE,
            json={"cancellation_reason_code": OTHER_REASON, "cancellation_reason": reason},
        )
        self._check(call, await self.client.send(call, _Answer))

    def _check(self, call: Call, answer: _Answer) -> None:
        if not answer.success:
            raise self.client.refusal(call, 200, Fault(code=str(answer.code or ""), message=answer.error))


def read_fault(body: bytes) -> Fault:
    """Biteship's error body; on a repeated reference its details name the earlier order."""
    try:
        error = msgspec.json.decode(body, type=_ErrorBody, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Fault()
    details = {name: value for name, value in (error.details or {}).items() if isinstance(value, str)}
    return Fault(code=str(error.code or ""), message=error.error, details=details)


def _rate_place(role: str, place: Place) -> dict[str, object]:
    found: dict[str, object] = {f"{role}_postal_code": _postal_code(place)}
    if place.latitude is not None and place.longitude is not None:
        found |= {f"{role}_latitude": place.latitude, f"{role}_longitude": place.longitude}
    return found


def _postal_code(place: Place) -> int:
    if not (place.postal_code.isascii() and place.postal_code.isdigit()):
        raise PlaceNotServed(Biteship.name, "find place", "a place needs a postal code of digits", 400, "POSTAL_CODE")
    return int(place.postal_code)


def _party(role: str, contact: Contact) -> dict[str, object]:
    found: dict[str, object] = {
        f"{role}_contact_name": contact.name,
        f"{role}_contact_phone": contact.phone,
        f"{role}_address": contact.address,
        f"{role}_postal_code": _postal_code(contact.place),
    }
    if contact.email:
        found[f"{role}_contact_email"] = contact.email
    if contact.note:
        found[f"{role}_note"] = contact.note
    if contact.place.latitude is not None and contact.place.longitude is not None:
        found[f"{role}_coordinate"] = {"latitude": contact.place.latitude, "longitude": contact.place.longitude}
    return found


def _item(item: Item) -> dict[str, object]:
    return {
        "name": item.name,
        "category": item.category,
        "value": item.value,
        "quantity": item.quantity,
        "weight": item.weight_grams,
        "length": item.length_cm,
        "width": item.width_cm,
        "height": item.height_cm,
    }


class _Price(msgspec.Struct, frozen=True):
    courier_code: str
    courier_service_code: str
    courier_name: str
    courier_service_name: str
    price: int
    duration: str = ""
    shipment_duration_range: str = ""
    shipment_duration_unit: str = ""


def _rate(price: _Price) -> Rate:
    hours = "hour" in (price.shipment_duration_unit or price.duration).lower()
    least, most = days(price.shipment_duration_range or price.duration, hours=hours)
    return Rate(
        courier=price.courier_code.lower(),
        service=price.courier_service_code.lower(),
        name=f"{price.courier_name} {price.courier_service_name}",
        price=price.price,
        min_days=least,
        max_days=most,
    )


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    success: bool = True
    error: str = ""
    code: int | str | None = None


class _Rates(_Answer, frozen=True, kw_only=True):
    pricing: tuple[_Price, ...] = ()


class _OrderCourier(Private, frozen=True, kw_only=True):
    company: str
    type: str
    tracking_id: str | None = None
    waybill_id: str | None = None


class _Order(_Answer, frozen=True, kw_only=True):
    id: str = ""
    status: str = ""
    reference_id: str | None = None
    courier: _OrderCourier | None = None
    price: int | None = None

    def booking(self) -> Booking:
        courier = self.courier
        return Booking(
            consignment=Consignment(
                courier=courier.company.lower() if courier else "",
                reference=self.reference_id or "",
                waybill=(courier.waybill_id or "") if courier else "",
                order_id=self.id,
                tracking_id=(courier.tracking_id or "") if courier else "",
            ),
            service=courier.type.lower() if courier else "",
            status=biteship_status(self.status),
            price=self.price,
        )


class _Step(Private, frozen=True, kw_only=True):
    note: str
    status: str
    updated_at: datetime


class _TrackingAnswer(_Answer, frozen=True, kw_only=True):
    id: str = ""
    waybill_id: str | None = None
    order_id: str | None = None
    status: str = ""
    history: tuple[_Step, ...] = ()

    def tracking(self, asked: Consignment) -> Tracking:
        events = tuple(
            TrackingEvent(at=step.updated_at, status=biteship_status(step.status), text=step.note)
            for step in sorted(self.history, key=lambda step: step.updated_at)
        )
        found = msgspec.structs.replace(
            asked,
            waybill=self.waybill_id or asked.waybill,
            order_id=self.order_id or asked.order_id,
        )
        return Tracking(consignment=found, status=biteship_status(self.status), events=events)


class _ErrorBody(msgspec.Struct, frozen=True):
    error: str = ""
    code: int | str | None = None
    details: dict[str, object] | None = None
