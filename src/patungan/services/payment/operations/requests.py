"""Refunds that somebody asks for: written with their parts at once, so that they are never promised twice, and sent off
when as many persons of finance as they need have agreed."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from patungan.contracts import payment as contract
from patungan.kernel.database import Transaction
from patungan.kernel.service import Context
from patungan.ledger import accounts
from patungan.ledger.accounts import Account
from patungan.ledger.posting import credit, debit, journal, post
from patungan.services.payment.operations.refunds import Cause, NewRefund, send_off, write_refunds
from patungan.services.payment.queries import orders, payments, receipts
from patungan.services.payment.queries import requests as queries
from patungan.services.payment.queries.payments import Payment
from patungan.services.payment.queries.refunds import Refund
from patungan.services.payment.queries.requests import RefundRequest
from patungan.services.payment.rules import (
    PaymentStatus,
    RefundKind,
    RefundReason,
    RequestStatus,
    persons_needed,
    refund_destination,
    split_refund,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to go back: an amount in rupiah, or None for all that is left of the order, or of the payment."""

    payment_id: UUID
    order_id: UUID | None
    amount: int | None
    reason: RefundReason
    note: str


@dataclass(frozen=True, slots=True)
class _Basis:
    """What a refund is taken of: its kind, and how much of it is left, in rupiah."""

    kind: RefundKind
    order_id: UUID | None
    left: int


async def ask_as_customer(ctx: Context, tx: Transaction, user_id: UUID, wanted: Wanted) -> RefundRequest:
    """A buyer asks for money back of their own payment; finance decides. Raises PaymentNotFound, RefundNotPossible."""
    payment = await payments.find_payment(tx, wanted.payment_id)
    if payment is None or payment.user_id != user_id:
        raise contract.PaymentNotFound()
    return await make_request(ctx, tx, wanted, requested_by=user_id)


async def ask_as_finance(ctx: Context, tx: Transaction, clerk_id: UUID, wanted: Wanted) -> RefundRequest:
    """Finance decides on a refund; above the limit a second person must agree. Raises PaymentNotFound, RefundNotPossible."""
    if await payments.find_payment(tx, wanted.payment_id) is None:
        raise contract.PaymentNotFound(field="payment_id")
    made = await make_request(ctx, tx, wanted, requested_by=clerk_id)
    await queries.insert_approval(tx, made.id, clerk_id, ctx.clock.now())
    return await _send_off_if_agreed(ctx, tx, made.id, clerk_id)


async def make_request(
    ctx: Context,
    tx: Transaction,
    wanted: Wanted,
    *,
    needed: int | None = None,
    requested_by: UUID | None = None,
    request_key: str | None = None,
) -> RefundRequest:
    """Write a request with its parts; one that needs nobody's agreement is sent off. Raises RefundNotPossible."""
    payment = await payments.lock_payment(tx, wanted.payment_id)
    if payment is None or payment.status is not PaymentStatus.PAID:
        raise contract.RefundNotPossible("Only what is paid and not refunded yet can be refunded")
    if request_key is not None:
        known = await queries.find_request_by_key(tx, request_key)
        if known is not None:
            return known
    basis = await _basis(tx, payment, wanted.order_id)
    amount = basis.left if wanted.amount is None else wanted.amount
    if not 1 <= amount <= basis.left:
        raise contract.RefundNotPossible(f"At most {basis.left} rupiah can be refunded", field="amount")
    request_id = ctx.chance.new_id()
    persons = persons_needed(amount, ctx.settings.refund_second_person_above) if needed is None else needed
    await queries.insert_request(
        tx, request_id, request_key, payment.id, basis.order_id, amount, wanted.reason, wanted.note, persons,
        requested_by, ctx.clock.now(),
    )  # fmt: skip
    await _write_parts(ctx, tx, payment, Cause(basis.kind, wanted.reason, request_id, basis.order_id, True), amount)
    return await _send_off_if_agreed(ctx, tx, request_id, None)


