"""J&T Express Indonesia by its own interface, as public clients use it: signed forms, 200 to everything."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any, Final

import msgspec
from litestar import Request, Response, Router, post

from patungan.sandbox.context import GivenSandbox, Sandbox
from patungan.sandbox.couriers import areas, movement, shipments, tariff
from patungan.sandbox.couriers.shipments import Shipment
from patungan.sandbox.couriers.words import JNT as STEP_TEXTS
from patungan.sandbox.couriers.words import jnt_time as _time
from patungan.sandbox.credentials import basic_credentials

AnyRequest = Request[Any, Any, Any]
Answer = dict[str, object]

LONGEST_REMARK: Final = 30


class Tariff(msgspec.Struct, kw_only=True):
    sendSiteCode: str
    destAreaCode: str
    weight: str | float
    productType: str = "EZ"
    cusName: str = ""


class OrderDetail(msgspec.Struct, kw_only=True):
    """An order, or with a remark a cancellation; only what the sandbox needs is read, all is kept."""

    username: str = ""
    api_key: str = ""
    orderid: str = ""
    remark: str = ""
    weight: str | float = "1"
    receiver_name: str = ""
    shipper_name: str = ""
    destination_code: str = ""


class Orders(msgspec.Struct):
    detail: list[OrderDetail]


class Track(msgspec.Struct):
    awb: str
    eccompanyid: str = ""


class JntError(Exception):
    """Told in the body of an answer with HTTP 200; ``body`` is the whole of it."""

    def __init__(self, body: Answer) -> None:
        super().__init__(str(body))
        self.body = body


def error_body(status: int, _: str | None, message: str) -> bytes:
    """Fits each of J&T's interfaces: they read different fields."""
    told = {"message": message, "desc": message, "error_message": message}
    return msgspec.json.encode({"is_success": "false", "success": False, "error_id": str(status)} | told)


def answer_error(_: AnyRequest, error: JntError) -> Response[Answer]:
    return Response(error.body, status_code=200)


def signature(data: str, key: str) -> str:
    """Base64 of the hexadecimal MD5 of the text followed by the key."""
    digest = hashlib.md5((data + key).encode(), usedforsecurity=False).hexdigest()
    return base64.b64encode(digest.encode()).decode()


async def _signed(request: AnyRequest, sandbox: Sandbox, data_field: str, sign_field: str) -> str | None:
    """The form's data, None when its signature is wrong."""
    form = await request.form()
    data, given = str(form.get(data_field, "")), str(form.get(sign_field, ""))
    right = hmac.compare_digest(given.encode(), signature(data, sandbox.settings.jnt_api_key).encode())
    return data if right else None


def _no_tariff(message: str) -> JntError:
    return JntError({"is_success": "false", "message": message, "content": ""})


@post("/jandt_track/inquiry.action", status_code=200, opt={"operation": "tariff"})
async def get_tariff(request: AnyRequest, sandbox: GivenSandbox) -> Answer:
    data = await _signed(request, sandbox, "data", "sign")
    if data is None:
        raise _no_tariff("Signature is invalid")
    try:
        asked = msgspec.json.decode(data, type=Tariff)
        kilograms = tariff.whole_kg(asked.weight)
    except (msgspec.DecodeError, ValueError) as error:
        raise _no_tariff("Data is invalid") from error
    origin, destination = areas.by_name(asked.sendSiteCode), areas.by_name(asked.destAreaCode)
    if origin is None or destination is None:
        raise _no_tariff("Area tidak ditemukan")
    service = tariff.service_named("jnt", asked.productType)
    quote = None if service is None else tariff.quote(service, areas.distance_km(origin, destination), kilograms)
    if service is None or quote is None:
        raise _no_tariff("Product type tidak ditemukan")
    row = {"cost": str(quote.price), "name": service.name, "productType": service.code.upper()}
    return {"is_success": "true", "message": "", "content": msgspec.json.encode([row]).decode()}


def _orders_answer(line: Answer) -> Answer:
    return {"success": True, "desc": "Request berhasil", "detail": [line]}


async def _order(request: AnyRequest, sandbox: Sandbox) -> tuple[OrderDetail, Answer]:
    """The one order of a request, read and raw; raises JntError."""
    data = await _signed(request, sandbox, "data_param", "data_sign")
    if data is None:
        raise JntError({"success": False, "desc": "Signature tidak valid", "detail": []})
    try:
        detail = msgspec.json.decode(data, type=Orders).detail[0]
        raw = msgspec.json.decode(data, type=dict[str, list[Answer]])["detail"][0]
    except (msgspec.DecodeError, IndexError) as error:
        raise JntError({"success": False, "desc": "Data tidak valid", "detail": []}) from error
    if not hmac.compare_digest(detail.api_key.encode(), sandbox.settings.jnt_api_key.encode()):
        raise JntError({"success": False, "desc": "username atau api_key tidak valid", "detail": []})
    return detail, {name: value for name, value in raw.items() if name not in ("username", "api_key")}


