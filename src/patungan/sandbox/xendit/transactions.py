"""The account's list of transactions, as Xendit's ``/transactions`` shows it, and the faults that such a list may have.

The fault desk is asked for ``listed.payment``, ``listed.refund`` and ``listed.payout`` when money moves: the row may be
lost, doubled, delayed, put in another place, or show another amount. The books themselves stay true (``_sandbox/books``).
"""

from __future__ import annotations

import random
from typing import Final

import msgspec

from patungan.sandbox.clock import iso
from patungan.sandbox.context import Sandbox
from patungan.sandbox.faults import LISTED_PREFIX
from patungan.sandbox.xendit.errors import XenditError

SCHEMA: Final = """
create table if not exists listings (
    movement_id text primary key,
    copies integer not null,
    listed_from integer not null,
    shift integer not null,
    amount integer not null
) strict;
"""

CORRUPTION: Final = 1_000
"""Rupiah by which a corrupted row shows too much."""

KINDS: Final = {"payment": "PAYMENT", "refund": "REFUND", "payout": "DISBURSEMENT"}
STATUSES: Final = {
    "SUCCEEDED": "SUCCESS",
    "PENDING": "PENDING",
    "REQUESTED": "PENDING",
    "FAILED": "FAILED",
    "CANCELLED": "VOIDED",
}
CATEGORIES: Final = {
    "BANK_TRANSFER": "VIRTUAL_ACCOUNT",
    "EWALLET": "EWALLET",
    "QR_CODE": "QR_CODE",
    "CREDIT_CARD": "CARDS",
    "RETAIL_OUTLET": "RETAIL_OUTLET",
}
MOST: Final = 50


class Row(msgspec.Struct, kw_only=True):
    """A movement as the list shows it; ``place`` and ``sequence`` give its order."""

    id: str
    kind: str
    reference: str | None
    product_id: str
    amount: int
    fee: int
    status: str
    created: int
    reversed: int
    method: str | None
    channel: str | None
    copies: int
    place: int
    sequence: int


class Wanted(msgspec.Struct, kw_only=True):
    """What is asked of the list; times are milliseconds since 1970."""

    types: list[str]
    statuses: list[str]
    reference: str | None
    product_id: str | None
    created_from: int | None
    created_to: int | None
    after_id: str | None
    limit: int


def strike(sandbox: Sandbox, movement_id: str, kind: str, amount: int) -> None:
    """Let the fault desk spoil the row of a movement that was just recorded, inside the caller's transaction."""
    if kind not in KINDS:
        return
    now = sandbox.now()
    copies, listed_from, shift, shown, struck = 1, now, 0, amount, False
    for fault in sandbox.faults.take("xendit", f"{LISTED_PREFIX}.{kind}"):
        struck = True
        match fault.action:
            case "lose":
                copies = 0
            case "double":
                copies = fault.copies
            case "delay":
                listed_from += round(fault.seconds * 1000)
            case "reorder":
                reach = max(1, round(fault.seconds * 1000))
                shift = random.Random(f"{fault.seed}:{movement_id}").randint(-reach, reach)
            case "corrupt":
                shown += CORRUPTION
    if struck:
        sandbox.store.execute(
            "insert into listings (movement_id, copies, listed_from, shift, amount) values (?, ?, ?, ?, ?)",
            *(movement_id, copies, listed_from, shift, shown),
        )


_ROWS: Final = """
    select 'txn_' || m.id as id, m.kind, coalesce(m.reference_id, m.external_id) as reference,
        coalesce(case when m.kind = 'payment' then m.invoice_id end, m.object_id) as product_id,
        coalesce(l.amount, m.amount) as amount, m.status, m.created,
        coalesce((select f.amount from movements f where f.id = m.id || '-fee'), 0) as fee,
        exists (select 1 from movements r where r.id = m.id || '-reversal') as reversed,
        i.payment_method as method, i.payment_channel as channel, coalesce(l.copies, 1) as copies,
        m.created + coalesce(l.shift, 0) as place, m.sequence
    from movements m left join listings l on l.movement_id = m.id left join invoices i on i.id = m.invoice_id
    where m.kind in ('payment', 'refund', 'payout') and coalesce(l.copies, 1) > 0 and coalesce(l.listed_from, 0) <= ?
"""


def find(sandbox: Sandbox, transaction_id: str) -> Row:
    """One transaction; raises 404 DATA_NOT_FOUND."""
    row = sandbox.store.one(Row, f"select * from ({_ROWS}) where id = ?", sandbox.now(), transaction_id)
    if row is None:
        raise XenditError(404, "DATA_NOT_FOUND", "Could not find the transaction")
    return row


def search(sandbox: Sandbox, wanted: Wanted) -> tuple[list[Row], bool]:
    """The newest first, those after ``after_id`` where it is given, and whether there are more. A doubled row is on one
    page as often as it is doubled."""
    last = find(sandbox, wanted.after_id) if wanted.after_id is not None else None
    rows = sandbox.store.all(
        Row,
        f"select * from ({_ROWS}) where (?2 is null or reference = ?2) and (?3 is null or product_id = ?3)"
        " and (?4 is null or created >= ?4) and (?5 is null or created <= ?5)"
        " and (?6 is null or (place, sequence) < (?6, ?7)) order by place desc, sequence desc"
        " limit ?8",
        sandbox.now(),
        wanted.reference,
        wanted.product_id,
        wanted.created_from,
        wanted.created_to,
        last.place if last else None,
        last.sequence if last else None,
        -1 if wanted.types or wanted.statuses else wanted.limit + 1,
    )
    fitting = [
        row
        for row in rows
        if (not wanted.types or KINDS[row.kind] in wanted.types)
        and (not wanted.statuses or _status(row) in wanted.statuses)
    ]
    shown = fitting[: wanted.limit]
    return [row for row in shown for _ in range(row.copies)], len(fitting) > wanted.limit


def _status(row: Row) -> str:
    return "REVERSED" if row.reversed else STATUSES[row.status]


def rendered(sandbox: Sandbox, row: Row) -> dict[str, object]:
    """The transaction as the API answers it."""
    outgoing = row.kind != "payment"
    return {
        "id": row.id,
        "product_id": row.product_id,
        "type": KINDS[row.kind],
        "status": _status(row),
        "channel_category": CATEGORIES.get(row.method or "", "BANK" if row.kind == "payout" else "OTHER"),
        "channel_code": row.channel,
        "account_identifier": None,
        "reference_id": row.reference or "",
        "currency": "IDR",
        "amount": row.amount,
        "cashflow": "MONEY_OUT" if outgoing else "MONEY_IN",
        "settlement_status": None if outgoing else "SETTLED",
        "estimated_settlement_time": None,
        "business_id": sandbox.settings.xendit_business_id,
        "fee": {
            "xendit_fee": row.fee,
            "value_added_tax": 0,
            "xendit_withholding_tax": 0,
            "third_party_withholding_tax": 0,
            "status": "COMPLETED",
        },
        "created": iso(row.created),
        "updated": iso(row.created),
    }
