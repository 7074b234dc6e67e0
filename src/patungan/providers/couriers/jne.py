"""JNE by its own key. Its API has no public description: this follows what several open clients agree on."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

import msgspec

from patungan.providers.couriers.courier import (
    Booking,
    BookRequest,
    Consignment,
    Contact,
    Place,
    PlaceNotServed,
    Rate,
    RateRequest,
    Tracking,
    TrackingEvent,
    cheapest_first,
)
from patungan.providers.couriers.places import CodeBook, CodedPlace
from patungan.providers.couriers.status import ShipmentStatus, status_from_words
from patungan.providers.couriers.times import days, moment
from patungan.providers.couriers.weight import chargeable_kilograms_of
from patungan.providers.errors import ProviderOutcomeUnknown, ProviderUnavailable
from patungan.providers.http import Call, Deadlines, Effect, Fault, JsonClient, Observation, Pacing, T, no_observer
from patungan.providers.messages import Private

RATES_URL = "https://apiv2.jne.co.id:10205"
BOOKING_URL = "https://apiv2.jne.co.id:10206"
LONGEST_REFERENCE = 20
_ACCEPTED = "sukses"
# How JNE words it is not documented: rather one refusal too many taken for a repetition than a parcel booked twice.
_REPEATED = re.compile(r"duplicat|duplikat|already|been used|sudah|tidak boleh sama|exist", re.IGNORECASE)
_ADDRESS_LINES = 3
_ADDRESS_WIDTH = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class JneAccount:
    """What the contract with JNE gives: user and key, and for booking the branch and customer number."""

    username: str
    api_key: str = field(repr=False)
    branch: str = ""
    customer: str = ""
    rates_url: str = RATES_URL
    booking_url: str = BOOKING_URL


class Jne:
    """Rates, waybills, tracking and cancellation at JNE. It answers 200 to everything; the body tells."""

    name = "jne"

    def __init__(
        self,
        account: JneAccount,
        pacing: Pacing,
        *,
        deadlines: Deadlines | None = None,
        observe: Callable[[Observation], None] = no_observer,
    ) -> None:
        self._account = account
        self._keys = {"username": account.username, "api_key": account.api_key}
        self.client = JsonClient(
            self.name, account.rates_url, pacing, read_fault=_read_fault, deadlines=deadlines, observe=observe
        )
        self._origins = CodeBook(self._load_origins, pacing.clock)
        self._destinations = CodeBook(self._load_destinations, pacing.clock)

    async def aclose(self) -> None:
        await self.client.aclose()

    async def rates(self, request: RateRequest) -> list[Rate]:
        form = {
            "from": await self._code(self._origins, request.origin),
            "thru": await self._code(self._destinations, request.destination),
            "weight": str(chargeable_kilograms_of(request.items)),
        }
        answer = await self._ask("rates", "/tracing/api/pricedev", form, _Tariff)
        return cheapest_first([_rate(price) for price in answer.price])

    async def book(self, request: BookRequest) -> Booking:
        """Take out a waybill (cnote). A reference that was booked before is an unknown outcome: JNE does not name its waybill."""
        if len(request.reference) > LONGEST_REFERENCE:
            raise ValueError(f"JNE takes a reference of {LONGEST_REFERENCE} characters at most")
        form = {
            "OLSHOP_BRANCH": self._account.branch,
            "OLSHOP_CUST": self._account.customer,
            "OLSHOP_ORDERID": request.reference,
            **_party("SHIPPER", request.sender),
            **_party("RECEIVER", request.recipient),
            "OLSHOP_QTY": "1",
            "OLSHOP_WEIGHT": str(chargeable_kilograms_of(request.items)),
            "OLSHOP_GOODSDESC": ", ".join(item.name for item in request.items)[:60],
            "OLSHOP_GOODSVALUE": str(sum(item.value * item.quantity for item in request.items)),
            "OLSHOP_GOODSTYPE": "2",
            "OLSHOP_INST": request.note,
            "OLSHOP_INS_FLAG": "Y" if request.insured_value else "N",
            "OLSHOP_ORIG": await self._code(self._origins, request.sender.place),
            "OLSHOP_DEST": await self._code(self._destinations, request.recipient.place),
            "OLSHOP_SERVICE": request.service.upper(),
            "OLSHOP_COD_FLAG": "N",
            "OLSHOP_COD_AMOUNT": "0",
        }
        call = self._call("book", f"{self._account.booking_url}/tracing/api/generatecnote", form, Effect.WRITE)
        answer = await self.client.send(call, _Cnotes)
        self._check(call, answer)
        line = answer.detail[0] if answer.detail else _CnoteLine()
        if line.status.lower() != _ACCEPTED:
            if _REPEATED.search(line.reason):
                raise ProviderOutcomeUnknown(self.name, call.operation, "booked before, under a waybill not named", 200)
            raise self.client.refusal(call, 200, Fault(code="BOOKING_REFUSED", message=line.reason))
        if not line.cnote_no:
            raise ProviderOutcomeUnknown(self.name, call.operation, "accepted without a waybill", 200)
        return Booking(
            consignment=Consignment(courier=self.name, reference=request.reference, waybill=line.cnote_no),
            service=request.service,
            status=ShipmentStatus.PENDING,
        )

    async def track(self, consignment: Consignment) -> Tracking:
        path = f"/tracing/api/list/v1/cnote/{quote(consignment.waybill, safe='')}"
        answer = await self._ask("track", path, {}, _Trace)
        try:
            events = sorted(
                (
                    TrackingEvent(at=moment(step.date), status=status_from_words(step.desc), text=step.desc)
                    for step in answer.history
                ),
                key=lambda event: event.at,
            )
        except ValueError as error:
            unreadable = str(error)
        else:
            return Tracking(consignment=consignment, status=_overall(answer, events), events=tuple(events))
        raise ProviderUnavailable(self.name, "track", unreadable)

    async def cancel(self, consignment: Consignment, reason: str) -> None:
        """Call off a waybill. Known from one client only; JNE takes no reason."""
        form = {"cnote_no": consignment.waybill}
        call = self._call("cancel", f"{self._account.booking_url}/tracing/api/cancelcnote", form, Effect.WRITE)
        self._check(call, await self.client.send(call, _Answer))

    async def _code(self, book: CodeBook, place: Place) -> str:
        code = await book.find(place)
        if code is None:
            raise PlaceNotServed(self.name, "find place", f"no code for {place.district}, {place.city}", 404, "NO_CODE")
        return code

    async def _load_origins(self) -> list[CodedPlace]:
        answer = await self._ask("list origins", "/insert/getorigin", {}, _Places)
        return [row.coded() for row in answer.detail]

    async def _load_destinations(self) -> list[CodedPlace]:
        answer = await self._ask("list destinations", "/insert/getdestination", {}, _Places)
        return [row.coded() for row in answer.detail]

    async def _ask(self, operation: str, path: str, form: Mapping[str, str], answer: type[T]) -> T:
        call = self._call(operation, path, form, Effect.READ)
        found = await self.client.send(call, answer)
        if isinstance(found, _Answer):
            self._check(call, found)
        return found

    def _call(self, operation: str, path: str, form: Mapping[str, str], effect: Effect) -> Call:
        return Call(operation=operation, method="POST", path=path, effect=effect, form={**self._keys, **form})

    def _check(self, call: Call, answer: _Answer) -> None:
        if answer.error or answer.status is False:
            raise self.client.refusal(call, 200, Fault(code="REFUSED", message=answer.error))


def _party(role: str, contact: Contact) -> dict[str, str]:
    # Three lines of a waybill; what is too long for them stays in the last, for JNE to cut and not for us.
    lines = textwrap.wrap(contact.address, _ADDRESS_WIDTH) or [""]
    lines[_ADDRESS_LINES - 1 :] = [" ".join(lines[_ADDRESS_LINES - 1 :])]
    lines += [""] * (_ADDRESS_LINES - len(lines))
    prefix = f"OLSHOP_{role}"
    return {
        f"{prefix}_NAME": contact.name,
        **{f"{prefix}_ADDR{number}": line for number, line in enumerate(lines, 1)},
        f"{prefix}_CITY": contact.place.city,
        f"{prefix}_REGION": contact.place.province,
        f"{prefix}_ZIP": contact.place.postal_code,
        f"{prefix}_PHONE": contact.phone,
    }


def _overall(trace: _Trace, events: list[TrackingEvent]) -> ShipmentStatus:
    if trace.cnote.pod_status and status_from_words(trace.cnote.pod_status) is ShipmentStatus.DELIVERED:
        return ShipmentStatus.DELIVERED
    return events[-1].status if events else ShipmentStatus.PENDING


class _Price(msgspec.Struct, frozen=True):
    service_display: str
    price: int
    etd_from: str | int | None = None
    etd_thru: str | int | None = None
    times: str | None = None


def _rate(price: _Price) -> Rate:
    text = f"{price.etd_from or ''} {price.etd_thru or ''}"
    least, most = days(text, hours=(price.times or "").upper() == "H")
    service = price.service_display.strip()
    return Rate(
        courier=Jne.name,
        service=service.lower(),
        name=f"JNE {service}",
        price=price.price,
        min_days=least,
        max_days=most,
    )


def _read_fault(body: bytes) -> Fault:
    try:
        return Fault(code="REFUSED", message=msgspec.json.decode(body, type=_Answer, strict=False).error)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Fault()


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    error: str = ""
    status: bool | str | None = None


class _Tariff(_Answer, frozen=True, kw_only=True):
    price: tuple[_Price, ...] = ()


class _CnoteLine(msgspec.Struct, frozen=True):
    status: str = ""
    cnote_no: str = ""
    reason: str = ""


class _Cnotes(_Answer, frozen=True, kw_only=True):
    detail: tuple[_CnoteLine, ...] = ()


class _Cnote(Private, frozen=True):
    pod_status: str | None = None


class _Step(Private, frozen=True):
    date: str
    desc: str


class _Trace(_Answer, frozen=True, kw_only=True):
    cnote: _Cnote = msgspec.field(default_factory=_Cnote)
    history: tuple[_Step, ...] = ()


class _Place(msgspec.Struct, frozen=True, rename={"name": "City_Name", "code": "City_Code"}):
    name: str
    code: str

    def coded(self) -> CodedPlace:
        # "KALIDERES,JAKARTA BARAT" is a district of a city, "LUBUKSIKAPING,KAB,PASAMAN" one of a regency;
        # a name without a comma is a city.
        district, _, city = self.name.rpartition(",")
        if district.upper().endswith(",KAB"):
            return CodedPlace(code=self.code, city=f"KAB. {city}", district=district[: -len(",KAB")])
        return CodedPlace(code=self.code, city=city, district=district)


class _Places(_Answer, frozen=True, kw_only=True):
    detail: tuple[_Place, ...] = ()
