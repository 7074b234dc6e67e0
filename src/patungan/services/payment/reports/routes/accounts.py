"""Trial balance, accounts and their statements, transactions."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import msgspec
from litestar.params import FromPath, FromQuery

from patungan.contracts import books as contract
from patungan.kernel.errors import NotFound
from patungan.kernel.http import Ctx, PageLimit, PageNumber, SignedIn, get
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.ledger import accounts, chart, reading
from patungan.ledger.reading import AccountBalance, AccountLine, AccountSummary, LedgerTransaction, TrialLine
from patungan.services.payment.reports import spans
from patungan.services.payment.reports.routes.access import READERS, READERS_AND_OWNERS, require_factory, sees_all


class KindOfAccount(msgspec.Struct, frozen=True):
    """A kind of account; ``code`` is how its accounts are written."""

    kind: str
    code: str
    account_class: chart.AccountClass
    normal_side: str
    guarded: bool
    purpose: str


class ChartOfAccounts(msgspec.Struct, frozen=True):
    kinds: list[KindOfAccount]


class TrialBalance(msgspec.Struct, frozen=True):
    """All that was posted before a moment; ``balanced`` where debits equal credits."""

    at: datetime
    debits: Rupiah
    credits: Rupiah
    balanced: bool
    lines: list[TrialLine]


class AccountPage(msgspec.Struct, frozen=True):
    items: list[AccountBalance]
    page: int
    limit: int
    total: int


class AccountStatement(msgspec.Struct, frozen=True):
    """``opening`` + the lines = ``closing``; ``total`` counts the lines of all pages."""

    account: str
    account_class: chart.AccountClass
    from_at: datetime
    to_at: datetime
    opening: Rupiah
    debits: Rupiah
    credits: Rupiah
    closing: Rupiah
    lines: list[AccountLine]
    page: int
    limit: int
    total: int


class TransactionPage(msgspec.Struct, frozen=True):
    items: list[LedgerTransaction]
    page: int
    limit: int
    total: int


@get("/api/reports/chart-of-accounts", audience=READERS)
async def chart_of_accounts() -> ChartOfAccounts:
    return ChartOfAccounts(
        [
            KindOfAccount(
                each.kind, each.code, each.account_class, each.account_class.normal_side, each.guarded, each.purpose
            )
            for each in chart.chart()
        ]
    )


@get("/api/reports/trial-balance", audience=READERS)
async def trial_balance(ctx: Ctx, at: FromQuery[datetime | None] = None) -> TrialBalance:
    moment = spans.moment(ctx, at)
    lines = await reading.trial_balance(ctx.db, moment)
    debits, credits = sum(each.debits for each in lines), sum(each.credits for each in lines)
    return TrialBalance(moment, Rupiah(debits), Rupiah(credits), debits == credits, lines)


@get("/api/reports/accounts/{kind:str}", audience=READERS)
async def accounts_of_kind(
    ctx: Ctx,
    kind: FromPath[str],
    at: FromQuery[datetime | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> AccountPage:
    if kind not in [each.kind for each in chart.chart()]:
        raise contract.AccountNotFound()
    found = await reading.account_balances(ctx.db, kind, spans.moment(ctx, at), limit, (page - 1) * limit)
    return AccountPage(found, page, limit, found[0].total if found else 0)


async def statement(
    ctx: Context, code: str, from_date: date | None, to_date: date | None, page: int, limit: int
) -> AccountStatement:
    """A page of an account's statement; raises AccountNotFound."""
    span = spans.days(ctx, from_date, to_date)
    summary: AccountSummary | None = await reading.account_summary(ctx.db, code, span.begins, span.ends)
    if summary is None:
        raise contract.AccountNotFound()
    lines = await reading.account_lines(ctx.db, code, span.begins, span.ends, limit, (page - 1) * limit)
    return AccountStatement(
        account=code,
        account_class=summary.account_class,
        from_at=span.begins,
        to_at=span.ends,
        opening=summary.opening,
        debits=summary.debits,
        credits=summary.credits,
        closing=summary.closing,
        lines=lines,
        page=page,
        limit=limit,
        total=summary.lines,
    )


@get("/api/reports/accounts/{kind:str}/statement", audience=READERS)
async def platform_account_statement(
    ctx: Ctx,
    kind: FromPath[str],
    from_date: FromQuery[date | None] = None,
    to_date: FromQuery[date | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> AccountStatement:
    return await statement(ctx, kind, from_date, to_date, page, limit)


@get("/api/reports/accounts/{kind:str}/{owner_id:uuid}/statement", audience=READERS)
async def account_statement(
    ctx: Ctx,
    kind: FromPath[str],
    owner_id: FromPath[UUID],
    from_date: FromQuery[date | None] = None,
    to_date: FromQuery[date | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> AccountStatement:
    return await statement(ctx, f"{kind}/{owner_id}", from_date, to_date, page, limit)


def _only(account: str, found: LedgerTransaction) -> LedgerTransaction:
    """A transaction with the lines of one account alone."""
    return msgspec.structs.replace(found, lines=[line for line in found.lines if line.account == account])


@get("/api/transactions", audience=READERS_AND_OWNERS)
async def transactions(
    ctx: Ctx,
    caller: SignedIn,
    reference: FromQuery[str | None] = None,
    account: FromQuery[str | None] = None,
    kind: FromQuery[str | None] = None,
    factory_id: FromQuery[UUID | None] = None,
    from_date: FromQuery[date | None] = None,
    to_date: FromQuery[date | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> TransactionPage:
    """Newest first. A factory's owner names the factory and sees the lines of its account alone."""
    own = None
    if factory_id is not None:
        await require_factory(ctx, caller, factory_id)
        own = account = accounts.payable_factory(factory_id)
    elif not sees_all(caller):
        raise NotFound()
    span = spans.days(ctx, from_date, to_date)
    found = await reading.transactions_by(
        ctx.db, None, reference, account, kind, span.begins, span.ends, limit, (page - 1) * limit
    )
    total = found[0].total if found else 0
    shown = found if own is None or sees_all(caller) else [_only(own, each) for each in found]
    return TransactionPage(shown, page, limit, total)


@get("/api/transactions/{transaction_id:uuid}", audience=READERS)
async def transaction(ctx: Ctx, transaction_id: FromPath[UUID]) -> LedgerTransaction:
    found = await reading.transactions_by(ctx.db, transaction_id, None, None, None, None, None, 1, 0)
    if not found:
        raise contract.LedgerTransactionNotFound()
    return found[0]


routes = [
    chart_of_accounts,
    trial_balance,
    accounts_of_kind,
    platform_account_statement,
    account_statement,
    transactions,
    transaction,
]
