"""Payments whose time is over end: at once where no invoice was opened, by the provider's word where one was."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from patungan.kernel.service import Context
from patungan.services.payment.operations.news import settle_with_provider
from patungan.services.payment.operations.payments import end_payments, follow_end
from patungan.services.payment.queries import payments as queries
from patungan.services.payment.queries.payments import Payment
from patungan.services.payment.rules import NEWS_GRACE, SILENCE_GRACE

BATCH = 500
ASKED_AT_ONCE = 8
"""Calls to the provider at a time; its limit is ten a second for each kind of call (PROVIDERS.md 1.0)."""
LOOK_AGAIN = timedelta(seconds=60)


async def expire_unopened(ctx: Context) -> int:
    """Expire, by the batch, payments that nobody opened in time; answers how many."""
    expired = 0
    while True:
        async with ctx.db.transaction() as tx:
            batch = await queries.expire_due(tx, ctx.clock.now(), BATCH)
            await follow_end(ctx, tx, batch)
        expired += len(batch)
        if len(batch) < BATCH:
            return expired


async def settle_all(ctx: Context, payments: Sequence[Payment]) -> list[Payment]:
    """End open payments by the provider's word, some at a time; answers those of which it said nothing."""
    gate = asyncio.Semaphore(ASKED_AT_ONCE)

    async def settle(payment: Payment) -> bool:
        async with gate:
            return await settle_with_provider(ctx, payment)

    settled = await asyncio.gather(*(settle(each) for each in payments))
    return [payment for payment, done in zip(payments, settled, strict=True) if not done]


async def settle_overdue(ctx: Context) -> int:
    """Ask the provider about opened payments that are over and of which no news came; one that it does not tell about for
    ten minutes ends here, and money that comes for it later goes back. Answers how many were looked at."""
    now = ctx.clock.now()
    overdue = await queries.claim_overdue(ctx.db, now, now - NEWS_GRACE, now + LOOK_AGAIN, BATCH)
    silent = [each for each in await settle_all(ctx, overdue) if each.expires_at + SILENCE_GRACE <= now]
    if silent:
        async with ctx.db.transaction() as tx:
            await end_payments(ctx, tx, [each.id for each in silent])
    return len(overdue)
