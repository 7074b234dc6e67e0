"""After the chaos: the troubles end, time passes, and all that was begun must come to its end, with whole books."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from patungan.ledger import accounts
from patungan.operations.audit.report import Report
from tests.books import UNDER_WAY, audited
from tests.chaos.acts import PAYABLE_MINUTES, Round
from tests.chaos.stack import Stack
from tests.purse import RETURNING

QUIET_SECONDS = 240.0
"""How long rest is waited for, by the machine's clock; on a quiet machine it takes a second or two."""

_SCHEDULED = ("group_buying", "payment", "product", "review", "settlement", "wallet")
PENDING = {
    "under way": UNDER_WAY,
    "jobs whose time has come": " union all ".join(
        f"select next_run_at from {schema}.schedules where next_run_at <= $1 and name not like 'process-%'"
        for schema in _SCHEDULED
    ),
    "payments that nobody ended": "select from payment.payments where status = 'pending'",
    "webhooks kept and not processed": "select from payment.webhook_events where outcome is null",
    "refunds that failed and wait for finance": "select from payment.refunds where status = 'failed'",
    "refunds that nobody agreed to": "select from payment.refund_requests where status = 'pending'",
    "wallet parts on their way back": "select from payment.payments where wallet_state in ('asked', 'returning')",
    "holds of payments that are over": """
        select from wallet.holds h join payment.payments p on p.id = h.payment_id
        where h.status = 'held' and p.status <> 'pending'
    """,
    "withdrawals that no batch took": "select from wallet.withdrawals where status in ('pending', 'processing')",
    "withdrawals to be asked about": "select from wallet.withdrawals where next_look_at <= $1",
    "invoices whose end is not known": "select from payment.open_invoices",
    "batches that never finished": "select from wallet.withdrawal_batches where finished_at is null",
    # A session that sold is opened anew, and may go on.
    "sessions that are not over": """
        select from group_buying.sessions
        where status = 'pending_stock' or (status not in ('orders_created', 'failed', 'cancelled') and ends_at < $1)
    """,
    "settlements that did not end": """
        select from settlement.settlements where status not in ('completed', 'cancelled')
    """,
    "settlements to be asked about": "select from settlement.settlements where next_look_at <= $1",
    "deliveries that are not reckoned": "select from settlement.orders where reckoned_at is null",
    "refunds that no payee was charged for": """
        select from settlement.refunds r join settlement.orders o
            on o.order_id = r.order_id or o.participant_id = r.participant_id
        where r.charged_at is null
    """,
    "news that settlement has not read": """
        select from payment.events e join settlement.event_cursors c on c.subscription = 'settlement.on_money'
        where e.type in ('escrow.released', 'order_escrow.released', 'refund.completed', 'order_refund.completed')
            and (e.xid::text::bigint, e.position) > (c.xid, c.position)
    """,
    "deliveries that settlement has not read": """
        select from "order".events e join settlement.event_cursors c on c.subscription = 'settlement.on_deliveries'
        where e.type = 'order.delivered' and (e.xid::text::bigint, e.position) > (c.xid, c.position)
    """,
    "failed workflows": """
        select from dbos.workflow_status where status not in ('SUCCESS', 'PENDING', 'ENQUEUED', 'DELAYED')
    """,
}
WORKING = {"under way", "jobs whose time has come"}
COMING_BACK = {
    "payouts that their bank will send back": f"""
        select from wallet.withdrawals where status = 'completed' and number_last4 = '{RETURNING["account_number"][-4:]}'
        union all
        select from settlement.settlements
        where status = 'completed' and payout_amount > 0 and number_last4 = '{RETURNING["account_number"][-4:]}'
    """
}
"""What is only known at the very end: its news may be lost, and is then asked for a day later."""


async def pending(stack: Stack, *, at_the_end: bool = False) -> dict[str, int]:
    """What is not at its end, by kind; nothing of zero."""
    wanted = PENDING | COMING_BACK if at_the_end else PENDING
    parts = [
        f"select '{name}' as name, ({query})::bigint as count"
        if query is UNDER_WAY
        else f"select '{name}', (select count(*) from ({query}) as found)"
        for name, query in wanted.items()
    ]
    rows = await stack.rows(" union all ".join(parts), stack.house.clock.now())
    return {row["name"]: row["count"] for row in rows if row["count"]}


async def calm(stack: Stack, round_: Round) -> None:
    """After the trade: the troubles end, those who pay late do, and with a night what nobody told is found by its jobs."""
    house = stack.house
    await _no_more_faults(stack)
    if round_.plan.outage is not None:
        await round_.outage(round_.plan.outage)
    house.later(minutes=PAYABLE_MINUTES + 2)
    await nothing_pending(stack, round_)
    await round_.pay_late()
    await nothing_pending(stack, round_)
    if round_.plan.night:
        house.later(hours=26)
        await nothing_pending(stack, round_)
    await round_.settlements.session_orders_arrive()
    await nothing_pending(stack, round_)


async def paydays(stack: Stack, round_: Round) -> None:
    """The Fridays of the round, each until all is paid; what came back after them is found a day later."""
    for payday in round_.plan.paydays:
        for each in payday.before:
            await round_.settlements.refund(each)
        await nothing_pending(stack, round_)
        await round_.payday(payday)
        await _no_more_faults(stack)
        await nothing_pending(stack, round_)
    stack.house.later(hours=26)
    await nothing_pending(stack, round_, at_the_end=True)


async def _no_more_faults(stack: Stack) -> None:
    await stack.house.client.delete(f"{stack.house.sandbox_url}/_sandbox/faults")
    await stack.alive()


async def nothing_pending(stack: Stack, round_: Round, *, at_the_end: bool = False) -> None:
    """Let time pass until nothing is pending, with everybody doing what they do then; fails the test with what is."""
    until, looked = time.monotonic() + QUIET_SECONDS, 0
    while left := await pending(stack, at_the_end=at_the_end):
        await stack.alive()
        assert time.monotonic() < until, f"pending in spite of rest: {left}\n{await details(stack)}"
        looked += 1
        if "withdrawals that no batch took" in left and looked % 8 == 1:
            await round_.send_withdrawals()
        if "refunds that failed and wait for finance" in left:
            await _work_off(stack, stack.finance[0])
        if "settlements that did not end" in left:
            await round_.settlements.work_off()
        if "sessions that are not over" in left:
            await round_.settlements.goods_arrive()
        await asyncio.sleep(0.12)
        # Work that is under way is not waited for by the clock: jobs that come every few minutes would never let it end.
        if left.keys() - WORKING or looked % 8 == 0:
            stack.house.later(minutes=0.5 if looked < 10 else 10)


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
    await round_.settlements.assert_paid()
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
        "hold": "select h.status as hold_status, h.held_at, h.amount as held, p.* from wallet.holds h"
        " join payment.payments p on p.id = h.payment_id where h.status = 'held' and p.status <> 'pending'",
        "withdrawal": "select * from wallet.withdrawals where status in ('pending', 'processing')",
        "settlement": "select * from settlement.settlements where status not in ('completed', 'cancelled')",
        "session": "select id, status from group_buying.sessions where status not in"
        " ('orders_created', 'failed', 'cancelled')",
    }
    lines = []
    for name, query in queries.items():
        lines += [f"{name}: {dict(row)}" for row in (await stack.rows(query))[:3]]
    lines += [f"--- {name}\n{stack.log(name).read_text()[-3000:]}" for name in ("api", "worker")]
    return "\n".join(lines)