async def _basis(tx: Transaction, payment: Payment, order_id: UUID | None) -> _Basis:
    if payment.session_id is not None:
        if payment.escrow_released_at is None:
            raise contract.RefundNotPossible("What is paid into a session goes back only with the session")
        left = payment.total - await queries.promised(tx, payment.id, None)
        return _Basis(RefundKind.GOODWILL, None, left)
    held = await orders.allocations_of(tx, [payment.id])
    chosen = [each for each in held if order_id in (None, each.order_id)]
    if len(chosen) != 1:
        raise contract.RefundNotPossible("Name one of the payment's orders", field="order_id")
    (allocation,) = chosen
    kind = RefundKind.ORDER if allocation.released_at is None else RefundKind.GOODWILL
    left = allocation.total - await queries.promised(tx, payment.id, allocation.order_id)
    return _Basis(kind, allocation.order_id, left)


async def _write_parts(ctx: Context, tx: Transaction, payment: Payment, cause: Cause, amount: int) -> None:
    parts = split_refund(amount, await receipts.receivables(tx, payment.id))
    if parts is None:
        raise contract.RefundNotPossible("What was paid is on its way back already", field="amount")
    wanted = [
        NewRefund(payment.id, receipt.invoice_id, part, refund_destination(receipt.method)) for receipt, part in parts
    ]
    await write_refunds(ctx, tx, cause, wanted)


async def approve(ctx: Context, tx: Transaction, request_id: UUID, clerk_id: UUID) -> RefundRequest:
    """A person of finance agrees; with the last one needed the money goes on its way. Raises RefundRequestNotFound,
    RefundRequestDecided, SecondPersonNeeded for who asked for it or has agreed before."""
    request = await _lock_pending(tx, request_id)
    if request.requested_by == clerk_id or not await queries.insert_approval(tx, request_id, clerk_id, ctx.clock.now()):
        raise contract.SecondPersonNeeded()
    return await _send_off_if_agreed(ctx, tx, request_id, clerk_id)


async def reject(ctx: Context, tx: Transaction, request_id: UUID, clerk_id: UUID, note: str) -> RefundRequest:
    """Finance turns a request down, with the reason; nothing moved. Raises RefundRequestNotFound, RefundRequestDecided."""
    await _lock_pending(tx, request_id)
    await queries.reject_refunds(tx, request_id, note)
    await queries.decide(tx, request_id, RequestStatus.REJECTED, ctx.clock.now(), clerk_id, note)
    return await find_request(tx, request_id)


async def find_request(tx: Transaction, request_id: UUID) -> RefundRequest:
    """A request as it stands; raises RefundRequestNotFound."""
    found = await queries.find_request(tx, request_id)
    if found is None:
        raise contract.RefundRequestNotFound()
    return found


async def _lock_pending(tx: Transaction, request_id: UUID) -> RefundRequest:
    """A pending request under its payment's lock, so that it is decided once."""
    known = await find_request(tx, request_id)
    await payments.lock_payment(tx, known.payment_id)
    request = await find_request(tx, request_id)
    if request.status is not RequestStatus.PENDING:
        raise contract.RefundRequestDecided()
    return request


async def _send_off_if_agreed(ctx: Context, tx: Transaction, request_id: UUID, clerk_id: UUID | None) -> RefundRequest:
    request = await find_request(tx, request_id)
    if request.approvals < request.needed:
        return request
    now = ctx.clock.now()
    await queries.decide(tx, request_id, RequestStatus.APPROVED, now, clerk_id, None)
    await queries.send_off(tx, request_id, now)
    requested = await send_off(ctx, tx, await queries.refunds_of(tx, request_id))
    books = [
        journal(
            f"refund/{each.id}/requested",
            "refund_issued",
            each.code,
            debit(_source_account(each), each.amount),
            credit(accounts.REFUND_CLEARING, each.amount),
        )
        for each in requested
    ]
    await post(tx, ctx.chance, now, books)
    return await find_request(tx, request_id)


def _source_account(refund: Refund) -> Account:
    """Where a refund's money stands: in its order's escrow, or nowhere any more, so that the platform bears it."""
    if refund.kind is RefundKind.ORDER and refund.order_id is not None:
        return accounts.order_escrow(refund.order_id)
    return accounts.GOODWILL
