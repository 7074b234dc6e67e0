"""Accounts as administrators see them: looked up, suspended and brought back."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from patungan.kernel.http import Ctx, Input, SignedIn, get, post
from patungan.kernel.identity import Audience
from patungan.services.auth.operations import administration
from patungan.services.auth.queries import AccountView, AuditEntry
from patungan.services.auth.rules import UserStatus


class StatusReason(Input, frozen=True):
    """Why; it is kept with the account's history."""

    reason: Annotated[str, Meta(min_length=3, max_length=500, pattern=r"^\S(.|\n)*\S$")]


class FoundAccounts(msgspec.Struct, frozen=True):
    items: list[AccountView]


class History(msgspec.Struct, frozen=True):
    """The newest hundred entries, newest first."""

    items: list[AuditEntry]


@get("/api/auth/users", audience=Audience.ADMIN)
async def find_users(ctx: Ctx, phone: Annotated[str, QueryParameter(min_length=9, max_length=20)]) -> FoundAccounts:
    """The account with a phone number; none where nobody has it."""
    return FoundAccounts(await administration.users_by_phone(ctx, phone))


@get("/api/auth/users/{user_id:uuid}", audience=Audience.ADMIN)
async def one_user(ctx: Ctx, user_id: FromPath[UUID]) -> AccountView:
    return await administration.user_view(ctx, user_id)


@get("/api/auth/users/{user_id:uuid}/history", audience=Audience.ADMIN)
async def user_history(ctx: Ctx, user_id: FromPath[UUID]) -> History:
    return History(await administration.history(ctx, user_id))


@post("/api/auth/users/{user_id:uuid}/suspension", audience=Audience.ADMIN)
async def suspend(ctx: Ctx, caller: SignedIn, user_id: FromPath[UUID], data: JSONBody[StatusReason]) -> AccountView:
    """Sessions end at once; an access token that is out is good for what is left of its half hour."""
    return await administration.change_status(ctx, caller, user_id, UserStatus.SUSPENDED, data.reason)


@post("/api/auth/users/{user_id:uuid}/reinstatement", audience=Audience.ADMIN)
async def reinstate(ctx: Ctx, caller: SignedIn, user_id: FromPath[UUID], data: JSONBody[StatusReason]) -> AccountView:
    return await administration.change_status(ctx, caller, user_id, UserStatus.ACTIVE, data.reason)


routes = [find_users, one_user, user_history, suspend, reinstate]
