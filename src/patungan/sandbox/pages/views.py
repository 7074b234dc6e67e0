"""The pages that show what the platform sent, and the few acts that they offer."""

from __future__ import annotations

from typing import Any, Final, get_args

import msgspec
from litestar import Request, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from patungan.sandbox import messages
from patungan.sandbox.context import GivenSandbox, Sandbox
from patungan.sandbox.couriers import movement, shipments
from patungan.sandbox.faults import Action, Fault
from patungan.sandbox.pages.rendering import rupiah
from patungan.sandbox.whatsapp import cloud
from patungan.sandbox.xendit import books, payouts, refunds
from patungan.sandbox.xendit.invoice_search import InvoiceFilter, search

AnyRequest = Request[Any, Any, Any]

PAGE_LENGTH: Final = 100
PROVIDERS: Final = ("*", "xendit", "whatsapp", "sms", "biteship", "jne", "jnt", "sicepat")
PAGES: Final = ("/xendit", "/couriers")


@get("/")
async def overview(request: AnyRequest, sandbox: GivenSandbox) -> Template:
    def count(table: str, condition: str = "true") -> int:
        return sandbox.store.number(f"select count(*) from {table} where {condition}")

    tiles = [
        {
            "name": "Xendit",
            "page": "/xendit",
            "path": "/xendit",
            "figures": [
                ("Saldo / Balance", rupiah(books.balance(sandbox))),
                ("Tagihan / Invoices", count("invoices")),
                ("Menunggu / Pending", count("invoices", "status = 'PENDING'")),
                ("Refund", count("refunds")),
                ("Payout", count("payouts")),
                ("Callback tertunda / waiting", count("callbacks", "provider = 'xendit' and state = 'waiting'")),
            ],
        },
        {
            "name": "WhatsApp",
            "page": "/whatsapp",
            "path": "/whatsapp",
            "figures": [("Pesan / Messages", count("messages", "channel = 'whatsapp'"))],
        },
        {
            "name": "SMS",
            "page": "/sms",
            "path": "/sms",
            "figures": [("Pesan / Messages", count("messages", "channel = 'sms'"))],
        },
        *(
            {
                "name": name,
                "page": "/couriers",
                "path": f"/{path}",
                "figures": [("Kiriman / Shipments", count("shipments", condition))],
            }
            for name, path, condition in (
                ("Biteship", "biteship", "provider = 'biteship'"),
                ("JNE", "jne", "provider = 'jne'"),
                ("J&T Express", "jnt", "provider = 'jnt'"),
                ("SiCepat", "sicepat", "courier = 'sicepat'"),
            )
        ),
        {
            "name": "Gangguan / Faults",
            "page": "/faults",
            "path": "/_sandbox/faults",
            "figures": [("Aturan / Rules", len(sandbox.faults.standing))],
        },
    ]
    base_url = (sandbox.settings.public_url or str(request.base_url)).rstrip("/")
    return Template("overview.html", context={"here": "/", "tiles": tiles, "base_url": base_url})


@get("/xendit")
async def xendit_page(sandbox: GivenSandbox) -> Template:
    context = {
        "here": "/xendit",
        "balance": books.balance(sandbox),
        "invoices": search(sandbox, InvoiceFilter(limit=PAGE_LENGTH)),
        "refunds": refunds.search(sandbox, limit=PAGE_LENGTH)[0],
        "payouts": payouts.search(sandbox, limit=PAGE_LENGTH)[0],
        "callbacks": sandbox.outbox.recent(provider="xendit", limit=PAGE_LENGTH),
    }
    return Template("xendit.html", context=context)


def _messages_page(sandbox: Sandbox, channel: str, title: str, phone: str) -> Template:
    found = messages.recent(sandbox, phone=phone.strip() or None, channel=channel, limit=PAGE_LENGTH)
    context = {
        "here": f"/{channel}",
        "title": title,
        "phone": phone,
        "messages": found,
        "statuses": cloud.STATUSES,
    }
    return Template("messages.html", context=context)


@get("/whatsapp")
async def whatsapp_page(sandbox: GivenSandbox, phone: FromQuery[str] = "") -> Template:
    return _messages_page(sandbox, "whatsapp", "WhatsApp", phone)


@get("/sms")
async def sms_page(sandbox: GivenSandbox, phone: FromQuery[str] = "") -> Template:
    return _messages_page(sandbox, "sms", "SMS", phone)


@get("/couriers")
async def couriers_page(sandbox: GivenSandbox) -> Template:
    context = {
        "here": "/couriers",
        "shipments": shipments.recent(sandbox, PAGE_LENGTH),
        "statuses": shipments.STATUSES,
        "next_status": shipments.WAY,
        "callbacks": sandbox.outbox.recent(provider="biteship", limit=PAGE_LENGTH),
    }
    return Template("couriers.html", context=context)


