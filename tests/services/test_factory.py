"""Factory through its public API: registration, verification, activation, and everything that must be refused."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from patungan.contracts import auth
from patungan.contracts import factory as contract
from patungan.kernel.identity import Role
from tests.house import House
from tests.people import jpeg, send
from tests.shop import factory_input, registered_factory, selling_factory


async def test_registering_makes_a_customer_a_factory_owner(one_house: House) -> None:
    customer = await one_house.person()
    factory = await customer.post("factory", "/api/factories", factory_input(city="Kota Pekalongan"))
    assert factory["code"][:13] == "FACT-PEK-SAR-"
    assert factory["code"][13:].isdigit() and len(factory["code"]) == 19
    assert (factory["status"], factory["verification_status"]) == ("pending", "pending")
    assert factory["phone"] == customer.phone
    assert factory["bank"] == {"code": "BCA", "account_name": "Pabrik Contoh", "account_last4": "0101"}
    assert factory["rating"] is None

    async def is_owner() -> bool:
        users = await one_house.context("factory").call(auth.get_users, auth.GetUsers(user_ids=[customer.id]))
        return users.users[0].role is Role.FACTORY_OWNER

    await one_house.eventually(is_owner)
    mine = await customer.get("factory", "/api/factories/mine")
    assert (mine["total"], mine["items"]) == (1, [factory])


async def test_without_all_documents_the_verification_does_not_begin(one_house: House) -> None:
    owner, admin = await one_house.person(), await one_house.admin()
    factory = await registered_factory(owner, npwp=None, logo_url=None)
    assert factory["verification_status"] == "unverified"
    path = f"/api/factories/{factory['id']}"
    refused = await admin.request("POST", "factory", f"{path}/verification", {"decision": "verified"})
    assert (refused.status_code, refused.json()["code"]) == (409, "factory_not_verifiable")
    assert refused.json()["data"] == {"missing": ["npwp", "logo_url"]}
    refused = await admin.request("POST", "factory", f"{path}/verification", {"decision": "rejected", "reason": "no"})
    assert (refused.status_code, refused.json()["code"]) == (409, "factory_status_refused")
    partly = (await owner.request("PATCH", "factory", path, {"npwp": "0912000015020001"})).json()
    assert partly["verification_status"] == "unverified"
    whole = (await owner.request("PATCH", "factory", path, {"logo_url": "https://cdn.example/logo.png"})).json()
    assert whole["verification_status"] == "pending"


async def test_verification_does_not_activate_and_activation_needs_it(one_house: House) -> None:
    owner, admin = await one_house.person(), await one_house.admin()
    factory = await registered_factory(owner)
    path = f"/api/factories/{factory['id']}"
    early = await admin.request("POST", "factory", f"{path}/status", {"status": "active"})
    assert (early.status_code, early.json()["code"]) == (409, "factory_status_refused")
    verified = await admin.post("factory", f"{path}/verification", {"decision": "verified"})
    assert (verified["status"], verified["verification_status"]) == ("pending", "verified")
    assert (await one_house.request("GET", "factory", path)).json()["code"] == "factory_not_found"
    suspended = await admin.request("POST", "factory", f"{path}/status", {"status": "suspended", "reason": "x"})
    assert suspended.json()["code"] == "factory_status_refused"
    active = await admin.post("factory", f"{path}/status", {"status": "active"})
    assert active["status"] == "active"
    twice = await admin.request("POST", "factory", f"{path}/verification", {"decision": "verified"})
    assert twice.json()["code"] == "factory_status_refused"
    history = await owner.get("factory", f"{path}/history")
    assert [(each["subject"], each["before"], each["after"]) for each in history["items"]] == [
        ("status", "pending", "active"),
        ("verification", "pending", "verified"),
        ("verification", None, "pending"),
        ("status", None, "pending"),
    ]
    assert [UUID(each["actor"]) for each in history["items"]] == [admin.id, admin.id, owner.id, owner.id]


async def test_a_rejected_factory_is_looked_at_again_when_it_is_mended(one_house: House) -> None:
    owner, admin = await one_house.person(), await one_house.admin()
    factory = await registered_factory(owner)
    path = f"/api/factories/{factory['id']}"
    nameless = await admin.request("POST", "factory", f"{path}/verification", {"decision": "rejected", "reason": " "})
    assert (nameless.status_code, nameless.json()["field"]) == (400, "reason")
    rejected = await admin.post(
        "factory", f"{path}/verification", {"decision": "rejected", "reason": "the licence is unreadable"}
    )
    assert (rejected["verification_status"], rejected["rejection_reason"]) == ("rejected", "the licence is unreadable")
    described = (await owner.request("PATCH", "factory", path, {"description": "Kain batik"})).json()
    assert described["verification_status"] == "rejected"
    mended = (await owner.request("PATCH", "factory", path, {"licence_url": "/assets/licence-2.svg"})).json()
    assert mended["verification_status"] == "pending"
    verified = await admin.post("factory", f"{path}/verification", {"decision": "verified"})
    assert (verified["verification_status"], verified["rejection_reason"]) == ("verified", None)


@pytest.mark.parametrize(
    "change",
    [
        {"bank": {"code": "BCA", "account_number": "8410000999", "account_name": "Pabrik Contoh"}},
        {"bank": {"code": "BNI", "account_number": "8410000101", "account_name": "Pabrik Contoh"}},
        {"nib": "7000000000001"},
        {"npwp": "991200001502000"},
    ],
    ids=["account number", "bank", "nib", "npwp"],
)
async def test_a_verified_factory_that_becomes_another_waits_again(one_house: House, change: dict[str, Any]) -> None:
    owner, factory = await selling_factory(one_house)
    path = f"/api/factories/{factory['id']}"
    changed = (await owner.request("PATCH", "factory", path, change)).json()
    assert (changed["status"], changed["verification_status"]) == ("active", "pending")
    history = await owner.get("factory", f"{path}/history")
    assert history["items"][0]["reason"] == f"changed: {next(iter(change))}"


async def test_what_does_not_touch_the_identity_leaves_the_verification(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    path = f"/api/factories/{factory['id']}"
    same_bank = {"code": "BCA", "account_number": "8410000101", "account_name": "Pabrik Contoh"}
    changed = (
        await owner.request("PATCH", "factory", path, {"bank": same_bank, "name": "Nama Lain", "wholesale_unit": 24})
    ).json()
    assert changed == {**factory, "name": "Nama Lain", "wholesale_unit": 24}


async def test_every_move_of_the_status(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    admin = await one_house.admin()
    path = f"/api/factories/{factory['id']}/status"
    for status, expected in [
        ("active", 409),
        ("pending", 409),
        ("suspended", 200),
        ("active", 409),
        ("inactive", 409),
        ("pending", 200),
        ("inactive", 409),
        ("active", 200),
        ("inactive", 200),
        ("suspended", 409),
        ("pending", 200),
    ]:
        answer = await admin.request("POST", "factory", path, {"status": status, "reason": "as the test says"})
        assert answer.status_code == expected, (status, answer.text)
    silent = await admin.request("POST", "factory", path, {"status": "suspended"})
    assert (silent.status_code, silent.json()["field"]) == (400, "reason")
    assert (await owner.get("factory", f"/api/factories/{factory['id']}/dossier"))["status"] == "pending"


async def test_the_public_sees_active_factories_without_their_papers(one_house: House) -> None:
    _owner, factory = await selling_factory(one_house, name="Keramik Tanah Liat Unik", city="Kabupaten Jepara")
    hidden = await registered_factory(await one_house.person(), name="Keramik Tersembunyi Unik")
    listed = (await one_house.request("GET", "factory", "/api/factories", q="unik")).json()
    assert (listed["total"], [each["id"] for each in listed["items"]]) == (1, [factory["id"]])
    assert set(listed["items"][0]) == {
        *("id", "code", "name", "description", "description_en", "status", "verification_status", "city", "province"),
        *("postal_code", "logo_url", "wholesale_unit", "default_warehouse_id", "rating", "review_count"),
        "review_average",
    }
    by_city = (await one_house.request("GET", "factory", "/api/factories", q="JEPARA")).json()
    assert by_city["items"] == listed["items"]
    for path in (f"/api/factories/{factory['id']}", f"/api/factories/code/{factory['code'].lower()}"):
        assert (await one_house.request("GET", "factory", path)).json() == listed["items"][0]
    for path in (
        f"/api/factories/{hidden['id']}",
        f"/api/factories/code/{hidden['code']}",
        f"/api/factories/{uuid4()}",
    ):
        answer = await one_house.request("GET", "factory", path)
        assert (answer.status_code, answer.json()["code"]) == (404, "factory_not_found")
    empty = (await one_house.request("GET", "factory", "/api/factories", q="100%")).json()
    assert (empty["total"], empty["items"]) == (0, [])


async def test_another_owners_factory_does_not_exist(one_house: House) -> None:
    _, factory = await selling_factory(one_house)
    stranger, _ = await selling_factory(one_house)
    admin = await one_house.admin()
    path = f"/api/factories/{factory['id']}"
    for method, place, body in [
        ("PATCH", path, {"name": "Diambil Alih"}),
        ("GET", f"{path}/dossier", None),
        ("GET", f"{path}/history", None),
    ]:
        answer = await stranger.request(method, "factory", place, body)
        assert (answer.status_code, answer.json()["code"]) == (404, "factory_not_found")
    assert await admin.get("factory", f"{path}/dossier") == factory
    assert (await admin.request("PATCH", "factory", path, {"name": "Diambil Alih"})).status_code == 404


async def test_who_may_do_what(one_house: House) -> None:
    _, factory = await selling_factory(one_house)
    customer, seller = await one_house.person(), await one_house.person(Role.SELLER)
    owner, _ = await selling_factory(one_house)
    path = f"/api/factories/{factory['id']}"
    closed = [
        ("PATCH", path, {"name": "Nama Lain"}, customer),
        ("GET", f"{path}/dossier", None, customer),
        ("GET", f"{path}/history", None, customer),
        ("GET", "/api/factories/all", None, owner),
        ("POST", f"{path}/verification", {"decision": "verified"}, owner),
        ("POST", f"{path}/status", {"status": "suspended", "reason": "rival"}, owner),
        ("POST", "/api/factories", factory_input(), seller),
        ("POST", "/api/factories", factory_input(), await one_house.admin()),
    ]
    for method, place, body, person in closed:
        answer = await person.request(method, "factory", place, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), (method, place)
    for method, place in [
        ("POST", "/api/factories"),
        ("GET", "/api/factories/mine"),
        ("GET", "/api/factories/all"),
        ("GET", f"{path}/dossier"),
        ("POST", f"{path}/verification"),
    ]:
        answer = await one_house.request(method, "factory", place)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), (method, place)
    assert (await customer.get("factory", "/api/factories/mine"))["items"] == []


async def test_administrators_find_what_waits_for_them(one_house: House) -> None:
    admin = await one_house.admin()
    waiting = await registered_factory(await one_house.person(), name="Menunggu Putusan")
    found = await admin.get("factory", "/api/factories/all", verification_status="pending", q="menunggu putusan")
    assert found["items"] == [waiting]
    assert (await admin.get("factory", "/api/factories/all", status="active", q="menunggu putusan"))["total"] == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "PT"),
        ("name", "   "),
        ("nib", "123456789012"),
        ("nib", "12345678901234"),
        ("nib", "12345678901a3"),
        ("npwp", "12345678901234"),
        ("npwp", "12345678901234567"),
        ("postal_code", "5112"),
        ("postal_code", "5112a"),
        ("licence_url", "javascript:alert(1)"),
        ("licence_url", "//evil.example/x.svg"),
        ("logo_url", "data:image/svg+xml,<svg/>"),
        ("email", "no-address"),
        ("wholesale_unit", 0),
        ("wholesale_unit", 10_001),
        ("wholesale_unit", 1.5),
        ("default_warehouse_id", "here"),
        ("description", "x" * 2001),
        ("status", "active"),
        ("owner_id", "00000000-0000-0000-0000-000000000001"),
    ],
)
async def test_bad_input_is_refused_by_field(one_house: House, field: str, value: object) -> None:
    person = await one_house.person()
    given = factory_input(**{field: value})
    answer = await person.request("POST", "factory", "/api/factories", given)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")
    assert field in answer.json()["detail"] or answer.json()["field"] == field
    assert (await person.get("factory", "/api/factories/mine"))["total"] == 0


@pytest.mark.parametrize(
    ("bank", "field"),
    [
        ({"code": "XYZ", "account_number": "8410000101", "account_name": "Nama"}, "bank.code"),
        ({"code": "BCA", "account_number": "8410", "account_name": "Nama"}, "bank.account_number"),
        ({"code": "BCA", "account_number": "8" * 21, "account_name": "Nama"}, "bank.account_number"),
        ({"code": "BCA", "account_number": "8410000101", "account_name": "Na"}, "bank.account_name"),
    ],
)
async def test_a_bad_bank_account_is_refused(one_house: House, bank: dict[str, str], field: str) -> None:
    person = await one_house.person()
    answer = await person.request("POST", "factory", "/api/factories", factory_input(bank=bank))
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, "invalid_input", field)


async def test_a_bad_phone_number_has_its_own_code(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    answer = await owner.request("POST", "factory", "/api/factories", factory_input(phone="02112345678"))
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, "phone_invalid", "phone")
    path = f"/api/factories/{factory['id']}"
    answer = await owner.request("PATCH", "factory", path, {"phone": "02112345678"})
    assert (answer.status_code, answer.json()["code"]) == (400, "phone_invalid")
    answer = await owner.request("PATCH", "factory", path, {"phone": "0812-3456-7890"})
    assert answer.json()["phone"] == "+6281234567890"


async def test_a_business_number_belongs_to_one_factory(one_house: House) -> None:
    person = await one_house.person()
    given = factory_input()
    answers = await asyncio.gather(*(person.request("POST", "factory", "/api/factories", given) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"nib_taken"}
    owner, other = await selling_factory(one_house)
    taken = await owner.request("PATCH", "factory", f"/api/factories/{other['id']}", {"nib": given["nib"]})
    assert (taken.status_code, taken.json()["code"], taken.json()["field"]) == (409, "nib_taken", "nib")
    assert await owner.get("factory", f"/api/factories/{other['id']}/dossier") == other


async def test_an_owner_has_ten_factories_at_most(one_house: House) -> None:
    owner = await one_house.person()
    answers = await asyncio.gather(
        *(owner.request("POST", "factory", "/api/factories", factory_input()) for _ in range(12))
    )
    assert sorted(answer.status_code for answer in answers) == [201] * 10 + [409] * 2
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"conflict"}
    page = await owner.get("factory", "/api/factories/mine", page=2, limit=4)
    assert (page["page"], page["limit"], page["total"], len(page["items"])) == (2, 4, 10, 4)


@pytest.mark.parametrize("params", [{"page": 0}, {"limit": 0}, {"limit": 101}, {"page": "x"}])
async def test_a_page_outside_the_limits_is_refused(one_house: House, params: dict[str, Any]) -> None:
    answer = await one_house.request("GET", "factory", "/api/factories", **params)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")
    assert answer.json()["field"] == next(iter(params))


async def test_a_bank_account_is_not_stored_readable(one_house: House) -> None:
    _, factory = await selling_factory(one_house, bank={
        "code": "BRI", "account_number": "77665544332211", "account_name": "Rahasia Sekali",
    })  # fmt: skip
    owner_connection = await one_house.owner()
    try:
        row = await owner_connection.fetchrow("select * from factory.factories where id = $1", UUID(factory["id"]))
    finally:
        await owner_connection.close()
    assert row is not None
    assert b"77665544332211" not in bytes(row["bank_account"])
    assert "77665544332211" not in str(dict(row))
    assert row["bank_account_last4"] == "2211"


async def test_the_contract(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    other = await registered_factory(owner)
    ctx = one_house.context("product")
    wanted = contract.GetFactories(factory_ids=[UUID(factory["id"]), uuid4()])
    (found,) = (await ctx.call(contract.get_factories, wanted)).factories
    assert found == contract.Factory(
        id=UUID(factory["id"]),
        owner_id=owner.id,
        code=factory["code"],
        name=factory["name"],
        status="active",
        verification_status="verified",
        phone=owner.phone,
        city="Kota Pekalongan",
        province="Jawa Tengah",
        postal_code="51127",
        wholesale_unit=12,
        default_warehouse_id=None,
    )
    assert found.may_sell
    owned = (await ctx.call(contract.get_owned_factories, contract.GetOwnedFactories(owner_id=owner.id))).factories
    assert [(str(each.id), each.may_sell) for each in owned] == [(factory["id"], True), (other["id"], False)]
    nobody = contract.GetOwnedFactories(owner_id=uuid4())
    assert (await ctx.call(contract.get_owned_factories, nobody)).factories == []


async def test_the_events(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    connection = await one_house.owner()
    try:
        rows = await connection.fetch(
            "select type, payload->>'name' as name, payload->>'owner_id' as owner, payload->>'status' as status "
            "from factory.events where payload->>'factory_id' = $1 order by position",
            factory["id"],
        )
    finally:
        await connection.close()
    assert [tuple(row) for row in rows] == [
        ("factory.verified", factory["name"], str(owner.id), None),
        ("factory.status_changed", factory["name"], str(owner.id), "active"),
    ]


PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\n%%EOF\n"


async def test_papers_are_opened_by_links_that_end_and_the_newest_of_a_kind_counts(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    stranger, admin = await one_house.person(Role.FACTORY_OWNER), await one_house.admin()
    path = f"/api/factories/{factory['id']}"
    kept = (await send(owner, "PUT", "factory", f"{path}/documents/kinds/licence", PDF)).json()
    assert (kept["kind"], kept["media_type"], kept["bytes"]) == ("licence", "application/pdf", len(PDF))
    # What was verified has changed, so it is looked at again.
    after = await owner.get("factory", f"{path}/dossier")
    assert after["verification_status"] == "pending"
    assert after["licence_url"] == f"{path}/documents/{kept['id']}"
    newer = (await send(owner, "PUT", "factory", f"{path}/documents/kinds/licence", jpeg())).json()
    assert newer["media_type"] == "image/jpeg"
    logo = (await send(owner, "PUT", "factory", f"{path}/documents/kinds/logo", jpeg(90))).json()
    listed = (await admin.get("factory", f"{path}/documents"))["items"]
    assert [each["id"] for each in listed] == [logo["id"], newer["id"], kept["id"]]
    shown = (await owner.get("factory", f"{path}/dossier"))["logo_url"]
    picture = await one_house.request("GET", "factory", shown)
    assert picture.headers["content-type"] == "image/jpeg"
    # A camera writes where and with what; the public does not see it.
    assert b"Kamera Rahasia" not in picture.content

    opened = await one_house.request("GET", "factory", kept["url"])
    assert (opened.content, opened.headers["cache-control"]) == (PDF, "private, no-store")
    assert opened.headers["content-disposition"] == 'attachment; filename="licence.pdf"'
    for url in (
        kept["url"][:-1] + ("A" if kept["url"][-1] != "A" else "B"),
        kept["url"].replace(kept["id"], newer["id"]),
        kept["url"].replace(factory["id"], str(uuid4())),
        kept["url"].replace("expires=", "expires=9"),
    ):
        assert (await one_house.request("GET", "factory", url)).status_code == 404
    one_house.later(minutes=5, seconds=1)
    assert (await one_house.request("GET", "factory", kept["url"])).json()["code"] == "document_not_found"
    fresh = await admin.get("factory", f"{path}/documents/{kept['id']}")
    assert (await one_house.request("GET", "factory", fresh["url"])).content == PDF

    for person, place, content, status, code in (
        (stranger, f"{path}/documents/kinds/licence", PDF, 404, "factory_not_found"),
        (admin, f"{path}/documents/kinds/licence", PDF, 404, "factory_not_found"),
        (owner, f"{path}/documents/kinds/licence", b"%PDF-1.7 cut off", 400, "document_refused"),
        (owner, f"{path}/documents/kinds/npwp_card", b"<script>", 400, "document_refused"),
        (owner, f"{path}/documents/kinds/logo", PDF, 400, "document_refused"),
        (owner, f"{path}/documents/kinds/passport", PDF, 400, "invalid_input"),
    ):
        refused = await send(person, "PUT", "factory", place, content)
        assert (refused.status_code, refused.json()["code"]) == (status, code), (place, refused.text)
    assert len((await owner.get("factory", f"{path}/documents"))["items"]) == 3
