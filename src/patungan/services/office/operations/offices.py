"""Offices and their staff."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from patungan.contracts import auth
from patungan.contracts import office as contract
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Conflict, Forbidden
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Caller, Role
from patungan.kernel.service import Context, implements
from patungan.kernel.workflows import start
from patungan.services.office.operations.access import locked_office, me, office_led
from patungan.services.office.processes import Hire, hire
from patungan.services.office.queries import offices as queries
from patungan.services.office.queries.offices import OfficeRow, StaffRow
from patungan.services.office.rules import (
    OFFICE_MOVES,
    STAFF_MOVES,
    OfficeStatus,
    StaffRole,
    StaffStatus,
    may_take_tasks,
)


class OfficeData(msgspec.Struct, frozen=True):
    """What an office is called and where it is; ``regions`` are codes of provinces and regencies."""

    name: str
    phone: str
    whatsapp: str | None
    line: str
    city: str
    province: str
    postal_code: str
    operating_hours: str
    regions: list[str]
    commission_percent: int


async def open_office(ctx: Context, caller: Caller, data: OfficeData, key: str) -> OfficeRow:
    """Open an office."""

    async def work(tx: Transaction) -> OfficeRow:
        now, office_id = ctx.clock.now(), ctx.chance.new_id()
        for _attempt in range(5):
            code = f"OFF-{ctx.chance.code(6)}"
            if await queries.insert_office(
                tx,
                office_id,
                code,
                data.name,
                data.phone,
                data.whatsapp,
                data.line,
                data.city,
                data.province,
                data.postal_code,
                data.operating_hours,
                data.regions,
                data.commission_percent,
                now,
            ):
                await queries.write_history(
                    tx, office_id, now, caller.user_id, "status", None, OfficeStatus.ACTIVE, "opened"
                )
                return await locked_office(tx, office_id)
        raise Conflict("No office code is free")

    return await once(ctx.db, caller.user_id, "open-office", key, data, ctx.clock.now(), OfficeRow, work)


async def change_office(ctx: Context, caller: Caller, office_id: UUID, changes: dict[str, Any]) -> OfficeRow:
    """Change some of an office's data; raises OfficeNotFound."""
    async with ctx.db.transaction() as tx:
        before = await locked_office(tx, office_id)
        after: OfficeRow = msgspec.structs.replace(before, **changes)
        now = ctx.clock.now()
        await queries.update_office(
            tx,
            office_id,
            after.name,
            after.phone,
            after.whatsapp,
            after.line,
            after.city,
            after.province,
            after.postal_code,
            after.operating_hours,
            after.regions,
            after.commission_percent,
            now,
        )
        if after.commission_percent != before.commission_percent:
            shares = (str(before.commission_percent), str(after.commission_percent))
            await queries.write_history(tx, office_id, now, caller.user_id, "commission", *shares, "changed")
        return await locked_office(tx, office_id)


async def change_office_status(
    ctx: Context, caller: Caller, office_id: UUID, status: OfficeStatus, reason: str
) -> OfficeRow:
    """Close an office, for a while or for good, or open it again; raises OfficeNotFound, OfficeStatusRefused."""
    async with ctx.db.transaction() as tx:
        before = await locked_office(tx, office_id)
        if status not in OFFICE_MOVES[before.status]:
            raise contract.OfficeStatusRefused(f"From {before.status} to {status} is no move", field="status")
        now = ctx.clock.now()
        await queries.update_office_status(tx, office_id, status, now)
        await queries.write_history(tx, office_id, now, caller.user_id, "status", before.status, status, reason)
        return await locked_office(tx, office_id)


async def hire_staff(ctx: Context, caller: Caller, office_id: UUID, phone: str, role: StaffRole, key: str) -> StaffRow:
    """Have somebody with an account work for an office; a new manager takes the place of the one before.

    Raises OfficeNotFound, PhoneInvalid, UnknownUser, StaffExists, Forbidden for other kinds of account and where a manager
    names a manager.
    """
    await office_led(ctx, caller, office_id)
    if role is StaffRole.OFFICE_MANAGER and not caller.is_admin:
        raise Forbidden("Only an administrator names an office's manager")
    found = (await ctx.call(auth.find_user, auth.FindUser(phone=phone))).users
    if not found:
        raise auth.UnknownUser(field="phone")
    person = found[0]
    if person.role not in (Role.CUSTOMER, Role.OFFICE_STAFF):
        raise Forbidden("This account is of another kind")

    async def work(tx: Transaction) -> StaffRow:
        await locked_office(tx, office_id)
        if await queries.find_staff_of_user(tx, person.id) is not None:
            raise contract.StaffExists(field="phone")
        now, staff_id = ctx.clock.now(), ctx.chance.new_id()
        name = f"{person.first_name} {person.last_name}".strip()
        for _attempt in range(5):
            code = f"STF-{ctx.chance.code(6)}"
            if await queries.insert_staff(tx, staff_id, office_id, person.id, code, name, role, now):
                break
        else:
            raise contract.StaffExists(field="phone")
        await queries.write_history(tx, office_id, now, caller.user_id, "staff", None, role, str(staff_id))
        if role is StaffRole.OFFICE_MANAGER:
            await queries.update_manager(tx, office_id, person.id, now)
        await start(tx, hire, f"hire-office-staff-{staff_id}", Hire(user_id=person.id))
        return await locked_staff(tx, staff_id)

    request = (office_id, person.id, role)
    return await once(ctx.db, caller.user_id, "hire-staff", key, request, ctx.clock.now(), StaffRow, work)


