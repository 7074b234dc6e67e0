"""Money at volume: paid webhooks worked off end to end, and a batch of withdrawals, beside pgbench writing the same rows.

A webhook is worked off when its payment is paid, posted in the ledger, and counted by its session. The batch runs from the
call that starts it until the provider's callbacks have completed every withdrawal.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import httpx
import msgspec

from benchmarks.frame.crowd import CHANCE, Buyer, make_buyers
from benchmarks.frame.figures import Spread, ratio
from benchmarks.frame.load import Plan, drive, request_bytes
from benchmarks.frame.market import Market
from benchmarks.frame.owed import make_opened_payments, paid_callback
from benchmarks.frame.pgbench import PgbenchOutcome, pgbench
from benchmarks.frame.platform import BenchPlatform, bench_platform
from patungan.contracts import wallet
from patungan.kernel.contract import rows
from patungan.kernel.identity import sign_service_token
from patungan.kernel.money import Rupiah
from patungan.ledger import accounts
from patungan.operations.audit.books import CHECKS as BOOK_CHECKS
from patungan.operations.audit.books import PREPARED
from patungan.operations.progress import Progress

WITHDRAWN = 50_000
"""Rupiah of each withdrawal."""
GIVE_UP_SECONDS = 600
POLL_SECONDS = 0.2

COPIED = {
    "payment.webhook_events": "hooks",
    "payment.webhook_names": "names",
    "payment.receipts": "receipts",
    "payment.payments": "payments",
    "payment.events": "events",
    "ledger.transactions": "transactions",
    "ledger.entries": "entries",
    "group_buying.participants": "participants",
    "wallet.webhook_events": "payout_hooks",
    "wallet.withdrawals": "withdrawals",
    "wallet.events": "wallet_events",
}
"""The tables that the references write: copies with the same columns, constraints and indexes, without foreign keys."""

_POSTED = """
insert into bench.transactions (id, idempotency_key, kind, reference, posted_at, posted_by, digest)
    values (md5(:{id}::text)::uuid, 'bench/' || md5(:{id}::text), 'payment_received', md5(:n::text), now(), 'bench', sha256('bench'));
insert into bench.entries (transaction_id, line, account_id, amount)
    values (md5(:{id}::text)::uuid, 1, 1, (:amount::bigint)), (md5(:{id}::text)::uuid, 2, 2, -(:amount::bigint));
"""
_NEW = """
\\set n random(1, 9000000000000000)
\\set m random(1, 9000000000000000)
\\set amount random(10000, 99999)
begin;
"""
PAID_ROWS = (
    _NEW
    + """
insert into bench.hooks (id, fingerprint, webhook_id, news, body, received_at, processed_at, outcome)
    values (md5(:n::text)::uuid, sha256(md5(:n::text)::bytea), md5(:n::text), 'invoice:' || md5(:n::text) || '-PAID', repeat('x', 500)::bytea,
        now(), now(), 'paid');
insert into bench.names (name, event_id) values ('news:' || md5(:n::text), md5(:n::text)::uuid), ('webhook:' || md5(:n::text), md5(:n::text)::uuid);
insert into bench.receipts (invoice_id, payment_id, kind, amount, currency, method, channel, paid_at, recorded_at)
    values (md5(:n::text), md5(:n::text)::uuid, 'in_time', (:amount::bigint), 'IDR', 'ewallet_ovo', 'OVO', now(), now());
insert into bench.payments (id, code, participant_id, session_id, user_id, description, product_amount, leg1_amount,
    leg2_amount, fee_amount, total, status, created_at, expires_at, paid_at, method, channel, invoice_asked_at,
    invoice_id, invoice_url)
    values (md5(:n::text)::uuid, 'PAY-20260101-' || upper(right(md5(:n::text), 6)), md5(:n::text)::uuid, md5(:m::text)::uuid, md5(:n::text)::uuid, 'Patungan', (:amount::bigint), 0, 0,
        0, (:amount::bigint), 'paid', now(), now(), now(), 'ewallet_ovo', 'OVO', now(), md5(:n::text), 'https://example.test/')
    on conflict do nothing;
insert into bench.events (id, type, version, occurred_at, payload)
    values (md5(:n::text)::uuid, 'payment.paid', 1, now(), jsonb_build_object('payment_id', md5(:n::text), 'code', upper(right(md5(:n::text), 6)),
        'participant_id', md5(:n::text), 'session_id', md5(:m::text), 'user_id', md5(:n::text), 'amount', (:amount::bigint)));
