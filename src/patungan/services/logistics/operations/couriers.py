"""Couriers as data: which are offered, and who carries a parcel for us."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from patungan.contracts import logistics as contract
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Unavailable
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.providers.couriers import Courier
from patungan.services.logistics.queries import couriers as queries
from patungan.services.logistics.queries.couriers import CourierRow, ServiceRow

LOOKED_UP_EVERY = timedelta(seconds=15)
"""How long a process goes by what it knows of switched-off couriers; a change reaches all of them within it."""
BITESHIP = "biteship"


class SwitchedOff:
    """Couriers and services that are not offered, as this process knows them."""

    def __init__(self) -> None:
        self.names: frozenset[str] = frozenset()
        self._looked_up_at: datetime | None = None

    async def look_up(self, ctx: Context) -> frozenset[str]:
        """What is switched off; what was known last where the database does not answer."""
        now = ctx.clock.now()
        if self._looked_up_at is None or now - self._looked_up_at >= LOOKED_UP_EVERY:
            # First, so that a crowd asks once.
            self._looked_up_at = now
            try:
                self.names = frozenset(await queries.find_switched_off(ctx.db))
            except Unavailable as error:
                ctx.log.warning("switched-off couriers are not known", code=error.code)
        return self.names

    def forget(self) -> None:
        self._looked_up_at = None


def carrier_of(ctx: Context, courier: str) -> Courier | None:
    """The interface by which a courier's parcels are booked: Biteship where it is set up, else the courier's own."""
    carriers: Sequence[Courier] = ctx.local["couriers"]
    return next((each for each in carriers if each.name in (BITESHIP, courier)), None)


def interface_named(ctx: Context, provider: str) -> Courier | None:
    """The interface of that name; None where it is not set up any more."""
    carriers: Sequence[Courier] = ctx.local["couriers"]
    return next((each for each in carriers if each.name == provider), None)


async def check_offered(ctx: Context, courier: str, service: str) -> int:
    """The most days of a service that is offered; raises CourierServiceUnknown."""
    row = await queries.find_courier(ctx.db, courier)
    found = next((each for each in row.services if each.service == service), None) if row else None
    if row is None or found is None or not row.is_active or not found.is_active:
        raise contract.CourierServiceUnknown("This courier or service is not on offer", field="service")
    return found.max_days


async def one(ctx: Context, code: str) -> CourierRow:
    """A courier; raises CourierUnknown."""
    found = await queries.find_courier(ctx.db, code)
    if found is None:
        raise contract.CourierUnknown()
    return found


class ChangedCourier(msgspec.Struct, frozen=True):
    """What is to be another of a courier; None stays."""

    code: str
    name: str | None
    is_active: bool | None
    services: list[ServiceRow]


async def add(ctx: Context, caller: Caller, courier: CourierRow, key: str) -> CourierRow:
    """Add a courier that an aggregator offers, with its services; raises CourierTaken."""

    async def work(tx: Transaction) -> CourierRow:
        if not await queries.insert_courier(tx, courier.code, courier.name, ctx.clock.now()):
            raise contract.CourierTaken(field="code")
        return await _with_services(tx, courier.code, courier.services)

    added = await once(ctx.db, caller.user_id, "courier", key, courier, ctx.clock.now(), CourierRow, work)
    ctx.local["switched_off"].forget()
    return added


async def change(ctx: Context, caller: Caller, wanted: ChangedCourier, key: str) -> CourierRow:
    """Rename a courier, switch it on or off, add and change services; raises CourierUnknown."""

    async def work(tx: Transaction) -> CourierRow:
        if not await queries.update_courier(tx, wanted.code, wanted.name, wanted.is_active):
            raise contract.CourierUnknown()
        return await _with_services(tx, wanted.code, wanted.services)

    changed = await once(ctx.db, caller.user_id, "courier-change", key, wanted, ctx.clock.now(), CourierRow, work)
    ctx.local["switched_off"].forget()
    return changed


async def _with_services(tx: Transaction, code: str, services: Sequence[ServiceRow]) -> CourierRow:
    for each in services:
        await queries.put_service(tx, code, each.service, each.name, each.max_days, each.is_active)
    found = await queries.find_courier(tx, code)
    if found is None:
        raise contract.CourierUnknown()
    return found
