"""What belongs to a person: whose it is sees it, a stranger of the same kind gets 404. By table, over all such routes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from rich.console import Console

from patungan.kernel.identity import Audience, Caller, Role
from patungan.operations.progress import Progress
from patungan.operations.seed import large
from tests.api.world import NOBODY, Route, all_routes
from tests.bazaar import Bazaar
from tests.house import House, Person
from tests.market import Market
from tests.operations.test_seed_large import SIZES
from tests.paying import Checkout
from tests.people import jpeg, office_with, send
from tests.purse import rich, withdraw
from tests.services.test_product_sheets import HEADING
from tests.services.test_product_sheets import send as send_sheet
from tests.shop import selling_factory

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

PERSONS = {Audience.CUSTOMER, Audience.FACTORY_OWNER, Audience.SELLER, Audience.AGENT}

_ADDRESS = "select id, user_id from address.addresses"
_FACTORY = "select id, owner_id from factory.factories"
_SESSION = "select s.id, f.owner_id from group_buying.sessions s join factory.factories f on f.id = s.factory_id"
_PRODUCT = "select p.id, f.owner_id from product.products p join factory.factories f on f.id = p.factory_id"
_ORDER = 'select id, user_id from "order".orders'
_COMPLAINT = 'select id, user_id from "order".complaints'
_PAYMENT = "select id, user_id from payment.payments"
_ITEM = "select i.id, s.user_id from seller.inventory i join seller.sellers s on s.id = i.seller_id"
_OFFICE = "select office_id, user_id from office.staff where role = 'office_manager'"
_SETTLEMENT = "select s.id, f.owner_id from settlement.settlements s join factory.factories f on f.id = s.payee_id"
_PURCHASE = "select p.id, f.owner_id from warehouse.purchase_orders p join factory.factories f on f.id = p.factory_id"
_INVOICE = """select i.id, f.owner_id from warehouse.invoices i join warehouse.purchase_orders p on p.id = i.purchase_order_id
    join factory.factories f on f.id = p.factory_id"""
_PICKUP = "select p.id, f.owner_id from office.pickups p join factory.factories f on f.id = p.factory_id"


@dataclass(frozen=True)
class Thing:
    """Something of somebody: where it is seen, whose it is, and what has to be said to see it."""

    place: str
    owner: Person
    asked: dict[str, Any] = field(default_factory=dict)


TABLE = {
    "/api/addresses/{address_id}": _ADDRESS,
    "/api/factories/{factory_id}/calendar": _FACTORY,
    "/api/factories/{factory_id}/expected-date": _FACTORY,
    "/api/factories/{factory_id}/documents": _FACTORY,
    "/api/factories/{factory_id}/dossier": _FACTORY,
    "/api/factories/{factory_id}/history": _FACTORY,
    "/api/factories/{factory_id}/members": _FACTORY,
    "/api/factories/{factory_id}/analytics": _FACTORY,
    "/api/factories/{factory_id}/sessions": _FACTORY,
    "/api/group-buying/managed/{session_id}": _SESSION,
    "/api/group-buying/managed/{session_id}/history": _SESSION,
    "/api/logistics/orders/{order_id}/shipment": "select order_id, user_id from logistics.shipments",
    "/api/offices/{office_id}": _OFFICE,
    "/api/offices/{office_id}/bank-account": _OFFICE,
    "/api/offices/{office_id}/staff": _OFFICE,
    "/api/offices/{office_id}/factories": _OFFICE,
    "/api/offices/{office_id}/figures": _OFFICE,
    "/api/offices/{office_id}/reviews": _OFFICE,
    "/api/pickup-tasks/{pickup_id}": _PICKUP,
    "/api/orders/{order_id}/complaints": 'select order_id, user_id from "order".complaints',
    "/api/orders/complaints/{complaint_id}": _COMPLAINT,
    "/api/orders/number/{number}": 'select number, user_id from "order".orders',
    "/api/orders/{order_id}": _ORDER,
    "/api/orders/{order_id}/invoice.pdf": _ORDER,
    "/api/reports/factories/{factory_id}": _FACTORY,
    "/api/reports/factories/{factory_id}/statement": _FACTORY,
    "/api/reports/factories/{factory_id}/statement.csv": _FACTORY,
    "/api/payments/{payment_id}": _PAYMENT,
    "/api/payments/{payment_id}/receipt.pdf": _PAYMENT,
    "/api/products/mine/{product_id}": _PRODUCT,
    "/api/products/mine/{product_id}/prices": _PRODUCT,
    "/api/sellers/inventory/{item_id}": _ITEM,
    "/api/sellers/inventory/{item_id}/movements": _ITEM,
    "/api/settlements/{settlement_id}": _SETTLEMENT,
    "/api/settlements/{settlement_id}/statement": _SETTLEMENT,
    "/api/settlements/{settlement_id}/statement.csv": _SETTLEMENT,
    "/api/settlements/{settlement_id}/statement.pdf": _SETTLEMENT,
    "/api/warehouse/bundles/{product_id}": _PRODUCT,
    "/api/warehouse/purchase-orders/{order_id}": _PURCHASE,
    "/api/warehouse/invoices/{invoice_id}": _INVOICE,
    "/api/warehouse/invoices/{invoice_id}/pdf": _INVOICE,
}
"""Route, and the SQL for one such thing with the user whose it is."""


async def _document(house: House) -> Thing:
    owner, factory = await selling_factory(house)
    path = f"/api/factories/{factory['id']}/documents"
    kept = await send(owner, "PUT", "factory", f"{path}/kinds/licence", jpeg())
    return Thing(f"{path}/{kept.json()['id']}", owner)


async def _shipping_options(house: House) -> Thing:
    """Of a public session, to an address of one's own."""
    market = await Market.open(house)
    buyer, session = await market.buyer(), await market.session()
    return Thing(f"/api/group-buying/{session['id']}/shipping-options", buyer.person, {"address_id": buyer.address_id})


