"""Money goes back: refunds are requested with their books in one transaction, and each is carried out by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import msgspec

from patungan.contracts import payment as contract
from patungan.contracts import wallet
from patungan.kernel import sql
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InternalError, Problem, Unavailable
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.kernel.time import jakarta_day
from patungan.ledger import accounts
from patungan.ledger.posting import credit, debit, journal, post
from patungan.providers import xendit as provider
from patungan.providers.errors import ProviderError, ProviderRefused
from patungan.services.payment.operations import events, gateway
from patungan.services.payment.operations.payments import CODE_ATTEMPTS
from patungan.services.payment.queries import orders, payments
from patungan.services.payment.queries import refunds as queries
from patungan.services.payment.queries.refunds import Refund
from patungan.services.payment.queries.workflows import start_all
from patungan.services.payment.rules import (
    CODE_LENGTH,
    WALLET_RECEIPT,
    Destination,
    Outcome,
    RefundKind,
    RefundReason,
    attempt_of,
    next_refund_look,
    provider_invoice,
    refund_key,
    refund_reference,
)

CARRY_OUT_REFUND = "payment.carry-out-refund"
"""The workflow that sends a refund on its way (processes.py)."""

NO_WAY_BACK = frozenset({"REFUND_NOT_SUPPORTED", "PARTIAL_REFUND_NOT_SUPPORTED"})
"""Refusals that say that this payment's source takes nothing back: the money goes to the wallet instead."""

PASSING_REFUSALS = frozenset({"REFUND_IN_PROGRESS", "TEMPORARILY_UNAVAILABLE", "INSUFFICIENT_BALANCE"})
"""Refusals that time mends."""

SOON = timedelta(seconds=30)
"""When a refund is tried again after the provider or the wallet did not answer."""


class CarryOutRefund(msgspec.Struct, frozen=True):
    refund_id: UUID


@dataclass(frozen=True, slots=True)
class NewRefund:
    """A refund to be made of one receipt's money; amount in rupiah."""

    payment_id: UUID
    invoice_id: str
    amount: Rupiah
    destination: Destination


@dataclass(frozen=True, slots=True)
class Cause:
    """Why refunds are made: their kind and reason, and the request and the order that they are parts of."""

    kind: RefundKind
    reason: RefundReason
    request_id: UUID | None = None
    order_id: UUID | None = None
    awaits_approval: bool = False


async def request_refunds(
    ctx: Context, tx: Transaction, kind: RefundKind, reason: RefundReason, wanted: Sequence[NewRefund]
) -> list[Refund]:
    """Write refunds, one a receipt and kind, announce them and send them on their way; answers the new ones.

    The books are the caller's: by now the money must stand in refund clearing, or be moved there in this transaction.
    """
    new_ids = await write_refunds(ctx, tx, Cause(kind, reason), wanted)
    return await send_off(ctx, tx, new_ids)


async def send_off(ctx: Context, tx: Transaction, refund_ids: Sequence[UUID]) -> list[Refund]:
    """Announce written refunds and start carrying them out; answers them."""
    if not refund_ids:
        return []
    requested = await queries.find_refunds(tx, list(refund_ids))
    await ctx.publish(tx, *(events.refund_requested(each) for each in requested))
    await start_all(tx, CARRY_OUT_REFUND, [(f"refund-{each}", CarryOutRefund(each)) for each in refund_ids])
    return requested


async def write_refunds(ctx: Context, tx: Transaction, cause: Cause, wanted: Sequence[NewRefund]) -> list[UUID]:
    """Write refunds, one a receipt; one that the cause has already is passed over. Answers the new ones."""
    missing = {each.invoice_id: each for each in wanted}
    new_ids: list[UUID] = []
    for _ in range(CODE_ATTEMPTS):
        for invoice_id in await queries.known_invoices(tx, list(missing), cause.kind, cause.request_id):
            del missing[invoice_id]
        if not missing:
            return new_ids
        new_ids += await _insert(ctx, tx, cause, list(missing.values()))
    raise InternalError("no free refund code was found")


async def _insert(ctx: Context, tx: Transaction, cause: Cause, wanted: Sequence[NewRefund]) -> list[UUID]:
    now = ctx.clock.now()
    day = jakarta_day(now)
    rows = [
        (
            ctx.chance.new_id(),
            f"REF-{day}-{ctx.chance.code(CODE_LENGTH)}",
            each.payment_id,
            each.invoice_id,
            each.amount,
            each.destination,
        )
        for each in wanted
    ]
    ids, codes, payment_ids, invoices, amounts, destinations = sql.unzip(rows, 6)
    return await queries.insert_refunds(
        tx, ids, codes, payment_ids, invoices, cause.kind, cause.reason, amounts, destinations, now,
        cause.order_id, cause.request_id, cause.awaits_approval,
    )  # fmt: skip


