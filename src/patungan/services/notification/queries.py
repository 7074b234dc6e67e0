"""The SQL of notification, on its own schema."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.services.notification.rules import DeliveryStatus, Failure, NotificationType


class NotificationRow(msgspec.Struct, frozen=True):
    """A notification as its reader sees it, in one language."""

    id: UUID
    type: NotificationType
    title: str
    message: str
    action_url: str | None
    is_read: bool
    created_at: datetime


class Delivery(msgspec.Struct, frozen=True):
    """How far an SMS is."""

    id: UUID
    status: DeliveryStatus
    failure: Failure | None


insert_notifications = sql.run(
    """
    insert into notifications (id, event_id, user_id, type, title, title_en, message, message_en, action_url,
        related_id, created_at)
    select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[],
        $8::text[], $9::text[], $10::uuid[], $11::timestamptz[])
    on conflict (event_id, user_id) do nothing
    """
)

_SHOWN = """
    id, type, case when $2 = 'en' then title_en else title end as title,
    case when $2 = 'en' then message_en else message end as message, action_url, read_at is not null as is_read,
    created_at
"""
list_notifications = sql.many(
    NotificationRow,
    f"""
    select {_SHOWN} from notifications where user_id = $1
    order by created_at desc, id desc limit $3 offset $4
    """,
)
list_unread = sql.many(
    NotificationRow,
    f"""
    select {_SHOWN} from notifications where user_id = $1 and read_at is null
    order by created_at desc, id desc limit $3 offset $4
    """,
)
count_notifications = sql.one(int, "select count(*) from notifications where user_id = $1")
count_unread = sql.one(int, "select count(*) from notifications where user_id = $1 and read_at is null")
mark_read = sql.maybe(
    NotificationRow,
    f"""
    update notifications set read_at = coalesce(read_at, $4) where user_id = $1 and id = $3 returning {_SHOWN}
    """,
)
mark_all_read = sql.run("update notifications set read_at = $2 where user_id = $1 and read_at is null")
delete_notification = sql.run("delete from notifications where user_id = $1 and id = $2")

insert_delivery = sql.run(
    """
    insert into deliveries (id, channel, recipient, dedupe_key, created_at) values ($1, 'sms', $2, $3, $4)
    on conflict (dedupe_key) do nothing
    """
)
find_delivery = sql.one(Delivery, "select id, status, failure from deliveries where dedupe_key = $1")
claim_delivery = sql.maybe(
    UUID,
    """
    update deliveries
    set attempts = attempts + 1, claimed_until = $3, status = 'queued', failure = null, error_code = null,
        failed_at = null
    where dedupe_key = $1 and (claimed_until is null or claimed_until <= $2)
      and (status = 'queued' or status = 'failed' and failure = 'unavailable')
    returning id
    """,
)
record_outcome = sql.run(
    """
    update deliveries
    set status = $3, failure = $4, error_code = $5, provider_id = $6, claimed_until = null,
        sent_at = case when $3 = 'sent' then $2::timestamptz end,
        failed_at = case when $3 = 'failed' then $2::timestamptz end
    where id = $1
    """
)
