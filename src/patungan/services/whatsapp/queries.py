"""The SQL of whatsapp, on its own schema."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.services.whatsapp.rules import Status


class Claimed(msgspec.Struct, frozen=True):
    """A message that is this process's to hand over; ``attempts`` counts the one that begins now."""

    id: UUID
    phone: str
    template: str
    language: str
    parameters: list[str]
    button_payloads: list[str]
    dedupe_key: str
    attempts: int
    unknown_outcomes: int
    deliver_until: datetime | None


class State(msgspec.Struct, frozen=True):
    """How far a message is."""

    id: UUID
    template: str
    dedupe_key: str
    deliver_until: datetime | None
    status: Status
    failure: str | None
    provider_id: str | None


class Resent(msgspec.Struct, frozen=True):
    """A failed message that is queued once more; ``resent`` counts how often."""

    id: UUID
    resent: int


class Listed(msgspec.Struct, frozen=True):
    """A message as the list shows it, before its number is masked."""

    id: UUID
    phone: str
    template: str
    language: str
    parameters: list[str]
    status: Status
    failure: str | None
    error_code: str | None
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    failed_at: datetime | None


class Backlog(msgspec.Struct, frozen=True):
    """What waits, and what failed lately."""

    queued: int
    oldest_queued_at: datetime | None
    failed: int


insert_message = sql.run(
    """
    insert into messages (id, phone, template, language, parameters, dedupe_key, created_at, deliver_until,
        button_payloads, reason_payloads)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (dedupe_key) do nothing
    """
)
_STATE = "id, template, dedupe_key, deliver_until, status, failure, provider_id"
find_by_key = sql.one(State, f"select {_STATE} from messages where dedupe_key = $1")
find_state = sql.one(State, f"select {_STATE} from messages where id = $1")

claim = sql.maybe(
    Claimed,
    """
    update messages
    set attempts = attempts + 1, claimed_until = $3, next_attempt_at = null,
        status = 'queued', failure = null, error_code = null, failed_at = null
    where id = $1 and (claimed_until is null or claimed_until <= $2)
      and (status = 'queued' or $4::boolean and status = 'failed' and failure = 'unavailable')
    returning id, phone, template, language, parameters, button_payloads, dedupe_key, attempts, unknown_outcomes,
        deliver_until
    """,
)
record_outcome = sql.run(
    """
    update messages
    set claimed_until = null, provider_id = coalesce($6, provider_id),
        unknown_outcomes = unknown_outcomes + $7::boolean::int,
        status = case when status = 'queued' then $3 else status end,
        failure = case when status = 'queued' then $4 else failure end,
        error_code = case when status = 'queued' then $5 else error_code end,
        next_attempt_at = case when status = 'queued' then $8::timestamptz end,
        sent_at = case when $3 = 'sent' then coalesce(sent_at, $2) else sent_at end,
        failed_at = case when status = 'queued' and $3 = 'failed' then $2 else failed_at end
    where id = $1
    """
)
claim_due = sql.many(
    UUID,
    """
    update messages set next_attempt_at = null
    where id in (
        select id from messages where status = 'queued' and next_attempt_at <= $1
        order by next_attempt_at limit $2 for update skip locked)
    returning id
    """,
)
give_up_abandoned = sql.run(
    """
    update messages
    set status = 'failed', failed_at = $1, claimed_until = null,
        failure = case when attempts = 0 then 'unavailable' else 'outcome unknown' end
    where status = 'queued' and deliver_until is null and created_at <= $2
      and (claimed_until is null or claimed_until <= $1)
    """
)

put_off = sql.run(
    "update messages set next_attempt_at = $2 where id = $1 and status = 'queued' and claimed_until is null"
)
# One row over all processes: its lock is what keeps them together within WhatsApp's pace.
take_slot = sql.maybe(
    int,
    """
    update pacing set window_start = case when window_start <= $1 - interval '1 second' then $1 else window_start end,
        sent = case when window_start <= $1 - interval '1 second' then 1 else sent + 1 end
    where paused_until <= $1 and (window_start <= $1 - interval '1 second' or sent < $2)
    returning sent
    """,
)
next_slot = sql.one(
    datetime, "select greatest(paused_until, window_start + interval '1 second', $1::timestamptz) from pacing"
)
pause = sql.run("update pacing set paused_until = greatest(paused_until, $1)")
find_opt_out = sql.maybe(datetime, "select since from opt_outs where phone = $1")
resend = sql.maybe(
    Resent,
    """
    update messages set status = 'queued', failure = null, error_code = null, failed_at = null, unknown_outcomes = 0,
        deliver_until = $2, next_attempt_at = null, claimed_until = null, resent = resent + 1
    where id = $1 and status = 'failed' and deliver_until is not null
    returning id, resent
    """,
)
find_known = sql.maybe(UUID, "select id from messages where id = $1")

lock_named = sql.many(
    State,
    f"""
    select {_STATE} from messages
    where provider_id = any($1::text[]) or id = any($2::uuid[]) order by id for update
    """,
)
apply_news = sql.run(
    """
    update messages
    set status = $2, failure = $3, error_code = case when $2 = 'failed' then coalesce($4, error_code) end,
        provider_id = coalesce(provider_id, $5),
        next_attempt_at = case when $2 = 'queued' then next_attempt_at end,
        sent_at = case when $6 = 'sent' then coalesce(sent_at, $7) else sent_at end,
        delivered_at = case when $6 = 'delivered' then coalesce(delivered_at, $7) else delivered_at end,
        read_at = case when $6 = 'read' then coalesce(read_at, $7) else read_at end,
        failed_at = case when $2 = 'failed' then coalesce(failed_at, $7) end
    where id = $1
    """
)

_FILTERED = "from messages where ($1::text is null or status = $1) and ($2::text is null or template = $2)"
find_messages = sql.listed(
    Listed,
    f"""
    select id, phone, template, language, parameters, status, failure, error_code, attempts, created_at,
        next_attempt_at, sent_at, delivered_at, read_at, failed_at
    from messages where id in (select id {_FILTERED} order by created_at desc, id desc limit $3 offset $4)
    order by created_at desc, id desc
    """,
)
count_messages = sql.counted(_FILTERED)
count_backlog = sql.one(
    Backlog,
    """
    select count(*) filter (where status = 'queued') as queued,
        min(created_at) filter (where status = 'queued') as oldest_queued_at,
        count(*) filter (where status = 'failed' and created_at >= $1) as failed
    from messages where status = 'queued' or status = 'failed' and created_at >= $1
    """,
)
