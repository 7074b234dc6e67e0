"""A settlement's life: held, released, approved, cancelled, tried again, and finished with its books."""

from __future__ import annotations

import itertools
from typing import Any
from uuid import UUID

from patungan.contracts import settlement as contract
from patungan.kernel.database import Transaction
from patungan.kernel.service import Context
from patungan.ledger import accounts
from patungan.ledger.posting import journal, post
from patungan.services.settlement.operations.booking import NewLine, account_of, against, owed, write_line
from patungan.services.settlement.queries import lines as line_queries
from patungan.services.settlement.queries import settlements as queries
from patungan.services.settlement.queries.settlements import Settlement
from patungan.services.settlement.rules import PERSONS, LineKind, PayeeKind, SettlementStatus, local_day, may_become

_S = SettlementStatus


def event_fields(settlement: Settlement) -> dict[str, Any]:
    """What every event of a settlement says."""
    return {
        "settlement_id": settlement.id,
        "code": settlement.code,
        "payee_kind": settlement.payee_kind.value,
        "payee_id": settlement.payee_id,
        "amount": settlement.payout_amount,
        "period_start": settlement.period_start,
        "period_end": settlement.period_end,
        "pay_on": settlement.pay_on,
    }


async def locked(tx: Transaction, settlement_id: UUID) -> Settlement:
    """A settlement under lock; raises SettlementNotFound."""
    found = await queries.lock_settlement(tx, settlement_id)
    if found is None:
        raise contract.SettlementNotFound()
    return found


async def note(
    ctx: Context, tx: Transaction, before: _S | None, after: _S, settlement_id: UUID, actor: UUID | None, text: str
) -> None:
    """Write a step into the history."""
    await queries.write_history(tx, settlement_id, before, after, actor, text, ctx.clock.now())


async def announce_start(ctx: Context, tx: Transaction, made: Settlement) -> None:
    """Begin a new settlement's life: on hold, waiting for its approvals, or scheduled at once."""
    await note(ctx, tx, None, _S.PENDING, made.id, None, "")
    if made.hold_reason is not None:
        await note(ctx, tx, _S.PENDING, _S.ON_HOLD, made.id, None, made.hold_reason)
        await ctx.publish(tx, contract.SettlementOnHold(**event_fields(made), reason=made.hold_reason))
    elif not made.requires_approval:
        await _schedule(ctx, tx, made, None, "")


async def _schedule(ctx: Context, tx: Transaction, settlement: Settlement, actor: UUID | None, text: str) -> None:
    await queries.move(tx, settlement.id, _S.SCHEDULED, None)
    await note(ctx, tx, settlement.status, _S.SCHEDULED, settlement.id, actor, text)
    await ctx.publish(tx, contract.SettlementScheduled(**event_fields(settlement)))


def _refuse_unless(settlement: Settlement, wanted: _S) -> None:
    if not may_become(settlement.status, wanted):
        raise contract.SettlementStatusRefused(
            f"A {settlement.status} settlement does not become {wanted}", field="status"
        )


async def approve(ctx: Context, tx: Transaction, settlement_id: UUID, by: UUID) -> None:
    """A person of finance approves a large settlement; with the second it is scheduled.

    Raises SettlementNotFound, SettlementStatusRefused, ApprovalNotNeeded, ApprovalNeedsAnother.
    """
    settlement = await locked(tx, settlement_id)
    if settlement.status not in (_S.PENDING, _S.ON_HOLD):
        raise contract.SettlementStatusRefused(f"A {settlement.status} settlement is not approved", field="status")
    if not settlement.requires_approval or settlement.approvals >= PERSONS:
        raise contract.ApprovalNotNeeded()
    if not await queries.insert_approval(tx, settlement_id, by, ctx.clock.now()):
        raise contract.ApprovalNeedsAnother()
    await note(ctx, tx, settlement.status, settlement.status, settlement_id, by, "approved")
    if settlement.approvals + 1 >= PERSONS and settlement.status is _S.PENDING:
        await _schedule(ctx, tx, settlement, by, f"approved by {PERSONS} persons")


async def hold(ctx: Context, tx: Transaction, settlement_id: UUID, by: UUID, reason: str) -> None:
    """Keep a pending settlement from being paid; raises SettlementNotFound, SettlementStatusRefused."""
    settlement = await locked(tx, settlement_id)
    _refuse_unless(settlement, _S.ON_HOLD)
    await queries.move(tx, settlement_id, _S.ON_HOLD, reason)
    await note(ctx, tx, settlement.status, _S.ON_HOLD, settlement_id, by, reason)
    await ctx.publish(tx, contract.SettlementOnHold(**event_fields(settlement), reason=reason))