insert into bench.participants (id, session_id, user_id, position, variant_id, quantity, unit_price, product_amount,
    leg1_amount, leg2_amount, fee_amount, courier_service, address, status, idempotency_key, input_hash, joined_at,
    expires_at, paid_at)
    values (md5(:n::text)::uuid, md5(:m::text)::uuid, md5(:n::text)::uuid, 0, md5(:n::text)::uuid, 1, 1, 1, 0, 0, 0, 'jne-reg',
        jsonb_build_object('recipient', repeat('x', 250)), 'paid', 'bench', sha256('bench'), now(), now(), now());
"""
    + _POSTED.replace("{id}", "n")
    + _POSTED.replace("{id}", "m")
    + "commit;\n"
)
"""What a paid webhook writes: the event with its names, receipt, payment, news, participant, and two postings."""
WITHDRAWN_ROWS = (
    _NEW
    + """
insert into bench.withdrawals (id, code, user_id, amount, fee, net_amount, bank_code, channel_code, number_sealed,
    number_last4, holder_name, status, requested_at)
    values (md5(:n::text)::uuid, 'WD-20260101-' || upper(right(md5(:n::text), 6)), md5(:n::text)::uuid, (:amount::bigint), 0, (:amount::bigint), 'BCA', 'ID_BCA',
        repeat('x', 40)::bytea, '0101', 'Sari Wijaya', 'pending', now()) on conflict do nothing;
commit;
begin;
update bench.withdrawals set status = 'processing', batch_id = id, claimed_at = now() where id = md5(:n::text)::uuid;
commit;
begin;
update bench.withdrawals set asked_at = now(), next_look_at = now() where id = md5(:n::text)::uuid;
commit;
begin;
update bench.withdrawals set payout_id = md5(:n::text), next_look_at = now() where id = md5(:n::text)::uuid;
commit;
begin;
insert into bench.payout_hooks (id, fingerprint, webhook_id, news, body_sealed, received_at, processed_at, outcome)
    values (md5(:n::text)::uuid, sha256(md5(:n::text)::bytea), md5(:n::text), 'payout:' || md5(:n::text), repeat('x', 500)::bytea, now(), now(),
        'completed');
update bench.withdrawals set status = 'completed', ended_at = now(), next_look_at = now() where id = md5(:n::text)::uuid;
insert into bench.wallet_events (id, type, version, occurred_at, payload)
    values (md5(:n::text)::uuid, 'withdrawal.completed', 1, now(), jsonb_build_object('withdrawal_id', md5(:n::text), 'code', upper(right(md5(:n::text), 6)),
        'user_id', md5(:n::text), 'amount', (:amount::bigint), 'bank_code', 'BCA', 'account_last4', '0101'));
"""
    + _POSTED.replace("{id}", "n")
    + "commit;\n"
)
"""What a withdrawal's way through a batch writes: claimed, asked, sent, and completed with its news and its posting."""


class Options(msgspec.Struct, frozen=True):
    webhooks: Annotated[int, "paid webhooks"] = 10_000
    connections: Annotated[int, "connections of the provider, and of those who request withdrawals"] = 64
    withdrawals: Annotated[int, "withdrawals of the batch"] = 10_000
    clients: Annotated[tuple[int, ...], "clients of pgbench"] = (1, 16, 64)
    seconds: Annotated[int, "time of each pgbench run"] = 5


class Webhooks(msgspec.Struct, frozen=True):
    """``rate`` is webhooks a second from the first one sent until all are worked off; latency is that of the answers."""

    count: int
    answered_seconds: float
    seconds: float
    rate: float
    latency: Spread
    of_reference: float
    processor_seconds: dict[str, float]


class Withdrawals(msgspec.Struct, frozen=True):
    """Seconds from the start of the batch until all are sent, and until all are completed."""

    count: int
    requested_per_second: float
    sent_seconds: float
    completed_seconds: float
    rate: float
    of_reference: float
    processor_seconds: dict[str, float]


class Report(msgspec.Struct, frozen=True):
    """``of_reference`` divides by the best of pgbench's rates for the same rows."""

    reference: str
    webhooks: Webhooks
    webhooks_reference: list[PgbenchOutcome]
    withdrawals: Withdrawals
    withdrawals_reference: list[PgbenchOutcome]
    holds: dict[str, bool]


