"""The people in a session: reservations, payments, what the close decided for them. Set-based throughout."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.contracts.address import Address
from patungan.kernel import sql
from patungan.kernel.money import Rupiah
from patungan.services.group_buying.rules import ParticipantStatus, Taken


class KnownJoin(msgspec.Struct, frozen=True):
    """A join that was accepted before under the same idempotency key."""

    user_id: UUID
    idempotency_key: str
    input_hash: bytes
    id: UUID


class Participant(msgspec.Struct, frozen=True):
    """A participation; amounts in rupiah."""

    id: UUID
    session_id: UUID
    user_id: UUID
    variant_id: UUID | None
    quantity: int
    unit_price: Rupiah
    product_amount: Rupiah
    leg1_amount: Rupiah
    leg2_amount: Rupiah
    fee_amount: Rupiah
    status: ParticipantStatus
    joined_at: datetime
    expires_at: datetime
    final_unit_price: Rupiah | None
    cashback: Rupiah | None
    order_number: str | None

    @property
    def total(self) -> Rupiah:
        return Rupiah(self.product_amount + self.leg1_amount + self.leg2_amount + self.fee_amount)


class Delivery(msgspec.Struct, frozen=True):
    """Where a participation's parcel goes, and by which service."""

    address: Address
    courier_service: str


class Moved(msgspec.Struct, frozen=True):
    """Units that changed hands in a batch, by session and variant."""

    session_id: UUID
    position: int
    quantity: int
    people: int


class PaidDemand(msgspec.Struct, frozen=True):
    """Paid units of a variant."""

    position: int
    variant_id: UUID | None
    price_adjustment: int
    quantity: int


class PaidTotals(msgspec.Struct, frozen=True):
    """What the paid participants of a session add up to; amounts in rupiah."""

    people: int
    quantity: int
    total: Rupiah
    leg1: Rupiah
    leg2: Rupiah
    fee: Rupiah


class Figures(msgspec.Struct, frozen=True):
    """What the people who paid add up to, those paid back excepted; amounts in rupiah."""

    buyers: int
    quantity: int
    total: Rupiah
    product: Rupiah


class FiguresOfVariant(msgspec.Struct, frozen=True):
    """Paid and reserved units of a variant."""

    variant_id: UUID | None
    name: str
    paid: int
    held: int


class Shown(msgspec.Struct, frozen=True):
    """A participation as strangers may see it, once the name is masked."""

    user_id: UUID
    quantity: int
    joined_at: datetime


_PARTICIPANT = """id, session_id, user_id, variant_id, quantity, unit_price, product_amount, leg1_amount, leg2_amount,
    fee_amount, status, joined_at, expires_at, final_unit_price, cashback, order_number"""

# One look into the index for each, whatever the statistics say of a table that a crowd fills (docs/decisions/0006).
known_joins = sql.many(
    KnownJoin,
    """
    select p.* from unnest($1::uuid[], $2::text[]) as asked(user_id, key)
    cross join lateral (
        select user_id, idempotency_key, input_hash, id from participants
        where user_id = asked.user_id and idempotency_key = asked.key limit 1
    ) as p
    """,
)
insert_participants = sql.run(
    """
    insert into participants (id, session_id, user_id, position, variant_id, quantity, unit_price, product_amount,
        leg1_amount, leg2_amount, fee_amount, courier_service, address, status, idempotency_key, input_hash, joined_at,
        expires_at)
    select p.id, $1, p.user_id, p.position, p.variant_id, p.quantity, p.unit_price, p.product_amount, p.leg1, p.leg2,
        p.fee, p.courier_service, p.address, 'held', p.key, p.input_hash, $2, $3
    from unnest($4::uuid[], $5::uuid[], $6::smallint[], $7::uuid[], $8::int[], $9::bigint[], $10::bigint[], $11::bigint[],
        $12::bigint[], $13::bigint[], $14::text[], $15::jsonb[], $16::text[], $17::bytea[])
        as p(id, user_id, position, variant_id, quantity, unit_price, product_amount, leg1, leg2, fee, courier_service,
             address, key, input_hash)
    """
)
participants_by_ids = sql.many(Participant, f"select {_PARTICIPANT} from participants where id = any($1::uuid[])")
find_own = sql.maybe(
    Participant, f"select {_PARTICIPANT} from participants where id = $1 and user_id = $2 and session_id = $3"
)
find_delivery = sql.one(Delivery, "select address, courier_service from participants where id = $1")
list_own = sql.many(
    Participant,
    f"select {_PARTICIPANT} from participants where user_id = $1 order by joined_at desc, id desc limit $2 offset $3",
)
count_own = sql.one(int, "select count(*) from participants where user_id = $1")
shown_participants = sql.many(
    Shown,
    """
    select user_id, quantity, joined_at from participants
    where session_id = $1 and status in ('paid', 'settled') order by joined_at desc, id desc limit $2 offset $3
    """,
)
count_shown = sql.one(int, "select count(*) from participants where session_id = $1 and status in ('paid', 'settled')")

