"""A seller's stall for tests: a store that may sell, with stock of its own beside the factories'."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Self
from uuid import UUID, uuid4

from patungan.contracts import seller as contract
from patungan.kernel.identity import Caller, Role
from tests.house import House, Person

INVENTORY = "/api/sellers/inventory"

_numbers = itertools.count(1)


def store_input(**other: Any) -> dict[str, Any]:
    """A registration with every document, of a business with numbers of its own."""
    number = next(_numbers)
    return {
        "name": f"Toko Contoh {number}",
        "type": "business",
        "nib": f"91{number:011d}",
        "npwp": "091200001502000",
        "licence_url": "/assets/licence.svg",
        "line": "Jl. Asia Afrika No. 8",
        "district": "Sumur Bandung",
        "city": "Kota Bandung",
        "province": "Jawa Barat",
        "postal_code": "40111",
        "bank": {"code": "BCA", "account_number": "8410000777", "account_name": "Toko Contoh"},
        **other,
    }


async def registered_store(person: Person, **other: Any) -> dict[str, Any]:
    """A store as it stands after registration; the person's token speaks for a seller from then on."""
    answer: dict[str, Any] = await person.post("seller", "/api/sellers", store_input(**other))
    person.caller = Caller(person.id, Role.SELLER)
    return answer


class Stall:
    """A verified and active store with its owner."""

    def __init__(self, house: House, owner: Person, admin: Person, store: dict[str, Any]) -> None:
        self.house, self.owner, self.admin, self.store = house, owner, admin, store
        self.id = UUID(store["id"])

    @classmethod
    async def open(cls, house: House, **other: Any) -> Self:
        owner, admin = await house.person(), await house.admin()
        store = await registered_store(owner, **other)
        path = f"/api/sellers/{store['id']}"
        await admin.post("seller", f"{path}/verification", {"decision": "verified"})
        return cls(house, owner, admin, await admin.post("seller", f"{path}/status", {"status": "active"}))

    async def sells(self, product: Any, price: int = 120_000, stock: Mapping[str | None, int] | int = 20) -> Any:
        """Put a product into the stock, by the names of its variants where it has some."""
        names = {each["name"]: each["id"] for each in product["variants"]}
        units = {None: stock} if isinstance(stock, int) else stock
        variants = [{"variant_id": names.get(name), "stock": count} for name, count in units.items()]
        return await self.owner.post(
            "seller", INVENTORY, {"product_id": product["id"], "price": price, "variants": variants}
        )

    async def item(self, item: Any) -> Any:
        return await self.owner.get("seller", f"{INVENTORY}/{item['id']}")

    async def movements(self, item: Any) -> list[tuple[str, int, int, int]]:
        """Kind, units, stock after and reserved after, oldest first."""
        found = await self.owner.get("seller", f"{INVENTORY}/{item['id']}/movements", limit=100)
        return [
            (each["type"], each["units"], each["stock_after"], each["reserved_after"])
            for each in reversed(found["items"])
        ]

    def hold(self, product: Any, units: int, *, order_id: UUID | None = None, minutes: int = 60) -> contract.StockHold:
        return contract.StockHold(
            order_id=order_id or uuid4(),
            order_number="ORD-20261123-ABCDEFG",
            seller_id=self.id,
            lines=[contract.StockLine(product_id=UUID(product["id"]), variant_id=None, quantity=units)],
            expires_at=self.house.clock.now() + timedelta(minutes=minutes),
        )

    async def reserve(self, *holds: contract.StockHold) -> list[bool]:
        """Whether each got its units."""
        request = contract.ReserveStock(holds=list(holds))
        outcomes = await self.house.context("order").call(contract.reserve_stock, request)
        return [each.held for each in outcomes.outcomes]

    async def sell(self, *order_ids: UUID) -> contract.SoldStock:
        return await self.house.context("order").call(
            contract.sell_stock, contract.SellStock(order_ids=list(order_ids))
        )

    async def give_back(self, *order_ids: UUID) -> None:
        request = contract.GiveBackStock(order_ids=list(order_ids), reason="dibatalkan")
        await self.house.context("order").call(contract.give_back_stock, request)
