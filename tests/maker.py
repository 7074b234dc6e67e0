"""A factory's side of its goods for tests: its telephone, its purchase orders, and what arrives of them."""

from __future__ import annotations

from typing import Any

from tests.market import Market

ORDERS = "/api/warehouse/purchase-orders"


class Maker:
    """The factory of a market's product."""

    def __init__(self, market: Market) -> None:
        self.market, self.house = market, market.house

    async def orders(self) -> list[Any]:
        found = await self.market.admin.get("warehouse", ORDERS, product_id=self.market.product["id"])
        return list(found["items"])

    async def newest(self, count: int) -> Any:
        """The newest order, once there are so many."""

        async def there() -> bool:
            return len(await self.orders()) == count

        await self.house.eventually(there, seconds=60)
        return (await self.orders())[0]

    async def confirm(self, order: Any) -> None:
        """Press the button of the order's message."""
        found: list[Any] = []

        async def arrived() -> bool:
            params = {"phone": self.market.owner.phone, "channel": "whatsapp"}
            listed = (await self.house.client.get(f"{self.house.sandbox_url}/_sandbox/messages", params=params)).json()
            found[:] = [each for each in listed["messages"] if order["code"] in each["text"]]
            return bool(found)

        await self.house.eventually(arrived, seconds=60)
        path = f"{self.house.sandbox_url}/_sandbox/messages/{found[0]['id']}/press"
        assert (await self.house.client.post(path, json={"button": 0})).status_code == 200

        async def confirmed() -> bool:
            return bool((await self.orders())[0]["status"] == "confirmed")

        await self.house.eventually(confirmed, seconds=60)

    async def ship(self, order: Any) -> None:
        for status in ("in_production", "shipped"):
            await self.market.owner.post("warehouse", f"{ORDERS}/{order['id']}/status", {"status": status})

    async def receive(self, order: Any, received: int, damaged: int = 0) -> Any:
        """Book an arrival at the warehouse."""
        lines = [{"received": received, "damaged": damaged}]
        return await self.market.admin.post("warehouse", f"{ORDERS}/{order['id']}/receipts", {"lines": lines})

    async def stock(self) -> dict[str, int]:
        """How the product's stock stands."""
        found = await self.market.admin.get(
            "warehouse", "/api/warehouse/inventory", product_id=self.market.product["id"]
        )
        (item,) = found["items"]
        return {name: item[name] for name in ("quantity", "reserved", "available", "damaged", "incoming", "waiting")}
