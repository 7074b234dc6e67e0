"""The pay page behind an invoice's ``invoice_url``: what a buyer sees, and a button that pays."""

from __future__ import annotations

import io
from typing import Any, Final

import segno
from litestar import Request, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect, Template

from patungan.sandbox.context import GivenSandbox, Sandbox
from patungan.sandbox.xendit import channels, invoices, payments, qris
from patungan.sandbox.xendit.errors import XenditError

AnyRequest = Request[Any, Any, Any]

TABS: Final = (
    ("BANK_TRANSFER", "Virtual Account", "Transfer bank / Bank transfer"),
    ("EWALLET", "E-Wallet", "Dompet digital / E-wallet"),
    ("QR_CODE", "QRIS", "Pindai kode QR / Scan the QR code"),
    ("CREDIT_CARD", "Kartu / Card", "Kartu kredit atau debit / Credit or debit card"),
    ("RETAIL_OUTLET", "Gerai / Outlet", "Bayar di kasir / Pay at the counter"),
)
CHANNEL_NAMES: Final = {
    "MANDIRI": "Mandiri",
    "PERMATA": "Permata",
    "SAHABAT_SAMPOERNA": "Bank Sahabat Sampoerna",
    "CIMB": "CIMB Niaga",
    "GOPAY": "GoPay",
    "SHOPEEPAY": "ShopeePay",
    "LINKAJA": "LinkAja",
    "ASTRAPAY": "AstraPay",
    "JENIUSPAY": "Jenius Pay",
    "NEXCASH": "Nexcash",
    "ALFAMART": "Alfamart",
    "INDOMARET": "Indomaret",
    "CREDIT_CARD": "Visa, Mastercard, JCB",
}


@get("/{invoice_id:str}")
async def show_invoice(invoice_id: FromPath[str], sandbox: GivenSandbox) -> Template:
    return _page(sandbox, invoice_id)


@post("/{invoice_id:str}", status_code=200)
async def pay_invoice(invoice_id: FromPath[str], request: AnyRequest, sandbox: GivenSandbox) -> Template | Redirect:
    """Pay and show the receipt; what can not be paid is shown with the reason."""
    channel = str((await request.form()).get("channel", ""))
    method = channels.INCOMING.get(channel)
    if method is None:
        return _page(sandbox, invoice_id, problem="Pilih cara bayar / Choose how to pay", status=400)
    try:
        payments.pay(sandbox, invoice_id, payments.PayInvoice(payment_method=method, payment_channel=channel))
    except XenditError as error:
        return _page(sandbox, invoice_id, problem=error.message, status=error.status)
    return Redirect(f"/xendit/pay/{invoice_id}", status_code=303)


def _page(sandbox: Sandbox, invoice_id: str, *, problem: str = "", status: int = 200) -> Template:
    try:
        invoice = invoices.find(sandbox, invoice_id)
    except XenditError as error:
        raise NotFoundException("Tagihan tidak ditemukan / No such invoice") from error
    offered = [
        {
            "method": method,
            "title": title,
            "hint": hint,
            "channels": [
                {
                    "code": code,
                    "name": CHANNEL_NAMES.get(code, code),
                    "destination": channels.payment_destination(invoice.id, code),
                }
                for code in invoice.payment_channels
                if channels.INCOMING[code] == method
            ],
        }
        for method, title, hint in TABS
    ]
    context = {
        "invoice": invoice,
        "details": invoice.details,
        "merchant": sandbox.settings.merchant_name,
        "tabs": [tab for tab in offered if tab["channels"]],
        "channel_name": CHANNEL_NAMES.get(invoice.payment_channel or "", invoice.payment_channel),
        "qr": _drawn(qris.payload(invoice, sandbox.settings.merchant_name)),
        "problem": problem,
        "now": sandbox.now(),
    }
    return Template("pay.html", context=context, status_code=status)


def _drawn(text: str) -> str:
    """A QR code as inline SVG, scaled by the page's style."""
    drawing = io.BytesIO()
    code = segno.make(text, error="m")
    code.save(drawing, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=2, title="QRIS")
    return drawing.getvalue().decode()


def payment_router() -> Router:
    return Router("/xendit/pay", route_handlers=[show_invoice, pay_invoice])
