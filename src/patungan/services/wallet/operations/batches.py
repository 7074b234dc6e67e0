"""The batch: claims what was requested before it began, as far as our money at the provider goes, and sends it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from patungan.kernel.errors import Unavailable
from patungan.kernel.service import Context
from patungan.kernel.sql import unzip
from patungan.providers.errors import ProviderError, ProviderOutcomeUnknown, ProviderRefused
from patungan.services.wallet.operations import bank_accounts, gateway, news
from patungan.services.wallet.queries import payouts as queries
from patungan.services.wallet.queries.payouts import Batch, Sending
from patungan.services.wallet.rules import (
    PayoutNews,
    Told,
    batch_start_by,
    next_look,
    next_return_look,
    payout_reference,
)

SENT_AT_ONCE = 500
"""How many withdrawals are sent between two commits."""
CALLS_AT_ONCE = 32
"""How many of them are on their way to the provider at a time."""
LOOKED_AT_ONCE = 200
LEASE = timedelta(minutes=3)
"""How long whoever took withdrawals up has them for itself: longer than all attempts of one call together."""
SOON = timedelta(seconds=30)
"""When a withdrawal is taken up again after the provider did not answer."""

OWN_FAULT = frozenset({401, 403})
"""Refusals of our key: nothing is wrong with the withdrawal."""


async def open_batch(ctx: Context, workflow_id: str, cause: str, cut_at: datetime | None) -> Batch:
    """Begin a batch, once for its workflow; without a cut it is the last start by the calendar."""
    now = ctx.clock.now()
    return await queries.open_batch(ctx.db, ctx.chance.new_id(), workflow_id, cause, cut_at or batch_start_by(now), now)


async def claim(ctx: Context, batch_id: UUID, cut_at: datetime) -> int:
    """Claim the pending withdrawals that were requested before the cut, the oldest first; answers how many the batch has.

    What our money at the provider does not suffice for stays pending. Raises Unavailable where the provider does not
    answer.
    """
    try:
        funds = await gateway.available(ctx)
    except ProviderError as error:
        raise Unavailable(f"The provider does not tell its balance: {error}") from None
    fee = ctx.settings.payout_fee
    async with ctx.db.transaction() as tx:
        # One batch after the other, so that each sees what the one before it has claimed of the money.
        await queries.claim_in_turn(tx)
        budget = None if funds is None else funds - await queries.unsent(tx, fee)
        await queries.claim_pending(tx, batch_id, cut_at, ctx.clock.now(), fee, budget)
        batch = await queries.count_claims(tx, batch_id, cut_at)
    if batch.left_count:
        ctx.log.error("our money at the provider does not suffice for all withdrawals", left=batch.left_count)
    return batch.claimed_count


async def send_some(ctx: Context, batch_id: UUID) -> int:
    """Send a share of a batch; answers how many, none when all are sent."""
    now = ctx.clock.now()
    taken = await queries.take_unsent(ctx.db, batch_id, SENT_AT_ONCE, now, now + LEASE)
    await _carry_out(ctx, taken, _send)
    return len(taken)


async def finish(ctx: Context, batch_id: UUID) -> Batch:
    """Note that all of a batch is on its way."""
    await queries.finish_batch(ctx.db, batch_id, ctx.clock.now())
    return await queries.find_batch(ctx.db, batch_id)


async def look_after_due(ctx: Context) -> int:
    """Ask the provider for withdrawals of which no news came in time, and send those that it does not know."""
    now = ctx.clock.now()
    taken = await queries.take_due(ctx.db, now, LOOKED_AT_ONCE, now + LEASE)
    await _carry_out(ctx, taken, _look)
    return len(taken)


@dataclass(frozen=True, slots=True)
class _Later:
    """Nothing new: the withdrawal is taken up again at a time, or not any more."""

    at: datetime | None


_Call = Callable[[Context, Sending], Awaitable["PayoutNews | _Later"]]


async def _carry_out(ctx: Context, taken: Sequence[Sending], call: _Call) -> None:
    gate = asyncio.Semaphore(CALLS_AT_ONCE)

    async def one(withdrawal: Sending) -> PayoutNews | _Later:
        async with gate:
            return await call(ctx, withdrawal)

    answers = await asyncio.gather(*(one(each) for each in taken))
    told = [answer for answer in answers if isinstance(answer, PayoutNews)]
    later = [
        (withdrawal.id, answer.at)
        for withdrawal, answer in zip(taken, answers, strict=True)
        if isinstance(answer, _Later)
    ]
    async with ctx.db.transaction() as tx:
        await news.apply(ctx, tx, told)
        if later:
            await queries.look_again(tx, *unzip(later, 2))


async def _send(ctx: Context, withdrawal: Sending) -> PayoutNews | _Later:
    """Send a withdrawal, which is marked as asked for already: whatever the answer is, it is not sent again unasked."""
    number = bank_accounts.vault(ctx).open(withdrawal.number_sealed, withdrawal.id)
    try:
        return gateway.news_of(await gateway.send(ctx, withdrawal, number))
    except ProviderRefused as refusal:
        if refusal.status in OWN_FAULT:
            return _wait(ctx, withdrawal, refusal)
        reason = refusal.code or str(refusal.status)
        reference = payout_reference(withdrawal.code, withdrawal.attempt)
        return PayoutNews(reference, "", withdrawal.net_amount, "IDR", Told.FAILED, reason)
    except ProviderError as error:
        return _wait(ctx, withdrawal, error)


async def _look(ctx: Context, withdrawal: Sending) -> PayoutNews | _Later:
    """Ask for a withdrawal where the provider may know it, and send it where it does not."""
    if withdrawal.arrived_at is not None:
        return await _look_for_return(ctx, withdrawal, withdrawal.arrived_at)
    if not withdrawal.asked:
        return await _send(ctx, withdrawal)
    try:
        found = await gateway.look_up(ctx, withdrawal)
    except ProviderError as error:
        return _wait(ctx, withdrawal, error)
    if found is None:
        return await _send(ctx, withdrawal)
    told = gateway.news_of(found)
    return _Later(next_look(withdrawal.looks, ctx.clock.now())) if _nothing_new(withdrawal, told) else told


async def _look_for_return(ctx: Context, withdrawal: Sending, arrived_at: datetime) -> PayoutNews | _Later:
    """Ask whether the bank sent a completed withdrawal back."""
    try:
        found = await gateway.look_up(ctx, withdrawal)
    except ProviderError as error:
        return _wait(ctx, withdrawal, error)
    told = None if found is None else gateway.news_of(found)
    if told is not None and told.told is Told.REVERSED:
        return told
    if told is None or told.told is not Told.PAID:
        ctx.log.error("the provider does not know a completed withdrawal as paid", withdrawal=withdrawal.code)
    return _Later(next_return_look(arrived_at, ctx.clock.now()))


def _nothing_new(withdrawal: Sending, told: PayoutNews) -> bool:
    return told.told is Told.UNDER_WAY and withdrawal.payout_id == told.payout_id


def _wait(ctx: Context, withdrawal: Sending, error: ProviderError) -> _Later:
    log = ctx.log.error if isinstance(error, ProviderRefused) else ctx.log.warning
    kind = "unknown" if isinstance(error, ProviderOutcomeUnknown) else "no answer"
    log("a withdrawal waits for the provider", withdrawal=withdrawal.code, outcome=kind, reason=str(error))
    # After an error that repeats itself the provider is left alone for longer each time.
    soon, patient = ctx.clock.now() + SOON, next_look(withdrawal.looks - 2, ctx.clock.now())
    return _Later(soon if withdrawal.looks < 2 else patient)
