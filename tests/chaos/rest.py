"""After the chaos: the troubles end, time passes, and all that was begun must come to its end, with whole books."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from patungan.kernel.identity import Role, Scope
from patungan.ledger import accounts
from patungan.operations.audit.report import Report
from tests.books import UNDER_WAY, audited
from tests.chaos.acts import Round
from tests.chaos.stack import Stack

QUIET_SECONDS = 60.0
"""How long rest is waited for, by the machine's clock."""

PENDING = {
    "under way": UNDER_WAY,
    "payments that nobody ended": "select count(*) from payment.payments where status = 'pending'",
    "webhooks kept and not processed": "select count(*) from payment.webhook_events where outcome is null",
    "refunds that failed and wait for finance": "select count(*) from payment.refunds where status = 'failed'",
    "wallet parts on their way back": "select count(*) from payment.payments where wallet_state in ('asked', 'returning')",
    "holds of payments that are over": """
        select count(*) from wallet.holds h join payment.payments p on p.id = h.payment_id
        where h.status = 'held' and p.status <> 'pending'
    """,
    "withdrawals that no batch took": "select count(*) from wallet.withdrawals where status in ('pending', 'processing')",
    "invoices whose end is not known": "select count(*) from payment.open_invoices",
    "batches that never finished": "select count(*) from wallet.withdrawal_batches where finished_at is null",
    # A session that sold is opened anew, and may go on.
    "sessions that are not over": """
        select count(*) from group_buying.sessions
        where status not in ('orders_created', 'failed', 'cancelled') and ends_at < to_timestamp({now})
    """,
    "failed workflows": """
        select count(*) from dbos.workflow_status where status not in ('SUCCESS', 'PENDING', 'ENQUEUED', 'DELAYED')
    """,
}


async def pending(stack: Stack) -> dict[str, int]:
    """What is not at its end, by kind; nothing of zero."""
    now = stack.house.clock.now().timestamp()
    wanted = {name: f"select ({query.replace('{now}', str(now))})::bigint" for name, query in PENDING.items()}
    counts = {name: int(await stack.value(query)) for name, query in wanted.items()}
    return {name: count for name, count in counts.items() if count}


async def come_to_rest(stack: Stack, round_: Round) -> None:
    """Let time pass until nothing is pending; fails the test with what is."""
    house = stack.house
    await house.client.delete(f"{house.sandbox_url}/_sandbox/faults")
    stack.alive()
    if round_.plan.outage is not None:
        await round_.outage(round_.plan.outage)
    house.later(minutes=32)
    await asyncio.sleep(0.3)
    await round_.pay_late()
    await _nothing_pending(stack, round_)
    if round_.plan.night:
        house.later(hours=26)
        await asyncio.sleep(1.5)
        await _nothing_pending(stack, round_)


async def _nothing_pending(stack: Stack, round_: Round) -> None:
    house = stack.house
    finance = await stack.patiently(lambda: house.person(Role.OFFICE_STAFF, Scope.FINANCE))
    until, looked = time.monotonic() + QUIET_SECONDS, 0
    while left := await pending(stack):
        stack.alive()
        assert time.monotonic() < until, f"pending in spite of rest: {left}\n{await details(stack)}"
        looked += 1
        if "withdrawals that no batch took" in left and looked % 4 == 1:
            await round_.send_withdrawals()
        if "refunds that failed and wait for finance" in left:
            await _work_off(stack, finance)
        await asyncio.sleep(0.4)
        house.later(minutes=2 if looked < 10 else 30)


async def _work_off(stack: Stack, finance: Any) -> None:
    """Finance sends failed refunds to the wallet."""
    for row in await stack.rows("select id from payment.refunds where status = 'failed'"):
        path = f"/api/refunds/{row['id']}/retry"
        response = await stack.ask(finance, "POST", "payment", path, {"destination": "wallet"})
        assert response.status_code in (200, 409), response.text


async def assert_same_books(stack: Stack, round_: Round) -> Report:
    """Fails unless our books are whole, equal the provider's to the rupiah, and hold all that was promised."""
    report = await audited(stack.house)
    offences = [f"{found.name}: {each}" for found in report.findings for each in found.offences]
    assert report.whole, "\n".join(offences)
    for table, ids in round_.promised.items():
        kept = await stack.value(f"select count(*) from {table} where id = any($1::uuid[])", ids)
        assert kept == len(ids), f"{len(ids) - kept} of {table} that were promised are gone"
    here, there = await _balances(stack)
    assert here == there, f"our gateway account holds {here}, the provider's {there}"
    return report


async def _balances(stack: Stack) -> tuple[int, int]:
    """What we think is at the provider, and what is there beyond what was there at the start; rupiah."""
    house = stack.house
    here = await stack.value("select ledger.balance_of($1)", accounts.GATEWAY_CLEARING)
    answer = await house.client.get(
        f"{house.sandbox_url}/xendit/balance", auth=(house.environment["XENDIT_SECRET_KEY"], "")
    )
    return int(here), int(answer.json()["balance"]) - OPENING_BALANCE


OPENING_BALANCE = 100_000_000
"""What the sandbox's account holds when its books are opened."""


async def details(stack: Stack) -> str:
    """Rows that are pending, for whoever looks into a failure."""
    queries = {
        "workflow": "select workflow_uuid, name, status, recovery_attempts, error from dbos.workflow_status"
        " where status <> 'SUCCESS'",
        "refund": "select * from payment.refunds where status not in ('completed', 'rejected')",
        "payment": "select * from payment.payments where status = 'pending' or wallet_state in ('asked', 'returning')",
        "withdrawal": "select * from wallet.withdrawals where status in ('pending', 'processing')",
        "session": "select id, status from group_buying.sessions where status not in"
        " ('orders_created', 'failed', 'cancelled')",
    }
    lines = []
    for name, query in queries.items():
        lines += [f"{name}: {dict(row)}" for row in (await stack.rows(query))[:3]]
    lines += [f"--- {name}\n{stack.log(name).read_text()[-3000:]}" for name in ("api", "worker")]
    return "\n".join(lines)
