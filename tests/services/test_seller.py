"""Stores: registered, verified, activated; and who may see and change them."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from patungan.contracts import seller as contract
from patungan.kernel.identity import Role, Scope
from patungan.services.seller import rules
from patungan.services.seller.rules import Decision, SellerStatus, SellerType, Verdict, VerificationStatus, Wanted
from tests.depot import refused
from tests.house import House
from tests.stall import Stall, registered_store, store_input


async def test_a_store_from_registration_to_suspension(one_house: House) -> None:
    sari, admin = await one_house.person(), await one_house.admin()
    made = await registered_store(sari, name="Toko Bu Tini")
    assert (made["status"], made["verification_status"], made["slug"]) == ("pending", "pending", "toko-bu-tini")
    assert made["bank"] == {"code": "BCA", "account_name": "Toko Contoh", "account_last4": "0777"}
    path = f"/api/sellers/{made['id']}"
    assert refused(await one_house.request("GET", "seller", path))[:2] == (404, "seller_not_found")
    early = await admin.request("POST", "seller", f"{path}/status", {"status": "active"})
    assert refused(early)[:2] == (409, "seller_status_refused")
    no_reason = await admin.request("POST", "seller", f"{path}/verification", {"decision": "rejected"})
    assert refused(no_reason) == (400, "invalid_input", "reason")
    rejected = await admin.post("seller", f"{path}/verification", {"decision": "rejected", "reason": "foto buram"})
    assert (rejected["verification_status"], rejected["rejection_reason"]) == ("rejected", "foto buram")
    mended = await sari.request("PATCH", "seller", "/api/sellers/mine", {"licence_url": "/assets/new.svg"})
    assert mended.json()["verification_status"] == "pending"
    verified = await admin.post("seller", f"{path}/verification", {"decision": "verified"})
    assert (verified["status"], verified["verification_status"]) == ("pending", "verified")
    await admin.post("seller", f"{path}/status", {"status": "active"})
    shown = (await one_house.request("GET", "seller", path)).json()
    assert set(shown) == {"id", "name", "slug", "description", "city", "province", "logo_url"}
    assert (await one_house.request("GET", "seller", "/api/sellers/slug/toko-bu-tini")).json() == shown
    assert refused(await admin.request("POST", "seller", f"{path}/status", {"status": "suspended"}))[2] == "reason"
    await admin.post("seller", f"{path}/status", {"status": "suspended", "reason": "barang palsu"})
    assert (await one_house.request("GET", "seller", path)).status_code == 404
    history = await sari.get("seller", "/api/sellers/mine/history")
    assert [(each["subject"], each["after"]) for each in reversed(history["items"])] == [
        ("status", "pending"), ("verification", "pending"), ("verification", "rejected"), ("verification", "pending"),
        ("verification", "verified"), ("status", "active"), ("status", "suspended"),
    ]  # fmt: skip

    async def told() -> bool:
        rows = await one_house.context("notification").db.fetch(
            "select type from notifications where user_id = $1 order by created_at", sari.id
        )
        return [row[0] for row in rows if row[0].startswith("seller")] == ["seller_status_changed"] * 4

    await one_house.eventually(told, seconds=30)


async def test_one_store_a_person_and_one_slug_a_store(one_house: House) -> None:
    sari, budi = await one_house.person(), await one_house.person()
    answers = await asyncio.gather(
        *(sari.request("POST", "seller", "/api/sellers", store_input(slug="toko-sari")) for _ in range(5))
    )
    assert sorted(each.status_code for each in answers) == [201] + [409] * 4
    assert {each.json()["code"] for each in answers if each.status_code == 409} <= {"store_exists", "store_slug_taken"}
    taken = await budi.request("POST", "seller", "/api/sellers", store_input(slug="toko-sari"))
    assert refused(taken) == (409, "store_slug_taken", "slug")
    ids = [each.json()["nib"] for each in answers if each.status_code == 201]
    twice = await budi.request("POST", "seller", "/api/sellers", store_input(nib=ids[0]))
    assert refused(twice) == (400, "invalid_input", "nib")


async def test_the_owner_becomes_a_seller(one_house: House) -> None:
    sari = await one_house.person()
    await registered_store(sari)

    async def is_seller() -> bool:
        row = await one_house.context("auth").db.fetchrow("select role from users where id = $1", sari.id)
        return bool(row[0] == "seller")

    await one_house.eventually(is_seller)


@pytest.mark.parametrize(
    "other",
    [
        {"name": "x"}, {"slug": "Bad Slug"}, {"nib": "1"}, {"npwp": "12"}, {"postal_code": "1234"}, {"type": "shop"},
        {"phone": "0812"}, {"email": "x"}, {"licence_url": "javascript:x"}, {"status": "active"}, {"name": "!!!!"},
        {"bank": {"code": "BCA", "account_number": "1", "account_name": "Toko"}},
    ],
    ids=str,
)  # fmt: skip
async def test_bad_registrations_change_nothing(one_house: House, other: dict[str, Any]) -> None:
    sari = await one_house.person()
    answer = await sari.request("POST", "seller", "/api/sellers", store_input(**other))
    assert answer.status_code == 400, answer.text
    assert (await sari.request("GET", "seller", "/api/sellers/mine")).json()["code"] == "seller_not_found"


async def test_papers_and_bank_are_for_owner_and_administrators(one_house: House) -> None:
    stall = await Stall.open(one_house)
    path = f"/api/sellers/{stall.id}"
    other = await one_house.person(Role.SELLER)
    finance = await one_house.person(Role.OFFICE_STAFF, Scope.FINANCE)
    for who in (other, finance, await one_house.person(), await one_house.person(Role.FACTORY_OWNER)):
        for method, where, body in (
            ("GET", f"{path}/dossier", None),
            ("GET", f"{path}/history", None),
            ("GET", "/api/sellers/all", None),
            ("POST", f"{path}/verification", {"decision": "verified"}),
            ("POST", f"{path}/status", {"status": "suspended", "reason": "x"}),
        ):
            assert (await who.request(method, "seller", where, body)).status_code == 403
    assert (await one_house.request("GET", "seller", f"{path}/dossier")).status_code == 401
    dossier = await stall.admin.get("seller", f"{path}/dossier")
    assert (dossier["bank"]["account_last4"], "8410000777" in str(dossier)) == ("0777", False)
    factory_owner = await one_house.person(Role.FACTORY_OWNER)
    assert refused(await factory_owner.request("POST", "seller", "/api/sellers", store_input()))[:2] == (
        403,
        "forbidden",
    )
    sealed = await one_house.context("seller").db.fetchrow("select bank_account from sellers where id = $1", stall.id)
    assert b"8410000777" not in sealed[0]
    paid = await one_house.context("settlement").call(
        contract.get_bank_accounts, contract.GetSellers(seller_ids=[stall.id, uuid4()])
    )
    assert [(each.seller_id, each.account_number) for each in paid.accounts] == [(stall.id, "8410000777")]
    found = await one_house.context("order").call(
        contract.get_owned_seller, contract.GetOwnedSeller(user_id=stall.owner.id)
    )
    assert [(each.id, each.may_sell) for each in found.sellers] == [(stall.id, True)]


async def test_a_change_of_identity_is_looked_at_again(one_house: House) -> None:
    stall = await Stall.open(one_house)
    bank = {"code": "BNI", "account_number": "8410000778", "account_name": "Toko Contoh"}
    for change, standing in (
        ({"description": "Batik tulis"}, "verified"),
        ({"bank": {**bank, "code": "BCA", "account_number": "8410000777"}}, "verified"),
        ({"bank": bank}, "pending"),
    ):
        answer = await stall.owner.request("PATCH", "seller", "/api/sellers/mine", change)
        assert (answer.status_code, answer.json()["verification_status"]) == (200, standing)
    other = await Stall.open(one_house)
    taken = await other.owner.request("PATCH", "seller", "/api/sellers/mine", {"slug": stall.store["slug"]})
    assert refused(taken)[:2] == (409, "store_slug_taken")
    with pytest.raises(asyncpg.RestrictViolationError):
        await one_house.context("seller").db.execute("delete from seller_history")


def test_the_moves_of_a_store() -> None:
    allowed = {
        (before, after)
        for before in SellerStatus
        for after in SellerStatus
        if rules.may_become(before, after, VerificationStatus.VERIFIED)
    }
    assert allowed == {
        (SellerStatus.PENDING, SellerStatus.ACTIVE), (SellerStatus.ACTIVE, SellerStatus.SUSPENDED),
        (SellerStatus.ACTIVE, SellerStatus.INACTIVE), (SellerStatus.SUSPENDED, SellerStatus.PENDING),
        (SellerStatus.INACTIVE, SellerStatus.PENDING),
    }  # fmt: skip
    assert not rules.may_become(SellerStatus.PENDING, SellerStatus.ACTIVE, VerificationStatus.PENDING)


def test_what_a_verification_needs() -> None:
    assert rules.missing_documents(SellerType.INDIVIDUAL, None, None, "/ktp.jpg") == []
    assert rules.missing_documents(SellerType.BUSINESS, None, "1", None) == ["licence_url", "nib"]
    judge = rules.judge_decision
    assert judge(VerificationStatus.PENDING, Decision.VERIFIED, complete=False) is Verdict.DOCUMENTS_MISSING
    assert judge(VerificationStatus.VERIFIED, Decision.REJECTED, complete=True) is Verdict.REFUSED
    after = rules.verification_after
    assert after(VerificationStatus.REJECTED, {"name"}, complete=True) is VerificationStatus.PENDING
    assert after(VerificationStatus.VERIFIED, {"name"}, complete=True) is VerificationStatus.VERIFIED
    assert after(VerificationStatus.VERIFIED, {"type"}, complete=False) is VerificationStatus.UNVERIFIED


def test_slugs_and_the_last_units() -> None:
    assert rules.slug_of("  Toko Café & Bu Tini!  ") == "toko-cafe-bu-tini"
    assert rules.slug_of("店") == ""
    a, b = uuid4(), uuid4()
    wanted = [
        Wanted(uuid4(), {a: 2}), Wanted(uuid4(), {a: 2, b: 1}), Wanted(uuid4(), {a: 1, b: 1}), Wanted(uuid4(), None),
        Wanted(uuid4(), {b: 1}),
    ]  # fmt: skip
    assert rules.hand_out({a: 3, b: 1}, wanted) == [True, False, True, False, False]
