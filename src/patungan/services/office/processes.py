"""What office does by itself: whoever was hired becomes office staff, collected goods are told to the warehouse, and the
factories that an office looks after follow factory's news."""

from __future__ import annotations

from uuid import UUID

import msgspec

from patungan.contracts import auth, warehouse
from patungan.kernel.errors import Problem
from patungan.kernel.identity import Role
from patungan.kernel.service import Context
from patungan.kernel.workflows import Run, workflow
from patungan.services.office.queries import pickups


class Hire(msgspec.Struct, frozen=True):
    user_id: UUID


class PickedUp(msgspec.Struct, frozen=True):
    pickup_id: UUID
    purchase_order_id: UUID
    actor: UUID
    code: str


async def grant_staff_role(ctx: Context, user_id: UUID) -> str:
    """Make the account office staff; answers the role it has afterwards."""
    user = await ctx.call(auth.grant_role, auth.GrantRole(user_id=user_id, role=Role.OFFICE_STAFF))
    return user.role


@workflow("office.hire", Hire)
async def hire(run: Run, request: Hire) -> None:
    await run.step(grant_staff_role, request.user_id)


async def tell_warehouse(ctx: Context, request: PickedUp) -> bool:
    """Have the purchase order shipped; False where the warehouse refuses it for good, which its staff put right by hand."""
    asked = warehouse.ShipPurchaseOrder(
        purchase_order_id=request.purchase_order_id, actor=request.actor, note=f"Collected with {request.code}"
    )
    try:
        await ctx.call(warehouse.ship_purchase_order, asked)
    except Problem as problem:
        if problem.status >= 500:
            raise
        ctx.log.error("collected goods were not taken as shipped", pickup=request.code, code=problem.code)
        return False
    return True


async def mark_shipped(ctx: Context, pickup_id: UUID) -> int:
    """Note that the warehouse knows."""
    return await pickups.mark_shipped(ctx.db, pickup_id, ctx.clock.now())


@workflow("office.ship", PickedUp)
async def ship(run: Run, request: PickedUp) -> None:
    if await run.step(tell_warehouse, request):
        await run.step(mark_shipped, request.pickup_id)
