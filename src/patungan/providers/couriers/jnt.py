"""J&T Express Indonesia by its own keys. Its API has no public description: this follows what several open clients agree on."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import md5

import msgspec

from patungan.providers.couriers.courier import (
    Booking,
    BookRequest,
    Consignment,
    Place,
    PlaceNotServed,
    Rate,
    RateRequest,
    Tracking,
    TrackingEvent,
    cheapest_first,
)
from patungan.providers.couriers.status import ShipmentStatus, jnt_status
from patungan.providers.couriers.times import WIB, moment
from patungan.providers.couriers.weight import chargeable_kilograms_of
from patungan.providers.errors import ProviderOutcomeUnknown, ProviderUnavailable
from patungan.providers.http import Call, Deadlines, Effect, Fault, JsonClient, Observation, Pacing, no_observer
from patungan.providers.messages import Private

TARIFF_PATH = "/jandt_track/inquiry.action"
TRACK_PATH = "/jandt_track/track/trackAction!tracking.action"
CREATE_PATH = "/jts-idn-ecommerce-api/api/order/create"
CANCEL_PATH = "/jts-idn-ecommerce-api/api/order/cancel"
LONGEST_REMARK = 30
_ACCEPTED = "sukses"
# The tariff names no days: those of the service's public description.
_SERVICE_DAYS = {"EZ": (2, 3)}
_EXPRESS_TYPE = {"EZ": "1"}
_DROP_OFF, _PICK_UP = "6", "1"


class JntPlace(msgspec.Struct, frozen=True, kw_only=True):
    """J&T's own terms for a place: names for the tariff, and the codes of its contract's table for an order."""

    site: str
    area: str
    city_code: str = ""
    area_code: str = ""


def named_place(place: Place) -> JntPlace:
    """A place by its names alone: enough for tariffs, not for orders."""
    return JntPlace(site=_bare(place.city), area=_bare(place.district))


@dataclass(frozen=True, slots=True, kw_only=True)
class JntAccount:
    """What the contract with J&T gives. ``place`` turns our places into its codes; the hosts differ by contract."""

    username: str
    api_key: str = field(repr=False)
    order_key: str = field(repr=False)
    tariff_key: str = field(repr=False)
    customer: str
    track_password: str = field(repr=False)
    order_url: str
    tariff_url: str
    place: Callable[[Place], JntPlace] = named_place
    pick_up: bool = True


class Jnt:
    """Rates, orders, tracking and cancellation at J&T Express. It answers 200 to everything; the body tells."""

    name = "jnt"

    def __init__(
        self,
        account: JntAccount,
        pacing: Pacing,
        *,
        now: Callable[[], datetime],
        deadlines: Deadlines | None = None,
        observe: Callable[[Observation], None] = no_observer,
    ) -> None:
        self._account = account
        self._now = now
        self.client = JsonClient(
            self.name, account.tariff_url, pacing, read_fault=_read_fault, deadlines=deadlines, observe=observe
        )

    async def aclose(self) -> None:
        await self.client.aclose()

    async def rates(self, request: RateRequest) -> list[Rate]:
        account = self._account
        data = _json(
            {
                "weight": str(chargeable_kilograms_of(request.items)),
                "sendSiteCode": account.place(request.origin).site,
                "destAreaCode": account.place(request.destination).area,
                "cusName": account.customer,
                "productType": "EZ",
            }
        )
        form = {"data": data, "sign": sign(data, account.tariff_key)}
        call = Call(operation="rates", method="POST", path=TARIFF_PATH, effect=Effect.READ, form=form)
        answer = await self.client.send(call, _Tariff)
        if not answer.is_success:
            raise self.client.refusal(call, 200, Fault(code="REFUSED", message=answer.message))
        return cheapest_first([_rate(price) for price in self._prices(answer)])

    async def book(self, request: BookRequest) -> Booking:
        """Order the carriage. A reference that was booked before gives that waybill, or an unknown outcome where J&T does not name it."""
        call = self._order_call("book", CREATE_PATH, self._order(request))
        answer = await self.client.send(call, _Orders)
        line = self._line(call, answer)
        accepted, repeated = line.status.lower() == _ACCEPTED, "tidak boleh sama" in line.reason.lower()
        if not accepted and not repeated:
            raise self.client.refusal(call, 200, Fault(code="BOOKING_REFUSED", message=line.reason))
        waybill = line.awb_no or line.existing_awbno
        if not waybill:
            reason = "accepted without a waybill" if accepted else "booked before, under a waybill that is not named"
            raise ProviderOutcomeUnknown(self.name, call.operation, reason, 200)
        return Booking(
            consignment=Consignment(courier=self.name, reference=request.reference, waybill=waybill),
            service=request.service,
            status=ShipmentStatus.PENDING,
        )

    async def track(self, consignment: Consignment) -> Tracking:
        call = Call(
            operation="track",
            method="POST",
            path=TRACK_PATH,
            effect=Effect.READ,
            json={"awb": consignment.waybill, "eccompanyid": self._account.customer},
            auth=(self._account.customer, self._account.track_password),
        )
        answer = await self.client.send(call, _Trace)
        if answer.error_id:
            raise self.client.refusal(call, 200, Fault(code=str(answer.error_id), message=answer.error_message))
        try:
            events = sorted(
                (
                    TrackingEvent(
                        at=moment(step.date_time),
                        status=jnt_status(str(step.status_code), step.status),
                        text=step.status,
                    )
                    for step in answer.history
                ),
                key=lambda event: event.at,
            )
        except ValueError as error:
            unreadable = str(error)
        else:
            status = events[-1].status if events else ShipmentStatus.PENDING
            return Tracking(consignment=consignment, status=status, events=tuple(events))
        raise ProviderUnavailable(self.name, "track", unreadable)

    async def cancel(self, consignment: Consignment, reason: str) -> None:
        """Call off an order by our reference; the reason is cut to 30 characters."""
        detail = {**self._keys(), "orderid": consignment.reference, "remark": reason[:LONGEST_REMARK]}
        call = self._order_call("cancel", CANCEL_PATH, detail)
        line = self._line(call, await self.client.send(call, _Orders))
        if line.status.lower() != _ACCEPTED:
            raise self.client.refusal(call, 200, Fault(code="CANCEL_REFUSED", message=line.reason))

    def _keys(self) -> dict[str, str]:
        return {"username": self._account.username, "api_key": self._account.api_key}

    def _order(self, request: BookRequest) -> dict[str, str]:
        origin, destination = (self._coded(party.place) for party in (request.sender, request.recipient))
        return {
            **self._keys(),
            "orderid": request.reference,
            "shipper_name": request.sender.name,
            "shipper_contact": request.sender.name,
            "shipper_phone": request.sender.phone,
            "shipper_addr": request.sender.address,
            "origin_code": origin.city_code,
            "receiver_name": request.recipient.name,
            "receiver_phone": request.recipient.phone,
            "receiver_addr": request.recipient.address,
            "receiver_zip": request.recipient.place.postal_code,
            "destination_code": destination.city_code,
            "receiver_area": destination.area_code,
            "qty": "1",
            "weight": str(chargeable_kilograms_of(request.items)),
            "goodsdesc": ", ".join(item.name for item in request.items)[:40],
            "item_name": request.items[0].name if request.items else "",
            "servicetype": _PICK_UP if self._account.pick_up else _DROP_OFF,
            "expresstype": _EXPRESS_TYPE.get(request.service.upper(), request.service.upper()),
            "insurance": str(request.insured_value),
            "goodsvalue": str(sum(item.value * item.quantity for item in request.items)),
            "cod": "0",
            "orderdate": self._now().astimezone(WIB).strftime("%Y-%m-%d %H:%M:%S"),
            "sendstarttime": "",
            "sendendtime": "",
        }

    def _coded(self, place: Place) -> JntPlace:
        found = self._account.place(place)
        if not found.city_code or not found.area_code:
            raise PlaceNotServed(self.name, "find place", f"no code for {place.district}, {place.city}", 404, "NO_CODE")
        return found

    def _order_call(self, operation: str, path: str, detail: dict[str, str]) -> Call:
        data = _json({"detail": [detail]})
        return Call(
            operation=operation,
            method="POST",
            path=f"{self._account.order_url}{path}",
            effect=Effect.WRITE,
            form={"data_param": data, "data_sign": sign(data, self._account.order_key)},
        )

    def _line(self, call: Call, answer: _Orders) -> _OrderLine:
        if not answer.success or not answer.detail:
            raise self.client.refusal(call, 200, Fault(code="REFUSED", message=answer.desc))
        return answer.detail[0]

    def _prices(self, answer: _Tariff) -> list[_Price]:
        content = answer.content
        if not isinstance(content, str):
            return content
        try:
            return msgspec.json.decode(content, type=list[_Price], strict=False) if content else []
        except msgspec.DecodeError:
            pass
        raise ProviderUnavailable(self.name, "rates", "the prices cannot be read")


def sign(data: str, key: str) -> str:
    """J&T's signature of a form field: base64 of the hexadecimal MD5 of the text followed by the key."""
    return b64encode(md5((data + key).encode(), usedforsecurity=False).hexdigest().encode()).decode()


