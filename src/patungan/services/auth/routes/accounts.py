"""Signing up and in, tokens, and the own account."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import JSONBody
from msgspec import Meta

from patungan.kernel.http import Ctx, Input, SignedIn, get, patch, post
from patungan.kernel.identity import Audience, Caller, Role, Scope
from patungan.kernel.service import Context
from patungan.services.auth.operations import accounts as operations
from patungan.services.auth.operations.accounts import Tokens
from patungan.services.auth.rules import OtpPurpose

Name = Annotated[str, Meta(min_length=1, max_length=100)]
Code = Annotated[str, Meta(pattern=r"^\d{6}$")]
Phone = Annotated[str, Meta(min_length=9, max_length=20)]
Email = Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=200)]
NewPassword = Annotated[str, Meta(max_length=200)]


class OtpRequest(Input, frozen=True):
    phone: Phone
    purpose: OtpPurpose = OtpPurpose.SIGNUP


class OtpSent(msgspec.Struct, frozen=True):
    """``expires_in`` and ``resend_after`` are seconds."""

    expires_in: int
    resend_after: int


class SignUp(Input, frozen=True):
    phone: Phone
    first_name: Name
    password: NewPassword
    otp: Code
    last_name: Annotated[str, Meta(max_length=100)] = ""


class Login(Input, frozen=True):
    """``phone`` takes an e-mail address as well (DOMAIN.md C-32)."""

    phone: Annotated[str, Meta(min_length=3, max_length=200)]
    password: NewPassword


class RefreshRequest(Input, frozen=True):
    refresh_token: Annotated[str, Meta(min_length=20, max_length=200)]


class PasswordReset(Input, frozen=True):
    phone: Phone
    otp: Code
    password: NewPassword


class AccountChange(Input, frozen=True):
    first_name: Name | None = None
    last_name: Annotated[str, Meta(max_length=100)] | None = None
    email: Email | None = None


class Me(msgspec.Struct, frozen=True):
    """The caller's own account."""

    id: UUID
    phone: str
    email: str | None
    first_name: str
    last_name: str
    role: Role
    scopes: list[Scope]


@post("/api/auth/otp", audience=Audience.PUBLIC, status=202)
async def request_otp(ctx: Ctx, data: JSONBody[OtpRequest]) -> OtpSent:
    await operations.send_otp(ctx, data.phone, data.purpose)
    return OtpSent(ctx.settings.otp_expiry_minutes * 60, 60)


@post("/api/auth/signup", audience=Audience.PUBLIC, status=201)
async def sign_up(ctx: Ctx, data: JSONBody[SignUp]) -> Tokens:
    return await operations.sign_up(ctx, data.phone, data.first_name, data.last_name, data.password, data.otp)


@post("/api/auth/login", audience=Audience.PUBLIC)
async def login(ctx: Ctx, data: JSONBody[Login]) -> Tokens:
    return await operations.sign_in(ctx, data.phone, data.password)


@post("/api/auth/refresh", audience=Audience.PUBLIC)
async def refresh(ctx: Ctx, data: JSONBody[RefreshRequest]) -> Tokens:
    return await operations.refresh(ctx, data.refresh_token)


@post("/api/auth/logout", audience=Audience.PUBLIC, status=204)
async def logout(ctx: Ctx, data: JSONBody[RefreshRequest]) -> None:
    await operations.sign_out(ctx, data.refresh_token)


@post("/api/auth/password-reset", audience=Audience.PUBLIC, status=204)
async def reset_password(ctx: Ctx, data: JSONBody[PasswordReset]) -> None:
    await operations.reset_password(ctx, data.phone, data.otp, data.password)


async def _me(ctx: Context, caller: Caller) -> Me:
    account = await operations.account_of(ctx, caller.user_id)
    return Me(
        account.id,
        account.phone_number,
        account.email,
        account.first_name,
        account.last_name,
        account.role,
        account.scopes,
    )


@get("/api/auth/me", audience=Audience.CUSTOMER)
async def me(ctx: Ctx, caller: SignedIn) -> Me:
    return await _me(ctx, caller)


@patch("/api/auth/me", audience=Audience.CUSTOMER)
async def change_me(ctx: Ctx, caller: SignedIn, data: JSONBody[AccountChange]) -> Me:
    await operations.change_names(ctx, caller.user_id, data.first_name, data.last_name, data.email)
    return await _me(ctx, caller)


routes = [request_otp, sign_up, login, refresh, logout, reset_password, me, change_me]
