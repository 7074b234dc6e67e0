"""People with accounts, tokens and addresses, in bulk, straight into the tables."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import msgspec

from benchmarks.frame.platform import BenchPlatform
from patungan.kernel.chance import SystemChance
from patungan.kernel.identity import Caller, Role, Scope, sign_access_token

CHANCE = SystemChance()


class Buyer(msgspec.Struct, frozen=True):
    """Somebody who can join: an account, a token for half an hour, an address."""

    user_id: UUID
    token: str
    address_id: UUID


def token_of(platform: BenchPlatform, user_id: UUID, role: Role = Role.CUSTOMER, *scopes: Scope) -> str:
    """An access token for half an hour."""
    caller = Caller(user_id, role, frozenset(scopes))
    return sign_access_token(platform.environment["JWT_SECRET"], caller, datetime.now(UTC))


async def make_user(platform: BenchPlatform, role: Role = Role.CUSTOMER, *scopes: Scope) -> tuple[UUID, str]:
    """One person of any role, with a token."""
    owner = await platform.owner()
    try:
        (user_id,) = await _insert_users(owner, 1, role, scopes)
    finally:
        await owner.close()
    return user_id, token_of(platform, user_id, role, *scopes)


async def make_buyers(platform: BenchPlatform, count: int) -> list[Buyer]:
    """Customers, each with an address in Jakarta, made in two statements."""
    owner = await platform.owner()
    try:
        users = await _insert_users(owner, count, Role.CUSTOMER, ())
        addresses = [CHANCE.new_id() for _ in users]
        await owner.execute(
            """
            insert into address.addresses (id, user_id, label, recipient, phone, province, city, district,
                district_code, postal_code, line, is_default, created_at, updated_at)
            select id, user_id, 'Rumah', 'Sari Wijaya', '+6281234567890', 'DKI Jakarta', 'Kota Jakarta Pusat',
                'Gambir', '31.71.01', '10110', 'Jl. Medan Merdeka No. 1', true, $3, $3
            from unnest($1::uuid[], $2::uuid[]) as made(id, user_id)
            """,
            addresses,
            users,
            datetime.now(UTC),
        )
    finally:
        await owner.close()
    pairs = zip(users, addresses, strict=True)
    return [Buyer(user_id, token_of(platform, user_id), address_id) for user_id, address_id in pairs]


async def _insert_users(
    owner: asyncpg.Connection[asyncpg.Record], count: int, role: Role, scopes: tuple[Scope, ...]
) -> list[UUID]:
    ids = [CHANCE.new_id() for _ in range(count)]
    taken = await owner.fetchval("select count(*) from auth.users")
    await owner.execute(
        """
        insert into auth.users (id, phone_number, password_hash, first_name, last_name, role, scopes, status, created_at)
        select id, '+62813' || lpad(($2 + number)::text, 9, '0'), 'no password', 'Sari', 'Wijaya', $3, $4, 'active', $5
        from unnest($1::uuid[]) with ordinality as made(id, number)
        """,
        ids,
        taken,
        role.value,
        [scope.value for scope in scopes],
        datetime.now(UTC),
    )
    return ids
