"""Stores and agents' offices as payees: settled, paid, told of it and shown their own, as factories are."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from patungan.kernel.identity import Role
from patungan.ledger import accounts
from patungan.ledger.posting import balance_of
from patungan.services.settlement.rules import local_day
from tests.house import House, Person
from tests.payday import Payday, clerk
from tests.people import office_with
from tests.purse import payouts
from tests.stall import Stall

BASE = "/api/settlements"
ACCOUNT = {"bank_code": "BRI", "account_number": "034101000743303", "account_name": "Kantor Pekalongan"}


async def owe(house: House, kind: str, payee_id: str, amount: int) -> Person:
    """Owe a payee something, agreed to by two persons, and settle with it daily; answers one of them."""
    finance, second = await clerk(house), await clerk(house)
    body = {"payee_kind": kind, "payee_id": payee_id, "amount": amount, "reason": "Bonus akhir bulan"}
    asked = await finance.post("settlement", f"{BASE}/adjustments", body)
    await second.post("settlement", f"{BASE}/adjustments/{asked['id']}/approve")
    agreed = await finance.request("PUT", "settlement", f"{BASE}/agreements/{kind}/{payee_id}", {"cycle": "daily"})
    assert agreed.status_code == 200, agreed.text
    return finance


async def settled(finance: Person, kind: str, payee_id: str) -> Any:
    made = await finance.post("settlement", f"{BASE}/generate", {"payee_kind": kind, "payee_id": payee_id})
    return made["settlement"]


async def becomes(person: Person, made: Any, status: str) -> Any:
    path = f"{BASE}/{made['id']}"

    async def there() -> bool:
        return bool((await person.get("settlement", path))["status"] == status)

    await person.house.eventually(there, seconds=120)
    return await person.get("settlement", path)


async def told(person: Person, *kinds: str) -> dict[str, str]:
    """What a person was told of each of these kinds, once all are there."""
    found: dict[str, str] = {}

    async def there() -> bool:
        inbox = (await person.get("notification", "/api/notifications", limit=100))["items"]
        found.update({each["type"]: each["message"] for each in inbox})
        return set(kinds) <= set(found)

    await person.house.eventually(there, seconds=120)
    return found


async def test_a_store_is_paid_and_told(one_house: House) -> None:
    stall = await Stall.open(one_house)
    finance = await owe(one_house, "seller", str(stall.id), 300_000)
    paid = await becomes(stall.owner, await settled(finance, "seller", str(stall.id)), "completed")
    assert (paid["payee_kind"], paid["payee_name"], paid["payout_amount"]) == ("seller", stall.store["name"], 300_000)
    texts = await told(stall.owner, "settlement_scheduled", "settlement_paid")
    assert texts["settlement_paid"] == f"Penyelesaian {paid['code']} sebesar Rp 300.000 sudah dikirim ke BCA ****0777."
    assert await balance_of(one_house.context("settlement").db, accounts.payable_seller(stall.id)) == 0
    other = await Stall.open(one_house)
    assert (await other.owner.get("settlement", BASE))["items"] == []
    refused = await other.owner.request("GET", "settlement", f"{BASE}/{paid['id']}/statement")
    assert (refused.status_code, refused.json()["code"]) == (404, "settlement_not_found")


async def test_an_offices_share_is_paid_to_its_account(one_house: House) -> None:
    admin = await one_house.admin()
    office, ((manager, _), (agent, _)) = await office_with(one_house, admin, "office_manager", "logistics_staff")
    payday, payable = await Payday.open(one_house), accounts.payable_office(UUID(office["id"]))
    await payday.agree(office_id=office["id"], office_percent=10)
    await payday.delivered(6_240_000)
    payday.until_payday()
    await payday.becomes(await payday.settled(), "completed")
    assert await payday.balance(payable) == 62_400
    held = await settled(payday.finance, "office", office["id"])
    assert (held["status"], held["hold_reason"], held["net_amount"]) == ("on_hold", "missing_bank_account", 62_400)
    texts = await told(manager, "settlement_on_hold")
    assert texts["settlement_on_hold"].endswith("ditahan: rekening bank kantor belum ada.")
    path = f"/api/offices/{office['id']}/bank-account"
    assert (await manager.request("PUT", "office", path, ACCOUNT)).status_code == 200
    assert (await payday.do(held, "release")).status_code == 200
    paid = await becomes(manager, held, "completed")
    assert (paid["payee_name"], paid["bank_code"], paid["number_last4"]) == (office["name"], "BRI", "3303")
    statement = await manager.get("settlement", f"{BASE}/{paid['id']}/statement")
    (line,) = statement["lines"]
    assert (line["kind"], line["amount"], statement["account"]) == ("office_share", 62_400, payable)
    assert line["transaction_id"] and -sum(each["amount"] for each in statement["postings"]) == 62_400
    assert [each["amount"] for each in await payouts(one_house, paid["code"])] == [62_400]
    assert await payday.balance(payable) == 0
    # Nothing is due a second time, and nobody but the manager sees it.
    assert (await settled(payday.finance, "office", office["id"]))["id"] == paid["id"]
    assert (await agent.get("settlement", BASE))["items"] == []
    elsewhere, ((stranger, _),) = await office_with(one_house, admin, "office_manager", city="Kota Solo")
    assert elsewhere["id"] != office["id"]
    for what in ("", "/statement", "/statement.csv", "/statement.pdf"):
        for person in (agent, stranger, payday.owner):
            refused = await person.request("GET", "settlement", f"{BASE}/{paid['id']}{what}")
            assert (refused.status_code, refused.json()["code"]) == (404, "settlement_not_found")
        assert (await manager.request("GET", "settlement", f"{BASE}/{paid['id']}{what}")).status_code == 200
    shown = await stranger.request("GET", "settlement", f"{BASE}/preview", payee_kind="office", payee_id=office["id"])
    assert (shown.status_code, shown.json()["code"]) == (404, "payee_not_found")


async def test_a_settlement_that_ends_twice_owes_its_share_once(one_house: House) -> None:
    """Its payout comes back, and it is tried again: the commission was earned once."""
    admin = await one_house.admin()
    office, _ = await office_with(one_house, admin)
    returning = {"code": "BCA", "account_number": "0000654321", "account_name": "Pabrik Contoh"}
    payday, payable = await Payday.open(one_house, returning), accounts.payable_office(UUID(office["id"]))
    await payday.agree(office_id=office["id"], office_percent=15)
    await payday.delivered(1_000_000)
    payday.until_payday()
    made = await payday.becomes(await payday.settled(), "failed")
    assert (made["failure_reason"], await payday.balance(payable)) == ("REVERSED", 15_000)
    bank = {"code": "MANDIRI", "account_number": "1370012345678", "account_name": "Pabrik Contoh"}
    path = f"/api/factories/{payday.factory_id}"
    assert (await payday.owner.request("PATCH", "factory", path, {"bank": bank})).status_code == 200
    assert (await payday.do(made, "retry")).status_code == 200
    await payday.becomes(made, "completed")
    assert await payday.balance(payable) == 15_000
    counted = "select count(*) from lines where payee_id = $1 and kind = 'office_share'"
    assert await payday.value(counted, UUID(office["id"])) == 1


async def test_an_office_has_no_office_and_must_be_known(one_house: House) -> None:
    finance, admin = await clerk(one_house), await one_house.admin()
    office, _ = await office_with(one_house, admin)
    path = f"{BASE}/agreements/office"
    shared = await finance.request(
        "PUT", "settlement", f"{path}/{office['id']}", {"office_id": office["id"], "office_percent": 5}
    )
    assert (shared.status_code, shared.json()["field"]) == (400, "office_id")
    unknown = await finance.request("PUT", "settlement", f"{path}/{uuid4()}", {})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "payee_not_found")
    agreed = await finance.request("PUT", "settlement", f"{path}/{office['id']}", {"cycle": "monthly"})
    assert (agreed.status_code, agreed.json()["cycle"]) == (200, "monthly")
    day = local_day(one_house.clock.now())
    shown = await finance.get("settlement", f"{BASE}/preview", payee_kind="office", payee_id=office["id"])
    assert (shown["net_amount"], shown["lines"], shown["pay_on"] >= day.isoformat()) == (0, [], True)


async def test_where_an_office_is_paid(one_house: House) -> None:
    admin = await one_house.admin()
    office, ((manager, _), (agent, _)) = await office_with(one_house, admin, "office_manager", "logistics_staff")
    path = f"/api/offices/{office['id']}/bank-account"
    assert await manager.get("office", path) == {"account": None}
    given = await manager.request("PUT", "office", path, ACCOUNT, key="first")
    assert given.status_code == 200, given.text
    account = given.json()["account"]
    assert (account["bank_code"], account["account_name"], account["account_last4"]) == (
        "BRI",
        "Kantor Pekalongan",
        "3303",
    )
    assert ACCOUNT["account_number"] not in given.text
    assert (await manager.request("PUT", "office", path, ACCOUNT, key="first")).json() == given.json()
    other = await manager.request("PUT", "office", path, ACCOUNT | {"account_name": "Lain"}, key="first")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    for bad, field in (
        ({"account_number": "123"}, "account_number"),
        ({"account_number": "12345678"}, "account_number"),
        ({"account_number": "0341 0100 0743"}, "account_number"),
        ({"bank_code": "BANKKU"}, "bank_code"),
        ({"account_name": ""}, "account_name"),
        ({"more": 1}, None),
    ):
        refused = await manager.request("PUT", "office", path, ACCOUNT | bad)
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_input"), refused.text
        assert field is None or field in refused.text
    rows = await one_house.context("office").db.fetch(
        "select number_sealed from bank_accounts where office_id = $1", UUID(office["id"])
    )
    assert len(rows) == 1 and ACCOUNT["account_number"].encode() not in rows[0][0]
    changed = await admin.request("PUT", "office", path, ACCOUNT | {"bank_code": "BCA", "account_number": "8410000101"})
    assert changed.json()["account"]["account_last4"] == "0101"
    history = await admin.get("office", f"/api/offices/{office['id']}/history")
    assert [(each["before"], each["after"]) for each in history["items"] if each["subject"] == "bank"] == [
        ("BRI ****3303", "BCA ****0101"),
        (None, "BRI ****3303"),
    ]
    customer, owner = await one_house.person(), await one_house.person(Role.FACTORY_OWNER)
    _elsewhere, ((stranger, _),) = await office_with(one_house, admin, "office_manager", city="Kota Solo")
    for method, body in (("GET", None), ("PUT", ACCOUNT)):
        assert (await agent.request(method, "office", path, body)).status_code == 403
        assert (await stranger.request(method, "office", path, body)).status_code == 404
        for person in (customer, owner):
            assert (await person.request(method, "office", path, body)).status_code == 403
        assert (await one_house.request(method, "office", path)).status_code == 401
