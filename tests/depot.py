"""A warehouse for tests: its stock, demands of sessions made up here, and a check that its books of stock agree."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec

from patungan.contracts import warehouse as contract
from patungan.kernel.money import Rupiah
from tests.house import House, Person
from tests.market import Market

NO_VARIANT = "-"
"""Stands for the variant None of a product without variants."""

ADJUSTMENTS = "/api/warehouse/inventory/adjustments"
ORDERS = "/api/warehouse/purchase-orders"


class Depot:
    """A warehouse with one product of a factory, whose wholesale unit is 12."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.house, self.admin, self.owner = market.house, market.admin, market.owner
        self.warehouse_id, self.product_id = str(market.warehouse["id"]), str(market.product["id"])
        self.factory_id = str(market.product["factory_id"])
        self.variants: dict[str, str | None] = {**market.variants, NO_VARIANT: None}
        self.names = {variant_id: name for name, variant_id in self.variants.items()}

    @classmethod
    async def open(cls, house: House, *variants: str, **stock: int) -> Depot:
        """A warehouse, with so many units of each variant."""
        depot = cls(await Market.open(house, *variants))
        for name, units in stock.items():
            await depot.market.stock(units, name)
        return depot

    async def bundle(self, tolerance: int = 9, **shares: int) -> Any:
        """Have the product sold in bundles of so many units a variant."""
        variants = [
            {"variant_id": self.variants[name], "units_per_bundle": units, "max_excess_units": units * tolerance}
            for name, units in shares.items()
        ]
        answer = await self.owner.request(
            "PUT", "warehouse", f"/api/warehouse/bundles/{self.product_id}", {"variants": variants}
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def demand(self, session_id: UUID, units: Mapping[str, int], **other: Any) -> contract.FulfilDemand:
        """What a session asks for; a unit costs 80,000."""
        told: dict[str, Any] = {
            "session_id": session_id,
            "session_code": f"GB-{session_id.hex[:6].upper()}",
            "product_id": UUID(self.product_id),
            "product_name": "Kemeja Batik Pria",
            "factory_id": UUID(self.factory_id),
            "warehouse_id": UUID(self.warehouse_id),
            "lines": [self.line(name, quantity) for name, quantity in units.items()],
            "needed_by": self.house.clock.now() + timedelta(days=7),
        }
        return contract.FulfilDemand(**{**told, **other})

    def line(self, name: str, quantity: int) -> contract.DemandLine:
        variant_id = self.variants[name]
        return contract.DemandLine(
            variant_id=UUID(variant_id) if variant_id else None, quantity=quantity, unit_cost=Rupiah(80_000)
        )

    async def fulfil(self, session_id: UUID, **units: int) -> contract.Fulfilment:
        """Meet a session's demand."""
        return await self.send(self.demand(session_id, units or {}))

    async def send(self, request: contract.FulfilDemand) -> contract.Fulfilment:
        return await self.house.context("group-buying").call(contract.fulfil_demand, request)

    async def release(self, session_id: UUID, reason: str = "dibatalkan") -> None:
        request = contract.ReleaseDemand(session_id=session_id, reason=reason)
        await self.house.context("group-buying").call(contract.release_demand, request)

    def split(self, reply: contract.Fulfilment) -> dict[str, tuple[int, int]]:
        """Units from stock and from the order, by variant."""
        return {self._name(line.variant_id): (line.from_stock, line.to_order) for line in reply.lines}

    def _name(self, variant_id: object) -> str:
        return self.names[None if variant_id is None else str(variant_id)]

    async def shelf(self) -> dict[str, dict[str, int]]:
        """The inventory by variant."""
        found = await self.admin.get("warehouse", "/api/warehouse/inventory", product_id=self.product_id)
        return {self._name(each["variant_id"]): each for each in found["items"]}

    async def numbers(self, column: str) -> dict[str, int]:
        """One figure of the inventory by variant."""
        return {name: row[column] for name, row in (await self.shelf()).items()}

    async def orders(self) -> list[Any]:
        """The product's purchase orders, oldest first."""
        found = await self.admin.get("warehouse", ORDERS, product_id=self.product_id, limit=100)
        return list(reversed(found["items"]))

    async def order(self, code: str | None) -> Any:
        return next(each for each in await self.orders() if each["code"] == code)

    def ordered(self, order: Any, figure: str = "ordered") -> dict[str, int]:
        """A figure of an order's lines by variant."""
        return {self._name(line["variant_id"]): line[figure] for line in order["lines"]}

    async def ship(self, order: Any) -> None:
        """Have the factory make and send an order."""
        for status in ("confirmed", "in_production", "shipped"):
            await self.owner.post("warehouse", f"{ORDERS}/{order['id']}/status", {"status": status})

    async def receive(self, order: Any, **units: int | tuple[int, int]) -> httpx.Response:
        """Book an arrival: sound units, or sound and damaged ones, by variant."""
        return await self.book(order, units, str(uuid4()))

    async def book(self, order: Any, units: Mapping[str, int | tuple[int, int]], key: str) -> httpx.Response:
        """Book an arrival under a key."""
        lines = []
        for name, given in units.items():
            received, damaged = given if isinstance(given, tuple) else (given, 0)
            lines.append({"variant_id": self.variants[name], "received": received, "damaged": damaged})
        path = f"{ORDERS}/{order['id']}/receipts"
        return await self.admin.request("POST", "warehouse", path, {"lines": lines}, key=key)

    async def adjust(self, operation: str, quantity: int, name: str = NO_VARIANT, **other: Any) -> httpx.Response:
        """Correct a stock by hand."""
        key, person = other.pop("key", None), other.pop("person", self.admin)
        body = {
            "warehouse_id": self.warehouse_id,
            "product_id": self.product_id,
            "variant_id": self.variants[name],
            "operation": operation,
            "quantity": quantity,
            "reason": "hitung ulang",
            **other,
        }
        asked: Person = person
        return await asked.request("POST", "warehouse", ADJUSTMENTS, body, key=key)

    async def events(self, kind: str) -> list[dict[str, Any]]:
        """What was published about the product, or about its factory's orders, oldest first."""
        rows = await self.house.context("warehouse").db.fetch(
            "select payload from events where type = $1 order by position", kind
        )
        bodies = [msgspec.json.decode(row["payload"], type=dict[str, Any]) for row in rows]
        return [
            body
            for body in bodies
            if body.get("product_id") == self.product_id or body.get("factory_id") == self.factory_id
        ]

    async def movements(self) -> list[Any]:
        """The product's movements, oldest first."""
        found = await self.admin.get("warehouse", "/api/warehouse/movements", product_id=self.product_id, limit=100)
        assert found["total"] <= 100
        return list(reversed(found["items"]))

    async def whole(self) -> None:
        """Fails where stock, movements and reservations disagree, or free goods lie while sessions wait for them."""
        rows = await self.house.context("warehouse").db.fetch(_FAULTS, UUID(self.product_id))
        assert [dict(row) for row in rows] == []


_FAULTS = """
    select * from (
        select variant_id, quantity, reserved, available,
            (select coalesce(sum(quantity_change), 0) from stock_movements where inventory_id = inventory.id) as moved,
            (select coalesce(sum(reserved_change), 0) from stock_movements where inventory_id = inventory.id) as kept,
            damaged,
            (select coalesce(sum(damaged_change), 0) from stock_movements where inventory_id = inventory.id) as spoilt,
            (select coalesce(sum(units), 0) from direct_reservations join direct_orders using (order_id)
                where inventory_id = inventory.id and status = 'held') + (
                select coalesce(sum(held), 0) from reservations join demands using (session_id)
                where demands.warehouse_id = inventory.warehouse_id and demands.product_id = inventory.product_id
                    and reservations.variant_id is not distinct from inventory.variant_id) as held,
            (select coalesce(sum(reservations.quantity - held - cancelled), 0) from reservations join demands using (session_id)
                where demands.warehouse_id = inventory.warehouse_id and demands.product_id = inventory.product_id
                    and status = 'waiting'
                    and reservations.variant_id is not distinct from inventory.variant_id) as waiting
        from inventory where product_id = $1
    ) as figures
    where quantity <> moved or damaged <> spoilt or reserved <> kept or reserved <> held or (available > 0 and waiting > 0)
    """


def new_session() -> UUID:
    """The id of a session that only the warehouse knows."""
    return uuid4()


def refused(response: httpx.Response) -> tuple[int, str, str | None]:
    """Status, code and field of a problem."""
    body = response.json()
    return response.status_code, body["code"], body.get("field")
