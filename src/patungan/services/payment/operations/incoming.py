"""Callbacks as they come in: named by what they say, and stored, those that arrive together in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from patungan.kernel.service import Context
from patungan.kernel.sql import unzip
from patungan.providers.xendit import Callback, InvoiceCallback, RefundCallback
from patungan.services.payment.queries import webhooks as queries
from patungan.services.payment.rules import Outcome, fingerprint

FIRST_ATTEMPT = timedelta(seconds=5)
"""How long the request that brought an event has it for itself before the timer takes it up."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A callback as it came: ``news`` is what it is about, ``digest`` the fingerprint of what it says about it."""

    news: str
    digest: bytes
    webhook_id: str | None
    raw: bytes

    @property
    def names(self) -> list[str]:
        """The names that are its own: other content under one of them is found out."""
        return [f"news:{self.news}", *([f"webhook:{self.webhook_id}"] if self.webhook_id else [])]


def incoming(callback: Callback, webhook_id: str | None, raw: bytes) -> Incoming:
    """Name a callback."""
    match callback:
        case InvoiceCallback():
            news = callback.dedupe_key
            paid = callback.paid_amount if callback.paid_amount is not None else callback.amount
            digest = fingerprint(news, callback.external_id, callback.amount, paid, callback.currency)
        case RefundCallback():
            news, refund = callback.dedupe_key, callback.refund
            digest = fingerprint(news, refund.reference_id, refund.invoice_id, refund.amount, refund.currency)
        case _:
            digest = fingerprint(raw)
            news = f"other:{digest.hex()}"
    return Incoming(news, digest, webhook_id, raw)


async def store_together(ctx: Context, arrived: Sequence[Incoming]) -> list[UUID]:
    """Keep callbacks as they came; answers the event of each. The same news with the same content is one event however
    often it is told; one that bears another's name is a conflict."""
    deliveries = Counter(each.digest for each in arrived)
    first: dict[bytes, Incoming] = {}
    for each in arrived:
        # In the order of their arrival, which their ids keep: of two words on one payment the first is carried out first.
        first.setdefault(each.digest, each)
    rows = [
        (ctx.chance.new_id(), digest, each.webhook_id, each.news, each.raw, deliveries[digest])
        for digest, each in first.items()
    ]
    now = ctx.clock.now()
    async with ctx.db.transaction() as tx:
        await tx.look_up_by_index()
        stored = await queries.store_events(tx, *unzip(rows, 6), now, now + FIRST_ATTEMPT)
        events = {each.fingerprint: each.id for each in stored}
        named = list(dict.fromkeys((name, events[each.digest]) for each in arrived for name in each.names))
        await queries.claim_names(tx, *unzip(named, 2))
        foreign = await queries.foreign_names(tx, *unzip(named, 2))
        if foreign:
            ctx.log.error("webhook bears another one's name", names=[each.name for each in foreign])
            conflicts = sorted({each.event_id for each in foreign})
            await queries.finish_events(tx, conflicts, [Outcome.CONFLICT.value] * len(conflicts), now)
    return [events[each.digest] for each in arrived]


async def keep_unreadable(ctx: Context, webhook_id: str | None, raw: bytes) -> None:
    """Keep what cannot be read, for finance to see."""
    digest, now = fingerprint(raw), ctx.clock.now()
    async with ctx.db.transaction() as tx:
        news = f"unreadable:{digest.hex()}"
        event_id = await queries.store_event(tx, ctx.chance.new_id(), digest, webhook_id, news, raw, now, None)
        await queries.finish_event(tx, event_id, Outcome.UNREADABLE, now)
