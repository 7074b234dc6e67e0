"""A market for flow tests: a product on sale in a warehouse, open sessions, buyers who join and pay at the sandbox."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx

from tests.house import House, Person
from tests.shop import published_product, selling_factory

HOME = {
    "label": "Rumah",
    "recipient": "Sari Wijaya",
    "phone": "081234567890",
    "province": "DKI Jakarta",
    "city": "Jakarta Pusat",
    "district": "Gambir",
    "postal_code": "10110",
    "line": "Jl. Medan Merdeka No. 1",
}


class Buyer:
    """Somebody who buys: a person with an address."""

    def __init__(self, person: Person, address_id: str) -> None:
        self.person = person
        self.id = person.id
        self.address_id = address_id

    async def join_response(
        self, session: Any, quantity: int, variant_id: str | None = None, *, key: str | None = None, **other: Any
    ) -> httpx.Response:
        """Ask to join, whatever comes of it."""
        path = f"/api/group-buying/{session['id']}"
        courier = other.pop("courier_service", None)
        if courier is None:
            options = await self.person.get(
                "group-buying",
                f"{path}/shipping-options",
                address_id=self.address_id,
                quantity=max(1, min(quantity, 50)),
            )
            courier = options["items"][0]["service"]
        body = {
            "quantity": quantity,
            "address_id": self.address_id,
            "courier_service": courier,
            **({"variant_id": variant_id} if variant_id else {}),
            **other,
        }
        return await self.person.request("POST", "group-buying", f"{path}/join", body, key=key)

    async def join(self, session: Any, quantity: int, variant_id: str | None = None, *, key: str | None = None) -> Any:
        """Join a session; answers the reservation."""
        response = await self.join_response(session, quantity, variant_id, key=key)
        assert response.status_code == 201, response.text
        return response.json()

    async def open_invoice(self, joined: Any) -> str:
        """Open the payment; answers the invoice's id at the provider."""
        invoice = await self.person.post("payment", f"/api/payments/{joined['payment']['id']}/invoice")
        return str(invoice["invoice_url"]).rstrip("/").rsplit("/", 1)[-1]

    async def pay(self, joined: Any, method: str = "EWALLET", channel: str = "OVO", **options: Any) -> str:
        """Open the payment and pay it at the sandbox; answers the invoice's id."""
        invoice_id = await self.open_invoice(joined)
        await self.pay_invoice(invoice_id, method, channel, **options)
        return invoice_id

    async def pay_invoice(self, invoice_id: str, method: str, channel: str, **options: Any) -> None:
        """Pay an invoice at the sandbox, as the buyer does on its page."""
        house = self.person.house
        response = await house.client.post(
            f"{house.sandbox_url}/xendit/_sandbox/invoices/{invoice_id}/pay",
            json={"payment_method": method, "payment_channel": channel, **options},
        )
        assert response.status_code == 200, response.text

    async def participation(self, joined: Any) -> Any:
        """The reservation as it stands now."""
        mine = await self.person.get("group-buying", "/api/group-buying/mine", limit=100)
        return next(each for each in mine["items"] if each["participant_id"] == joined["participant_id"])

    async def wallet(self) -> int:
        """The wallet's balance, rupiah."""
        return int((await self.person.get("wallet", "/api/wallet/balance"))["balance"])


class Market:
    """A warehouse, a factory with its owner, an administrator, and a product of theirs."""

    def __init__(self, house: House, admin: Person, owner: Person, warehouse: Any, product: Any) -> None:
        self.house, self.admin, self.owner = house, admin, owner
        self.warehouse, self.product = warehouse, product
        self.variants = {each["name"]: each["id"] for each in product["variants"]}

    @classmethod
    async def open(cls, house: House, *variants: str, **product: Any) -> Market:
        """Set up a market; ``product`` changes the product's terms."""
        owner, factory = await selling_factory(house)
        made = await published_product(
            house, owner, factory["id"], variants=[{"name": name} for name in variants], **product
        )
        admin = await house.admin()
        warehouse = await admin.post(
            "warehouse",
            "/api/warehouse/warehouses",
            {
                "code": f"WH-{uuid4().hex[:8].upper()}",
                "name": "Gudang Cikarang",
                "city": "Kab. Bekasi",
                "province": "Jawa Barat",
                "postal_code": "17530",
            },
        )
        return cls(house, admin, owner, warehouse, made)

    async def stock(self, quantity: int, variant: str | None = None) -> None:
        """Put units on the shelf."""
        body = {
            "warehouse_id": self.warehouse["id"],
            "product_id": self.product["id"],
            "operation": "set",
            "quantity": quantity,
            "reason": "first count",
            **({"variant_id": self.variants[variant]} if variant else {}),
        }
        await self.admin.post("warehouse", "/api/warehouse/inventory/adjustments", body)

    async def session(self, *, hours: float = 48, **terms: Any) -> Any:
        """Open a session with the terms of DOMAIN.md 6.2."""
        body = {
            "product_id": self.product["id"],
            "warehouse_id": self.warehouse["id"],
            "target_moq": 100,
            "base_price": 100_000,
            "price_tier_25": 100_000,
            "price_tier_50": 90_000,
            "price_tier_75": 80_000,
            "price_tier_100": 70_000,
            "bulk_shipping_cost": 500_000,
            "ends_at": (self.house.clock.now() + timedelta(hours=hours)).isoformat(),
            **terms,
        }
        return await self.owner.post("group-buying", "/api/group-buying", body)

    async def buyer(self) -> Buyer:
        """Somebody new who wants to buy."""
        person = await self.house.person()
        address = await person.post("address", "/api/addresses", HOME)
        return Buyer(person, address["id"])

    async def look(self, session: Any) -> Any:
        """The session as everybody sees it now."""
        response = await self.house.request("GET", "group-buying", f"/api/group-buying/{session['id']}")
        assert response.status_code == 200, response.text
        return response.json()

    async def end(self, session: Any) -> None:
        """Let the session end now."""
        await self.admin.post("group-buying", f"/api/group-buying/{session['id']}/end")

    async def reaches(self, session: Any, *statuses: str, seconds: float = 30) -> Any:
        """Wait until the session is in one of the statuses; answers it."""

        async def there() -> bool:
            return (await self.look(session))["status"] in statuses

        await self.house.eventually(there, seconds=seconds)
        return await self.look(session)

    async def paid_units(self, session: Any, units: int) -> None:
        """Wait until that many units are seen as paid."""

        async def seen() -> bool:
            return bool((await self.look(session))["paid_quantity"] == units)

        await self.house.eventually(seen, seconds=60)

    async def entries(self, reference: str) -> dict[str, int]:
        """What one reference moved on the books, by account kind, debits positive."""
        rows = await self.house.context("payment").db.fetch("select * from ledger.entries_of($1)", reference)
        sums: dict[str, int] = {}
        for row in rows:
            kind = row["account"].split("/")[0]
            sums[kind] = sums.get(kind, 0) + row["amount"]
        return sums
