"""What all acts share: the platform, the people, the narrator, and the account that is kept of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

import asyncpg
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from patungan.kernel.database import owner_url
from patungan.operations.api import Sandbox
from patungan.operations.demo.buyers import Buyer, Purchase
from patungan.operations.demo.expectations import Expectations, until
from patungan.operations.demo.figures import Division, Terms, cashback
from patungan.operations.demo.stage import Stage

T = TypeVar("T")

FINAL = ("orders_created", "failed", "cancelled")


@dataclass
class Show:
    """One run of the demo."""

    stage: Stage
    buyers: list[Buyer]
    sandbox: Sandbox
    rng: Random
    console: Console
    expect: Expectations
    database_url: str

    def act(self, title: str) -> None:
        """Announce an act."""
        self.console.print()
        self.console.rule(f"[bold]{escape(title)}[/]", align="left")

    def say(self, text: str) -> None:
        """Tell what happens."""
        self.console.print(f"  {escape(text)}", soft_wrap=True)

    async def together(self, label: str, works: Sequence[Awaitable[T]]) -> list[T]:
        """Do many things at once, with a bar."""
        async with progress_bar(self.console, label, len(works)) as advance:

            async def one(work: Awaitable[T]) -> T:
                result = await work
                advance()
                return result

            return list(await asyncio.gather(*(one(work) for work in works)))

    async def counted(self, session_id: str, units: int) -> None:
        """Wait until the session has counted so many paid units."""

        async def is_counted() -> bool:
            return bool((await self.stage.session(session_id))["paid_quantity"] == units)

        await until(f"{units} paid units of the session counted", is_counted)

    async def ended(self, session_id: str, *statuses: str) -> dict[str, Any]:
        """Wait until the session has one of the statuses and answer it."""

        async def has_ended() -> dict[str, Any] | None:
            session = await self.stage.session(session_id)
            return session if session["status"] in statuses else None

        found: dict[str, Any] = await until(f"the session {' or '.join(statuses)}", has_ended, seconds=90)
        return found

    async def check_orders(self, session_code: str, terms: Terms, tier: int, purchases: Sequence[Purchase]) -> None:
        """Every paid participation has become one order at the tier's price, and its cashback is due to the wallet."""
        own = await asyncio.gather(*(_orders_of(each.buyer, session_code) for each in purchases))
        values: list[tuple[str, object, object]] = []
        for purchase, orders in zip(purchases, own, strict=True):
            charge, back = purchase.charge, cashback(terms, tier, purchase.units)
            price = terms.tiers[tier] + purchase.adjustment
            purchase.buyer.wallet += back
            expected = {
                "orders": 1,
                "unit price": price,
                "subtotal": price * purchase.units,
                "shipping": charge.leg1 + charge.leg2,
                "fee": charge.fee,
                "total": charge.total - back,
            }
            order = orders[0] if orders else {}
            keys = ("unit_price", "subtotal", "shipping_cost", "fee", "total")
            found = dict(zip(expected, [len(orders), *(order.get(key) for key in keys)], strict=True))
            values.append((purchase.buyer.person.name, expected, found))
        self.expect.each_same("orders", values)

    async def check_division(self, session_id: str, factory_id: str, expected: Division) -> None:
        """The books divided the escrow as the rules say."""
        connection = await asyncpg.connect(owner_url(self.database_url))
        try:
            rows = await connection.fetch(
                "select account, -sum(amount)::bigint as amount from ledger.entries_of($1) "
                "where transaction_kind = 'escrow_released' group by account",
                session_id,
            )
        finally:
            await connection.close()
        booked = {row["account"]: row["amount"] for row in rows}
        parts = {
            f"escrow/{session_id}": -expected.total,
            f"cashback_payable/{session_id}": expected.cashback,
            f"payable_factory/{factory_id}": expected.factory,
            "payable_warehouse": expected.warehouse,
            "payable_courier": expected.courier,
            "commission_revenue": expected.commission,
            "fee_income": expected.fee_income,
        }
        self.expect.each_same(
            "the division of the escrow",
            [(name.partition("/")[0], amount, booked.get(name, 0)) for name, amount in parts.items()],
        )


async def _orders_of(buyer: Buyer, session_code: str) -> list[Any]:
    return [each for each in await buyer.person.all("/api/orders") if each["session_code"] == session_code]


@asynccontextmanager
async def progress_bar(console: Console, label: str, total: int) -> AsyncIterator[Callable[[], None]]:
    """A bar that the block advances; it leaves nothing behind when it is full."""
    columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(label, total=total)
        yield lambda: progress.advance(task)