async def run(progress: Progress, options: Options) -> Report:
    """Webhooks first, withdrawals next, the references between them, on one platform."""
    variables = {
        "SANDBOX_OPENING_BALANCE": str(2 * options.withdrawals * WITHDRAWN),
        "WITHDRAWAL_DAILY_COUNT": str(options.withdrawals),
    }
    async with (
        bench_platform(progress, web=False, variables=variables) as platform,
        httpx.AsyncClient(timeout=60) as client,
    ):
        owner = await platform.owner()
        try:
            await _copies(owner)
            paid_reference = await _reference(progress, platform, PAID_ROWS, options, "a paid webhook")
            webhooks, holds = await _webhooks(progress, platform, owner, client, options, _best(paid_reference))
            sent_reference = await _reference(progress, platform, WITHDRAWN_ROWS, options, "a withdrawal")
            withdrawals, more = await _withdrawals(progress, platform, owner, client, options, _best(sent_reference))
            async with owner.transaction(isolation="repeatable_read"):
                await owner.execute(PREPARED)
                found = [await check.carry_out(owner) for check in BOOK_CHECKS]
        finally:
            await owner.close()
    more["the ledger is whole"] = all(each.holds for each in found)
    about = "pgbench writing the same rows (see the module), one transaction a webhook, five a withdrawal"
    return Report(about, webhooks, paid_reference, withdrawals, sent_reference, {**holds, **more})


async def _copies(owner: asyncpg.Connection[asyncpg.Record]) -> None:
    await owner.execute("create schema bench")
    for table, copy in COPIED.items():
        await owner.execute(f"create table bench.{copy} (like {table} including all)")


async def _reference(
    progress: Progress, platform: BenchPlatform, script: str, options: Options, what: str
) -> list[PgbenchOutcome]:
    outcomes = []
    for clients in options.clients:
        with progress.step(f"pgbench writing {what} with {clients} clients"):
            outcomes.append(await pgbench(platform, script, clients=clients, seconds=options.seconds))
    return outcomes


def _best(outcomes: list[PgbenchOutcome]) -> float:
    return max(each.rate for each in outcomes)


_PIECES = ("api", "worker", "postgres", "sandbox")


def _processor_seconds(platform: BenchPlatform, before: dict[str, float] | None = None) -> dict[str, float]:
    known = before or dict.fromkeys(_PIECES, 0.0)
    return {name: round(platform.pieces[name].cpu_seconds() - known[name], 2) for name in _PIECES}


async def _until(done: Callable[[], Awaitable[bool]], began: float) -> float:
    """Seconds since a beginning, at the moment when something is done; gives up after ten minutes."""
    while not await done():
        if time.monotonic() - began > GIVE_UP_SECONDS:
            return float("nan")
        await asyncio.sleep(POLL_SECONDS)
    return time.monotonic() - began


async def _webhooks(
    progress: Progress,
    platform: BenchPlatform,
    owner: asyncpg.Connection[asyncpg.Record],
    client: httpx.AsyncClient,
    options: Options,
    reference: float,
) -> tuple[Webhooks, dict[str, bool]]:
    market = await Market.open(platform, client, "M")
    session_id = UUID((await market.session(target_moq=options.webhooks))["id"])
    with progress.step(f"made {options.webhooks:,} payments that wait for their money"):
        owed = await make_opened_payments(owner, session_id, options.webhooks)
        await owner.execute("vacuum analyze")
        await owner.execute("checkpoint")
    token = platform.environment["XENDIT_WEBHOOK_VERIFICATION_TOKEN"]
    requests = [paid_callback(each, token) for each in owed]
    counted = "select paid_quantity from group_buying.sessions where id = $1"

    async def all_counted() -> bool:
        return bool(await owner.fetchval(counted, session_id) == options.webhooks)

    before = _processor_seconds(platform)
    with progress.step(f"{options.webhooks:,} paid webhooks worked off"):
        began = time.monotonic()
        number = options.connections
        answering = asyncio.create_task(
            drive(Plan(platform.port("payment"), [requests[place::number] for place in range(number)]))
        )
        seconds = await _until(all_counted, began)
        outcome = await answering
    row = await owner.fetchrow(
        """
        select (select count(*) from payment.payments where session_id = $1 and status = 'paid'),
            ledger.balance_of($2), (select coalesce(sum(total), 0) from payment.payments where session_id = $1)
        """,
        session_id,
        accounts.escrow(session_id),
    )
    paid, escrow, received = row or (0, 0, 0)
    measured = Webhooks(
        options.webhooks,
        round(outcome.seconds, 2),
        round(seconds, 2),
        round(options.webhooks / seconds, 1),
        outcome.spread,
        ratio(options.webhooks / seconds, reference),
        _processor_seconds(platform, before),
    )
    return measured, {
        "every webhook was answered with 2xx": set(outcome.statuses) <= {200, 201} and not outcome.failures,
        "every payment is paid": paid == options.webhooks,
        "the escrow holds what was paid": escrow == received,
    }


