"""What seller does by itself: makes owners of stores sellers."""

from __future__ import annotations

from uuid import UUID

import msgspec

from patungan.contracts import auth
from patungan.kernel.identity import Role
from patungan.kernel.service import Context
from patungan.kernel.workflows import Run, workflow


class WelcomeSeller(msgspec.Struct, frozen=True):
    user_id: UUID


async def grant_seller_role(ctx: Context, user_id: UUID) -> str:
    """Make the account a seller; answers the role it has afterwards."""
    user = await ctx.call(auth.grant_role, auth.GrantRole(user_id=user_id, role=Role.SELLER))
    return user.role


@workflow("seller.welcome-seller", WelcomeSeller)
async def welcome_seller(run: Run, request: WelcomeSeller) -> None:
    await run.step(grant_seller_role, request.user_id)
