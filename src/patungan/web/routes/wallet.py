"""A person's wallet: what it holds and what moved, and withdrawals with their form and states."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from patungan.web.api import ApiProblem
from patungan.web.paging import page_of, pages
from patungan.web.rendering import render
from patungan.web.site import AnyRequest, Here, TheSite, form_of
from patungan.web.visitor import Visitor

LIMIT = 20
ANOTHER = "another"
"""The choice of an account that is typed in rather than saved."""
FIELDS = ("amount", "account", "bank_code", "account_number", "holder_name", "save")


@get("/wallet")
async def show_wallet(visitor: Here, page: FromQuery[str] = "1") -> Template:
    visitor.must_be_signed_in()
    number = page_of(page)
    balance, moves = await asyncio.gather(
        visitor.section("wallet", "/api/wallet/balance"),
        visitor.section("wallet", "/api/wallet/transactions", page=number, limit=LIMIT),
    )
    total = moves["total"] if moves else 0
    return render(visitor, "wallet.html", balance=balance, moves=moves, paging=pages("/wallet", number, LIMIT, total))


async def _withdrawals(
    visitor: Visitor,
    key: str,
    form: dict[str, str],
    number: int = 1,
    *,
    notice: str | None = None,
    refusal: ApiProblem | None = None,
    form_refusal: ApiProblem | None = None,
) -> Template:
    balance, terms, banks, accounts, found = await asyncio.gather(
        visitor.section("wallet", "/api/wallet/balance"),
        visitor.section("wallet", "/api/withdrawals/terms"),
        visitor.section("wallet", "/api/wallet/banks"),
        visitor.section("wallet", "/api/wallet/bank-accounts"),
        visitor.section("wallet", "/api/withdrawals", page=number, limit=LIMIT),
    )
    failed = refusal or form_refusal
    return render(
        visitor,
        "withdrawals.html",
        status=failed.status if failed else 200,
        notice=notice,
        refusal=refusal,
        form_refusal=form_refusal,
        balance=balance,
        terms=terms,
        banks=banks["items"] if banks else [],
        accounts=accounts["items"] if accounts else [],
        found=found,
        form={name: form.get(name, "") for name in FIELDS},
        key=key,
        paging=pages("/wallet/withdrawals", number, LIMIT, found["total"] if found else 0),
    )


@get("/wallet/withdrawals")
async def show_withdrawals(
    visitor: Here, site: TheSite, page: FromQuery[str] = "1", notice: FromQuery[str] = ""
) -> Template:
    visitor.must_be_signed_in()
    return await _withdrawals(visitor, str(site.chance.new_id()), {}, page_of(page), notice=notice)


def _body(form: dict[str, str]) -> dict[str, Any]:
    """What the form asks for; an amount may be written with its points."""
    digits = form.get("amount", "").removeprefix("Rp").replace(".", "").strip()
    amount = int(digits) if digits.isascii() and digits.isdigit() else 0
    if form.get("account", ANOTHER) != ANOTHER:
        return {"amount": amount, "bank_account_id": form["account"]}
    account = {
        "bank_code": form.get("bank_code", ""),
        "account_number": form.get("account_number", "").replace(" ", "").replace("-", ""),
        "holder_name": form.get("holder_name", ""),
        "save": "save" in form,
    }
    return {"amount": amount, "bank_account": account}


@post("/wallet/withdrawals", status_code=303)
async def request_withdrawal(visitor: Here, site: TheSite, request: AnyRequest) -> Redirect | Template:
    visitor.must_be_signed_in()
    form = await form_of(request)
    try:
        await visitor.post("wallet", "/api/withdrawals", _body(form), key=form.get("key") or str(site.chance.new_id()))
    except ApiProblem as refusal:
        # What was refused is asked anew under another key, for its contents will differ.
        field = (refusal.field or "").rpartition(".")[2] or None
        shown = ApiProblem(refusal.code, refusal.status, refusal.detail, field)
        return await _withdrawals(visitor, str(site.chance.new_id()), form, form_refusal=shown)
    return Redirect("/wallet/withdrawals?notice=withdrawal_requested", status_code=303)


@post("/wallet/withdrawals/{withdrawal_id:uuid}/cancel", status_code=303)
async def cancel_withdrawal(visitor: Here, site: TheSite, withdrawal_id: FromPath[UUID]) -> Redirect | Template:
    visitor.must_be_signed_in()
    key = str(site.chance.new_id())
    try:
        await visitor.post("wallet", f"/api/withdrawals/{withdrawal_id}/cancel", key=key)
    except ApiProblem as refusal:
        return await _withdrawals(visitor, key, {}, refusal=refusal)
    return Redirect("/wallet/withdrawals?notice=withdrawal_cancelled", status_code=303)


@post("/wallet/bank-accounts/{account_id:uuid}/delete", status_code=303)
async def delete_bank_account(visitor: Here, site: TheSite, account_id: FromPath[UUID]) -> Redirect | Template:
    visitor.must_be_signed_in()
    try:
        await visitor.call("DELETE", "wallet", f"/api/wallet/bank-accounts/{account_id}")
    except ApiProblem as refusal:
        return await _withdrawals(visitor, str(site.chance.new_id()), {}, refusal=refusal)
    return Redirect("/wallet/withdrawals?notice=bank_account_deleted", status_code=303)


routes = [show_wallet, show_withdrawals, request_withdrawal, cancel_withdrawal, delete_bank_account]
