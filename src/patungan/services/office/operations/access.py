"""Who somebody is in an office: a member of staff, one who leads, or an administrator."""

from __future__ import annotations

from uuid import UUID

from patungan.contracts import office as contract
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Forbidden
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.kernel.sql import Executor
from patungan.services.office.queries import offices as queries
from patungan.services.office.queries.offices import OfficeRow, StaffRow
from patungan.services.office.rules import StaffRole, StaffStatus, may_lead


async def me(ctx: Context, caller: Caller) -> StaffRow:
    """The caller as a member of staff; raises StaffNotFound for somebody who works for no office."""
    found = await queries.find_staff_of_user(ctx.db, caller.user_id)
    if found is None:
        raise contract.StaffNotFound("You work for no office")
    return found


async def at_work(ctx: Context, caller: Caller) -> StaffRow:
    """As ``me``, for somebody who is at work; raises Forbidden for one on leave or suspended."""
    found = await me(ctx, caller)
    if found.status is not StaffStatus.ACTIVE:
        raise Forbidden(f"Your status at the office is {found.status}")
    return found


async def leader(ctx: Context, caller: Caller) -> StaffRow:
    """As ``at_work``, for one who hands out work; raises Forbidden for others."""
    found = await at_work(ctx, caller)
    if not may_lead(found.role):
        raise Forbidden("This is for the office's manager and coordinators")
    return found


async def office_seen(ctx: Context, caller: Caller, office_id: UUID) -> OfficeRow:
    """An office for its staff and administrators; raises OfficeNotFound for everybody else."""
    found = await queries.find_office(ctx.db, office_id)
    if found is not None and not caller.is_admin:
        staff = await queries.find_staff_of_user(ctx.db, caller.user_id)
        if staff is None or staff.office_id != office_id:
            found = None
    if found is None:
        raise contract.OfficeNotFound()
    return found


async def office_led(ctx: Context, caller: Caller, office_id: UUID) -> OfficeRow:
    """An office for its manager and administrators; raises OfficeNotFound for strangers, Forbidden for other staff."""
    found = await office_seen(ctx, caller, office_id)
    if not caller.is_admin and (await at_work(ctx, caller)).role is not StaffRole.OFFICE_MANAGER:
        raise Forbidden("This is for the office's manager")
    return found


async def locked_office(tx: Transaction, office_id: UUID) -> OfficeRow:
    """The office, for this transaction alone to change; raises OfficeNotFound."""
    found = await queries.lock_office(tx, office_id)
    if found is None:
        raise contract.OfficeNotFound()
    return found


async def looked_after(on: Executor, office_id: UUID, factory_id: UUID) -> None:
    """Raises FactoryNotLookedAfter unless the office looks after the factory."""
    if not await queries.looks_after(on, office_id, factory_id):
        raise contract.FactoryNotLookedAfter(field="factory_id")
