"""The SQL of what ratings and statistics are made of."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.services.factory.rules import SessionOutcome


class StandingRow(msgspec.Struct, frozen=True):
    """What a factory's rating is made of."""

    factory_id: UUID
    received: int
    cancelled: int
    answers: int
    answer_points: int
    reviews: int
    review_stars: int


class SessionRow(msgspec.Struct, frozen=True):
    """A session of a factory's product; units paid for by its end."""

    id: UUID
    code: str
    product_id: UUID
    product_name: str
    opened_at: datetime
    ends_at: datetime
    status: SessionOutcome
    ended_at: datetime | None
    units: int


class SessionFigures(msgspec.Struct, frozen=True):
    sessions: int
    open_sessions: int
    succeeded: int
    failed: int
    cancelled: int
    units_sold: int


class OrderFigures(msgspec.Struct, frozen=True):
    """Purchase orders by how they ended, and how long their answers took on average (minutes)."""

    purchase_orders: int
    open_purchase_orders: int
    received: int
    cancelled: int
    answered: int
    average_answer_minutes: int | None


class Metrics(msgspec.Struct, frozen=True):
    """How many factories there are in which standing; ``average_rating_hundredths`` of those that were reviewed."""

    factories: int
    pending: int
    active: int
    inactive: int
    suspended: int
    unverified: int
    verification_pending: int
    verified: int
    rejected: int
    without_office: int
    average_rating_hundredths: int | None


note_purchase_orders = sql.run(
    """
    insert into factory_purchase_orders (id, factory_id, code, created_at, answered_at, ended_at, outcome)
    select * from unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[], $7::text[])
        as n(id, factory_id, code, created_at, answered_at, ended_at, outcome)
    on conflict (id) do update set
        answered_at = coalesce(factory_purchase_orders.answered_at, excluded.answered_at),
        ended_at = coalesce(factory_purchase_orders.ended_at, excluded.ended_at),
        outcome = coalesce(factory_purchase_orders.outcome, excluded.outcome)
    """
)
keep_reviews = sql.run(
    """
    update factories f set review_count = n.count, review_total = n.total, review_revision = n.revision
    from unnest($1::uuid[], $2::int[], $3::bigint[], $4::bigint[]) as n(id, count, total, revision)
    where f.id = n.id and f.review_revision < n.revision
    """
)
# DOMAIN.md 3.3: an answer within 1, 3, 6, 12, 24 hours is worth 5, 4, 3, 2, 1 stars, a later one or none by then nothing.
find_standings = sql.many(
    StandingRow,
    """
    select f.id as factory_id, (count(*) filter (where o.outcome = 'received'))::int as received,
        (count(*) filter (where o.outcome = 'cancelled'))::int as cancelled, count(a.points)::int as answers,
        coalesce(sum(a.points), 0)::int as answer_points, f.review_count as reviews,
        f.review_total::int as review_stars
    from factories f
    left join factory_purchase_orders o on o.factory_id = f.id
    left join lateral (
        select coalesce(o.answered_at, $2) - o.created_at as waited) w on o.id is not null
    left join lateral (
        select case when w.waited <= interval '1 hour' then 5 when w.waited <= interval '3 hours' then 4
            when w.waited <= interval '6 hours' then 3 when w.waited <= interval '12 hours' then 2
            when w.waited <= interval '24 hours' then 1 else 0 end as points
        where o.answered_at is not null
            or (o.outcome is distinct from 'cancelled' and w.waited > interval '24 hours')) a on o.id is not null
    where f.id = any($1::uuid[]) group by f.id order by f.id
    """,
)
update_ratings = sql.run(
    """
    update factories f set rating_hundredths = n.rating from unnest($1::uuid[], $2::int[]) as n(id, rating)
    where f.id = n.id and f.rating_hundredths is distinct from n.rating
    """
)
find_factories_after = sql.many(UUID, "select id from factories where id > $1 order by id limit $2")

open_sessions = sql.run(
    """
    insert into factory_sessions (id, factory_id, code, product_id, product_name, opened_at, ends_at, status)
    select *, 'open' from unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::timestamptz[], $7::timestamptz[])
    on conflict do nothing
    """
)
end_sessions = sql.run(
    """
    update factory_sessions s set status = n.status, ended_at = n.at, units = n.units
    from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::int[]) as n(id, status, at, units)
    where s.id = n.id and s.status = 'open'
    """
)
_SESSIONS = "from factory_sessions where factory_id = $1 and ($2::text is null or status = $2)"
count_sessions = sql.one(int, f"select count(*) {_SESSIONS}")
list_sessions = sql.many(
    SessionRow,
    f"""
    select id, code, product_id, product_name, opened_at, ends_at, status, ended_at, units {_SESSIONS}
    order by opened_at desc, id limit $3 offset $4
    """,
)
session_figures = sql.one(
    SessionFigures,
    """
    select count(*)::int as sessions, (count(*) filter (where status = 'open'))::int as open_sessions,
        (count(*) filter (where status = 'succeeded'))::int as succeeded, (count(*) filter (where status = 'failed'))::int as failed,
        (count(*) filter (where status = 'cancelled'))::int as cancelled,
        coalesce(sum(units) filter (where status = 'succeeded'), 0)::int as units_sold
    from factory_sessions where factory_id = $1 and opened_at >= $2 and opened_at < $3
    """,
)
order_figures = sql.one(
    OrderFigures,
    """
    select count(*)::int as purchase_orders, (count(*) filter (where outcome is null))::int as open_purchase_orders,
        (count(*) filter (where outcome = 'received'))::int as received, (count(*) filter (where outcome = 'cancelled'))::int as cancelled,
        count(answered_at)::int as answered,
        (extract(epoch from avg(answered_at - created_at)) / 60)::int as average_answer_minutes
    from factory_purchase_orders where factory_id = $1 and created_at >= $2 and created_at < $3
    """,
)
metrics = sql.one(
    Metrics,
    """
    select count(*)::int as factories, (count(*) filter (where status = 'pending'))::int as pending,
        (count(*) filter (where status = 'active'))::int as active, (count(*) filter (where status = 'inactive'))::int as inactive,
        (count(*) filter (where status = 'suspended'))::int as suspended,
        (count(*) filter (where verification_status = 'unverified'))::int as unverified,
        (count(*) filter (where verification_status = 'pending'))::int as verification_pending,
        (count(*) filter (where verification_status = 'verified'))::int as verified,
        (count(*) filter (where verification_status = 'rejected'))::int as rejected,
        (count(*) filter (where office_id is null))::int as without_office,
        round(avg(rating_hundredths))::int as average_rating_hundredths
    from factories
    """,
)
