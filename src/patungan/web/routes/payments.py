"""A payment: what it is made of, how it stands, the way to the provider's page, its receipt; and the same for whoever has
its code."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from patungan.web.api import ApiProblem
from patungan.web.rendering import has_ended, render
from patungan.web.security import PAYING, policy_text
from patungan.web.site import AnyRequest, Here, form_of
from patungan.web.visitor import Visitor

MOST_DIGITS = 12
UNDECIDED = frozenset({"pending", "processing"})


def _seen(payment: dict[str, Any], visitor: Visitor) -> str:
    """What the page shows of a payment, in a word."""
    return f"{payment['status']}-{'open' if _payable(payment, visitor) else 'closed'}-{payment['progress']}"


def _payable(payment: dict[str, Any], visitor: Visitor) -> bool:
    return payment["status"] in UNDECIDED and not has_ended(payment["expires_at"], visitor)


async def _page(
    visitor: Visitor, payment_id: UUID, *, refusal: ApiProblem | None = None, notice: str | None = None
) -> Template:
    payment = await visitor.get("payment", f"/api/payments/{payment_id}")
    purse = await _purse(visitor, payment)
    session_id = payment["session_id"]
    session = await visitor.section("group-buying", f"/api/group-buying/{session_id}") if session_id else None
    return render(
        visitor,
        "payment.html",
        status=refusal.status if refusal else 200,
        headers={"Content-Security-Policy": policy_text(PAYING)},
        notice=notice,
        payment=payment,
        session=session,
        purse=purse,
        refusal=refusal,
        undecided=payment["status"] in UNDECIDED,
        payable=_payable(payment, visitor),
        seen=_seen(payment, visitor),
    )


async def _purse(visitor: Visitor, payment: dict[str, Any]) -> Any:
    """The wallet's balance, while a part of the payment may still be chosen from it."""
    choosable = _payable(payment, visitor) and payment["wallet_state"] is None and payment["invoice_url"] is None
    return await visitor.section("wallet", "/api/wallet/balance") if choosable else None


@get("/payments/{payment_id:uuid}")
async def show_payment(visitor: Here, payment_id: FromPath[UUID], notice: FromQuery[str] = "") -> Template:
    visitor.must_be_signed_in()
    return await _page(visitor, payment_id, notice=notice)


@get("/payments/{payment_id:uuid}/status")
async def show_status(
    visitor: Here, payment_id: FromPath[UUID], seen: FromQuery[str] = ""
) -> Template | Response[None]:
    """Part of the page: how the payment stands, asked for again every two seconds until that is decided.

    Nothing where the page shows that already: what does not change is not put in anew under a reader's hands.
    """
    visitor.must_be_signed_in()
    payment = await visitor.get("payment", f"/api/payments/{payment_id}")
    if seen == _seen(payment, visitor):
        return Response(None, status_code=204)
    return render(
        visitor,
        "payment_status.html",
        payment=payment,
        undecided=payment["status"] in UNDECIDED,
        payable=_payable(payment, visitor),
        seen=_seen(payment, visitor),
    )


@post("/payments/{payment_id:uuid}/pay", status_code=303)
async def pay(visitor: Here, payment_id: FromPath[UUID]) -> Redirect | Template:
    """Send the buyer to the provider's page, which is made at this moment; a second time it is the same one."""
    visitor.must_be_signed_in()
    try:
        invoice = await visitor.post("payment", f"/api/payments/{payment_id}/invoice", key=f"invoice-{payment_id}")
    except ApiProblem as refusal:
        return await _page(visitor, payment_id, refusal=refusal)
    return _to_provider(invoice, f"/payments/{payment_id}")


@post("/payments/{payment_id:uuid}/wallet", status_code=303)
async def pay_from_wallet(visitor: Here, request: AnyRequest, payment_id: FromPath[UUID]) -> Redirect | Template:
    """Choose how much of the payment comes from the wallet; with nothing left it is paid at once."""
    visitor.must_be_signed_in()
    digits = (await form_of(request)).get("amount", "").replace(".", "").removeprefix("Rp").strip()
    amount = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS else 0
    try:
        await visitor.post(
            "payment", f"/api/payments/{payment_id}/wallet", {"amount": amount}, key=f"wallet-{payment_id}-{amount}"
        )
    except ApiProblem as refusal:
        return await _page(visitor, payment_id, refusal=refusal)
    return Redirect(f"/payments/{payment_id}", status_code=303)


def _to_provider(invoice: dict[str, Any], back: str) -> Redirect:
    address = str(invoice["invoice_url"])
    return Redirect(address if address.startswith(("https://", "http://")) else back, status_code=303)


@get("/payments/{payment_id:uuid}/receipt")
async def show_receipt(visitor: Here, payment_id: FromPath[UUID]) -> Template | Redirect:
    """The receipt to read or print; a payment that is not paid is shown as it stands."""
    visitor.must_be_signed_in()
    payment = await visitor.get("payment", f"/api/payments/{payment_id}")
    if payment["paid_at"] is None:
        return Redirect(f"/payments/{payment_id}", status_code=303)
    return render(visitor, "receipt.html", payment=payment)


@get("/payments/{payment_id:uuid}/receipt.pdf")
async def download_receipt(visitor: Here, payment_id: FromPath[UUID]) -> Response[bytes]:
    visitor.must_be_signed_in()
    content = await visitor.download("payment", f"/api/payments/{payment_id}/receipt.pdf")
    headers = {"Content-Disposition": f'attachment; filename="{payment_id}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)


def _of_code(code: str) -> str:
    return f"/api/payments/codes/{quote(code, safe='')}"


async def _public_page(visitor: Visitor, code: str, *, refusal: ApiProblem | None = None) -> Template:
    payment = await visitor.get("payment", _of_code(code))
    return render(
        visitor,
        "pay.html",
        status=refusal.status if refusal else 200,
        headers={"Content-Security-Policy": policy_text(PAYING)},
        payment=payment,
        refusal=refusal,
        undecided=payment["status"] in UNDECIDED,
        payable=_payable(payment, visitor),
        seen=_seen(payment, visitor),
    )


@get("/pay/{code:str}")
async def show_payment_of_code(visitor: Here, code: FromPath[str]) -> Template:
    """For whoever has the code, signed in or not: anybody may pay for somebody else."""
    return await _public_page(visitor, code)


@get("/pay/{code:str}/status")
async def show_status_of_code(
    visitor: Here, code: FromPath[str], seen: FromQuery[str] = ""
) -> Template | Response[None]:
    payment = await visitor.get("payment", _of_code(code))
    if seen == _seen(payment, visitor):
        return Response(None, status_code=204)
    return render(
        visitor,
        "pay_status.html",
        payment=payment,
        undecided=payment["status"] in UNDECIDED,
        payable=_payable(payment, visitor),
        seen=_seen(payment, visitor),
    )


@post("/pay/{code:str}", status_code=303)
async def pay_by_code(visitor: Here, code: FromPath[str]) -> Redirect | Template:
    try:
        invoice = await visitor.post("payment", f"{_of_code(code)}/invoice")
    except ApiProblem as refusal:
        if refusal.status == 404:
            raise
        return await _public_page(visitor, code, refusal=refusal)
    return _to_provider(invoice, f"/pay/{quote(code, safe='')}")


routes = [
    show_payment,
    show_status,
    pay,
    pay_from_wallet,
    show_receipt,
    download_receipt,
    show_payment_of_code,
    show_status_of_code,
    pay_by_code,
]
