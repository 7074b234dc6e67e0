"""The books as finance, administrators and factories see them; audits, closed days, closed months."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest

from patungan.contracts import payment as contract
from patungan.kernel.identity import Role, Scope
from patungan.kernel.money import Rupiah
from patungan.kernel.time import JAKARTA
from tests.house import House, Person
from tests.market import Market
from tests.paying import PART_B, Till
from tests.shop import selling_factory

NOWHERE = "0e7a1f7c-2b56-4a7e-9d43-5b1d0c9a6e21"
"""An id that nothing has; fixed, since two test processes must name their tests alike."""

A, B = 4_335_000, 4_116_000

READING = [
    "/api/reports/chart-of-accounts",
    "/api/reports/trial-balance",
    "/api/reports/trial-balance.csv",
    "/api/reports/journal.csv",
    "/api/reports/accounts/bank",
    "/api/reports/accounts/gateway_clearing/statement",
    "/api/reports/accounts/gateway_clearing/statement.csv",
    f"/api/reports/accounts/wallet/{NOWHERE}/statement",
    "/api/reports/platform",
    f"/api/reports/sessions/{NOWHERE}",
    f"/api/reports/sessions/{NOWHERE}/statement.pdf",
    "/api/reports/periods",
    "/api/reports/periods/2026-01/history",
    "/api/reports/daily-closings",
    "/api/reports/daily-closings/2026-01-01",
    "/api/reports/seals",
    "/api/audits",
    f"/api/audits/{NOWHERE}",
    f"/api/transactions/{NOWHERE}",
]
WRITING: list[tuple[str, Any]] = [
    ("/api/audits", None),
    ("/api/reports/daily-closings", {"day": "2026-01-01"}),
    ("/api/reports/periods/2026-01/close", None),
    ("/api/reports/periods/2026-01/reopening", {"reason": "a mistake"}),
    ("/api/reports/periods/2026-01/reopening/approval", None),
]


@pytest.fixture(scope="module")
async def clerk(one_house: House) -> Person:
    """Finance."""
    return await one_house.person(Role.OFFICE_STAFF, Scope.FINANCE)


@pytest.fixture(scope="module")
async def second(one_house: House) -> Person:
    """Another one of finance."""
    return await one_house.person(Role.ADMIN, Scope.FINANCE)


async def outcome_of(house: House, clerk: Person, audit_id: str) -> Any:
    """An audit once it has ended."""
    found: dict[str, Any] = {}

    async def ended() -> bool:
        found.update(await clerk.get("payment", f"/api/audits/{audit_id}"))
        return found["whole"] is not None

    await house.eventually(ended, seconds=60)
    return found


async def closed_days(clerk: Person) -> dict[str, Any]:
    """The closed days by their date."""
    return {each["day"]: each for each in (await clerk.get("payment", "/api/reports/daily-closings"))["items"]}


async def test_everybody_else_is_kept_out(one_house: House, clerk: Person) -> None:
    strangers = [
        await one_house.person(),
        await one_house.person(Role.SELLER),
        await one_house.person(Role.OFFICE_STAFF, Scope.WAREHOUSE),
        await one_house.person(Role.FACTORY_OWNER),
    ]
    for path in READING:
        assert (await one_house.request("GET", "payment", path)).status_code == 401
        for stranger in strangers:
            assert (await stranger.request("GET", "payment", path)).status_code == 403, path
        assert (await clerk.request("GET", "payment", path)).status_code in (200, 404), path
    plain_admin = await one_house.person(Role.ADMIN, Scope.SUPPORT)
    for path, body in WRITING:
        assert (await one_house.request("POST", "payment", path, body)).status_code == 401
        for stranger in (*strangers, plain_admin):
            assert (await stranger.request("POST", "payment", path, body)).status_code == 403, path
    assert (await plain_admin.request("GET", "payment", "/api/reports/trial-balance")).status_code == 200


@pytest.mark.parametrize(
    ("path", "params", "field"),
    [
        ("/api/reports/trial-balance", {"at": "yesterday"}, "at"),
        ("/api/reports/trial-balance", {"at": "0001-01-01T00:00:00Z"}, "at"),
        ("/api/reports/platform", {"period": "year"}, "period"),
        ("/api/reports/platform", {"from_date": "2026-02-30"}, "from_date"),
        ("/api/reports/platform", {"from_date": "9999-12-31"}, "from_date"),
        ("/api/reports/platform", {"from_date": "2026-02-02", "to_date": "2026-02-01"}, "to_date"),
        ("/api/reports/accounts/bank", {"limit": 101}, "limit"),
        ("/api/reports/accounts/bank", {"page": 0}, "page"),
        ("/api/reports/periods/2026-13/history", {}, "month"),
        ("/api/reports/periods/202601/history", {}, "month"),
        ("/api/transactions", {"factory_id": "x"}, "factory_id"),
    ],
)
async def test_bad_questions_are_named(clerk: Person, path: str, params: dict[str, Any], field: str) -> None:
    answer = await clerk.request("GET", "payment", path, **params)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, "invalid_input", field)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/api/reports/accounts/pocket", "account_not_found"),
        ("/api/reports/accounts/pocket/statement", "account_not_found"),
        (f"/api/reports/accounts/wallet/{NOWHERE}/statement", "account_not_found"),
        (f"/api/reports/accounts/wallet/{NOWHERE}/statement.csv", "account_not_found"),
        (f"/api/reports/sessions/{NOWHERE}", "session_not_in_books"),
        (f"/api/reports/factories/{NOWHERE}", "factory_not_found"),
        (f"/api/transactions/{NOWHERE}", "ledger_transaction_not_found"),
        (f"/api/audits/{NOWHERE}", "audit_not_found"),
        ("/api/reports/daily-closings/2020-01-01", "day_not_closed"),
    ],
)
async def test_what_is_not_there(clerk: Person, path: str, code: str) -> None:
    answer = await clerk.request("GET", "payment", path)
    assert (answer.status_code, answer.json()["code"]) == (404, code)


async def test_a_day_of_whole_books_is_closed(one_house: House, clerk: Person) -> None:
    market = await Market.open(one_house)
    await market.stock(20)
    session = await market.session(hours=24 * 60)
    buyer = await market.buyer()
    await buyer.pay(await buyer.join(session, 2))
    await market.paid_units(session, 2)
    today = one_house.clock.now().astimezone(JAKARTA).date()
    early = await clerk.request("POST", "payment", "/api/reports/daily-closings", {"day": str(today)})
    assert (early.status_code, early.json()["field"]) == (409, "day")
    one_house.later(days=1)
    started = await clerk.post("payment", "/api/reports/daily-closings", {"day": str(today)}, key="day-1")
    assert await clerk.post("payment", "/api/reports/daily-closings", {"day": str(today)}, key="day-1") == started
    audit = await outcome_of(one_house, clerk, started["audit_id"])
    assert (audit["whole"], audit["broken"], audit["trigger"]) == (True, [], "manual")
    assert {each["name"] for each in audit["report"]["findings"]} >= {"entries", "seals", "provider"}

    async def closed() -> bool:
        return str(today) in await closed_days(clerk)

    await one_house.eventually(closed)
    day = (await closed_days(clerk))[str(today)]
    totals = (await clerk.get("payment", f"/api/reports/daily-closings/{today}"))["items"]
    moved = {each["account"]: (each["debits"], each["credits"], each["balance"]) for each in totals}
    paid = moved["gateway_clearing"][0]
    assert moved[f"escrow/{session['id']}"] == (0, paid, paid)
    # Midnight passed, so the nightly audit may have been first.
    assert day["audit_id"] in [each["id"] for each in (await clerk.get("payment", "/api/audits"))["items"]]
    assert day["debits"] == sum(debits for debits, _, _ in moved.values()) == sum(each[1] for each in moved.values())
    assert "books_whole 1.0" in (await one_house.request("GET", "payment", "/metrics")).text


async def test_books_that_are_not_whole_raise_the_alarm_and_leave_the_day_open(one_house: House, clerk: Person) -> None:
    # A payment of a participant whom group buying does not know.
    await Till(one_house).owe_and_pay(await one_house.person())
    one_house.later(days=1)
    day = one_house.clock.now().astimezone(JAKARTA).date() - timedelta(days=1)
    started = await clerk.post("payment", "/api/reports/daily-closings", {"day": str(day)})
    audit = await outcome_of(one_house, clerk, started["audit_id"])
    assert audit["whole"] is False and "charges" in audit["broken"]
    rows = await one_house.context("payment").db.fetch("select payload from events where type = 'books.broken'")
    assert any(started["audit_id"] in row[0] for row in rows)
    assert str(day) not in await closed_days(clerk)
    assert "books_whole 0.0" in (await one_house.request("GET", "payment", "/metrics")).text
    by_hand = [each for each in (await clerk.get("payment", "/api/audits"))["items"] if each["trigger"] == "manual"]
    assert [each["whole"] for each in by_hand] == [False, True]


class Settled:
    """A session of two buyers that was released to a factory, and one late payment."""

    def __init__(self, house: House, till: Till, owner: Person, factory_id: UUID) -> None:
        self.house, self.till, self.owner, self.factory_id = house, till, owner, factory_id
        self.path = f"/api/reports/sessions/{till.session_id}"


@pytest.fixture(scope="module")
async def settled(one_house: House) -> Settled:
    owner, factory = await selling_factory(one_house)
    till, buyer = Till(one_house), await one_house.person()
    await till.owe_and_pay(buyer)
    await till.owe_and_pay(buyer, how=None, **PART_B)
    late = await till.owe(buyer)
    invoice = await till.open(buyer, late.id)
    await till.close()
    await one_house.client.post(
        f"{one_house.sandbox_url}/xendit/_sandbox/invoices/{invoice['id']}/pay", json={"late": True}
    )
    factory_id = UUID(factory["id"])
    parts = {
        "cashback": 1_560_000,
        "factory_revenue": 6_240_000,
        "warehouse_revenue": 0,
        "leg1": 390_000,
        "leg2": 27_000,
        "fee": 234_000,
    }
    amounts = {name: Rupiah(amount) for name, amount in parts.items()}
    await till.ctx.call(
        contract.release_escrow,
        contract.ReleaseEscrow(session_id=till.session_id, factory_id=factory_id, **amounts),
    )
    return Settled(one_house, till, owner, factory_id)


async def test_a_sessions_statement_shows_every_rupiah(settled: Settled, clerk: Person) -> None:
    found = await clerk.get("payment", settled.path)
    assert (found["received"], found["released"], found["refunded"], found["held"]) == (A + B, A + B, 0, 0)
    session_id = settled.till.session_id
    assert found["came_from"] == [{"account": "gateway_clearing", "amount": 8_451_000}]
    assert {each["account"]: each["amount"] for each in found["went_to"]} == {
        f"cashback_payable/{session_id}": 1_560_000,
        f"payable_factory/{settled.factory_id}": 5_616_000,
        "commission_revenue": 624_000,
        "payable_warehouse": 390_000,
        "payable_courier": 27_000,
        "fee_income": 234_000,
    }
    assert [(each["status"], each["total"]) for each in found["payments"] if each["status"] == "paid"] == [
        ("paid", A),
        ("paid", B),
    ]
    assert sum(each["amount"] for each in found["entries"]) == 0
    printed = await clerk.request("GET", "payment", f"{settled.path}/statement.pdf")
    assert printed.headers["content-type"] == "application/pdf" and printed.content.startswith(b"%PDF-")
    assert len(printed.content) > 2_000


async def test_a_refunded_session_ends_at_nothing(one_house: House, clerk: Person) -> None:
    till, buyer = Till(one_house), await one_house.person()
    await till.owe_and_pay(buyer, how={"payment_method": "CREDIT_CARD"})
    before = await clerk.get("payment", f"/api/reports/sessions/{till.session_id}")
    assert (before["received"], before["held"]) == (A, A)
    await till.refund()
    await one_house.eventually(lambda: till.completed(1))
    found = await clerk.get("payment", f"/api/reports/sessions/{till.session_id}")
    assert (found["received"], found["refunded"], found["released"], found["held"]) == (A, A, 0, 0)
    assert found["went_to"] == [{"account": "refund_clearing", "amount": A}]
    assert [(each["amount"], each["status"], each["destination"]) for each in found["refunds"]] == [
        (A, "completed", "source")
    ]
    assert sum(each["amount"] for each in found["entries"] if each["account"] == "gateway_clearing") == 0


async def test_a_factory_sees_its_own_summary_and_nothing_else(settled: Settled, clerk: Person) -> None:
    path = f"/api/reports/factories/{settled.factory_id}"
    for person in (settled.owner, clerk):
        found = await person.get("payment", path)
        assert (found["opening"], found["earned"], found["paid_out"], found["closing"]) == (0, 5_616_000, 0, 5_616_000)
        assert found["moves"] == [
            {"transaction_kind": "escrow_released", "transactions": 1, "debits": 0, "credits": 5_616_000}
        ]
        statement = await person.get("payment", f"{path}/statement")
        assert [(each["amount"], each["balance"]) for each in statement["lines"]] == [(-5_616_000, 5_616_000)]
        assert (statement["opening"], statement["closing"], statement["total"]) == (0, 5_616_000, 1)
        text = (await person.request("GET", "payment", f"{path}/statement.csv")).text
        assert [row[-1] for row in csv.reader(StringIO(text))] == ["balance", "0", "5616000", "5616000"]
    lines = await settled.owner.get("payment", "/api/transactions", factory_id=str(settled.factory_id))
    (own,) = lines["items"]
    assert own["lines"] == [{"account": f"payable_factory/{settled.factory_id}", "amount": -5_616_000}]
    (whole,) = (await clerk.get("payment", "/api/transactions", factory_id=str(settled.factory_id)))["items"]
    assert len(whole["lines"]) == 7 and sum(each["amount"] for each in whole["lines"]) == 0
    stranger, _ = await selling_factory(settled.house)
    for other in (path, f"{path}/statement", f"{path}/statement.csv"):
        answer = await stranger.request("GET", "payment", other)
        assert (answer.status_code, answer.json()["code"]) == (404, "factory_not_found")
    for params in ({}, {"factory_id": str(settled.factory_id)}, {"account": "gateway_clearing"}):
        assert (await stranger.request("GET", "payment", "/api/transactions", **params)).status_code == 404


async def test_the_trial_balance_balances_now_and_then(settled: Settled, clerk: Person) -> None:
    now = await clerk.get("payment", "/api/reports/trial-balance")
    assert now["balanced"] and now["debits"] == now["credits"] > 0
    kinds = {each["kind"]: each for each in now["lines"]}
    assert kinds["commission_revenue"]["balance"] == 624_000
    assert kinds["payable_factory"]["balance"] == 5_616_000
    assert kinds["commission_revenue"]["account_class"] == "revenue"
    of_kind = await clerk.get("payment", "/api/reports/accounts/payable_factory")
    assert [(each["account"], each["balance"]) for each in of_kind["items"]] == [
        (f"payable_factory/{settled.factory_id}", 5_616_000)
    ]
    before = await clerk.get("payment", "/api/reports/trial-balance", at="2020-01-01T00:00:00")
    assert (before["debits"], before["credits"], before["balanced"]) == (0, 0, True)
    assert before["at"] == "2020-01-01T00:00:00+07:00"
    text = (await clerk.request("GET", "payment", "/api/reports/trial-balance.csv")).text
    *_, total = csv.reader(StringIO(text))
    assert total == ["total", "", "", str(now["debits"]), str(now["credits"]), ""]


async def test_an_account_is_paged_with_running_balances(settled: Settled, clerk: Person) -> None:
    path = "/api/reports/accounts/gateway_clearing/statement"
    whole = await clerk.get("payment", path, limit=100)
    assert whole["total"] == len(whole["lines"]) > 3
    pages = [await clerk.get("payment", path, page=page, limit=2) for page in range(1, whole["total"] // 2 + 2)]
    assert [line for page in pages for line in page["lines"]] == whole["lines"]
    balance = whole["opening"]
    for line in whole["lines"]:
        balance += line["amount"]
        assert line["balance"] == balance
    assert balance == whole["closing"] == whole["opening"] + whole["debits"] - whole["credits"]
    first = await clerk.get("payment", f"/api/transactions/{whole['lines'][0]['transaction_id']}")
    assert first["reference"] == whole["lines"][0]["reference"]
    by_reference = await clerk.get("payment", "/api/transactions", reference=first["reference"])
    assert first["id"] in [each["id"] for each in by_reference["items"]]


async def test_the_platform_by_day_week_and_month(settled: Settled, clerk: Person) -> None:
    sums = {}
    for period in ("day", "week", "month"):
        found = await clerk.get("payment", "/api/reports/platform", period=period)
        starts = [date.fromisoformat(each["starts_on"]) for each in found["periods"]]
        assert starts == sorted(set(starts))
        if period == "week":
            assert all(each.weekday() == 0 for each in starts)
        if period == "month":
            assert all(each.day == 1 for each in starts)
        for each in found["periods"]:
            assert sum(kind["debits"] - kind["credits"] for kind in each["kinds"]) == 0
        sums[period] = tuple(
            sum(each[name] for each in found["periods"]) for name in ("revenue", "expense", "result", "received")
        )
    assert sums["day"] == sums["week"] == sums["month"]
    assert sums["day"][0] == 624_000 + 234_000
    none = await clerk.get("payment", "/api/reports/platform", from_date="2020-01-01", to_date="2020-12-31")
    assert none["periods"] == []


async def test_the_journal_is_exported_line_by_line(settled: Settled, clerk: Person) -> None:
    answer = await clerk.request("GET", "payment", "/api/reports/journal.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="journal.csv"'
    reader = csv.DictReader(StringIO(answer.text))
    rows = list(reader)
    assert reader.fieldnames is not None and list(reader.fieldnames)[-2:] == ["account", "amount"]
    trial = await clerk.get("payment", "/api/reports/trial-balance")
    assert sum(int(row["amount"]) for row in rows) == 0
    assert sum(max(0, int(row["amount"])) for row in rows) == trial["debits"]


async def test_seals_are_shown(settled: Settled, clerk: Person) -> None:
    async def sealed() -> bool:
        return bool((await clerk.get("payment", "/api/reports/seals"))["waiting"] == 0)

    await settled.house.eventually(sealed)
    found = await clerk.get("payment", "/api/reports/seals", limit=100)
    assert [each["number"] for each in found["items"]] == list(range(found["seals"], 0, -1))
    for newer, older in zip(found["items"], found["items"][1:], strict=False):
        assert newer["previous"] == older["hash"]
    assert sum(each["transactions"] for each in found["items"]) == found["transactions"]


async def test_a_month_is_closed_by_one_and_opened_by_two(settled: Settled, clerk: Person, second: Person) -> None:
    now = settled.house.clock.now().astimezone(JAKARTA)
    current, path = f"{now:%Y-%m}", "/api/reports/periods"
    refused = await clerk.request("POST", "payment", f"{path}/{current}/close")
    assert (refused.status_code, refused.json()["code"]) == (409, "period_refused")
    for step in ("reopening/approval", "reopening"):
        body = {"reason": "not yet closed"} if step == "reopening" else None
        answer = await clerk.request("POST", "payment", f"{path}/2020-01/{step}", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "period_refused")
    closed = await clerk.post("payment", f"{path}/2020-01/close", key="close-1")
    assert (closed["month"], closed["state"], closed["closed_by"]) == ("2020-01-01", "closed", str(clerk.id))
    assert await clerk.post("payment", f"{path}/2020-01/close", key="close-1") == closed
    assert (await clerk.request("POST", "payment", f"{path}/2020-01/close")).status_code == 409
    assert (await clerk.request("POST", "payment", f"{path}/2020-02/close", key="close-1")).status_code == 409
    assert (await clerk.request("POST", "payment", f"{path}/2020-01/reopening/approval")).status_code == 409
    short = await clerk.request("POST", "payment", f"{path}/2020-01/reopening", {"reason": "x"})
    assert (short.status_code, short.json()["field"]) == (400, "reason")
    await clerk.post("payment", f"{path}/2020-01/reopening", {"reason": "an invoice came late"})
    alone = await clerk.request("POST", "payment", f"{path}/2020-01/reopening/approval")
    assert alone.status_code == 409 and "another person" in alone.json()["detail"]
    opened = await second.post("payment", f"{path}/2020-01/reopening/approval")
    assert (opened["state"], opened["reopened_by"]) == ("reopened", str(second.id))
    history = await clerk.get("payment", f"{path}/2020-01/history")
    assert [(each["action"], each["by_user"], each["reason"]) for each in history["actions"]] == [
        ("closed", str(clerk.id), None),
        ("reopening_proposed", str(clerk.id), "an invoice came late"),
        ("reopened", str(second.id), "an invoice came late"),
    ]
    again = await second.post("payment", f"{path}/2020-01/close")
    assert (again["state"], again["reopening_reason"], again["reopened_by"]) == ("closed", None, None)
    assert [each["month"] for each in (await clerk.get("payment", path))["periods"]] == ["2020-01-01"]


@pytest.mark.parametrize(("path", "body"), WRITING)
async def test_every_change_needs_an_idempotency_key(clerk: Person, path: str, body: Any) -> None:
    headers = {"Authorization": f"Bearer {clerk.house.token(clerk.caller)}"}
    answer = await clerk.house.request("POST", "payment", path, body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")
