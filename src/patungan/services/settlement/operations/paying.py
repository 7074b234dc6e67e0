"""Settlements are paid out: each attempt sent once, asked for before it is sent again, and ended by the provider's word."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from uuid import UUID

from patungan.contracts import settlement as contract
from patungan.kernel.database import Transaction
from patungan.kernel.service import Context
from patungan.ledger import accounts
from patungan.ledger.posting import Journal, credit, debit, journal, post
from patungan.providers import disbursing
from patungan.providers.disbursing import Later, PayoutOrder
from patungan.providers.payouts import (
    ALARMING,
    FUNDS_AGAIN,
    Outcome,
    PayoutNews,
    Stage,
    Standing,
    attempt_of,
    judge_news,
    next_look,
    next_return_look,
)
from patungan.services.settlement.operations import payees
from patungan.services.settlement.operations.booking import account_of
from patungan.services.settlement.operations.life import book_end, event_fields, note
from patungan.services.settlement.queries import settlements as queries
from patungan.services.settlement.queries.settlements import Sending, Settlement
from patungan.services.settlement.rules import CODE_PREFIX, SettlementStatus, local_day

AT_ONCE = 50
LEASE = timedelta(minutes=3)
"""How long whoever took settlements up has them for itself: longer than all attempts of one call together."""

_S = SettlementStatus
_STAGES = {
    _S.PROCESSING: Stage.PROCESSING,
    _S.COMPLETED: Stage.COMPLETED,
    _S.FAILED: Stage.FAILED,
    _S.CANCELLED: Stage.CANCELLED,
}
_KNOWN_BY_NOW = frozenset({Outcome.SENT, Outcome.COMPLETED, Outcome.FAILED, Outcome.REVERSED, Outcome.RETRIED})
"""What the provider's payout is named in."""
_Call = Callable[[Context, PayoutOrder], Awaitable[PayoutNews | Later]]


async def send_scheduled(ctx: Context, only: UUID | None = None) -> int:
    """Send what is scheduled and whose day has come; answers how many were taken up."""
    now = ctx.clock.now()
    async with ctx.db.transaction() as tx:
        taken = await queries.take_scheduled(tx, local_day(now), AT_ONCE, now, now + LEASE, only)
        for each in taken:
            await note(ctx, tx, _S.SCHEDULED, _S.PROCESSING, each.id, None, f"attempt {each.attempt}")
    await _carry_out(ctx, taken, disbursing.send)
    return len(taken)


async def look_after_due(ctx: Context) -> int:
    """Ask the provider for settlements of which no news came in time, and send those that it does not know; ask whether
    those that arrived came back (docs/decisions/0076)."""
    now = ctx.clock.now()
    taken = await queries.take_due(ctx.db, now, AT_ONCE, now + LEASE)
    await _carry_out(ctx, taken, disbursing.look)
    return len(taken)


async def _carry_out(ctx: Context, taken: Sequence[Sending], call: _Call) -> None:
    answers = await asyncio.gather(*(call(ctx, _order(ctx, each)) for each in taken))
    for settlement, answer in zip(taken, answers, strict=True):
        async with ctx.db.transaction() as tx:
            if isinstance(answer, Later):
                await queries.look_again(tx, settlement.id, answer.at)
            else:
                await apply(ctx, tx, answer)


def _order(ctx: Context, settlement: Sending) -> PayoutOrder:
    return PayoutOrder(
        code=settlement.code,
        key_name=settlement.code,
        attempt=settlement.attempt,
        amount=settlement.payout_amount,
        channel_code=settlement.channel_code,
        account_number=payees.vault(ctx).open(settlement.number_sealed, settlement.id),
        holder_name=settlement.holder_name,
        asked=settlement.asked,
        payout_id=settlement.payout_id,
        looks=settlement.looks,
        arrived_at=settlement.arrived_at,
    )


