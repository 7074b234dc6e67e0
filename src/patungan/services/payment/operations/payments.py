"""Payments come into being in batches, and unpaid ones end."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from patungan.contracts import payment as contract
from patungan.kernel import sql
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InternalError, InvalidInput
from patungan.kernel.service import Context, implements
from patungan.kernel.time import jakarta_day
from patungan.services.payment.operations import events
from patungan.services.payment.queries import escrows, orders, wallet_parts
from patungan.services.payment.queries import payments as queries
from patungan.services.payment.queries.payments import Payment
from patungan.services.payment.queries.workflows import start_all
from patungan.services.payment.rules import CODE_LENGTH, PaymentStatus, WalletState

END_INVOICE = "payment.end-invoice"
"""The workflow that closes an invoice to paying (processes.py)."""
RETURN_HOLD = "payment.return-hold"
"""The workflow that gives a payment's wallet part back (processes.py)."""

CODE_ATTEMPTS = 5
"""How often a batch is given new codes where some were taken; a clash is one in hundreds of millions."""


def check_payable(payment: contract.EscrowPayment) -> None:
    """Raises InvalidInput for a payment of nothing, or with a negative part."""
    parts = (payment.product_amount, payment.leg1_amount, payment.leg2_amount, payment.fee_amount)
    if min(parts) < 0 or payment.total <= 0:
        raise InvalidInput("A payment is for a positive sum of parts, none of them negative", field="payments")


async def create_missing(ctx: Context, tx: Transaction, wanted: Sequence[contract.EscrowPayment]) -> list[Payment]:
    """Create the payments that do not exist yet, one a participant, and answer the new ones.

    Where the session's payments are closing, a new one is born expired: its buyer came too late.
    """
    by_participant = {each.participant_id: each for each in wanted}
    sessions = list({each.session_id for each in by_participant.values()})
    await escrows.ensure_escrows(tx, sessions, ctx.clock.now())
    await escrows.share_escrows(tx, sessions)
    created: list[Payment] = []
    missing = dict(by_participant)
    for _ in range(CODE_ATTEMPTS):
        created += await _insert(ctx, tx, list(missing.values()))
        if len(created) == len(by_participant):
            break
        for participant_id in await queries.known_participants(tx, list(missing)):
            del missing[participant_id]
        if not missing:
            break
    else:
        raise InternalError("no free payment code was found")
    expired = [each for each in created if each.status is PaymentStatus.EXPIRED]
    await ctx.publish(tx, *(events.created(each) for each in created))
    await ctx.publish(tx, *(events.ended(each) for each in expired))
    return created


async def _insert(ctx: Context, tx: Transaction, wanted: Sequence[contract.EscrowPayment]) -> list[Payment]:
    now = ctx.clock.now()
    day = jakarta_day(now)
    rows = [
        (
            ctx.chance.new_id(),
            f"PAY-{day}-{ctx.chance.code(CODE_LENGTH)}",
            each.participant_id,
            each.session_id,
            each.user_id,
            each.description,
            each.product_amount,
            each.leg1_amount,
            each.leg2_amount,
            each.fee_amount,
            each.expires_at,
        )
        for each in wanted
    ]
    *columns, ends = sql.unzip(rows, 11)
    return await queries.insert_payments(tx, *columns, now, ends)


@implements(contract.create_escrow_payments)
async def create_escrow_payments(ctx: Context, request: contract.CreateEscrowPayments) -> contract.PaymentSummaries:
    for each in request.payments:
        check_payable(each)
    if not request.payments:
        return contract.PaymentSummaries(payments=[])
    async with ctx.db.transaction() as tx:
        created = await create_missing(ctx, tx, request.payments)
    if len(created) < len(request.payments):
        return await _summaries(ctx, [each.participant_id for each in request.payments])
    made = {each.participant_id: summary_of(each) for each in created}
    return contract.PaymentSummaries(payments=[made[each.participant_id] for each in request.payments])


