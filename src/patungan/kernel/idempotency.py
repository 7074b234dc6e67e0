"""Idempotency keys: the same key with the same input gets the same answer, with another input a conflict."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.kernel.database import Database, Transaction
from patungan.kernel.errors import IdempotencyKeyRequired, IdempotencyKeyReused, InvalidInput

T = TypeVar("T")


class _Remembered(msgspec.Struct):
    input_hash: bytes
    reply: msgspec.Raw | None


claim_key = sql.run(
    """
    insert into idempotency_keys (actor, scope, key, input_hash, created_at)
    values ($1, $2, $3, $4, $5) on conflict do nothing
    """
)
find_key = sql.one(
    _Remembered,
    "select input_hash, reply from idempotency_keys where actor = $1 and scope = $2 and key = $3",
)
store_reply = sql.run("update idempotency_keys set reply = $4 where actor = $1 and scope = $2 and key = $3")


def require_idempotency_key(key: str | None) -> str:
    """The Idempotency-Key header of a write; raises IdempotencyKeyRequired or InvalidInput."""
    if not key:
        raise IdempotencyKeyRequired(field="Idempotency-Key")
    if len(key) > 200:
        raise InvalidInput("An idempotency key has at most 200 characters", field="Idempotency-Key")
    return key


def input_hash(request: Any) -> bytes:
    """The fingerprint of an input, equal for equal values (SHA-256 over sorted JSON)."""
    return hashlib.sha256(msgspec.json.encode(request, order="deterministic")).digest()


async def once(
    database: Database,
    actor: UUID,
    scope: str,
    key: str,
    request: Any,
    now: datetime,
    reply_type: type[T],
    work: Callable[[Transaction], Awaitable[T]],
) -> T:
    """Do the work in a transaction of its own, once for the key; a repeated call gets the first answer.

    A second call that arrives while the first is under way waits for it (the unique index makes it so).
    Raises IdempotencyKeyReused when the key comes back with another input.
    """
    digest = input_hash(request)
    async with database.transaction() as tx:
        if await claim_key(tx, actor, scope, key, digest, now):
            reply = await work(tx)
            await store_reply(tx, actor, scope, key, msgspec.json.encode(reply).decode())
            return reply
        known = await find_key(tx, actor, scope, key)
    if known.input_hash != digest or known.reply is None:
        raise IdempotencyKeyReused(field="Idempotency-Key")
    return msgspec.json.decode(known.reply, type=reply_type)
