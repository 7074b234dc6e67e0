"""Codes, accounts, sign-in and tokens, and auth's contract towards other services."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import asyncpg
import bcrypt
import msgspec

from patungan.contracts import auth as contract
from patungan.contracts import notification, whatsapp
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Conflict, Unavailable
from patungan.kernel.identity import ACCESS_MINUTES, Caller, Role, Scope, sign_access_token
from patungan.kernel.phones import normalise_phone
from patungan.kernel.service import Context, implements
from patungan.services.auth import queries
from patungan.services.auth.rules import (
    BOT_PHONE,
    OTP_DIGITS,
    OTP_RESEND_SECONDS,
    PASSWORD_BYTES,
    REFRESH_CHARACTERS,
    REFRESH_DAYS,
    OtpPurpose,
    OtpVerdict,
    judge_otp,
    may_send_otp,
    may_sign_in,
    otp_hash,
    password_is_acceptable,
    token_hash,
    unmatchable_hash,
)


class Tokens(msgspec.Struct, frozen=True):
    """What a successful sign-in answers; ``expires_in`` is the access token's life in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int
    user_id: UUID
    role: Role
    token_type: str = "Bearer"


def phone_of(text: str) -> str:
    """The number as stored; raises PhoneInvalid."""
    phone = normalise_phone(text)
    if phone is None:
        raise contract.PhoneInvalid(field="phone")
    return phone


async def send_otp(ctx: Context, phone_text: str, purpose: OtpPurpose) -> None:
    """Send a code over WhatsApp, by SMS where that fails. The answer is the same whether the number has an account.

    Raises OtpTooSoon within a minute of the last code, or after five in an hour; Unavailable when no way is open, and
    then the next request need not wait.
    """
    phone = phone_of(phone_text)
    if phone == BOT_PHONE:
        return
    now = ctx.clock.now()
    code = ctx.chance.digits(OTP_DIGITS)
    hashed = otp_hash(ctx.settings.jwt_secret, phone, code)
    async with ctx.db.transaction() as tx:
        await queries.lock_phone(tx, phone)
        known = await queries.find_otp(tx, phone, purpose)
        sent = await queries.count_sendings(tx, phone, now - timedelta(hours=1))
        if not may_send_otp(known.sent_at if known else None, sent, now):
            raise contract.OtpTooSoon(field="phone")
        expires_at = now + timedelta(minutes=ctx.settings.otp_expiry_minutes)
        await queries.upsert_otp(tx, phone, purpose, hashed, expires_at, now)
        await queries.record_sending(tx, phone, now, now - timedelta(hours=1))
    try:
        await _deliver_code(ctx, phone, code, dedupe_key=f"otp:{phone}:{purpose}:{now.isoformat()}")
    except Unavailable as error:
        async with ctx.db.transaction() as tx:
            # The code stays good, for it may have arrived after all.
            await queries.allow_resending(tx, phone, purpose, hashed, now - timedelta(seconds=OTP_RESEND_SECONDS))
            await queries.forget_sending(tx, phone, now)
        raise Unavailable("No code can be sent at the moment") from error


async def _deliver_code(ctx: Context, phone: str, code: str, *, dedupe_key: str) -> None:
    message = whatsapp.SendTemplate(
        phone=phone, template="otp", language="id", parameters=[code], dedupe_key=dedupe_key
    )
    try:
        await ctx.call(whatsapp.send_now, message)
    except (whatsapp.Undeliverable, Unavailable) as error:
        ctx.log.info("code falls back to SMS", reason=error.code)
        minutes = ctx.settings.otp_expiry_minutes
        text = f"Kode Patungan Anda {code}, berlaku {minutes} menit. Jangan berikan kepada siapa pun."
        await ctx.call(notification.send_sms, notification.SendSms(phone=phone, text=text, dedupe_key=dedupe_key))


async def spend_otp(ctx: Context, phone: str, purpose: OtpPurpose, code: str) -> None:
    """Use up a code; a wrong one counts. Raises OtpInvalid or OtpExpired.

    A transaction of its own, so that the count of wrong tries stays although the caller's request fails.
    """
    async with ctx.db.transaction() as tx:
        otp = await queries.find_otp(tx, phone, purpose)
        if otp is None:
            verdict = OtpVerdict.SPENT
        else:
            given = otp_hash(ctx.settings.jwt_secret, phone, code)
            verdict = judge_otp(otp.code_hash, given, otp.attempts, otp.expires_at, otp.used, ctx.clock.now())
        if verdict is OtpVerdict.WRONG:
            await queries.count_attempt(tx, phone, purpose)
        elif verdict is OtpVerdict.RIGHT:
            await queries.use_otp(tx, phone, purpose, ctx.clock.now())
    if verdict is OtpVerdict.WRONG:
        raise contract.OtpInvalid(field="otp")
    if verdict is OtpVerdict.SPENT:
        raise contract.OtpExpired(field="otp")