async def _office_photo(house: House) -> Thing:
    """Of a visit to a factory that the office looks after."""
    admin, (_owner, factory) = await house.admin(), await selling_factory(house)
    office, ((agent, _staff),) = await office_with(house, admin, "office_manager")
    given = {"office_id": office["id"]}
    await admin.request("PUT", "factory", f"/api/factories/{factory['id']}/office", given)
    name = (await send(agent, "POST", "office", "/api/offices/photos", jpeg())).json()["name"]
    visit = {"factory_id": factory["id"], "type": "factory_visit", "photos": [name]}

    async def visited() -> bool:
        return (await agent.request("POST", "office", "/api/interactions", visit)).status_code == 201

    await house.eventually(visited, seconds=30)
    return Thing(f"/api/offices/photos/{name}", agent)


async def _checkout(house: House) -> Thing:
    bazaar = await Bazaar.open(house)
    buyer = await bazaar.market.buyer()
    return Thing(f"/api/orders/checkouts/{(await bazaar.buy(buyer, bazaar.line(1)))['id']}", buyer.person)


async def _order_photo(house: House) -> Thing:
    buyer = await house.person()
    return Thing((await send(buyer, "POST", "order", "/api/orders/photos", jpeg())).json()["url"], buyer)


async def _order_payments(house: House) -> Thing:
    checkout = Checkout(house, await house.person())
    await checkout.owe()
    return Thing(f"/api/payments/orders/{checkout.orders[0].order_id}", checkout.buyer)


async def _import(house: House) -> Thing:
    owner, factory = await selling_factory(house)
    report = await send_sheet(owner, factory["id"], f"{HEADING}\n")
    return Thing(f"/api/products/imports/{report.json()['id']}", owner)


async def _withdrawal(house: House) -> Thing:
    person = await rich(house, 50_000)
    return Thing(f"/api/withdrawals/{(await withdraw(person, 20_000))['id']}", person)


