"""Xendit's paths under ``/xendit``: what a merchant's server calls with its secret key."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Request, Router, get, post
from litestar.params import FromPath

from patungan.sandbox.clock import parse_iso
from patungan.sandbox.context import GivenSandbox
from patungan.sandbox.xendit import books, channels, invoices, payments, payouts, refunds, transactions
from patungan.sandbox.xendit.access import RateLimitHeaders, require_secret_key
from patungan.sandbox.xendit.errors import (
    XenditError,
    answer_error,
    error_body,
    invalid,
    query_limit,
    query_list,
    query_parsed,
    query_value,
    read_json,
)
from patungan.sandbox.xendit.invoice_search import InvoiceFilter, search

AnyRequest = Request[Any, Any, Any]
Answer = dict[str, object]

MOST_MOVEMENTS: Final = 1_000
ACCOUNT_TYPES: Final = ("CASH", "HOLDING", "TAX")


@post("/v2/invoices", status_code=200, opt={"operation": "create_invoice"})
async def create_invoice(request: AnyRequest, sandbox: GivenSandbox) -> Answer:
    wanted = await read_json(request, invoices.CreateInvoice)
    base_url = sandbox.settings.public_url or str(request.base_url)
    return invoices.rendered(sandbox, invoices.create(sandbox, wanted, base_url.rstrip("/")))


@get("/v2/invoices/{invoice_id:str}", opt={"operation": "get_invoice"})
async def get_invoice(invoice_id: FromPath[str], sandbox: GivenSandbox) -> Answer:
    return invoices.rendered(sandbox, invoices.find(sandbox, invoice_id))


@get("/v2/invoices", opt={"operation": "list_invoices"})
async def list_invoices(request: AnyRequest, sandbox: GivenSandbox) -> list[Answer]:
    wanted = InvoiceFilter(
        external_id=query_value(request, "external_id"),
        statuses=query_list(request, "statuses"),
        payment_channels=query_list(request, "payment_channels"),
        created=_between(request, "created"),
        paid=_between(request, "paid"),
        expired=_between(request, "expired"),
        last_invoice=query_value(request, "last_invoice"),
        limit=query_limit(request),
    )
    return [invoices.rendered(sandbox, invoice) for invoice in search(sandbox, wanted)]


def _between(request: AnyRequest, what: str) -> tuple[int | None, int | None]:
    return query_parsed(request, f"{what}_after", parse_iso), query_parsed(request, f"{what}_before", parse_iso)


@post("/invoices/{invoice_id:str}/expire!", status_code=200, opt={"operation": "expire_invoice"})
async def expire_invoice(invoice_id: FromPath[str], sandbox: GivenSandbox) -> Answer:
    return invoices.rendered(sandbox, invoices.expire(sandbox, invoice_id))


@post("/refunds", status_code=200, opt={"operation": "create_refund"})
async def create_refund(request: AnyRequest, sandbox: GivenSandbox) -> Answer:
    wanted = await read_json(request, refunds.CreateRefund)
    return refunds.rendered(refunds.create(sandbox, wanted, request.headers.get("idempotency-key") or None))


@get("/refunds/{refund_id:str}", opt={"operation": "get_refund"})
async def get_refund(refund_id: FromPath[str], sandbox: GivenSandbox) -> Answer:
    return refunds.rendered(refunds.find(sandbox, refund_id))


@get("/refunds", opt={"operation": "list_refunds"})
async def list_refunds(request: AnyRequest, sandbox: GivenSandbox) -> Answer:
    names = ("invoice_id", "payment_request_id", "payment_method_type", "channel_code", "after_id", "before_id")
    found, has_more = refunds.search(
        sandbox, limit=query_limit(request), **{name: query_value(request, name) for name in names}
    )
    return {"data": [refunds.rendered(refund) for refund in found], "has_more": has_more}


@post("/refunds/{refund_id:str}/cancel", status_code=200, opt={"operation": "cancel_refund"})
async def cancel_refund(refund_id: FromPath[str], sandbox: GivenSandbox) -> Answer:
    return refunds.rendered(refunds.cancel(sandbox, refund_id))


@post("/v2/payouts", status_code=200, opt={"operation": "create_payout"})
async def create_payout(request: AnyRequest, sandbox: GivenSandbox) -> Answer:
    wanted = await read_json(request, payouts.CreatePayout)
    return payouts.rendered(sandbox, payouts.create(sandbox, wanted, request.headers.get("idempotency-key")))


@get("/v2/payouts/{payout_id:str}", opt={"operation": "get_payout"})
async def get_payout(payout_id: FromPath[str], sandbox: GivenSandbox) -> Answer:
    return payouts.rendered(sandbox, payouts.find(sandbox, payout_id))


@get("/v2/payouts", opt={"operation": "list_payouts"})
async def list_payouts(request: AnyRequest, sandbox: GivenSandbox) -> Answer:
    reference_id = query_value(request, "reference_id")
    if reference_id is None:
        raise invalid("reference_id", "reference_id is required")
    limit = query_limit(request)
    found, has_more = payouts.search(
        sandbox,
        reference_id=reference_id,
        after_id=query_value(request, "after_id"),
        before_id=query_value(request, "before_id"),
        limit=limit,
    )
    answer: Answer = {"data": [payouts.rendered(sandbox, payout) for payout in found], "has_more": has_more}
    if has_more:
        href = f"/v2/payouts?reference_id={reference_id}&limit={limit}&after_id={found[-1].id}"
        answer["links"] = {"href": href, "rel": "next", "method": "GET"}
    return answer


@post("/v2/payouts/{payout_id:str}/cancel", status_code=200, opt={"operation": "cancel_payout"})
async def cancel_payout(payout_id: FromPath[str], sandbox: GivenSandbox) -> Answer:
    return payouts.rendered(sandbox, payouts.cancel(sandbox, payout_id))


@get("/payouts_channels", opt={"operation": "list_payout_channels"})
async def list_payout_channels(request: AnyRequest) -> list[channels.PayoutChannel]:
    currency, code = query_value(request, "currency"), query_value(request, "channel_code")
    categories = query_list(request, "channel_category")
    return [
        channel
        for channel in channels.PAYOUT_CHANNELS.values()
        if currency in (None, channel.currency)
        and code in (None, channel.channel_code)
        and (not categories or channel.channel_category in categories)
    ]


@get("/balance", opt={"operation": "get_balance"})
async def get_balance(request: AnyRequest, sandbox: GivenSandbox) -> Answer:
    """The money at hand; nothing is ever held back here, so the other accounts are empty. Past times are not kept."""
    account = query_value(request, "account_type") or "CASH"
    if account not in ACCOUNT_TYPES:
        raise invalid("account_type", f"account_type must be among {', '.join(ACCOUNT_TYPES)}")
    if query_value(request, "at_timestamp") is not None:
        raise XenditError(400, "FEATURE_NOT_AVAILABLE", "The sandbox does not keep past balances")
    return {"balance": books.balance(sandbox) if account == "CASH" else 0}


@get("/transactions", opt={"operation": "list_transactions"})
async def list_transactions(request: AnyRequest, sandbox: GivenSandbox) -> Answer:
    """Times are asked for as ``created[gte]`` and ``created[lte]``."""
    wanted = transactions.Wanted(
        types=query_list(request, "types"),
        statuses=query_list(request, "statuses"),
        reference=query_value(request, "reference_id"),
        product_id=query_value(request, "product_id"),
        created_from=query_parsed(request, "created[gte]", parse_iso),
        created_to=query_parsed(request, "created[lte]", parse_iso),
        after_id=query_value(request, "after_id"),
        limit=query_limit(request, most=transactions.MOST),
    )
    found, has_more = transactions.search(sandbox, wanted)
    answer: Answer = {"data": [transactions.rendered(sandbox, row) for row in found], "has_more": has_more, "links": []}
    if has_more:
        href = f"/transactions?limit={wanted.limit}&after_id={found[-1].id}"
        answer["links"] = [{"href": href, "rel": "next", "method": "GET"}]
    return answer


@get("/transactions/{transaction_id:str}", opt={"operation": "get_transaction"})
async def get_transaction(transaction_id: FromPath[str], sandbox: GivenSandbox) -> Answer:
    return transactions.rendered(sandbox, transactions.find(sandbox, transaction_id))


@get("/_sandbox/books")
async def read_books(request: AnyRequest, sandbox: GivenSandbox) -> Answer:
    return books.page(
        sandbox,
        after=query_parsed(request, "after", int) or 0,
        limit=query_limit(request, default=500, most=MOST_MOVEMENTS),
        kind=query_value(request, "kind"),
        reference=query_value(request, "reference"),
    )


@post("/_sandbox/books", status_code=200, request_max_body_size=50_000_000)
async def import_books(request: AnyRequest, sandbox: GivenSandbox) -> Answer:
    """Payments that a seeded platform says it was paid, written as if buyers had paid here; a known one stays."""
    paid = msgspec.json.decode(await request.body(), type=list[books.Imported])
    return {"imported": books.import_payments(sandbox, paid)}


@post("/_sandbox/invoices/{invoice_id:str}/pay", status_code=200)
async def pay_invoice(invoice_id: FromPath[str], request: AnyRequest, sandbox: GivenSandbox) -> Answer:
    order = await read_json(request, payments.PayInvoice) if await request.body() else payments.PayInvoice()
    paid = payments.pay(sandbox, invoice_id, order)
    return {"invoice": invoices.rendered(sandbox, paid.invoice), "callbacks": paid.callbacks}


@post("/_sandbox/invoices/{invoice_id:str}/settle", status_code=200)
async def settle_invoice(invoice_id: FromPath[str], sandbox: GivenSandbox) -> Answer:
    return invoices.rendered(sandbox, payments.settle(sandbox, invoice_id))


class DecideRefund(msgspec.Struct, forbid_unknown_fields=True):
    """How a pending refund ends; without a failure code it succeeds."""

    failure_code: refunds.FailureCode | None = None


@post("/_sandbox/refunds/{refund_id:str}/decide", status_code=200)
async def decide_refund(refund_id: FromPath[str], request: AnyRequest, sandbox: GivenSandbox) -> Answer:
    decision = await read_json(request, DecideRefund) if await request.body() else DecideRefund()
    refund = refunds.find(sandbox, refund_id)
    if refund.status != "PENDING":
        raise invalid("status", f"The refund is {refund.status} already")
    return refunds.rendered(refunds.decide(sandbox, refund, decision.failure_code))


def xendit_routers(rate_limit: int) -> list[Router]:
    """The API behind the secret key, and the buyer's and tests' own acts without one."""
    options = {"provider": "xendit", "error_body": error_body}
    api = Router(
        "/xendit",
        route_handlers=[
            *(create_invoice, get_invoice, list_invoices, expire_invoice),
            *(create_refund, get_refund, list_refunds, cancel_refund),
            *(create_payout, get_payout, list_payouts, cancel_payout, list_payout_channels),
            *(get_balance, list_transactions, get_transaction, read_books, import_books, decide_refund),
        ],
        guards=[require_secret_key],
        middleware=[RateLimitHeaders(rate_limit)],
        opt=options,
        exception_handlers={XenditError: answer_error},
    )
    acts = Router(
        "/xendit",
        route_handlers=[pay_invoice, settle_invoice],
        opt=options,
        exception_handlers={XenditError: answer_error},
    )
    return [api, acts]
