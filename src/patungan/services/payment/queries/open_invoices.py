"""Invoices whose end the provider has not told, though their payment has ended."""

from __future__ import annotations

import msgspec

from patungan.kernel import sql


class OpenInvoice(msgspec.Struct, frozen=True):
    """``invoice_id`` None: whichever the provider has of the payment of that code."""

    id: str
    code: str
    invoice_id: str | None
    looks: int


keep = sql.run(
    """
    insert into open_invoices (id, code, invoice_id, next_look_at) values ($1, $2, $3, $4) on conflict (id) do nothing
    """
)
claim_due = sql.many(
    OpenInvoice,
    """
    with due as (
        select id from open_invoices where next_look_at <= $1 order by next_look_at limit $3 for update skip locked
    )
    update open_invoices o set next_look_at = $2, looks = o.looks + 1 from due
    where o.id = due.id returning o.id, o.code, o.invoice_id, o.looks
    """,
)
look_again = sql.run("update open_invoices set next_look_at = $2 where id = $1")
forget = sql.run("delete from open_invoices where id = $1")
