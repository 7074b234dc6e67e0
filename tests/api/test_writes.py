"""Idempotency keys over the table of routes: every write takes one, documents it, asks for it and honours it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from patungan.kernel.idempotency import input_hash
from patungan.kernel.identity import Caller, Role
from patungan.kernel.remembering import LEASE
from tests.api.world import World, address, all_routes, is_let_in
from tests.house import House, Person
from tests.market import HOME
from tests.shop import factory_input

WRITES = [route for route in all_routes() if route.method not in ("GET", "OPTIONS")]

JOB = "a scheduler's run, which finds done what was done"
CALLBACK = "a provider's news, which has a name of its own"
NOBODY_KNOWN = "nobody is signed in whose key it would be"

WITHOUT_KEY = {
    "POST /api/auth/otp": NOBODY_KNOWN,
    "POST /api/auth/signup": NOBODY_KNOWN,
    "POST /api/auth/login": NOBODY_KNOWN,
    "POST /api/auth/refresh": "the refresh token is its key: it is good for one exchange",
    "POST /api/auth/logout": "the refresh token is its key",
    "POST /api/auth/password-reset": "the code is its key: it is good for one reset",
    "PUT /api/products/uploads/{ticket_id}": "the signed ticket is its key",
    "POST /api/payments/codes/{code}/invoice": "the payment is its key: it has one invoice",
    "POST /api/logistics/rates": "a question, asked with a body; it changes nothing",
    "POST /api/group-buying/process-near-expiration": JOB,
    "POST /api/group-buying/process-expired": JOB,
    "POST /api/settlements/run": "a scheduler's run, which may name itself by a key",
    "POST /api/settlements/{settlement_id}/process": JOB,
    "POST /api/withdrawals/process-batch": JOB,
    "POST /api/webhooks/payment": CALLBACK,
    "POST /api/webhooks/refund": CALLBACK,
    "POST /api/webhooks/xendit/invoice": CALLBACK,
    "POST /api/webhooks/xendit/refund": CALLBACK,
    "POST /api/webhooks/disbursement": CALLBACK,
    "POST /api/webhooks/logistics": CALLBACK,
    "POST /api/webhooks/logistics/{courier}": CALLBACK,
    "POST /api/whatsapp/webhook": CALLBACK,
}
"""The writes that take no idempotency key, each with the reason."""


@pytest.fixture(scope="module")
async def world(one_house: House) -> AsyncIterator[World]:
    yield await World.furnish(one_house)


def test_the_exceptions_are_routes() -> None:
    assert set(WITHOUT_KEY) <= {str(route) for route in WRITES}


async def test_every_write_documents_its_key_and_asks_for_it(world: World) -> None:
    for service in sorted({route.service.name for route in WRITES}):
        document = (await world.house.request("GET", service, "/openapi.json")).json()
        for route in (each for each in WRITES if each.service.name == service):
            operation = document["paths"][route.path][route.method.lower()]
            asked = [each for each in operation.get("parameters", []) if each["name"] == "Idempotency-Key"]
            keys = [each for each in asked if each["required"]]
            assert bool(keys) == (str(route) not in WITHOUT_KEY), route
            if keys:
                assert "idempotency_key_required" in str(operation["responses"]["400"]), route
                assert "idempotency_key_reused" in str(operation["responses"]["409"]), route
                await _without_a_key(world, route, operation)


async def _without_a_key(world: World, route: Any, operation: dict[str, Any]) -> None:
    """Whoever may write is told that the key is missing before anything else is looked at."""
    identity = next(name for name in world.callers if is_let_in(name, route.audiences))
    content: dict[str, Any] = next(iter(operation.get("requestBody", {"content": {"": {}}})["content"].values()), {})
    headers = world.headers(identity, route.service.name)
    asked = {
        each["name"]: each["example"]
        for each in operation.get("parameters", [])
        if each["in"] == "query" and each.get("required")
    }
    for key in (None, "x" * 201):
        given = headers | ({"Idempotency-Key": key} if key else {})
        answer = await world.house.request(
            route.method, route.service.name, address(route), content.get("example"), headers=given, **asked
        )
        wanted = "invalid_input" if key else "idempotency_key_required"
        assert (answer.status_code, answer.json()["code"]) == (400, wanted), (route, answer.text)


async def _addresses(person: Person) -> list[str]:
    return [each["id"] for each in (await person.get("address", "/api/addresses"))["items"]]


async def test_the_same_key_with_the_same_input_is_one_write(world: World) -> None:
    """Ten at once and one later: one factory, and the same answer for all of them, byte for byte."""
    owner, wanted = await world.house.person(), factory_input()
    answers = await asyncio.gather(
        *(owner.request("POST", "factory", "/api/factories", wanted, key="factory-1") for _ in range(10))
    )
    answers.append(
        await owner.request("POST", "factory", "/api/factories", dict(reversed(wanted.items())), key="factory-1")
    )
    assert {each.status_code for each in answers} == {201}
    assert len({each.content for each in answers}) == 1
    assert {each.headers["content-type"] for each in answers} == {"application/json"}
    assert (await owner.get("factory", "/api/factories/mine"))["total"] == 1
    other = await owner.request("POST", "factory", "/api/factories", {**wanted, "name": "CV Lain"}, key="factory-1")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    owner.caller = Caller(owner.id, Role.FACTORY_OWNER)
    path = f"/api/factories/{answers[0].json()['id']}"
    changed = [
        await owner.request("PATCH", "factory", path, {"name": name}, key="name") for name in ("CV Satu", "CV Dua")
    ]
    assert [each.status_code for each in changed] == [200, 409]


async def test_a_product_is_made_and_withdrawn_once(world: World) -> None:
    admin = await world.house.admin()
    category = {"slug": "sekali-saja", "name": "Sekali", "name_en": "Once"}
    made = await asyncio.gather(
        *(admin.request("POST", "product", "/api/categories", category, key="category") for _ in range(5))
    )
    assert [each.status_code for each in made] == [201] * 5
    assert len({each.json()["id"] for each in made}) == 1
    again = await admin.request("POST", "product", "/api/categories", category)
    assert (again.status_code, again.json()["code"]) == (409, "slug_taken")


async def test_an_answer_without_a_body_is_remembered_too(world: World) -> None:
    sari = await world.house.person()
    ids = [(await sari.post("address", "/api/addresses", HOME))["id"] for _ in range(3)]
    first = [await sari.request("DELETE", "address", f"/api/addresses/{ids[0]}", key="gone") for _ in range(2)]
    assert [(each.status_code, each.content) for each in first] == [(204, b"")] * 2
    elsewhere = await sari.request("DELETE", "address", f"/api/addresses/{ids[1]}", key="gone")
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (409, "idempotency_key_reused")
    assert sorted(await _addresses(sari)) == sorted(ids[1:])


async def test_a_key_is_somebodys_and_a_refusal_gives_it_back(world: World) -> None:
    sari, budi = await world.house.person(), await world.house.person()
    refused = await sari.request("POST", "address", "/api/addresses", {**HOME, "postal_code": "?"}, key="home")
    assert refused.status_code == 400
    both = [await each.request("POST", "address", "/api/addresses", HOME, key="home") for each in (sari, budi, sari)]
    assert [each.status_code for each in both] == [201, 201, 201]
    assert both[0].json()["id"] == both[2].json()["id"] != both[1].json()["id"]


async def _claimed(house: House, person: Person, key: str, reply: str | None) -> None:
    """A claim as somebody left it who died: with or without the mark of a change that was made."""
    owner = await house.owner()
    digest = input_hash(["/api/addresses", [], HOME])
    try:
        await owner.execute(
            "insert into address.idempotency_keys values ($1, 'POST /api/addresses', $2, $3, $4, $5)",
            *(person.id, key, digest, reply, house.clock.now()),
        )
    finally:
        await owner.close()


async def test_whoever_died_before_the_change_is_succeeded_and_after_it_nothing_is_done_twice(world: World) -> None:
    house = world.house
    sari = await house.person()
    await _claimed(house, sari, "before", None)
    await _claimed(house, sari, "after", "{}")
    house.later(seconds=LEASE.total_seconds() + 1)
    late = await asyncio.gather(
        *(sari.request("POST", "address", "/api/addresses", HOME, key="before") for _ in range(4))
    )
    assert [each.status_code for each in late] == [201] * 4
    assert await _addresses(sari) == [late[0].json()["id"]]
    lost = await sari.request("POST", "address", "/api/addresses", HOME, key="after")
    assert (lost.status_code, lost.json()["code"]) == (409, "idempotency_answer_lost")
    assert len(await _addresses(sari)) == 1
