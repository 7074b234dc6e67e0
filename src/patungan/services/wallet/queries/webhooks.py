"""What the provider told us: stored first, then processed many at a time. The body names a bank account and is sealed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.providers.payouts import Outcome


class StoredEvent(msgspec.Struct, frozen=True):
    id: UUID
    body_sealed: bytes
    attempts: int


class WebhookEventRow(msgspec.Struct, frozen=True):
    """An event without its body; ``news`` names what it is about, ``outcome`` is None until it is processed."""

    id: UUID
    webhook_id: str | None
    news: str
    received_at: datetime
    deliveries: int
    outcome: Outcome | None
    processed_at: datetime | None


store_event = sql.one(
    UUID,
    """
    insert into webhook_events (id, fingerprint, webhook_id, news, body_sealed, received_at, next_attempt_at)
    values ($1, $2, $3, $4, $5, $6, $6)
    on conflict (fingerprint) do update set deliveries = webhook_events.deliveries + 1
    returning id
    """,
)
take_open = sql.many(
    StoredEvent,
    """
    with due as (
        select id from webhook_events where processed_at is null and next_attempt_at <= $1
        order by next_attempt_at limit $2 for update skip locked
    )
    update webhook_events e set next_attempt_at = $3 from due where e.id = due.id
    returning e.id, e.body_sealed, e.attempts
    """,
)
lock_open = sql.many(
    UUID, "select id from webhook_events where id = any($1::uuid[]) and processed_at is null order by id for update"
)
finish = sql.run(
    """
    update webhook_events e set outcome = n.outcome, processed_at = $3, next_attempt_at = null
    from unnest($1::uuid[], $2::text[]) as n(id, outcome) where e.id = n.id
    """
)
postpone = sql.run(
    "update webhook_events set attempts = attempts + 1, next_attempt_at = $2 where id = $1 and processed_at is null"
)
_WANTED = "($1::text is null or outcome = $1)"
list_events = sql.many(
    WebhookEventRow,
    f"""
    select id, webhook_id, news, received_at, deliveries, outcome, processed_at from webhook_events
    where {_WANTED} order by received_at desc, id desc limit $2 offset $3
    """,
)
count_events = sql.one(int, f"select count(*) from webhook_events where {_WANTED}")
