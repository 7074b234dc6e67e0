"""Keys claimed by requests under way: the transactions of a write mark the claim of its request.

A key is claimed before the work begins. The first transaction of the work marks the claim, so that the change and the mark stand
or fall together; the answer is stored once it is known. An error gives the key back, for nothing was done under it.
"""

from __future__ import annotations

import contextvars
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.kernel.errors import Unavailable

if TYPE_CHECKING:
    from patungan.kernel.database import Database


class Claimed(msgspec.Struct):
    """A claim as it stands; ``status`` is None until the answer is known."""

    input_hash: bytes
    created_at: datetime
    is_marked: bool
    status: int | None
    media_type: str | None
    body: str | None


class _Answer(msgspec.Struct):
    status: int
    media_type: str
    body: str


find_claim = sql.maybe(
    Claimed,
    """
    select input_hash, created_at, reply is not null as is_marked, (reply ->> 'status')::int as status,
        reply ->> 'media_type' as media_type, reply ->> 'body' as body
    from idempotency_keys where actor = $1 and scope = $2 and key = $3
    """,
)
take_over = sql.run(
    """
    update idempotency_keys set created_at = $5
    where actor = $1 and scope = $2 and key = $3 and created_at = $4 and reply is null
    """
)
mark_claim = sql.run(
    """
    update idempotency_keys set reply = '{}'
    where actor = $1 and scope = $2 and key = $3 and created_at = $4 and (reply is null or reply = '{}')
    """
)
store_answer = sql.run(
    "update idempotency_keys set reply = $5 where actor = $1 and scope = $2 and key = $3 and created_at = $4"
)
release_claim = sql.run(
    """
    delete from idempotency_keys
    where actor = $1 and scope = $2 and key = $3 and created_at = $4 and (reply is null or reply = '{}')
    """
)


class Claim:
    """A key that belongs to the request under way; the transactions of its database mark it until one has committed."""

    def __init__(self, database: Database, actor: UUID, scope: str, key: str, claimed_at: datetime) -> None:
        self.database = database
        self.is_open = True
        self.is_marked = False
        self._place = (actor, scope, key, claimed_at)

    async def mark(self, executor: sql.Executor) -> None:
        """Say within a transaction that the change was made; raises Unavailable where another took the claim over."""
        if not await mark_claim(executor, *self._place):
            raise Unavailable("Another request carries this out")

    async def answer(self, status: int, media_type: str, body: bytes) -> None:
        """Store the answer."""
        self.is_open = False
        written = msgspec.json.encode(_Answer(status, media_type, body.decode())).decode()
        await store_answer(self.database, *self._place, written)

    async def release(self) -> None:
        """Give the key back, for the request failed."""
        self.is_open = False
        await release_claim(self.database, *self._place)


current_claim: contextvars.ContextVar[Claim | None] = contextvars.ContextVar("current_claim", default=None)


def claim_of(database: Database) -> Claim | None:
    """The claim that a transaction of this database has to mark."""
    claim = current_claim.get()
    if claim is None or claim.database is not database or claim.is_marked or not claim.is_open:
        return None
    return claim
