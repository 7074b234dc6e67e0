"""The sandbox's own controls for tests and the demo, under ``/_sandbox``: faults, callbacks, messages, shipments, health."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from litestar import Request, Response, Router, delete, get, post, put
from litestar.exceptions import NotFoundException, ValidationException
from litestar.params import FromPath, FromQuery

from patungan.sandbox import messages
from patungan.sandbox.callbacks import Callback
from patungan.sandbox.clock import iso
from patungan.sandbox.context import GivenSandbox, Sandbox
from patungan.sandbox.couriers import movement, shipments
from patungan.sandbox.faults import Fault, StandingFault
from patungan.sandbox.whatsapp import cloud
from patungan.sandbox.whatsapp.errors import GraphError
from patungan.sandbox.whatsapp.errors import answer_error as answer_graph_error

AnyRequest = Request[Any, Any, Any]


class Faults(msgspec.Struct, forbid_unknown_fields=True):
    faults: list[Fault]


class StandingFaults(msgspec.Struct):
    faults: list[StandingFault]


def rendered_callback(callback: Callback) -> dict[str, object]:
    return {
        "id": callback.id,
        "webhook_id": callback.webhook_id,
        "provider": callback.provider,
        "event": callback.event,
        "object_id": callback.object_id,
        "url": callback.url,
        "state": callback.state,
        "attempts": callback.attempts,
        "last_status": callback.last_status,
        "last_error": callback.last_error,
        "created": iso(callback.created),
        "due": iso(callback.due),
        "finished": None if callback.finished is None else iso(callback.finished),
        "body": callback.body.decode(),
    }


async def _read(request: AnyRequest, shape: type[Any]) -> Any:
    try:
        return msgspec.json.decode(await request.body(), type=shape)
    except msgspec.DecodeError as error:
        raise ValidationException(str(error)) from error


@get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok", "service": "sandbox"}


@get("/faults")
async def list_faults(sandbox: GivenSandbox) -> StandingFaults:
    return StandingFaults(sandbox.faults.standing)


@put("/faults")
async def replace_faults(request: AnyRequest, sandbox: GivenSandbox) -> StandingFaults:
    """Lay down these rules and no others."""
    wanted: Faults = await _read(request, Faults)
    return StandingFaults(sandbox.faults.replace(wanted.faults))


@post("/faults")
async def add_fault(request: AnyRequest, sandbox: GivenSandbox) -> StandingFault:
    rule: Fault = await _read(request, Fault)
    return sandbox.faults.add(rule)


@delete(["/faults", "/faults/{number:int}"])
async def clear_faults(sandbox: GivenSandbox, number: FromPath[int | None] = None) -> None:
    if not sandbox.faults.clear(number) and number is not None:
        raise NotFoundException(f"there is no fault {number}")


@get("/callbacks")
async def list_callbacks(
    sandbox: GivenSandbox,
    provider: FromQuery[str | None] = None,
    object_id: FromQuery[str | None] = None,
    callback_state: FromQuery[str | None] = None,
    after: FromQuery[int] = 0,
    limit: FromQuery[int] = 100,
) -> dict[str, object]:
    """Newest first; ``object_id`` is the invoice, refund, payout, message or order that a callback is about."""
    found = sandbox.outbox.recent(
        provider=provider, object_id=object_id, state=callback_state, after=after, limit=min(limit, 1_000)
    )
    return {"callbacks": [rendered_callback(callback) for callback in found]}


@post("/callbacks/{number:int}/release", status_code=200)
async def release_callback(number: FromPath[int], sandbox: GivenSandbox) -> dict[str, object]:
    """Send a held callback now, or any other once more."""
    callback = sandbox.outbox.release(number)
    if callback is None:
        raise NotFoundException(f"there is no callback {number}")
    return rendered_callback(callback)


@get("/messages")
async def list_messages(
    sandbox: GivenSandbox,
    phone: FromQuery[str | None] = None,
    channel: FromQuery[str | None] = None,
    after: FromQuery[int] = 0,
    limit: FromQuery[int] = 100,
) -> dict[str, object]:
    """Newest first; ``after`` is the number of the last message already seen."""
    found = messages.recent(sandbox, phone=phone, channel=channel, after=after, limit=min(limit, 1_000))
    return {"messages": [messages.rendered(message) for message in found]}


@post("/whatsapp/inbound", status_code=200, exception_handlers={GraphError: answer_graph_error})
async def receive_whatsapp(request: AnyRequest, sandbox: GivenSandbox) -> dict[str, str]:
    """A receiver of our messages writes back, or presses a button."""
    inbound: cloud.Inbound = await _read(request, cloud.Inbound)
    return {"id": cloud.receive(sandbox, inbound)}


class SetStatus(msgspec.Struct, forbid_unknown_fields=True):
    status: str


class PressButton(msgspec.Struct, forbid_unknown_fields=True):
    """Which of the message's quick-reply buttons, from 0."""

    button: int


