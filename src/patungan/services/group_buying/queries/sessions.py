"""Sessions: their terms, their progress, their history."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.contracts.product import Product
from patungan.kernel import sql
from patungan.kernel.money import Rupiah
from patungan.services.group_buying.rules import (
    FINAL,
    Phase,
    Prices,
    Status,
    VariantState,
    phase_of,
    progress_percent,
    tier_of,
)


class Session(msgspec.Struct, frozen=True):
    """A session whole."""

    id: UUID
    code: str
    product_id: UUID
    product: Product
    factory_id: UUID
    factory_name: str
    factory_city: str
    warehouse_id: UUID
    warehouse_city: str
    warehouse_postal_code: str
    status: Status
    target_moq: int
    base_price: Rupiah
    price_tier_25: Rupiah
    price_tier_50: Rupiah
    price_tier_75: Rupiah
    price_tier_100: Rupiah
    bulk_shipping_cost: Rupiah
    max_units_per_buyer: int | None
    starts_at: datetime
    ends_at: datetime
    paid_quantity: int
    held_quantity: int
    platform_quantity: int
    participant_count: int
    tier_reached: int | None
    claimed_at: datetime | None
    purchase_order_code: str | None
    production_state: str | None
    parent_session_id: UUID | None
    created_by: UUID
    created_at: datetime

    @property
    def prices(self) -> Prices:
        return Prices(self.base_price, self.price_tier_25, self.price_tier_50, self.price_tier_75, self.price_tier_100)

    @property
    def current_tier(self) -> int:
        """The tier that was decided, or the one that the paid units reach so far."""
        return self.tier_reached or tier_of(self.paid_quantity, self.target_moq)

    @property
    def progress_percent(self) -> int:
        return progress_percent(self.paid_quantity, self.target_moq)

    @property
    def is_closing(self) -> bool:
        """Whether the closing has taken it and is not done."""
        return self.claimed_at is not None and self.status not in FINAL

    def phase(self, now: datetime) -> Phase:
        """The phase that the session is in."""
        return phase_of(self.status, self.starts_at, now, claimed=self.claimed_at is not None)


class SessionVariant(msgspec.Struct, frozen=True):
    position: int
    variant_id: UUID | None
    name: str
    sku: str
    price_adjustment: int
    units_per_bundle: int | None
    max_excess_units: int | None
    free_stock: int
    demand: int

    @property
    def state(self) -> VariantState:
        return VariantState(
            self.variant_id,
            self.demand,
            self.free_stock,
            self.units_per_bundle,
            self.max_excess_units,
            self.price_adjustment,
        )


class HistoryEntry(msgspec.Struct, frozen=True):
    """A step of a session's life; ``by`` is platform, factory or admin."""

    at: datetime
    transition: str
    from_status: str | None
    to_status: str
    by: str
    reason: str


class SignedHistoryEntry(msgspec.Struct, frozen=True):
    """A step with the person who took it; None: the platform itself."""

    at: datetime
    transition: str
    from_status: str | None
    to_status: str
    by: str
    reason: str
    user_id: UUID | None


class StartedSession(msgspec.Struct, frozen=True):
    """A session whose start has come."""

    id: UUID
    status: Status
    starts_at: datetime


class DueSession(msgspec.Struct, frozen=True):
    id: UUID
    ends_at: datetime


SESSION = """id, code, product_id, product, factory_id, factory_name, factory_city, warehouse_id, warehouse_city,
    warehouse_postal_code, status, target_moq, base_price, price_tier_25, price_tier_50, price_tier_75, price_tier_100,
    bulk_shipping_cost, max_units_per_buyer, starts_at, ends_at, paid_quantity, held_quantity, platform_quantity, participant_count,
    tier_reached, claimed_at, purchase_order_code, production_state, parent_session_id, created_by, created_at"""

find_session = sql.maybe(Session, f"select {SESSION} from sessions where id = $1")
find_session_by_code = sql.maybe(Session, f"select {SESSION} from sessions where code = $1")
lock_session = sql.maybe(Session, f"select {SESSION} from sessions where id = $1 for update")
find_child = sql.maybe(UUID, "select id from sessions where parent_session_id = $1")

insert_session = sql.run(
    """
    insert into sessions (id, code, product_id, product, factory_id, factory_name, factory_city, warehouse_id,
        warehouse_city, warehouse_postal_code, status, target_moq, base_price, price_tier_25, price_tier_50,
        price_tier_75, price_tier_100, bulk_shipping_cost, starts_at, ends_at, parent_session_id, created_by, created_at,
        started_at, max_units_per_buyer)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
        $24, $25)
    on conflict do nothing
    """
)
insert_variants = sql.run(
    """
    insert into session_variants (session_id, position, variant_id, name, sku, price_adjustment, units_per_bundle,
        max_excess_units, free_stock)
    select $1, * from unnest($2::smallint[], $3::uuid[], $4::text[], $5::text[], $6::bigint[], $7::int[], $8::int[],
        $9::int[])
    """
)
update_terms = sql.run(
    """
    update sessions set target_moq = $2, base_price = $3, price_tier_25 = $4, price_tier_50 = $5, price_tier_75 = $6,
        price_tier_100 = $7, starts_at = $8, ends_at = $9, bulk_shipping_cost = $10,
        max_units_per_buyer = $11
    where id = $1
    """
)
publish_draft = sql.run(
    """
    update sessions set product = $2, factory_name = $3, factory_city = $4, warehouse_city = $5,
        warehouse_postal_code = $6, starts_at = $7, started_at = $8
    where id = $1
    """
)
delete_variants = sql.run("delete from session_variants where session_id = $1")
delete_session = sql.run("delete from sessions where id = $1")

