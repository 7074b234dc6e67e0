"""The demo's buyers: they register with a code from their telephone, say where they live, join and pay."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from patungan.operations.api import Api, Person, Sandbox
from patungan.operations.demo.expectations import until
from patungan.operations.demo.figures import Charge
from patungan.operations.layout import OperationError
from patungan.operations.seed.people import addresses

FIRST_NAMES = (
    *("Adi", "Bunga", "Cahya", "Dian", "Eka", "Fajar", "Gita", "Hadi", "Intan", "Joko", "Kartika", "Lukman"),
    *("Mega", "Nanda", "Oka", "Puspita", "Rahmat", "Sri", "Tono", "Utami", "Vina", "Wahyu", "Yuni", "Zaki"),
)
LAST_NAMES = ("Wijaya", "Nasution", "Hidayat", "Siregar", "Kusuma", "Pratama", "Susanto", "Harahap", "Utomo", "Lubis")


@dataclass
class Purchase:
    """A buyer's place in a session, with the charge worked out by the demo itself."""

    buyer: Buyer
    participant_id: str
    session_id: str
    payment_id: str
    variant_id: str | None
    adjustment: int
    units: int
    charge: Charge
    invoice_url: str = ""
    paid: bool = False


@dataclass
class Buyer:
    """A registered buyer with a home, and the money that the wallet must hold by the demo's own account (rupiah)."""

    person: Person
    home: str
    wallet: int = 0
    purchases: list[Purchase] = field(default_factory=list)


async def register(api: Api, sandbox: Sandbox, rng: Random, count: int, advance: Callable[[], None]) -> list[Buyer]:
    """Register so many new buyers, some at a time."""
    people = [(f"{FIRST_NAMES[i % len(FIRST_NAMES)]}", rng.choice(LAST_NAMES), i) for i in range(count)]
    return list(await asyncio.gather(*(_register(api, sandbox, *person, advance) for person in people)))


async def _register(
    api: Api, sandbox: Sandbox, first: str, last: str, number: int, advance: Callable[[], None]
) -> Buyer:
    password = secrets.token_urlsafe(12)
    # A number of its own at every run: the same seed plays the same story with new people.
    phone = f"+62857{secrets.randbelow(10**8):08d}"
    await api.call("POST", "/api/auth/otp", {"phone": phone})
    code = await until(f"a code on {phone}", lambda: _code(sandbox, phone), seconds=20)
    account = {"phone": phone, "first_name": first, "last_name": last, "password": password, "otp": code}
    signed_in = await api.call("POST", "/api/auth/signup", account)
    person = Person(api, signed_in["access_token"], user_id=signed_in["user_id"], phone=phone, name=f"{first} {last}")
    place = addresses()[number % len(addresses())]
    given = {"label": "Rumah", "recipient": person.name, "phone": phone, "line": place.line}
    area = {"province": place.province, "city": place.regency, "district": place.district}
    home = await person.post("/api/addresses", {**given, **area, "postal_code": place.postal_code})
    advance()
    return Buyer(person, home["id"])


async def _code(sandbox: Sandbox, phone: str) -> str | None:
    return next((each["code"] for each in await sandbox.messages(phone=phone) if each["code"]), None)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a buyer wants of a session."""

    buyer: Buyer
    variant_id: str | None
    adjustment: int
    units: int


async def join(session_id: str, wish: Wish, charge_of: Callable[[int, int, int], Charge]) -> Purchase:
    """Join with the cheapest courier; ``charge_of`` works the charge out from adjustment, units and the way's price."""
    person, path = wish.buyer.person, f"/api/group-buying/{session_id}"
    parcel = {"address_id": wish.buyer.home, "quantity": wish.units, "variant_id": wish.variant_id}
    courier = (await person.get(f"{path}/shipping-options", **parcel))["items"][0]
    joined = await person.post(f"{path}/join", {**parcel, "courier_service": courier["service"]})
    purchase = Purchase(
        wish.buyer,
        joined["participant_id"],
        session_id,
        await _payment_id(person, joined),
        wish.variant_id,
        wish.adjustment,
        wish.units,
        charge_of(wish.adjustment, wish.units, courier["price"]),
    )
    asked = {name: joined[f"{name}_amount"] for name in ("product", "leg1", "leg2", "fee")}
    owed = {name: getattr(purchase.charge, name) for name in asked}
    if asked != owed or joined["total"] != purchase.charge.total:
        raise OperationError(f"a join was charged {asked}, by the rules it is {owed}")
    wish.buyer.purchases.append(purchase)
    return purchase


async def _payment_id(person: Person, joined: dict[str, Any]) -> str:
    """The payment, which follows a moment later where payment did not answer the join at once."""
    if joined["payment"]["id"]:
        return str(joined["payment"]["id"])

    async def found() -> str | None:
        mine = await person.get("/api/group-buying/mine")
        ids = [each["payment_id"] for each in mine["items"] if each["participant_id"] == joined["participant_id"]]
        return ids[0] if ids else None

    return str(await until("the payment of a join", found))


async def open_payment(purchase: Purchase) -> None:
    """Open the payment at the provider, as its buyer does by looking at it."""
    opened = await purchase.buyer.person.post(f"/api/payments/{purchase.payment_id}/invoice")
    purchase.invoice_url = opened["invoice_url"]


async def pay(sandbox: Sandbox, purchase: Purchase, method: str = "BANK_TRANSFER", **how: Any) -> list[int]:
    """Open and pay; answers the numbers of the provider's callbacks. ``how`` as the sandbox understands it."""
    if not purchase.invoice_url:
        await open_payment(purchase)
    answer = await sandbox.pay(purchase.invoice_url, payment_method=method, **how)
    purchase.paid = True
    return list(answer["callbacks"])


async def wallets_match(buyers: Sequence[Buyer]) -> list[tuple[str, object, object]]:
    """Each buyer's wallet: by the demo's account, and by the platform's."""
    found = await asyncio.gather(*(each.person.get("/api/wallet/balance") for each in buyers))
    return [(buyer.person.name, buyer.wallet, answer["balance"]) for buyer, answer in zip(buyers, found, strict=True)]
