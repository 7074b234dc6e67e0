"""A factory's staff: invited by phone by its owner, joining by their own consent, and what becomes of them."""

from __future__ import annotations

from uuid import UUID

from patungan.contracts import auth
from patungan.contracts import factory as contract
from patungan.contracts.factory import Right
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Conflict, Forbidden
from patungan.kernel.identity import Caller, Role
from patungan.kernel.phones import normalise_phone
from patungan.kernel.service import Context
from patungan.kernel.workflows import start
from patungan.services.factory.operations.factories import locked, note, with_right
from patungan.services.factory.processes import InviteMember, WelcomeOwner, invite_member, welcome_owner
from patungan.services.factory.queries import members as queries
from patungan.services.factory.queries.members import MemberRow
from patungan.services.factory.rules import INVITATION_LASTS, MEMBERS_PER_FACTORY, Member, Membership


async def invite(ctx: Context, caller: Caller, factory_id: UUID, phone: str, role: Member) -> MemberRow:
    """Ask somebody to become a member, by text message; the invitation lasts a week.

    Raises FactoryNotFound for another's, PhoneInvalid, AlreadyMember, Conflict past fifty.
    """
    number = normalise_phone(phone)
    if number is None:
        raise auth.PhoneInvalid(field="phone")
    factory = await with_right(ctx, caller, factory_id, Right.OWN)
    if number == (await _account(ctx, caller.user_id)).phone:
        raise contract.AlreadyMember(field="phone")
    now, member_id = ctx.clock.now(), ctx.chance.new_id()
    async with ctx.db.transaction() as tx:
        await locked(tx, factory_id)
        await queries.forget_lapsed(tx, factory_id, number, now)
        if await queries.count_members(tx, factory_id) >= MEMBERS_PER_FACTORY:
            raise Conflict(f"A factory has at most {MEMBERS_PER_FACTORY} members")
        if not await queries.insert_invitation(
            tx, member_id, factory_id, number, role, caller.user_id, now, now + INVITATION_LASTS
        ):
            raise contract.AlreadyMember(field="phone")
        await note(ctx, tx, factory_id, caller.user_id, "members", None, f"{role} invited", str(member_id))
        request = InviteMember(member_id=member_id, phone=number, factory_name=factory.name)
        await start(tx, invite_member, f"invite-factory-member-{member_id}", request)
        return await _locked_member(tx, member_id)


async def answer(ctx: Context, caller: Caller, member_id: UUID, *, accepted: bool) -> MemberRow:
    """Accept or decline an invitation to the caller's own phone number; accepting again answers the same.

    Raises InvitationNotFound for another's, Forbidden for other kinds of account.
    """
    account = await _account(ctx, caller.user_id)
    async with ctx.db.transaction() as tx:
        member = await queries.lock_member(tx, member_id)
        if member is None or member.phone != account.phone:
            raise contract.InvitationNotFound()
        if accepted and member.status is Membership.ACTIVE and member.user_id == caller.user_id:
            return member
        now = ctx.clock.now()
        if member.status is not Membership.INVITED or member.expires_at <= now:
            raise contract.InvitationNotFound()
        if not accepted:
            await queries.end_membership(tx, member_id, Membership.DECLINED, now)
            return await _locked_member(tx, member_id)
        if account.role not in (Role.CUSTOMER, Role.FACTORY_OWNER):
            raise Forbidden("This account is of another kind; join with an account of its own")
        await queries.join_as(tx, member_id, caller.user_id, now)
        factory = await locked(tx, member.factory_id)
        await note(ctx, tx, factory.id, caller.user_id, "members", "invited", f"{member.role} joined", str(member_id))
        # Factory owner is the kind of account that works for factories; whose, and with which rights, is told here.
        await start(tx, welcome_owner, f"welcome-factory-member-{member_id}", WelcomeOwner(owner_id=caller.user_id))
        event = contract.FactoryMemberJoined(
            factory_id=factory.id,
            owner_id=factory.owner_id,
            user_id=caller.user_id,
            name=factory.name,
            role=member.role,
        )
        await ctx.publish(tx, event)
        return await _locked_member(tx, member_id)


async def change_role(ctx: Context, caller: Caller, factory_id: UUID, member_id: UUID, role: Member) -> MemberRow:
    """Give a member another role; raises FactoryNotFound for another's factory, MemberNotFound."""
    await with_right(ctx, caller, factory_id, Right.OWN)
    async with ctx.db.transaction() as tx:
        member = await _present(tx, factory_id, member_id)
        if member.role is not role:
            await queries.update_role(tx, member_id, role)
            await note(ctx, tx, factory_id, caller.user_id, "members", member.role, role, str(member_id))
        return await _locked_member(tx, member_id)


async def remove(ctx: Context, caller: Caller, factory_id: UUID, member_id: UUID) -> None:
    """End a membership or take back an invitation: the owner anybody's, a member the own one.

    Raises FactoryNotFound for another's factory, MemberNotFound.
    """
    known = await queries.find_member(ctx.db, member_id)
    if known is None or known.factory_id != factory_id or known.user_id != caller.user_id:
        await with_right(ctx, caller, factory_id, Right.OWN)
    async with ctx.db.transaction() as tx:
        member = await _present(tx, factory_id, member_id)
        await queries.end_membership(tx, member_id, Membership.REMOVED, ctx.clock.now())
        await note(ctx, tx, factory_id, caller.user_id, "members", member.role, "removed", str(member_id))
        if member.user_id is not None:
            factory = await locked(tx, factory_id)
            event = contract.FactoryMemberRemoved(
                factory_id=factory_id, owner_id=factory.owner_id, user_id=member.user_id, name=factory.name
            )
            await ctx.publish(tx, event)


async def own_phone(ctx: Context, caller: Caller) -> str:
    """The caller's phone number, by which they are invited."""
    return (await _account(ctx, caller.user_id)).phone


async def _account(ctx: Context, user_id: UUID) -> auth.User:
    found = (await ctx.call(auth.get_users, auth.GetUsers(user_ids=[user_id]))).users
    if not found:
        raise auth.UnknownUser()
    return found[0]


async def _present(tx: Transaction, factory_id: UUID, member_id: UUID) -> MemberRow:
    member = await queries.lock_member(tx, member_id)
    if (
        member is None
        or member.factory_id != factory_id
        or member.status not in (Membership.INVITED, Membership.ACTIVE)
    ):
        raise contract.MemberNotFound()
    return member


async def _locked_member(tx: Transaction, member_id: UUID) -> MemberRow:
    member = await queries.lock_member(tx, member_id)
    if member is None:
        raise contract.MemberNotFound()
    return member