async def _withdrawals(
    progress: Progress,
    platform: BenchPlatform,
    owner: asyncpg.Connection[asyncpg.Record],
    client: httpx.AsyncClient,
    options: Options,
    reference: float,
) -> tuple[Withdrawals, dict[str, bool]]:
    with progress.step(f"requested {options.withdrawals:,} withdrawals"):
        buyers = await _with_money(platform, client, options.withdrawals)
        requests = [_withdrawal_request(each) for each in buyers]
        number = options.connections
        asked = await drive(Plan(platform.port("wallet"), [requests[place::number] for place in range(number)]))
        await owner.execute("vacuum analyze")
        await owner.execute("checkpoint")
    token = sign_service_token(platform.environment["SERVICE_TOKEN_SECRET"], "scheduler", "wallet", datetime.now(UTC))
    at_provider = await _balance(platform, client)
    before = _processor_seconds(platform)

    async def all_sent() -> bool:
        left = "select count(*) from wallet.withdrawals where asked_at is null or (status = 'processing' and payout_id is null)"
        return int(await owner.fetchval(left)) == 0

    async def all_completed() -> bool:
        left = "select count(*) from wallet.withdrawals where status <> 'completed'"
        return int(await owner.fetchval(left)) == 0

    with progress.step(f"{options.withdrawals:,} withdrawals sent and completed"):
        began = time.monotonic()
        url = platform.url("wallet", "/api/withdrawals/process-batch")
        (await client.post(url, headers={"Authorization": f"Bearer {token}"})).raise_for_status()
        sent = await _until(all_sent, began)
        completed = await _until(all_completed, began)
    paid_out = at_provider - await _balance(platform, client)
    row = await owner.fetchrow(
        "select ledger.balance_of($1), (select sum(net_amount) from wallet.withdrawals)", accounts.WITHDRAWAL_CLEARING
    )
    clearing, net = row or (0, 0)
    measured = Withdrawals(
        options.withdrawals,
        round(asked.rate, 1),
        round(sent, 2),
        round(completed, 2),
        round(options.withdrawals / completed, 1),
        ratio(options.withdrawals / completed, reference),
        _processor_seconds(platform, before),
    )
    return measured, {
        "every withdrawal was accepted": asked.statuses == {201: options.withdrawals},
        "every withdrawal is completed": not math.isnan(completed),
        "nothing is left on its way": clearing == 0,
        "the provider paid out what we booked": paid_out == net,
    }


async def _with_money(platform: BenchPlatform, client: httpx.AsyncClient, count: int) -> list[Buyer]:
    """People with money in their wallets: cashbacks of a session, credited as its close does."""
    buyers = await make_buyers(platform, count)
    secret = platform.environment["SERVICE_TOKEN_SECRET"]
    for place in range(0, count, 2_000):
        cashbacks = [
            wallet.Cashback(participant_id=CHANCE.new_id(), user_id=each.user_id, amount=Rupiah(WITHDRAWN))
            for each in buyers[place : place + 2_000]
        ]
        request = wallet.CreditCashbacks(
            session_id=CHANCE.new_id(), session_code="GB-20260101-AAAAA", cashbacks=rows(cashbacks)
        )
        token = sign_service_token(secret, "group-buying", "wallet", datetime.now(UTC))
        answer = await client.post(
            platform.url("wallet", wallet.credit_cashbacks.path),
            content=msgspec.json.encode(request),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        answer.raise_for_status()
    return buyers


def _withdrawal_request(buyer: Buyer) -> bytes:
    account: dict[str, Any] = {"bank_code": "BCA", "account_number": "8410000101", "holder_name": "Sari Wijaya"}
    return request_bytes(
        "POST",
        "/api/withdrawals",
        token=buyer.token,
        body=msgspec.json.encode({"amount": WITHDRAWN, "bank_account": account}),
        headers={"Idempotency-Key": f"bench-{buyer.user_id}"},
    )


async def _balance(platform: BenchPlatform, client: httpx.AsyncClient) -> int:
    """Our money at the provider, rupiah."""
    auth = (platform.environment["XENDIT_SECRET_KEY"], "")
    answer = await client.get(f"{platform.environment['XENDIT_API_URL']}/balance", auth=auth)
    answer.raise_for_status()
    return int(answer.json()["balance"])