async def change_staff(
    ctx: Context,
    caller: Caller,
    office_id: UUID,
    staff_id: UUID,
    role: StaffRole | None,
    status: StaffStatus | None,
    reason: str,
) -> StaffRow:
    """Give a member of staff another role or status; raises StaffNotFound, StaffStatusRefused, Forbidden."""
    office = await office_led(ctx, caller, office_id)
    if not caller.is_admin and role is StaffRole.OFFICE_MANAGER:
        raise Forbidden("Only an administrator names an office's manager")
    async with ctx.db.transaction() as tx:
        await locked_office(tx, office_id)
        before = await locked_staff(tx, staff_id)
        if before.office_id != office_id:
            raise contract.StaffNotFound()
        after = (role or before.role, status or before.status)
        if after[1] is not before.status and after[1] not in STAFF_MOVES[before.status]:
            raise contract.StaffStatusRefused(f"From {before.status} to {after[1]} is no move", field="status")
        now = ctx.clock.now()
        await queries.update_staff(tx, staff_id, *after, now)
        told = (f"{before.role}, {before.status}", ", ".join(after))
        await queries.write_history(tx, office_id, now, caller.user_id, "staff", *told, reason or str(staff_id))
        leads = after[0] is StaffRole.OFFICE_MANAGER and after[1] is not StaffStatus.RESIGNED
        if leads and office.manager_id != before.user_id:
            await queries.update_manager(tx, office_id, before.user_id, now)
        if not leads and office.manager_id == before.user_id:
            await queries.update_manager(tx, office_id, None, now)
        return await locked_staff(tx, staff_id)


async def check_in(ctx: Context, caller: Caller, latitude: float | None, longitude: float | None) -> StaffRow:
    """Say that one is at work and where; raises StaffNotFound, StaffUnavailable for somebody who is not active."""
    staff = await me(ctx, caller)
    async with ctx.db.transaction() as tx:
        if (await locked_staff(tx, staff.id)).status is not StaffStatus.ACTIVE:
            raise contract.StaffUnavailable()
        await queries.check_in(tx, staff.id, ctx.clock.now(), latitude, longitude)
        return await locked_staff(tx, staff.id)


async def set_availability(ctx: Context, caller: Caller, *, is_available: bool) -> StaffRow:
    """Say whether one can take tasks; raises StaffNotFound, StaffUnavailable for somebody who is not active."""
    staff = await me(ctx, caller)
    async with ctx.db.transaction() as tx:
        if is_available and not may_take_tasks((await locked_staff(tx, staff.id)).status, is_available=True):
            raise contract.StaffUnavailable()
        await queries.update_availability(tx, staff.id, is_available, ctx.clock.now())
        return await locked_staff(tx, staff.id)


async def locked_staff(tx: Transaction, staff_id: UUID) -> StaffRow:
    """The member of staff, for this transaction alone to change; raises StaffNotFound."""
    found = await queries.lock_staff(tx, staff_id)
    if found is None:
        raise contract.StaffNotFound()
    return found


@implements(contract.get_offices)
async def get_offices(ctx: Context, request: contract.GetOffices) -> contract.Offices:
    return contract.Offices(offices=await queries.find_contract_offices(ctx.db, request.office_ids))


@implements(contract.get_managed_offices)
async def get_managed_offices(ctx: Context, request: contract.GetManagedOffices) -> contract.Offices:
    return contract.Offices(offices=await queries.find_managed_offices(ctx.db, request.manager_id))


@implements(contract.get_shares)
async def get_shares(ctx: Context, request: contract.GetShares) -> contract.Shares:
    return contract.Shares(shares=await queries.find_shares(ctx.db, request.factory_ids))
