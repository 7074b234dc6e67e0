"""JNE by its own interface, as public clients use it: tariffs, waybills, traces. It answers 200 to everything."""

from __future__ import annotations

import hmac
from functools import cache
from typing import Any, Final

import msgspec
from litestar import Request, Response, Router, post
from litestar.params import FromPath

from patungan.sandbox.context import GivenSandbox, Sandbox
from patungan.sandbox.couriers import areas, movement, shipments, tariff
from patungan.sandbox.couriers.shipments import Shipment
from patungan.sandbox.couriers.words import JNE as STEP_TEXTS
from patungan.sandbox.couriers.words import jne_time as _time

AnyRequest = Request[Any, Any, Any]
Answer = dict[str, object]

LONGEST_ORDER_ID: Final = 20


class JneError(Exception):
    """Told as ``{error, status: false}``, with HTTP 200."""


def _refused(text: str) -> Answer:
    return {"error": text, "status": False}


def error_body(_: int, __: str | None, message: str) -> bytes:
    return msgspec.json.encode(_refused(message))


def answer_error(_: AnyRequest, error: JneError) -> Response[Answer]:
    return Response(_refused(str(error)), status_code=200)


async def _form(request: AnyRequest, sandbox: Sandbox) -> dict[str, str]:
    form = {name: str(value) for name, value in (await request.form()).items()}
    known = hmac.compare_digest(form.get("api_key", "").encode(), sandbox.settings.jne_api_key.encode())
    if not known or not form.get("username"):
        raise JneError("Username atau API key tidak valid.")
    return form


def _kilograms(text: str) -> int:
    try:
        return tariff.whole_kg(text)
    except ValueError as error:
        raise JneError("Weight is not valid.") from error


@post("/tracing/api/pricedev", status_code=200, opt={"operation": "tariff"})
async def get_tariff(request: AnyRequest, sandbox: GivenSandbox) -> Answer:
    form = await _form(request, sandbox)
    origin, destination = (areas.by_courier_code(form.get(name, "")) for name in ("from", "thru"))
    if origin is None or destination is None:
        raise JneError("Price Not Found.")
    distance, kilograms = areas.distance_km(origin, destination), _kilograms(form.get("weight", ""))
    prices: list[Answer] = []
    for service in tariff.of_courier("jne"):
        quote = tariff.quote(service, distance, kilograms)
        if quote is not None:
            row: Answer = {
                "origin_name": origin.courier_name,
                "destination_name": destination.courier_name,
                "service_display": service.code.upper(),
                "service_code": f"{service.code.upper()}23",
                "goods_type": "Document/Paket",
                "currency": "IDR",
                "price": str(quote.price),
                "etd_from": str(quote.least),
                "etd_thru": str(quote.most),
                "times": "D",
            }
            prices.append(row)
    return {"price": prices}


@cache
def _origins() -> bytes:
    rows = [("JAKARTA", "CGK10000"), *((city.courier_name, city.courier_code) for city in areas.cities())]
    return msgspec.json.encode({"detail": [{"City_Name": name, "City_Code": code} for name, code in rows]})


@cache
def _destinations() -> bytes:
    rows = [(f"{area.district.upper()},{area.courier_name}", area.courier_code) for area in areas.districts()]
    rows += [(city.courier_name, city.courier_code) for city in areas.cities()]
    return msgspec.json.encode({"detail": [{"City_Name": name, "City_Code": code} for name, code in rows]})


@post("/insert/getorigin", status_code=200, opt={"operation": "list_origins"})
async def list_origins(request: AnyRequest, sandbox: GivenSandbox) -> Response[bytes]:
    await _form(request, sandbox)
    return Response(_origins(), media_type="application/json")


@post("/insert/getdestination", status_code=200, opt={"operation": "list_destinations"})
async def list_destinations(request: AnyRequest, sandbox: GivenSandbox) -> Response[bytes]:
    """Districts as ``KALIDERES,JAKARTA BARAT``, then whole cities."""
    await _form(request, sandbox)
    return Response(_destinations(), media_type="application/json")


