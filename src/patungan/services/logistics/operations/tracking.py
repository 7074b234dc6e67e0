"""Asking couriers where parcels are: those that tell nothing by themselves, and those whose news may have got lost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from patungan.kernel.errors import Unavailable
from patungan.kernel.service import Context
from patungan.providers.couriers import Consignment, Tracking
from patungan.providers.errors import ProviderError
from patungan.services.logistics import rules
from patungan.services.logistics.operations.couriers import BITESHIP, interface_named
from patungan.services.logistics.operations.news import News, locked, take
from patungan.services.logistics.queries import following as queries
from patungan.services.logistics.queries import shipments
from patungan.services.logistics.queries.shipments import Shipment

LEASE = timedelta(seconds=60)
AT_ONCE = 8
BATCH = 100


def consignment_of(shipment: Shipment) -> Consignment:
    """What names a parcel at its courier."""
    return Consignment(
        courier=shipment.courier,
        reference=shipment.reference,
        waybill=shipment.waybill,
        order_id=shipment.provider_order_id,
        tracking_id=shipment.tracking_id,
    )


async def look_at_due(ctx: Context) -> int:
    """Ask about parcels whose time has come, several at a time; answers how many were taken up."""
    now, slots = ctx.clock.now(), asyncio.Semaphore(AT_ONCE)
    due = await queries.claim_looks(ctx.db, now, now + LEASE, BATCH)

    async def one(shipment: Shipment) -> None:
        async with slots:
            try:
                await look_at(ctx, shipment)
            except Unavailable as error:
                ctx.log.warning("tracking waits", shipment=str(shipment.id), code=error.code)

    await asyncio.gather(*(one(each) for each in due))
    return len(due)


async def look_at(ctx: Context, shipment: Shipment) -> None:
    """Ask one parcel's courier, take in what it says, and say when it is asked again."""
    carrier = interface_named(ctx, shipment.provider)
    found: Tracking | None = None
    if carrier is not None:
        try:
            found = await carrier.track(consignment_of(shipment))
        except ProviderError as error:
            ctx.log.warning("courier tells nothing of a parcel", courier=carrier.name, reason=str(error))
    async with ctx.db.transaction() as tx:
        row = await locked(tx, shipment.id)
        if found is not None:
            if found.consignment.waybill:
                await shipments.set_waybill(tx, row.id, found.consignment.waybill)
            await take(ctx, tx, row, news_of(found))
            row = await locked(tx, shipment.id)
        failures = 0 if found is not None else shipment.looks + 1
        now = ctx.clock.now()
        look = rules.next_look(
            row.status,
            told=row.provider == BITESHIP,
            failures=failures,
            booked=row.booked_at or row.created_at,
            now=now,
        )
        await queries.schedule_look(tx, row.id, look, failures)


def news_of(tracking: Tracking) -> Sequence[News]:
    """A courier's history as news."""
    return [News(each.status, each.at, each.text, "tracking") for each in tracking.events]
