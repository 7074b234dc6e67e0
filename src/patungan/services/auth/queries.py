"""The SQL of auth, on its own schema."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from patungan.contracts.auth import User
from patungan.kernel import sql
from patungan.kernel.identity import Role, Scope
from patungan.services.auth.rules import UserStatus


class Account(msgspec.Struct, frozen=True):
    """An account with what signing in needs."""

    id: UUID
    phone_number: str
    email: str | None
    password_hash: str
    first_name: str
    last_name: str
    role: Role
    scopes: list[Scope]
    status: UserStatus


class AccountView(msgspec.Struct, frozen=True):
    """An account as administrators see it."""

    id: UUID
    phone: str
    email: str | None
    first_name: str
    last_name: str
    role: Role
    scopes: list[Scope]
    status: UserStatus
    created_at: datetime
    last_login_at: datetime | None


class AuditEntry(msgspec.Struct, frozen=True):
    """Something that was done to an account; no actor where the platform itself or its operator did it."""

    at: datetime
    actor: UUID | None
    action: str
    changes: dict[str, Any]


class Otp(msgspec.Struct, frozen=True):
    code_hash: bytes
    attempts: int
    expires_at: datetime
    sent_at: datetime
    used: bool


class RefreshToken(msgspec.Struct, frozen=True):
    id: UUID
    family: UUID
    user_id: UUID
    expires_at: datetime
    rotated: bool
    revoked: bool


_ACCOUNT = "id, phone_number, email, password_hash, first_name, last_name, role, scopes, status"

find_account = sql.maybe(Account, f"select {_ACCOUNT} from users where id = $1")
find_account_by_phone = sql.maybe(Account, f"select {_ACCOUNT} from users where phone_number = $1")
find_account_by_email = sql.maybe(Account, f"select {_ACCOUNT} from users where email = $1")
lock_account = sql.maybe(Account, f"select {_ACCOUNT} from users where id = $1 for update")
_VIEW = "id, phone_number as phone, email, first_name, last_name, role, scopes, status, created_at, last_login_at"
view_account = sql.maybe(AccountView, f"select {_VIEW} from users where id = $1")
view_by_phone = sql.many(AccountView, f"select {_VIEW} from users where phone_number = $1")
find_users = sql.many(
    User,
    """
    select id, phone_number as phone, first_name, last_name, role, status from users
    where id = any($1::uuid[]) order by id
    """,
)
find_staff = sql.many(
    UUID,
    """
    select id from users
    where status = 'active' and ($1 = any(scopes) or role = 'admin' and 'super_admin' = any(scopes)) order by id limit 500
    """,
)
find_user_by_phone = sql.many(
    User,
    "select id, phone_number as phone, first_name, last_name, role, status from users where phone_number = $1",
)
insert_account = sql.run(
    """
    insert into users (id, phone_number, password_hash, first_name, last_name, role, scopes, status, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, 'active', $8) on conflict (phone_number) do nothing
    """
)
update_names = sql.run("update users set first_name = $2, last_name = $3, email = $4 where id = $1")
update_password = sql.run("update users set password_hash = $2 where id = $1")
update_status = sql.run("update users set status = $2 where id = $1")
update_role = sql.run("update users set role = $2 where id = $1 and role <> 'admin'")
record_login = sql.run("update users set last_login_at = $2 where id = $1")

find_otp = sql.maybe(
    Otp,
    """
    select code_hash, attempts::int as attempts, expires_at, sent_at, used_at is not null as used
    from otps where phone_number = $1 and purpose = $2 for update
    """,
)
upsert_otp = sql.run(
    """
    insert into otps (phone_number, purpose, code_hash, expires_at, sent_at) values ($1, $2, $3, $4, $5)
    on conflict (phone_number, purpose) do update
        set code_hash = excluded.code_hash, attempts = 0, expires_at = excluded.expires_at,
            sent_at = excluded.sent_at, used_at = null
    """
)
lock_phone = sql.run("select pg_advisory_xact_lock(hashtextextended('codes to ' || $1::text, 0))")
count_sendings = sql.one(int, "select count(*) from otp_sendings where phone_number = $1 and sent_at > $2")
record_sending = sql.run(
    """
    with outdated as (delete from otp_sendings where phone_number = $1 and sent_at <= $3)
    insert into otp_sendings (phone_number, sent_at) values ($1, $2)
    """
)
forget_sending = sql.run("delete from otp_sendings where phone_number = $1 and sent_at = $2")
allow_resending = sql.run("update otps set sent_at = $4 where phone_number = $1 and purpose = $2 and code_hash = $3")
count_attempt = sql.run("update otps set attempts = attempts + 1 where phone_number = $1 and purpose = $2")
use_otp = sql.run("update otps set used_at = $3 where phone_number = $1 and purpose = $2")

insert_refresh_token = sql.run(
    """
    insert into refresh_tokens (id, family, user_id, token_hash, created_at, expires_at)
    values ($1, $2, $3, $4, $5, $6)
    """
)
find_refresh_token = sql.maybe(
    RefreshToken,
    """
    select id, family, user_id, expires_at, rotated_at is not null as rotated, revoked_at is not null as revoked
    from refresh_tokens where token_hash = $1 for update
    """,
)
rotate_refresh_token = sql.run("update refresh_tokens set rotated_at = $2 where id = $1")
revoke_family = sql.run("update refresh_tokens set revoked_at = $2 where family = $1 and revoked_at is null")
revoke_user_tokens = sql.run("update refresh_tokens set revoked_at = $2 where user_id = $1 and revoked_at is null")

write_audit_log = sql.run("insert into audit_logs (at, actor, action, subject, changes) values ($1, $2, $3, $4, $5)")
list_audit_log = sql.many(
    AuditEntry,
    "select at, actor, action, changes from audit_logs where subject = $1 order by at desc, id desc limit 100",
)
