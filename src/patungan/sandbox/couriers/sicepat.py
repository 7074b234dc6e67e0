"""SiCepat by its own interface: tariffs, places and waybills; its own status code stands inside the answer."""

from __future__ import annotations

import hmac
from functools import cache
from typing import Any

import msgspec
from litestar import Request, Response, Router, get

from patungan.sandbox.context import GivenSandbox, Sandbox
from patungan.sandbox.couriers import areas, shipments, tariff
from patungan.sandbox.couriers.words import SICEPAT as STEP_CODES
from patungan.sandbox.couriers.words import sicepat_time as _time

AnyRequest = Request[Any, Any, Any]
Answer = dict[str, object]


class SiCepatError(Exception):
    """An answer whose inner status is not 200."""

    def __init__(self, status: int, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.description = description


def _enveloped(status: int, description: str, **content: object) -> Answer:
    return {"sicepat": {"status": {"code": status, "description": description}, **content}}


def error_body(status: int, _: str | None, message: str) -> bytes:
    return msgspec.json.encode(_enveloped(status, message))


def answer_error(_: AnyRequest, error: SiCepatError) -> Response[Answer]:
    return Response(_enveloped(error.status, error.description), status_code=error.status)


def _require_key(request: AnyRequest, sandbox: Sandbox) -> None:
    key = request.headers.get("api-key") or request.query_params.get("api-key") or ""
    if not hmac.compare_digest(key.encode(), sandbox.settings.sicepat_api_key.encode()):
        raise SiCepatError(400, "Invalid API Key")


@get("/tariff", opt={"operation": "tariff"})
async def get_tariff(request: AnyRequest, sandbox: GivenSandbox) -> Answer:
    _require_key(request, sandbox)
    query = request.query_params
    origin, destination = (areas.by_courier_code(str(query.get(name, ""))) for name in ("origin", "destination"))
    if origin is None or destination is None:
        raise SiCepatError(400, "Origin or destination not found")
    try:
        kilograms = tariff.whole_kg(query.get("weight", "1"))
    except ValueError as error:
        raise SiCepatError(400, "Weight is not valid") from error
    distance = areas.distance_km(origin, destination)
    quotes = [tariff.quote(service, distance, kilograms) for service in tariff.of_courier("sicepat")]
    results = [
        {
            "service": quote.service.code.upper(),
            "description": quote.service.description,
            "tariff": quote.price,
            "minPrice": 0,
            "unitPrice": quote.price // kilograms,
            "etd": f"{quote.least} - {quote.most} hari",
        }
        for quote in quotes
        if quote is not None
    ]
    return _enveloped(200, "OK", results=results)


@cache
def _origins() -> bytes:
    """A province's main city is known by its hub alone, ``CGK``; Jakarta is one origin besides its five cities."""
    rows = [{"origin_code": "CGK", "origin_name": "Jakarta"}]
    rows += [
        {"origin_code": city.courier_code.removesuffix("10000"), "origin_name": city.courier_name.title()}
        for city in areas.cities()
    ]
    return msgspec.json.encode(_enveloped(200, "OK", results=rows))


@cache
def _destinations() -> bytes:
    rows = [
        {
            "destination_code": area.courier_code,
            "subdistrict": area.district,
            "city": area.courier_name.title(),
            "province": area.province,
        }
        for area in areas.districts()
    ]
    return msgspec.json.encode(_enveloped(200, "OK", results=rows))


@get("/origin", opt={"operation": "list_origins"})
async def list_origins(request: AnyRequest, sandbox: GivenSandbox) -> Response[bytes]:
    _require_key(request, sandbox)
    return Response(_origins(), media_type="application/json")


@get("/destination", opt={"operation": "list_destinations"})
async def list_destinations(request: AnyRequest, sandbox: GivenSandbox) -> Response[bytes]:
    _require_key(request, sandbox)
    return Response(_destinations(), media_type="application/json")


@get("/waybill", opt={"operation": "track"})
async def get_waybill(request: AnyRequest, sandbox: GivenSandbox) -> Answer:
    """Waybills are taken out by contract: what is found here was booked over Biteship, or noted by the controls."""
    _require_key(request, sandbox)
    shipment = shipments.by_waybill(sandbox, str(request.query_params.get("waybill", "")), "sicepat")
    if shipment is None:
        raise SiCepatError(400, "Waybill not found")
    told = msgspec.json.decode(shipment.request, type=dict[str, object])
    history = [
        {"date_time": _time(step.at), "status": STEP_CODES[step.status], "city": ""}
        for step in shipment.way
        if step.status in STEP_CODES
    ]
    delivered = shipment.status == "delivered"
    last: Answer = {**history[-1], "receiver_name": told.get("destination_contact_name") if delivered else ""}
    result: Answer = {
        "waybill_number": shipment.waybill,
        "kodeasal": "",
        "kodetujuan": "",
        "service": shipment.service.upper(),
        "weight": shipment.kilograms,
        "totalprice": shipment.price,
        "sender": told.get("origin_contact_name"),
        "sender_address": told.get("origin_address"),
        "receiver_name": told.get("destination_contact_name"),
        "receiver_address": told.get("destination_address"),
        "last_status": last,
        "track_history": history,
    }
    return _enveloped(200, "OK", result=result)


def sicepat_router() -> Router:
    return Router(
        "/sicepat/customer",
        route_handlers=[get_tariff, list_origins, list_destinations, get_waybill],
        opt={"provider": "sicepat", "error_body": error_body},
        exception_handlers={SiCepatError: answer_error},
    )