async def advance_refund(ctx: Context, refund_id: UUID) -> str:
    """Take a refund one step on: ask for it, look how it stands, or credit the wallet. Answers what came of it.

    Only one caller at a time has it; whoever finds it taken, not due or ended leaves it alone.
    """
    now = ctx.clock.now()
    refund = await queries.take_up(ctx.db, refund_id, now, next_refund_look(0, now))
    if refund is None:
        return "left alone"
    if refund.destination is Destination.WALLET:
        return await _credit_wallet(ctx, refund)
    try:
        found = await _look_up(ctx, refund)
    except ProviderError as error:
        return await _wait_for_provider(ctx, refund, error)
    if found is None:
        await queries.mark_asked(ctx.db, refund.id, now)
        try:
            found = await _ask(ctx, refund)
        except ProviderRefused as refusal:
            return await _refused(ctx, refund, refusal)
        except ProviderError as error:
            return await _wait_for_provider(ctx, refund, error)
    return await _take_state(ctx, refund, found)


async def _wait_for_provider(ctx: Context, refund: Refund, error: ProviderError) -> str:
    gateway.log_silence(ctx, "a refund waits for the provider", error, refund=refund.code)
    await queries.look_again(ctx.db, refund.id, ctx.clock.now() + SOON)
    return "waits"


async def _look_up(ctx: Context, refund: Refund) -> provider.Refund | None:
    """The provider's refund of this attempt, where it may know one: its answer may have been lost."""
    client = gateway.xendit(ctx)
    if refund.provider_refund_id is not None:
        return await client.get_refund(refund.provider_refund_id)
    if not refund.asked:
        return None
    reference = refund_reference(refund.code, refund.attempt)
    known = await client.list_refunds(provider_invoice(refund.invoice_id))
    return next((each for each in known if each.reference_id == reference), None)


async def _ask(ctx: Context, refund: Refund) -> provider.Refund:
    request = provider.RefundRequest(
        reference_id=refund_reference(refund.code, refund.attempt),
        amount=refund.amount,
        reason=_provider_reason(refund),
        invoice_id=provider_invoice(refund.invoice_id),
    )
    key = refund_key(refund.id, refund.attempt)
    return await gateway.xendit(ctx).create_refund(request, idempotency_key=key)


def _provider_reason(refund: Refund) -> provider.RefundReason:
    if refund.reason is RefundReason.CUSTOMER_REQUEST:
        return provider.RefundReason.REQUESTED_BY_CUSTOMER
    cancelled = refund.kind is RefundKind.SESSION or refund.reason is RefundReason.ORDER_CANCELLED
    return provider.RefundReason.CANCELLATION if cancelled else provider.RefundReason.OTHERS


async def _take_state(ctx: Context, refund: Refund, found: provider.Refund) -> str:
    async with ctx.db.transaction() as tx:
        current = await lock_refund(tx, refund.id)
        outcome = await _apply_state(ctx, tx, current, refund.attempt, found)
        if found.status not in _ENDED:
            await queries.look_again(tx, refund.id, next_refund_look(refund.looks - 1, ctx.clock.now()))
    return outcome.value


_ENDED = (provider.RefundStatus.SUCCEEDED, provider.RefundStatus.FAILED, provider.RefundStatus.CANCELLED)


async def _apply_state(ctx: Context, tx: Transaction, refund: Refund, attempt: int, found: provider.Refund) -> Outcome:
    if attempt != refund.attempt:
        return Outcome.UNCHANGED
    await queries.store_provider_refund(tx, refund.id, found.id, refund.attempt)
    if found.status not in _ENDED:
        return Outcome.UNCHANGED
    if found.status is provider.RefundStatus.SUCCEEDED:
        return Outcome.REFUNDED if await complete_refund(ctx, tx, refund) else Outcome.UNCHANGED
    failed = await fail_refund(ctx, tx, refund, found.failure_code or found.status.value)
    return Outcome.REFUND_FAILED if failed else Outcome.UNCHANGED


async def lock_refund(tx: Transaction, refund_id: UUID) -> Refund:
    """A refund as it stands while its payment is locked, so that nothing else ends or retries it; raises RefundNotFound."""
    known = await queries.find_refunds(tx, [refund_id])
    if not known:
        raise contract.RefundNotFound()
    await payments.lock_payment(tx, known[0].payment_id)
    return (await queries.find_refunds(tx, [refund_id]))[0]


