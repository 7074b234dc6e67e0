"""The list of invoices with Xendit's filters, newest first."""

from __future__ import annotations

from dataclasses import dataclass, field

from patungan.sandbox.context import Sandbox
from patungan.sandbox.store import Value
from patungan.sandbox.xendit import invoices
from patungan.sandbox.xendit.errors import invalid
from patungan.sandbox.xendit.invoices import Invoice

STATUSES = ("PENDING", "PAID", "SETTLED", "EXPIRED")


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceFilter:
    """What to look for; times are milliseconds since 1970, both ends included."""

    external_id: str | None = None
    statuses: list[str] = field(default_factory=list)
    payment_channels: list[str] = field(default_factory=list)
    created: tuple[int | None, int | None] = (None, None)
    paid: tuple[int | None, int | None] = (None, None)
    expired: tuple[int | None, int | None] = (None, None)
    last_invoice: str | None = None
    limit: int = 10


def search(sandbox: Sandbox, wanted: InvoiceFilter) -> list[Invoice]:
    """Invoices newest first; raises API_VALIDATION_ERROR for an unknown status, 404 for an unknown last_invoice."""
    for status in wanted.statuses:
        if status not in STATUSES:
            raise invalid("statuses", f"statuses must be among {', '.join(STATUSES)}")
    while invoices.expire_due(sandbox):
        continue
    conditions: list[str] = []
    values: list[Value] = []
    if wanted.external_id is not None:
        conditions.append("external_id = ?")
        values.append(wanted.external_id)
    for column, names in (("status", wanted.statuses), ("payment_channel", wanted.payment_channels)):
        if names:
            conditions.append(f"{column} in ({', '.join('?' * len(names))})")
            values += names
    for column, (since, until) in (("created", wanted.created), ("paid_at", wanted.paid), ("expires", wanted.expired)):
        if since is not None:
            conditions.append(f"{column} >= ?")
            values.append(since)
        if until is not None:
            conditions.append(f"{column} <= ?")
            values.append(until)
    if wanted.last_invoice is not None:
        last = invoices.find(sandbox, wanted.last_invoice)
        conditions.append("(created, id) < (?, ?)")
        values += [last.created, last.id]
    where = f"where {' and '.join(conditions)}" if conditions else ""
    return sandbox.store.all(
        Invoice, f"select * from invoices {where} order by created desc, id desc limit ?", *values, wanted.limit
    )