@implements(contract.get_payments)
async def get_payments(ctx: Context, request: contract.GetPayments) -> contract.PaymentSummaries:
    return await _summaries(ctx, request.participant_ids)


def summary_of(payment: Payment) -> contract.PaymentSummary:
    """A participant's payment as other services see it."""
    if payment.participant_id is None:
        raise LookupError(f"payment {payment.id} is of no participant")
    return contract.PaymentSummary(
        id=payment.id,
        code=payment.code,
        participant_id=payment.participant_id,
        status=payment.status,
        total=payment.total,
        expires_at=payment.expires_at,
    )


async def _summaries(ctx: Context, participant_ids: Sequence[UUID]) -> contract.PaymentSummaries:
    found = {each.participant_id: each for each in await queries.find_summaries(ctx.db, list(participant_ids))}
    return contract.PaymentSummaries(payments=[found[each] for each in participant_ids if each in found])


class ReturnHold(msgspec.Struct, frozen=True):
    """Asks for a wallet part to go back; ``unsure`` where the wallet never answered whether it holds it."""

    payment_id: UUID
    unsure: bool


class EndInvoice(msgspec.Struct, frozen=True):
    """Asks for an invoice to be closed to paying; without ``invoice_id`` whichever the provider has of the payment."""

    code: str
    invoice_id: str | None = None

    @property
    def workflow_id(self) -> str:
        return f"end-invoice-{self.invoice_id or self.code}"


async def end_payments(ctx: Context, tx: Transaction, payment_ids: Sequence[UUID]) -> list[Payment]:
    """Expire those that are pending still, and have their open invoices closed at the provider; answers them."""
    ended = await expire_payments(ctx, tx, payment_ids)
    await end_invoices(tx, [EndInvoice(each.code, each.invoice_id) for each in ended if each.invoice_asked])
    return ended


async def end_invoices(tx: Transaction, requests: Sequence[EndInvoice]) -> None:
    """Start closing invoices at the provider, each once."""
    await start_all(tx, END_INVOICE, [(each.workflow_id, each) for each in requests])


async def expire_payments(ctx: Context, tx: Transaction, payment_ids: Sequence[UUID]) -> list[Payment]:
    """Expire those that are pending still; what the provider has of them is the caller's business."""
    expired = await queries.expire(tx, list(payment_ids), ctx.clock.now())
    await follow_end(ctx, tx, expired)
    return expired


async def follow_end(ctx: Context, tx: Transaction, expired: Sequence[Payment]) -> None:
    """What the end of unpaid payments brings with it: their news, free orders, and wallet parts on their way back."""
    checkouts = [each.id for each in expired if each.session_id is None]
    if checkouts:
        await orders.end_allocations(tx, checkouts)
    with_wallet = [each for each in expired if each.wallet_state in (WalletState.ASKED, WalletState.HELD)]
    if with_wallet:
        await wallet_parts.begin_return(tx, [each.id for each in with_wallet])
        returns = [ReturnHold(each.id, unsure=each.wallet_state is WalletState.ASKED) for each in with_wallet]
        await start_all(tx, RETURN_HOLD, [(f"return-hold-{each.payment_id}", each) for each in returns])
    await ctx.publish(tx, *(events.ended(each) for each in expired))


@implements(contract.cancel_payments)
async def cancel_payments(ctx: Context, request: contract.CancelPayments) -> contract.PaymentSummaries:
    async with ctx.db.transaction() as tx:
        await end_of_participants(ctx, tx, request.participant_ids)
    return await _summaries(ctx, request.participant_ids)


async def end_of_participants(ctx: Context, tx: Transaction, participant_ids: Sequence[UUID]) -> None:
    """End the unpaid payments of participants who left or whose reservations lapsed."""
    pending = await queries.pending_of_participants(tx, list(participant_ids))
    if pending:
        await end_payments(ctx, tx, pending)
