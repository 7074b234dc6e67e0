"""The part of a payment that comes from the buyer's wallet, from asking for it until it is taken or given back."""

from __future__ import annotations

from patungan.kernel import sql
from patungan.services.payment.queries.payments import Payment, payment_columns

ask = sql.run(
    """
    update payments set wallet_amount = $2, wallet_state = 'asked', wallet_attempt = wallet_attempt + 1
    where id = $1 and status = 'pending' and wallet_state is null and invoice_asked_at is null and expires_at > $3
    """
)
note_held = sql.run("update payments set wallet_state = 'held' where id = $1 and wallet_state = 'asked'")
take_back = sql.run(
    """
    update payments set wallet_amount = 0, wallet_state = null
    where id = $1 and status = 'pending' and wallet_state = 'asked'
    """
)
begin_return = sql.run(
    "update payments set wallet_state = 'returning' where id = any($1::uuid[]) and wallet_state in ('asked', 'held')"
)
note_released = sql.run("update payments set wallet_state = 'released' where id = $1 and wallet_state = 'returning'")
unanswered = sql.many(
    Payment,
    f"""
    select {payment_columns("p")} from payments p
    where p.wallet_state = 'asked' and p.status = 'pending' and p.expires_at > $1 order by p.id limit $2
    """,
)
