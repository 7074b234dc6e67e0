"""Withdrawals: requested, followed and cancelled by their owner; all of them for finance; the batch for a scheduler."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody
from litestar.response import Stream

from patungan.contracts import wallet as contract
from patungan.kernel.banks import BankCode
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InvalidInput
from patungan.kernel.http import Ctx, IdempotencyKey, Input, PageLimit, PageNumber, SignedIn, get, post
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Audience
from patungan.kernel.money import Rupiah
from patungan.services.wallet import processes
from patungan.services.wallet.operations import bank_accounts, withdrawals
from patungan.services.wallet.operations.bank_accounts import BankAccount
from patungan.services.wallet.operations.exports import withdrawals_csv
from patungan.services.wallet.queries import withdrawals as queries
from patungan.services.wallet.queries.withdrawals import WithdrawalRow
from patungan.services.wallet.routes.fields import AccountNumber, Amount, HolderName, csv_download, period
from patungan.services.wallet.rules import BANK_NAMES, WithdrawalStatus, batch_of

FINANCE = (Audience.FINANCE, Audience.ADMIN)


class InlineAccount(Input, frozen=True):
    """A bank account that is not saved yet; ``save`` keeps it for the next time."""

    bank_code: BankCode
    account_number: AccountNumber
    holder_name: HolderName
    save: bool = False


class WithdrawalInput(Input, frozen=True):
    """``amount`` leaves the wallet, the fee inside it. To a saved account, or to the one given here."""

    amount: Amount
    bank_account_id: UUID | None = None
    bank_account: InlineAccount | None = None


class WithdrawalView(msgspec.Struct, frozen=True):
    """A withdrawal as its owner sees it; ``batch_at`` is when it is sent if it is pending. Rupiah."""

    id: UUID
    code: str
    amount: Rupiah
    fee: Rupiah
    net_amount: Rupiah
    bank_code: BankCode
    bank_name: str
    account_last4: str
    holder_name: str
    status: WithdrawalStatus
    requested_at: datetime
    batch_at: datetime | None
    sent_at: datetime | None
    ended_at: datetime | None
    failure_reason: str | None


class Withdrawals(msgspec.Struct, frozen=True):
    items: list[WithdrawalView]
    page: int
    limit: int
    total: int


class AdminWithdrawals(msgspec.Struct, frozen=True):
    items: list[WithdrawalRow]
    page: int
    limit: int
    total: int


class WithdrawalTerms(msgspec.Struct, frozen=True):
    """What a withdrawal must keep to, and when a request made now would be sent; rupiah, limits a day in Jakarta."""

    minimum: int
    fee: int
    daily_count: int
    daily_amount: int
    batch_at: datetime


class BatchStarted(msgspec.Struct, frozen=True):
    """The batch is worked off by itself; only what was requested before ``cut_at`` is in it."""

    workflow_id: str
    cut_at: datetime


class _CancelOf(msgspec.Struct, frozen=True):
    withdrawal_id: UUID


def _view(row: WithdrawalRow, now: datetime) -> WithdrawalView:
    # What a batch left for want of money waits for the next one.
    waits = row.status is WithdrawalStatus.PENDING
    return WithdrawalView(
        id=row.id,
        code=row.code,
        amount=row.amount,
        fee=row.fee,
        net_amount=row.net_amount,
        bank_code=row.bank_code,
        bank_name=BANK_NAMES[row.bank_code],
        account_last4=row.number_last4,
        holder_name=row.holder_name,
        status=row.status,
        requested_at=row.requested_at,
        batch_at=max(batch_of(row.requested_at), batch_of(now)) if waits else None,
        sent_at=row.asked_at,
        ended_at=row.ended_at,
        failure_reason=row.failure_reason,
    )


@get("/api/withdrawals/terms", audience=Audience.CUSTOMER)
async def show_terms(ctx: Ctx) -> WithdrawalTerms:
    terms = withdrawals.terms_of(ctx)
    return WithdrawalTerms(terms.minimum, terms.fee, terms.daily_count, terms.daily_amount, batch_of(ctx.clock.now()))


@post("/api/withdrawals", audience=Audience.CUSTOMER, status=201)
async def request_withdrawal(
    ctx: Ctx, caller: SignedIn, idempotency_key: IdempotencyKey, data: JSONBody[WithdrawalInput]
) -> WithdrawalView:
    if (data.bank_account_id is None) == (data.bank_account is None):
        raise InvalidInput("Give a saved bank account, or one to use, but not both", field="bank_account_id")
    given = None
    if data.bank_account is not None:
        inline = data.bank_account
        given = bank_accounts.checked(inline.bank_code, inline.account_number, inline.holder_name)

    async def account_of(tx: Transaction) -> BankAccount:
        if given is not None:
            if data.bank_account is not None and data.bank_account.save:
                await bank_accounts.save(ctx, tx, caller.user_id, given)
            return given
        return await bank_accounts.find(ctx, tx, caller.user_id, data.bank_account_id)

    async def work(tx: Transaction) -> WithdrawalView:
        made = await withdrawals.request(ctx, tx, caller.user_id, data.amount, await account_of(tx))
        return _view(made, ctx.clock.now())

    return await once(
        ctx.db, caller.user_id, "withdrawal", idempotency_key, data, ctx.clock.now(), WithdrawalView, work
    )


@get("/api/withdrawals", audience=Audience.CUSTOMER)
async def own_withdrawals(
    ctx: Ctx,
    caller: SignedIn,
    status: FromQuery[WithdrawalStatus | None] = None,
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> Withdrawals:
    wanted = (caller.user_id, status, *period(since, until))
    rows = await queries.list_withdrawals(ctx.db, *wanted, limit, (page - 1) * limit)
    now = ctx.clock.now()
    total = await queries.count_withdrawals(ctx.db, *wanted)
    return Withdrawals([_view(row, now) for row in rows], page, limit, total)


@get("/api/withdrawals/export", audience=Audience.CUSTOMER, media_type="text/csv")
async def export_own(
    ctx: Ctx,
    caller: SignedIn,
    status: FromQuery[WithdrawalStatus | None] = None,
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
) -> Stream:
    return csv_download("withdrawals.csv", withdrawals_csv(ctx, caller.user_id, status, *period(since, until)))


@get("/api/withdrawals/all", audience=FINANCE)
async def all_withdrawals(
    ctx: Ctx,
    user_id: FromQuery[UUID | None] = None,
    status: FromQuery[WithdrawalStatus | None] = None,
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> AdminWithdrawals:
    wanted = (user_id, status, *period(since, until))
    rows = await queries.list_withdrawals(ctx.db, *wanted, limit, (page - 1) * limit)
    return AdminWithdrawals(rows, page, limit, await queries.count_withdrawals(ctx.db, *wanted))


@get("/api/withdrawals/all/export", audience=FINANCE, media_type="text/csv")
async def export_all(
    ctx: Ctx,
    status: FromQuery[WithdrawalStatus | None] = None,
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
) -> Stream:
    return csv_download("withdrawals.csv", withdrawals_csv(ctx, None, status, *period(since, until)))


@get("/api/withdrawals/{withdrawal_id:uuid}", audience=Audience.CUSTOMER)
async def own_withdrawal(ctx: Ctx, caller: SignedIn, withdrawal_id: FromPath[UUID]) -> WithdrawalView:
    row = await queries.find_own(ctx.db, withdrawal_id, caller.user_id)
    if row is None:
        raise contract.WithdrawalNotFound()
    return _view(row, ctx.clock.now())


@post("/api/withdrawals/{withdrawal_id:uuid}/cancel", audience=Audience.CUSTOMER)
async def cancel_withdrawal(
    ctx: Ctx, caller: SignedIn, withdrawal_id: FromPath[UUID], idempotency_key: IdempotencyKey
) -> WithdrawalView:
    async def work(tx: Transaction) -> WithdrawalView:
        row = await withdrawals.cancel(ctx, tx, caller.user_id, withdrawal_id)
        return _view(row, ctx.clock.now())

    asked = _CancelOf(withdrawal_id)
    return await once(
        ctx.db, caller.user_id, "withdrawal-cancel", idempotency_key, asked, ctx.clock.now(), WithdrawalView, work
    )


@post("/api/withdrawals/process-batch", audience=Audience.SERVICE, status=202)
async def process_batch(
    ctx: Ctx, given_key: Annotated[str, HeaderParameter(name="Idempotency-Key", max_length=200)] = ""
) -> BatchStarted:
    """Start a batch of what was requested before now; safe to call twice, late or in parallel."""
    started = await processes.start_batch(ctx, given_key)
    return BatchStarted(*started)


routes = [
    *(show_terms, request_withdrawal, own_withdrawals, export_own, all_withdrawals, export_all),
    *(own_withdrawal, cancel_withdrawal, process_batch),
]
