"""Biteship's paths under ``/biteship/v1``, behind its key."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Router, get, post
from litestar.params import FromPath, FromQuery

from patungan.sandbox.context import GivenSandbox
from patungan.sandbox.couriers import shipments, tariff
from patungan.sandbox.couriers.biteship import orders, places, rates, rendering
from patungan.sandbox.couriers.biteship.errors import (
    NO_SUCH_TRACKING,
    RATES_INVALID,
    BiteshipError,
    answer_error,
    error_body,
    read_json,
    require_key,
)

AnyRequest = Request[Any, Any, Any]
Answer = dict[str, object]


class CancelOrder(msgspec.Struct):
    cancellation_reason_code: str | None = None
    cancellation_reason: str | None = None


@post("/rates/couriers", status_code=200, opt={"operation": "rates"})
async def get_rates(request: AnyRequest) -> Answer:
    return rates.answer(await read_json(request, rates.RatesRequest, RATES_INVALID))


@get("/couriers", opt={"operation": "list_couriers"})
async def list_couriers() -> Answer:
    return {
        "success": True,
        "object": "courier",
        "couriers": [rates.listed(service) for service in tariff.SERVICES],
    }


@get("/maps/areas", opt={"operation": "search_areas"})
async def search_areas(request: AnyRequest) -> Answer:
    wanted = str(request.query_params.get("input", "")).strip()
    return {"success": True, "areas": places.search(wanted) if wanted else []}


@post("/orders", status_code=200, opt={"operation": "create_order"})
async def create_order(request: AnyRequest, sandbox: GivenSandbox) -> Answer:
    wanted = await read_json(request, orders.CreateOrder, orders.INVALID)
    return rendering.order(orders.create(sandbox, wanted), "Order successfully created")


@get("/orders/cancellation_reasons", opt={"operation": "list_cancellation_reasons"})
async def list_cancellation_reasons(lang: FromQuery[str] = "id") -> Answer:
    column = 1 if lang == "en" else 0
    reasons = [{"code": code, "reason": texts[column]} for code, texts in orders.CANCELLATION_REASONS.items()]
    return {"success": True, "cancellation_reasons": reasons}


@get("/orders/{order_id:str}", opt={"operation": "get_order"})
async def get_order(order_id: FromPath[str], sandbox: GivenSandbox) -> Answer:
    return rendering.order(orders.find(sandbox, order_id), "Order successfully retrieved")


@post("/orders/{order_id:str}/cancel", status_code=200, opt={"operation": "cancel_order"})
async def cancel_order(order_id: FromPath[str], request: AnyRequest, sandbox: GivenSandbox) -> Answer:
    wanted = await read_json(request, CancelOrder, orders.INVALID)
    shipment = orders.cancel(sandbox, order_id, wanted.cancellation_reason_code)
    return {
        "success": True,
        "message": "Order successfully cancelled",
        "object": "order",
        "id": shipment.id,
        "status": shipment.status,
        "cancellation_reason_code": wanted.cancellation_reason_code,
        "cancellation_reason": wanted.cancellation_reason,
    }


@get("/trackings/{tracking_id:str}", opt={"operation": "track"})
async def track(tracking_id: FromPath[str], sandbox: GivenSandbox) -> Answer:
    shipment = shipments.by_tracking_id(sandbox, tracking_id)
    if shipment is None:
        raise BiteshipError(NO_SUCH_TRACKING, "Tracking not found")
    return rendering.tracking(shipment)


@get("/trackings/{waybill:str}/couriers/{courier:str}", opt={"operation": "track_public"})
async def track_public(waybill: FromPath[str], courier: FromPath[str], sandbox: GivenSandbox) -> Answer:
    shipment = shipments.by_waybill(sandbox, waybill, courier.lower())
    if shipment is None:
        raise BiteshipError(NO_SUCH_TRACKING, "Waybill not found")
    return rendering.tracking(shipment)


def biteship_router() -> Router:
    return Router(
        "/biteship/v1",
        route_handlers=[
            *(get_rates, list_couriers, search_areas),
            *(create_order, list_cancellation_reasons, get_order, cancel_order),
            *(track, track_public),
        ],
        guards=[require_key],
        opt={"provider": "biteship", "error_body": error_body},
        exception_handlers={BiteshipError: answer_error},
    )
