"""What the desk reads and writes under the session's lock."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.kernel.money import Rupiah
from patungan.services.group_buying.rules import Status


class DeskSession(msgspec.Struct, frozen=True):
    """A session as far as joins are decided by it."""

    id: UUID
    code: str
    product_name: str
    status: Status
    target_moq: int
    base_price: Rupiah
    bulk_shipping_cost: Rupiah
    starts_at: datetime
    ends_at: datetime
    claimed_at: datetime | None
    max_units_per_buyer: int | None


class Standing(msgspec.Struct, frozen=True):
    """What a buyer has in the session already: open reservations, and units reserved or paid."""

    user_id: UUID
    holds: int
    units: int


class Replaced(msgspec.Struct, frozen=True):
    """An unpaid reservation that another takes the place of."""

    id: UUID
    user_id: UUID
    position: int
    quantity: int
    leg2_amount: Rupiah


lock_session = sql.maybe(
    DeskSession,
    """
    select id, code, product_name, status, target_moq, base_price, bulk_shipping_cost, starts_at, ends_at, claimed_at,
        max_units_per_buyer
    from sessions where id = $1 for update
    """,
)
standing_of = sql.many(
    Standing,
    """
    select user_id, count(*) filter (where status = 'held') as holds, sum(quantity) as units from participants
    where session_id = $1 and user_id = any($2::uuid[]) and status in ('held', 'paid') group by user_id
    """,
)
replaced_holds = sql.many(
    Replaced,
    """
    select id, user_id, position::int as position, quantity, leg2_amount from participants
    where session_id = $1 and id = any($2::uuid[]) and status = 'held'
    """,
)
add_units = sql.run(
    """
    with moved as (
        update session_variants set demand = demand + moved.units
        from unnest($2::smallint[], $3::int[]) as moved(position, units)
        where session_id = $1 and session_variants.position = moved.position and moved.units <> 0
    )
    update sessions set held_quantity = held_quantity + $4 where id = $1
    """
)
