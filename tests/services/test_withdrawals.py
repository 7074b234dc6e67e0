"""Withdrawals with the figures of DOMAIN.md 6.4: requested, limited, cancelled; the money is set aside at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from patungan.kernel.identity import Role, Scope
from patungan.ledger import accounts
from tests.house import House, Person
from tests.purse import ACCOUNT, ask, balance, becomes, entries, fill, on_books, rich, run_batch, shown, value, withdraw


@pytest.mark.parametrize(
    ("held", "amount", "net"), [(100_000, 100_000, 97_500), (200_000, 200_000, 197_500), (10_000, 10_000, 7_500)]
)
async def test_the_fee_is_inside_the_amount(one_house: House, held: int, amount: int, net: int) -> None:
    sari = await rich(one_house, held)
    made = await withdraw(sari, amount)
    assert (made["amount"], made["fee"], made["net_amount"], made["status"]) == (amount, 2_500, net, "pending")
    assert (made["account_last4"], made["bank_name"], made["sent_at"]) == ("0101", "Bank Central Asia", None)
    assert await sari.get("wallet", "/api/wallet/balance") == {
        "balance": held - amount, "held": 0, "withdrawing": amount,
    }  # fmt: skip
    assert await entries(one_house, made["code"]) == {
        "wallet": amount, "withdrawal_clearing": -net, "withdrawal_fee_income": -2_500,
    }  # fmt: skip
    newest = (await sari.get("wallet", "/api/wallet/transactions"))["items"][0]
    assert (newest["type"], newest["amount"], newest["balance_after"], newest["reference"]) == (
        "withdrawal", -amount, held - amount, made["code"],
    )  # fmt: skip
    assert newest["description"] == f"Penarikan {made['code']}"


@pytest.mark.parametrize(
    ("held", "amount", "status", "code"),
    [
        (100_000, 9_999, 400, "withdrawal_too_small"),
        (50_000, 50_001, 409, "insufficient_balance"),
        (0, 10_000, 409, "insufficient_balance"),
    ],
)
async def test_too_little_and_too_much(one_house: House, held: int, amount: int, status: int, code: str) -> None:
    sari = await rich(one_house, held) if held else await one_house.person()
    refused = await ask(sari, amount)
    assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (status, code, "amount")
    assert await balance(sari) == held
    assert (await sari.get("wallet", "/api/withdrawals"))["total"] == 0


async def test_of_two_parallel_requests_one_wins(one_house: House) -> None:
    sari = await rich(one_house, 100_000)
    answers = await asyncio.gather(ask(sari, 60_000), ask(sari, 60_000))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert await balance(sari) == 40_000


async def test_the_same_request_is_one_withdrawal(one_house: House) -> None:
    sari, key = await rich(one_house, 100_000), str(uuid4())
    answers = await asyncio.gather(*(ask(sari, 20_000, key=key) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await balance(sari) == 80_000
    other = await ask(sari, 20_001, key=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


async def test_limits_of_a_day(one_house: House) -> None:
    sari = await rich(one_house, 600_000_000)
    first = await withdraw(sari, 200_000_000)
    refused = await ask(sari, 50_000_001)
    assert (refused.status_code, refused.json()["code"]) == (409, "withdrawal_limit_reached")
    # What comes back does not count, and another day is another day.
    await sari.post("wallet", f"/api/withdrawals/{first['id']}/cancel")
    for amount in (50_000_001, 10_000, 10_000, 10_000, 10_000):
        await withdraw(sari, amount)
    refused = await ask(sari, 10_000)
    assert (refused.status_code, refused.json()["code"]) == (409, "withdrawal_limit_reached")


async def test_cancelled_while_pending(one_house: House) -> None:
    sari, stranger = await rich(one_house, 100_000), await one_house.person()
    made = await withdraw(sari, 100_000)
    path = f"/api/withdrawals/{made['id']}/cancel"
    assert (await stranger.request("POST", "wallet", path)).status_code == 404
    answers = await asyncio.gather(*(sari.request("POST", "wallet", path) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert {answer.json().get("code") for answer in answers if answer.status_code == 409} == {"withdrawal_not_pending"}
    assert (await shown(sari, made))["status"] == "cancelled"
    assert await balance(sari) == 100_000
    assert await entries(one_house, made["code"]) == {}
    lines = (await sari.get("wallet", "/api/wallet/transactions"))["items"]
    assert [(line["amount"], line["balance_after"]) for line in lines] == [
        (100_000, 100_000), (-100_000, 0), (100_000, 100_000),
    ]  # fmt: skip
    assert lines[0]["description"] == f"Penarikan {made['code']} dikembalikan"


@pytest.mark.parametrize(
    ("account", "code", "field"),
    [
        ({"bank_code": "BCA", "account_number": "12345678"}, "account_number_invalid", "account_number"),
        ({"bank_code": "MANDIRI", "account_number": "12345678901"}, "account_number_invalid", "account_number"),
        ({"account_number": "1234567"}, "invalid_input", "bank_account.account_number"),
        ({"account_number": "84100001O1"}, "invalid_input", "bank_account.account_number"),
        ({"account_number": "1" * 21}, "invalid_input", "bank_account.account_number"),
        ({"bank_code": "JAGO"}, "invalid_input", "bank_account.bank_code"),
        ({"holder_name": "A."}, "invalid_input", "bank_account.holder_name"),
        ({"holder_name": "12 34"}, "invalid_input", "holder_name"),
        ({"extra": 1}, "invalid_input", "bank_account"),
    ],
)
async def test_accounts_that_cannot_be(one_house: House, account: dict[str, Any], code: str, field: str) -> None:
    sari = await rich(one_house, 50_000)
    refused = await ask(sari, 20_000, {**ACCOUNT, **account})
    assert (refused.status_code, refused.json()["code"], refused.json().get("field")) == (400, code, field)
    assert await balance(sari) == 50_000


@pytest.mark.parametrize(
    "body",
    [
        {"amount": 20_000},
        {"amount": 20_000, "bank_account": ACCOUNT, "bank_account_id": str(uuid4())},
        {"amount": 20_000.5, "bank_account": ACCOUNT},
        {"amount": -20_000, "bank_account": ACCOUNT},
        {"bank_account": ACCOUNT},
        {"amount": 10**30, "bank_account": ACCOUNT},
    ],
)
async def test_bodies_that_cannot_be(one_house: House, body: dict[str, Any]) -> None:
    sari = await one_house.person()
    refused = await sari.request("POST", "wallet", "/api/withdrawals", body)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_input")


async def test_a_request_needs_a_key(one_house: House) -> None:
    sari = await rich(one_house, 50_000)
    headers = {"Authorization": f"Bearer {one_house.token(sari.caller)}"}
    body = {"amount": 20_000, "bank_account": ACCOUNT}
    refused = await one_house.request("POST", "wallet", "/api/withdrawals", body, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (400, "idempotency_key_required")


async def test_saved_accounts_are_masked_and_sealed(one_house: House) -> None:
    sari, stranger = await rich(one_house, 50_000), await rich(one_house, 50_000)
    saved = await sari.post("wallet", "/api/wallet/bank-accounts", ACCOUNT)
    again = await sari.post("wallet", "/api/wallet/bank-accounts", {**ACCOUNT, "holder_name": "Sari W. Putri"})
    assert again["id"] == saved["id"]
    assert await sari.get("wallet", "/api/wallet/bank-accounts") == {
        "items": [{
            "id": saved["id"], "bank_code": "BCA", "bank_name": "Bank Central Asia", "account_last4": "0101",
            "holder_name": "Sari W. Putri", "created_at": saved["created_at"],
        }]
    }  # fmt: skip
    assert await stranger.get("wallet", "/api/wallet/bank-accounts") == {"items": []}
    path = f"/api/wallet/bank-accounts/{saved['id']}"
    body = {"amount": 20_000, "bank_account_id": saved["id"]}
    for refused in (
        await stranger.request("POST", "wallet", "/api/withdrawals", body),
        await stranger.request("DELETE", "wallet", path),
    ):
        assert (refused.status_code, refused.json()["code"]) == (404, "bank_account_not_found")
    made = await sari.post("wallet", "/api/withdrawals", body)
    assert (made["account_last4"], made["holder_name"]) == ("0101", "Sari W. Putri")
    assert (await sari.request("DELETE", "wallet", path)).status_code == 204
    assert (await sari.request("DELETE", "wallet", path)).status_code == 404
    owner = await one_house.owner()
    try:
        for table in (
            "bank_accounts",
            "withdrawals",
            "webhook_events",
            "idempotency_keys",
            "events",
            "wallet_transactions",
        ):
            rows = await owner.fetch(f"select t::text as row from wallet.{table} t")
            assert not any("8410000101" in row["row"] or b"8410000101".hex() in row["row"] for row in rows), table
    finally:
        await owner.close()


async def test_ten_accounts_are_enough(one_house: House) -> None:
    sari = await one_house.person()
    for number in range(10):
        await sari.post("wallet", "/api/wallet/bank-accounts", {**ACCOUNT, "account_number": f"84100001{number:02d}"})
    refused = await sari.request(
        "POST", "wallet", "/api/wallet/bank-accounts", {**ACCOUNT, "account_number": "8410000199"}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_bank_accounts")


async def test_an_account_given_once_can_be_kept(one_house: House) -> None:
    sari = await rich(one_house, 50_000)
    await withdraw(sari, 20_000, {**ACCOUNT, "save": True})
    (saved,) = (await sari.get("wallet", "/api/wallet/bank-accounts"))["items"]
    assert saved["account_last4"] == "0101"


async def test_lists_pages_and_strangers(one_house: House) -> None:
    sari, stranger = await rich(one_house, 100_000), await one_house.person()
    made = [await withdraw(sari, amount) for amount in (10_000, 11_000, 12_000)]
    page = await sari.get("wallet", "/api/withdrawals", page=2, limit=2)
    assert ([each["id"] for each in page["items"]], page["total"]) == ([made[0]["id"]], 3)
    await sari.post("wallet", f"/api/withdrawals/{made[1]['id']}/cancel")
    only = await sari.get("wallet", "/api/withdrawals", status="cancelled")
    assert [each["id"] for each in only["items"]] == [made[1]["id"]]
    assert (await stranger.get("wallet", "/api/withdrawals"))["items"] == []
    hidden = await stranger.request("GET", "wallet", f"/api/withdrawals/{made[0]['id']}")
    assert (hidden.status_code, hidden.json()["code"]) == (404, "withdrawal_not_found")
    turned = await sari.request(
        "GET", "wallet", "/api/withdrawals", since="2026-02-02T00:00:00Z", until="2026-02-01T00:00:00Z"
    )
    assert (turned.status_code, turned.json()["field"]) == (400, "until")


async def test_the_terms(one_house: House) -> None:
    sari = await one_house.person()
    terms = await sari.get("wallet", "/api/withdrawals/terms")
    del terms["batch_at"]
    assert terms == {"minimum": 10_000, "fee": 2_500, "daily_count": 5, "daily_amount": 250_000_000}
    banks = (await one_house.request("GET", "wallet", "/api/wallet/banks")).json()["items"]
    assert [bank["code"] for bank in banks] == ["BCA", "BNI", "BRI", "MANDIRI", "CIMB", "PERMATA", "DANAMON", "BTN"]


async def test_exports(one_house: House) -> None:
    sari, finance = await rich(one_house, 100_000), await one_house.person(Role.ADMIN, Scope.FINANCE)
    made = await withdraw(sari, 20_000, {**ACCOUNT, "holder_name": "=HYPERLINK sari"})
    own = await sari.request("GET", "wallet", "/api/withdrawals/export")
    assert own.headers["content-type"] == "text/csv; charset=utf-8"
    lines = own.text.splitlines()
    assert (
        lines[0]
        == "code,requested_at,status,amount,fee,net_amount,bank,account,holder_name,sent_at,ended_at,failure_reason"
    )
    assert len(lines) == 2
    assert lines[1].startswith(f"{made['code']},")
    assert ",pending,20000,2500,17500,BCA,****0101,'=HYPERLINK sari," in lines[1]
    everybody = (await finance.request("GET", "wallet", "/api/withdrawals/all/export")).text
    assert any(line.startswith(made["code"]) and f",{sari.id}," in line for line in everybody.splitlines())
    statement = (await sari.request("GET", "wallet", "/api/wallet/transactions/export")).text.splitlines()
    assert [line.split(",")[4:] for line in statement] == [
        ["amount", "balance_after"], ["100000", "100000"], ["-20000", "80000"],
    ]  # fmt: skip
    filtered = await sari.get("wallet", "/api/wallet/transactions", type="withdrawal")
    assert ([line["amount"] for line in filtered["items"]], filtered["total"]) == ([-20_000], 1)
    later = (one_house.clock.now() + timedelta(hours=1)).isoformat()
    assert (await sari.get("wallet", "/api/wallet/transactions", since=later))["items"] == []


PATHS = [
    ("GET", "/api/wallet/balance", "customer"),
    ("GET", "/api/wallet/holds", "customer"),
    ("GET", "/api/wallet/transactions", "customer"),
    ("GET", "/api/wallet/transactions/export", "customer"),
    ("GET", "/api/wallet/banks", "public"),
    ("GET", "/api/wallet/bank-accounts", "customer"),
    ("GET", "/api/withdrawals", "customer"),
    ("GET", "/api/withdrawals/terms", "customer"),
    ("GET", "/api/withdrawals/export", "customer"),
    ("GET", "/api/withdrawals/all", "finance"),
    ("GET", "/api/withdrawals/all/export", "finance"),
    ("GET", "/api/withdrawals/report", "finance"),
    ("GET", "/api/withdrawals/batches", "finance"),
    ("GET", "/api/withdrawals/webhook-events", "finance"),
    ("GET", "/api/wallet/reports/totals", "finance"),
    ("GET", "/api/wallet/adjustments", "finance"),
    ("POST", "/api/withdrawals/process-batch", "service"),
]


@pytest.fixture(scope="module")
async def crowd(one_house: House) -> dict[str, Person]:
    return {
        "customer": await one_house.person(),
        "factory": await one_house.person(Role.FACTORY_OWNER),
        "warehouse": await one_house.person(Role.OFFICE_STAFF, Scope.WAREHOUSE),
        "finance": await one_house.person(Role.OFFICE_STAFF, Scope.FINANCE),
        "admin": await one_house.person(Role.ADMIN),
    }


@pytest.mark.parametrize(("method", "path", "audience"), PATHS, ids=lambda each: str(each))
async def test_who_may(one_house: House, crowd: dict[str, Person], method: str, path: str, audience: str) -> None:
    open_to = {"public": set(crowd), "customer": set(crowd), "finance": {"finance", "admin"}, "service": set()}[
        audience
    ]
    nobody = await one_house.request(method, "wallet", path)
    assert nobody.status_code == (200 if audience == "public" else 401)
    for name, person in crowd.items():
        status = (await person.request(method, "wallet", path)).status_code
        if audience == "service":
            assert status == 401
        else:
            assert status == (200 if name in open_to else 403), name


async def test_a_batch_takes_a_pending_one_to_its_bank(one_house: House) -> None:
    sari = await rich(one_house, 100_000)
    made = await withdraw(sari, 100_000)
    assert (await run_batch(one_house)).status_code == 202
    done = await becomes(sari, made, "completed")
    assert done["sent_at"] is not None
    assert done["failure_reason"] is None
    assert await entries(one_house, made["code"]) == {
        "wallet": 100_000, "gateway_clearing": -97_500, "withdrawal_fee_income": -2_500,
    }  # fmt: skip
    refused = await sari.request("POST", "wallet", f"/api/withdrawals/{made['id']}/cancel")
    assert (refused.status_code, refused.json()["code"]) == (409, "withdrawal_not_pending")
    totals = await value(one_house, "select total_withdrawn from wallets where user_id = $1", sari.id)
    assert totals == 100_000
    await fill(one_house, sari, 1)
    assert await on_books(one_house, accounts.wallet(sari.id)) == await balance(sari) == 1