_MOVED = "select session_id, position::int as position, sum(quantity)::int as quantity, count(*)::int as people"

mark_paid = sql.many(
    Moved,
    f"""
    with moved as (
        update participants set status = 'paid', paid_at = paid.at
        from unnest($1::uuid[], $2::timestamptz[]) as paid(id, at)
        where participants.id = paid.id and participants.status = 'held'
        returning session_id, position, quantity
    )
    {_MOVED} from moved group by session_id, position order by session_id, position
    """,
)
mark_released = sql.many(
    Moved,
    f"""
    with moved as (
        update participants set status = 'released', released_at = $2
        where id = any($1::uuid[]) and status = 'held'
        returning session_id, position, quantity
    )
    {_MOVED} from moved group by session_id, position order by session_id, position
    """,
)
lock_sessions_of = sql.many(
    UUID,
    """
    select id from sessions where id in (select session_id from participants where id = any($1::uuid[]))
    order by id for update
    """,
)
mark_all_released = sql.many(
    Moved,
    f"""
    with moved as (
        update participants set status = 'released', released_at = $2
        where session_id = $1 and status = 'held'
        returning session_id, position, quantity
    )
    {_MOVED} from moved group by session_id, position order by session_id, position
    """,
)

paid_people = sql.many(
    Taken,
    """
    select id, variant_id, quantity from participants where session_id = $1 and status = 'paid' order by joined_at, id
    """,
)
paid_totals = sql.one(
    PaidTotals,
    """
    select count(*)::int as people, coalesce(sum(quantity), 0)::int as quantity,
        coalesce(sum(product_amount + leg1_amount + leg2_amount + fee_amount), 0)::bigint as total,
        coalesce(sum(leg1_amount), 0)::bigint as leg1, coalesce(sum(leg2_amount), 0)::bigint as leg2,
        coalesce(sum(fee_amount), 0)::bigint as fee
    from participants where session_id = $1 and status in ('paid', 'settled')
    """,
)
figures_of = sql.one(
    Figures,
    """
    select count(distinct user_id)::int as buyers, coalesce(sum(quantity), 0)::int as quantity,
        coalesce(sum(product_amount + leg1_amount + leg2_amount + fee_amount), 0)::bigint as total,
        coalesce(sum(product_amount), 0)::bigint as product
    from participants where session_id = $1 and status in ('paid', 'settled')
    """,
)
figures_by_variant = sql.many(
    FiguresOfVariant,
    """
    select v.variant_id, v.name,
        coalesce(sum(p.quantity) filter (where p.status in ('paid', 'settled')), 0)::int as paid,
        coalesce(sum(p.quantity) filter (where p.status = 'held'), 0)::int as held
    from session_variants v left join participants p on p.session_id = v.session_id and p.position = v.position
    where v.session_id = $1 group by v.position, v.variant_id, v.name order by v.position
    """,
)
paid_demand = sql.many(
    PaidDemand,
    """
    select v.position::int as position, v.variant_id, v.price_adjustment, sum(p.quantity)::int as quantity
    from participants p join session_variants v on v.session_id = p.session_id and v.position = p.position
    where p.session_id = $1 and p.status in ('paid', 'settled')
    group by v.position, v.variant_id, v.price_adjustment order by v.position
    """,
)