async def hash_password(ctx: Context, password: str) -> str:
    """bcrypt, in a thread since it takes a quarter of a second by design; raises PasswordTooWeak."""
    if not password_is_acceptable(password):
        raise contract.PasswordTooWeak(field="password")
    salt = bcrypt.gensalt(ctx.settings.bcrypt_cost)
    return (await asyncio.to_thread(bcrypt.hashpw, password.encode(), salt)).decode()


async def sign_up(ctx: Context, phone_text: str, first_name: str, last_name: str, password: str, otp: str) -> Tokens:
    """Open an account; raises PasswordTooWeak, OtpInvalid, OtpExpired, PhoneTaken."""
    phone = phone_of(phone_text)
    hashed = await hash_password(ctx, password)
    await spend_otp(ctx, phone, OtpPurpose.SIGNUP, otp)
    user_id = ctx.chance.new_id()
    async with ctx.db.transaction() as tx:
        created = await queries.insert_account(
            tx, user_id, phone, hashed, first_name, last_name, Role.CUSTOMER, [], ctx.clock.now()
        )
        if not created:
            raise contract.PhoneTaken(field="phone")
        await ctx.publish(tx, contract.UserRegistered(user_id=user_id, role=Role.CUSTOMER))
        return await _open_session(ctx, tx, user_id, Role.CUSTOMER, [])


async def sign_in(ctx: Context, login: str, password: str) -> Tokens:
    """Sign in by phone number or e-mail; raises CredentialsInvalid or AccountClosed."""
    phone = normalise_phone(login)
    find = queries.find_account_by_phone if phone else queries.find_account_by_email
    account = await find(ctx.db, phone or login.strip().lower())
    # An unknown number costs a comparison too, so that timing tells nobody which numbers have accounts.
    stored = account.password_hash.encode() if account else unmatchable_hash(ctx.settings.bcrypt_cost)
    matches = await asyncio.to_thread(_matches, password, stored)
    if account is None or not matches:
        raise contract.CredentialsInvalid()
    if not may_sign_in(account.id, account.status):
        raise contract.AccountClosed()
    async with ctx.db.transaction() as tx:
        await queries.record_login(tx, account.id, ctx.clock.now())
        return await _open_session(ctx, tx, account.id, account.role, account.scopes)


def _matches(password: str, stored: bytes) -> bool:
    try:
        matches = bcrypt.checkpw(password.encode()[: PASSWORD_BYTES[1]], stored)
        return matches and password_is_acceptable(password)
    except ValueError:  # the stored text is no hash: the platform's own user
        return False


async def _open_session(ctx: Context, tx: Transaction, user_id: UUID, role: Role, scopes: list[Scope]) -> Tokens:
    return await _issue(ctx, tx, user_id, role, scopes, family=ctx.chance.new_id())


async def _issue(
    ctx: Context, tx: Transaction, user_id: UUID, role: Role, scopes: list[Scope], *, family: UUID
) -> Tokens:
    now = ctx.clock.now()
    refresh = ctx.chance.code(REFRESH_CHARACTERS)
    await queries.insert_refresh_token(
        tx, ctx.chance.new_id(), family, user_id, token_hash(refresh), now, now + timedelta(days=REFRESH_DAYS)
    )
    access = sign_access_token(ctx.settings.jwt_secret, Caller(user_id, role, frozenset(scopes)), now)
    return Tokens(access, refresh, ACCESS_MINUTES * 60, user_id, role)


