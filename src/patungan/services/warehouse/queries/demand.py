"""SQL of sessions' demands and of the stock reserved for them."""

from __future__ import annotations

from uuid import UUID

import msgspec

from patungan.contracts.warehouse import Fulfilment
from patungan.kernel import sql


class Demanded(msgspec.Struct, frozen=True):
    """A session's demand with the answer that it got first."""

    session_id: UUID
    session_code: str
    product_id: UUID
    warehouse_id: UUID
    status: str
    reply: Fulfilment


class Reservation(msgspec.Struct, frozen=True):
    """Units of a variant that are held for a session."""

    variant_id: UUID | None
    held: int


class Asked(msgspec.Struct, frozen=True):
    """Units of a variant that a session asks for, and those that are held for it."""

    variant_id: UUID | None
    quantity: int
    held: int


class WaitingLine(msgspec.Struct, frozen=True):
    """Units that a session still waits for."""

    session_id: UUID
    session_code: str
    variant_id: UUID | None
    units: int


class Consumed(msgspec.Struct, frozen=True):
    """Units that are booked as sold by one order."""

    variant_id: UUID | None
    units: int


# A demand and its release may arrive at once and neither has a row yet, so they take turns by the session's id.
lock_session = sql.run("select pg_advisory_xact_lock(hashtextextended('session ' || $1::uuid, 0))")

find_demand = sql.maybe(
    Demanded,
    "select session_id, session_code, product_id, warehouse_id, status, reply from demands where session_id = $1",
)
insert_demand = sql.run(
    """
    insert into demands
        (session_id, session_code, product_id, factory_id, warehouse_id, status, reply, requested_at, met_at)
    values ($1, $2, $3, $4, $5, case when $8::boolean then 'met' else 'waiting' end, $6, $7,
        case when $8::boolean then $7::timestamptz end)
    """
)
insert_reservations = sql.run(
    """
    insert into reservations (id, session_id, variant_id, quantity, held)
    select row.id, $1, row.variant_id, row.quantity, row.held
    from unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[]) as row (id, variant_id, quantity, held)
    """
)
find_reservations = sql.many(
    Reservation,
    "select variant_id, held from reservations where session_id = $1 and held > 0 order by variant_id nulls first",
)
find_asked = sql.many(
    Asked,
    "select variant_id, quantity, held from reservations where session_id = $1 order by variant_id nulls first",
)
drop_lines = sql.run(
    """
    delete from reservations using unnest($2::uuid[]) as row (variant_id)
    where session_id = $1 and reservations.variant_id is not distinct from row.variant_id
    """
)
# What will not come is missing of the units that are not asked for any more, as far as these go.
lower_lines = sql.run(
    """
    update reservations set quantity = row.quantity, held = least(held, row.quantity),
        cancelled = greatest(0, cancelled - (reservations.quantity - row.quantity))
    from unnest($2::uuid[], $3::bigint[]) as row (variant_id, quantity)
    where session_id = $1 and reservations.variant_id is not distinct from row.variant_id
    """
)
update_reply = sql.run("update demands set reply = $2 where session_id = $1")
find_waiting = sql.many(
    WaitingLine,
    """
    select session_id, session_code, variant_id, quantity - held - cancelled as units
    from reservations join demands using (session_id)
    where warehouse_id = $1 and product_id = $2 and status = 'waiting' and held + cancelled < quantity
    order by requested_at, session_id, variant_id nulls first
    """,
)
hold_more = sql.run(
    """
    update reservations set held = held + row.units
    from unnest($1::uuid[], $2::uuid[], $3::bigint[]) as row (session_id, variant_id, units)
    where reservations.session_id = row.session_id and reservations.variant_id is not distinct from row.variant_id
    """
)
meet_demands = sql.many(
    UUID,
    """
    update demands set status = 'met', met_at = $2
    where session_id = any($1::uuid[]) and status = 'waiting'
        and not exists (
            select from reservations where reservations.session_id = demands.session_id and held < quantity
        )
    returning session_id
    """,
)

find_release = sql.maybe(str, "select reason from released_sessions where session_id = $1")
insert_release = sql.run(
    "insert into released_sessions (session_id, reason, released_at) values ($1, $2, $3) on conflict do nothing"
)
release_reservations = sql.run("update reservations set held = 0 where session_id = $1")
release_demand = sql.run("update demands set status = 'released', released_at = $2 where session_id = $1")

insert_consumptions = sql.many(
    Consumed,
    """
    insert into consumptions (order_id, session_id, variant_id, units, at)
    select row.order_id, $1, row.variant_id, row.units, $2
    from unnest($3::uuid[], $4::uuid[], $5::bigint[]) as row (order_id, variant_id, units)
    on conflict do nothing
    returning variant_id, units
    """,
)
# The condition keeps what is held from falling below zero: fewer rows than asked for means that goods are missing.
hold_less = sql.run(
    """
    update reservations set held = held - row.units
    from unnest($2::uuid[], $3::bigint[]) as row (variant_id, units)
    where session_id = $1 and reservations.variant_id is not distinct from row.variant_id and held >= row.units
    """
)