def _json(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _bare(name: str) -> str:
    upper = name.strip().upper()
    for kind in ("KOTA ADMINISTRASI ", "KOTA ADM. ", "KOTA ", "KABUPATEN ", "KAB. ", "KECAMATAN ", "KEC. "):
        upper = upper.removeprefix(kind)
    return upper


class _Price(msgspec.Struct, frozen=True, rename={"product_type": "productType"}):
    cost: int
    name: str
    product_type: str


def _rate(price: _Price) -> Rate:
    service = price.product_type.upper()
    least, most = _SERVICE_DAYS.get(service, (None, None))
    return Rate(
        courier=Jnt.name,
        service=service.lower(),
        name=f"J&T {price.name}",
        price=price.cost,
        min_days=least,
        max_days=most,
    )


def _read_fault(body: bytes) -> Fault:
    try:
        answer = msgspec.json.decode(body, type=_AnyAnswer, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Fault()
    return Fault(code=str(answer.error_id or "REFUSED"), message=answer.error_message or answer.desc or answer.message)


class _AnyAnswer(msgspec.Struct, frozen=True):
    message: str = ""
    desc: str = ""
    error_id: str | int | None = None
    error_message: str = ""


class _Tariff(msgspec.Struct, frozen=True):
    is_success: bool
    message: str = ""
    content: str | list[_Price] = ""


class _OrderLine(msgspec.Struct, frozen=True):
    status: str = ""
    awb_no: str = ""
    existing_awbno: str = ""
    reason: str = ""


class _Orders(msgspec.Struct, frozen=True):
    success: bool
    desc: str = ""
    detail: tuple[_OrderLine, ...] = ()


class _Step(Private, frozen=True):
    date_time: str
    status: str = ""
    status_code: str | int = ""


class _Trace(msgspec.Struct, frozen=True):
    history: tuple[_Step, ...] = ()
    error_id: str | int | None = None
    error_message: str = ""
