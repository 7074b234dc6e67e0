"""Settlements: seen by whom they pay, moved by finance, made and paid by a scheduler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody
from msgspec import Meta

from patungan.contracts import settlement as contract
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InvalidInput
from patungan.kernel.http import Ctx, IdempotencyKey, Input, PageLimit, PageNumber, SignedIn, get, post
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Audience, Caller
from patungan.kernel.service import Context
from patungan.services.settlement import processes
from patungan.services.settlement.operations import generating, life, payees, paying
from patungan.services.settlement.operations.generating import DuePayee, Preview
from patungan.services.settlement.operations.payees import FINANCE, READERS
from patungan.services.settlement.queries import lines as line_queries
from patungan.services.settlement.queries import settlements as queries
from patungan.services.settlement.queries.settlements import Move, Settlement, Total, Waiting
from patungan.services.settlement.rules import PayeeKind, SettlementStatus, local_day, period_at

Reason = Annotated[str, Meta(min_length=5, max_length=300, pattern=r"^\S(.*\S)?$")]
Note = Annotated[str, Meta(max_length=300)]


class SettlementPage(msgspec.Struct, frozen=True):
    items: list[Settlement]
    page: int
    limit: int
    total: int


class SettlementDetail(Settlement, frozen=True):
    """A settlement with its history."""

    history: list[Move]


class Summary(msgspec.Struct, frozen=True):
    """Settlements by status, and the lines that none has taken up; rupiah."""

    statuses: list[Total]
    waiting: Waiting


class ReasonInput(Input, frozen=True):
    reason: Reason


class NoteInput(Input, frozen=True):
    note: Note = ""


class GenerateInput(Input, frozen=True):
    """``pay_on`` names a period by any day from its day of paying on; today without it."""

    payee_id: UUID
    payee_kind: PayeeKind = PayeeKind.FACTORY
    pay_on: date | None = None


class Generated(msgspec.Struct, frozen=True):
    """The settlement of the payee and period; None where nothing is due."""

    settlement: Settlement | None


class RunInput(Input, frozen=True):
    day: date | None = None


class RunStarted(msgspec.Struct, frozen=True):
    workflow_id: str


class _OnSettlement(msgspec.Struct, frozen=True):
    settlement_id: UUID
    text: str = ""


async def seen_by(ctx: Context, caller: Caller, settlement_id: UUID) -> Settlement:
    """A settlement that the caller may see; raises SettlementNotFound for any other."""
    found = await queries.find_settlement(ctx.db, settlement_id)
    seen = await payees.visible_to(ctx, caller)
    if found is None or (seen is not None and (found.payee_kind is not seen[0] or found.payee_id not in seen[1])):
        raise contract.SettlementNotFound()
    return found


@get("/api/settlements", audience=READERS)
async def list_settlements(
    ctx: Ctx,
    caller: SignedIn,
    status: FromQuery[SettlementStatus | None] = None,
    payee_id: FromQuery[UUID | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> SettlementPage:
    seen = await payees.visible_to(ctx, caller)
    kind, own = (None, None) if seen is None else seen
    if payee_id is not None:
        own = [payee_id] if own is None or payee_id in own else []
    wanted = (own, status, kind)
    items = await queries.list_settlements(ctx.db, *wanted, limit, (page - 1) * limit)
    return SettlementPage(items, page, limit, await queries.count_settlements(ctx.db, *wanted))


@get("/api/settlements/preview", audience=READERS)
async def show_preview(
    ctx: Ctx, caller: SignedIn, payee_id: FromQuery[UUID], payee_kind: FromQuery[PayeeKind] = PayeeKind.FACTORY
) -> Preview:
    await payees.require_payee(ctx, caller, payee_kind, payee_id)
    return await generating.preview(ctx, await line_queries.find_payee(ctx.db, payee_kind, payee_id))


@get("/api/settlements/summary", audience=FINANCE)
async def show_summary(
    ctx: Ctx, from_date: FromQuery[date | None] = None, to_date: FromQuery[date | None] = None
) -> Summary:
    if from_date is not None and to_date is not None and to_date < from_date:
        raise InvalidInput("to_date is before from_date", field="to_date")
    return Summary(await queries.totals(ctx.db, from_date, to_date), await queries.waiting(ctx.db))


@get("/api/settlements/{settlement_id:uuid}", audience=READERS)
async def show_settlement(ctx: Ctx, caller: SignedIn, settlement_id: FromPath[UUID]) -> SettlementDetail:
    found = await seen_by(ctx, caller, settlement_id)
    history = await queries.history_of(ctx.db, settlement_id)
    if not payees.sees_all(caller):
        history = [msgspec.structs.replace(each, actor=None) for each in history]
    return SettlementDetail(**msgspec.structs.asdict(found), history=history)


def _day(ctx: Context, day: date | None) -> date:
    today = local_day(ctx.clock.now())
    if day is None:
        return today
    if not date(2000, 1, 1) <= day <= today:
        raise InvalidInput("The day of paying has not come yet", field="pay_on")
    return day


@post("/api/settlements/generate", audience=FINANCE)
async def generate(
    ctx: Ctx, caller: SignedIn, idempotency_key: IdempotencyKey, data: JSONBody[GenerateInput]
) -> Generated:
    """Make a payee's settlement, once for its period, whoever asks and under whichever key."""
    day = _day(ctx, data.pay_on)
    await payees.require_known(ctx, data.payee_kind, data.payee_id)
    payee = await line_queries.find_payee(ctx.db, data.payee_kind, data.payee_id)
    period = period_at(payee.cycle, day)
    due = DuePayee(payee=payee, period_start=period.start, period_end=period.end, pay_on=period.pay_on)
    made = await generating.generate(ctx, due)
    return Generated(None if made is None else await queries.find_settlement(ctx.db, made))