async def refresh(ctx: Context, token: str) -> Tokens:
    """Exchange a refresh token for new ones. A token that was exchanged before revokes its whole family: one of the two
    who hold it is a thief. Raises RefreshTokenInvalid."""
    now = ctx.clock.now()
    async with ctx.db.transaction() as tx:
        known = await queries.find_refresh_token(tx, token_hash(token))
        if known is not None and known.rotated:
            await queries.revoke_family(tx, known.family, now)
        elif known is not None and not known.revoked and now < known.expires_at:
            account = await queries.find_account(tx, known.user_id)
            if account is not None and may_sign_in(account.id, account.status):
                await queries.rotate_refresh_token(tx, known.id, now)
                return await _issue(ctx, tx, account.id, account.role, account.scopes, family=known.family)
    raise contract.RefreshTokenInvalid()


async def sign_out(ctx: Context, token: str) -> None:
    """End a session and everything refreshed from it; an unknown token is no error."""
    async with ctx.db.transaction() as tx:
        known = await queries.find_refresh_token(tx, token_hash(token))
        if known is not None:
            await queries.revoke_family(tx, known.family, ctx.clock.now())


async def reset_password(ctx: Context, phone_text: str, otp: str, password: str) -> None:
    """Set a new password by a code and end every session; raises OtpInvalid, OtpExpired, PasswordTooWeak."""
    phone = phone_of(phone_text)
    hashed = await hash_password(ctx, password)
    await spend_otp(ctx, phone, OtpPurpose.RESET_PASSWORD, otp)
    async with ctx.db.transaction() as tx:
        account = await queries.find_account_by_phone(tx, phone)
        if account is None or not may_sign_in(account.id, account.status):
            return
        now = ctx.clock.now()
        await queries.update_password(tx, account.id, hashed)
        await queries.revoke_user_tokens(tx, account.id, now)
        await queries.write_audit_log(tx, now, account.id, "password.reset", account.id, {})


async def account_of(ctx: Context, user_id: UUID) -> queries.Account:
    """An account by id; raises UnknownUser."""
    account = await queries.find_account(ctx.db, user_id)
    if account is None:
        raise contract.UnknownUser()
    return account


async def change_names(ctx: Context, user_id: UUID, first: str | None, last: str | None, email: str | None) -> None:
    """Change what a person may change of the own account; raises Conflict for an e-mail that is taken."""
    try:
        async with ctx.db.transaction() as tx:
            account = await queries.find_account(tx, user_id)
            if account is None:
                raise contract.UnknownUser()
            await queries.update_names(
                tx,
                user_id,
                first or account.first_name,
                account.last_name if last is None else last,
                email.lower() if email else account.email,
            )
    except asyncpg.UniqueViolationError:
        raise Conflict("This e-mail address belongs to another account", field="email") from None


@implements(contract.get_users)
async def get_users(ctx: Context, request: contract.GetUsers) -> contract.Users:
    return contract.Users(users=await queries.find_users(ctx.db, request.user_ids))


@implements(contract.get_staff)
async def get_staff(ctx: Context, request: contract.GetStaff) -> contract.Staff:
    return contract.Staff(user_ids=await queries.find_staff(ctx.db, request.scope))


@implements(contract.find_user)
async def find_user(ctx: Context, request: contract.FindUser) -> contract.Users:
    return contract.Users(users=await queries.find_user_by_phone(ctx.db, phone_of(request.phone)))


@implements(contract.grant_role)
async def grant_role(ctx: Context, request: contract.GrantRole) -> contract.User:
    async with ctx.db.transaction() as tx:
        changed = await queries.update_role(tx, request.user_id, request.role)
        if changed:
            await queries.write_audit_log(
                tx, ctx.clock.now(), None, "role.granted", request.user_id, {"role": request.role.value}
            )
        found = await queries.find_users(tx, [request.user_id])
    if not found:
        raise contract.UnknownUser()
    return found[0]


@implements(contract.ensure_user)
async def ensure_user(ctx: Context, request: contract.EnsureUser) -> contract.EnsuredUser:
    phone = phone_of(request.phone)
    known = await queries.find_account_by_phone(ctx.db, phone)
    if known is not None:
        return contract.EnsuredUser(user_id=known.id)
    hashed = await hash_password(ctx, request.password)
    user_id = ctx.chance.new_id()
    async with ctx.db.transaction() as tx:
        created = await queries.insert_account(
            tx,
            user_id,
            phone,
            hashed,
            request.first_name,
            request.last_name,
            request.role,
            request.scopes,
            ctx.clock.now(),
        )
        if created:
            await ctx.publish(tx, contract.UserRegistered(user_id=user_id, role=request.role))
    if not created:
        return await ensure_user(ctx, request)
    return contract.EnsuredUser(user_id=user_id)