def _whatsapp_message(sandbox: Sandbox, number: int) -> messages.Message:
    message = messages.numbered(sandbox, number)
    if message is None or message.channel != "whatsapp":
        raise NotFoundException(f"there is no WhatsApp message {number}")
    return message


@post("/messages/{number:int}/press", status_code=200, exception_handlers={GraphError: answer_graph_error})
async def press_button(number: FromPath[int], request: AnyRequest, sandbox: GivenSandbox) -> dict[str, str]:
    """A message's receiver presses one of its buttons."""
    wanted: PressButton = await _read(request, PressButton)
    return {"id": cloud.press(sandbox, _whatsapp_message(sandbox, number), wanted.button)}


@post("/messages/{number:int}/status", status_code=200, exception_handlers={GraphError: answer_graph_error})
async def set_message_status(number: FromPath[int], request: AnyRequest, sandbox: GivenSandbox) -> dict[str, object]:
    """Bring a message to sent, delivered, read or failed, in any order."""
    wanted: SetStatus = await _read(request, SetStatus)
    return messages.rendered(cloud.set_status(sandbox, _whatsapp_message(sandbox, number), wanted.status))


class MoveShipment(msgspec.Struct, forbid_unknown_fields=True):
    """The state to bring a parcel to; without one, the next on its way."""

    status: shipments.Status | None = None


@post("/couriers/shipments/{shipment_id:str}/advance", status_code=200)
async def advance_shipment(shipment_id: FromPath[str], request: AnyRequest, sandbox: GivenSandbox) -> dict[str, object]:
    """Move a parcel on, as one does by hand in Biteship's test mode; by its id or its waybill."""
    wanted: MoveShipment = await _read(request, MoveShipment) if await request.body() else MoveShipment()
    shipment = shipments.find(sandbox, shipment_id) or shipments.of_waybill(sandbox, shipment_id)
    if shipment is None:
        raise NotFoundException(f"there is no shipment {shipment_id}")
    status = wanted.status or shipments.WAY.get(shipment.status)
    if status is None:
        raise ValidationException(f"a shipment that is {shipment.status} does not move on by itself")
    return shipments.rendered(movement.advance(sandbox, shipment, status))


class ContractParcel(msgspec.Struct, forbid_unknown_fields=True):
    """A parcel whose waybill is taken out by contract, outside the courier's open interface."""

    courier: Literal["jne", "jnt", "sicepat"]
    service: str
    receiver_name: str = ""
    kilograms: int = 1


@post("/couriers/shipments", status_code=201)
async def note_shipment(request: AnyRequest, sandbox: GivenSandbox) -> dict[str, object]:
    """A courier's counter takes a parcel; answers it with its waybill."""
    wanted: ContractParcel = await _read(request, ContractParcel)
    booked = shipments.book(
        sandbox,
        provider=wanted.courier,
        courier=wanted.courier,
        service=wanted.service,
        reference=None,
        price=0,
        kilograms=wanted.kilograms,
        request={"receiver_name": wanted.receiver_name, "destination_contact_name": wanted.receiver_name},
    )
    return shipments.rendered(booked)


@get("/couriers/shipments")
async def list_shipments(sandbox: GivenSandbox, limit: FromQuery[int] = 100) -> dict[str, object]:
    """Newest first."""
    return {"shipments": [shipments.rendered(each) for each in shipments.recent(sandbox, min(limit, 1_000))]}


def plain_error(_: AnyRequest, error: NotFoundException | ValidationException) -> Response[dict[str, str]]:
    return Response({"error": error.detail}, status_code=error.status_code)


def control_router() -> Router:
    return Router(
        "/_sandbox",
        route_handlers=[
            *(list_faults, replace_faults, add_fault, clear_faults),
            *(list_callbacks, release_callback),
            *(list_messages, receive_whatsapp, press_button, set_message_status),
            *(list_shipments, note_shipment, advance_shipment),
        ],
        exception_handlers={NotFoundException: plain_error, ValidationException: plain_error},
    )
