"""SiCepat by its own key: rates and tracking. Waybills are taken out by contract, outside its open API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic

import msgspec

from patungan.providers.couriers.courier import (
    Booking,
    BookRequest,
    Consignment,
    NotOffered,
    Place,
    PlaceNotServed,
    Rate,
    RateRequest,
    Tracking,
    TrackingEvent,
    cheapest_first,
)
from patungan.providers.couriers.places import CodeBook, CodedPlace
from patungan.providers.couriers.status import ShipmentStatus, sicepat_status
from patungan.providers.couriers.times import days, moment
from patungan.providers.couriers.weight import chargeable_kilograms_of
from patungan.providers.errors import ProviderUnavailable
from patungan.providers.http import Call, Deadlines, Effect, Fault, JsonClient, Observation, Pacing, T, no_observer
from patungan.providers.messages import Private

BASE_URL = "https://apitrek.sicepat.com"
_OK = 200
# Days of a service where the tariff does not name them.
_SERVICE_DAYS = {"REG": (2, 3), "BEST": (1, 1), "SDS": (0, 0)}


class SiCepat:
    """Rates and tracking at SiCepat; its own status code counts besides that of HTTP."""

    name = "sicepat"

    def __init__(
        self,
        api_key: str,
        pacing: Pacing,
        *,
        base_url: str = BASE_URL,
        deadlines: Deadlines | None = None,
        observe: Callable[[Observation], None] = no_observer,
    ) -> None:
        # In the header: in the address the key would stand in every proxy's log.
        self.client = JsonClient(
            self.name,
            base_url,
            pacing,
            read_fault=_read_fault,
            headers={"api-key": api_key},
            deadlines=deadlines,
            observe=observe,
        )
        self._origins = CodeBook(self._load_origins, pacing.clock)
        self._destinations = CodeBook(self._load_destinations, pacing.clock)

    async def aclose(self) -> None:
        await self.client.aclose()

    async def rates(self, request: RateRequest) -> list[Rate]:
        query = {
            "origin": await self._code(self._origins, request.origin),
            "destination": await self._code(self._destinations, request.destination),
            "weight": str(chargeable_kilograms_of(request.items)),
        }
        answer = await self._ask("rates", "/customer/tariff", query, _Many[_Price])
        return cheapest_first([_rate(price) for price in answer.results])

    async def book(self, request: BookRequest) -> Booking:
        """Always refused."""
        raise NotOffered(self.name, "book", "waybills are taken out by contract", 501, "NOT_OFFERED")

    async def cancel(self, consignment: Consignment, reason: str) -> None:
        """Always refused."""
        raise NotOffered(self.name, "cancel", "waybills are called off by contract", 501, "NOT_OFFERED")

    async def track(self, consignment: Consignment) -> Tracking:
        answer = await self._ask("track", "/customer/waybill", {"waybill": consignment.waybill}, _One)
        try:
            events = sorted((_event(step) for step in answer.result.track_history), key=lambda event: event.at)
            last = _event(answer.result.last_status) if answer.result.last_status else None
        except ValueError as error:
            unreadable = str(error)
        else:
            newest = last or (events[-1] if events else None)
            status = newest.status if newest else ShipmentStatus.PENDING
            return Tracking(consignment=consignment, status=status, events=tuple(events))
        raise ProviderUnavailable(self.name, "track", unreadable)

    async def _code(self, book: CodeBook, place: Place) -> str:
        code = await book.find(place)
        if code is None:
            raise PlaceNotServed(self.name, "find place", f"no code for {place.district}, {place.city}", 404, "NO_CODE")
        return code

    async def _load_origins(self) -> list[CodedPlace]:
        answer = await self._ask("list origins", "/customer/origin", {}, _Many[_Origin])
        return [CodedPlace(code=row.origin_code, city=row.origin_name) for row in answer.results]

    async def _load_destinations(self) -> list[CodedPlace]:
        answer = await self._ask("list destinations", "/customer/destination", {}, _Many[_Destination])
        return [
            CodedPlace(code=row.destination_code, city=row.city, district=row.subdistrict) for row in answer.results
        ]

    async def _ask(self, operation: str, path: str, query: dict[str, str], answer: type[T]) -> T:
        call = Call(operation=operation, method="GET", path=path, effect=Effect.READ, query=query)
        envelope: _Envelope[msgspec.Raw] = await self.client.send(call, _Envelope[msgspec.Raw])
        try:
            status = msgspec.json.decode(envelope.sicepat, type=_Judged, strict=False).status
            if status.code != _OK:
                raise self.client.refusal(call, status.code, Fault(code=str(status.code), message=status.description))
            return msgspec.json.decode(envelope.sicepat, type=answer, strict=False)
        except msgspec.DecodeError:
            pass
        raise ProviderUnavailable(self.name, operation, "the answer cannot be read")


def _event(step: _Step) -> TrackingEvent:
    return TrackingEvent(
        at=moment(step.date_time),
        status=sicepat_status(step.status, step.city or ""),
        text=" ".join(part for part in (step.status, step.city) if part),
    )


class _Price(msgspec.Struct, frozen=True):
    service: str
    tariff: int
    description: str = ""
    etd: str = ""


def _rate(price: _Price) -> Rate:
    service = price.service.upper()
    least, most = days(price.etd, hours="jam" in price.etd.lower())
    if most is None:
        least, most = _SERVICE_DAYS.get(service, (None, None))
    return Rate(
        courier=SiCepat.name,
        service=service.lower(),
        name=f"SiCepat {price.description or service}",
        price=price.tariff,
        min_days=least,
        max_days=most,
    )


def _read_fault(body: bytes) -> Fault:
    try:
        status = msgspec.json.decode(body, type=_Envelope[_Judged], strict=False).sicepat.status
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Fault()
    return Fault(code=str(status.code), message=status.description)


class _Envelope(msgspec.Struct, Generic[T], frozen=True):
    sicepat: T


class _StatusCode(msgspec.Struct, frozen=True):
    code: int
    description: str = ""


class _Judged(msgspec.Struct, frozen=True):
    status: _StatusCode


class _Many(msgspec.Struct, Generic[T], frozen=True):
    results: tuple[T, ...]


class _Origin(msgspec.Struct, frozen=True):
    origin_code: str
    origin_name: str


class _Destination(msgspec.Struct, frozen=True):
    destination_code: str
    subdistrict: str
    city: str


class _Step(Private, frozen=True):
    date_time: str
    status: str
    city: str | None = None


class _Waybill(Private, frozen=True):
    last_status: _Step | None = None
    track_history: tuple[_Step, ...] = ()


class _One(msgspec.Struct, frozen=True):
    result: _Waybill
