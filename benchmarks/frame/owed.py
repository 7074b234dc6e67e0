"""Participants who have opened their payments and not paid yet, in bulk, and what the provider says when they do."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import msgspec

from benchmarks.frame.crowd import CHANCE
from benchmarks.frame.load import request_bytes
from patungan.kernel.time import jakarta_day

_HELD = """
    with drawn as (
        select platform.derived_id($2, 'participant', s.id, $3, number) as id,
            platform.derived_id($2, 'user', s.id, $3, number) as user_id, s.base_price, s.ends_at, v.position, v.variant_id
        from group_buying.sessions s join group_buying.session_variants v on v.session_id = s.id,
            generate_series(1, $4::int) as number
        where s.id = $1 and v.position = (select min(position) from group_buying.session_variants where session_id = $1)
    )
    insert into group_buying.participants (id, session_id, user_id, position, variant_id, quantity, unit_price,
        product_amount, leg1_amount, leg2_amount, fee_amount, courier_service, address, status, idempotency_key,
        input_hash, joined_at, expires_at)
    select id, $1, user_id, position, variant_id, 1, base_price, base_price, 1000, 15000, 3000, 'jne:reg',
        jsonb_build_object('id', id, 'label', 'Rumah', 'recipient', 'Sari Wijaya', 'phone', '+6281234567890',
            'province', 'DKI Jakarta', 'city', 'Kota Jakarta Pusat', 'district', 'Gambir', 'postal_code', '10110',
            'line', 'Jl. Medan Merdeka No. 1', 'notes', ''),
        'held', 'bench', sha256('bench'), $3, ends_at
    from drawn order by id
"""
_COUNTS = """
    with demand as (
        update group_buying.session_variants set demand = demand + $2 where session_id = $1
          and position = (select min(position) from group_buying.session_variants where session_id = $1)
    )
    update group_buying.sessions set held_quantity = $2 where id = $1
"""
_PAYMENTS = """
    with opened as (
        insert into payment.escrows (session_id, opened_at) values ($1, $3)
    )
    insert into payment.payments (id, code, participant_id, session_id, user_id, description, product_amount,
        leg1_amount, leg2_amount, fee_amount, total, status, created_at, expires_at, invoice_asked_at, invoice_id,
        invoice_url)
    select platform.derived_id($2, 'payment', id, $3, number), $4 || upper(lpad(to_hex($5 + number), 6, '0')), id,
        session_id, user_id, 'Patungan', product_amount, leg1_amount, leg2_amount, fee_amount,
        product_amount + leg1_amount + leg2_amount + fee_amount, 'pending', $3, expires_at, $3, 'bench-' || id,
        'https://example.test/' || id
    from (select *, row_number() over (order by id) as number from group_buying.participants where session_id = $1) p
    order by number
    returning code, invoice_id, total
"""


class OpenedPayment(msgspec.Struct, frozen=True):
    """A payment that waits for its money, rupiah."""

    code: str
    invoice_id: str
    total: int


async def make_opened_payments(
    owner: asyncpg.Connection[asyncpg.Record], session_id: UUID, people: int
) -> list[OpenedPayment]:
    """Fill a session with people who hold one unit each and have opened their payment."""
    now = datetime.now(UTC)
    taken = await owner.fetchval("select count(*) from payment.payments")
    async with owner.transaction():
        await owner.execute(_HELD, session_id, CHANCE.secret(), now, people)
        await owner.execute(_COUNTS, session_id, people)
        rows = await owner.fetch(_PAYMENTS, session_id, CHANCE.secret(), now, f"PAY-{jakarta_day(now)}-", taken)
    return [OpenedPayment(**dict(row)) for row in rows]


def paid_callback(payment: OpenedPayment, token: str) -> bytes:
    """The request by which the provider tells that an invoice was paid."""
    moment = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    body = {
        "id": payment.invoice_id,
        "external_id": payment.code,
        "user_id": "5f0000000000000000000001",
        "status": "PAID",
        "merchant_name": "Patungan",
        "amount": payment.total,
        "paid_amount": payment.total,
        "currency": "IDR",
        "created": moment,
        "updated": moment,
        "paid_at": moment,
        "payment_method": "EWALLET",
        "payment_channel": "OVO",
        "payment_id": payment.invoice_id,
        "fees_paid_amount": 1_500,
    }
    headers = {"x-callback-token": token, "webhook-id": f"hook-{payment.invoice_id}"}
    return request_bytes("POST", "/api/webhooks/payment", body=msgspec.json.encode(body), headers=headers)
