"""Durable work of factory: whoever registered one becomes a factory owner, however often auth is down meanwhile."""

from __future__ import annotations

from uuid import UUID

import msgspec

from patungan.contracts import auth
from patungan.kernel.identity import Role
from patungan.kernel.service import Context
from patungan.kernel.workflows import Run, workflow


class WelcomeOwner(msgspec.Struct, frozen=True):
    owner_id: UUID


async def grant_owner_role(ctx: Context, owner_id: UUID) -> str:
    """Make the account a factory owner; answers the role it has afterwards (an administrator stays one)."""
    user = await ctx.call(auth.grant_role, auth.GrantRole(user_id=owner_id, role=Role.FACTORY_OWNER))
    return user.role


@workflow("factory.welcome-owner", WelcomeOwner)
async def welcome_owner(run: Run, request: WelcomeOwner) -> None:
    await run.step(grant_owner_role, request.owner_id)
