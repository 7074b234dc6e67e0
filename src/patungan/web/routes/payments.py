"""A payment: what it is made of, how it stands, and the way to the provider's page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from patungan.web.api import ApiProblem
from patungan.web.rendering import has_ended, render
from patungan.web.security import PAYING, policy_text
from patungan.web.site import Here
from patungan.web.visitor import Visitor

UNDECIDED = frozenset({"pending", "processing"})


def _seen(payment: dict[str, Any], visitor: Visitor) -> str:
    """What the page shows of a payment, in a word."""
    return f"{payment['status']}-{'open' if _payable(payment, visitor) else 'closed'}"


def _payable(payment: dict[str, Any], visitor: Visitor) -> bool:
    return payment["status"] in UNDECIDED and not has_ended(payment["expires_at"], visitor)


async def _page(
    visitor: Visitor, payment_id: UUID, *, refusal: ApiProblem | None = None, notice: str | None = None
) -> Template:
    payment = await visitor.get("payment", f"/api/payments/{payment_id}")
    session = await visitor.section("group-buying", f"/api/group-buying/{payment['session_id']}")
    return render(
        visitor,
        "payment.html",
        status=refusal.status if refusal else 200,
        headers={"Content-Security-Policy": policy_text(PAYING)},
        notice=notice,
        payment=payment,
        session=session,
        refusal=refusal,
        undecided=payment["status"] in UNDECIDED,
        payable=_payable(payment, visitor),
        seen=_seen(payment, visitor),
    )


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
    address = str(invoice["invoice_url"])
    if not address.startswith(("https://", "http://")):
        return Redirect(f"/payments/{payment_id}", status_code=303)
    return Redirect(address, status_code=303)


routes = [show_payment, show_status, pay]
