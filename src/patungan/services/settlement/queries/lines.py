"""Lines: what a payee is owed or owes, open or in a settlement."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.services.settlement.rules import Cycle, LineKind, PayeeKind


class LineRow(msgspec.Struct, frozen=True):
    """A line; ``amount`` = ``value`` - ``commission``, in rupiah. The commission is ``percent`` of ``before`` + ``value`` less
    that of ``before``, each rounded half up."""

    id: UUID
    kind: LineKind
    description: str
    order_id: UUID | None
    order_item_id: UUID | None
    session_id: UUID | None
    participant_id: UUID | None
    refund_id: UUID | None
    purchase_order_id: UUID | None
    adjustment_id: UUID | None
    from_settlement_id: UUID | None
    quantity: int
    unit_price: int
    before: int
    percent: int
    value: int
    commission: int
    amount: int
    provider_fee: int
    collected_fee: int
    ledger_key: str | None
    occurred_at: datetime
    due_on: date


class Payee(msgspec.Struct, frozen=True):
    """Somebody who is paid, with what was agreed."""

    payee_kind: PayeeKind
    payee_id: UUID
    cycle: Cycle
    office_id: UUID | None
    office_percent: int
    on_hold: str | None


_LINE = """
    id, kind, description, order_id, order_item_id, session_id, participant_id, refund_id, purchase_order_id, adjustment_id,
    from_settlement_id, quantity, unit_price, before, percent, value, commission, amount, provider_fee, collected_fee,
    ledger_key, occurred_at, due_on
"""

insert_line = sql.run(
    """
    insert into lines (id, payee_kind, payee_id, kind, description, order_id, order_item_id, session_id, participant_id,
        refund_id, purchase_order_id, variant_id, adjustment_id, from_settlement_id, quantity, unit_price, before, percent,
        value, commission, amount, ledger_key, occurred_at, due_on, settlement_id)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
        $19::bigint - $20::bigint, $21, $22, $23, $24)
    on conflict do nothing
    """
)
open_lines = sql.many(
    LineRow,
    f"""
    select {_LINE} from lines
    where payee_kind = $1 and payee_id = $2 and settlement_id is null and due_on <= $3 order by occurred_at, id
    """,
)
lock_open = sql.many(
    LineRow,
    f"""
    select {_LINE} from lines where id = any($1::uuid[]) and settlement_id is null order by occurred_at, id for update
    """,
)
lines_of = sql.many(LineRow, f"select {_LINE} from lines where settlement_id = $1 order by occurred_at, id")
take_up = sql.run(
    """
    update lines l set settlement_id = $1, provider_fee = n.provider_fee, collected_fee = n.collected_fee
    from unnest($2::uuid[], $3::bigint[], $4::bigint[]) as n(id, provider_fee, collected_fee)
    where l.id = n.id and l.settlement_id is null
    """
)
drop_fee = sql.run("delete from lines where settlement_id = $1 and kind = 'gateway_fee'")
give_back = sql.run(
    "update lines set settlement_id = null, provider_fee = 0, collected_fee = 0 where settlement_id = $1"
)

_PAYEE = """
    p.payee_kind, p.payee_id, coalesce(a.cycle, 'weekly') as cycle, a.office_id,
    coalesce(a.office_percent, 0) as office_percent, a.on_hold
"""
payees_due = sql.many(
    Payee,
    f"""
    select {_PAYEE}
    from (
        select distinct payee_kind, payee_id from lines
        where settlement_id is null and due_on <= $2 and kind <> 'carried_over'
    ) p left join agreements a on a.payee_kind = p.payee_kind and a.payee_id = p.payee_id
    where coalesce(a.cycle, 'weekly') = $1 order by 1, 2
    """,
)
find_payee = sql.one(
    Payee,
    f"""
    select {_PAYEE} from (select $1::text as payee_kind, $2::uuid as payee_id) p
    left join agreements a on a.payee_kind = p.payee_kind and a.payee_id = p.payee_id
    """,
)
payee_is_known = sql.one(
    bool,
    """
    select exists (select from lines where payee_kind = $1 and payee_id = $2)
        or exists (select from agreements where payee_kind = $1 and payee_id = $2)
    """,
)
