"""What factory does by itself: whoever registered or joined one becomes a factory owner, however often auth is down
meanwhile; invitations are sent; ratings follow what is said and done."""

from __future__ import annotations

from uuid import UUID

import msgspec

from patungan.contracts import auth, notification
from patungan.kernel.identity import Role
from patungan.kernel.service import Context
from patungan.kernel.workflows import Run, workflow


class WelcomeOwner(msgspec.Struct, frozen=True):
    owner_id: UUID


class InviteMember(msgspec.Struct, frozen=True):
    member_id: UUID
    phone: str
    factory_name: str


async def grant_owner_role(ctx: Context, owner_id: UUID) -> str:
    """Make the account a factory owner; answers the role it has afterwards (an administrator stays one)."""
    user = await ctx.call(auth.grant_role, auth.GrantRole(user_id=owner_id, role=Role.FACTORY_OWNER))
    return user.role


@workflow("factory.welcome-owner", WelcomeOwner)
async def welcome_owner(run: Run, request: WelcomeOwner) -> None:
    await run.step(grant_owner_role, request.owner_id)


async def send_invitation(ctx: Context, request: InviteMember) -> str:
    """Send a text message in both languages, once an invitation."""
    name = request.factory_name[:60]
    text = (
        f"Anda diundang bergabung dengan {name} di Patungan. Masuk untuk menerimanya. / "
        f"You are invited to join {name} on Patungan. Sign in to accept."
    )
    sent = await ctx.call(
        notification.send_sms,
        notification.SendSms(phone=request.phone, text=text, dedupe_key=f"factory-member-{request.member_id}"),
    )
    return str(sent.delivery_id)


@workflow("factory.invite-member", InviteMember)
async def invite_member(run: Run, request: InviteMember) -> None:
    await run.step(send_invitation, request)