variants_of = sql.many(
    SessionVariant,
    """
    select position::int as position, variant_id, name, sku, price_adjustment, units_per_bundle, max_excess_units,
        free_stock, demand
    from session_variants where session_id = $1 order by position
    """,
)

_PHASE = """case when status not in ('forming', 'moq_reached') then status when claimed_at is not null then 'closing'
    when starts_at > $8 then 'scheduled' else status end"""
_LISTED = f"""
    from sessions
    where ($1::text is null or status = $1)
      and ($2::text is null or {_PHASE} = $2)
      and ($3::uuid[] is null or factory_id = any($3))
      and ($4::uuid is null or product_id = $4)
      and ($5::text[] is null or product ->> 'category_id' = any($5))
      and ($6::text is null or product ->> 'name' ilike $6 or product ->> 'name_en' ilike $6 or factory_name ilike $6
           or code ilike $6)
      and ($7::timestamptz is null or (status in ('forming', 'moq_reached') and claimed_at is null
                                       and starts_at <= $8 and ends_at > $8 and ends_at <= $7))
      and ($9::boolean or status <> 'draft')
"""
_ORDERS = {
    "ending": "(ends_at > $8) desc, ends_at, id",
    "newest": "created_at desc, id desc",
    "cheapest": "base_price, ends_at, id",
    "popular": "participant_count desc, ends_at, id",
    "fullest": "paid_quantity::float8 / target_moq desc, ends_at, id",
}
list_sessions = {
    name: sql.many(Session, f"select {SESSION} {_LISTED} order by {order} limit $10 offset $11")
    for name, order in _ORDERS.items()
}
count_sessions = sql.one(int, f"select count(*) {_LISTED}")
sessions_by_ids = sql.many(Session, f"select {SESSION} from sessions where id = any($1::uuid[]) and status <> 'draft'")

set_status = sql.run("update sessions set status = $2 where id = $1")
set_moq_reached = sql.run("update sessions set moq_reached_at = $2 where id = $1 and moq_reached_at is null")
set_claimed = sql.run("update sessions set claimed_at = $2 where id = $1 and claimed_at is null")
set_ended_early = sql.run("update sessions set ends_at = $2 where id = $1 and ends_at > $2")
set_production = sql.run("update sessions set production_state = $2 where id = $1")
set_purchase_order = sql.run("update sessions set purchase_order_code = $2 where id = $1")
set_tier = sql.run("update sessions set tier_reached = $2 where id = $1")
set_finalised = sql.run("update sessions set finalised_at = $2 where id = $1")
set_expiring = sql.run("update sessions set expiring_at = $2 where id = $1 and expiring_at is null")
add_progress = sql.run(
    """
    update sessions set paid_quantity = paid_quantity + $2, held_quantity = held_quantity + $3,
        participant_count = participant_count + $4
    where id = $1
    """
)
add_demand = sql.run(
    """
    update session_variants set demand = demand + moved.units
    from unnest($2::smallint[], $3::int[]) as moved(position, units)
    where session_id = $1 and session_variants.position = moved.position
    """
)
record_fill = sql.run(
    """
    insert into platform_fills (session_id, user_id, quantity, filled_at) values ($1, $2, $3, $4)
    on conflict (session_id) do update set quantity = excluded.quantity, filled_at = excluded.filled_at
    """
)
delete_fill = sql.run("delete from platform_fills where session_id = $1")
set_platform_quantity = sql.run("update sessions set platform_quantity = $2 where id = $1")
filled_at = sql.maybe(datetime, "select filled_at from platform_fills where session_id = $1")

due_starts = sql.many(
    StartedSession,
    """
    update sessions set started_at = starts_at
    where id in (select id from sessions where started_at is null and starts_at <= $1
            and status in ('forming', 'moq_reached')
        order by starts_at limit 100 for update skip locked)
    returning id, status, starts_at
    """,
)

write_history = sql.run(
    """
    insert into session_history (session_id, at, transition, from_status, to_status, actor_role, actor, reason)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    """
)
_ENTRY = "at, transition, from_status, to_status, actor_role as by, reason"
history_of = sql.many(HistoryEntry, f"select {_ENTRY} from session_history where session_id = $1 order by at, id")
signed_history_of = sql.many(
    SignedHistoryEntry,
    f"select {_ENTRY}, actor as user_id from session_history where session_id = $1 order by at, id",
)

due_closings = sql.many(
    UUID,
    """
    select id from sessions where ends_at <= $1 and status in ('forming', 'moq_reached') and claimed_at is null
    order by ends_at limit 100
    """,
)
due_expirings = sql.many(
    DueSession,
    """
    select id, ends_at from sessions
    where ends_at <= $2 and ends_at > $1 and status in ('forming', 'moq_reached') and claimed_at is null
      and expiring_at is null
    order by ends_at limit 100
    """,
)
ever_joined = sql.one(bool, "select exists (select 1 from participants where session_id = $1)")
