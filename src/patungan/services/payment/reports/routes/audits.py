"""Audits of the whole platform: what they found, and one on demand."""

from __future__ import annotations

from uuid import UUID

import msgspec
from litestar.params import FromPath

from patungan.contracts import books as contract
from patungan.kernel.database import Transaction
from patungan.kernel.http import Ctx, IdempotencyKey, PageLimit, PageNumber, SignedIn, get, post
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Audience
from patungan.kernel.workflows import start
from patungan.services.payment.reports import queries
from patungan.services.payment.reports.processes import AuditBooks, audit_books
from patungan.services.payment.reports.queries import Audit, AuditSummary
from patungan.services.payment.reports.routes.access import READERS


class AuditPage(msgspec.Struct, frozen=True):
    items: list[AuditSummary]
    page: int
    limit: int
    total: int


class AuditStarted(msgspec.Struct, frozen=True):
    audit_id: UUID


@get("/api/audits", audience=READERS)
async def audits(ctx: Ctx, page: PageNumber = 1, limit: PageLimit = 20) -> AuditPage:
    items = await queries.list_audits(ctx.db, limit, (page - 1) * limit)
    return AuditPage(items, page, limit, await queries.count_audits(ctx.db))


@get("/api/audits/{audit_id:uuid}", audience=READERS)
async def audit(ctx: Ctx, audit_id: FromPath[UUID]) -> Audit:
    found = await queries.find_audit(ctx.db, audit_id)
    if found is None:
        raise contract.AuditNotFound()
    return found


@post("/api/audits", audience=Audience.FINANCE, status=202)
async def start_audit(ctx: Ctx, caller: SignedIn, idempotency_key: IdempotencyKey) -> AuditStarted:
    async def work(tx: Transaction) -> AuditStarted:
        audit_id = ctx.chance.new_id()
        await queries.begin_audit(tx, audit_id, "manual", caller.user_id, ctx.clock.now())
        await start(tx, audit_books, f"audit-{audit_id}", AuditBooks(audit_id=audit_id, requested_by=caller.user_id))
        return AuditStarted(audit_id)

    return await once(
        ctx.db, caller.user_id, "audit", idempotency_key, AuditBooks(), ctx.clock.now(), AuditStarted, work
    )


routes = [audits, audit, start_audit]
