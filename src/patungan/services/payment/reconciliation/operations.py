"""A reconciliation carried out: the provider's list fetched and compared, findings kept, what is missing here fetched."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from patungan.contracts import books as contract
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Unavailable
from patungan.kernel.service import Context
from patungan.ledger import reading
from patungan.providers import xendit as provider
from patungan.providers.errors import ProviderError, ProviderRefused
from patungan.services.payment.operations import gateway
from patungan.services.payment.operations.news import apply_news
from patungan.services.payment.operations.refunds import apply_refund_news
from patungan.services.payment.reconciliation import queries
from patungan.services.payment.reconciliation.queries import Held
from patungan.services.payment.reconciliation.rules import (
    MARGIN,
    ON_ITS_WAY,
    Finding,
    FindingKind,
    Key,
    Ours,
    Theirs,
    TransactionType,
    base_reference,
    compare,
    key_of,
    repairable,
)

_TYPES = {
    provider.TransactionType.PAYMENT: TransactionType.PAYMENT,
    provider.TransactionType.REFUND: TransactionType.REFUND,
    provider.TransactionType.DISBURSEMENT: TransactionType.DISBURSEMENT,
}

REPAIRED = "Fetched from the provider and booked by the way of its callback."
BOOKED_LATE = "It is booked; nothing is owed."


async def reconcile(ctx: Context, run_id: UUID) -> int:
    """Carry a reconciliation out; answers how many of its findings are open. Raises Unavailable where the provider does
    not answer: nothing is lost, it is tried again."""
    run = await queries.find_run(ctx.db, run_id)
    if run is None:
        raise contract.ReconciliationNotFound()
    if run.ended_at is not None:
        return await queries.count_open(ctx.db, run_id)
    until = min(run.to_at, ctx.clock.now() - ON_ITS_WAY)
    rows = await _listed(ctx, run.from_at, run.to_at)
    theirs = [each for each in rows if run.from_at <= each.at < until]
    ours = await _held(ctx, theirs)
    expected = await _booked(ctx, run.from_at, until)
    comparison = compare(theirs, ours, expected, frozenset(map(key_of, rows)))
    repaired = 0
    for finding in comparison.findings:
        repaired += await _keep(ctx, run_id, finding)
    async with ctx.db.transaction() as tx:
        new = await queries.end(
            *(tx, run_id, ctx.clock.now(), len(theirs), comparison.matched, len(comparison.findings), repaired)
        )
        left = await queries.count_open(tx, run_id)
        if new and left:
            ctx.log.error("the provider's list and our books differ", reconciliation=str(run_id), open=left)
            await ctx.publish(tx, contract.ReconciliationDiffered(reconciliation_id=run_id, open_findings=left))
    return left


async def _listed(ctx: Context, from_at: datetime, to_at: datetime) -> list[Theirs]:
    """The provider's transactions of a time and somewhat more, as far as their money has moved for good."""
    try:
        rows = await gateway.xendit(ctx).list_transactions(from_at - MARGIN, to_at + MARGIN)
    except ProviderError as error:
        gateway.log_silence(ctx, "the provider's list is not read", error)
        raise Unavailable("The payment provider does not show its transactions") from error
    return [
        Theirs(_TYPES[row.type], row.product_id, row.reference_id, row.amount, row.created)
        for row in rows
        if row.type in _TYPES and row.status is provider.TransactionStatus.SUCCESS
    ]


def _ours(transaction_type: TransactionType, held: Sequence[Held]) -> list[Ours]:
    return [
        Ours(transaction_type, each.provider_id, each.reference, each.amount, each.at, each.booked_at) for each in held
    ]


def _paid_out(payouts: Sequence[reading.Payout]) -> list[Ours]:
    kind = TransactionType.DISBURSEMENT
    return [Ours(kind, each.reference, each.reference, each.amount, each.posted_at, each.posted_at) for each in payouts]


