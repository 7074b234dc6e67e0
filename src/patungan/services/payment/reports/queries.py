"""Audits as they are kept, and what a session's statement needs of its payments."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.kernel.money import Rupiah
from patungan.services.payment.queries.payments import released_at


class AuditSummary(msgspec.Struct, frozen=True):
    """An audit of the whole platform; ``whole`` is None while it runs."""

    id: UUID
    trigger: str
    requested_by: UUID | None
    began_at: datetime
    ended_at: datetime | None
    whole: bool | None
    broken: list[str] | None


class Audit(AuditSummary, frozen=True):
    """An audit with its report."""

    report: dict[str, Any] | None


class SessionPayment(msgspec.Struct, frozen=True):
    """A payment of a session; amounts in rupiah."""

    id: UUID
    code: str
    participant_id: UUID
    status: str
    total: Rupiah
    paid_at: datetime | None
    method: str | None
    released: bool


class SessionRefund(msgspec.Struct, frozen=True):
    """A refund of a session's payment."""

    id: UUID
    code: str
    payment_code: str
    kind: str
    amount: Rupiah
    status: str
    destination: str


_SUMMARY = "id, trigger, requested_by, began_at, ended_at, whole, broken"

begin_audit = sql.run(
    "insert into audits (id, trigger, requested_by, began_at) values ($1, $2, $3, $4) on conflict do nothing"
)
end_audit = sql.run(
    "update audits set ended_at = $2, whole = $3, broken = $4, report = $5 where id = $1 and ended_at is null"
)
list_audits = sql.many(
    AuditSummary, f"select {_SUMMARY} from audits order by began_at desc, id desc limit $1 offset $2"
)
count_audits = sql.one(int, "select count(*) from audits")
find_audit = sql.maybe(Audit, f"select {_SUMMARY}, report from audits where id = $1")
last_verdict = sql.maybe(bool, "select whole from audits where whole is not null order by began_at desc limit 1")

payments_of_session = sql.many(
    SessionPayment,
    f"""
    select id, code, participant_id, status, total, paid_at, method, {released_at("payments")} is not null as released
    from payments where session_id = $1 order by paid_at nulls last, code
    """,
)
refunds_of_session = sql.many(
    SessionRefund,
    """
    select r.id, r.code, p.code as payment_code, r.kind, r.amount, r.status, r.destination
    from refunds r join payments p on p.id = r.payment_id where p.session_id = $1 order by r.requested_at, r.code
    """,
)