MADE: dict[str, Callable[[House], Awaitable[Thing]]] = {
    "/api/factories/{factory_id}/documents/{document_id}": _document,
    "/api/group-buying/{session_id}/shipping-options": _shipping_options,
    "/api/offices/photos/{name}": _office_photo,
    "/api/orders/checkouts/{checkout_id}": _checkout,
    "/api/orders/photos/{photo_id}": _order_photo,
    "/api/payments/orders/{order_id}": _order_payments,
    "/api/products/imports/{report_id}": _import,
    "/api/withdrawals/{withdrawal_id}": _withdrawal,
}
"""Routes whose things the seed does not make, and how somebody comes by one."""

PARAMETERS = {"/api/factories/{factory_id}/expected-date": {"quantity": 10}}

PERIOD = {"from_date": "2020-01-01", "to_date": "2040-01-01"}


@dataclass(frozen=True)
class Seeded:
    """A house with the large seed in small; ``strangers`` are of each kind and have nothing, or an office of their own."""

    house: House
    things: dict[str, tuple[str, UUID]]
    roles: dict[UUID, Role]
    strangers: dict[Role, Person]


@pytest.fixture(scope="module")
async def seeded(one_house: House) -> AsyncIterator[Seeded]:
    await large.fill(one_house.environment["DATABASE_URL"], None, SIZES, Progress(Console(quiet=True)))
    owner = await one_house.owner()
    try:
        things = {}
        for path, select in TABLE.items():
            found = await owner.fetchrow(f"{select} order by 1 limit 1")
            assert found is not None, path
            things[path] = (str(found[0]), found[1])
        users = await owner.fetch(
            "select id, role from auth.users where id = any($1)", [who for _, who in things.values()]
        )
        other = await owner.fetchval(
            "select user_id from office.staff where role = 'office_manager' order by office_id desc limit 1"
        )
    finally:
        await owner.close()
    strangers = {role: await one_house.person(role) for role in (Role.CUSTOMER, Role.FACTORY_OWNER, Role.SELLER)}
    strangers[Role.OFFICE_STAFF] = Person(one_house, other, "", Caller(other, Role.OFFICE_STAFF, frozenset()))
    yield Seeded(one_house, things, {each["id"]: Role(each["role"]) for each in users}, strangers)


def _personal_routes() -> list[Route]:
    return [
        route
        for route in all_routes()
        if route.method == "GET" and "{" in route.path and set(route.audiences) & PERSONS and not route.is_open_to_all
    ]


def test_the_table_has_every_route_that_shows_something_of_a_person() -> None:
    assert {route.path for route in _personal_routes()} == set(TABLE) | set(MADE)
    assert not set(TABLE) & set(MADE)


def _seeded_thing(seeded: Seeded, path: str) -> Thing:
    """What the seed made."""
    key, whose = seeded.things[path]
    owner = Person(seeded.house, whose, "", Caller(whose, seeded.roles[whose], frozenset()))
    asked: dict[str, Any] = {**PARAMETERS.get(path, {}), **(PERIOD if "reports" in path else {})}
    return Thing(re.sub(r"{\w+}", key, path), owner, asked)


@pytest.mark.parametrize("path", [*TABLE, *MADE])
async def test_whose_it_is_sees_it_and_a_stranger_gets_404(seeded: Seeded, path: str) -> None:
    service = next(each for each in _personal_routes() if each.path == path).service.name
    thing = await MADE[path](seeded.house) if path in MADE else _seeded_thing(seeded, path)
    seen = await thing.owner.request("GET", service, thing.place, **thing.asked)
    assert seen.status_code == 200, seen.text
    stranger = seeded.strangers[thing.owner.caller.role]
    nowhere = re.sub(r"{\w+}", str(NOBODY), path)
    for who, place in ((stranger, thing.place), (thing.owner, nowhere), (stranger, nowhere)):
        hidden = await who.request("GET", service, place, **thing.asked)
        assert hidden.status_code == 404, (place, hidden.text)
        assert not set(_ID.findall(thing.place)) & set(_ID.findall(hidden.text))
