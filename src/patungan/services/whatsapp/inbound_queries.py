"""The SQL of what people write to us."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.providers.whatsapp import InboundKind
from patungan.services.whatsapp.rules import InboundOutcome


class Sent(msgspec.Struct, frozen=True):
    """The message whose button was pressed."""

    id: UUID
    language: str
    reason_payloads: list[str]


class Question(msgspec.Struct, frozen=True):
    """An open question for a reason."""

    payload: str
    language: str


class Inbound(msgspec.Struct, frozen=True):
    """A message to us as the list shows it, before its number is masked."""

    id: UUID
    phone: str
    kind: InboundKind
    text: str
    outcome: InboundOutcome
    message_id: UUID | None
    sent_at: datetime
    received_at: datetime
    handled_by: UUID | None
    handled_at: datetime | None


insert_inbound = sql.run(
    """
    insert into inbound_messages (id, provider_id, phone, kind, text, outcome, message_id, sent_at, received_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (provider_id) do nothing
    """
)
# Two deliveries of one message at once take turns: the second finds the row of the first.
lock_inbound = sql.run("select pg_advisory_xact_lock(hashtextextended('inbound ' || $1::text, 0))")
find_inbound = sql.maybe(UUID, "select id from inbound_messages where provider_id = $1")
# Only from the number that the message went to: a payload that was forwarded counts for nothing.
find_pressed = sql.maybe(
    Sent,
    """
    select id, language, reason_payloads from messages
    where button_payloads @> array[$1::text] and button_payloads <> '{}' and phone = $2
    order by provider_id = $3 desc nulls last, created_at desc limit 1
    """,
)
open_question = sql.run(
    """
    insert into open_questions (phone, payload, language, until) values ($1, $2, $3, $4)
    on conflict (phone) do update set payload = excluded.payload, language = excluded.language, until = excluded.until
    """
)
close_question = sql.maybe(
    Question, "delete from open_questions where phone = $1 and until > $2 returning payload, language"
)
withdraw_question = sql.run("delete from open_questions where phone = $1 and payload = any($2::text[])")
opt_out = sql.run("insert into opt_outs (phone, since) values ($1, $2) on conflict do nothing")
opt_in = sql.run("delete from opt_outs where phone = $1")

_INBOUND = """
    id, phone, kind, text, outcome, message_id, sent_at, received_at, handled_by, handled_at
    """
_WANTED = """
    from inbound_messages where ($1::text is null or outcome = $1) and ($2::boolean is null or (handled_at is not null) = $2)
        and ($3::text is null or phone = $3)
    """
list_inbound = sql.many(Inbound, f"select {_INBOUND} {_WANTED} order by received_at desc, id desc limit $4 offset $5")
count_inbound = sql.one(int, f"select count(*) {_WANTED}")
mark_handled = sql.maybe(
    Inbound,
    f"""
    update inbound_messages set handled_by = coalesce(handled_by, $2), handled_at = coalesce(handled_at, $3)
    where id = $1 returning {_INBOUND}
    """,
)
