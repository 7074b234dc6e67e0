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


class StoredName(msgspec.Struct, frozen=True):
    id: UUID
    fingerprint: bytes


class NameHolder(msgspec.Struct, frozen=True):
    """An event with a name that it bears."""

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
store_events = sql.many(
    StoredName,
    """
    insert into webhook_events (id, fingerprint, webhook_id, news, body, deliveries, received_at, next_attempt_at)
    select n.id, n.fingerprint, n.webhook_id, n.news, n.body, n.deliveries, $7::timestamptz, $8::timestamptz
    from unnest($1::uuid[], $2::bytea[], $3::text[], $4::text[], $5::bytea[], $6::int[])
        as n(id, fingerprint, webhook_id, news, body, deliveries)
    order by n.fingerprint
    on conflict (fingerprint) do update set deliveries = webhook_events.deliveries + excluded.deliveries
    returning id, fingerprint
    """,
)
claim_names = sql.run(
    """
    insert into webhook_names (name, event_id)
    select n.name, n.event_id from unnest($1::text[], $2::uuid[]) with ordinality as n(name, event_id, place)
    order by n.name, n.place
    on conflict (name) do nothing
    """
)
foreign_names = sql.many(
    NameHolder,
    """
    select n.name, n.event_id from unnest($1::text[], $2::uuid[]) as n(name, event_id)
    cross join lateral (select h.event_id from webhook_names h where h.name = n.name limit 1) as holder
    where holder.event_id <> n.event_id
    """,
)
lock_event = sql.one(
    StoredWebhook, "select id, body, attempts, received_at, outcome from webhook_events where id = $1 for no key update"
)
finish_event = sql.run(
    "update webhook_events set outcome = $2, processed_at = $3, next_attempt_at = null where id = $1"
)
lock_free_events = sql.many(
    StoredWebhook,
    """
    select id, body, attempts, received_at, outcome from webhook_events where id = any($1::uuid[])
    order by id for no key update skip locked
    """,
)
finish_events = sql.run(
    """
    update webhook_events e set outcome = n.outcome, processed_at = $3, next_attempt_at = null
    from unnest($1::uuid[], $2::text[]) as n(id, outcome)
    where e.id = any($1) and e.id = n.id and e.outcome is null
    """
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