@post("/jts-idn-ecommerce-api/api/order/create", status_code=200, opt={"operation": "create_order"})
async def create_order(request: AnyRequest, sandbox: GivenSandbox) -> Answer:
    """Success is true even for a refused order; a used orderid names the earlier waybill."""
    detail, raw = await _order(request, sandbox)
    line: Answer = {"orderid": detail.orderid, "status": "Error", "awb_no": ""}
    if not detail.orderid:
        return _orders_answer(line | {"reason": "orderid harus diisi"})
    earlier = shipments.by_reference(sandbox, "jnt", detail.orderid)
    if earlier is not None:
        reason = {"reason": "Nomor orderid tidak boleh sama", "existing_awbno": earlier.waybill}
        return _orders_answer(line | reason)
    try:
        kilograms = tariff.whole_kg(detail.weight)
    except ValueError:
        return _orders_answer(line | {"reason": "weight tidak valid"})
    shipment = shipments.book(
        sandbox,
        provider="jnt",
        courier="jnt",
        service="ez",
        reference=detail.orderid,
        price=0,
        kilograms=kilograms,
        request=raw,
    )
    done: Answer = {"status": "Sukses", "awb_no": shipment.waybill, "desCode": detail.destination_code, "etd": "2-3"}
    return _orders_answer(line | done)


@post("/jts-idn-ecommerce-api/api/order/cancel", status_code=200, opt={"operation": "cancel_order"})
async def cancel_order(request: AnyRequest, sandbox: GivenSandbox) -> Answer:
    detail, _ = await _order(request, sandbox)
    line: Answer = {"orderid": detail.orderid, "status": "Error"}
    shipment = shipments.by_reference(sandbox, "jnt", detail.orderid)
    if shipment is None:
        return _orders_answer(line | {"reason": "orderid tidak ditemukan"})
    if not detail.remark or len(detail.remark) > LONGEST_REMARK:
        return _orders_answer(line | {"reason": "remark harus diisi, 30 karakter"})
    if shipment.status not in shipments.CANCELLABLE:
        return _orders_answer(line | {"reason": "Pesanan tidak dapat dibatalkan"})
    movement.advance(sandbox, shipment, "cancelled")
    return _orders_answer(line | {"status": "Sukses", "awb_no": shipment.waybill})


@post("/jandt_track/track/trackAction!tracking.action", status_code=200, opt={"operation": "track"})
async def track(request: AnyRequest, sandbox: GivenSandbox) -> Answer:
    """Basic auth, the password being the key."""
    credentials = basic_credentials(request.headers.get("authorization", ""))
    password = credentials[1] if credentials else ""
    if not hmac.compare_digest(password.encode(), sandbox.settings.jnt_api_key.encode()):
        raise JntError({"error_id": "400", "error_message": "Authorization tidak valid"})
    try:
        asked = msgspec.json.decode(await request.body(), type=Track)
    except msgspec.DecodeError as error:
        raise JntError({"error_id": "401", "error_message": "Data tidak valid"}) from error
    shipment = shipments.by_waybill(sandbox, asked.awb, "jnt")
    if shipment is None:
        raise JntError({"error_id": "404", "error_message": "AWB tidak ditemukan"})
    return _traced(shipment)


def _traced(shipment: Shipment) -> Answer:
    told = msgspec.json.decode(shipment.request, type=dict[str, object])
    receiver = told.get("receiver_name") or told.get("destination_contact_name") or ""
    sender = told.get("shipper_name") or told.get("origin_contact_name") or ""
    costs: Answer = {"shipping_cost": shipment.price, "add_cost": 0, "insurance_cost": 0, "cod": 0, "return_cost": 0}
    return {
        "awb": shipment.waybill,
        "orderid": shipment.reference,
        "detail": {
            "shipped_date": _time(shipment.created),
            "services_code": shipment.service.upper(),
            "services_type": "PICKUP",
            "actual_amount": shipment.price,
            "weight": shipment.kilograms,
            "qty": 1,
            "itemname": told.get("item_name", ""),
            "detail_cost": costs,
            "sender": {"name": sender},
            "receiver": {"name": receiver},
        },
        "history": [
            {
                "date_time": _time(step.at),
                "status": STEP_TEXTS[step.status][1].format(receiver=receiver),
                "status_code": STEP_TEXTS[step.status][0],
            }
            for step in shipment.way
            if step.status in STEP_TEXTS
        ],
    }


def jnt_router() -> Router:
    return Router(
        "/jnt",
        route_handlers=[get_tariff, create_order, cancel_order, track],
        opt={"provider": "jnt", "error_body": error_body},
        exception_handlers={JntError: answer_error},
    )
