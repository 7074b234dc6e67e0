"""A bazaar for tests: a warehouse with surplus and a seller's stall, and buyers who buy of both at once."""

from __future__ import annotations

from typing import Any, Self
from uuid import UUID, uuid4

import httpx
import msgspec

from patungan.ledger import accounts
from patungan.ledger.posting import balance_of
from tests.house import House, Person
from tests.market import Buyer, Market
from tests.stall import Stall

SURPLUS, OWN = 100_000, 120_000
"""What a unit costs of the surplus (the product's price) and at the stall (the seller's own)."""


class Bazaar:
    """Surplus of one product in a warehouse, and another seller's stock of the same product."""

    def __init__(self, market: Market, stall: Stall, item: Any) -> None:
        self.market, self.stall, self.item = market, stall, item
        self.house, self.admin = market.house, market.admin
        self.product = market.product

    @classmethod
    async def open(cls, house: House, surplus: int = 20, own: int = 20) -> Self:
        market = await Market.open(house)
        await market.stock(surplus)
        stall = await Stall.open(house)
        return cls(market, stall, await stall.sells(market.product, OWN, own))

    def line(self, quantity: int = 1, *, own: bool = False, **other: Any) -> dict[str, Any]:
        """Goods as a checkout names them: of the surplus, or of the stall."""
        given = {"product_id": self.product["id"], "quantity": quantity, "unit_price": OWN if own else SURPLUS}
        return {**given, **({"seller_id": str(self.stall.id)} if own else {}), **other}

    def key(self, *, own: bool = False) -> str:
        """How a checkout names the parcel."""
        if own:
            return f"seller:{self.stall.id}"
        return f"factory:{self.product['factory_id']}:{self.market.warehouse['id']}"

    async def couriers(self, buyer: Buyer, *lines: dict[str, Any]) -> dict[str, str]:
        """The cheapest courier of each parcel, by way of the cart."""
        for each in lines:
            wanted = {name: value for name, value in each.items() if name != "unit_price"}
            answer = await buyer.person.request("PUT", "order", "/api/orders/cart/items", wanted)
            assert answer.status_code == 200, answer.text
        cart = await buyer.person.get("order", "/api/orders/cart", address_id=buyer.address_id)
        return {each["key"]: each["rates"][0]["service"] for each in cart["parcels"]}

    async def ask(
        self, buyer: Buyer, *lines: dict[str, Any], couriers: dict[str, str], key: str | None = None, **other: Any
    ) -> httpx.Response:
        """Check out, whatever comes of it."""
        body = {"lines": list(lines), "address_id": buyer.address_id, "couriers": couriers, **other}
        return await buyer.person.request("POST", "order", "/api/orders", body, key=key)

    async def buy(self, buyer: Buyer, *lines: dict[str, Any], **other: Any) -> Any:
        """Check out by the cart."""
        answer = await self.ask(buyer, *lines, couriers=await self.couriers(buyer, *lines), **other)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def pay(self, buyer: Buyer, checkout: Any, method: str = "EWALLET", channel: str = "OVO") -> None:
        await buyer.pay({"payment": {"id": checkout["payment_id"]}}, method, channel)

    async def bought(self, buyer: Buyer, *lines: dict[str, Any], method: str = "EWALLET") -> Any:
        """Bought, paid, and in preparation."""
        made = await self.buy(buyer, *lines)
        await self.pay(buyer, made, method, "BCA" if method == "BANK_TRANSFER" else "OVO")
        for each in made["orders"]:
            await self.reaches(each, "processing")
        return made

    async def look(self, order: Any) -> Any:
        return await self.admin.get("order", f"/api/orders/{order['id']}")

    async def reaches(self, order: Any, *statuses: str) -> Any:
        """Wait until an order has one of the statuses; answers it."""

        async def there() -> bool:
            return (await self.look(order))["status"] in statuses

        await self.house.eventually(there, seconds=40)
        return await self.look(order)

    async def deliver(self, order: Any) -> Any:
        """Bring an order to its buyer, by hand of the staff."""
        for status in ("ready_for_pickup", "picked_up", "in_transit", "delivered"):
            await self.admin.post("order", f"/api/orders/{order['id']}/status", {"status": status})
        return await self.look(order)

    async def held(self, order: Any) -> int:
        """What the order's escrow holds."""
        return await balance_of(self.house.context("payment").db, accounts.order_escrow(UUID(order["id"])))

    async def is_held(self, order: Any, amount: int) -> None:
        """Wait until the order's escrow holds so much."""

        async def there() -> bool:
            return await self.held(order) == amount

        await self.house.eventually(there, seconds=40)

    async def stocks(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Units and reserved units of the surplus and of the stall."""
        found = await self.admin.get("warehouse", "/api/warehouse/inventory", product_id=self.product["id"])
        own = (await self.stall.item(self.item))["variants"][0]
        surplus = found["items"][0]
        return (surplus["quantity"], surplus["reserved"]), (own["stock"], own["reserved"])

    async def stocks_become(self, *wanted: tuple[int, int]) -> None:
        """Wait until the stocks are these."""

        async def there() -> bool:
            return await self.stocks() == wanted

        await self.house.eventually(there, seconds=40)

    async def events(self, kind: str, order: Any) -> list[dict[str, Any]]:
        rows = await self.house.context("order").db.fetch(
            "select payload::text from events where type = $1 and payload->>'order_id' = $2 order by xid, position",
            kind,
            order["id"],
        )
        return [msgspec.json.decode(row[0]) for row in rows]


async def photo(person: Person, content: bytes) -> httpx.Response:
    """Send a photo as evidence."""
    return await person.house.client.post(
        person.house.url("order", "/api/orders/photos"),
        content=content,
        headers={"Authorization": f"Bearer {person.house.token(person.caller)}", "Idempotency-Key": str(uuid4())},
    )
