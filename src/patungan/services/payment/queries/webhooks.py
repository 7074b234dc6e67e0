"""What the provider told us: stored first, then processed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.services.payment.rules import Outcome


class StoredWebhook(msgspec.Struct, frozen=True):
    """A stored event; ``outcome`` is None until it is processed."""

    id: UUID
    body: bytes
    attempts: int
    received_at: datetime
    outcome: Outcome | None


class WebhookEvent(msgspec.Struct, frozen=True):
    """A stored event as finance sees it; ``outcome`` is None until it is processed."""

    id: UUID
    news: str
    webhook_id: str | None
    received_at: datetime
    deliveries: int
    attempts: int
    processed_at: datetime | None
    outcome: Outcome | None


class WebhookBody(msgspec.Struct, frozen=True):
    body: bytes


class NameHolder(msgspec.Struct, frozen=True):
    name: str
    event_id: UUID


store_event = sql.one(
    UUID,
    """
    insert into webhook_events (id, fingerprint, webhook_id, news, body, received_at, next_attempt_at)
    values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (fingerprint) do update set deliveries = webhook_events.deliveries + 1
    returning id
    """,
)
claim_names = sql.run(
    """
    insert into webhook_names (name, event_id) select n, $2 from unnest($1::text[]) n order by n
    on conflict (name) do nothing
    """
)
name_holders = sql.many(NameHolder, "select name, event_id from webhook_names where name = any($1::text[])")
lock_event = sql.one(
    StoredWebhook, "select id, body, attempts, received_at, outcome from webhook_events where id = $1 for no key update"
)
finish_event = sql.run(
    "update webhook_events set outcome = $2, processed_at = $3, next_attempt_at = null where id = $1"
)
claim_open_events = sql.many(
    UUID,
    """
    with due as (
        select id from webhook_events where processed_at is null and next_attempt_at <= $1
        order by next_attempt_at limit $2 for no key update skip locked
    )
    update webhook_events e set next_attempt_at = $3 from due where e.id = due.id returning e.id
    """,
)
postpone_event = sql.run(
    "update webhook_events set attempts = attempts + 1, next_attempt_at = $2 where id = $1 and processed_at is null"
)

_EVENT = "id, news, webhook_id, received_at, deliveries, attempts, processed_at, outcome"
list_events = sql.listed(
    WebhookEvent,
    f"""
    select {_EVENT} from webhook_events where id in (
        select id from webhook_events where ($1::text is null or outcome = $1) and (not $2::bool or processed_at is null)
        order by received_at desc, id desc limit $3 offset $4
    )
    order by received_at desc, id desc
    """,
)
count_events = sql.counted(
    """
    from webhook_events where ($1::text is null or outcome = $1) and (not $2::bool or processed_at is null)
    """,
)
find_event = sql.maybe(WebhookEvent, f"select {_EVENT} from webhook_events where id = $1")
find_body = sql.maybe(WebhookBody, "select body from webhook_events where id = $1")