@post("/api/settlements/run", audience=Audience.SERVICE, status=202)
async def run(
    ctx: Ctx,
    given_key: Annotated[str, HeaderParameter(name="Idempotency-Key", max_length=100)] = "",
    data: JSONBody[RunInput | None] = None,
) -> RunStarted:
    """Make the settlements of all whose day has come; safe to call twice, late or in parallel."""
    day = _day(ctx, None if data is None else data.day)
    return RunStarted(await processes.start_making(ctx, given_key or str(ctx.chance.new_id()), day))


@post("/api/settlements/{settlement_id:uuid}/process", audience=Audience.SERVICE)
async def process(ctx: Ctx, settlement_id: FromPath[UUID]) -> Settlement:
    """Pay a scheduled settlement out now rather than at the next look; one that is not scheduled stays as it is."""
    await paying.send_scheduled(ctx, settlement_id)
    found = await queries.find_settlement(ctx.db, settlement_id)
    if found is None:
        raise contract.SettlementNotFound()
    return found


async def _decide(
    ctx: Context,
    caller: Caller,
    scope: str,
    key: str,
    on: _OnSettlement,
    work: Callable[[Transaction], Awaitable[None]],
) -> Settlement:
    async def decide(tx: Transaction) -> Settlement:
        await work(tx)
        return await life.locked(tx, on.settlement_id)

    return await once(ctx.db, caller.user_id, f"settlement-{scope}", key, on, ctx.clock.now(), Settlement, decide)


@post("/api/settlements/{settlement_id:uuid}/approve", audience=Audience.FINANCE)
async def approve(
    ctx: Ctx, caller: SignedIn, settlement_id: FromPath[UUID], idempotency_key: IdempotencyKey
) -> Settlement:
    async def work(tx: Transaction) -> None:
        await life.approve(ctx, tx, settlement_id, caller.user_id)

    return await _decide(ctx, caller, "approval", idempotency_key, _OnSettlement(settlement_id), work)


@post("/api/settlements/{settlement_id:uuid}/hold", audience=Audience.FINANCE)
async def hold(
    ctx: Ctx,
    caller: SignedIn,
    settlement_id: FromPath[UUID],
    idempotency_key: IdempotencyKey,
    data: JSONBody[ReasonInput],
) -> Settlement:
    async def work(tx: Transaction) -> None:
        await life.hold(ctx, tx, settlement_id, caller.user_id, data.reason)

    return await _decide(ctx, caller, "hold", idempotency_key, _OnSettlement(settlement_id, data.reason), work)


async def _with_account(
    ctx: Context, settlement_id: UUID, work: Callable[[Transaction], Awaitable[None]]
) -> Callable[[Transaction], Awaitable[None]]:
    """The work, after the settlement got the payee's account as it is now."""
    found = await queries.find_settlement(ctx.db, settlement_id)
    if found is None:
        raise contract.SettlementNotFound()
    account = await payees.bank_account_of(ctx, found.payee_kind, found.payee_id)

    async def with_account(tx: Transaction) -> None:
        now = await life.locked(tx, settlement_id)
        if account is not None and now.status in (SettlementStatus.ON_HOLD, SettlementStatus.FAILED):
            await generating.set_account(ctx, tx, settlement_id, account)
        await work(tx)

    return with_account


@post("/api/settlements/{settlement_id:uuid}/release", audience=Audience.FINANCE)
async def release(
    ctx: Ctx,
    caller: SignedIn,
    settlement_id: FromPath[UUID],
    idempotency_key: IdempotencyKey,
    data: JSONBody[NoteInput | None] = None,
) -> Settlement:
    text = "" if data is None else data.note

    async def work(tx: Transaction) -> None:
        await life.release(ctx, tx, settlement_id, caller.user_id, text)

    ready = await _with_account(ctx, settlement_id, work)
    return await _decide(ctx, caller, "release", idempotency_key, _OnSettlement(settlement_id, text), ready)


@post("/api/settlements/{settlement_id:uuid}/retry", audience=Audience.FINANCE)
async def retry(
    ctx: Ctx,
    caller: SignedIn,
    settlement_id: FromPath[UUID],
    idempotency_key: IdempotencyKey,
    data: JSONBody[NoteInput | None] = None,
) -> Settlement:
    text = "" if data is None else data.note

    async def work(tx: Transaction) -> None:
        await life.retry(ctx, tx, settlement_id, caller.user_id, text)

    ready = await _with_account(ctx, settlement_id, work)
    return await _decide(ctx, caller, "retry", idempotency_key, _OnSettlement(settlement_id, text), ready)


@post("/api/settlements/{settlement_id:uuid}/cancel", audience=Audience.FINANCE)
async def cancel(
    ctx: Ctx,
    caller: SignedIn,
    settlement_id: FromPath[UUID],
    idempotency_key: IdempotencyKey,
    data: JSONBody[ReasonInput],
) -> Settlement:
    async def work(tx: Transaction) -> None:
        await life.cancel(ctx, tx, settlement_id, caller.user_id, data.reason)

    return await _decide(ctx, caller, "cancel", idempotency_key, _OnSettlement(settlement_id, data.reason), work)


routes = [
    *(list_settlements, show_preview, show_summary, show_settlement, generate, run, process),
    *(approve, hold, release, retry, cancel),
]
