"""A factory's staff, and the invitations that somebody has."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar.params import FromPath, JSONBody
from msgspec import Meta

from patungan.contracts.factory import Right
from patungan.kernel.http import Ctx, Input, Page, PageLimit, PageNumber, SignedIn, delete, get, patch, post
from patungan.kernel.identity import Audience
from patungan.services.factory.operations import members
from patungan.services.factory.operations.factories import with_right_or_admin
from patungan.services.factory.queries import members as queries
from patungan.services.factory.queries.members import MemberRow
from patungan.services.factory.rules import Member


class InvitationInput(Input, frozen=True):
    """``role`` is manager or operator."""

    phone: Annotated[str, Meta(min_length=9, max_length=20)]
    role: Member


class RoleInput(Input, frozen=True):
    role: Member


class Members(Page, frozen=True, kw_only=True):
    items: list[MemberRow]


@get("/api/factories/{factory_id:uuid}/members", audience=[Audience.FACTORY_OWNER, Audience.ADMIN])
async def list_members(
    ctx: Ctx, caller: SignedIn, factory_id: FromPath[UUID], page: PageNumber = 1, limit: PageLimit = 20
) -> Members:
    await with_right_or_admin(ctx, caller, factory_id, Right.MANAGE)
    total = await queries.count_members(ctx.db, factory_id)
    items = await queries.list_members(ctx.db, factory_id, limit, (page - 1) * limit)
    return Members(items=items, page=page, limit=limit, total=total)


@post("/api/factories/{factory_id:uuid}/members", audience=Audience.FACTORY_OWNER, status=201)
async def invite_member(
    ctx: Ctx, caller: SignedIn, factory_id: FromPath[UUID], data: JSONBody[InvitationInput]
) -> MemberRow:
    return await members.invite(ctx, caller, factory_id, data.phone, data.role)


@patch("/api/factories/{factory_id:uuid}/members/{member_id:uuid}", audience=Audience.FACTORY_OWNER)
async def change_member(
    ctx: Ctx, caller: SignedIn, factory_id: FromPath[UUID], member_id: FromPath[UUID], data: JSONBody[RoleInput]
) -> MemberRow:
    return await members.change_role(ctx, caller, factory_id, member_id, data.role)


@delete("/api/factories/{factory_id:uuid}/members/{member_id:uuid}", audience=Audience.FACTORY_OWNER)
async def remove_member(ctx: Ctx, caller: SignedIn, factory_id: FromPath[UUID], member_id: FromPath[UUID]) -> None:
    """The owner removes anybody, a member leaves."""
    await members.remove(ctx, caller, factory_id, member_id)


@get("/api/factories/invitations", audience=Audience.CUSTOMER)
async def my_invitations(ctx: Ctx, caller: SignedIn, page: PageNumber = 1, limit: PageLimit = 20) -> Members:
    phone = await members.own_phone(ctx, caller)
    wanted = (phone, ctx.clock.now())
    total = await queries.count_invitations(ctx.db, *wanted)
    items = await queries.list_invitations(ctx.db, *wanted, limit, (page - 1) * limit)
    return Members(items=items, page=page, limit=limit, total=total)


@post("/api/factories/invitations/{member_id:uuid}/acceptance", audience=Audience.CUSTOMER)
async def accept_invitation(ctx: Ctx, caller: SignedIn, member_id: FromPath[UUID]) -> MemberRow:
    return await members.answer(ctx, caller, member_id, accepted=True)


@post("/api/factories/invitations/{member_id:uuid}/refusal", audience=Audience.CUSTOMER)
async def decline_invitation(ctx: Ctx, caller: SignedIn, member_id: FromPath[UUID]) -> MemberRow:
    return await members.answer(ctx, caller, member_id, accepted=False)


member_routes = [
    list_members,
    invite_member,
    change_member,
    remove_member,
    my_invitations,
    accept_invitation,
    decline_invitation,
]
