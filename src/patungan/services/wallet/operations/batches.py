"""The batch: claims what was requested before it began, as far as our money at the provider goes, and sends it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from patungan.kernel.errors import Unavailable
from patungan.kernel.service import Context
from patungan.kernel.sql import unzip
from patungan.providers import disbursing
from patungan.providers.disbursing import Later, PayoutOrder
from patungan.providers.errors import ProviderError
from patungan.providers.payouts import PayoutNews
from patungan.services.wallet.operations import bank_accounts, news
from patungan.services.wallet.queries import payouts as queries
from patungan.services.wallet.queries.payouts import Batch, Sending
from patungan.services.wallet.rules import batch_start_by

SENT_AT_ONCE = 250
"""How many withdrawals are sent between two commits."""
LANES = 2
"""How many such shares are under way at a time: while one is written down the other is sent."""
CALLS_AT_ONCE = 16
"""How many withdrawals of a share are on their way to the provider at a time."""
LOOKED_AT_ONCE = 200
LEASE = timedelta(minutes=3)
"""How long whoever took withdrawals up has them for itself: longer than all attempts of one call together."""


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
        funds = await disbursing.available(ctx)
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
    """Send some of a batch; answers how many, none when all are sent."""
    return sum(await asyncio.gather(*(_send_share(ctx, batch_id) for _ in range(LANES))))


async def _send_share(ctx: Context, batch_id: UUID) -> int:
    now = ctx.clock.now()
    taken = await queries.take_unsent(ctx.db, batch_id, SENT_AT_ONCE, now, now + LEASE)
    await _carry_out(ctx, taken, disbursing.send)
    return len(taken)


async def finish(ctx: Context, batch_id: UUID) -> Batch:
    """Note that all of a batch is on its way."""
    await queries.finish_batch(ctx.db, batch_id, ctx.clock.now())
    return await queries.find_batch(ctx.db, batch_id)


async def look_after_due(ctx: Context) -> int:
    """Ask the provider for withdrawals of which no news came in time, and send those that it does not know."""
    now = ctx.clock.now()
    taken = await queries.take_due(ctx.db, now, LOOKED_AT_ONCE, now + LEASE)
    await _carry_out(ctx, taken, disbursing.look)
    return len(taken)


_Call = Callable[[Context, PayoutOrder], Awaitable[PayoutNews | Later]]


async def _carry_out(ctx: Context, taken: Sequence[Sending], call: _Call) -> None:
    gate = asyncio.Semaphore(CALLS_AT_ONCE)

    async def one(withdrawal: Sending) -> PayoutNews | Later:
        async with gate:
            return await call(ctx, _order(ctx, withdrawal))

    answers = await asyncio.gather(*(one(each) for each in taken))
    told = [answer for answer in answers if isinstance(answer, PayoutNews)]
    later = [
        (withdrawal.id, answer.at)
        for withdrawal, answer in zip(taken, answers, strict=True)
        if isinstance(answer, Later)
    ]
    async with ctx.db.transaction() as tx:
        await tx.look_up_by_index()
        await news.apply(ctx, tx, told)
        if later:
            await queries.look_again(tx, *unzip(later, 2))


def _order(ctx: Context, withdrawal: Sending) -> PayoutOrder:
    return PayoutOrder(
        code=withdrawal.code,
        key_name=str(withdrawal.id),
        attempt=withdrawal.attempt,
        amount=withdrawal.net_amount,
        channel_code=withdrawal.channel_code,
        account_number=bank_accounts.vault(ctx).open(withdrawal.number_sealed, withdrawal.id),
        holder_name=withdrawal.holder_name,
        asked=withdrawal.asked,
        payout_id=withdrawal.payout_id,
        looks=withdrawal.looks,
        arrived_at=withdrawal.arrived_at,
    )
