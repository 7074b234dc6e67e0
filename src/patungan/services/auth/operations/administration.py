"""What administrators do with accounts, and how the first of them comes to be."""

from __future__ import annotations

from uuid import UUID

from patungan.contracts import auth as contract
from patungan.kernel.errors import Forbidden
from patungan.kernel.identity import Caller, Role
from patungan.kernel.service import Context, implements
from patungan.services.auth import queries
from patungan.services.auth.operations.accounts import hash_password, phone_of
from patungan.services.auth.queries import AccountView, AuditEntry
from patungan.services.auth.rules import UserStatus, may_change_status


async def users_by_phone(ctx: Context, phone_text: str) -> list[AccountView]:
    """The account with a phone number, if there is one; raises PhoneInvalid."""
    return await queries.view_by_phone(ctx.db, phone_of(phone_text))


async def user_view(ctx: Context, user_id: UUID) -> AccountView:
    """An account as administrators see it; raises UnknownUser."""
    found = await queries.view_account(ctx.db, user_id)
    if found is None:
        raise contract.UnknownUser()
    return found


async def history(ctx: Context, user_id: UUID) -> list[AuditEntry]:
    """What was done to an account, newest first; raises UnknownUser."""
    await user_view(ctx, user_id)
    return await queries.list_audit_log(ctx.db, user_id)


async def change_status(ctx: Context, caller: Caller, user_id: UUID, status: UserStatus, reason: str) -> AccountView:
    """Suspend an account, which ends all its sessions, or bring it back.

    Of an administrator only a super administrator decides. Raises UnknownUser, Forbidden, AccountStatusRefused.
    """
    async with ctx.db.transaction() as tx:
        account = await queries.lock_account(tx, user_id)
        if account is None:
            raise contract.UnknownUser()
        if account.role is Role.ADMIN and not caller.is_super_admin:
            raise Forbidden("Only a super administrator decides on administrators")
        if user_id == caller.user_id or not may_change_status(user_id, account.status, status):
            raise contract.AccountStatusRefused()
        now = ctx.clock.now()
        await queries.update_status(tx, user_id, status)
        if status is UserStatus.SUSPENDED:
            await queries.revoke_user_tokens(tx, user_id, now)
            await ctx.publish(tx, contract.UserSuspended(user_id=user_id))
        action = "user.suspended" if status is UserStatus.SUSPENDED else "user.reinstated"
        await queries.write_audit_log(tx, now, caller.user_id, action, user_id, {"reason": reason})
    return await user_view(ctx, user_id)


@implements(contract.ensure_admin)
async def ensure_admin(ctx: Context, request: contract.EnsureAdmin) -> contract.EnsuredAdmin:
    phone = phone_of(request.phone)
    hashed = await hash_password(ctx, request.password)
    user_id, now = ctx.chance.new_id(), ctx.clock.now()
    async with ctx.db.transaction() as tx:
        names = (request.first_name, request.last_name)
        created = await queries.insert_account(tx, user_id, phone, hashed, *names, Role.ADMIN, request.scopes, now)
        if created:
            scopes = [each.value for each in request.scopes]
            await queries.write_audit_log(tx, now, None, "admin.created", user_id, {"scopes": scopes})
            await ctx.publish(tx, contract.UserRegistered(user_id=user_id, role=Role.ADMIN))
            return contract.EnsuredAdmin(user_id=user_id, scopes=request.scopes, created=True)
        known = await queries.find_account_by_phone(tx, phone)
    if known is None or known.role is not Role.ADMIN:
        raise contract.PhoneTaken(field="phone")
    return contract.EnsuredAdmin(user_id=known.id, scopes=known.scopes, created=False)