async def _refused(ctx: Context, refund: Refund, refusal: ProviderRefused) -> str:
    now = ctx.clock.now()
    if refusal.code in NO_WAY_BACK:
        ctx.log.info("refund goes to the wallet instead", refund=refund.code, code=refusal.code)
        await queries.send_to_wallet(ctx.db, refund.id, now)
        return await advance_refund(ctx, refund.id)
    if refusal.code in PASSING_REFUSALS or refusal.status in (401, 403):
        gateway.log_silence(ctx, "a refund is refused for now", refusal, refund=refund.code)
        await queries.look_again(ctx.db, refund.id, next_refund_look(refund.looks - 1, now))
        return "refused for now"
    return await _fail(ctx, refund, refusal.code or str(refusal.status))


async def _fail(ctx: Context, refund: Refund, reason: str) -> str:
    async with ctx.db.transaction() as tx:
        await fail_refund(ctx, tx, await lock_refund(tx, refund.id), reason)
    return "refused"


async def _credit_wallet(ctx: Context, refund: Refund) -> str:
    request = wallet.CreditRefund(
        refund_id=refund.id, refund_code=refund.code, user_id=refund.user_id, amount=refund.amount
    )
    try:
        await ctx.call(wallet.credit_refund, request)
    except Unavailable as error:
        ctx.log.warning("a refund waits for the wallet", refund=refund.code, code=error.code)
        await queries.look_again(ctx.db, refund.id, ctx.clock.now() + SOON)
        return "waits"
    except Problem as problem:
        return await _fail(ctx, refund, problem.code)
    async with ctx.db.transaction() as tx:
        await complete_refund(ctx, tx, await lock_refund(tx, refund.id))
    return "completed"


async def complete_refund(ctx: Context, tx: Transaction, refund: Refund) -> bool:
    """Note that the money of a locked refund is back, by evidence; False when that was known. The wallet posts its own
    credit."""
    now = ctx.clock.now()
    if not await queries.complete(tx, refund.id, now):
        return False
    if refund.destination is Destination.SOURCE:
        gone = journal(
            f"refund/{refund.id}/completed",
            "refund_issued",
            refund.code,
            debit(accounts.REFUND_CLEARING, refund.amount),
            credit(accounts.GATEWAY_CLEARING, refund.amount),
        )
        await post(tx, ctx.chance, now, [gone])
    if refund.kind.lessens_payment:
        await payments.add_refunded(tx, refund.payment_id, refund.amount)
        if refund.order_id is not None:
            await orders.add_refunded(tx, refund.payment_id, refund.order_id, refund.amount)
    await ctx.publish(tx, events.refund_completed(refund))
    return True


async def fail_refund(ctx: Context, tx: Transaction, refund: Refund, reason: str) -> bool:
    """Note that a locked refund failed for certain; finance decides how it goes on. False when it had ended already."""
    if not await queries.fail(tx, refund.id, ctx.clock.now(), reason):
        return False
    ctx.log.error("a refund failed", refund=refund.code, reason=reason)
    await ctx.publish(tx, events.refund_failed(refund, reason))
    return True


async def apply_refund_news(ctx: Context, tx: Transaction, news: provider.Refund) -> Outcome:
    """Carry the provider's news of a refund into its row and the books; the same news again changes nothing."""
    named = attempt_of(news.reference_id)
    refund = None if named is None else await queries.find_refund_by_code(tx, named[0])
    if named is None or refund is None:
        ctx.log.warning("news of an unknown refund", refund=news.id)
        return Outcome.UNKNOWN
    if (
        news.amount != refund.amount
        or news.currency != "IDR"
        or news.invoice_id not in (None, provider_invoice(refund.invoice_id))
    ):
        ctx.log.error("news of a refund does not match it", refund=refund.code, asked=refund.amount, told=news.amount)
        return Outcome.MISMATCH
    return await _apply_state(ctx, tx, await lock_refund(tx, refund.id), named[1], news)


async def retry_refund(ctx: Context, tx: Transaction, refund_id: UUID, destination: Destination | None) -> Refund:
    """Send a failed refund on its way once more, by a new attempt, or to the wallet; raises RefundNotFound, RefundRetryRefused."""
    refund = await lock_refund(tx, refund_id)
    if destination is Destination.SOURCE and refund.invoice_id.startswith(WALLET_RECEIPT):
        raise contract.RefundRetryRefused("This money came from the wallet", field="destination")
    if not await queries.retry(tx, refund_id, ctx.clock.now(), destination):
        raise contract.RefundRetryRefused(field="status")
    again = (await queries.find_refunds(tx, [refund_id]))[0]
    workflow_id = f"refund-{refund_id}-{again.attempt}"
    await start_all(tx, CARRY_OUT_REFUND, [(workflow_id, CarryOutRefund(refund_id))])
    return again