async def _held(ctx: Context, theirs: Sequence[Theirs]) -> dict[Key, Ours]:
    """What we hold of the provider's transactions, whenever it was booked."""
    of: dict[TransactionType, list[str]] = {each: [] for each in TransactionType}
    for row in theirs:
        of[row.type].append(row.provider_id)
    references = [base_reference(row.reference) for row in theirs if row.type is TransactionType.DISBURSEMENT]
    nothing = ctx.clock.now()
    held = [
        *_ours(TransactionType.PAYMENT, await queries.payments_by_id(ctx.db, of[TransactionType.PAYMENT])),
        *_ours(TransactionType.REFUND, await queries.refunds_by_id(ctx.db, of[TransactionType.REFUND])),
        *_paid_out(await reading.payouts_of(ctx.db, references, nothing, nothing)),
    ]
    return {(each.type, each.provider_id): each for each in held}


async def _booked(ctx: Context, from_at: datetime, to_at: datetime) -> list[Ours]:
    """What we booked within a time."""
    if to_at <= from_at:
        return []
    booked = [
        *_ours(TransactionType.PAYMENT, await queries.payments_booked(ctx.db, from_at, to_at)),
        *_ours(TransactionType.REFUND, await queries.refunds_booked(ctx.db, from_at, to_at)),
        *_paid_out(await reading.payouts_of(ctx.db, [], from_at, to_at)),
    ]
    # What happened before the list begins is not in it: it was booked late, and found where it happened.
    return [each for each in booked if each.at >= from_at - MARGIN]


async def _keep(ctx: Context, run_id: UUID, finding: Finding) -> bool:
    """Keep a finding, and repair it where that is safe; answers whether it is resolved by that."""
    if finding.kind is FindingKind.LATE and await queries.known_late(ctx.db, finding.provider_id):
        return True
    now = ctx.clock.now()
    finding_id = await queries.keep_finding(
        *(ctx.db, ctx.chance.new_id(), run_id, finding.kind, finding.type, finding.provider_id, finding.reference),
        *(finding.theirs, finding.ours, finding.at, now),
    )
    if finding.kind is FindingKind.LATE:
        await queries.resolve(ctx.db, finding_id, now, None, BOOKED_LATE)
        return True
    if repairable(finding.kind, finding.type) and await _repair(ctx, finding):
        await queries.resolve(ctx.db, finding_id, ctx.clock.now(), None, REPAIRED)
        return True
    return False


async def _repair(ctx: Context, finding: Finding) -> bool:
    """Fetch what is missing here and carry its news out as its callback would have; answers whether it is booked now."""
    client = gateway.xendit(ctx)
    try:
        if finding.type is TransactionType.PAYMENT:
            invoice = await client.get_invoice(finding.provider_id)
            async with ctx.db.transaction() as tx:
                await apply_news(ctx, tx, gateway.news_of(invoice, ctx.clock.now()))
            return bool(await queries.payments_by_id(ctx.db, [finding.provider_id]))
        refund = await client.get_refund(finding.provider_id)
    except ProviderRefused as refusal:
        ctx.log.warning("a finding cannot be fetched", provider_id=finding.provider_id, code=refusal.code)
        return False
    except ProviderError as error:
        raise Unavailable("The payment provider does not answer") from error
    async with ctx.db.transaction() as tx:
        await apply_refund_news(ctx, tx, refund)
    return bool(await queries.refunds_by_id(ctx.db, [finding.provider_id]))


async def resolve_finding(ctx: Context, tx: Transaction, finding_id: UUID, by: UUID, note: str) -> queries.FindingRow:
    """Note that a person has dealt with a finding; raises FindingNotFound, FindingResolved."""
    if await queries.find_finding(tx, finding_id) is None:
        raise contract.FindingNotFound()
    if not await queries.resolve(tx, finding_id, ctx.clock.now(), by, note):
        raise contract.FindingResolved()
    resolved = await queries.find_finding(tx, finding_id)
    if resolved is None:
        raise LookupError(f"finding {finding_id} is gone")
    return resolved
