"""Proves a house's books at the end of a test, once nothing is under way any more."""

from __future__ import annotations

from patungan.operations.audit import audit
from patungan.operations.audit.provider import ProviderBooks
from patungan.operations.audit.report import Report
from tests.house import House

UNDER_WAY = """
    select (select count(*) from dbos.workflow_status where status in ('PENDING', 'ENQUEUED', 'DELAYED')
                and split_part(name, '.', 1) in ('group-buying', 'payment', 'wallet', 'order', 'warehouse', 'settlement')
                and workflow_uuid not in (
                    select 'close-' || id from group_buying.sessions where status = 'pending_stock'))
        + (select count(*) from payment.refunds where status in ('pending', 'processing') and not awaits_approval)
        + (select count(*) from payment.webhook_events where processed_at is null)
        + (select count(*) from wallet.webhook_events where processed_at is null)
        + (select count(*) from wallet.withdrawals where status = 'processing')
        + (select count(*) from settlement.settlements where status = 'processing')
        + (select count(*) from payment.events e where e.type in ('payment.paid', 'payment.expired') and not exists (
                select 1 from group_buying.event_cursors c where c.subscription = 'group_buying.on_payments'
                    and (c.xid, c.position) >= (e.xid::text::bigint, e.position)))
"""
"""Workflows of money and goods, refunds, withdrawals that a batch has, webhooks and payments' news that are not at their end. A session that waits for
goods may wait, and messages to people have all the time there is."""


def provider_books(house: House) -> ProviderBooks:
    """The books of the house's sandbox."""
    return ProviderBooks(f"{house.sandbox_url}/xendit", house.environment["XENDIT_SECRET_KEY"])


async def nothing_under_way(house: House) -> None:
    """Wait until everything that was begun has ended; fails the test if it does not within a minute."""
    owner = await house.owner()
    try:

        async def is_quiet() -> bool:
            return int(await owner.fetchval(f"select ({UNDER_WAY})::bigint")) == 0

        await house.eventually(is_quiet, seconds=60)
    finally:
        await owner.close()


async def audited(house: House) -> Report:
    """The audit's report of a house as it stands."""
    return await audit(house.environment["DATABASE_URL"], provider_books(house))


async def assert_books_whole(house: House) -> None:
    """Fails with the offending entries unless the house's books are whole."""
    await nothing_under_way(house)
    report = await audited(house)
    assert report.whole, report.broken()