@post("/tracing/api/generatecnote", status_code=200, opt={"operation": "create_waybill"})
async def create_waybill(request: AnyRequest, sandbox: GivenSandbox) -> Answer:
    form = await _form(request, sandbox)
    order_id = form.get("OLSHOP_ORDERID", "")
    origin, destination = (areas.by_courier_code(form.get(f"OLSHOP_{end}", "")) for end in ("ORIG", "DEST"))
    service = tariff.service_named("jne", form.get("OLSHOP_SERVICE", "").removesuffix("23"))
    problem = ""
    if not order_id or len(order_id) > LONGEST_ORDER_ID:
        problem = "OLSHOP_ORDERID is required, 20 characters at most"
    elif origin is None or destination is None:
        problem = "OLSHOP_ORIG or OLSHOP_DEST is not valid"
    elif service is None:
        problem = "OLSHOP_SERVICE is not valid"
    elif shipments.by_reference(sandbox, "jne", order_id) is not None:
        problem = "OLSHOP_ORDERID has been used"
    if problem or origin is None or destination is None or service is None:
        return {"detail": [{"status": "Error", "reason": problem, "cnote_no": ""}]}
    kilograms = _kilograms(form.get("OLSHOP_WEIGHT", ""))
    quote = tariff.quote(service, areas.distance_km(origin, destination), kilograms)
    if quote is None:
        return {"detail": [{"status": "Error", "reason": "The service does not go there", "cnote_no": ""}]}
    shipment = shipments.book(
        sandbox,
        provider="jne",
        courier="jne",
        service=service.code,
        reference=order_id,
        price=quote.price,
        kilograms=kilograms,
        request={name: value for name, value in form.items() if name.startswith("OLSHOP_")},
    )
    return {"detail": [{"status": "sukses", "cnote_no": shipment.waybill}]}


def _found(sandbox: Sandbox, waybill: str) -> Shipment:
    shipment = shipments.by_waybill(sandbox, waybill, "jne")
    if shipment is None:
        raise JneError("Cnote No. Not Found.")
    return shipment


@post("/tracing/api/list/v1/cnote/{waybill:str}", status_code=200, opt={"operation": "track"})
async def trace(waybill: FromPath[str], request: AnyRequest, sandbox: GivenSandbox) -> Answer:
    """Traces what was booked here and what Biteship booked with JNE."""
    await _form(request, sandbox)
    shipment = _found(sandbox, waybill)
    told: dict[str, str] = {
        name: value
        for name, value in msgspec.json.decode(shipment.request, type=dict[str, object]).items()
        if isinstance(value, str)
    }
    receiver = told.get("OLSHOP_RECEIVER_NAME") or told.get("destination_contact_name", "")
    city = told.get("OLSHOP_RECEIVER_CITY", "")
    delivered = shipment.status == "delivered"
    return {
        "cnote": {
            "cnote_no": shipment.waybill,
            "reference_number": shipment.reference,
            "cnote_services_code": shipment.service.upper(),
            "cnote_date": _time(shipment.created),
            "cnote_pod_date": _time(shipment.updated) if delivered else None,
            "cnote_pod_receiver": receiver if delivered else None,
            "pod_status": "DELIVERED" if delivered else "ON PROCESS",
            "last_status": shipment.status,
            "shippingcost": shipment.price,
            "weight": shipment.kilograms,
            "cnote_receiver_name": receiver,
            "city_name": city,
            "cnote_goods_descr": told.get("OLSHOP_GOODSDESC", ""),
        },
        "detail": [
            {
                "cnote_no": shipment.waybill,
                "cnote_shipper_name": told.get("OLSHOP_SHIPPER_NAME") or told.get("origin_contact_name", ""),
                "cnote_shipper_city": told.get("OLSHOP_SHIPPER_CITY", ""),
                "cnote_receiver_name": receiver,
                "cnote_receiver_city": city,
            }
        ],
        "history": [
            {
                "date": _time(step.at),
                "desc": STEP_TEXTS[step.status][1].format(city=city, receiver=receiver),
                "code": STEP_TEXTS[step.status][0],
            }
            for step in shipment.way
            if step.status in STEP_TEXTS
        ],
    }


@post("/tracing/api/cancelcnote", status_code=200, opt={"operation": "cancel_waybill"})
async def cancel_waybill(request: AnyRequest, sandbox: GivenSandbox) -> Answer:
    form = await _form(request, sandbox)
    shipment = _found(sandbox, form.get("cnote_no", ""))
    if shipment.status not in shipments.CANCELLABLE:
        raise JneError("Cnote can not be cancelled.")
    movement.advance(sandbox, shipment, "cancelled")
    return {"status": True, "cnote_no": shipment.waybill}


def jne_router() -> Router:
    return Router(
        "/jne",
        route_handlers=[
            get_tariff,
            list_origins,
            list_destinations,
            create_waybill,
            trace,
            cancel_waybill,
        ],
        opt={"provider": "jne", "error_body": error_body},
        exception_handlers={JneError: answer_error},
    )
