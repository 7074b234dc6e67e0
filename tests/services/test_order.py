"""Orders: created once in bulk, seen by whom they concern, moved by rule."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest

from patungan.contracts import order
from patungan.contracts.address import Address
from patungan.kernel.contract import rows
from patungan.kernel.errors import InvalidInput
from patungan.kernel.identity import Role, Scope
from patungan.kernel.money import Rupiah
from patungan.kernel.time import jakarta_day
from patungan.services.order.operations.session_orders import create_session_orders
from tests.house import House, Person
from tests.shop import registered_factory

ADDRESS = Address(
    id=uuid4(), label="Rumah", recipient="Sari Wijaya", phone="+6281234567890", province="Jawa Barat",
    city="Kota Bandung", district="Coblong", postal_code="40132", line="Jl. Dago 1", notes="",
)  # fmt: skip


def session_order(user_id: UUID, **other: Any) -> order.SessionOrder:
    """Buyer A of DOMAIN.md 6.2."""
    given: dict[str, Any] = {
        "participant_id": uuid4(),
        "user_id": user_id,
        "variant_id": uuid4(),
        "variant_name": "L, Biru",
        "sku": "BATIK-L",
        "quantity": 40,
        "unit_price": Rupiah(80_000),
        "shipping_cost": Rupiah(215_000),
        "fee": Rupiah(120_000),
        "cashback": Rupiah(800_000),
        "courier_service": "jne:reg",
        "address": ADDRESS,
        **other,
    }
    return order.SessionOrder(**given)


def orders_of(answer: order.CreatedOrders) -> list[order.CreatedOrder]:
    return msgspec.json.decode(answer.orders, type=list[order.CreatedOrder])


def wanted_of(request: order.CreateSessionOrders) -> list[order.SessionOrder]:
    return msgspec.json.decode(request.orders, type=list[order.SessionOrder])


def batch(*orders: order.SessionOrder, **other: Any) -> order.CreateSessionOrders:
    given: dict[str, Any] = {
        "session_id": uuid4(),
        "session_code": "GB-20261123-ABCDE",
        "factory_id": uuid4(),
        "factory_name": "Pabrik Contoh",
        "product_id": uuid4(),
        "product_name": "Kemeja Batik Pria",
        "product_slug": "kemeja-batik-pria",
        "image_url": None,
        "unit_weight_grams": 250,
        "orders": rows(orders),
        **other,
    }
    return order.CreateSessionOrders(**given)


async def create(house: House, request: order.CreateSessionOrders) -> list[order.CreatedOrder]:
    return orders_of(await house.context("group-buying").call(order.create_session_orders, request))


async def one_for(house: House, person: Person, **other: Any) -> order.CreatedOrder:
    (made,) = await create(house, batch(session_order(person.id), **other))
    return made


async def events(house: House, kind: str, session_or_order: UUID) -> list[dict[str, Any]]:
    rows = await house.context("order").db.fetch(
        "select payload::text from events where type = $1 and $2 in (payload->>'session_id', payload->>'order_id')"
        " order by xid, position",
        kind,
        str(session_or_order),
    )
    return [msgspec.json.decode(row[0]) for row in rows]


async def warehouse_worker(house: House) -> Person:
    return await house.person(Role.OFFICE_STAFF, Scope.WAREHOUSE)


async def move(person: Person, order_id: UUID, status: str, note: str = "") -> tuple[int, Any]:
    response = await person.request("POST", "order", f"/api/orders/{order_id}/status", {"status": status, "note": note})
    return response.status_code, response.json()


async def test_an_order_as_its_buyer_sees_it(one_house: House) -> None:
    sari = await one_house.person()
    made = await one_for(one_house, sari)
    day = jakarta_day(one_house.clock.now())
    assert re.fullmatch(rf"ORD-{day}-[2-9A-HJKMNP-TV-Z]{{7}}", made.number)
    shown = await sari.get("order", f"/api/orders/{made.order_id}")
    created_at, history, (item,) = shown.pop("created_at"), shown.pop("history"), shown.pop("items")
    assert shown == {
        "id": str(made.order_id),
        "number": made.number,
        "status": "paid",
        "factory_name": "Pabrik Contoh",
        "product_name": "Kemeja Batik Pria",
        "product_slug": "kemeja-batik-pria",
        "image_url": None,
        "variant_name": "L, Biru",
        "sku": "BATIK-L",
        "quantity": 40,
        "unit_price": 80_000,
        "subtotal": 3_200_000,
        "shipping_cost": 215_000,
        "fee": 120_000,
        "total": 3_535_000,
        "cashback": 800_000,
        "session_code": "GB-20261123-ABCDE",
        "courier_service": "jne:reg",
        "address": msgspec.to_builtins(ADDRESS),
        "source": "session",
        "seller_name": "",
        "checkout_id": None,
        "refunded": 0,
        "delivered_at": None,
        "may_cancel": False,
        "may_complain": False,
    }
    assert (item["product_name"], item["quantity"], item["subtotal"]) == ("Kemeja Batik Pria", 40, 3_200_000)
    assert history == [{"status": "paid", "at": created_at, "by": "system"}]
    assert (await sari.get("order", f"/api/orders/number/{made.number.lower()}"))["id"] == str(made.order_id)


async def test_a_batch_is_created_once(one_house: House) -> None:
    people = [await one_house.person() for _ in range(3)]
    request = batch(*(session_order(person.id) for person in people))
    first = await create(one_house, request)
    assert {each.participant_id for each in first} == {each.participant_id for each in wanted_of(request)}
    assert await create(one_house, request) == first
    more = msgspec.structs.replace(request, orders=rows([*wanted_of(request), session_order(people[0].id)]))
    second = await create(one_house, more)
    assert len(second) == 4
    assert [each for each in second if each in first] == first
    published = await events(one_house, "order.created", request.session_id)
    assert Counter(each["order_id"] for each in published) == {str(each.order_id): 1 for each in second}
    assert published[0]["total"] == 3_535_000
    found = await one_house.context("order").db.fetch(
        "select count(*), sum(quantity) from order_items where product_id = $1", request.product_id
    )
    assert tuple(found[0]) == (4, 160)


async def test_a_participant_named_twice_gets_one_order(one_house: House) -> None:
    sari = await one_house.person()
    wanted = session_order(sari.id)
    assert len(await create(one_house, batch(wanted, wanted))) == 1
    assert (await sari.get("order", "/api/orders"))["total"] == 1


async def test_the_same_batch_ten_times_at_once(one_house: House) -> None:
    sari = await one_house.person()
    request = batch(*(session_order(sari.id) for _ in range(20)))
    backwards = msgspec.structs.replace(request, orders=rows(wanted_of(request)[::-1]))
    answers = await asyncio.gather(*(create(one_house, request if n % 2 else backwards) for n in range(10)))
    assert all(answer == answers[0] for answer in answers)
    assert (await sari.get("order", "/api/orders"))["total"] == 20
    assert len(await events(one_house, "order.created", request.session_id)) == 20


async def test_an_empty_batch_and_one_without_units(one_house: House) -> None:
    assert await create(one_house, batch()) == []
    sari = await one_house.person()
    with pytest.raises(InvalidInput) as refused:
        await create(one_house, batch(session_order(sari.id), session_order(sari.id, quantity=0)))
    assert refused.value.field == "quantity"
    assert (await sari.get("order", "/api/orders"))["total"] == 0


async def test_the_platform_itself_gets_no_order(one_house: House) -> None:
    request = batch(session_order(UUID("00000000-0000-0000-0000-000000000001")))
    with pytest.raises(InvalidInput) as refused:
        await create(one_house, request)
    assert refused.value.field == "user_id"
    assert await events(one_house, "order.created", request.session_id) == []


class _Clashing:
    """Draws a secret that is known before it goes on."""

    def __init__(self, chance: Any, *secrets: bytes) -> None:
        self._chance, self._secrets = chance, list(secrets)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chance, name)

    def secret(self) -> bytes:
        return self._secrets.pop(0) if self._secrets else bytes(self._chance.secret())


async def test_a_clashing_number_is_drawn_anew(one_house: House) -> None:
    sari = await one_house.person()
    ctx = one_house.context("order")
    request = batch(*(session_order(sari.id) for _ in range(3)))
    secret = bytes(range(32))
    (code,) = await ctx.db.fetchrow(
        "select platform.derived_code($1, $2, 7)", secret, wanted_of(request)[0].participant_id
    )
    standing = await one_for(one_house, sari)
    taken = f"ORD-{jakarta_day(ctx.clock.now())}-{code}"
    await ctx.db.execute("update orders set number = $2 where id = $1", standing.order_id, taken)
    made = orders_of(await create_session_orders(replace(ctx, chance=_Clashing(ctx.chance, secret)), request))
    assert len({each.number for each in made} | {taken}) == 4
    assert len(await events(one_house, "order.created", request.session_id)) == 3


@pytest.mark.parametrize(
    "orders", [b"{}", b'[{"user_id": "x"}]', b'[{"quantity": 1}]', b"[1]", b'[{"quantity": "many"}]'], ids=str
)
async def test_rows_of_another_form_are_refused(one_house: House, orders: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        await create(one_house, batch(orders=msgspec.Raw(orders)))
    assert refused.value.field == "orders"


async def test_a_list_is_newest_first_filtered_and_paged(one_house: House) -> None:
    sari = await one_house.person()
    made = []
    for _ in range(3):
        made.append(await one_for(one_house, sari))
        one_house.later(seconds=1)
    assert (await move(await one_house.admin(), made[1].order_id, "processing"))[0] == 200
    shown = await sari.get("order", "/api/orders")
    assert [each["number"] for each in shown["items"]] == [each.number for each in reversed(made)]
    assert "address" not in shown["items"][0]
    shown = await sari.get("order", "/api/orders", status="processing")
    assert ([each["number"] for each in shown["items"]], shown["total"]) == ([made[1].number], 1)
    shown = await sari.get("order", "/api/orders", page=2, limit=2)
    assert ([each["number"] for each in shown["items"]], shown["page"], shown["limit"], shown["total"]) == (
        [made[0].number], 2, 2, 3,
    )  # fmt: skip
    stats = await sari.get("order", "/api/orders/stats")
    assert stats["total"] == 3
    assert {status: count for status, count in stats["by_status"].items() if count} == {"paid": 2, "processing": 1}
    assert len(stats["by_status"]) == 10


@pytest.mark.parametrize(
    "params", [{"page": 0}, {"limit": 0}, {"limit": 101}, {"status": "shipped"}, {"page": "x"}], ids=str
)
async def test_lists_refuse_bad_parameters(one_house: House, params: dict[str, Any]) -> None:
    person = await one_house.person()
    response = await person.request("GET", "order", "/api/orders", **params)
    assert (response.status_code, response.json()["code"]) == (400, "invalid_input")


async def test_nobody_sees_anothers_order(one_house: House) -> None:
    sari, budi = await one_house.person(), await one_house.person()
    made = await one_for(one_house, sari)
    for path in (f"/api/orders/{made.order_id}", f"/api/orders/number/{made.number}", f"/api/orders/{uuid4()}"):
        response = await budi.request("GET", "order", path)
        assert (response.status_code, response.json()["code"]) == (404, "order_not_found")
        assert (await one_house.request("GET", "order", path)).status_code == 401
    assert (await budi.get("order", "/api/orders"))["total"] == 0
    for path in ("/api/orders/all", "/api/orders/factory"):
        assert (await budi.request("GET", "order", path)).status_code == 403
    assert (await move(budi, made.order_id, "processing"))[0] == 403


async def test_staff_see_every_order(one_house: House) -> None:
    sari, worker = await one_house.person(), await warehouse_worker(one_house)
    request = batch(session_order(sari.id), session_order(sari.id))
    made = await create(one_house, request)
    shown = await worker.get("order", "/api/orders/all", session_id=str(request.session_id))
    assert {each["id"] for each in shown["items"]} == {str(each.order_id) for each in made}
    assert shown["items"][0]["address"]["recipient"] == "Sari Wijaya"
    assert (await worker.get("order", "/api/orders/all", factory_id=str(request.factory_id), status="paid"))[
        "total"
    ] == 2
    assert (await worker.get("order", "/api/orders/all", factory_id=str(uuid4())))["total"] == 0
    assert (await worker.get("order", f"/api/orders/{made[0].order_id}"))["number"] == made[0].number


async def test_from_paid_to_delivered(one_house: House) -> None:
    sari, worker, admin = await one_house.person(), await warehouse_worker(one_house), await one_house.admin()
    made = await one_for(one_house, sari)
    way = ["processing", "ready_for_pickup", "picked_up", "in_transit", "delivered"]
    for mover, status in zip([admin, worker, worker, worker, worker], way, strict=True):
        code, answer = await move(mover, made.order_id, status, "as planned")
        assert (code, answer["status"]) == (200, status)
    shown = await sari.get("order", f"/api/orders/{made.order_id}")
    assert [(each["status"], each["by"]) for each in shown["history"]] == [
        ("paid", "system"), ("processing", "admin"), *((status, "warehouse") for status in way[1:])
    ]  # fmt: skip
    published = await events(one_house, "order.status_changed", made.order_id)
    assert [each["status"] for each in published] == way
    assert published[0] == {
        "order_id": str(made.order_id), "number": made.number, "user_id": str(sari.id), "status": "processing"
    }  # fmt: skip
    row = await one_house.context("order").db.fetchrow("select * from orders where id = $1", made.order_id)
    assert row["paid_at"] <= row["shipped_at"] <= row["delivered_at"]
    who = await one_house.context("order").db.fetch(
        "select actor_id, note from order_history where order_id = $1 and status = 'picked_up'", made.order_id
    )
    assert [tuple(each) for each in who] == [(worker.id, "as planned")]


@pytest.mark.parametrize(
    ("status", "allowed"),
    [
        ("delivered", ["processing"]),
        ("paid", ["processing"]),
        ("refunded", ["processing"]),
        ("cancelled", ["processing"]),
    ],
)
async def test_refused_moves_change_nothing_and_are_kept(one_house: House, status: str, allowed: list[str]) -> None:
    sari, admin = await one_house.person(), await one_house.admin()
    made = await one_for(one_house, sari)
    code, problem = await move(admin, made.order_id, status, "please")
    assert (code, problem["code"], problem["field"]) == (409, "order_status_refused", "status")
    assert problem["data"] == {"allowed": allowed}
    shown = await sari.get("order", f"/api/orders/{made.order_id}")
    assert (shown["status"], len(shown["history"])) == ("paid", 1)
    assert await events(one_house, "order.status_changed", made.order_id) == []
    kept = await one_house.context("order").db.fetch(
        "select from_status, status, actor, actor_id, note from order_history where order_id = $1 and refused",
        made.order_id,
    )
    assert [tuple(each) for each in kept] == [("paid", status, "admin", admin.id, "please")]


async def test_a_failed_delivery_needs_a_reason_and_is_shipped_again(one_house: House) -> None:
    sari, worker = await one_house.person(), await warehouse_worker(one_house)
    made = await one_for(one_house, sari)
    for status in ("processing", "ready_for_pickup", "picked_up", "in_transit"):
        await move(worker, made.order_id, status)
    code, problem = await move(worker, made.order_id, "failed", "  ")
    assert (code, problem["code"], problem["field"]) == (400, "invalid_input", "note")
    assert (await move(worker, made.order_id, "failed", "alamat kosong"))[0] == 200
    code, problem = await move(worker, made.order_id, "pending_payment")
    assert (code, problem["data"]["allowed"]) == (409, ["processing"])
    assert (await move(worker, made.order_id, "processing", "dikirim ulang"))[0] == 200


@pytest.mark.parametrize(
    "body", [{}, {"status": "lost"}, {"status": "processing", "note": "x" * 501}, {"status": "processing", "total": 1}]
)
async def test_a_malformed_status_changes_nothing(one_house: House, body: dict[str, Any]) -> None:
    sari, admin = await one_house.person(), await one_house.admin()
    made = await one_for(one_house, sari)
    response = await admin.request("POST", "order", f"/api/orders/{made.order_id}/status", body)
    assert (response.status_code, response.json()["code"]) == (400, "invalid_input")
    assert (await sari.get("order", f"/api/orders/{made.order_id}"))["status"] == "paid"


async def test_of_ten_movers_at_once_one_wins(one_house: House) -> None:
    sari, admin = await one_house.person(), await one_house.admin()
    made = await one_for(one_house, sari)
    codes = await asyncio.gather(*(move(admin, made.order_id, "processing") for _ in range(10)))
    assert sorted(code for code, _ in codes) == [200] + [409] * 9
    assert len(await events(one_house, "order.status_changed", made.order_id)) == 1


async def test_a_factory_sees_and_prepares_its_own_orders(one_house: House) -> None:
    sari, owner, other = [await one_house.person() for _ in range(3)]
    factory = await registered_factory(owner)
    await registered_factory(other)
    made = await one_for(one_house, sari, factory_id=UUID(factory["id"]), factory_name=factory["name"])
    shown = await owner.get("order", "/api/orders/factory", status="paid")
    assert ([each["number"] for each in shown["items"]], shown["total"]) == ([made.number], 1)
    assert not {"address", "user_id", "courier_service", "total"} & shown["items"][0].keys()
    assert (await other.get("order", "/api/orders/factory"))["total"] == 0
    assert (await owner.request("GET", "order", f"/api/orders/{made.order_id}")).status_code == 404

    code, problem = await move(other, made.order_id, "processing")
    assert (code, problem["code"]) == (404, "order_not_found")
    code, problem = await move(owner, made.order_id, "delivered")
    assert (code, problem["code"]) == (403, "forbidden")
    code, problem = await move(owner, made.order_id, "ready_for_pickup")
    assert (code, problem["code"], problem["data"]["allowed"]) == (409, "order_status_refused", ["processing"])
    assert (await move(owner, made.order_id, "processing"))[0] == 200
    assert (await move(owner, made.order_id, "ready_for_pickup"))[0] == 200
    assert (await sari.get("order", f"/api/orders/{made.order_id}"))["history"][-1]["by"] == "factory"


async def test_an_unknown_order_cannot_be_moved(one_house: House) -> None:
    code, problem = await move(await one_house.admin(), uuid4(), "processing")
    assert (code, problem["code"]) == (404, "order_not_found")


async def test_the_database_itself_refuses_wrong_sums_and_changed_history(one_house: House) -> None:
    sari, ctx = await one_house.person(), one_house.context("order")
    made = await one_for(one_house, sari)
    with pytest.raises(asyncpg.CheckViolationError):
        await ctx.db.execute("update orders set total = total - 1 where id = $1", made.order_id)
    with pytest.raises(asyncpg.RestrictViolationError):
        await ctx.db.execute("update order_history set note = 'x' where order_id = $1", made.order_id)