def _faults_page(sandbox: Sandbox, *, problem: str = "", status: int = 200) -> Template:
    context = {
        "here": "/faults",
        "faults": sandbox.faults.standing,
        "providers": PROVIDERS,
        "actions": get_args(Action),
        "problem": problem,
    }
    return Template("faults.html", context=context, status_code=status)


@get("/faults")
async def faults_page(sandbox: GivenSandbox) -> Template:
    return _faults_page(sandbox)


@post("/_pages/faults", status_code=200)
async def add_fault(request: AnyRequest, sandbox: GivenSandbox) -> Template | Redirect:
    form = {name: str(value) for name, value in (await request.form()).items() if str(value).strip()}
    try:
        sandbox.faults.add(msgspec.convert(form, Fault, strict=False))
    except msgspec.ValidationError as error:
        return _faults_page(sandbox, problem=str(error), status=400)
    return Redirect("/faults", status_code=303)


@post("/_pages/faults/clear", status_code=200)
async def clear_faults(request: AnyRequest, sandbox: GivenSandbox) -> Redirect:
    """Remove the one rule that the form names, or all."""
    number = str((await request.form()).get("number", ""))
    sandbox.faults.clear(int(number) if number.isdecimal() else None)
    return Redirect("/faults", status_code=303)


@post("/_pages/callbacks/{number:int}/release", status_code=200)
async def release_callback(number: FromPath[int], request: AnyRequest, sandbox: GivenSandbox) -> Redirect:
    if sandbox.outbox.release(number) is None:
        raise NotFoundException(f"there is no callback {number}")
    back = str((await request.form()).get("back", ""))
    return Redirect(back if back in PAGES else "/", status_code=303)


@post("/_pages/shipments/{shipment_id:str}/advance", status_code=200)
async def advance_shipment(shipment_id: FromPath[str], request: AnyRequest, sandbox: GivenSandbox) -> Redirect:
    shipment = shipments.find(sandbox, shipment_id)
    status = str((await request.form()).get("status", ""))
    if shipment is None or status not in shipments.STATUSES:
        raise NotFoundException(f"there is no shipment {shipment_id} to bring to {status!r}")
    movement.advance(sandbox, shipment, status)
    return Redirect("/couriers", status_code=303)


async def _message_and_form(
    number: int, request: AnyRequest, sandbox: Sandbox
) -> tuple[messages.Message, dict[str, str]]:
    message = messages.numbered(sandbox, number)
    if message is None or message.channel != "whatsapp":
        raise NotFoundException(f"there is no WhatsApp message {number}")
    return message, {name: str(value).strip() for name, value in (await request.form()).items()}


@post("/_pages/messages/{number:int}/press", status_code=200)
async def press_button(number: FromPath[int], request: AnyRequest, sandbox: GivenSandbox) -> Redirect:
    message, form = await _message_and_form(number, request, sandbox)
    button = form.get("button", "")
    if not button.isdecimal() or int(button) >= len(message.replies):
        raise NotFoundException(f"message {number} has no button {button!r}")
    cloud.press(sandbox, message, int(button))
    return Redirect("/whatsapp", status_code=303)


@post("/_pages/messages/{number:int}/reply", status_code=200)
async def reply_to_message(number: FromPath[int], request: AnyRequest, sandbox: GivenSandbox) -> Redirect:
    message, form = await _message_and_form(number, request, sandbox)
    if form.get("text"):
        text, sender = form["text"], message.sender or "1"
        inbound = cloud.Inbound(phone=message.phone, text=text, context=message.provider_id, phone_number_id=sender)
        cloud.receive(sandbox, inbound)
    return Redirect("/whatsapp", status_code=303)


@post("/_pages/messages/{number:int}/status", status_code=200)
async def set_message_status(number: FromPath[int], request: AnyRequest, sandbox: GivenSandbox) -> Redirect:
    message, form = await _message_and_form(number, request, sandbox)
    if form.get("status") not in cloud.STATUSES:
        raise NotFoundException(f"a message is not {form.get('status')!r}")
    cloud.set_status(sandbox, message, form["status"])
    return Redirect("/whatsapp", status_code=303)


def pages_router() -> Router:
    return Router(
        "/",
        route_handlers=[
            *(overview, xendit_page, whatsapp_page, sms_page, couriers_page, faults_page),
            *(add_fault, clear_faults, release_callback, advance_shipment),
            *(press_button, reply_to_message, set_message_status),
        ],
    )