async def apply(ctx: Context, tx: Transaction, news: PayoutNews) -> Outcome:
    """Carry the provider's word out; the same again, or older news, changes nothing."""
    name = attempt_of(CODE_PREFIX, news.reference)
    settlement = None if name is None else await queries.lock_by_code(tx, name[0])
    if name is None or settlement is None:
        ctx.log.error("news of a payout that is no settlement of ours", reference=news.reference, payout=news.payout_id)
        return Outcome.UNKNOWN
    more = await queries.under_way(tx, settlement.id)
    stage = _STAGES.get(settlement.status, Stage.PENDING)
    known = Standing(stage, settlement.payout_amount, settlement.attempt, settlement.payout_id, more.reversed)
    outcome = judge_news(known, name[1], news)
    await _write(ctx, tx, settlement, news, outcome, more.looks)
    if outcome in ALARMING:
        ctx.log.error(
            "the provider's word contradicts a settlement",
            settlement=settlement.code,
            payout=news.payout_id,
            outcome=outcome,
        )
        text = f"{outcome}: the provider says {news.told} of payout {news.payout_id}, {news.amount} {news.currency}"
        await note(ctx, tx, settlement.status, settlement.status, settlement.id, None, text[:500])
    return outcome


async def _write(
    ctx: Context, tx: Transaction, settlement: Settlement, news: PayoutNews, outcome: Outcome, looks: int
) -> None:
    now = ctx.clock.now()
    if news.payout_id and outcome in _KNOWN_BY_NOW:
        await queries.note_payout(tx, settlement.id, settlement.attempt, news.payout_id)
    match outcome:
        case Outcome.SENT:
            await queries.store_payout(tx, settlement.id, news.payout_id, next_look(looks, now))
        case Outcome.RETRIED:
            await queries.try_anew(tx, settlement.id, now + FUNDS_AGAIN)
            ctx.log.error("our money at the provider did not suffice", settlement=settlement.code)
        case Outcome.COMPLETED:
            await _complete(ctx, tx, settlement, news)
        case Outcome.REVERSED:
            # It may be the first that we hear of the payout: then it was paid as well.
            if settlement.status is _S.PROCESSING:
                await _complete(ctx, tx, settlement, news)
            await post(tx, ctx.chance, now, [_reversed(settlement)])
            await _fail(ctx, tx, settlement, news, _S.COMPLETED)
        case Outcome.FAILED:
            await _fail(ctx, tx, settlement, news, _S.PROCESSING)
        case _:
            return


async def _complete(ctx: Context, tx: Transaction, settlement: Settlement, news: PayoutNews) -> None:
    now = ctx.clock.now()
    await queries.complete(tx, settlement.id, news.payout_id, now, next_return_look(now, now))
    await note(ctx, tx, settlement.status, _S.COMPLETED, settlement.id, None, f"payout {news.payout_id}")
    await post(tx, ctx.chance, now, _paid(settlement, ctx.settings.payout_fee))
    await book_end(ctx, tx, settlement)
    paid = contract.SettlementPaid(
        **event_fields(settlement),
        bank_code=settlement.bank_code or "",
        account_last4=settlement.number_last4 or "",
        paid_at=now,
    )
    await ctx.publish(tx, paid)


async def _fail(ctx: Context, tx: Transaction, settlement: Settlement, news: PayoutNews, before: _S) -> None:
    now, came_back = ctx.clock.now(), before is _S.COMPLETED
    await queries.fail(tx, settlement.id, news.payout_id or None, news.failure, now, came_back)
    await note(ctx, tx, before, _S.FAILED, settlement.id, None, news.failure)
    failed = contract.SettlementFailed(**event_fields(settlement), failed_at=now, reason=news.failure)
    await ctx.publish(tx, failed)
    ctx.log.error("a settlement was not paid", settlement=settlement.code, reason=news.failure)


def _paid(settlement: Settlement, payout_fee: int) -> list[Journal]:
    """The money left our account at the provider, and so did the provider's fee (docs/decisions/0030)."""
    name, code = f"settlement/{settlement.id}", settlement.code
    payee, amount = account_of(settlement.payee_kind, settlement.payee_id), settlement.payout_amount
    gone = credit(accounts.GATEWAY_CLEARING, amount)
    fee = (debit(accounts.GATEWAY_EXPENSE, payout_fee), credit(accounts.GATEWAY_CLEARING, payout_fee))
    return [
        journal(f"{name}/paid/{settlement.attempt}", "settlement_paid", code, debit(payee, amount), gone),
        journal(f"{name}/payout-fee/{settlement.attempt}", "fee_charged", code, *fee),
    ]


def _reversed(settlement: Settlement) -> Journal:
    """The bank sent the money back to our account at the provider, and we owe it again."""
    amount = settlement.payout_amount
    return journal(
        f"settlement/{settlement.id}/reversed/{settlement.attempt}",
        "settlement_paid",
        settlement.code,
        debit(accounts.GATEWAY_CLEARING, amount),
        credit(account_of(settlement.payee_kind, settlement.payee_id), amount),
    )