async def release(ctx: Context, tx: Transaction, settlement_id: UUID, by: UUID, text: str) -> None:
    """Schedule a settlement that was on hold; its account is there by now.

    Raises SettlementNotFound, SettlementStatusRefused, ApprovalNeedsAnother while approvals are missing, and
    BankAccountMissing.
    """
    settlement = await locked(tx, settlement_id)
    if settlement.status is not _S.ON_HOLD:
        raise contract.SettlementStatusRefused(f"A {settlement.status} settlement is not released", field="status")
    if settlement.requires_approval and settlement.approvals < PERSONS:
        raise contract.ApprovalNeedsAnother(f"{settlement.approvals} of {PERSONS} persons have approved it")
    if settlement.number_last4 is None:
        raise contract.BankAccountMissing()
    await _schedule(ctx, tx, settlement, by, text)


async def retry(ctx: Context, tx: Transaction, settlement_id: UUID, by: UUID, text: str) -> None:
    """Send a failed settlement anew, as another attempt; raises SettlementNotFound, SettlementStatusRefused."""
    settlement = await locked(tx, settlement_id)
    if settlement.status is not _S.FAILED:
        raise contract.SettlementStatusRefused("Only a failed settlement is tried again", field="status")
    await queries.retry(tx, settlement_id)
    await note(ctx, tx, settlement.status, _S.SCHEDULED, settlement_id, by, text)
    await ctx.publish(tx, contract.SettlementScheduled(**event_fields(settlement)))


async def cancel(ctx: Context, tx: Transaction, settlement_id: UUID, by: UUID, reason: str) -> None:
    """Cancel a settlement that is not on its way; its lines are free for the next. Raises SettlementNotFound,
    SettlementStatusRefused."""
    settlement = await locked(tx, settlement_id)
    _refuse_unless(settlement, _S.CANCELLED)
    await queries.cancel(tx, settlement_id, ctx.clock.now())
    await line_queries.drop_fee(tx, settlement_id)
    await line_queries.give_back(tx, settlement_id)
    await note(ctx, tx, settlement.status, _S.CANCELLED, settlement_id, by, reason)


async def finish(ctx: Context, tx: Transaction, settlement: Settlement) -> None:
    """End a settlement that pays nothing out: all of it is carried over to the next."""
    await note(ctx, tx, None, _S.PENDING, settlement.id, None, "")
    for before, after in itertools.pairwise((_S.PENDING, _S.SCHEDULED, _S.PROCESSING, _S.COMPLETED)):
        await note(ctx, tx, before, after, settlement.id, None, "nothing to pay out")
    await queries.complete(tx, settlement.id, None, ctx.clock.now(), None)
    await book_end(ctx, tx, settlement)


async def book_end(ctx: Context, tx: Transaction, settlement: Settlement) -> None:
    """Post what a settlement's end books besides its payout: fees, the office's share, and what is carried over."""
    lines = await line_queries.lines_of(tx, settlement.id)
    fee = -sum(each.amount for each in lines if each.kind is LineKind.GATEWAY_FEE)
    payee = account_of(settlement.payee_kind, settlement.payee_id)
    kept = journal(
        f"settlement/{settlement.id}/gateway-fee",
        "fee_charged",
        settlement.code,
        against(payee, fee),
        owed(accounts.GATEWAY_EXPENSE, fee),
    )
    now = ctx.clock.now()
    await post(tx, ctx.chance, now, [kept])
    if settlement.office_id is not None:
        await _owe_share(ctx, tx, settlement, settlement.office_id)
    carried = NewLine(
        payee_kind=settlement.payee_kind,
        payee_id=settlement.payee_id,
        kind=LineKind.CARRIED_OVER,
        description=settlement.code,
        value=settlement.carried_out,
        occurred_at=now,
        due_on=local_day(now),
        ledger_key=None,
        from_settlement_id=settlement.id,
    )
    await write_line(ctx, tx, carried)


async def _owe_share(ctx: Context, tx: Transaction, settlement: Settlement, office_id: UUID) -> None:
    """Owe an office its share of a settlement's commission, once: a line of the office's own, for its next settlement."""
    now, share = ctx.clock.now(), settlement.office_share
    office = account_of(PayeeKind.OFFICE, office_id)
    key = f"settlement/{settlement.id}/office-share"
    line = NewLine(
        payee_kind=PayeeKind.OFFICE,
        payee_id=office_id,
        kind=LineKind.OFFICE_SHARE,
        description=settlement.code,
        value=share,
        occurred_at=now,
        due_on=local_day(now),
        ledger_key=key,
        from_settlement_id=settlement.id,
    )
    if await write_line(ctx, tx, line):
        sides = (against(accounts.COMMISSION_REVENUE, share), owed(office, share))
        await post(tx, ctx.chance, now, [journal(key, "commission_earned", settlement.code, *sides)])
